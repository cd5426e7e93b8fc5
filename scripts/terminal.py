"""What commands print on a terminal."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
from collections.abc import Mapping
from pathlib import Path

__all__ = ["COLUMNS", "plain_settings", "shown"]

COLUMNS = 120


def plain_settings() -> dict[str, str]:
    """Return the environment without what changes what replykit or a terminal shows."""
    # A width in the environment would count for more than the terminal's own.
    unset = ("REPLYKIT_", "OPENAI_", "COLUMNS", "LINES")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(unset)}
    return kept | {"TERM": "xterm", "LC_ALL": "C.UTF-8"}


def shown(script: str, folder: Path, settings: Mapping[str, str] | None = None) -> str:
    """Run a script of bash on a terminal.

    Args:
        script: what bash runs, as one process.
        folder: where.
        settings: its environment; None: `plain_settings()`.

    Returns:
        What it printed, standard output and error alike, without colours.
    """
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 40, COLUMNS, 0, 0))
    with subprocess.Popen(
        ["bash", "-c", script],
        stdin=subprocess.DEVNULL,
        stdout=follower,
        stderr=follower,
        env=plain_settings() if settings is None else dict(settings),
        cwd=folder,
    ):
        os.close(follower)
        printed = b""
        with contextlib.suppress(OSError):  # how Linux says that the other end is closed
            while chunk := os.read(leader, 65536):
                printed += chunk
        os.close(leader)
    return re.sub(r"\x1b\[[\d;]*m", "", printed.decode()).replace("\r\n", "\n")
