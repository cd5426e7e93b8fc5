"""How large the texts are that the cells of a workbook share, seen before they are read."""

from __future__ import annotations

import contextlib
import itertools
import re
from collections.abc import Iterable, Iterator
from xml.parsers import expat

from replykit.sheets.damage import unreadable
from replykit.sheets.xml import feed, local, parser, tag_at

__all__ = ["longest_of", "references_in", "sizes_of", "without_counts"]

_COUNTS = re.compile(rb"""\s(?:count|uniqueCount)\s*=\s*(?:"[^"]*"|'[^']*')""")
_LONG = 1024 * 1024  # bytes of a text that is looked at closer


def without_counts(chunks: Iterable[bytes], name: str) -> Iterator[bytes]:
    """Yield the part without the numbers of texts that it claims to have: a reader may make room for as many.

    Args:
        chunks: the part with the texts, in pieces.
        name: what the user calls the workbook.

    Raises:
        UsageError: it does not begin as it should.
    """
    pieces = iter(chunks)
    first = next(pieces, b"")
    reading = parser()
    places: list[int] = []

    def root(*_: object) -> None:
        places.append(reading.CurrentByteIndex)
        reading.StartElementHandler = None

    reading.StartElementHandler = root
    with contextlib.suppress(expat.ExpatError, LookupError, ValueError):  # whoever reads all of it will say so
        reading.Parse(first, False)
    if not places:
        raise unreadable(name, "its texts do not begin as they should")
    tag, _ = tag_at(first, places[0])
    yield first[: places[0]] + _COUNTS.sub(b"", tag) + first[places[0] + len(tag) :]
    yield from pieces


def longest_of(chunks: Iterable[bytes]) -> int:
    """Return the most bytes that one of the texts can take; where their part is written in a strange way, that of all.

    Args:
        chunks: the part with the texts, in pieces.
    """
    longest = whole = 0
    held = b""
    is_plain = True
    for chunk in chunks:
        if is_plain:
            # Nothing but a comment, raw text or an instruction can hold what looks like a tag.
            *texts, held = (held + chunk).split(b"<si>")
            longest = max(longest, len(held), *map(len, texts))
            is_plain = b"<!" not in chunk and chunk.count(b"<?") <= (not whole) and len(held) < _LONG
        whole += len(chunk)
    return longest if is_plain else whole


def sizes_of(chunks: Iterable[bytes], name: str) -> list[int]:
    """Return how many bytes each of the texts takes in its part, its tags counted.

    Args:
        chunks: the part with the texts, in pieces.
        name: what the user calls the workbook.

    Raises:
        UsageError: it cannot be read.
    """
    reading = parser()
    places: list[int] = []

    def element(name: str, _: object) -> None:
        if name.endswith("si") and local(name) == "si":
            places.append(reading.CurrentByteIndex)

    reading.StartElementHandler = element
    feed(reading, chunks, name)
    places.append(reading.CurrentByteIndex)
    return [end - start for start, end in itertools.pairwise(places)]


def references_in(chunks: Iterable[bytes], name: str) -> list[int]:
    """Return the numbers of the texts that the cells of a sheet show, once for each cell.

    Args:
        chunks: the part of the sheet, in pieces.
        name: what the user calls the workbook.

    Raises:
        UsageError: it cannot be read.
    """
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
