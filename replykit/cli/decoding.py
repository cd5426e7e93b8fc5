"""Bytes from files, pipes and the command line, turned into text."""

from __future__ import annotations

import os
import re

from replykit.errors import TextError, UsageError

__all__ = ["GUESSED", "decode", "readable"]

GUESSED = "gb18030"
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
    marked = next((found for mark, found in _MARKS.items() if data.startswith(mark)), None)
    for candidate in [encoding] if encoding else [marked] if marked else ["utf-8", GUESSED]:
        try:
            return data.decode(candidate), candidate
        except LookupError:
            raise UsageError(f"unknown encoding {candidate!r}; some that are known: utf-8, gb18030, big5") from None
        except UnicodeError:
            continue
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
