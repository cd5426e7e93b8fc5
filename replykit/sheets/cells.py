"""The cells of a sheet as they are shown, read by python-calamine from nothing but parts that have been looked at."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from replykit.errors import UsageError
from replykit.sheets.damage import unreadable
from replykit.sheets.package import Package
from replykit.sheets.shared import without_counts
from replykit.sheets.workbook import Workbook

if TYPE_CHECKING:
    from python_calamine import CalamineSheet

__all__ = ["Cells"]

_SHEET = "1"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_WORKBOOK = (
    f'<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="{_OFFICE}">'
    f'<workbookPr date1904="%d"/><sheets><sheet name="{_SHEET}" sheetId="1" r:id="r0"/></sheets></workbook>'
)


class Cells:
    """The cells of a sheet; they are held in memory.

    Args:
        package: the parts of the workbook.
        workbook: which of them are the styles and the texts.
        part: the sheet.
        name: what the user calls the workbook.

    Raises:
        UsageError: they cannot be read, or python-calamine is missing.
    """

    def __init__(self, package: Package, workbook: Workbook, part: str, name: str) -> None:
        try:
            from python_calamine import CalamineError, CalamineWorkbook
        except ImportError:
            hint = "install replykit[xlsx], or save the replies as CSV"
            raise UsageError(
                f"{name} is a workbook, and python-calamine, which reads them, is missing: {hint}"
            ) from None
        file = _plain(package, workbook, part, name)
        try:
            with CalamineWorkbook.from_filelike(file) as opened:
                self._sheet: CalamineSheet = opened.get_sheet_by_name(_SHEET)
        except CalamineError as error:
            raise unreadable(name, str(error)) from None
        except BaseException as error:
            if type(error).__name__ == "PanicException":  # what an assertion of calamine's becomes, no Exception
                raise unreadable(name, "it is damaged") from None
            raise

    def rows(self) -> Iterator[tuple[str, ...]]:
        """Yield the rows from the first on, each with its cells from column A on, as texts."""
        if self._sheet.start is not None:
            left = ("",) * self._sheet.start[1]
            for cells in self._sheet.iter_rows():
                yield left + tuple([cell if type(cell) is str else _text(cell) for cell in cells])


def _plain(package: Package, workbook: Workbook, part: str, name: str) -> io.BytesIO:
    """Return a workbook of one sheet, its texts and its styles, and nothing else for calamine to fail on."""
    parts: dict[str, tuple[str, Iterator[bytes]]] = {"worksheets/sheet1.xml": ("worksheet", package.chunks(part))}
    if workbook.styles:
        parts["styles.xml"] = "styles", package.chunks(workbook.styles)
    if workbook.texts:
        parts["sharedStrings.xml"] = "sharedStrings", without_counts(package.chunks(workbook.texts), name)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        file.writestr("_rels/.rels", _relations([("officeDocument", "xl/workbook.xml")]))
        file.writestr("xl/workbook.xml", _WORKBOOK % workbook.is_1904)
        kinds = [(kind, target) for target, (kind, _) in parts.items()]
        file.writestr("xl/_rels/workbook.xml.rels", _relations(kinds))
        for target, (_, chunks) in parts.items():
            with file.open(f"xl/{target}", "w") as entry:
                for chunk in chunks:
                    entry.write(chunk)
    made.seek(0)
    return made


def _relations(targets: Iterable[tuple[str, str]]) -> str:
    entries = (
        f'<Relationship Id="r{number}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets)
    )
    return f'<Relationships xmlns="{_PACKAGE}">{"".join(entries)}</Relationships>'


def _text(cell: object) -> str:
    """Return a cell as a text: a number with the 15 digits that Excel shows, a date as 2026-11-08."""
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else f"{cell:.15g}"
    return str(cell)
