"""A CSV file: one reply a row."""

from __future__ import annotations

import csv
import functools
from collections.abc import Iterator

from replykit.cli.origin import NO_FILE, Named
from replykit.cli.readers.columns import column_in
from replykit.cli.readers.opening import Line, lines_of
from replykit.errors import UsageError

__all__ = ["replies_in_table"]

_DELIMITERS = (",", ";", "\t", "|")


class _Taken(Iterator[str]):
    """The lines of a file, remembering those that the current row takes."""

    def __init__(self, lines: Iterator[Line]) -> None:
        self._lines = lines
        self._taken: list[Line] = []
        self.first: Line | None = next(lines, None)
        self._waiting = self.first

    def __next__(self) -> str:
        line, self._waiting = self._waiting or next(self._lines), None
        self._taken.append(line)
        return line.raw

    def row(self) -> Line:
        """Return the lines taken since the last call, as one."""
        row = self._taken[0]._replace(raw="".join(line.raw for line in self._taken))
        self._taken.clear()
        return row


def replies_in_table(path: str | None, column: str | None, encoding: str | None = None) -> Iterator[Named]:
    """Yield the cells of one column that are not blank, with the numbers of their rows; the header is row 1.

    Fields are parted by a tab in a .tsv file, elsewhere by the one of `,` `;` tab and `|` under which the header has
    the column, else by the one that the header has most of.

    Args:
        path: the file; None: standard input.
        column: a name in the header, else the number of a column, counted from 1.
        encoding: its encoding; None: found out.

    Raises:
        UsageError: it cannot be read, is no CSV or has no such column.
        TextError: it is no text.
    """
    name = path or "standard input"
    lines = _Taken(lines_of(path, name, encoding))
    delimiter = "\t" if name.lower().endswith(".tsv") else _delimiter(lines.first.raw if lines.first else "", column)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        place = column_in([cell.strip() for cell in next(reader, [])], column, name)
        lines.row()
        for number, cells in enumerate(reader, 2):
            row = lines.row()
            if len(cells) > place and cells[place].strip():
                yield Named(
                    id=number,
                    text=cells[place],
                    file=path or NO_FILE["stdin"],
                    line=row.number,
                    raw=row.raw,
                    offset=row.offset,
                    where=functools.partial(_index_in_row, row.raw, delimiter, place),
                )
    except csv.Error as error:
        raise UsageError(f"{name}, line {reader.line_num}, is not valid CSV: {error}") from None


def _delimiter(header: str, column: str | None) -> str:
    plain = "".join(header.split('"')[::2])  # what stands outside quotes
    with_column = [mark for mark in _DELIMITERS if column in [cell.strip(' "\r\n') for cell in header.split(mark)]]
    return max(with_column or _DELIMITERS, key=plain.count)


def _index_in_row(raw: str, delimiter: str, column: int, index: int) -> int:
    """Return where in the lines of a row a code point of one of its cells stands."""
    return _cell_in_row(raw, delimiter, column)[index]


@functools.lru_cache(maxsize=2)
def _cell_in_row(raw: str, delimiter: str, column: int) -> list[int]:
    at = 0
    for _ in range(column):
        at = _cell(raw, delimiter, at)[-1] + (raw[at] == '"') + 1
    return _cell(raw, delimiter, at)


def _cell(raw: str, delimiter: str, at: int) -> list[int]:
    """Return the indices of a cell's code points in the lines of its row, and the index of its end."""
    found: list[int] = []
    if raw[at : at + 1] != '"':
        while at < len(raw) and raw[at] not in (delimiter, "\r", "\n"):
            found.append(at)
            at += 1
        return [*found, at]
    at += 1
    while at < len(raw) and (raw[at] != '"' or raw[at + 1 : at + 2] == '"'):
        found.append(at)
        at += 2 if raw[at] == '"' else 1
    return [*found, at]
