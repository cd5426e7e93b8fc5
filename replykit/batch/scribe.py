"""Many rows' notes in one commit: what they have to write down at the same moment of an event loop."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from typing import Any, TypeVar

from replykit.batch.ledger import Ledger

__all__ = ["Scribe"]

Result = TypeVar("Result")


class Scribe:
    """Writes into a ledger from one event loop.

    Args:
        ledger: where it writes.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._waiting: list[tuple[Callable[[sqlite3.Connection], Any], asyncio.Future[Any]]] = []

    async def write(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        """Do some work in the ledger, and return what it returns once that is committed.

        Raises:
            LedgerError: it could not be written down.
        """
        loop = asyncio.get_running_loop()
        written: asyncio.Future[Result] = loop.create_future()
        self._waiting.append((work, written))
        if len(self._waiting) == 1:  # behind everything else that is ready now
            loop.call_soon(self._write)
        return await written

    def _write(self) -> None:
        waiting, self._waiting = self._waiting, []
        try:
            results = self._ledger.write(lambda db: [work(db) for work, _ in waiting])
        except Exception as error:
            for _, written in waiting:
                if not written.done():
                    written.set_exception(error)
            return
        for (_, written), result in zip(waiting, results, strict=True):
            if not written.done():  # it is, where its row was cancelled meanwhile
                written.set_result(result)
