"""A process that polishes without a chat model the rows which another process hands it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from replykit.batch.offline import polish_all
from replykit.crew import serve
from replykit.kit import ReplyKit

__all__ = ["work"]


def work() -> None:
    """Polish lists of rows with a kit of the same playbooks, language and wording as the caller's."""
    serve(_ready)


def _ready(given: tuple[dict[str, Any], bool]) -> Callable[[Any], Any]:
    kit, only_flagged = given
    return partial(_polished, ReplyKit(**kit), only_flagged)


def _polished(kit: ReplyKit, only_flagged: bool, rows: Any) -> Any:
    return polish_all(kit, rows, only_flagged)
