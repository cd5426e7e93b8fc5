"""What parts the cells of a row, found out from the first rows."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence

from replykit.errors import UsageError

__all__ = ["delimiter_found", "delimiter_in_words", "delimiter_named", "delimiter_said"]

_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_SPOKEN = {"comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t", "pipe": "|", "space": " "}
_SAID = re.compile(r'"?sep=(.)"?[\r\n]*', re.IGNORECASE)


def delimiter_in_words(delimiter: str) -> str:
    """Return what a user calls a delimiter, in the plural."""
    return _DELIMITERS.get(delimiter, repr(delimiter))


def delimiter_named(named: str) -> str:
    r"""Return the delimiter that a user names.

    Args:
        named: one character; or comma, semicolon, tab (`\t`), pipe or space.

    Raises:
        UsageError: it is none of these, or a character that cannot part cells.
    """
    delimiter = _SPOKEN.get(named.strip().lower(), named)
    if len(delimiter) != 1 or delimiter.isalnum() or delimiter in '"\r\n\x00\ufeff':
        raise UsageError(f"{named!r} is no delimiter; name one character, or comma, semicolon, tab, pipe or space")
    return delimiter


def delimiter_said(line: str) -> str | None:
    """Return the delimiter that a first line `sep=;` names, as Excel reads it; None where it is no such line."""
    said = _SAID.fullmatch(line)
    return said[1] if said else None


def delimiter_found(lines: Sequence[str], column: str | None = None) -> str:
    """Return the delimiter under which the first rows look most like a table.

    It is the one under which the header has the column; else the one under which most rows are as long as the header,
    where that has more than one cell; else, in a file of one column, the first that parts no row.

    Args:
        lines: the first lines of a file, with their ends.
        column: the name of a column.
    """
    tables = {delimiter: _rows(lines, delimiter) for delimiter in _DELIMITERS}
    headers = {delimiter: rows[0] if rows else [] for delimiter, rows in tables.items()}
    with_column = [mark for mark in tables if column in headers[mark] and len(headers[mark]) > 1]
    parting = with_column or [mark for mark in tables if len(headers[mark]) > 1]
    if not parting:
        return next((mark for mark, rows in tables.items() if all(len(row) <= 1 for row in rows)), ",")

    def looks(delimiter: str) -> tuple[float, int]:
        width = len(headers[delimiter])
        alike = sum(len(row) == width for row in tables[delimiter]) / len(tables[delimiter])
        return round(alike, 1), width

    return max(parting, key=looks)


def _rows(lines: Sequence[str], delimiter: str) -> list[list[str]]:
    """Return the rows with anything in them, from the header on, to the first that cannot be read."""
    rows: list[list[str]] = []
    try:
        for row in csv.reader(lines, delimiter=delimiter, strict=True):
            cells = [cell.strip() for cell in row]
            if any(cells):
                rows.append(cells)
    except csv.Error:  # also where the lines end in the middle of a cell
        pass
    return rows
