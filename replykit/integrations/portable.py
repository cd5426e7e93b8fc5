"""What goes to the workers of an engine: playbooks as text, compiled there once for each process."""

from __future__ import annotations

import functools
from typing import Any

from replykit.checker import Checker, checker_for
from replykit.columnar import Columns, check_batch
from replykit.loader import load_playbook
from replykit.playbook import Playbook
from replykit.reading import Given
from replykit.snapshot import loaded_name

__all__ = ["CheckBatches", "checker_of", "portable"]


def portable(playbook: Playbook) -> str:
    """Return a playbook as what another process makes it of again: the name of a built-in one, else its own JSON."""
    return loaded_name(playbook) or playbook.model_dump_json()


@functools.lru_cache(maxsize=4)
def checker_of(playbook: str) -> Checker:
    """Return the checker of a portable playbook, compiled once in a process."""
    is_json = playbook.startswith("{")
    return checker_for(Playbook.model_validate_json(playbook) if is_json else load_playbook(playbook))


class CheckBatches:
    """Checks one Arrow table after the other; can be pickled, without a compiled rule in it.

    Args:
        playbook: the rules, portable.
        columns: which columns are used.
        given: what is known beside every reply.
    """

    def __init__(self, playbook: str, columns: Columns, given: Given) -> None:
        self._playbook, self._columns, self._given = playbook, columns, given

    def __call__(self, table: Any) -> Any:
        """Return the results of a table's replies, as a table."""
        batch = check_batch(checker_of(self._playbook), table, self._columns, self._given)
        return type(table).from_batches([batch])
