"""What a check of many replies found, as columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from replykit.arrow import arrow
from replykit.checker import Checker

__all__ = ["RESULTS", "Found", "result_schema", "results_of", "tallied"]

RESULTS = ("id", "ok", "errors", "warnings", "violations", "trouble")
# Of one reply: its findings by the numbers of their rules; None where there is no text; else why it was not checked.
Found = Sequence[tuple[int, Any, int, int, str]] | str | None


def result_schema() -> Any:
    """Return the columns of results, as an Arrow schema. Kept columns of the input stand behind these.

    | column | type | holds |
    |---|---|---|
    | `id` | string | the reply's row, `FILE:row` where there are several files; or what a column of the input says |
    | `ok` | bool | whether it may be sent: False with any error; null where nothing was checked |
    | `errors`, `warnings` | int32 | how many; null where nothing was checked |
    | `violations` | list of struct | `principle`, `rule`, `severity` (`error`, `warning`), `start`, `end` |
    | `trouble` | string | why a text could not be checked; null where it was, or where there is none |

    A row without a text (null or blank) is among the results, so that there are as many rows as in the input.
    """
    pa = arrow()
    fields = [("principle", pa.string()), ("rule", pa.string()), ("severity", pa.string())]
    violation = pa.struct([*fields, ("start", pa.int32()), ("end", pa.int32())])
    types = (pa.string(), pa.bool_(), pa.int32(), pa.int32(), pa.list_(violation), pa.string())
    return pa.schema(list(zip(RESULTS, types, strict=True)))


def results_of(checker: Checker, ids: Any, found: Sequence[Found]) -> Any:
    """Return the results of replies as an Arrow record batch.

    Args:
        checker: what found it; its rules have the numbers.
        ids: of the replies, an Arrow array of texts.
        found: what was found in each.
    """
    pa = arrow()
    schema = result_schema()
    ok: list[bool | None] = []
    errors: list[int | None] = []
    warnings: list[int | None] = []
    trouble: list[str | None] = []
    offsets: list[int | None] = []
    rules: list[int] = []
    grave: list[bool] = []
    starts: list[int] = []
    ends: list[int] = []
    for each in found:
        if each is None or isinstance(each, str):
            ok.append(None)
            errors.append(None)
            warnings.append(None)
            trouble.append(each)
            offsets.append(None)
            continue
        offsets.append(len(rules))
        wrong = 0
        for rule, severity, start, end, _ in each:
            rules.append(rule)
            grave.append(severity == "error")
            starts.append(start)
            ends.append(end)
            wrong += severity == "error"
        ok.append(not wrong)
        errors.append(wrong)
        warnings.append(len(each) - wrong)
        trouble.append(None)
    numbers = pa.array(rules, pa.int32())
    known = checker.rules
    columns = [
        pa.array([rule.principle for rule in known], pa.string()).take(numbers),
        pa.array([rule.id for rule in known], pa.string()).take(numbers),
        pa.array(["warning", "error"]).take(pa.array(grave, pa.bool_()).cast(pa.int8())),
        pa.array(starts, pa.int32()),
        pa.array(ends, pa.int32()),
    ]
    violations = schema.field("violations").type.value_type
    made = pa.StructArray.from_arrays(columns, fields=list(violations))
    lists = pa.ListArray.from_arrays(pa.array([*offsets, len(rules)], pa.int32()), made)
    arrays = [ids.cast(pa.string()), pa.array(ok, pa.bool_()), pa.array(errors, pa.int32())]
    arrays += [pa.array(warnings, pa.int32()), lists, pa.array(trouble, pa.string())]
    return pa.record_batch(arrays, schema=schema)


def tallied(results: Any) -> dict[str, int]:
    """Return how many `rows` a batch of results has, how many `replies`, of these how many `fine`, and more counts.

    Args:
        results: the batch.

    Returns:
        `rows`, `replies`, `fine`, `errors`, `warnings`, and the rows with `trouble`.
    """
    columns = {name: results.column(name) for name in ("ok", "errors", "warnings", "trouble")}
    return {
        "rows": results.num_rows,
        "replies": results.num_rows - columns["ok"].null_count,
        "fine": columns["ok"].true_count,
        "errors": columns["errors"].sum().as_py() or 0,
        "warnings": columns["warnings"].sum().as_py() or 0,
        "trouble": results.num_rows - columns["trouble"].null_count,
    }
