"""A sheet of a workbook, read as it is shown and written by putting cells into its part."""

from __future__ import annotations

import itertools
import struct
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from replykit.errors import UsageError
from replykit.sheets.cells import Cells
from replykit.sheets.columns import letters_of
from replykit.sheets.damage import unusual
from replykit.sheets.edits import Edits, Notes
from replykit.sheets.fingerprint import fingerprint_of
from replykit.sheets.package import Package
from replykit.sheets.repacking import pack, repack
from replykit.sheets.sheet import Sheet, SheetRow
from replykit.sheets.splicing import LONGEST, Additions, Splicer
from replykit.sheets.styles import Styles
from replykit.sheets.survey import MOST_COLUMNS, Survey
from replykit.sheets.workbook import Workbook

__all__ = ["XlsxSheet"]

_STALE = "formulas that use the changed cells show the old result until the program calculates them (F9)"
_APART = (
    "a filter or table of the sheet does not reach over the new columns, which stay where they are when it is sorted;"
    " select the whole sheet to sort it"
)
_SIGNED = "the digital signature of the workbook is no longer valid"


class XlsxSheet(Sheet):
    """A sheet of a workbook; its cells are held in memory.

    Its header is the first row with anything in it that is no title, that is one text over several columns.

    Attributes:
        title: what the sheet is called.

    Args:
        path: the workbook.
        sheet: the sheet, by its name, else its number from 1; None: the first that is not hidden.

    Raises:
        UsageError: it cannot be read, is locked, damaged or too large, or has no such sheet; or python-calamine, which
            reads cells, is missing.
    """

    longest = LONGEST

    def __init__(self, path: Path, sheet: str | None = None) -> None:
        self.path = path
        try:
            with path.open("rb") as file:
                package = Package(file, str(path))
                workbook = Workbook(package, str(path))
                self.title = workbook.sheet(sheet)
                self._part, self._styles = workbook.sheets[self.title], workbook.styles
                self.name = f"{path}, sheet {self.title!r}"
                self._survey = Survey(package, self._part, workbook.texts, self.name)
                self._cells = Cells(package, workbook, self._part, str(path))
                self.fingerprint = fingerprint_of(file)
        except OSError as error:
            raise UsageError(f"{path} cannot be read: {error.strerror or error}") from None
        header = self._header()
        self.header = tuple(cell.strip() for cell in header.cells)
        self.header_row = header.number
        others = f" of {len(workbook.sheets)}" if len(workbook.sheets) > 1 else ""
        place = list(workbook.sheets).index(self.title) + 1
        last = letters_of(len(self.header) - 1)
        self.layout = f"sheet {self.title!r} ({place}{others}), names in row {header.number}, columns A to {last}"

    def _header(self) -> SheetRow:
        rows = self._rows()
        first = next(rows, None)
        if first is None:
            raise UsageError(f"{self.path}: the sheet {self.title!r} is empty")
        filled = [place for place, cell in enumerate(first.cells, 1) if cell.strip()]
        is_title = len(filled) == 1 and any(
            top <= first.number <= bottom and left == filled[0] < right
            for top, bottom, left, right in self._survey.merged
        )
        return next(rows, first) if is_title else first

    def _rows(self) -> Iterator[SheetRow]:
        width = max(self._survey.columns, 1)
        for number, texts in enumerate(self._cells.rows(), 1):
            if any(map(str.strip, texts)):
                yield SheetRow(number, texts + ("",) * (width - len(texts)))

    def rows(self) -> Iterator[SheetRow]:
        """Yield the rows below the header that have anything in them, hidden ones among them."""
        return (row for row in self._rows() if row.number > self.header_row)

    def refusal(self, number: int, text: str, replace: int | None) -> str:
        """Return why a row cannot take a text: as of any sheet, and a formula is not replaced."""
        if replace is not None and self._survey.is_made(number, replace + 1):
            return "the cell holds a formula and stays as it is"
        return super().refusal(number, text, replace)

    def remarks(self, column: int) -> tuple[str, ...]:
        """Return how many cells of a column show no text though they are not empty."""
        survey, place = self._survey, column + 1
        ends = itertools.repeat(())  # rows whose formulas have no result
        mute = sum(
            1
            for number, cells in zip(range(1, survey.rows + 1), itertools.chain(self._cells.rows(), ends), strict=False)
            if number > self.header_row
            and not "".join(cells[column:place]).strip()
            and (survey.is_error(number, place) or survey.is_made(number, place))
        )
        if not mute:
            return ()
        some = f"{mute:,} cells of the column are" if mute > 1 else "1 cell of the column is"
        return (f"{some} left alone: an error such as #N/A, or a formula whose result the file does not hold",)

    def check_output(self, output: Path) -> None:
        """Refuse what is refused of any sheet, and a sheet that cannot be written into."""
        super().check_output(output)
        if not (self._survey.is_plain and self._survey.encoding):
            raise unusual(self.name)

    def _suffixes(self) -> tuple[str, ...]:
        return (self.path.suffix.lower(),)

    def _write(
        self,
        source: BinaryIO,
        file: BinaryIO,
        titles: tuple[str, ...],
        edits: Edits,
        replace: int | None,
        raw: bool,
        notes: Notes,
    ) -> None:
        plan, name = self._additions(titles, replace), str(self.path)
        package = Package(source, name)
        styles = Styles(package.read(self._styles), name) if self._styles else None

        def fill(add: Callable[[bytes], object]) -> None:
            Splicer(self._survey, plan, edits, styles, notes, self.name).run(package.chunks(self._part), add)

        with tempfile.TemporaryFile() as sheet, tempfile.TemporaryFile() as more:
            changed = {self._part: pack(sheet, fill)}
            if self._styles and styles and styles.is_changed:
                changed[self._styles] = pack(more, lambda add: add(styles.data()))
            try:
                repack(package, source, file, changed)
            except (zipfile.BadZipFile, struct.error):
                raise UsageError(f"{name} changed while it was copied") from None
        if replace is not None and package.holds("xl/calcChain.xml"):
            notes.add(_STALE)
        if titles and (self._survey.is_filtered or self._has_table(package)):
            notes.add(_APART)
        if package.holds("_xmlsignatures"):
            notes.add(_SIGNED)

    def _has_table(self, package: Package) -> bool:
        return any(kind == "table" for kind, _ in package.related(self._part).values())

    def _additions(self, titles: tuple[str, ...], replace: int | None) -> Additions:
        """Return what is written where: new columns to the right of all data, and of cells that reach out of it.

        Raises:
            UsageError: there is no room for them.
        """
        survey = self._survey
        reach = [
            right
            for top, bottom, left, right in survey.merged
            if bottom >= self.header_row and top <= survey.rows and left <= survey.columns
        ]
        first = max([survey.columns, *reach]) + 1
        if titles and first + len(titles) - 1 > MOST_COLUMNS:
            raise UsageError(f"{self.name} has no room for {len(titles)} more columns to the right of its data")
        return Additions(
            header=self.header_row,
            first=first,
            titles=titles,
            replace=0 if replace is None else replace + 1,
        )
