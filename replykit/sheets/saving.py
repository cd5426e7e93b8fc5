"""A file that appears whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from replykit.errors import UsageError

__all__ = ["check_place", "saving"]

_HANDLES = "/proc/self/fd"


@contextlib.contextmanager
def saving(path: str | os.PathLike[str], *, like: Path | None = None) -> Iterator[BinaryIO]:
    """Open a file to be written and read; it gets its name when the block ends without an error.

    It is written in the same folder without a name (where the system cannot do that, under another one), reaches the
    disk, and then takes the place of what had the name. Where the block ends with an error, or the process is killed,
    nothing of it is left. Where the name is a link, the file that it leads to is replaced.

    Args:
        path: the file.
        like: a file whose permissions it gets; None, or where a file of that name is replaced: that one's, else those
            of any new file.

    Raises:
        UsageError: it cannot be written, or what has the name is no file.
    """
    target = Path(os.path.realpath(path))
    draft = target.with_name(f".{target.name[:40]}.{secrets.token_hex(4)}.part")
    try:
        mode = _mode(target, like)
        first_mode = 0o666 if mode is None else mode | stat.S_IRUSR | stat.S_IWUSR
        unnamed = _unnamed(target.parent, first_mode)
        opened = unnamed or os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), first_mode)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from None
    try:
        with os.fdopen(opened, "w+b") as file:
            try:
                yield file
            except OSError as error:
                # Whatever is read in the block says itself what cannot be read.
                raise UsageError(f"{path} cannot be written: {error.strerror}; {_left(target)}") from None
            file.flush()
            os.fsync(file.fileno())
            if unnamed:
                _name(file.fileno(), draft)
        if mode is not None:
            draft.chmod(mode)
        os.replace(draft, target)
        _sync_folder(target.parent)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}; {_left(target)}") from None
    finally:
        with contextlib.suppress(OSError):
            draft.unlink()


def check_place(path: str | os.PathLike[str]) -> None:
    """Find out whether `saving` can write a file, by making another one beside it and taking it away again.

    Raises:
        UsageError: it cannot be written, or what has the name is no file.
    """
    target = Path(os.path.realpath(path))
    try:
        _mode(target, None)
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".", suffix=".part"):
            pass
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from None


def _unnamed(folder: Path, mode: int) -> int:
    """Return the handle of a new file without a name; 0 where the system has no such files there."""
    flag = getattr(os, "O_TMPFILE", 0)
    if flag and os.path.isdir(_HANDLES):
        with contextlib.suppress(OSError):
            return os.open(folder, flag | os.O_RDWR, mode)
    return 0


def _name(handle: int, path: Path) -> None:
    """Give a file without a name one."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        # With a folder given, Python takes the call that follows the link in /proc.
        os.link(f"{_HANDLES}/{handle}", path.name, dst_dir_fd=folder, follow_symlinks=True)
    finally:
        os.close(folder)


def _mode(target: Path, like: Path | None) -> int | None:
    """Return the permissions of the new file, in the bits of `stat`; None: those of any new file.

    Raises:
        UsageError: what has the name is no file.
    """
    with contextlib.suppress(FileNotFoundError):
        found = target.stat()
        if not stat.S_ISREG(found.st_mode):
            raise UsageError(f"{target} is {'a folder' if stat.S_ISDIR(found.st_mode) else 'no file'}; name a file")
        return stat.S_IMODE(found.st_mode) & 0o777
    if like is None:
        return None
    # A copy of what only its owner may read is for its owner alone; but the owner may write it.
    return stat.S_IMODE(like.stat().st_mode) & 0o666 | stat.S_IRUSR | stat.S_IWUSR


def _left(target: Path) -> str:
    return "what was there is as it was" if target.exists() else "nothing was written"


def _sync_folder(folder: Path) -> None:
    """Have the new name reach the disk, where the system can do that of a folder."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
