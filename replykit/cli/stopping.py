"""Ctrl-C in two steps, the first lets what is under way finish, the second ends at once; and how to go on."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import typer

__all__ = ["stopping", "typed"]

_INTERRUPTED = 130
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_SHOW_CURSOR = "\x1b[?25h"  # a progress bar hides it


@contextlib.contextmanager
def stopping(stop: Callable[[], object]) -> Iterator[None]:
    """Call `stop` at the first Ctrl-C (or the system's request to end), and end the process at the second.

    Ending at once loses nothing: the ledger is made for that.

    Args:
        stop: what ends the work in good order.
    """
    asked = threading.Event()

    def heard(number: int, frame: FrameType | None) -> None:
        if asked.is_set():
            _say("replykit: ended at once; run the same command again to go on")
            os._exit(_INTERRUPTED)
        asked.set()
        _say("replykit: stopping when what is under way has ended; Ctrl-C again ends at once")
        stop()

    if threading.current_thread() is not threading.main_thread():  # which alone hears signals
        yield
        return
    before = {number: signal.signal(number, heard) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def typed(context: typer.Context) -> str:
    """Return the command as its user typed it, to be typed again."""
    arguments = ["replykit", *context.find_root().obj]
    return subprocess.list2cmdline(arguments) if os.name == "nt" else shlex.join(arguments)


def _say(line: str) -> None:
    """Write a line past the buffer of standard error, which may be in use where the signal struck."""
    begin = f"{_SHOW_CURSOR}\r" if sys.stderr.isatty() else ""
    with contextlib.suppress(OSError, ValueError):
        os.write(sys.stderr.fileno(), f"{begin}{line}\n".encode())
