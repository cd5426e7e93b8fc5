"""Where the rows and cells of a sheet stand in its part, and how far they reach, seen before any is read."""

from __future__ import annotations

import itertools
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator

from replykit.sheets.columns import number_of
from replykit.sheets.damage import unreadable
from replykit.sheets.package import Package
from replykit.sheets.places import area_of
from replykit.sheets.shared import longest_of, references_in, sizes_of
from replykit.sheets.xml import feed, local, parser

__all__ = ["IN_CELLS", "MOST_COLUMNS", "Survey"]

MOST_COLUMNS, _MOST_ROWS = 16_384, 1_048_576
_MOST_CELLS = 16 * 1024 * 1024  # between A1 and the last cell; each takes 32 bytes when they are read, used or not
_MOST_TEXT = 1024 * 1024 * 1024  # bytes of texts, those that cells share counted for each
# The elements that stand inside rows, with those of rich text.
# What stands inside a row and is no cell: values, and the formats of single words.
_IN_TEXTS = ("b", "i", "u", "strike", "condense", "extend", "outline", "shadow", "color", "sz", "rFont", "charset")
IN_CELLS = frozenset(
    ("c", "f", "v", "is", "t", "r", "rPr", "rPh", "phoneticPr", "family", "scheme", "vertAlign", *_IN_TEXTS)
)
_HEAD = ("dimension", "cols", "col", "sheetData")


class Survey:
    """What a sheet's part holds where; places are bytes from its beginning, rows and columns count from 1.

    Args:
        package: the parts of the workbook.
        part: the sheet.
        texts: the part with the texts that cells share; None where there is none.
        name: what the user calls the sheet.

    Attributes:
        prefix: what stands before the names of its elements.
        declared: the encoding that it says it is written in.
        encoding: what new text can be written in; empty where it is UTF-16.
        columns: the last column with anything in it, 0 where there is nothing.
        rows: the last row with anything in it.
        merged: the areas of cells that are shown as one.
        is_filtered: whether the sheet has a filter of its owner's.
        made: the areas that a formula fills: first and last row, first and last column.
        head: the elements before the cells, each with its place and its attributes.
        cell_columns: the column of each cell.
        cell_places: the place of each cell.
        is_plain: False where cells or rows do not stand in their order, or other elements among them.

    Raises:
        UsageError: it cannot be read, or reaches further than what can be held in memory.
    """

    def __init__(self, package: Package, part: str, texts: str | None, name: str) -> None:
        self.prefix, self.declared, self.encoding, self.is_plain = "", "utf-8", "utf-8", True
        self.columns = self.rows = 0
        self.merged: list[tuple[int, int, int, int]] = []
        self.made: list[tuple[int, int, int, int]] = []
        self._fills: dict[int, tuple[list[int], list[int]]] = {}  # of `made`, by column
        self.head: list[tuple[str, int, dict[str, str]]] = []
        self.is_filtered = False
        self._name = name
        # Of each row its number, its place, and which of the cells is its first; of each cell its column and its place.
        self._numbers, self._row_places, self._firsts = array("L"), array("Q"), array("Q")
        self.cell_columns, self.cell_places = array("L"), array("Q")
        self._formulas, self._errors = array("Q"), array("Q")  # cells that have one, as `_index` counts
        self._scan(package.chunks(part))
        if self.columns * self.rows > _MOST_CELLS:
            raise unreadable(name, f"its {self.columns:,} columns and {self.rows:,} rows are too many")
        if texts and self._shared:
            self._weigh(package, part, texts)

    def placed(self) -> Iterator[tuple[int, int, int | None, int, int]]:
        """Yield each row: its number, its place, that of the next one, and which of the cells are its own."""
        after = itertools.chain(self._row_places[1:], [None])
        stops = itertools.chain(self._firsts[1:], [len(self.cell_places)])
        return zip(self._numbers, self._row_places, after, self._firsts, stops, strict=True)

    def is_made(self, row: int, column: int) -> bool:
        """Return whether a formula makes what a cell shows: its own, or one that fills an area."""
        if _holds(self._formulas, _index(row, column)):
            return True
        tops, bottoms = self._filled(column)
        before = bisect_right(tops, row)
        return before > 0 and bottoms[before - 1] >= row

    def is_error(self, row: int, column: int) -> bool:
        """Return whether a cell shows an error, such as #N/A."""
        return _holds(self._errors, _index(row, column))

    def _filled(self, column: int) -> tuple[list[int], list[int]]:
        """Return the first rows of the areas of a column that formulas fill, and the last row up to each."""
        if column not in self._fills:
            areas = sorted(area[:2] for area in self.made if area[2] <= column <= area[3])
            bottoms = itertools.accumulate((bottom for _, bottom in areas), max)
            self._fills[column] = [top for top, _ in areas], list(bottoms)
        return self._fills[column]

    def _scan(self, chunks: Iterable[bytes]) -> None:
        reading = parser()
        row = cell = formula = digits = ""
        held: tuple[str, ...] = ()
        head: dict[str, str] = {}
        inside: set[str] = set()
        merged = filtered = ""
        is_strange = False
        known: dict[str, int] = {}
        number = column = columns = rows = shared = 0
        add_column, add_place = self.cell_columns.append, self.cell_places.append

        def root(name: str, _: object) -> None:
            nonlocal row, cell, held, formula, merged, filtered
            self.prefix = name[: len(name) - len(local(name))]
            row, cell, *others = (self.prefix + child for child in ("row", "c", "v", "is", "f"))
            held, formula = tuple(others), others[-1]
            head.update((self.prefix + child, child) for child in _HEAD)
            inside.update(self.prefix + child for child in IN_CELLS)
            merged, filtered = f"{self.prefix}mergeCell", f"{self.prefix}autoFilter"
            reading.StartElementHandler = element

        def element(name: str, given: dict[str, str]) -> None:
            nonlocal number, column, columns, rows, shared, digits, is_strange
            if name == cell:
                before, place = column, given.get("r")
                if place is None:
                    column += 1
                else:
                    letters = place.removesuffix(digits)
                    column = known.get(letters) or self._column(place, letters, number, known)
                if column <= before:
                    self.is_plain = False
                add_column(column)
                add_place(reading.CurrentByteIndex)
                kind = given.get("t")
                if kind == "s":
                    shared += 1
                elif kind == "e":
                    self._errors.append(_index(number, column))
            elif name in held:
                rows = number if number > rows else rows
                if column > columns:
                    columns = column
                if name == formula:
                    self._formulas.append(_index(number, column))
                if "ref" in given and given.get("t") in ("array", "dataTable"):
                    self.made.append(area_of(given["ref"]))
            elif name == row:
                before, number, column = number, self._row(given.get("r"), number), 0
                digits = str(number)
                if number <= before or is_strange:
                    self.is_plain = False
                self._numbers.append(number)
                self._row_places.append(reading.CurrentByteIndex)
                self._firsts.append(len(self.cell_places))
            elif name in head:
                is_strange = head[name] != "sheetData"
                self.head.append((head[name], reading.CurrentByteIndex, given))
            elif name not in inside:
                is_strange = True  # but for above the first row and below the last
                if name == filtered:
                    self.is_filtered = True
                if name == merged and "ref" in given:
                    self.merged.append(area_of(given["ref"]))

        reading.XmlDeclHandler = self._declared
        reading.StartElementHandler = root
        feed(reading, self._begun(chunks), self._name)
        self.columns, self.rows, self._shared = columns, rows, shared
        if max(self.cell_columns, default=0) > MOST_COLUMNS:
            raise unreadable(self._name, "its cells lie beyond the last column of a sheet")

    def _begun(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        is_first = True
        for chunk in chunks:
            if is_first and chunk[:2] in (b"\xff\xfe", b"\xfe\xff"):
                self.encoding = ""
            is_first = False
            yield chunk

    def _declared(self, version: str, encoding: str | None, standalone: int) -> None:
        self.declared = encoding or "utf-8"
        if self.encoding and self.declared.lower() not in ("utf-8", "utf8"):
            self.encoding = "ascii"

    def _column(self, place: str, letters: str, row: int, known: dict[str, int]) -> int:
        """Return the number of a column whose letters are met for the first time."""
        known[letters] = number_of(letters)
        if not known[letters] or place == letters:
            raise unreadable(self._name, f"it has a cell {place!r} in row {row}")
        return known[letters]

    def _row(self, number: str | None, before: int) -> int:
        if number is None:
            return before + 1
        if not (number.isascii() and number.isdigit() and 0 < int(number[:9]) <= _MOST_ROWS):
            raise unreadable(self._name, f"it has a row {number!r}")
        return int(number)

    def _weigh(self, package: Package, part: str, texts: str) -> None:
        """Refuse a sheet whose texts, each of which is read for every cell that has it, would fill the memory.

        Raises:
            UsageError: they would.
        """
        info = package.find(texts)
        if info is None or self._shared * info.file_size <= _MOST_TEXT:
            return
        if self._shared * longest_of(package.chunks(texts)) > _MOST_TEXT:
            sizes = sizes_of(package.chunks(texts), self._name)
            total = sum(sizes[at] for at in references_in(package.chunks(part), self._name) if at < len(sizes))
            if total > _MOST_TEXT:
                raise unreadable(self._name, f"its texts would take {total // 1024 // 1024:,} MiB")


def _index(row: int, column: int) -> int:
    """Return the place of a cell in the order of a sheet's part."""
    return row * (MOST_COLUMNS + 1) + column


def _holds(places: array[int], place: int) -> bool:
    at = bisect_left(places, place)
    return at < len(places) and places[at] == place
