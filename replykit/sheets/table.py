"""The rows of a CSV file, and where their cells stand in its lines."""

from __future__ import annotations

import csv
import functools
import itertools
from collections.abc import Iterator
from typing import NamedTuple

from replykit.errors import UsageError
from replykit.sheets.delimiters import delimiter_found, delimiter_said
from replykit.sheets.lines import Line

__all__ = ["Table", "TableRow", "span_in_row", "where_in_row"]

_SAMPLE = 200, 100_000  # lines, and code points of them, that show what parts the cells


class TableRow(NamedTuple):
    """One row.

    Attributes:
        number: from 1, as a spreadsheet counts: a row of several lines counts once, and a blank one too.
        cells: its cells; none at all where the line is empty.
        line: the lines that it takes, as one.
    """

    number: int
    cells: list[str]
    line: Line


class _Taken(Iterator[str]):
    """The lines of a file, remembering those that the current row takes."""

    def __init__(self, lines: Iterator[Line]) -> None:
        self._lines = lines
        self.taken: list[Line] = []

    def __next__(self) -> str:
        line = next(self._lines)
        self.taken.append(line)
        return line.raw

    def row(self) -> Line:
        """Return the lines taken since the last call, as one."""
        first, *more = self.taken
        self.taken.clear()
        if not more:
            return first
        raw = "".join(line.raw for line in (first, *more))
        return first._replace(raw=raw, data=b"".join(line.data for line in (first, *more)))


class Table:
    """The rows of a CSV file; it can be gone through once.

    Args:
        lines: the lines of the file.
        name: what the user calls it.
        delimiter: what parts the cells; None: found out: a tab in a .tsv file, the one that a first line `sep=;` names,
            else the one that the first rows speak for.
        column: the name of a column, where one is known, to find the delimiter by.

    Attributes:
        delimiter: what parts the cells.
        preamble: the line `sep=;` before the rows, where there is one; it counts as none.
    """

    def __init__(
        self, lines: Iterator[Line], name: str, delimiter: str | None = None, column: str | None = None
    ) -> None:
        sample = _sample(lines)
        said = delimiter_said(sample[0].raw) if sample else None
        self.preamble = sample.pop(0) if said else None
        tab = "\t" if name.lower().endswith(".tsv") else None
        self.delimiter = delimiter or said or tab or delimiter_found([line.raw for line in sample], column)
        self._name = name
        self._lines = itertools.chain(sample, lines)

    def __iter__(self) -> Iterator[TableRow]:
        """Yield the rows.

        Raises:
            UsageError: a row is not valid CSV; the message names its line.
        """
        lines = _Taken(self._lines)
        reader = csv.reader(lines, delimiter=self.delimiter, strict=True)
        number = 0
        while True:
            try:
                cells = next(reader, None)
            except csv.Error as error:
                raise UsageError(self._wrong(lines.taken, error)) from None
            if cells is None:
                return
            number += 1
            yield TableRow(number, cells, lines.row())

    def _wrong(self, taken: list[Line], error: csv.Error) -> str:
        first, last = taken[0].number, taken[-1].number
        why = str(error)
        if why.startswith("unexpected end"):
            why = f"a quotation mark that is opened in line {first} or below is never closed"
        elif first < last:
            why += f"; its row begins in line {first}, where a quotation mark may be missing"
        return f"{self._name}, line {last}, is not valid CSV: {why}"


def _sample(lines: Iterator[Line]) -> list[Line]:
    sample: list[Line] = []
    most, longest = _SAMPLE
    for line in itertools.islice(lines, most):
        sample.append(line)
        longest -= len(line.raw)
        if longest < 0:
            break
    return sample


def span_in_row(raw: str, delimiter: str, column: int) -> tuple[int, int]:
    """Return where in the lines of a row a cell begins and ends, its quotation marks included.

    Args:
        raw: the lines of the row.
        delimiter: what parts its cells.
        column: the index of the cell; the row must have it.
    """
    at = 0
    for _ in range(column):
        at = _end(raw, delimiter, at) + 1
    return at, _end(raw, delimiter, at)


def _end(raw: str, delimiter: str, at: int) -> int:
    if raw[at : at + 1] == '"':
        while True:
            at = raw.index('"', at + 1) + 1
            if raw[at : at + 1] != '"':
                return at
    ends = (raw.find(mark, at) for mark in (delimiter, "\r", "\n"))
    return min((end for end in ends if end >= 0), default=len(raw))


def where_in_row(raw: str, delimiter: str, column: int, index: int) -> int:
    """Return where in the lines of a row a code point of one of its cells stands.

    Args:
        raw: the lines of the row.
        delimiter: what parts its cells.
        column: the index of the cell; the row must have it.
        index: the code point, or one past the last.
    """
    return _places_in_row(raw, delimiter, column)[index]


@functools.lru_cache(maxsize=2)
def _places_in_row(raw: str, delimiter: str, column: int) -> list[int]:
    start, end = span_in_row(raw, delimiter, column)
    if raw[start : start + 1] != '"':
        return list(range(start, end + 1))
    places: list[int] = []
    at = start + 1
    while at < end - 1:
        places.append(at)
        at += 2 if raw[at] == '"' else 1
    return [*places, end - 1]
