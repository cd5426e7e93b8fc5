"""A text to check, and where in its file each of its characters stands."""

from __future__ import annotations

import functools
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["NO_FILE", "Named", "Place"]

NO_FILE = {"text": "<text>", "stdin": "<stdin>"}
_LINE_END = re.compile(r"\r\n|\r|\n")


class Place(NamedTuple):
    """A place in a text file, as editors count: from 1, columns and offsets in UTF-16 code units.

    Attributes:
        line: the line.
        column: the column; None where only the line is known.
        offset: code units before it in the file, without its byte order mark; None where only the line is known.
    """

    line: int
    column: int | None
    offset: int | None


def _same(index: int) -> int | None:
    return index


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A text, what its user calls it, and where it comes from.

    Attributes:
        id: `text` for an argument, `stdin`, `FILE:line`, or the number of a row, counted as a spreadsheet does.
        text: the text.
        file: the file as the user named it; `<text>` or `<stdin>` where there is none.
        line: the line of the file on which `raw` begins; None in a file without lines.
        raw: the lines of the file that hold the text; None: the text itself.
        offset: UTF-16 code units before `raw` in the file.
        where: the index in `raw` of an index of the text; None where it cannot be told.
        cell: sheet and row in a workbook; empty elsewhere.
        ignored: ids of the rules and principles that a comment beside the text ignores, each with the comment's line.
    """

    id: str | int
    text: str
    file: str
    line: int | None = 1
    raw: str | None = None
    offset: int = 0
    where: Callable[[int], int | None] = _same
    cell: str = ""
    ignored: tuple[tuple[str, int], ...] = ()

    def place(self, index: int) -> Place | None:
        """Return where in the file a code point of the text stands.

        Args:
            index: the code point, or one past the last.
        """
        if self.line is None:
            return None
        at = self.where(index)
        if at is None:
            return Place(self.line, None, None)
        ends, wide = _landmarks(self.text if self.raw is None else self.raw)
        lines = bisect_right(ends, at)
        start = ends[lines - 1] if lines else 0
        before = bisect_left(wide, at)
        column = at - start + before - bisect_left(wide, start) + 1
        return Place(self.line + lines, column, self.offset + at + before)


@functools.lru_cache(maxsize=2)
def _landmarks(raw: str) -> tuple[list[int], list[int]]:
    """Return where lines begin after the first, and where characters of two code units stand."""
    wide = [] if raw.isascii() else [place for place, char in enumerate(raw) if char > "\uffff"]
    return [end.end() for end in _LINE_END.finditer(raw)], wide
