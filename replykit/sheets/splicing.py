"""The part of a sheet with texts put into it, and every byte around them as it was."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from replykit.sheets.columns import letters_of, number_of
from replykit.sheets.damage import unreadable
from replykit.sheets.edits import Edit, Edits, Notes
from replykit.sheets.places import area_of, name_of
from replykit.sheets.styles import Styles
from replykit.sheets.xml import escaped, feed, local, parser, tag_at, with_attributes
from replykit.text import units

__all__ = ["Additions", "Splicer"]

_LONGEST = 32_767  # UTF-16 code units that a cell can hold
_TOO_LONG = f"a text has more than the {_LONGEST:,} characters that a cell can hold, and was left out"
_FORMULA = "the cell shows what a formula makes, and was left as it is"
_WIDTH = 40  # of a new column, in digits
_HEAD = ("dimension", "cols", "col", "sheetData")

_letters = functools.lru_cache(maxsize=1024)(letters_of)


@dataclass(frozen=True, kw_only=True)
class Additions:
    """What is written into a sheet.

    Attributes:
        header: the number of the row with the names of the columns.
        last: the number of the last row.
        first: the number of the first new column, from 1.
        titles: the names of the new columns.
        replace: the number of the column whose texts are replaced; 0: of none.
    """

    header: int
    last: int
    first: int
    titles: tuple[str, ...]
    replace: int

    @property
    def right(self) -> int:
        """The number of the last new column; the one before the first where there is none."""
        return self.first + len(self.titles) - 1


class Splicer:
    """Reads a sheet's part and gives it on, with new cells and changed ones in it.

    Args:
        add: takes the bytes of the new part, piece by piece.
        additions: what is written.
        edits: the texts, row by row.
        styles: the styles of the workbook; None where it has none.
        notes: takes what could not be written.
        name: what the user calls the sheet.
    """

    def __init__(
        self,
        add: Callable[[bytes], object],
        additions: Additions,
        edits: Edits,
        styles: Styles | None,
        notes: Notes,
        name: str,
    ) -> None:
        self._add, self._plan, self._edits, self._styles, self._notes = add, additions, edits, styles, notes
        self._name = name
        self._buffer = bytearray()  # what has been read from `_base` on
        self._base = self._kept = self._seen = 0  # places in the part; up to `_kept` it has been given on
        self._encoding = "utf-8"
        self._number = self._column = 0
        self._edit: Edit | None = None
        self._new: dict[int, str] = {}  # the texts that the row still needs, by column
        self._cell: tuple[int, int, str] | None = None  # where the cell to change begins, its column and its style
        self._is_formula = False
        self._made: list[tuple[int, int, int, int]] = []  # areas that a formula fills
        self._title_style = ""
        self._columns: list[tuple[int, int, bytes]] | None = None
        self._columns_at = 0
        self._parser = parser()
        self._parser.ordered_attributes = True
        self._parser.XmlDeclHandler = self._declared
        self._parser.StartElementHandler = self._root

    def run(self, chunks: Iterable[bytes]) -> None:
        """Read the part to its end.

        Raises:
            UsageError: it cannot be read, or an edit is for no row of it.
        """
        feed(self._parser, self._fed(chunks), self._name)
        self._copy(self._base + len(self._buffer))

    def _fed(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            if not self._base and not self._buffer and chunk[:2] in (b"\xff\xfe", b"\xfe\xff"):
                raise unreadable(self._name, "its sheets are written in UTF-16")
            self._buffer += chunk
            yield chunk
            self._copy(max(self._seen, self._kept))
            del self._buffer[: self._kept - self._base]
            self._base = self._kept

    # What is given on.

    def _copy(self, to: int) -> None:
        """Give on what stands in the part up to a place."""
        self._add(bytes(self._buffer[self._kept - self._base : to - self._base]))
        self._kept = to

    def _put(self, text: str) -> None:
        # In an encoding that is none of Unicode, characters are written by their numbers.
        self._add(text.encode(self._encoding, "xmlcharrefreplace"))

    def _tag(self, start: int) -> tuple[bytes, bool]:
        return tag_at(self._buffer, start - self._base)

    def _after(self, start: int) -> int:
        """Return the place after the element that begins at a place and ends now."""
        tag, is_closed = self._tag(start)
        if is_closed:
            return start + len(tag)
        return self._base + self._buffer.index(b">", self._parser.CurrentByteIndex - self._base) + 1

    # What is read.

    def _declared(self, version: str, encoding: str | None, standalone: int) -> None:
        if encoding and encoding.lower() not in ("utf-8", "utf8"):
            self._encoding = "ascii"

    def _root(self, name: str, given: list[str]) -> None:
        self._prefix = name[: len(name) - len(local(name))]
        self._c, self._row, self._f = (self._prefix + child for child in ("c", "row", "f"))
        self._head = {self._prefix + child: child for child in _HEAD}
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end

    def _start(self, name: str, given: list[str]) -> None:
        if name == self._c:
            if self._edit is not None:
                self._start_cell(dict(zip(given[::2], given[1::2], strict=True)))
        elif name == self._row:
            self._start_row(dict(zip(given[::2], given[1::2], strict=True)))
        elif name == self._f:
            self._start_formula(dict(zip(given[::2], given[1::2], strict=True)))
        elif name in self._head and self._plan.titles:
            self._start_head(self._head[name], dict(zip(given[::2], given[1::2], strict=True)))

    def _end(self, name: str) -> None:
        if name == self._c:
            if self._cell is not None:
                self._end_cell(*self._cell)
        elif name == self._row:
            self._seen = self._parser.CurrentByteIndex
            if self._edit is not None:
                self._copy(self._seen)
                self._insert(self._plan.right + 1)
                self._edit = None
        elif self._columns is not None and self._head.get(name) == "cols":
            self._copy(self._columns_at)
            self._put_columns(self._columns)
            self._kept = self._after(self._columns_at)

    def _start_head(self, name: str, given: dict[str, str]) -> None:
        at, plan = self._parser.CurrentByteIndex, self._plan
        if name == "dimension" and "ref" in given:
            top, bottom, left, right = area_of(given["ref"])
            if top and left:
                first = name_of(min(top, plan.header), left)
                tag, _ = self._tag(at)
                self._copy(at)
                area = f"{first}:{name_of(max(bottom, plan.last), max(right, plan.right))}"
                self._add(with_attributes(tag, {"ref": area}))
                self._kept += len(tag)
        elif name == "cols":
            self._columns, self._columns_at = [], at
        elif name == "col" and self._columns is not None:
            tag, is_closed = self._tag(at)
            closed = tag if is_closed else tag[:-1] + b"/>"
            self._columns.append((int(given.get("min", 0)), int(given.get("max", 0)), closed))
        elif name == "sheetData" and self._columns is None:
            self._copy(at)
            self._put_columns([])

    def _put_columns(self, columns: list[tuple[int, int, bytes]]) -> None:
        """Write the widths of columns: the new ones get their own, also where others were hidden to the right."""
        first, last = self._plan.first, self._plan.right
        wide = f'<{self._prefix}col min="{first}" max="{last}" width="{_WIDTH}" customWidth="1"/>'
        parts = [(first, wide.encode())]
        for start, stop, tag in columns:
            for left, right in ((start, min(stop, first - 1)), (max(start, last + 1), stop)):
                if left <= right:
                    parts.append((left, with_attributes(tag, {"min": str(left), "max": str(right)})))
        parts.sort(key=lambda part: part[0])
        self._put(f"<{self._prefix}cols>")
        self._add(b"".join(tag for _, tag in parts))
        self._put(f"</{self._prefix}cols>")

    def _start_row(self, given: dict[str, str]) -> None:
        self._seen = self._parser.CurrentByteIndex
        self._number = int(given["r"]) if "r" in given else self._number + 1
        self._column = 0
        plan = self._plan
        if self._number == plan.header:
            self._edit = Edit(self._number, plan.titles) if plan.titles else None
        else:
            self._edit = self._edits.of(self._number) if self._number > plan.header else None
        if self._edit is None:
            return
        self._new = {plan.first + place: text for place, text in enumerate(self._edit.values) if text}
        if self._edit.replacement is not None:
            self._new[plan.replace] = self._edit.replacement
        for column in [column for column, text in self._new.items() if units(text) > _LONGEST]:
            del self._new[column]
            self._notes.add(_TOO_LONG, self._number)
        tag, is_closed = self._tag(self._seen)
        self._copy(self._seen)
        self._kept += len(tag)
        if "spans" in given and self._new:
            spans = [*map(int, re.findall(r"[0-9]+", given["spans"])), *self._new]
            tag = with_attributes(tag, {"spans": f"{min(spans)}:{max(spans)}"})
        if is_closed and self._new:
            self._add(tag[:-2].rstrip() + b">")
            self._insert(plan.right + 1)
            self._put(f"</{self._row}>")
        else:
            self._add(tag)
        self._edit = None if is_closed else self._edit

    def _start_cell(self, given: dict[str, str]) -> None:
        self._column = number_of(given["r"].rstrip("0123456789")) if "r" in given else self._column + 1
        at = self._parser.CurrentByteIndex
        if self._number == self._plan.header and self._column < self._plan.first:
            self._title_style = given.get("s", "")
        if self._new and min(self._new) < self._column:
            self._copy(at)
            self._insert(self._column)
        if self._column in self._new:
            self._cell, self._is_formula = (at, self._column, given.get("s", "")), False

    def _start_formula(self, given: dict[str, str]) -> None:
        self._is_formula = True
        if "ref" in given and given.get("t") in ("array", "dataTable"):
            self._made.append(area_of(given["ref"]))

    def _end_cell(self, start: int, column: int, style: str) -> None:
        self._cell = None
        text = self._new.pop(column)
        is_made = any(
            top <= self._number <= bottom and left <= column <= right for top, bottom, left, right in self._made
        )
        if self._is_formula or is_made:
            self._notes.add(_FORMULA, self._number)
            return
        self._copy(start)
        self._put_cell(column, text, style)
        self._kept = self._after(start)

    def _insert(self, before: int) -> None:
        """Write the new cells that stand before a column."""
        for column in sorted(column for column in self._new if column < before):
            self._put_cell(column, self._new.pop(column), "")

    def _put_cell(self, column: int, text: str, style: str) -> None:
        name, prefix = f"{_letters(column - 1)}{self._number}", self._prefix
        if self._number == self._plan.header:
            style = self._title_style
        elif self._styles is not None:
            style = self._styles.quoted(style) if column == self._plan.replace else self._styles.wrapped()
        styled = f'<{prefix}c r="{name}"' + (f' s="{style}"' if style else "")
        if text:
            shown = f'<{prefix}is><{prefix}t xml:space="preserve">{escaped(text)}</{prefix}t></{prefix}is>'
            self._put(f'{styled} t="inlineStr">{shown}</{prefix}c>')
        else:
            self._put(f"{styled}/>")
