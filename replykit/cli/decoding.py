"""What the command reads as text, and what it says about an encoding that it found out."""

from __future__ import annotations

import os
import re
import sys

from replykit.errors import TextError
from replykit.sheets.encodings import Encoding, decode

__all__ = ["readable", "tell_guess"]


def tell_guess(name: str, found: Encoding) -> None:
    """Say on standard error in which encoding a file was read, where it may as well be another.

    Args:
        name: what the user calls the file.
        found: the encoding.
    """
    if found.is_guess:
        print(f"replykit: {name} is not UTF-8, read as {found}; if that is wrong, name its --encoding", file=sys.stderr)


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
