"""A process that polishes without a chat model the rows which another process hands it."""

from __future__ import annotations

import pickle
import signal
import sys

from replykit.batch.offline import polish_all
from replykit.kit import ReplyKit
from replykit.many import receive, send

__all__ = ["work"]


def work() -> None:
    """Polish rows until no more come: the playbook first, then lists of rows, all on stdin."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that started this one ends it
    given, polished = sys.stdin.buffer, sys.stdout.buffer
    try:
        playbook, only_flagged = pickle.loads(receive(given))
        kit = ReplyKit(playbook=playbook)
        while True:
            send(polished, pickle.dumps(polish_all(kit, pickle.loads(receive(given)), only_flagged)))
    except (EOFError, BrokenPipeError):
        return
