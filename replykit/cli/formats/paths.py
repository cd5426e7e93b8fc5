"""Paths as other tools expect them."""

from __future__ import annotations

import os
from pathlib import Path

from replykit.cli.origin import NO_FILE

__all__ = ["inside"]


def inside(file: str) -> str | None:
    """Return a file's path relative to the working folder, with slashes; None where it is elsewhere.

    Args:
        file: as the user named it; `<text>` and `<stdin>` stay as they are.
    """
    if file in NO_FILE.values():
        return file
    try:
        relative = os.path.relpath(file)
    except ValueError:  # on another drive
        return None
    return None if relative.split(os.sep)[0] == os.pardir else Path(relative).as_posix()
