"""A process that looks at the texts which another one hands it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from replykit.checker import checker_for
from replykit.crew import serve
from replykit.loader import load_playbook
from replykit.many import look
from replykit.playbook import Playbook

__all__ = ["work"]


def work() -> None:
    """Look at lists of texts, under a playbook or one of that name."""
    serve(_ready)


def _ready(playbook: Playbook | str) -> Callable[[list[str]], Any]:
    return partial(look, checker_for(load_playbook(playbook) if isinstance(playbook, str) else playbook))
