"""How far the cells of a sheet reach, seen before they are read."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from replykit.sheets.columns import number_of
from replykit.sheets.damage import unreadable
from replykit.sheets.package import Package
from replykit.sheets.places import area_of
from replykit.sheets.xml import feed, local, parser

__all__ = ["MOST_COLUMNS", "MOST_ROWS", "Survey"]

MOST_COLUMNS, MOST_ROWS = 16_384, 1_048_576
_MOST_CELLS = 16 * 1024 * 1024  # between A1 and the last cell; each takes 32 bytes when they are read, used or not
_MOST_TEXT = 1024 * 1024 * 1024  # bytes of texts, those that cells share counted for each


class Survey:
    """What a sheet's part says of its cells.

    Args:
        package: the parts of the workbook.
        part: the sheet.
        texts: the part with the texts that cells share; None where there is none.
        name: what the user calls the sheet.

    Attributes:
        columns: the number of the last column with anything in it, 0 where there is nothing.
        rows: the number of the last row with anything in it.
        merged: the areas of cells that are shown as one.

    Raises:
        UsageError: it cannot be read, or reaches further than what can be held in memory.
    """

    def __init__(self, package: Package, part: str, texts: str | None, name: str) -> None:
        self.columns = self.rows = 0
        self.merged: list[tuple[int, int, int, int]] = []
        self._row = self._column = self._last = self._shared = 0
        self._numbers: dict[str, int] = {}
        self._name = name
        self._scan(package.chunks(part))
        if max(self._last, self.columns) > MOST_COLUMNS or self._row > MOST_ROWS:
            raise unreadable(name, "its cells lie beyond the last column or row of a sheet")
        if self.columns * self.rows > _MOST_CELLS:
            raise unreadable(name, f"its {self.columns:,} columns and {self.rows:,} rows are too many")
        if texts and self._shared:
            self._weigh(package, part, texts)

    def _scan(self, chunks: Iterable[bytes]) -> None:
        reading = parser()
        reading.ordered_attributes = True
        row = cell = ""
        held: tuple[str, ...] = ()

        def first(name: str, _: list[str]) -> None:
            nonlocal row, cell, held
            prefix = name[: len(name) - len(local(name))]
            row, cell = f"{prefix}row", f"{prefix}c"
            held = tuple(prefix + child for child in ("v", "is", "f"))
            reading.StartElementHandler = element

        def element(name: str, given: list[str]) -> None:
            if name == cell:
                self._cell(given)
            elif name in held:
                self.columns, self.rows = max(self.columns, self._column), max(self.rows, self._row)
            elif name == row:
                self._row += 1
                self._column = 0
                if "r" in given[::2]:
                    self._row = self._whole(given[given[::2].index("r") * 2 + 1])
            elif name.endswith("mergeCell") and "ref" in given[::2]:
                self.merged.append(area_of(given[given[::2].index("ref") * 2 + 1]))

        reading.StartElementHandler = first
        feed(reading, chunks, self._name)

    def _cell(self, given: list[str]) -> None:
        self._column += 1
        for at in range(0, len(given), 2):
            if given[at] == "r":
                letters = given[at + 1].rstrip("0123456789")
                if letters not in self._numbers:
                    self._numbers[letters] = number_of(letters)
                self._column = self._numbers[letters]
                if not self._column or given[at + 1] != f"{letters}{self._row}":
                    raise unreadable(self._name, f"it has a cell {given[at + 1]!r} in row {self._row}")
            elif given[at] == "t":
                self._shared += given[at + 1] == "s"
        self._last = max(self._last, self._column)

    def _whole(self, number: str) -> int:
        if not (number.isascii() and number.isdigit() and 0 < int(number[:9]) <= MOST_ROWS):
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
        sizes = _sizes(package.chunks(texts), self._name)
        if sizes and self._shared * max(sizes) > _MOST_TEXT:
            total = sum(sizes[at] for at in _references(package.chunks(part), self._name) if at < len(sizes))
            if total > _MOST_TEXT:
                raise unreadable(self._name, f"its texts would take {total // 1024 // 1024:,} MiB")


def _sizes(chunks: Iterable[bytes], name: str) -> list[int]:
    """Return about how many bytes each of the texts takes that cells share."""
    reading = parser()
    places: list[int] = []

    def element(name: str, _: object) -> None:
        if local(name) == "si":
            places.append(reading.CurrentByteIndex)

    reading.StartElementHandler = element
    feed(reading, chunks, name)
    places.append(reading.CurrentByteIndex)
    return [end - start for start, end in itertools.pairwise(places)]


def _references(chunks: Iterable[bytes], name: str) -> list[int]:
    """Return the numbers of the texts that the cells of a sheet share."""
    reading = parser()
    reading.buffer_text = True
    found: list[int] = []
    is_shared = False

    def start(name: str, given: dict[str, str]) -> None:
        nonlocal is_shared
        if local(name) == "c":
            is_shared = given.get("t") == "s"
        reading.CharacterDataHandler = text if is_shared and local(name) == "v" else None

    def end(_: str) -> None:
        reading.CharacterDataHandler = None

    def text(number: str) -> None:
        if number.strip().isdigit():
            found.append(int(number))

    reading.StartElementHandler, reading.EndElementHandler = start, end
    feed(reading, chunks, name)
    return found
