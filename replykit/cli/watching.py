"""How far a job is, while it runs: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, Self

from replykit.batch.price import Price
from replykit.batch.progress import Progress
from replykit.records import Usage

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live

__all__ = ["Watch", "Watched"]

_EVERY = 5.0  # seconds between lines elsewhere than on a terminal
_LOOK = 0.2  # seconds between two looks at the clock's rate
_WINDOW = 30.0  # seconds that the rate is taken over


class Watched(Protocol):
    """What is under way."""

    progress: Progress


class Watch:
    """Shows the progress of a job on standard error until its block ends.

    Args:
        job: the job; its counts are looked at anew each time.
        total: rows that will be done.
        price: of tokens; None: no cost is shown.
        noun: what is done, in words.
    """

    def __init__(self, job: Watched, total: int, price: Price | None, noun: str = "rows") -> None:
        self._job, self._total, self._price, self._noun = job, total, price, noun
        self._seen = deque([(time.monotonic(), 0)])
        self._live = _live(self._drawn) if sys.stderr.isatty() else None
        self._is_over = threading.Event()
        self._teller = threading.Thread(target=self._tell, name="replykit-progress", daemon=True)

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        else:
            self._teller.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._live.stop()
        else:
            self._is_over.set()
            self._teller.join()

    def look(self) -> None:
        """Take note of the time; called for every row that is done."""
        now = time.monotonic()
        if now - self._seen[-1][0] < _LOOK:
            return
        self._seen.append((now, self._job.progress.done))
        while now - self._seen[0][0] > _WINDOW:
            self._seen.popleft()

    def _tell(self) -> None:
        while not self._is_over.wait(_EVERY):  # also while no row comes: a silence is what its user wonders about
            print(f"replykit: {self._pace()}; {self._counts()}", file=sys.stderr, flush=True)

    def _rate(self) -> float:
        (then, before), now = self._seen[0], time.monotonic()
        return (self._job.progress.done - before) / (now - then) if now > then else 0.0

    def _pace(self) -> str:
        done, rate = self._job.progress.done, self._rate()
        share = f" ({100 * done / self._total:.0f}%)" if self._total else ""
        left = f", {_clock((self._total - done) / rate)} left" if rate and done < self._total else ""
        return f"{done:,} of {self._total:,} {self._noun}{share}, {rate:,.1f} {self._noun}/s{left}"

    def _counts(self) -> str:
        progress = self._job.progress
        parts = [
            f"{progress.clean:,} clean",
            f"{progress.repaired:,} repaired",
            f"{progress.needs_review:,} need review",
        ]
        if progress.calls:
            parts.append(f"{progress.tokens:,} tokens")
        if self._price:
            usage = Usage(prompt_tokens=progress.prompt_tokens, completion_tokens=progress.completion_tokens)
            parts.append(self._price.text(usage))
        if progress.in_flight:
            parts.append(f"{progress.in_flight:,} under way")
        if progress.retries:
            parts.append(f"{progress.retries:,} retried")
        wait = (progress.waiting_until or 0.0) - time.time()
        if wait > 1:
            parts.append(f"the server asks to wait {wait:,.0f} s")
        return ", ".join(parts)

    def _drawn(self) -> RenderableType:
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        lines = Table.grid(expand=True)
        lines.add_row(ProgressBar(total=max(self._total, 1), completed=self._job.progress.done))
        lines.add_row(Text(self._pace()))
        lines.add_row(Text(self._counts()))
        return lines


def _live(drawn: Callable[[], RenderableType]) -> Live:
    from rich.console import Console
    from rich.live import Live

    console = Console(file=sys.stderr, highlight=False)
    return Live(get_renderable=drawn, console=console, refresh_per_second=4, transient=True)


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
