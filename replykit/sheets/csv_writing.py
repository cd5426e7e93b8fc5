"""Rows written into a CSV file, so that whatever was not edited is byte for byte what it was."""

from __future__ import annotations

import codecs
import shutil
import tempfile
from typing import BinaryIO

from replykit.sheets.edits import Edit, Notes, without_surrogates
from replykit.sheets.encodings import Encoding
from replykit.sheets.lines import Line, line_end_of
from replykit.sheets.table import TableRow, span_in_row

__all__ = ["CsvOutput", "RowWriter", "neutralised"]

_CHUNK = 1024 * 1024  # bytes
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n", "\x00")


def neutralised(text: str) -> str:
    """Return a text that no spreadsheet program takes for a formula: with an apostrophe before what begins like one."""
    return f"'{text}" if text.startswith(_FORMULA) else text


class CsvOutput:
    """A file that text is written into, in the encoding of the original as long as that holds every character of it.

    Args:
        file: the file, open for writing and reading.
        encoding: the encoding of the original.
        notes: takes a sentence where another encoding has to be used.
    """

    def __init__(self, file: BinaryIO, encoding: Encoding, notes: Notes) -> None:
        self._file, self._encoding, self._notes = file, encoding, notes
        self._keeps_bytes = True
        # A file that was found to be GB18030 mostly is GBK, for the program that made it.
        self._narrow = "gbk" if encoding.codec == "gb18030" else None
        file.write(encoding.mark)

    def keep(self, line: Line, start: int = 0, stop: int | None = None) -> None:
        """Write what stands in the original.

        Args:
            line: the lines of a row.
            start: the code point where to begin.
            stop: one past the last; None: the end.
        """
        if not self._keeps_bytes:
            self._file.write(line.raw[start:stop].encode(self._encoding.codec))
        else:
            first = self._place(line, start) if start else 0
            self._file.write(line.data[first : None if stop is None else self._place(line, stop)])

    def _place(self, line: Line, index: int) -> int:
        """Return how many bytes a number of code points take in the original."""
        codec = self._encoding.codec
        if line.raw.encode(codec) == line.data:
            return len(line.raw[:index].encode(codec))
        # A character here is not spelt as Python spells it, so the bytes have to be counted.
        decoder = codecs.getincrementaldecoder(codec)()
        count = 0
        for place in range(len(line.data)):
            if count == index:
                return place
            count += len(decoder.decode(line.data[place : place + 1]))
        return len(line.data)

    def put(self, text: str) -> None:
        """Write a text that does not stand there."""
        text = without_surrogates(text)
        if self._narrow and not text.isascii():
            try:
                text.encode(self._narrow)
            except UnicodeEncodeError as error:
                self._say(self._encoding, self._narrow.upper(), text[error.start])
                self._narrow = None
        try:
            data = text.encode(self._encoding.codec)
        except UnicodeEncodeError as error:
            self._widen(text[error.start])
            data = text.encode(self._encoding.codec)
        self._file.write(data)

    def _say(self, encoding: Encoding, narrow: str, char: str) -> None:
        self._notes.add(f"written as {encoding}, as {narrow} holds no {char!r}")

    def _widen(self, char: str) -> None:
        """Go on in an encoding that holds every character, and write again in it what has been written."""
        before, self._encoding, self._keeps_bytes = self._encoding, Encoding("utf-8", codecs.BOM_UTF8), False
        with tempfile.TemporaryFile() as written:
            self._file.seek(0)
            shutil.copyfileobj(self._file, written)
            written.seek(len(before.mark))
            self._file.seek(0)
            self._file.truncate()
            self._file.write(self._encoding.mark)
            decoder = codecs.getincrementaldecoder(before.codec)()
            while chunk := written.read(_CHUNK):
                self._file.write(decoder.decode(chunk).encode(self._encoding.codec))
        self._say(self._encoding, str(before), char)


class RowWriter:
    """Rows with new cells in them.

    Args:
        output: where they are written.
        delimiter: what parts their cells.
        width: the cells of the longest row; new ones stand to the right of them.
        replace: the index of the column whose cells are replaced; None: of none.
        raw: False to have texts neutralised that begin like a formula.
    """

    def __init__(self, output: CsvOutput, delimiter: str, width: int, replace: int | None, *, raw: bool) -> None:
        self._output, self._delimiter, self._width, self._replace, self._raw = output, delimiter, width, replace, raw
        self._quotes_all = False

    def write_header(self, row: TableRow, titles: tuple[str, ...]) -> None:
        """Write the header with more titles; where all of its cells stand in quotation marks, all new ones do."""
        starts = (span_in_row(row.line.raw, self._delimiter, place)[0] for place in range(len(row.cells)))
        self._quotes_all = all(row.line.raw[start : start + 1] == '"' for start in starts)
        self.write(row, Edit(row.number, titles))

    def write(self, row: TableRow, edit: Edit | None) -> None:
        """Write a row.

        Args:
            row: the row in the original.
            edit: what changes in it; None: nothing.
        """
        if edit is None:
            self._output.keep(row.line)
            return
        raw, present, at = row.line.raw, max(1, len(row.cells)), self._replace
        body = len(raw) - len(line_end_of(raw))
        new = {self._width + place: value for place, value in enumerate(edit.values)}
        kept_to = 0
        if at is not None and edit.replacement is not None:
            if at < present:
                start, kept_to = span_in_row(raw, self._delimiter, at)
                self._output.keep(row.line, 0, start)
                # An empty cell that is alone in its row would make a blank line of it.
                quoted = raw[start : start + 1] == '"' or (present == 1 and not new and not edit.replacement)
                self._output.put(self._cell(edit.replacement, quoted=quoted))
            else:
                new[at] = edit.replacement
        self._output.keep(row.line, kept_to, body)
        for place in range(present, max(new, default=-1) + 1):
            self._output.put(self._delimiter + self._cell(new.get(place, ""), quoted=self._quotes_all))
        self._output.keep(row.line, body)

    def _cell(self, text: str, *, quoted: bool) -> str:
        text = text if self._raw else neutralised(text)
        if quoted or any(mark in text for mark in (self._delimiter, '"', "\r", "\n")):
            return '"' + text.replace('"', '""') + '"'
        return text
