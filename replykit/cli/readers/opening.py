"""A file or standard input as lines of text, one in memory at a time."""

from __future__ import annotations

import contextlib
import io
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from replykit.cli.decoding import GUESSED, encoding_of
from replykit.errors import TextError, UsageError
from replykit.text import units

__all__ = ["Line", "lines_of"]

_LONGEST_LINE = 5_000_000  # code points; what is longer is no list of replies


class Line(NamedTuple):
    """One line of a file.

    Attributes:
        number: from 1, as an editor counts.
        offset: UTF-16 code units before it.
        raw: the line with its end.
    """

    number: int
    offset: int
    raw: str


def lines_of(path: str | None, name: str, encoding: str | None = None) -> Iterator[Line]:
    r"""Yield the lines of a file; a line ends with `\n`, `\r\n` or `\r` and with nothing else.

    The file is read twice, as only its end tells whether all of it is UTF-8; standard input and pipes are kept in a
    temporary file for that.

    Args:
        path: the file; None: standard input.
        name: what the user calls it.
        encoding: its encoding; None: by its byte order mark, else UTF-8, else GB18030.

    Raises:
        UsageError: it cannot be read, or there is no such encoding.
        TextError: it is no text, or a line is longer than 5,000,000 code points.
    """
    try:
        with _opened(path) as file:
            found = encoding_of(file, name, encoding)
            if found == GUESSED and not encoding:
                hint = f"{name} is not UTF-8, read as GB18030; if that is wrong, name its --encoding"
                print(f"replykit: {hint}", file=sys.stderr)
            file.seek(0)
            with io.TextIOWrapper(file, encoding=found, newline="") as text:
                yield from _numbered(text, name)
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {error.strerror or error}") from None
    except UnicodeError:
        raise TextError(f"{name} changed while it was read") from None


@contextlib.contextmanager
def _opened(path: str | None) -> Iterator[BinaryIO]:
    if path is None and sys.stdin is None:
        raise UsageError("standard input is closed")
    with contextlib.nullcontext(sys.stdin.buffer) if path is None else Path(path).open("rb") as file:
        if path is not None and file.seekable():
            yield file
            return
        with tempfile.TemporaryFile() as kept:
            shutil.copyfileobj(file, kept)
            kept.seek(0)
            yield kept


def _numbered(text: io.TextIOWrapper, name: str) -> Iterator[Line]:
    number, offset = 1, 0
    while raw := text.readline(_LONGEST_LINE + 1):
        if len(raw) > _LONGEST_LINE:
            raise TextError(f"{name}, line {number}, has more than {_LONGEST_LINE:,} code points")
        yield Line(number, offset, raw)
        number, offset = number + 1, offset + units(raw)
