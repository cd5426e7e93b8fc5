"""A file or standard input as lines of text, one in memory at a time."""

from __future__ import annotations

import contextlib
import io
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from replykit.errors import TextError, UsageError
from replykit.sheets.encodings import Encoding, encoding_of
from replykit.text import units

__all__ = ["Line", "line_end_of", "lines_in", "lines_of"]

_LONGEST_LINE = 5_000_000  # code points; what is longer is no list of replies


class Line(NamedTuple):
    """One line of a file.

    Attributes:
        number: from 1, as an editor counts.
        offset: UTF-16 code units before it.
        raw: the line with its end.
        data: the same as the bytes that stand in the file.
    """

    number: int
    offset: int
    raw: str
    data: bytes


def line_end_of(raw: str) -> str:
    """Return the characters that end a line; none where it is the last and has no end."""
    return "\r\n" if raw.endswith("\r\n") else raw[-1:] if raw[-1:] in ("\r", "\n") else ""


def lines_of(
    path: str | None, name: str, encoding: str | None = None, tell: Callable[[Encoding], None] | None = None
) -> Iterator[Line]:
    r"""Yield the lines of a file; a line ends with `\n`, `\r\n` or `\r` and with nothing else.

    The file is read twice, as only its end tells whether all of it is UTF-8; standard input and pipes are kept in a
    temporary file for that.

    Args:
        path: the file; None: standard input.
        name: what the user calls it.
        encoding: its encoding; None: found out, as `encoding_of` does.
        tell: is called with the encoding before the first line.

    Raises:
        UsageError: it cannot be read, or there is no such encoding.
        TextError: it is no text, or a line is longer than 5,000,000 code points.
    """
    try:
        with _opened(path) as file:
            found = encoding_of(file, name, encoding)
            if tell:
                tell(found)
            yield from lines_in(file, found, name)
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {error.strerror or error}") from None


def lines_in(file: BinaryIO, encoding: Encoding, name: str) -> Iterator[Line]:
    """Yield the lines of a file that is open, from its beginning, without its byte order mark.

    Args:
        file: the file.
        encoding: its encoding.
        name: what the user calls it.

    Raises:
        TextError: it is no text in that encoding, or a line is longer than 5,000,000 code points.
    """
    codec = encoding.codec
    file.seek(len(encoding.mark))
    # Where a line end is the byte that it is in ASCII, and no part of another character, lines are parted as bytes, so
    # that what is read can be written again as it stood, also where a character has two spellings.
    is_plain = "\r\n".encode(codec) == b"\r\n"
    read_as, most = ("latin-1", 4 * _LONGEST_LINE) if is_plain else (codec, _LONGEST_LINE)
    reader = io.TextIOWrapper(file, encoding=read_as, newline="")
    number, offset = 1, 0
    try:
        while raw := reader.readline(most + 1):
            data = raw.encode(read_as)
            if is_plain and len(raw) <= most:
                raw = data.decode(codec)
            if len(raw) > _LONGEST_LINE:
                raise TextError(f"{name}, line {number}, has more than {_LONGEST_LINE:,} code points")
            yield Line(number, offset, raw, data)
            number, offset = number + 1, offset + units(raw)
    except UnicodeError:
        raise TextError(f"{name} changed while it was read") from None
    finally:
        with contextlib.suppress(ValueError):  # where the caller has closed the file before this generator
            reader.detach()


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
