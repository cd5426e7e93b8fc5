"""Where files of columns lie, here or elsewhere, and of what kind they are."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from typing import Any, BinaryIO

from replykit.arrow import arrow

__all__ = ["PARQUET", "RECORDS", "ROWS", "TABLES", "is_remote", "opened", "seekable", "suffix_of", "system_of"]

PARQUET, RECORDS, TABLES = (".parquet", ".pq"), (".jsonl", ".ndjson"), (".csv", ".tsv")
ROWS = 4096  # of a batch that is read


def is_remote(path: str) -> bool:
    """Return whether a path is the address of something elsewhere."""
    return "://" in path


def suffix_of(path: str) -> str:
    """Return the ending of a file's name, in small letters."""
    return os.path.splitext(path)[1].lower()


def system_of(path: str) -> tuple[Any, str]:
    """Return the file system of a path, Arrow's, and the path in it.

    Raises:
        OSError: there is no such system; so does Arrow's own error.
    """
    pa = arrow()
    if is_remote(path):
        system, inside = pa.fs.FileSystem.from_uri(path)
        return system, inside
    return pa.fs.LocalFileSystem(), path


@contextlib.contextmanager
def opened(path: str) -> Iterator[Any]:
    """Open a file for reading, with a place in it that can be moved."""
    system, inside = system_of(path)
    with system.open_input_file(inside) as file:
        yield file


@contextlib.contextmanager
def seekable(path: str) -> Iterator[BinaryIO]:
    """Open a file that is read more than once; one that lies elsewhere is copied for that."""
    if not is_remote(path):
        with open(path, "rb") as file:
            yield file
        return
    with opened(path) as far, tempfile.TemporaryFile() as near:
        shutil.copyfileobj(far, near)
        near.seek(0)
        yield near
