"""JSON Lines and tables as columns of texts."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

from replykit.arrow import arrow
from replykit.columnar.checking import TROUBLE, Columns
from replykit.columnar.places import RECORDS, ROWS, seekable, suffix_of
from replykit.errors import UsageError
from replykit.sheets.encodings import encoding_of
from replykit.sheets.lines import Line, lines_in
from replykit.sheets.records import fields_of, record_in
from replykit.sheets.table import Table

__all__ = ["TextFile"]

# The number of a row, its reply, what is kept beside it, and why it has none.
_Row = tuple[int, str | None, tuple[str | None, ...], str | None]


class TextFile:
    """A file of JSON Lines, or a table.

    Args:
        path: the file.
        encoding: its encoding; None: found out.
    """

    def __init__(self, path: str, encoding: str | None) -> None:
        self._path, self._encoding = path, encoding

    def header(self) -> list[str]:
        """Return the names of a table's columns: its first row with anything in it."""
        with seekable(self._path) as file:
            for row in Table(self._lines(file), self._path):
                if any(cell.strip() for cell in row.cells):
                    return [cell.strip() for cell in row.cells]
        return []

    def fields(self) -> list[str]:
        """Return the names of all fields of JSON Lines, in the order in which they come."""
        with seekable(self._path) as file:
            return list(fields_of(self._lines(file), self._path))

    def rows(self, columns: Columns) -> Iterator[tuple[Any, dict[str, Any]]]:
        """Yield some rows at a time: their numbers, and the columns, of which `TROUBLE` says why a reply is null."""
        pa = arrow()
        with seekable(self._path) as file:
            read = self._records if suffix_of(self._path) in RECORDS else self._cells
            rows = read(file, columns)
            while taken := list(itertools.islice(rows, ROWS)):
                numbers, texts, kept, trouble = zip(*taken, strict=True)
                arrays = {columns.text: _texts(texts), TROUBLE: _texts(trouble)}
                for name, values in zip(columns.keep, zip(*kept, strict=True), strict=True):
                    arrays[name] = _texts(values)
                yield pa.array(numbers, pa.int64()), arrays

    def _lines(self, file: BinaryIO) -> Iterator[Line]:
        return lines_in(file, encoding_of(file, self._path, self._encoding), self._path)

    def _records(self, file: BinaryIO, columns: Columns) -> Iterator[_Row]:
        """Yield the lines of JSON Lines that are not blank."""
        field, keep = columns.text, columns.keep
        for line in self._lines(file):
            if not line.raw.strip():
                continue
            try:
                record = record_in(line, self._path)
            except UsageError as error:
                yield line.number, None, (None,) * len(keep), str(error)
                continue
            text, kept = record.get(field), tuple(_shown(record.get(name)) for name in keep)
            if field not in record:
                yield line.number, None, kept, f"there is no field {field!r}"
            elif text is None or isinstance(text, str):
                yield line.number, text, kept, None
            else:
                yield line.number, None, kept, f"the field {field!r} holds no text"

    def _cells(self, file: BinaryIO, columns: Columns) -> Iterator[_Row]:
        """Yield the rows of a table below its header that have anything in them."""
        header: list[str] = []
        for row in Table(self._lines(file), self._path, column=columns.text):
            cells = row.cells
            if not any(cell.strip() for cell in cells):
                continue
            if not header:
                header = [cell.strip() for cell in cells]
                places = [header.index(name) for name in (columns.text, *columns.keep)]
                continue
            text, *kept = (cells[place] if place < len(cells) else None for place in places)
            # What all columns are asked of would lose a cell beyond them; what asks for some has no use for it.
            is_lost = len(places) > len(header) and any(cells[len(header) :])
            yield row.number, text, tuple(kept), "the row has more cells than there are columns" if is_lost else None


def _shown(value: object) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _texts(values: Sequence[str | None]) -> Any:
    pa = arrow()
    try:
        return pa.array(values, pa.string())
    except UnicodeEncodeError:  # half a surrogate pair, as JSON may escape it, is no Unicode text
        return pa.array([None if v is None else v.encode("utf-8", "replace").decode() for v in values], pa.string())
