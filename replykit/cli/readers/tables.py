"""A CSV file: one reply a row."""

from __future__ import annotations

import functools
from collections.abc import Iterator

from replykit.cli.origin import NO_FILE, Named
from replykit.cli.readers.opening import lines_of
from replykit.sheets.columns import column_in
from replykit.sheets.table import Table, where_in_row

__all__ = ["replies_in_table"]


def replies_in_table(path: str | None, column: str | None, encoding: str | None = None) -> Iterator[Named]:
    """Yield the cells of one column that are not blank, with the numbers of their rows.

    The header is the first row with anything in it. What parts the cells is found out, as `Table` does.

    Args:
        path: the file; None: standard input.
        column: a name in the header, else the letter of a column, else its number, counted from 1.
        encoding: its encoding; None: found out.

    Raises:
        UsageError: it cannot be read, is no CSV or has no such column.
        TextError: it is no text.
    """
    name = path or "standard input"
    table = Table(lines_of(path, name, encoding), name, column=column)
    place: int | None = None
    for row in table:
        if place is None:
            header = [cell.strip() for cell in row.cells]
            place = column_in(header, column, name) if any(header) else None
        elif len(row.cells) > place and row.cells[place].strip():
            yield Named(
                id=row.number,
                text=row.cells[place],
                file=path or NO_FILE["stdin"],
                line=row.line.number,
                raw=row.line.raw,
                offset=row.line.offset,
                where=functools.partial(where_in_row, row.line.raw, table.delimiter, place),
            )
    if place is None:
        column_in((), column, name)
