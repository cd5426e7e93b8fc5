"""Bytes from files, pipes and the command line, turned into text."""

from __future__ import annotations

import codecs
import io
import os
import re
from typing import BinaryIO

from replykit.errors import TextError, UsageError

__all__ = ["GUESSED", "decode", "encoding_of", "readable"]

GUESSED = "gb18030"
_CHUNK = 1024 * 1024  # bytes
_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


def decode(data: bytes, name: str, encoding: str | None = None) -> tuple[str, str]:
    """Return the text that bytes hold, and the encoding that it was read in.

    Args:
        data: the bytes.
        name: what the user calls their source.
        encoding: the encoding; None: by the byte order mark, else UTF-8, else GB18030 (which holds GBK and GB2312).

    Raises:
        UsageError: there is no such encoding.
        TextError: the bytes are none of it.
    """
    read_as = encoding_of(io.BytesIO(data), name, encoding)
    return data.decode(read_as), read_as


def encoding_of(file: BinaryIO, name: str, encoding: str | None = None) -> str:
    """Return the encoding in which all of a file is text; one MiB of it is in memory at a time.

    Args:
        file: the file, from its beginning; it must be one that can be read again.
        name: what the user calls it.
        encoding: the encoding; None: by the byte order mark, else UTF-8, else GB18030 (which holds GBK and GB2312).

    Raises:
        UsageError: there is no such encoding.
        TextError: the file is none of it.
    """
    start = file.read(3)
    marked = next((found for mark, found in _MARKS.items() if start.startswith(mark)), None)
    for candidate in [encoding] if encoding else [marked] if marked else ["utf-8", GUESSED]:
        file.seek(0)
        try:
            b" ".decode(candidate, "replace")  # refuses a codec that is none of text
            decoder = codecs.getincrementaldecoder(candidate)()
            while chunk := file.read(_CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except LookupError:
            raise UsageError(f"unknown encoding {candidate!r}; some that are known: utf-8, gb18030, big5") from None
        except UnicodeError:
            continue
        # Whoever names UTF-8 does not mean the mark to be text.
        return marked if marked and codecs.lookup(candidate).name == "utf-8" else candidate
    tried = encoding or marked or "UTF-8 or GB18030"
    raise TextError(f"{name} is no text in {tried}; save it as UTF-8, or name its encoding with --encoding")


def readable(argument: str) -> str:
    """Return an argument of the command line as text that UTF-8 can hold.

    A byte that the locale cannot read reaches Python as a lone surrogate. Such an argument is read again as `decode`
    reads a file, and what is no text there either becomes U+FFFD.

    Args:
        argument: one of `sys.argv`.
    """
    if not re.search("[\ud800-\udfff]", argument):
        return argument
    try:
        return decode(os.fsencode(argument), "an argument")[0]
    except (UnicodeError, TextError):
        return re.sub("[\ud800-\udfff]", "\ufffd", argument)
