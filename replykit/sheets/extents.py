"""What a sheet's part says of its extents before its cells: the area in use, and the widths of columns."""

from __future__ import annotations

import re
from collections.abc import Iterable

from replykit.sheets.places import area_of, name_of
from replykit.sheets.survey import Survey
from replykit.sheets.xml import element_end, tag_at, with_attributes

__all__ = ["with_extents"]

_WIDTH = 40  # of a new column, in digits


def with_extents(head: bytes, survey: Survey, header: int, first: int, right: int) -> bytes:
    """Return what stands before the cells of a sheet, with the extents that it has with new columns.

    Args:
        head: what stands there.
        survey: where its elements are.
        header: the row with the names of the columns, from 1.
        first: the first new column, from 1.
        right: the last one.
    """
    pieces: list[bytes] = []
    kept, widths_at = 0, len(head)
    widths: list[tuple[int, int, bytes]] = []
    for name, place, given in survey.head:
        if place >= len(head):
            break
        tag, is_closed = tag_at(head, place)
        if name == "dimension" and "ref" in given:
            area = _widened(given["ref"], header, survey.rows, right)
            pieces += head[kept:place], with_attributes(tag, {"ref": area})
            kept = place + len(tag)
        elif name == "cols":
            widths_at = place
        elif name == "col":
            element = tag if is_closed else tag[:-1] + b"/>"
            widths.append((_number(given.get("min", "")), _number(given.get("max", "")), element))
    end = widths_at + element_end(head[widths_at:])
    return b"".join([*pieces, head[kept:widths_at], _widths(widths, first, right, survey.prefix), head[end:]])


def _number(written: str) -> int:
    return int(written) if re.fullmatch("[0-9]{1,7}", written) else 0


def _widened(area: str, first: int, last: int, right: int) -> str:
    """Return the name of an area with two rows and a column added to it; what is none stays as it is."""
    top, bottom, left, end = area_of(area)
    if not (top and left):
        return area
    return f"{name_of(min(top, first), left)}:{name_of(max(bottom, last), max(end, right))}"


def _widths(widths: Iterable[tuple[int, int, bytes]], first: int, last: int, prefix: str) -> bytes:
    """Return the element with the widths of columns: new ones have their own, also where all to the right were hidden.

    Args:
        widths: the first and the last column that each of its elements is about, from 1, and the element.
        first: the first new column.
        last: the last one.
        prefix: what stands before the names of elements.
    """
    parts = [(first, f'<{prefix}col min="{first}" max="{last}" width="{_WIDTH}" customWidth="1"/>'.encode())]
    for start, stop, element in widths:
        for left, right in ((start, min(stop, first - 1)), (max(start, last + 1), stop)):
            if (left, right) == (start, stop):
                parts.append((left, element))
            elif left <= right:
                parts.append((left, with_attributes(element, {"min": str(left), "max": str(right)})))
    parts.sort(key=lambda part: part[0])
    return f"<{prefix}cols>".encode() + b"".join(element for _, element in parts) + f"</{prefix}cols>".encode()
