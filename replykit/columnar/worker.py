"""A process that checks the batches which another process hands it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from replykit.checker import Checker, checker_for
from replykit.columnar.checking import Columns, check_batch
from replykit.crew import serve
from replykit.loader import load_playbook
from replykit.playbook import Playbook
from replykit.reading import Given

__all__ = ["work"]


def work() -> None:
    """Check batches under a playbook, or one of that name."""
    serve(_ready)


def _ready(given: tuple[Playbook | str, Columns, Given]) -> Callable[[Any], Any]:
    playbook, columns, known = given
    checker = checker_for(load_playbook(playbook) if isinstance(playbook, str) else playbook)
    return partial(_checked, checker, columns, known)


def _checked(checker: Checker, columns: Columns, given: Given, batch: Any) -> Any:
    return check_batch(checker, batch, columns, given)
