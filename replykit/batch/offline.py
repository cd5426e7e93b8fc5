"""Rows polished without a chat model: in this process, and on every core once there are enough of them."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future
from typing import Any

from replykit.async_kit import AsyncReplyKit
from replykit.batch.asking import Halt
from replykit.batch.ledger import Kind, Ledger
from replykit.batch.polishing import polish_offline
from replykit.batch.rows import PolishedRow
from replykit.batch.task import Task
from replykit.crew import Crew
from replykit.kit import ReplyKit
from replykit.many import cores
from replykit.snapshot import loaded_name

__all__ = ["Offline", "Polished", "polish_all"]

WORTH_PROCESSES = 2_000  # rows; for fewer, to start a process costs more than it saves
_CHUNK = 100  # rows that are written down together, and sent to another process
_WAITING = 4  # chunks for each process

Polished = tuple[str, Kind]


class Offline:
    """Polishes what it is given, in order.

    Args:
        kit: an offline kit.
        ledger: where the results are written down.
        only_flagged: whether rows without any violation are left alone.
        processes: how many other processes share the work, 1: none; None: one for every core, once there are rows
            enough.

    Attributes:
        window: how many rows should be waiting here.
        refill: how many fewer there may be before more are read.
    """

    def __init__(
        self, kit: ReplyKit | AsyncReplyKit, ledger: Ledger, *, only_flagged: bool, processes: int | None
    ) -> None:
        self._kit, self._ledger, self._only_flagged = kit, ledger, only_flagged
        self._processes = cores() if processes is None else processes
        self._is_asked_for = processes is not None
        self._crew: Crew | None = None
        self._next: list[tuple[bytes, Task]] = []
        self._chunks: deque[tuple[list[tuple[bytes, Task]], Future[Any] | None]] = deque()
        self._finished: deque[tuple[bytes, PolishedRow | None]] = deque()
        self._rows = 0
        self.window = _CHUNK * _WAITING * self._processes
        self.refill = self.window // 2
        self.halt: Halt | None = None

    def submit(self, key: bytes, task: Task) -> None:
        """Have a row polished."""
        self._next.append((key, task))
        self._rows += 1
        if len(self._next) >= _CHUNK:
            self._hand_over()

    def take(self) -> tuple[bytes, PolishedRow | None]:
        """Return the next row that is done; None in its place where it was given up."""
        if not self._finished:
            if not self._chunks:
                self._hand_over()
            chunk, future = self._chunks.popleft()
            if self.halt:
                self._finished.extend((key, None) for key, _ in chunk)
            else:
                self._polish(chunk, future)
        return self._finished.popleft()

    def _hand_over(self) -> None:
        if self._crew is None and self._processes > 1 and (self._is_asked_for or self._rows > WORTH_PROCESSES):
            shelf = self._kit.shelf
            playbooks = [loaded_name(playbook) or playbook for playbook in shelf.playbooks]
            given = {"playbook": playbooks, "language": shelf.language, **self._kit._voice}, self._only_flagged
            self._crew = Crew("replykit.batch.worker", given, self._processes)
        chunk, self._next = self._next, []
        future = self._crew.do([task for _, task in chunk]) if self._crew else None
        self._chunks.append((chunk, future))

    def _polish(self, chunk: list[tuple[bytes, Task]], future: Future[Any] | None) -> None:
        # Until the processes are up, this one works as well; then it has enough to do with what they bring.
        if future and self._crew and not self._crew.is_ready and future.cancel():
            future = None
        polished: list[Polished] | None = future.result() if future else None
        if polished is None:
            polished = polish_all(self._kit, [task for _, task in chunk], self._only_flagged)
        self._ledger.finish([(key, row, kind) for (key, _), (row, kind) in zip(chunk, polished, strict=True)])
        self._finished.extend(
            (key, PolishedRow.model_validate_json(row)) for (key, _), (row, _) in zip(chunk, polished, strict=True)
        )

    def stop(self) -> None:
        """Begin no other row."""
        self.halt = self.halt or Halt()

    def close(self, *, at_once: bool) -> None:
        """End the other processes."""
        if self._crew:
            self._crew.dismiss()


def polish_all(kit: ReplyKit | AsyncReplyKit, tasks: list[Task], only_flagged: bool) -> list[Polished]:
    """Return what becomes of rows without a chat model, each as JSON.

    Args:
        kit: an offline kit.
        tasks: the rows.
        only_flagged: whether those without any violation are left alone.
    """
    return [_polished(kit, task, only_flagged) for task in tasks]


def _polished(kit: ReplyKit | AsyncReplyKit, task: Task, only_flagged: bool) -> Polished:
    row = polish_offline(kit, task)
    # Without a model, what is not flagged is left alone in any case; only what a later run makes of it differs.
    return row.model_dump_json(), "skipped" if only_flagged and not row.before and row.status == "clean" else "final"
