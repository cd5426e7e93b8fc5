"""What is written in the rows of a sheet, in the order of the rows, and what its user is told about it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from replykit.errors import UsageError

__all__ = ["Edit", "Edits", "Notes", "without_surrogates"]

_LISTED = 10  # rows that a note names


class Edit(NamedTuple):
    """What is written in one row.

    Attributes:
        number: the row, as `SheetRow.number` counts.
        values: the texts of the new columns, one for each title.
        replacement: the new text of the column that is replaced; None: it stays as it is.
    """

    number: int
    values: tuple[str, ...] = ()
    replacement: str | None = None


class Edits:
    """Edits, taken row by row.

    Args:
        edits: the edits, by ascending number.
        width: how many values each has.
        replaces: True where they may have replacements.
        name: what the user calls the sheet.

    Attributes:
        taken: how many have been taken.
    """

    def __init__(self, edits: Iterable[Edit], width: int, replaces: bool, name: str) -> None:
        self._edits, self._width, self._replaces, self._name = iter(edits), width, replaces, name
        self.taken = 0
        self._last = 0
        self._next = self._read()

    def of(self, number: int) -> Edit | None:
        """Return the edit of a row, which is asked for once, in order; None where it has none.

        Raises:
            UsageError: the next edit is of a row that was passed over, as it is none with anything in it.
        """
        edit = self._next
        if edit is None or edit.number > number:
            return None
        if edit.number < number:
            raise UsageError(f"{self._name} has no row {edit.number} to write into")
        self.taken += 1
        self._next = self._read()
        return edit

    def finish(self) -> None:
        """Say that there are no more rows.

        Raises:
            UsageError: an edit is left.
        """
        if self._next is not None:
            raise UsageError(f"{self._name} has no row {self._next.number} to write into")

    def _read(self) -> Edit | None:
        edit = next(self._edits, None)
        if edit is None:
            return None
        if edit.number <= self._last:
            raise UsageError(f"row {edit.number} comes after row {self._last}; give the edits in the order of the rows")
        if len(edit.values) != self._width:
            raise UsageError(f"row {edit.number} has {len(edit.values)} values for {self._width} titles")
        if edit.replacement is not None and not self._replaces:
            raise UsageError(f"row {edit.number} has a replacement, and no column to replace is named")
        self._last = edit.number
        return edit


class Notes:
    """Sentences for the user; those that speak of rows name the first of them."""

    def __init__(self) -> None:
        self._rows: dict[str, list[int]] = {}
        self._more: dict[str, int] = {}

    def add(self, sentence: str, row: int | None = None) -> None:
        """Add a sentence once, and a row that it is about.

        Args:
            sentence: the sentence; about rows, what follows "row 3: ".
            row: the row; None: it is about the file.
        """
        rows = self._rows.setdefault(sentence, [])
        if row is not None and row not in rows[-1:]:
            if len(rows) < _LISTED:
                rows.append(row)
            else:
                self._more[sentence] = self._more.get(sentence, 0) + 1

    def lines(self) -> tuple[str, ...]:
        """Return the sentences."""
        return tuple(self._line(sentence, rows) for sentence, rows in self._rows.items())

    def _line(self, sentence: str, rows: list[int]) -> str:
        if not rows:
            return sentence
        more = f" and {self._more[sentence]} more" if sentence in self._more else ""
        return f"row{'s' * (len(rows) > 1)} {', '.join(map(str, rows))}{more}: {sentence}"


def without_surrogates(text: str) -> str:
    """Return a text that every encoding of Unicode can hold: U+FFFD in place of half a surrogate pair."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
