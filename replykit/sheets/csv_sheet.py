"""A CSV file, read and written row by row."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from replykit.errors import UsageError
from replykit.sheets.csv_writing import CsvOutput, RowWriter
from replykit.sheets.delimiters import delimiter_in_words, delimiter_named
from replykit.sheets.edits import Edits, Notes
from replykit.sheets.encodings import encoding_of
from replykit.sheets.fingerprint import fingerprint_of
from replykit.sheets.lines import line_end_of, lines_in
from replykit.sheets.package import OLD_WORKBOOK
from replykit.sheets.sheet import Sheet, SheetRow
from replykit.sheets.table import Table

__all__ = ["CsvSheet"]

_ENDS = {"\r\n": "CRLF", "\n": "LF", "\r": "CR"}


class CsvSheet(Sheet):
    """A CSV file: read once in full when it is opened, so that nothing can be wrong with its last row later on.

    One row is in memory at a time.

    Args:
        path: the file.
        encoding: its encoding; None: found out.
        delimiter: what parts its cells; None: found out.

    Raises:
        UsageError: it cannot be read, or is no CSV; there is no such encoding or delimiter.
        TextError: it is no text.
    """

    longest = 131_071  # what a reader of CSV takes, less the apostrophe that may come before a text

    def __init__(self, path: Path, encoding: str | None = None, delimiter: str | None = None) -> None:
        self.path, self.name = path, str(path)
        named = delimiter_named(delimiter) if delimiter is not None else None
        try:
            with path.open("rb") as file:
                self._check_kind(file.read(8))
                self.fingerprint = fingerprint_of(file)
                file.seek(0)
                self._encoding = encoding_of(file, self.name, encoding)
                table = Table(lines_in(file, self._encoding, self.name), self.name, named)
                self._delimiter = table.delimiter
                self._survey(table)
        except OSError as error:
            raise self._unreadable(error) from None

    def _check_kind(self, start: bytes) -> None:
        if start.startswith(b"PK\x03\x04"):
            raise UsageError(f"{self.name} is a workbook under another name; end its name in .xlsx")
        if start == OLD_WORKBOOK:
            raise UsageError(f"{self.name} is an old Excel file (.xls) under another name; save it as .xlsx or as CSV")

    def _unreadable(self, error: OSError) -> UsageError:
        return UsageError(f"{self.name} cannot be read: {error.strerror}")

    def _survey(self, table: Table) -> None:
        """Find the header, the number of columns and the line ends.

        Raises:
            UsageError: there is no header, or a row is no CSV.
        """
        header: list[str] | None = None
        width, first_long, longer = 0, 0, 0
        ends = dict.fromkeys(_ENDS, False)
        for row in table:
            width = max(width, len(row.cells))
            ends[line_end_of(row.line.raw)] = True
            if header is None and any(cell.strip() for cell in row.cells):
                header, self.header_row = [cell.strip() for cell in row.cells], row.number
            elif header is not None and any(row.cells[len(header) :]):
                first_long, longer = first_long or row.number, longer + 1
        if header is None:
            raise UsageError(f"{self.name} is empty")
        self.header = tuple(header + [""] * (width - len(header)))
        found = " and ".join(name for end, name in _ENDS.items() if ends.get(end)) or "one line"
        guess = ", found out by its characters" if self._encoding.is_guess else ""
        parted = "one column" if width == 1 else f"parted by {delimiter_in_words(self._delimiter)}"
        more = f" and {longer - 1} more have" if longer > 1 else " has"
        ragged = f"; row {first_long}{more} more cells than the header" if longer else ""
        names = f", names in row {self.header_row}" if self.header_row > 1 else ""
        self.layout = f"{self._encoding}{guess}, {parted}, {found}{names}{ragged}"

    def _table(self, file: BinaryIO) -> Table:
        return Table(lines_in(file, self._encoding, self.name), self.name, self._delimiter)

    def rows(self) -> Iterator[SheetRow]:
        """Yield the rows below the header that have anything in them.

        Raises:
            UsageError: the file can no longer be read, or has changed.
        """
        width = len(self.header)
        try:
            with self._reopened() as file:
                for row in self._table(file):
                    if row.number > self.header_row and any(cell.strip() for cell in row.cells):
                        yield SheetRow(row.number, (*row.cells, *[""] * (width - len(row.cells))))
        except OSError as error:
            raise self._unreadable(error) from None

    def _suffixes(self) -> tuple[str, ...]:
        own = self.path.suffix.lower()
        return (own,) if own == ".tsv" else tuple(dict.fromkeys((own, ".csv", ".txt")))

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
        output, table = CsvOutput(file, self._encoding, notes), self._table(source)
        if table.preamble:
            output.keep(table.preamble)
        writer = RowWriter(output, self._delimiter, len(self.header), replace, raw=raw)
        for row in table:
            if row.number == self.header_row:
                writer.write_header(row, titles)
            else:
                writer.write(row, edits.of(row.number) if row.number > self.header_row else None)
