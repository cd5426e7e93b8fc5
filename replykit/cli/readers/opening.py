"""A file or standard input as lines of text, with a word about the encoding where it was guessed."""

from __future__ import annotations

import functools
from collections.abc import Iterator

from replykit.cli.decoding import tell_guess
from replykit.sheets import lines
from replykit.sheets.lines import Line

__all__ = ["lines_of"]


def lines_of(path: str | None, name: str, encoding: str | None = None) -> Iterator[Line]:
    """Yield the lines of a file, as `replykit.sheets.lines.lines_of` does.

    Args:
        path: the file; None: standard input.
        name: what the user calls it.
        encoding: its encoding; None: found out.

    Raises:
        UsageError: it cannot be read, or there is no such encoding.
        TextError: it is no text, or a line is too long.
    """
    return lines.lines_of(path, name, encoding, functools.partial(tell_guess, name))
