"""A workbook (.xlsx): one reply a row of a sheet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from replykit.cli.origin import Named
from replykit.errors import UsageError
from replykit.sheets.columns import column_in

__all__ = ["replies_in_workbook"]

_MOST_BYTES = 64 * 1024 * 1024


def replies_in_workbook(path: str, column: str | None, sheet: str | None = None) -> Iterator[Named]:
    """Yield the cells of one column that are not blank, with the numbers of their rows as the sheet shows them.

    The header is the first row with anything in it. A cell with a formula counts as what it last showed. Unlike other
    files a workbook is held in memory.

    Args:
        path: the file.
        column: a name in the header, else the number of a column, counted from 1 (column A).
        sheet: the sheet; None: the first.

    Raises:
        UsageError: it cannot be read, is larger than 64 MiB, or has no such sheet or column; or python-calamine, which
            reads workbooks, is missing.
    """
    rows, sheet = _rows(path, sheet)
    header: list[str] | None = None
    place = 0
    for number, cells in enumerate(rows, 1):
        if header is None:
            if any(cells):
                header = [cell.strip() for cell in cells]
                place = column_in(header, column, f"{path}, sheet {sheet!r}")
        elif len(cells) > place and cells[place].strip():
            yield Named(id=number, text=cells[place], file=path, line=None, cell=f"{sheet}!{number}")
    if header is None:
        raise UsageError(f"{path}: the sheet {sheet!r} is empty")


def _rows(path: str, sheet: str | None) -> tuple[Iterator[list[str]], str]:
    """Return the rows of a sheet from row 1 and column A on, and its name."""
    try:
        from python_calamine import CalamineError, CalamineWorkbook, PasswordError
    except ImportError:
        hint = "install replykit[xlsx], or save the replies as CSV"
        raise UsageError(f"{path} is a workbook, and python-calamine, which reads them, is missing: {hint}") from None
    try:
        if Path(path).stat().st_size > _MOST_BYTES:
            raise UsageError(f"{path} is larger than {_MOST_BYTES // 1024 // 1024} MiB; split it")
        with CalamineWorkbook.from_path(path) as workbook:
            names = workbook.sheet_names
            if not names or (sheet is not None and sheet not in names):
                raise UsageError(f"{path}: no sheet {sheet or ''!r}; there are: {', '.join(names) or 'none'}")
            name = names[0] if sheet is None else sheet
            found = workbook.get_sheet_by_name(name)
            left = [""] * (found.start[1] if found.start else 0)
            rows = [left + [_text(cell) for cell in row] for row in found.iter_rows()]
    except PasswordError:
        raise UsageError(f"{path} is locked with a password; save it without one") from None
    except CalamineError as error:
        why = " ".join(str(error).split())
        raise UsageError(f"{path} is no workbook that can be read ({why}); save the replies as CSV") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    return iter(rows), name


def _text(cell: object) -> str:
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)
