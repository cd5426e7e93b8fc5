"""Many replies checked under one playbook: in this process, and on every core where there are enough of them."""

from __future__ import annotations

import itertools
import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from replykit.crew import Crew
from replykit.errors import TextError, UsageError
from replykit.records import Report
from replykit.snapshot import loaded_name

if TYPE_CHECKING:
    from replykit.checker import Checker

__all__ = ["check_many", "cores", "look"]

WORTH_PROCESSES = 5_000  # replies; for fewer, to start a process costs more than it saves
_WAITING = 4  # chunks for each other process that are read before their turn
_LARGEST_CHUNK = 500_000  # code points; a chunk of long texts ends there

# Of each reply with findings: its number in the chunk, and of each finding the number of its rule, then the rest of it.
_Found = list[tuple[int, list[tuple[int, Any, int, int, str]]]]


def check_many(checker: Checker, texts: Iterable[str], processes: int | None, chunk: int) -> Iterator[Report]:
    """Yield the report of each text, in order; what it promises stands at `Checker.check_many`."""
    if processes is not None and processes < 1:
        raise UsageError(f"processes must be at least 1, not {processes}")
    if chunk < 1:
        raise UsageError(f"chunk must be at least 1, not {chunk}")
    return _checked(checker, iter(texts), processes, chunk)


def _checked(checker: Checker, texts: Iterator[str], processes: int | None, chunk: int) -> Iterator[Report]:
    first: _Part | None = None
    if processes is None:
        processes = cores()
        if processes > 1:
            first = _Part.read(texts, WORTH_PROCESSES)
            if first.is_last:
                processes = 1
    if processes == 1:
        if first:
            yield from first.checked_here(checker)
        yield from (_report(checker, text) for text in texts)
        return
    parts = itertools.chain(first.split(chunk) if first else (), _parts(texts, chunk))
    yield from _checked_together(checker, parts, processes)


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _report(checker: Checker, text: str) -> Report:
    if not isinstance(text, str):
        raise TextError(f"text must be a str, not {type(text).__name__}")
    return checker.check(text)


class _Part:
    """Some texts in a row.

    Attributes:
        texts: the texts.
        error: what the caller's iterator raised after them.
        is_last: True where nothing follows.
    """

    def __init__(self, texts: list[str], error: Exception | None, is_last: bool) -> None:
        self.texts, self.error, self.is_last = texts, error, is_last
        self.found: Future[_Found | None] | None = None

    @classmethod
    def read(cls, texts: Iterator[str], most: int) -> _Part:
        """Take up to `most` texts from an iterator; what it raises is raised in its turn."""
        taken: list[str] = []
        size = 0
        try:
            for text in itertools.islice(texts, most):
                taken.append(text)
                size += len(text) if isinstance(text, str) else 0
                if size > _LARGEST_CHUNK:
                    return cls(taken, None, False)
        except Exception as error:
            return cls(taken, error, True)
        return cls(taken, None, len(taken) < most)

    def is_taken_back(self) -> bool:
        """Return whether no process has begun with it, nor will."""
        return self.found is not None and self.found.cancel()

    def split(self, size: int) -> Iterator[_Part]:
        """Yield the same texts in smaller parts."""
        for at in range(0, len(self.texts), size):
            yield _Part(self.texts[at : at + size], None, False)
        if self.error:
            yield _Part([], self.error, True)

    def checked_here(self, checker: Checker) -> Iterator[Report]:
        """Yield the reports, made in this process."""
        for text in self.texts:
            yield _report(checker, text)
        if self.error:
            raise self.error

    def checked(self, checker: Checker) -> Iterator[Report]:
        """Yield the reports, made of what was found wherever it was looked for."""
        found = self.found.result() if self.found else None
        if found is None:  # a text was refused, or the other process is gone
            yield from self.checked_here(checker)
            return
        by_number = dict(found)
        for number, text in enumerate(self.texts):
            yield checker.report_of(text, by_number.get(number, ()))
        if self.error:
            raise self.error


def _parts(texts: Iterator[str], chunk: int) -> Iterator[_Part]:
    is_last = False
    while not is_last:
        part = _Part.read(texts, chunk)
        is_last = part.is_last
        yield part


def _checked_together(checker: Checker, parts: Iterator[_Part], processes: int) -> Iterator[Report]:
    """Check parts in other processes and, until these are ready, in this one."""
    # A built-in playbook is named, not sent: the other side reads it in a third of the time.
    crew = Crew("replykit.worker", loaded_name(checker.playbook) or checker.playbook, processes)
    waiting: deque[_Part] = deque()
    try:
        while True:
            for part in itertools.islice(parts, processes * _WAITING - len(waiting)):
                part.found = crew.do(part.texts) if all(isinstance(text, str) for text in part.texts) else None
                waiting.append(part)
            if not waiting:
                return
            # Later on this one only hands out: were it to work, the threads that do so would wait for their turns.
            while not crew.is_ready and (mine := next((part for part in waiting if part.is_taken_back()), None)):
                mine.found = Future()
                mine.found.set_result(look(checker, mine.texts))
            yield from waiting.popleft().checked(checker)
    finally:
        crew.dismiss()


def look(checker: Checker, texts: list[str]) -> _Found | None:
    """Return what is found in some texts; None where one of them is refused."""
    try:
        return [(n, found) for n, text in enumerate(texts) if (found := checker.numbered_findings(text))]
    except (TextError, TypeError, AttributeError):
        return None
