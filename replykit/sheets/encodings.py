"""Which encoding a file is written in, found out from its bytes."""

from __future__ import annotations

import codecs
import io
import re
from typing import BinaryIO, NamedTuple

from replykit.errors import TextError, UsageError

__all__ = ["Encoding", "decode", "encoding_of"]

_CHUNK = 256 * 1024  # bytes
_HEAD = 64 * 1024  # bytes that are enough to see how a file is written
_CERTAIN = 20  # characters of two bytes and more that are UTF-8 one after the other in no other encoding
_MARKS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
    (b"\x84\x31\x95\x33", "gb18030"),
)
_NAMES = {"utf-8": "UTF-8", "gb18030": "GB18030", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16"}
_BIG5 = ("cp950", "big5hkscs")  # as Windows writes it, then as Hong Kong does


class Encoding(NamedTuple):
    """How the characters of a file are written.

    Attributes:
        codec: Python's name of it, one that neither writes nor expects a byte order mark.
        mark: the byte order mark that the file begins with; empty where it has none.
        is_guess: True where the bytes would be text in another encoding as well.
    """

    codec: str
    mark: bytes = b""
    is_guess: bool = False

    def __str__(self) -> str:
        name = "Big5" if self.codec in _BIG5 else _NAMES.get(self.codec, self.codec.upper())
        return name + (" with BOM" if self.mark else "")


def decode(data: bytes, name: str, encoding: str | None = None) -> tuple[str, Encoding]:
    """Return the text that bytes hold, and the encoding that it was read in.

    Args:
        data: the bytes.
        name: what the user calls their source.
        encoding: as for `encoding_of`.

    Raises:
        UsageError: there is no such encoding.
        TextError: the bytes are none of it.
    """
    found = encoding_of(io.BytesIO(data), name, encoding)
    return data[len(found.mark) :].decode(found.codec), found


def encoding_of(file: BinaryIO, name: str, encoding: str | None = None) -> Encoding:
    """Return the encoding in which all of a file is text; a quarter of a MiB of it is in memory at a time.

    Args:
        file: the file, from its beginning; it must be one that can be read again.
        name: what the user calls it.
        encoding: the encoding; None: by the byte order mark, else by the NULs of UTF-16, else UTF-8, else GB18030
            (which holds GBK and GB2312), unless the bytes can only be meant as Big5.

    Raises:
        UsageError: there is no such encoding.
        TextError: the file is none of it.
    """
    head = file.read(_HEAD)
    for candidate in _named(encoding, head) if encoding else _candidates(head):
        file.seek(len(candidate.mark))
        fault = _fault_in(file, candidate.codec)
        if fault is None:
            return candidate
        line, others = fault
        if candidate.codec == "utf-8" and others >= _CERTAIN:
            raise TextError(f"{name} is UTF-8, but for a broken character in line {line}; mend it, or save it as UTF-8")
    tried = encoding or next((str(Encoding(codec)) for mark, codec in _MARKS if head.startswith(mark)), None)
    hint = "save it as UTF-8, or name its encoding with --encoding"
    raise TextError(f"{name} is no text in {tried or 'UTF-8 or GB18030'}; {hint}")


def _named(encoding: str, head: bytes) -> list[Encoding]:
    try:
        b" ".decode(encoding, "replace")  # refuses a codec that is none of text
        codec = codecs.lookup(encoding).name.removesuffix("-sig")
    except (LookupError, ValueError):
        raise UsageError(f"unknown encoding {encoding!r}; some that are known: utf-8, gb18030, big5") from None
    # Whoever names UTF-8 does not mean the mark to be text.
    for mark, marked in _MARKS:
        if head.startswith(mark) and codec in (marked, marked[:-3]):
            return [Encoding(marked, mark)]
    if codec in ("gb2312", "gbk"):  # GB18030 holds both, and files said to be GB2312 rarely are
        return [Encoding("gb18030")]
    if codec in ("utf-16", "utf-32"):
        return [Encoding(codec + ("-be" if head[:1] == b"\x00" else "-le"))]
    return [Encoding(found) for found in (_BIG5 if codec == "big5" else (codec,))]


def _candidates(head: bytes) -> list[Encoding]:
    for mark, codec in _MARKS:
        if head.startswith(mark):
            return [Encoding(codec, mark)]
    wide = [Encoding(codec) for codec in ("utf-16-le", "utf-16-be") if _is_wide(head, codec)]
    return [*wide, Encoding("utf-8"), *(Encoding(codec, is_guess=True) for codec in _guesses(head))]


def _is_wide(head: bytes, codec: str) -> bool:
    """Return whether the NULs of a file are those of UTF-16 without a byte order mark."""
    if b"\x00" not in head:
        return False
    text = head[: len(head) // 2 * 2].decode(codec, "replace")
    # A line end in the high byte makes a letter of Gujarati or Malayalam: a sign of the other byte order.
    return re.search(r"[\r\n]", text) is not None and re.search("[\x00\u0a00-\u0aff\u0d00-\u0dff]", text) is None


def _guesses(head: bytes) -> tuple[str, ...]:
    """Return Big5 before GB18030 where the bytes are built as Big5 alone builds them.

    Both write a character of Chinese in two bytes, but simplified text in GB2312's part of GB18030 has no second byte
    below A1, and text in Big5 has two such in five characters; and its first bytes are those of the common characters
    (A1 to C6), where traditional text in GB18030 has many below A1.
    """
    pairs = re.findall(rb"[\x81-\xfe][\x40-\x7e\x80-\xfe]", head)
    low = sum(pair[1] < 0x7F for pair in pairs)
    common = sum(0xA1 <= pair[0] <= 0xC6 for pair in pairs)
    is_big5 = bool(pairs) and low >= 0.15 * len(pairs) and common >= 0.95 * len(pairs)
    return (*_BIG5, "gb18030") if is_big5 else ("gb18030",)


def _fault_in(file: BinaryIO, codec: str) -> tuple[int, int] | None:
    """Return where a file is no text in an encoding: the line, and how many characters but ASCII stand before it."""
    decoder = codecs.getincrementaldecoder(codec)()
    line, others = 1, 0
    chunk = b" "
    try:
        while chunk:
            chunk = file.read(_CHUNK)
            text = decoder.decode(chunk, final=not chunk)
            line, others = line + text.count("\n"), others + _others_in(text)
    except UnicodeDecodeError as error:
        text = error.object[: error.start].decode(codec, "replace")
        return line + text.count("\n"), others + _others_in(text)
    except UnicodeError:
        return line, others
    return None


def _others_in(text: str) -> int:
    return 0 if text.isascii() else len(text) - len(text.encode("ascii", "ignore"))
