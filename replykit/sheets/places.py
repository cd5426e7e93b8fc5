"""The names of cells and areas: `B2`, `B2:D9`."""

from __future__ import annotations

import re

from replykit.sheets.columns import letters_of, number_of

__all__ = ["area_of", "name_of"]

_NAME = re.compile(r"\$?([A-Za-z]{1,3})\$?([0-9]{1,7})")


def name_of(row: int, column: int) -> str:
    """Return the name of a cell by its row and column, both from 1."""
    return f"{letters_of(column - 1)}{row}"


def area_of(name: str) -> tuple[int, int, int, int]:
    """Return the first and last row and the first and last column of an area, all from 1; zeros where it is none."""
    first, _, last = name.partition(":")
    top, left = _place(first)
    bottom, right = _place(last or first)
    return min(top, bottom), max(top, bottom), min(left, right), max(left, right)


def _place(name: str) -> tuple[int, int]:
    found = _NAME.fullmatch(name)
    return (int(found[2]), number_of(found[1])) if found else (0, 0)
