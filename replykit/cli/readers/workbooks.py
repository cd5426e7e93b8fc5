"""A workbook (.xlsx): one reply a row of a sheet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from replykit.cli.origin import Named
from replykit.sheets.columns import column_in
from replykit.sheets.xlsx_sheet import XlsxSheet

__all__ = ["replies_in_workbook"]


def replies_in_workbook(path: str, column: str | None, sheet: str | None = None) -> Iterator[Named]:
    """Yield the cells of one column that are not blank, with the numbers of their rows as the sheet shows them.

    A cell with a formula counts as what it last showed. Unlike other files a workbook is held in memory.

    Args:
        path: the file.
        column: a name in the header, else the letter of a column, else its number, counted from 1 (column A).
        sheet: the sheet, by its name, else its number; None: the first that is not hidden.

    Raises:
        UsageError: it cannot be read, is too large, or has no such sheet or column; or python-calamine, which reads
            workbooks, is missing.
    """
    found = XlsxSheet(Path(path), sheet)
    place = column_in(found.header, column, found.name)
    for row in found.rows():
        if row.cells[place].strip():
            yield Named(id=row.number, text=row.cells[place], file=path, line=None, cell=f"{found.title}!{row.number}")
