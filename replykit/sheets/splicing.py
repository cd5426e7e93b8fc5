"""The part of a sheet with texts put into it, and every byte around them as it was."""

from __future__ import annotations

import functools
import re
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from replykit.sheets.columns import letters_of
from replykit.sheets.damage import unusual
from replykit.sheets.edits import Edits, Notes
from replykit.sheets.extents import with_extents
from replykit.sheets.styles import Styles
from replykit.sheets.survey import IN_CELLS, Survey
from replykit.sheets.xml import attribute, closing_at, element_end, escaped, first_end, local, tag_at, with_attributes
from replykit.text import units

__all__ = ["LONGEST", "Additions", "Splicer"]

LONGEST = 32_767  # UTF-16 code units that a cell can hold
_TOO_LONG = f"a text has more than the {LONGEST:,} characters that a cell can hold, and was left out"
_FORMULA = "the cell shows what a formula makes, and was left as it is"
_PIECE = 256 * 1024  # bytes that are given on at once

_letters = functools.lru_cache(maxsize=1024)(letters_of)


@dataclass(frozen=True, kw_only=True)
class Additions:
    """What is written into a sheet; rows and columns count from 1.

    Attributes:
        header: the row with the names of the columns.
        first: the first new column.
        titles: the names of the new columns.
        replace: the column whose texts are replaced; 0: none.
    """

    header: int
    first: int
    titles: tuple[str, ...]
    replace: int

    @property
    def right(self) -> int:
        """The last new column; the one before the first where there is none."""
        return self.first + len(self.titles) - 1


class _Source:
    """A part, read from its beginning to its end once."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._buffer = bytearray()
        self._at = 0

    def to(self, place: int) -> bytes:
        """Return what stands before a place and has not been read."""
        while self._at + len(self._buffer) < place:
            self._buffer += next(self._chunks)
        size = place - self._at
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        self._at = place
        return data

    def some(self) -> bytes:
        """Return a piece of what is left; nothing at the end."""
        data = bytes(self._buffer) or next(self._chunks, b"")
        self._buffer.clear()
        return data

    def rest(self) -> bytes:
        """Return all that is left."""
        return b"".join(iter(self.some, b""))


def _style(raw: bytes, place: int) -> str:
    """Return the number of the format of the cell that begins at a place; empty where it is none."""
    number = attribute(tag_at(raw, place)[0], "s")
    return number if number.isascii() and number.isdigit() else ""


class Splicer:
    """Gives on a sheet's part with new cells and changed ones in it.

    Args:
        survey: where the rows and cells of the part stand.
        additions: what is written.
        edits: the texts, row by row.
        styles: the styles of the workbook; None where it has none.
        notes: takes what could not be written.
        name: what the user calls the sheet.
    """

    def __init__(
        self, survey: Survey, additions: Additions, edits: Edits, styles: Styles | None, notes: Notes, name: str
    ) -> None:
        self._name = name
        self._survey, self._plan, self._edits, self._styles, self._notes = survey, additions, edits, styles, notes
        self._prefix = survey.prefix
        self._columns, self._places = array("L"), [0]  # of the cells of the row, from its beginning
        self._title_style = ""

    def run(self, chunks: Iterator[bytes], add: Callable[[bytes], object]) -> None:
        """Read the part to its end.

        Args:
            chunks: the part, in pieces.
            add: takes the new part, in pieces.

        Raises:
            UsageError: the part cannot be read or written into, or an edit is for no row of it.
        """
        source, plan, out = _Source(chunks), self._plan, bytearray()
        if plan.titles:
            cells_at = next(place for name, place, _ in self._survey.head if name == "sheetData")
            out += with_extents(source.to(cells_at), self._survey, plan.header, plan.first, plan.right)
        for number, start, end, first, stop in self._survey.placed():
            texts = self._texts(number)
            if texts:
                out += source.to(start)
                raw = source.rest() if end is None else source.to(end)
                end = self._last_end(raw) if end is None else closing_at(raw)
                self._columns = self._survey.cell_columns[first:stop]
                self._places = [place - start for place in self._survey.cell_places[first:stop]]
                out += self._row(raw[:end], number, texts)
                out += raw[end:]
            if len(out) > _PIECE:
                add(bytes(out))
                out.clear()
        add(bytes(out))
        while data := source.some():
            add(data)

    def _last_end(self, raw: bytes) -> int:
        """Return where the closing tag of the last row begins; what follows it is no more of the cells."""
        end, names = first_end(raw, f"{self._prefix}row", self._survey.declared)
        if any(local(name) not in IN_CELLS for name in names[1:]):
            raise unusual(self._name)
        return end

    def _texts(self, number: int) -> dict[int, str]:
        """Return the texts that a row gets, by column."""
        plan = self._plan
        if number <= plan.header:
            return {plan.first + at: title for at, title in enumerate(plan.titles)} if number == plan.header else {}
        edit = self._edits.of(number)
        if edit is None:
            return {}
        texts = {plan.first + at: text for at, text in enumerate(edit.values) if text}
        if edit.replacement is not None:
            texts[plan.replace] = edit.replacement
        for column, text in list(texts.items()):
            if len(text) > LONGEST // 2 and units(text) > LONGEST:
                del texts[column]
                self._notes.add(_TOO_LONG, number)
        return texts

    def _row(self, raw: bytes, number: int, texts: dict[int, str]) -> bytes:
        """Return a row, but for its closing tag, with texts in it.

        Args:
            raw: what stands there; the whole row, where its tag closes it.
            number: its number.
            texts: the new texts, by column.
        """
        plan, columns, places = self._plan, self._columns, self._places
        if number == plan.header:
            last = bisect_left(columns, plan.first) - 1
            self._title_style = _style(raw, places[last]) if last >= 0 else ""
        tag, is_closed = tag_at(raw, 0)
        new_tag = tag
        spans = re.findall("[0-9]{1,7}", attribute(tag, "spans")) if plan.titles else []
        if spans:
            reach = [*map(int, spans), *texts]
            new_tag = with_attributes(tag, {"spans": f"{min(reach)}:{max(reach)}"})
        if is_closed:
            new = b"".join(self._cell(column, number, texts[column], "") for column in sorted(texts))
            return new_tag[:-2].rstrip() + b">" + new + f"</{self._prefix}row>".encode()
        pieces, kept = [new_tag], len(tag)
        for column in sorted(texts):
            at = bisect_left(columns, column)
            place, stop, *_ = *places[at : at + 2], len(raw), len(raw)
            if at == len(columns) or columns[at] > column:
                pieces += raw[kept:place], self._cell(column, number, texts[column], "")
                kept = place
                continue
            cell = raw[place : place + element_end(raw[place:stop])]
            if self._survey.is_made(number, column):
                self._notes.add(_FORMULA, number)
                continue
            pieces += raw[kept:place], self._cell(column, number, texts[column], _style(cell, 0))
            kept = place + len(cell)
        return b"".join([*pieces, raw[kept:]])

    def _cell(self, column: int, row: int, text: str, style: str) -> bytes:
        prefix = self._prefix
        if row == self._plan.header:
            style = self._title_style
        elif self._styles is not None:
            style = self._styles.quoted(style) if column == self._plan.replace else self._styles.wrapped()
        styled = f'<{prefix}c r="{_letters(column - 1)}{row}"' + (f' s="{style}"' if style else "")
        if text:
            shown = f'<{prefix}is><{prefix}t xml:space="preserve">{escaped(text)}</{prefix}t></{prefix}is>'
            written = f'{styled} t="inlineStr">{shown}</{prefix}c>'
        else:
            written = f"{styled}/>"
        # In an encoding that is none of Unicode, characters are written by their numbers.
        return written.encode(self._survey.encoding, "xmlcharrefreplace")
