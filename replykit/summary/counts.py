"""What a manager reads of many checked replies: violations by principle, and by agent, day, channel where named.

It is counted from results of a check, batch by batch, so that their number does not matter; of the replies themselves
only the worst are remembered.
"""

from __future__ import annotations

import datetime
import heapq
import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from replykit.arrow import arrow
from replykit.errors import UsageError
from replykit.invisible import unsteered
from replykit.privacy import find_personal, need_privacy

__all__ = ["ALL", "Group", "Summary", "Worst", "summary_schema", "summary_table"]

ALL = ""  # what the group of all replies is called
NONE, OTHERS = "(none)", "(others)"
_GROUPS = 2000  # of one column; what comes after these is counted together, so that memory has an end
_LONGEST = 80  # code points of a value, and then an ellipsis
_LONGEST_TEXT = 300
_WORST = 20


@dataclass(slots=True)
class Group:
    """Replies that have something in common.

    Attributes:
        replies: how many were checked.
        broken: how many of these have an error.
        errors: violations of that severity, by principle.
        warnings: likewise.
    """

    replies: int = 0
    broken: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    warnings: Counter[str] = field(default_factory=Counter)

    @property
    def share(self) -> float:
        """Of the replies, the share with an error, from 0 to 1."""
        return self.broken / self.replies if self.replies else 0.0

    @property
    def is_small(self) -> bool:
        """Whether there are too few replies for a share to say much: fewer than 30."""
        return self.replies < 30

    def count(self, found: Sequence[Mapping[str, Any]]) -> None:
        """Count one reply with what was found in it."""
        self.replies += 1
        is_broken = False
        for one in found:
            is_error = one["severity"] == "error"
            is_broken |= is_error
            (self.errors if is_error else self.warnings)[one["principle"]] += 1
        self.broken += is_broken


@dataclass(frozen=True, slots=True, order=True)
class Worst:
    """A reply to look at first.

    Attributes:
        errors, warnings: how many there are in it.
        place: its place in the results, counted back, so that the earlier of two alike is worse.
        id: its id in the results.
        rules: what it breaks, each once.
        by: its agent, day and so on.
        text: its words, personal data masked; empty where the results hold none.
    """

    errors: int
    warnings: int
    place: int
    id: str = field(compare=False)
    rules: tuple[str, ...] = field(compare=False)
    by: tuple[tuple[str, str], ...] = field(compare=False)
    text: str = field(compare=False)


class Summary:
    """Counts over results of a check.

    Args:
        by: the columns that replies are parted by.
        day: of these, the one that holds dates or times; its values are counted by day.
        text: a column with the replies, which the worst are shown of; None: they are named only. Personal data in them
            is masked, for which the extra `privacy` is needed.
        private: columns of `by` whose values are personal, such as the agents' names: each is shown as a number.

    Attributes:
        rows: how many rows there were.
        unchecked: of these, how many had no text or could not be checked.
        groups: the counts, by column and value; `ALL` is every reply's.

    Raises:
        UsageError: `private` or `day` names a column that is not among `by`; the extra `privacy` is missing.
    """

    def __init__(
        self, by: Sequence[str] = (), *, day: str | None = None, text: str | None = None, private: Sequence[str] = ()
    ) -> None:
        self.by = tuple(dict.fromkeys((*by, *([day] if day else ()))))
        for name in private:
            if name not in self.by:
                raise UsageError(f"the column {name!r} is to be shown as numbers, and replies are not parted by it")
        if text is not None:
            need_privacy()
        self._day, self._text, self._private = day, text, frozenset(private)
        self._numbers: dict[tuple[str, str], str] = {}
        self._worst: list[Worst] = []
        self.rows = self.unchecked = 0
        self.groups: dict[str, dict[str, Group]] = {ALL: {ALL: Group()}, **{name: {} for name in self.by}}

    def add(self, batch: Any) -> None:
        """Count a record batch or table of results.

        Args:
            batch: it has the columns of `result_schema` and those that are named.

        Raises:
            UsageError: a column is missing.
        """
        names = batch.schema.names
        for name in ("id", "ok", "violations", *self.by, *([self._text] if self._text else ())):
            if name not in names:
                kept = "" if name in ("id", "ok", "violations") else "; keep it with: check … --keep " + name
                raise UsageError(f"the results have no column {name!r}{kept}; there are: {', '.join(names[:20])}")
        columns = [batch.column(name).to_pylist() for name in ("id", "ok", "violations", *self.by)]
        texts: Iterable[object] = batch.column(self._text).to_pylist() if self._text else itertools.repeat(None)
        for (id, ok, found, *values), text in zip(zip(*columns, strict=True), texts, strict=False):
            self.rows += 1
            if ok is None:
                self.unchecked += 1
                continue
            shown = [(name, self._shown(name, value)) for name, value in zip(self.by, values, strict=True)]
            self.groups[ALL][ALL].count(found)
            for name, value in shown:
                self._group(name, value).count(found)
            if found:
                self._remember(str(id), found, shown, text)

    def _group(self, name: str, value: str) -> Group:
        groups = self.groups[name]
        if value not in groups and len(groups) >= _GROUPS:
            value = OTHERS
        return groups.setdefault(value, Group())

    def _shown(self, name: str, value: object) -> str:
        if value is None or (isinstance(value, str) and not value.strip()):
            return NONE
        if name == self._day:
            return _day_of(value)
        said = " ".join(unsteered(str(value)).split())
        if name in self._private:
            known = sum(one == name for one, _ in self._numbers)
            return self._numbers.setdefault((name, said), f"{name} {known + 1}")
        return said if len(said) <= _LONGEST else said[: _LONGEST - 1] + "…"

    def _remember(
        self, id: str, found: Sequence[Mapping[str, Any]], shown: Sequence[tuple[str, str]], text: object
    ) -> None:
        errors = sum(one["severity"] == "error" for one in found)
        key = (errors, len(found) - errors, -self.rows)
        if len(self._worst) == _WORST and key <= (self._worst[0].errors, self._worst[0].warnings, self._worst[0].place):
            return
        rules = tuple(dict.fromkeys(one["rule"] for one in found))
        worst = Worst(*key, id=id, rules=rules, by=tuple(shown), text=_masked(text))
        (heapq.heapreplace if len(self._worst) == _WORST else heapq.heappush)(self._worst, worst)

    @property
    def all(self) -> Group:
        """The counts of every reply."""
        return self.groups[ALL][ALL]

    @property
    def worst(self) -> list[Worst]:
        """The replies to look at first: those with most errors, then most warnings, then the earliest."""
        return sorted(self._worst, reverse=True)

    def in_order(self, name: str) -> list[tuple[str, Group]]:
        """Return the groups of a column: days by date, others by the number of replies with an error.

        Args:
            name: the column, or `ALL`.
        """
        if name == self._day:
            return sorted(self.groups[name].items())
        return sorted(self.groups[name].items(), key=lambda one: (-one[1].broken, -one[1].replies, one[0]))


def _day_of(value: object) -> str:
    """Return the day of a date, a time, or a text that begins with one as ISO 8601 writes it or with slashes."""
    if isinstance(value, datetime.datetime):
        return value.date().isoformat()
    if isinstance(value, datetime.date):
        return value.isoformat()
    parts = str(value).strip().replace("/", "-").replace(".", "-")[:10].split("T")[0].split(" ")[0].split("-")
    try:
        year, month, day = map(int, parts)
        return datetime.date(year, month, day).isoformat()
    except ValueError:
        return NONE


def _masked(text: object) -> str:
    if not isinstance(text, str):
        return ""
    for piece in reversed(find_personal(text)):
        text = f"{text[: piece.start]}[{piece.kind}]{text[piece.end :]}"
    said = " ".join(unsteered(text).split())
    return said if len(said) <= _LONGEST_TEXT else said[: _LONGEST_TEXT - 1] + "…"


def summary_schema() -> Any:
    """Return the columns of a summary, as an Arrow schema: a row for each group, then for each principle in it.

    | column | type | holds |
    |---|---|---|
    | `by`, `value` | string | the column and the value that the replies share; both null for all replies |
    | `principle` | string | the principle; null in the group's own row |
    | `replies`, `with_errors` | int64 | how many replies the group has, and how many of these have an error |
    | `errors`, `warnings` | int64 | violations, of the principle where one is named |
    | `per_100` | double | errors and warnings for a hundred replies |
    """
    pa = arrow("a summary")
    texts = [(name, pa.string()) for name in ("by", "value", "principle")]
    numbers = [(name, pa.int64()) for name in ("replies", "with_errors", "errors", "warnings")]
    return pa.schema([*texts, *numbers, ("per_100", pa.float64())])


def summary_table(summary: Summary) -> Any:
    """Return a summary as an Arrow record batch with the columns of `summary_schema`.

    Args:
        summary: the counts.
    """
    return arrow("a summary").RecordBatch.from_pylist(list(_rows(summary)), schema=summary_schema())


def _rows(summary: Summary) -> Iterator[dict[str, Any]]:
    for name in summary.groups:
        for value, group in summary.in_order(name):
            shared: dict[str, Any] = {"by": name or None, "value": value or None, "replies": group.replies}
            shared["with_errors"] = group.broken
            principles = sorted(group.errors.keys() | group.warnings.keys())
            for principle in (None, *principles):
                errors = group.errors.total() if principle is None else group.errors[principle]
                warnings = group.warnings.total() if principle is None else group.warnings[principle]
                rate = 100 * (errors + warnings) / group.replies if group.replies else None
                yield {**shared, "principle": principle, "errors": errors, "warnings": warnings, "per_100": rate}
