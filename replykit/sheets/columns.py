"""Which of the columns of a table is meant."""

from __future__ import annotations

from collections.abc import Sequence

from replykit.errors import UsageError

__all__ = ["beside", "column_in", "letters_of", "number_of"]

_LISTED = 20  # columns that a message names


def letters_of(index: int) -> str:
    """Return what a spreadsheet calls a column: A for 0, AA for 26."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def number_of(letters: str) -> int:
    """Return the number of a column, from 1, by its letters; 0 where they are none, or are more than three."""
    if not (letters.isascii() and letters.isalpha() and len(letters) <= 3):
        return 0
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def column_in(header: Sequence[str], column: str | None, name: str) -> int:
    """Return the index of a column.

    Args:
        header: the names of the columns; what has no name is empty.
        column: a name in it, else the letters of a column (A is the first), else its number, counted from 1.
        name: what the user calls the table.

    Raises:
        UsageError: there is no such column, more than one has that name, or none is given.
    """
    wanted = None if column is None else column.strip()
    if wanted:
        found = [index for index, title in enumerate(header) if title == wanted]
        if len(found) > 1:
            letters = ", ".join(map(letters_of, found))
            raise UsageError(f"{name}: the columns {letters} are all named {wanted!r}; name one by its letter")
        if found:
            return found[0]
        number = int(wanted[:9]) if wanted.isascii() and wanted.isdigit() else number_of(wanted)
        if 1 <= number <= len(header):
            return number - 1
    titles = [title for title in header if title]
    listed = ", ".join(titles[:_LISTED]) + (f" and {len(titles) - _LISTED} more" if len(titles) > _LISTED else "")
    wrong = "name the column of the replies with --column" if column is None else f"no column {column!r}"
    raise UsageError(f"{name}: {wrong}; there are: {listed or 'none'}")


def beside(header: Sequence[str], titles: Sequence[str]) -> tuple[str, ...]:
    """Return titles that no column of a header has yet, with a number behind those that one has."""
    free: list[str] = []
    for title in titles:
        others = (title, *(f"{title} {number}" for number in range(2, len(header) + 3)))
        free.append(next(other for other in others if other not in header))
    return tuple(free)
