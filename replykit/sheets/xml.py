"""XML of other people's files, parsed without what can be used to attack: document types and entities."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable
from xml.parsers import expat

from replykit.errors import UsageError
from replykit.sheets.damage import unreadable

__all__ = [
    "attribute", "closing_at", "element_end", "escaped", "feed", "first_end", "local", "parse", "parser", "tag_at",
    "with_attributes",
]  # fmt: skip

_HELD = re.compile("_(?=x[0-9A-Fa-f]{4}_)|[\x00-\x08\x0b-\x1f]|[\ud800-\udfff\ufffe\uffff]")
_ATTRIBUTE = re.compile(rb"""\s+([^\s=/>]+)\s*=\s*("[^"]*"|'[^']*')""")
_TAG = re.compile(rb"""<([^\s/>]+)((?:\s+[^\s=/>]+\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*(/?)>""")
_BESIDE = (b"-->", b"?>")  # how what is no element ends


class _Refused(Exception):
    """A part holds what no part of a workbook needs."""


def local(name: str) -> str:
    """Return a name without its prefix."""
    return name.rpartition(":")[2]


def parser() -> expat.XMLParserType:
    """Return a parser that refuses document types, and with them entities of the file's own."""
    made = expat.ParserCreate()

    def refuse(*_: object) -> None:
        raise _Refused("it has a document type")

    made.StartDoctypeDeclHandler = refuse
    made.EntityDeclHandler = refuse
    return made


def feed(reading: expat.XMLParserType, chunks: Iterable[bytes], name: str) -> None:
    """Give a part to a parser, to its end.

    Args:
        reading: the parser.
        chunks: the bytes of the part, in pieces.
        name: what the user calls the workbook.

    Raises:
        UsageError: it is no XML, or has a document type.
    """
    try:
        for chunk in chunks:
            reading.Parse(chunk, False)
        reading.Parse(b"", True)
    except UsageError:
        raise
    except (expat.ExpatError, _Refused, ValueError, LookupError) as error:
        raise unreadable(name, str(error)) from None


def parse(
    chunks: Iterable[bytes],
    name: str,
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None] | None = None,
) -> None:
    """Parse a part.

    Args:
        chunks: its bytes, in pieces.
        name: what the user calls the workbook.
        start: is called with the name and the attributes of each element that begins.
        end: is called with the name of each element that ends.

    Raises:
        UsageError: it is no XML, or has a document type.
    """
    reading = parser()
    reading.StartElementHandler = start
    reading.EndElementHandler = end
    feed(reading, chunks, name)


def tag_at(data: bytes | bytearray, start: int) -> tuple[bytes, bool]:
    """Return the tag that begins at a place in a part, and whether it closes its element itself.

    Args:
        data: bytes of a part that a parser has read.
        start: where the tag begins in them.
    """
    found = _TAG.match(data, start)
    assert found, "the parser has read a tag there"
    return found[0], found[3] == b"/"


def attribute(tag: bytes, name: str) -> str:
    """Return the value of an attribute of a tag, as it is written there; empty where it has none."""
    found = _TAG.match(tag)
    assert found, "a tag"
    wanted = name.encode()
    values = (given[2][1:-1] for given in _ATTRIBUTE.finditer(found[2]) if given[1] == wanted)
    return next(values, b"").decode("ascii", "replace")


def element_end(raw: bytes) -> int:
    """Return where the element ends that bytes begin with, and that only white space and comments follow.

    Args:
        raw: bytes of a part that a parser has read, from one element to where the next tag begins.
    """
    end = len(raw.rstrip())
    while raw.endswith(_BESIDE, 0, end):
        end = len(raw[: raw.rindex(b"<!--" if raw.endswith(b"-->", 0, end) else b"<?", 0, end)].rstrip())
    return end


def closing_at(raw: bytes) -> int:
    """Return where the closing tag of such an element begins; where its tag closes it itself, the place after that."""
    end = element_end(raw)
    return end if raw.endswith(b"/>", 0, end) else raw.rindex(b"</", 0, end)


def first_end(raw: bytes, name: str, encoding: str) -> tuple[int, list[str]]:
    """Return the same of an element that more elements follow, and the names of the elements from it on to there.

    Args:
        raw: bytes of a part that a parser has read, from the element to the end.
        name: the name of the element, which none inside it has.
        encoding: what the part is written in, as it declares.
    """
    reading = parser()
    ends: list[int] = []
    names: list[str] = []

    def start(started: str, _: object) -> None:
        names.append(started)

    def end(ended: str) -> None:
        if ended == name:
            ends.append(reading.CurrentByteIndex)
            reading.StartElementHandler = reading.EndElementHandler = None

    reading.StartElementHandler, reading.EndElementHandler = start, end
    around = f'<?xml version="1.0" encoding="{encoding}"?><x>'.encode()
    with contextlib.suppress(expat.ExpatError):  # at the end of what the element stands in
        reading.Parse(around + raw, True)
    return ends[0] - len(around), names[1:]


def with_attributes(tag: bytes, changes: dict[str, str]) -> bytes:
    """Return a tag with other values of attributes, all else as it was; what it does not have yet comes last.

    Args:
        tag: the tag.
        changes: names, without a prefix, and values in ASCII that need no escapes.
    """
    found = _TAG.fullmatch(tag)
    assert found, "a tag"
    left = dict(changes)

    def changed(given: re.Match[bytes]) -> bytes:
        value = left.pop(given[1].decode("latin-1"), None)
        return given[0] if value is None else given[0].replace(given[2], f'"{value}"'.encode())

    attributes = _ATTRIBUTE.sub(changed, found[2])
    more = "".join(f' {name}="{value}"' for name, value in left.items()).encode()
    return b"<" + found[1] + attributes + more + found[3] + b">"


def escaped(text: str) -> str:
    """Return a text as it stands in an element of a sheet.

    A control character is written as `_x0007_`, as Excel does, and what is no character at all as U+FFFD.
    """
    text = _HELD.sub(lambda match: _code(match[0]), text)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _code(char: str) -> str:
    return f"_x{ord(char):04X}_" if char < "\ud800" else "\ufffd"
