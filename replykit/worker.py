"""A process that looks at the texts which another one hands it."""

from __future__ import annotations

import pickle
import signal
import sys

from replykit.checker import Checker
from replykit.many import look, receive, send

__all__ = ["work"]


def work() -> None:
    """Look at texts until no more come: the playbook first, then lists of texts, all on stdin."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that started this one ends it
    given, findings = sys.stdin.buffer, sys.stdout.buffer
    try:
        checker = Checker(pickle.loads(receive(given)))
        while True:
            send(findings, pickle.dumps(look(checker, pickle.loads(receive(given)))))
    except (EOFError, BrokenPipeError):
        return
