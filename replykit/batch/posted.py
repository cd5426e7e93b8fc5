"""Rows polished through the server's batch API: calls posted together, answered within a day, for half the price."""

from __future__ import annotations

import itertools
import json
import threading
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from typing import Any

from replykit.async_kit import AsyncReplyKit
from replykit.batch.asking import Halt, is_own, request_digest
from replykit.batch.chunks import Chunk, Chunks, PostedCall
from replykit.batch.ledger import Kind, Ledger
from replykit.batch.outbox import Outbox
from replykit.batch.polishing import Begun, begin_row
from replykit.batch.progress import Progress
from replykit.batch.rows import PolishedRow
from replykit.batch.task import Task
from replykit.budget import Budget, Reservation, worst_case
from replykit.chat.answers import error_message, filtered_completion, read_completion
from replykit.chat.batches import BatchClient, RemoteBatch
from replykit.chat.failures import TransientError, failure_of_status
from replykit.drivers import drive
from replykit.errors import (
    BudgetError,
    ChatAuthError,
    ChatError,
    ChatProtocolError,
    ChatRequestError,
    ChatServerError,
    UsageError,
)
from replykit.kit import ReplyKit
from replykit.records import ChatRequest, Completion, Reply

__all__ = ["Posted"]

_WINDOW = 200_000  # rows that are with the server at once; of each only the row itself is kept in memory
_MOST_POSTS = 3  # times that a call is posted that nobody answers
FIRST_LOOK, _LATER_LOOKS = 5.0, 60.0  # seconds between two looks at a batch
_WAITS = (0.5, 2.0, 8.0, None)  # seconds before a batch is created again that was not created
_NOTHING = ChatRequest(messages=())


class Posted:
    """Polishes what it is given, a batch at a time.

    A row's flow is not kept while its call is with the server: once the answer is in the ledger the flow is run again
    from there, as after a crash.

    Args:
        kit: whose flow and model are used.
        ledger: where everything is written down.
        budgets: what may be spent; the first is the job's own.
        only_flagged: whether rows without any violation are left alone.
        progress: what is counted.
        wait: False ends the run once everything that can be posted is, and leaves it with the server.

    Attributes:
        window: how many rows should be waiting here.
        refill: how many fewer there may be before more are read.
        halt: why it stopped; None while it goes on.

    Raises:
        UsageError: the kit's model is behind no server that could have a batch API.
    """

    def __init__(
        self,
        kit: ReplyKit | AsyncReplyKit,
        ledger: Ledger,
        *,
        budgets: tuple[Budget, ...],
        only_flagged: bool,
        progress: Progress,
        wait: bool = True,
    ) -> None:
        from replykit.chat import AsyncOpenAIChat, OpenAIChat

        chat: Any = kit._chat
        if not isinstance(chat, (OpenAIChat, AsyncOpenAIChat)):
            raise UsageError("the batch API needs a model behind a server; give the kit a model")
        self._kit, self._ledger, self._only_flagged, self._progress = kit, ledger, only_flagged, progress
        self._budgets, self._wait = budgets, wait
        self._chat = chat.twin("httpx2")
        self._remote: BatchClient = self._chat.batches()
        self._chunks = Chunks(ledger)
        self._fresh: deque[tuple[bytes, Task]] = deque()
        self._tasks: dict[bytes, Task] = {}
        self._unpaid: list[tuple[bytes, Task]] = []
        self._finished: deque[tuple[bytes, PolishedRow | None]] = deque()
        self._failures: dict[tuple[bytes, int], ChatError] = {}
        self._posts: Counter[tuple[bytes, int]] = Counter()
        self._reserved: dict[tuple[bytes, int], list[tuple[Budget, Reservation]]] = {}
        self._has_answers = False
        self._broke: BudgetError | None = None
        self._open: list[Chunk] | None = None
        self._stopped = threading.Event()
        self.window = _WINDOW
        self.refill = _WINDOW // 2
        self.halt: Halt | None = None

    def submit(self, key: bytes, task: Task) -> None:
        """Have a row polished."""
        self._fresh.append((key, task))
        self._tasks[key] = task

    def take(self) -> tuple[bytes, PolishedRow | None]:
        """Return the next row that is done, as soon as one is; None in its place where it was given up.

        Raises:
            ChatError: the server cannot be reached, or refuses the batch as a whole.
        """
        while not self._finished:
            if self._stopped.is_set():
                self.halt = self.halt or Halt()
            if self.halt:
                self._finished.extend((key, None) for key in self._tasks)
                self._tasks.clear()
                self._fresh.clear()
            else:
                self._advance()
        return self._finished.popleft()

    def stop(self) -> None:
        """Post nothing more, and leave what is with the server there."""
        self._stopped.set()

    def close(self, *, at_once: bool) -> None:
        """Close the connections; what is with the server stays there."""
        self._remote.close()

    # --- one round: what is known is made of it, what is asked is posted, what came back is read

    def _advance(self) -> None:
        if self._open is None:
            self._open = self._chunks.open()
            for chunk in list(self._open):
                self._rejoin(chunk)
        outbox = Outbox()
        with outbox:
            while self._fresh and not self._stopped.is_set():
                key, task = self._fresh.popleft()
                post = self._replay(key, task)
                if post and not outbox.put(*post):
                    self._post(outbox)
                    outbox.put(*post)
            if not self._stopped.is_set():
                self._post(outbox)
        if not self._finished and not self._stopped.is_set():
            self._collect()

    def _replay(self, key: bytes, task: Task) -> tuple[PostedCall, dict[str, Any]] | None:
        """Run a row's flow as far as answers are known; return the call that it stands at, if that is to be posted."""
        begun = begin_row(self._kit, task, only_flagged=self._only_flagged)
        if not isinstance(begun, Begun):
            self._done(key, *begun)
            return None
        numbers = itertools.count()
        failures: list[ChatError] = []

        def complete(request: ChatRequest) -> Completion:
            number = next(numbers)
            if failure := self._failures.get((key, number)):
                failures.append(failure)
                raise failure
            digest = request_digest(request)
            known = self._ledger.answer(key, number, digest)
            if known is None:
                raise _Unanswered(number, digest, request)
            return known

        made: Reply | ChatError
        try:
            made = drive(begun.flow, complete)
        except _Unanswered as call:
            return self._call(key, task, call)
        except ChatError as error:
            made = error
        trace = self._kit._trace("rewrite")  # of what came of it; a row is read several times until something does
        if isinstance(made, ChatError):
            trace.fail(made)
        else:
            made = trace.end(made)
        known = {"has_answers": self._has_answers, "is_proven": self._ledger.is_proven}
        has_failed = not all(is_own(failure, **known) for failure in failures)
        self._done(key, *begun.ended(made, has_failed=has_failed))
        return None

    def _done(self, key: bytes, row: PolishedRow, kind: Kind) -> None:
        self._ledger.finish([(key, row.model_dump_json(), kind)])
        del self._tasks[key]
        self._finished.append((key, row))

    def _call(self, key: bytes, task: Task, call: _Unanswered) -> tuple[PostedCall, dict[str, Any]] | None:
        posted = PostedCall(key, call.number, call.digest, 0)
        if self._chunks.is_posted(posted):
            return None
        try:
            request = self._reserve(key, call)
        except BudgetError as error:
            self._broke = error
            self._unpaid.append((key, task))
            return None
        return posted._replace(tokens=sum(worst_case(request))), self._chat.body(request)

    def _reserve(self, key: bytes, call: _Unanswered) -> ChatRequest:
        taken: list[tuple[Budget, Reservation]] = []
        request = call.request
        try:
            for budget in self._budgets:
                taken.append((budget, budget.take(request, is_whole=True)))
                request = taken[-1][1].request
        except BudgetError:
            for budget, reservation in taken:
                budget.settle(reservation, 0)
            raise
        self._reserved[key, call.number] = taken
        return request

    # --- out

    def _post(self, outbox: Outbox) -> None:
        """Post what is in the outbox as one chunk."""
        if not outbox.calls:
            return
        assert self._open is not None
        chunk = self._chunks.plan(outbox.calls, outbox.options)
        self._open.append(chunk)
        chunk = self._replaced(chunk, self._chunks.uploaded(chunk, self._remote.upload(outbox.path)))
        self._create(chunk)
        for call in outbox.calls:
            self._posts[call.key, call.number] += 1
        self._progress.calls += len(outbox.calls)
        self._progress.in_flight += len(outbox.calls)
        outbox.clear()

    def _rejoin(self, chunk: Chunk) -> None:
        """Take up a chunk of an earlier run where that left it."""
        if chunk.file is None:
            self._drop(chunk)  # nothing was created for it
            return
        if chunk.batch is None:
            found = self._remote.find(self._chunks.metadata(chunk))
            if found:
                chunk = self._replaced(chunk, self._chunks.created(chunk, found.id))
            else:
                try:
                    self._create(chunk)
                except ChatRequestError:
                    self._drop(chunk)  # the server has not kept the file; its calls are posted anew
                    return
        self._progress.in_flight += sum(waits for *_, waits in self._chunks.calls(chunk))

    def _create(self, chunk: Chunk) -> None:
        """Create a chunk's batch; where nobody knows whether that was done, look for it before it is done again."""
        assert chunk.file is not None
        metadata = self._chunks.metadata(chunk)
        batch: RemoteBatch | None = None
        for wait in _WAITS:
            try:
                batch = self._remote.create(chunk.file, metadata)
            except ChatAuthError:
                raise
            except ChatError as error:
                # Some servers do not find a file at once that they have just taken.
                if wait is None or (isinstance(error, ChatRequestError) and "file" not in str(error).lower()):
                    raise
                if self._stopped.wait(wait):
                    raise
                batch = None if isinstance(error, ChatRequestError) else self._remote.find(metadata)
            if batch:
                break
        assert batch is not None
        self._replaced(chunk, self._chunks.created(chunk, batch.id))

    def _replaced(self, before: Chunk, after: Chunk) -> Chunk:
        assert self._open is not None
        self._open[[one.id for one in self._open].index(before.id)] = after
        return after

    def _drop(self, chunk: Chunk) -> None:
        """Let go of a chunk; its calls without an answer may be posted anew."""
        for _, call, waits in self._chunks.calls(chunk):
            if waits:
                self._settle_budgets(call, 0)
        self._chunks.close(chunk)
        if self._open is not None:
            self._open = [one for one in self._open if one.id != chunk.id]

    # --- back

    def _collect(self) -> None:
        """Read the batches that have ended; where none has, wait."""
        assert self._open is not None
        pause = FIRST_LOOK
        while self._open:
            ended = [(chunk, batch) for chunk in self._open if (batch := self._seen(chunk)).has_ended]
            for chunk, batch in ended:
                self._read(chunk, batch)
            if ended:
                self._fresh.extend(self._unpaid)
                self._unpaid.clear()
                return
            if not self._wait:
                self.halt = Halt()
                return
            if self._stopped.wait(pause):
                return
            pause = min(_LATER_LOOKS, 1.5 * pause)
        if self._unpaid:
            self.halt = Halt(self._broke)
        elif self._tasks and not self._fresh:
            self._fresh.extend(self._tasks.items())

    def _seen(self, chunk: Chunk) -> RemoteBatch:
        assert chunk.batch is not None
        return self._remote.look(chunk.batch)

    def _read(self, chunk: Chunk, batch: RemoteBatch) -> None:
        """Write down every answer of a batch that has ended, and have its rows go on."""
        calls = {call.custom_id: (attempt, call) for attempt, call, waits in self._chunks.calls(chunk) if waits}
        self._progress.in_flight = max(0, self._progress.in_flight - len(calls))
        left = set(calls)
        refused: ChatAuthError | None = None
        for line in self._lines(batch):
            custom_id = line.get("custom_id")
            if not isinstance(custom_id, str) or custom_id not in left:
                continue
            attempt, call = calls[custom_id]
            answer = _answer_of(line)
            if isinstance(answer, ChatAuthError):
                refused = answer
            elif answer is not None and self._heard(attempt, call, chunk, answer):
                left.discard(custom_id)
        if batch.status == "failed" and len(left) == len(calls):
            self._drop(chunk)
            raise ChatRequestError(f"the server refused the batch {batch.id}: {batch.why or 'it does not say why'}")
        for custom_id in left:
            call = calls[custom_id][1]
            if self._posts[call.key, call.number] >= _MOST_POSTS:
                said = f"no answer in {_MOST_POSTS} batches; the last one ended as {batch.status}"
                self._failures[call.key, call.number] = ChatServerError(said)
        self._drop(chunk)
        if refused:
            raise refused
        self._fresh.extend((call.key, self._tasks[call.key]) for _, call in calls.values() if call.key in self._tasks)

    def _lines(self, batch: RemoteBatch) -> Iterator[dict[str, Any]]:
        for file in batch.files:
            yield from self._remote.lines(file)

    def _heard(self, attempt: int, call: PostedCall, chunk: Chunk, answer: Completion | ChatError) -> bool:
        """Write down what came of a call; return whether that settles it."""
        if isinstance(answer, ChatRequestError) and self._chat.gives_up(chunk.options, str(answer)):
            return False
        if isinstance(answer, ChatError):
            self._failures[call.key, call.number] = answer
            self._ledger.failed(attempt, 0)
            self._settle_budgets(call, 0)
            return True
        self._has_answers = True
        used = answer.usage.total_tokens or call.tokens
        self._ledger.done(attempt, answer, used)
        self._settle_budgets(call, used)
        self._progress.prompt_tokens += answer.usage.prompt_tokens
        self._progress.completion_tokens += answer.usage.completion_tokens
        return True

    def _settle_budgets(self, call: PostedCall, used: int) -> None:
        reserved = self._reserved.pop((call.key, call.number), None)
        if reserved is None:  # by an earlier run: the job's own budget counts what the ledger holds
            reserved = [(self._budgets[0], Reservation(_NOTHING, call.tokens))]
        for budget, reservation in reserved:
            budget.settle(reservation, used)


class _Unanswered(Exception):
    """A flow asks what nobody has answered yet."""

    def __init__(self, number: int, digest: bytes, request: ChatRequest) -> None:
        super().__init__(number)
        self.number, self.digest, self.request = number, digest, request


def _answer_of(line: Mapping[str, Any]) -> Completion | ChatError | None:
    """Return what a line of results says of its call; None where nobody answered it, so that it may be asked again."""
    response = line.get("response")
    if not isinstance(response, Mapping):
        return None  # the batch ended before this call's turn
    status, body = response.get("status_code"), response.get("body")
    if status == 200:
        try:
            return read_completion(json.dumps(body).encode())
        except ChatProtocolError as error:
            return error
    if status == 400 and (filtered := filtered_completion(body)):
        return filtered
    if not isinstance(status, int):
        return ChatProtocolError(f"a result has no status: {error_message(body)}")
    failure = failure_of_status(status, body, {})
    if isinstance(failure, TransientError):
        return None
    return failure
