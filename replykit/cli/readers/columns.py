"""Which of the columns of a table holds the replies."""

from __future__ import annotations

from collections.abc import Sequence

from replykit.errors import UsageError

__all__ = ["column_in"]


def column_in(header: Sequence[str], column: str | None, name: str) -> int:
    """Return the index of a column.

    Args:
        header: the cells of the first row.
        column: a name in it, else a number, counted from 1.
        name: what the user calls the table.

    Raises:
        UsageError: there is no such column, or none is named.
    """
    if column is not None and column in header:
        return header.index(column)
    if column is not None and column.isascii() and column.isdigit() and 1 <= int(column[:9]) <= len(header):
        return int(column[:9]) - 1
    wrong = "name the column of the replies with --column" if column is None else f"no column {column!r}"
    raise UsageError(f"{name}: {wrong}; there are: {', '.join(filter(None, header)) or 'none'}")
