"""A file that appears whole or not at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from os import PathLike
from typing import BinaryIO

from replykit.errors import UsageError

__all__ = ["written_whole"]


@contextlib.contextmanager
def written_whole(path: str | PathLike[str], name: str) -> Iterator[BinaryIO]:
    """Open a file beside its place, and put it there in one step when it is complete.

    Args:
        path: where it belongs; a file that is there is replaced.
        name: what the user calls it.

    Raises:
        UsageError: it cannot be written.
    """
    place = os.path.realpath(path)
    draft = f"{place}.{os.getpid()}.new"
    try:
        try:
            with open(draft, "xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.replace(draft, place)
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(draft)
    except OSError as error:
        raise UsageError(f"{name} {os.fspath(path)} cannot be written: {error.strerror}") from None
