"""A process that polishes without a chat model the rows which another process hands it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from replykit.batch.offline import polish_all
from replykit.crew import serve
from replykit.kit import ReplyKit
from replykit.playbook import Playbook

__all__ = ["work"]


def work() -> None:
    """Polish lists of rows, under a playbook or one of that name."""
    serve(_ready)


def _ready(given: tuple[Playbook | str, bool]) -> Callable[[Any], Any]:
    playbook, only_flagged = given
    return partial(_polished, ReplyKit(playbook=playbook), only_flagged)


def _polished(kit: ReplyKit, only_flagged: bool, rows: Any) -> Any:
    return polish_all(kit, rows, only_flagged)
