"""One line of JSON Lines: the object that it holds, and where its values stand."""

from __future__ import annotations

import json
from collections.abc import Iterable
from json.decoder import scanstring  # type: ignore[attr-defined]  # typeshed has it under another name
from typing import Any

from replykit.errors import UsageError
from replykit.sheets.lines import Line

__all__ = ["fields_of", "record_in", "value_spans"]

_MOST_FIELDS = 1000

_SPACE = " \t\n\r"


def record_in(line: Line, name: str) -> dict[str, Any]:
    """Return the object that a line holds.

    Args:
        line: the line.
        name: what the user calls the file.

    Raises:
        UsageError: it is no JSON, or no object.
    """
    place = f"{name}, line {line.number}"
    try:
        record = json.loads(line.raw)
    except ValueError as error:
        raise UsageError(f"{place}, is not valid JSON: {error}") from None
    except RecursionError:
        raise UsageError(f"{place}, is JSON nested too deep") from None
    if not isinstance(record, dict):
        raise UsageError(f"{place}, is no JSON object; give one object a line")
    return record


def fields_of(lines: Iterable[Line], name: str) -> tuple[str, ...]:
    """Return the names of all fields of JSON Lines, in the order in which they come.

    Args:
        lines: the lines.
        name: what the user calls the file.

    Raises:
        UsageError: a line is no JSON object, or there are more than 1,000 fields.
    """
    fields: dict[str, None] = {}
    for line in lines:
        if line.raw.strip():
            fields |= dict.fromkeys(record_in(line, name))
        if len(fields) > _MOST_FIELDS:
            raise UsageError(f"{name} has more than {_MOST_FIELDS:,} fields by line {line.number}")
    return tuple(fields)


def value_spans(raw: str) -> dict[str, tuple[int, int]]:
    """Return where in an object's JSON the value of each field stands; of a name that is there twice, the last.

    Args:
        raw: what `record_in` took for an object.
    """
    spans: dict[str, tuple[int, int]] = {}
    decoder = json.JSONDecoder()
    at = _after(raw, raw.index("{") + 1)
    while raw[at] != "}":
        field, at = scanstring(raw, at + 1)
        start = _after(raw, raw.index(":", at) + 1)
        _, end = decoder.raw_decode(raw, start)
        spans[field] = start, end
        at = _after(raw, end)
        if raw[at] == ",":
            at = _after(raw, at + 1)
    return spans


def _after(raw: str, at: int) -> int:
    """Return the first place from another one on that is no space."""
    while raw[at] in _SPACE:
        at += 1
    return at
