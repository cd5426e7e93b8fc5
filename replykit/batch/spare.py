"""Room that is kept free on a disk, to be given up when the disk is full."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

__all__ = ["Spare"]


class Spare:
    """A file of nothing beside another one, which makes room for it when there is none.

    Args:
        path: the other file.
        size: bytes.

    Attributes:
        is_used: True once the room was given up.

    Raises:
        OSError: there is no room even now.
    """

    def __init__(self, path: Path, size: int) -> None:
        self.path = path.with_name(f"{path.name}-spare")
        self.is_used = False
        try:
            file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
            try:
                _allocate(file, size)
            finally:
                os.close(file)
        except BaseException:
            self.close()
            raise

    def release(self) -> bool:
        """Give up the room; return whether there was any."""
        if self.is_used:
            return False
        self.is_used = True
        self.close()
        return True

    def close(self) -> None:
        """Remove the file."""
        with contextlib.suppress(OSError):
            self.path.unlink()


def _allocate(file: int, size: int) -> None:
    """Make a file so large that its blocks are taken, not only promised."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file, 0, size)
    else:
        os.write(file, bytes(size))
        os.fsync(file)
