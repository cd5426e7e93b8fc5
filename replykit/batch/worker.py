"""A process that polishes without a chat model the rows which another process hands it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from replykit.batch.offline import polish_all
from replykit.crew import serve
from replykit.kit import ReplyKit
from replykit.playbook import Playbook
from replykit.records import Language

__all__ = ["work"]


def work() -> None:
    """Polish lists of rows, under playbooks or those of their names."""
    serve(_ready)


def _ready(given: tuple[list[Playbook | str], Language | None, bool]) -> Callable[[Any], Any]:
    playbooks, language, only_flagged = given
    return partial(_polished, ReplyKit(playbook=playbooks, language=language), only_flagged)


def _polished(kit: ReplyKit, only_flagged: bool, rows: Any) -> Any:
    return polish_all(kit, rows, only_flagged)
