"""What was wrong before and what is after, counted over many replies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple, Self

from replykit.batch.rows import PolishedRow
from replykit.records import Severity, Status, Usage, Violation

__all__ = ["Change", "Changes", "Found", "Tally"]


class Found(NamedTuple):
    """Violations by severity.

    Attributes:
        errors: those that must not be sent.
        warnings: those with a better wording.
    """

    errors: int
    warnings: int


class Change(NamedTuple):
    """What became of the violations of one principle.

    Attributes:
        principle: its id.
        before: in the originals.
        after: in the polished texts.
    """

    principle: str
    before: Found
    after: Found


class Changes:
    """Violations before and after, by their principles."""

    def __init__(self) -> None:
        self._before: Counter[tuple[str, Severity]] = Counter()
        self._after: Counter[tuple[str, Severity]] = Counter()

    def count(self, before: Iterable[Violation], after: Iterable[Violation]) -> None:
        """Count what was wrong with one text before, and what is after."""
        self._before.update((violation.principle, violation.severity) for violation in before)
        self._after.update((violation.principle, violation.severity) for violation in after)

    def principles(self) -> list[Change]:
        """Return the principles that were broken, the one with the most violations first."""
        ids = dict.fromkeys(principle for principle, _ in (*self._before, *self._after))
        changes = [Change(id, _found(self._before, id), _found(self._after, id)) for id in ids]
        return sorted(changes, key=lambda change: (-sum(change.before), -sum(change.after), change.principle))

    def totals(self) -> tuple[Found, Found]:
        """Return all violations before, and all after."""
        return _total(self._before), _total(self._after)

    @property
    def most(self) -> int:
        """The largest number of violations of one principle, before or after; the length of the longest bar."""
        return max((max(sum(change.before), sum(change.after)) for change in self.principles()), default=1)


class Tally(Changes):
    """Counts over rows that are read once.

    Attributes:
        rows: how many there were.
        statuses: how many of each status.
        shared: how many share the answer of an earlier one.
        wrong: how many originals had an error.
        usage: what they cost.
    """

    def __init__(self) -> None:
        super().__init__()
        self.rows = 0
        self.statuses: Counter[Status] = Counter()
        self.shared = 0
        self.wrong = 0
        self.usage = Usage()

    def add(self, row: PolishedRow) -> None:
        """Count one row."""
        self.rows += 1
        self.statuses[row.status] += 1
        self.shared += row.same_as is not None
        self.wrong += any(violation.severity == "error" for violation in row.before)
        if row.usage.calls:
            self.usage += row.usage
        self.count(row.before, row.violations)

    def __iadd__(self, other: Tally) -> Self:
        """Count what another one has counted as well."""
        self.rows += other.rows
        self.statuses += other.statuses
        self.shared += other.shared
        self.wrong += other.wrong
        self.usage += other.usage
        self._before += other._before
        self._after += other._after
        return self

    def share(self, status: Status) -> str:
        """Return the share of the rows that have a status, in words: `12.3%`."""
        return f"{100 * self.statuses[status] / self.rows:.1f}%" if self.rows else ""


def _found(counter: Counter[tuple[str, Severity]], principle: str) -> Found:
    return Found(counter[principle, "error"], counter[principle, "warning"])


def _total(counter: Counter[tuple[str, Severity]]) -> Found:
    return Found(*(sum(n for (_, each), n in counter.items() if each == severity) for severity in ("error", "warning")))
