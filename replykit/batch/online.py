"""Rows polished with a chat model: many at once, in an event loop of their own thread."""

from __future__ import annotations

import asyncio
import itertools
import queue
import threading
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from replykit.async_kit import AsyncReplyKit
from replykit.batch.asking import Asker, Call, Halt, is_own
from replykit.batch.ledger import Kind, Ledger
from replykit.batch.pace import Pace
from replykit.batch.polishing import Begun, begin_row
from replykit.batch.progress import Progress
from replykit.batch.rows import PolishedRow
from replykit.batch.task import Task
from replykit.budget import Budget
from replykit.chat.failures import TransientError
from replykit.drivers import adrive
from replykit.errors import ChatConnectionError, ChatError, ChatRateLimitError, ChatServerError, LedgerError
from replykit.intake import awaited_completion, completion_of
from replykit.kit import ReplyKit
from replykit.records import ChatRequest, Completion, Reply

__all__ = ["Online", "caller"]

# What a chat of the caller's says with its errors, as the statuses that a server says it with.
_STATUS: dict[type[ChatError], int] = {ChatRateLimitError: 429, ChatServerError: 500}
_LOOK = 0.2  # seconds between two looks whether the caller was interrupted, where a wait does not see it


class Online:
    """Polishes what it is given, as answers come.

    Args:
        kit: whose flow and model are used.
        ledger: where everything is written down.
        concurrency: calls at once.
        rpm: requests a minute.
        tpm: tokens a minute.
        share: the part of the server's limits that is this one's.
        budgets: what may be spent.
        patience: seconds without an answer, while calls fail, until the job ends.
        only_flagged: whether rows without any violation are left alone.
        progress: what is counted.

    Attributes:
        window: how many rows should be under way or waiting here, so that no call waits for one to be read.
        refill: how many fewer there may be before more are read, as many are entered at less cost.
    """

    def __init__(
        self,
        kit: ReplyKit | AsyncReplyKit,
        ledger: Ledger,
        *,
        concurrency: int,
        rpm: float | None,
        tpm: float | None,
        share: float,
        budgets: tuple[Budget, ...],
        patience: float,
        only_flagged: bool,
        progress: Progress,
    ) -> None:
        self._kit, self._ledger, self._only_flagged = kit, ledger, only_flagged
        self._concurrency, self._rpm, self._tpm, self._share = concurrency, rpm, tpm, share
        self._budgets, self._patience, self._progress = budgets, patience, progress
        self.window, self.refill = 4 * concurrency, max(1, concurrency // 2)
        self._ended: list[tuple[bytes, PolishedRow | None]] = []
        self._results: list[tuple[bytes, str, Kind]] = []
        self._finished: queue.SimpleQueue[list[tuple[bytes, PolishedRow | None]]] = queue.SimpleQueue()
        self._taken: deque[tuple[bytes, PolishedRow | None]] = deque()
        self._early: list[bytes] = []  # rows that failed before any answer
        self._refused: list[bytes] = []  # of these, those that are the rows' own fault once there is an answer
        self._is_up = threading.Event()
        self._broken: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="replykit-polish", daemon=True)
        self._thread.start()
        self._is_up.wait()
        if self._broken:
            raise self._broken

    # --- called from the caller's thread

    def submit(self, key: bytes, task: Task) -> None:
        """Have a row polished."""
        self._loop.call_soon_threadsafe(self._tasks.put_nowait, (key, task))

    def take(self) -> tuple[bytes, PolishedRow | None]:
        """Return the next row that is done, as soon as one is; None in its place where it was given up."""
        while not self._taken:
            try:
                self._taken.extend(self._finished.get(timeout=_LOOK))
            except queue.Empty:
                if not self._thread.is_alive():
                    raise self._broken or RuntimeError("the event loop has ended") from None
        return self._taken.popleft()

    def stop(self) -> None:
        """Finish the calls that are under way and make no other."""
        self._on_loop(lambda: self._asker.stop())

    @property
    def halt(self) -> Halt | None:
        """Why it stopped; None where it did not."""
        return self._asker.halt

    def close(self, *, at_once: bool) -> None:
        """End the thread and its connections.

        Args:
            at_once: whether calls that are under way are dropped; otherwise they are finished and written down.
        """
        self.stop()
        if at_once:
            self._on_loop(self._cancel)
        self._on_loop(self._send_home)
        try:
            while self._thread.is_alive():
                self._thread.join(_LOOK)
        except KeyboardInterrupt:
            self._on_loop(self._cancel)
            raise

    def _on_loop(self, call: Callable[[], object]) -> None:
        try:
            self._loop.call_soon_threadsafe(call)
        except RuntimeError:  # the loop has ended
            return

    def _send_home(self) -> None:
        for _ in self._workers:
            self._tasks.put_nowait(None)

    def _cancel(self) -> None:
        for worker in self._workers:
            worker.cancel()

    # --- run in the thread of the event loop

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:
            self._broken = error
        finally:
            self._is_up.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._tasks: asyncio.Queue[tuple[bytes, Task] | None] = asyncio.Queue()
        call, leave = caller(self._kit, self._concurrency)
        pace = Pace(self._concurrency, self._rpm, self._tpm, share=self._share)
        self._asker = Asker(
            call,
            ledger=self._ledger,
            pace=pace,
            budgets=self._budgets,
            patience=self._patience,
            progress=self._progress,
        )
        self._one_by_one = asyncio.Lock()
        # Twice as many rows as calls: while some are judged, the calls of others leave.
        self._workers = [asyncio.create_task(self._work()) for _ in range(2 * self._concurrency)]
        self._is_up.set()
        try:
            await asyncio.gather(*self._workers, return_exceptions=True)
            if self._ended:
                self._hand_over()
            self._settle_early()
        finally:
            await leave()

    async def _work(self) -> None:
        while (item := await self._tasks.get()) is not None:
            key, task = item
            row: PolishedRow | None = None
            try:
                if not self._asker.halt:
                    row, kind = await self._polish(key, task)
                    self._results.append((key, row.model_dump_json(), kind))
            except Halt:
                pass
            except Exception as error:  # a chat of the caller's may raise anything
                self._asker.stop(error)
            self._ended.append((key, row))
            if len(self._ended) == 1:  # with everything else that ends at this moment
                self._loop.call_soon(self._hand_over)

    def _hand_over(self) -> None:
        """Write down the rows that ended, and give them to the caller's thread."""
        ended, self._ended = self._ended, []
        results, self._results = self._results, []
        try:
            self._ledger.finish(results)
        except LedgerError as error:
            self._asker.stop(error)
            ended = [(key, None) for key, _ in ended]
        self._finished.put(ended)

    def _settle_early(self) -> None:
        """Say of the rows that failed before any answer what is known now: whose fault it was."""
        if self._asker.has_answers:
            self._ledger.settle(self._refused)
        elif self._asker.halt and self._asker.halt.error:
            self._ledger.forget(self._early)  # the job was at fault, not these rows

    async def _in_turn(self) -> None:
        """Wait for what takes a while of this thread: one row at a time, with calls that leave or come in between."""
        async with self._one_by_one:
            await asyncio.sleep(0)

    async def _polish(self, key: bytes, task: Task) -> tuple[PolishedRow, Kind]:
        await self._in_turn()
        begun = begin_row(self._kit, task, only_flagged=self._only_flagged)
        if not isinstance(begun, Begun):
            return begun
        numbers = itertools.count()
        failures: list[ChatError] = []

        async def complete(request: ChatRequest) -> Completion:
            try:
                with trace.call(self._kit._chat, request) as told, told.inside():
                    told.answer = completion = await self._asker.complete(key, next(numbers), request)
                await self._in_turn()
                return completion
            except ChatError as error:
                failures.append(error)
                raise

        made: Reply | ChatError
        try:
            with self._kit._trace("rewrite") as trace:
                made = trace.end(await adrive(begun.flow, complete))
        except ChatError as error:
            made = error
        has_answers = self._asker.has_answers
        is_proven = self._ledger.is_proven
        passing = [one for one in failures if not is_own(one, has_answers=has_answers, is_proven=is_proven)]
        if passing and not has_answers:
            self._early.append(key)
            if all(is_own(failure, has_answers=True, is_proven=True) for failure in passing):
                self._refused.append(key)
        return begun.ended(made, has_failed=bool(passing))


def caller(kit: ReplyKit | AsyncReplyKit, concurrency: int) -> tuple[Call, Callable[[], Any]]:
    """Return what makes one call with a kit's model, and what to await when no more are made.

    Args:
        kit: whose model is asked.
        concurrency: calls at once.
    """
    from replykit.chat import AsyncOpenAIChat, OpenAIChat

    chat: Any = kit._chat
    if isinstance(chat, (OpenAIChat, AsyncOpenAIChat)):
        # Its connections live in another event loop, and this one makes many calls.
        twin = chat.twin()
        return twin.attempt, twin.aclose
    threads = ThreadPoolExecutor(concurrency, thread_name_prefix="replykit-chat")

    async def call(request: ChatRequest, heed: Callable[[Mapping[str, str]], object]) -> Completion:
        try:
            return await answered(request)
        except (ChatRateLimitError, ChatServerError, ChatConnectionError) as error:
            if error.may_be_billed:
                raise
            raise TransientError(error, status=_STATUS.get(type(error))) from None

    async def answered(request: ChatRequest) -> Completion:
        if isinstance(kit, AsyncReplyKit):
            return await awaited_completion(chat.complete(request))
        return completion_of(await asyncio.get_running_loop().run_in_executor(threads, chat.complete, request))

    async def leave() -> None:
        threads.shutdown(wait=False, cancel_futures=True)

    return call, leave
