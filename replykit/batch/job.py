"""A job: every row of a table polished, through a ledger that loses nothing."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Iterator, Mapping
from os import PathLike
from types import TracebackType
from typing import Any, Literal, Self, get_args

from replykit.async_kit import AsyncReplyKit
from replykit.batch.chunks import Chunks
from replykit.batch.ledger import Ledger
from replykit.batch.offline import Offline
from replykit.batch.online import Online
from replykit.batch.polishing import reading, rewriting
from replykit.batch.posted import Posted
from replykit.batch.progress import Estimate, Progress
from replykit.batch.rows import PolishedRow
from replykit.batch.seals import Seals
from replykit.batch.task import Columns, Task, job_digest
from replykit.budget import Budget, tokens_of
from replykit.errors import UsageError
from replykit.kit import ReplyKit
from replykit.records import Usage

__all__ = ["Job", "Via", "polish"]

Via = Literal["calls", "batch-api"]
_SAMPLE = 200  # rows whose prompts are made for an estimate
_SPARE = 64 * 1024  # bytes kept free for what each call under way may bring


class Job:
    """Polishes canned replies, each as `kit.rewrite` would, and writes down what it does as it does it.

    With a ledger on disk, whatever ends the run (a crash, `kill -9`, a full disk, an interrupt): the same job run again
    goes on where it was. Nothing that was answered is lost or asked again; at most the calls under way then are made
    again, and `progress.repeated` counts them. Rows with equal inputs share one answer. Another model, server,
    playbook, prompt or version, or a changed row, is another input.

    Args:
        kit: what polishes; without a model no call is made. Its model is asked over connections of the job's own.
        ledger: the ledger's file, made where it is missing; None: a temporary one, which is gone with the job.
        text: the key (column) of the canned reply in a row.
        customer: that of the customer's message.
        facts: that of what the reply may state, one fact a line.
        stage: that of where a complaint stands.
        language: that of the language asked for; without it a canned reply keeps its own.
        number: that of the row's number; None: counted from 1.
        concurrency: calls at once, at most; fewer while the server is busy.
        rpm: requests a minute; None: what the server says of its limit, if anything.
        tpm: tokens a minute, likewise.
        share: the part of what the server says of its limits that is this job's, above 0 and up to 1; less than 1 where
            several jobs run at once under one key.
        max_tokens_total: tokens that all runs of this ledger may spend together; the worst case of each call is
            reserved before it is made.
        only_flagged: leave rows alone in which a check finds nothing.
        limit: rows that are polished at most; blank ones do not count.
        patience: seconds without any answer, while the server fails or asks to wait, until the run ends.
        processes: how many processes polish without a model; None: one for every core, once there are rows enough.
        via: `calls` asks the model at once; `batch-api` posts files of requests, which OpenAI and others answer within
            a day for half the price. `concurrency`, `rpm`, `tpm` and `patience` are of no account there.
        wait: False ends a run through the batch API once all that can be asked is with the server; the same job run
            again picks it up.

    Attributes:
        progress: live counts of the run.
        notes: what its user should know, such as that a damaged ledger was rescued.
        seals: of what is written from its results.
        is_stopped: True once a run was ended before its last row.
        is_complete: True once a run has come to its last row.

    Raises:
        UsageError: an argument cannot be used; a `LedgerError` where the ledger is in use or is none.
        PromptError: the kit's prompt templates are missing.
    """

    def __init__(
        self,
        kit: ReplyKit | AsyncReplyKit,
        *,
        ledger: str | PathLike[str] | None = None,
        text: str = "text",
        customer: str | None = None,
        facts: str | None = None,
        stage: str | None = None,
        language: str | None = None,
        number: str | None = None,
        concurrency: int = 16,
        rpm: float | None = None,
        tpm: float | None = None,
        share: float = 1.0,
        max_tokens_total: int | None = None,
        only_flagged: bool = False,
        limit: int | None = None,
        patience: float = 300.0,
        processes: int | None = None,
        via: Via = "calls",
        wait: bool = True,
    ) -> None:
        if via not in get_args(Via):
            raise UsageError(f"via must be one of {', '.join(get_args(Via))}, not {via!r}")
        if not isinstance(kit, (ReplyKit, AsyncReplyKit)):
            raise UsageError(f"kit must be a ReplyKit or an AsyncReplyKit, not {type(kit).__name__}")
        _refuse_bounds(int, limit=limit, processes=processes, max_tokens_total=max_tokens_total)
        _refuse_bounds(int, is_optional=False, concurrency=concurrency)
        _refuse_bounds((int, float), rpm=rpm, tpm=tpm)
        _refuse_bounds((int, float), is_optional=False, patience=patience, share=share)
        if share > 1:
            raise UsageError(f"share must be a part of 1, not {share!r}")
        if not isinstance(ledger, (str, PathLike, type(None))):
            raise UsageError(f"ledger must be a path, not {ledger!r}")
        columns = {"customer": customer, "facts": facts, "stage": stage, "language": language, "number": number}
        for name, column in {"text": text, **columns}.items():
            if not isinstance(column, str) and (column is not None or name == "text"):
                raise UsageError(f"{name} must be the name of a column, not {column!r}")
        if via == "batch-api" and kit.offline:
            raise UsageError("the batch API needs a model; without one every row is polished at once")
        self._via, self._wait = via, wait
        self._kit = kit
        self._columns = Columns(text, customer, facts, stage, language, number)
        self._concurrency, self._rpm, self._tpm, self._share = concurrency, rpm, tpm, share
        self._only_flagged, self._limit, self._patience, self._processes = only_flagged, limit, patience, processes
        self._digest = job_digest(kit)
        self._ledger = Ledger(ledger, spare=_SPARE * (16 + concurrency), is_private=kit._privacy is not None)
        self._max_tokens_total = max_tokens_total
        self._backend: Online | Offline | Posted | None = None
        self._is_asked_to_stop = False
        self.notes = self._ledger.notes
        self.seals = Seals(self._ledger)
        self.progress = Progress()
        self.is_stopped = self.is_complete = False

    def run(self, rows: Iterable[Mapping[str, Any]]) -> Iterator[PolishedRow]:
        """Polish rows, and yield each as it is done; in order of `number` only where there is no model.

        Rows are read as they are needed, in the caller's thread; a blank one yields nothing. What the ledger holds
        comes without a call. An interrupt (Ctrl-C) lets the calls under way end, and is raised then; a second one ends
        at once. Closing the iterator before its end lets them end too, where there is a ledger to keep them.

        Args:
            rows: mappings of column to value, such as `csv.DictReader` or a data frame's records.

        Returns:
            An iterator over what became of the rows.

        Raises:
            UsageError: a row lacks a column that was named; a run of this job is under way.
            ChatAuthError: the key was refused, or the quota is used up.
            ChatError: the server failed for longer than `patience`, or at each of the first rows.
            BudgetError: the next call could pass `max_tokens_total`, or the kit's own budget.
            LedgerError: the ledger cannot be written, as on a full disk.
        """
        if self._backend:
            raise UsageError("this job is running; wait for its end, or make another one")
        return self._run(rows)

    def _run(self, rows: Iterable[Mapping[str, Any]]) -> Iterator[PolishedRow]:
        self.progress = progress = Progress()
        self.is_stopped = self.is_complete = self._is_asked_to_stop = False
        self._ledger.begin(keep_skipped=self._only_flagged, job=self._digest)
        tasks = itertools.islice(self._columns.read(rows, self._skip), self._limit)
        self._backend = backend = self._new_backend()
        waiting: dict[bytes, list[tuple[Task, int | None]]] = {}
        position = itertools.count()
        held, is_more, is_interrupted, is_at_once = 0, True, False, True
        try:
            while True:
                if is_more and not self._is_ending() and backend.window - held >= backend.refill:
                    batch = list(itertools.islice(tasks, backend.window - held))
                    is_more = len(batch) == backend.window - held
                    progress.rows += len(batch)
                    keys = [task.key(self._digest) for task in batch]
                    entered = self._ledger.enter(
                        [(next(position), task.number, key) for task, key in zip(batch, keys, strict=True)]
                    )
                    for task, key, (same_as, polished) in zip(batch, keys, entered, strict=True):
                        if polished is not None:
                            progress.known += same_as is None
                            yield self._counted(PolishedRow.model_validate_json(polished), task.number, same_as)
                            continue
                        held += 1
                        if key not in waiting:
                            backend.submit(key, task)
                        waiting.setdefault(key, []).append((task, same_as))
                if not held:
                    if is_more and not self._is_ending():
                        continue
                    break
                try:
                    key, row = backend.take()
                except KeyboardInterrupt:
                    if is_interrupted:
                        raise
                    is_interrupted = True
                    self.stop()
                    continue
                sharing = waiting.pop(key)
                held -= len(sharing)
                if row is None:
                    self.is_stopped = True
                    continue
                for task, same_as in sharing:
                    yield self._counted(row, task.number, same_as)
            is_at_once = False
            self.is_stopped = self.is_stopped or is_more
            self.is_complete = not self.is_stopped
            if self.is_complete:
                self._ledger.complete()
        except (GeneratorExit, Exception):
            is_at_once = self._ledger.path is None
            raise
        finally:
            self._backend = None
            backend.close(at_once=is_at_once)
        if is_interrupted:
            raise KeyboardInterrupt
        if backend.halt and backend.halt.error:
            raise backend.halt.error

    def _is_ending(self) -> bool:
        return self._is_asked_to_stop or (self._backend is not None and self._backend.halt is not None)

    def _skip(self) -> None:
        self.progress.blank += 1

    def _counted(self, row: PolishedRow, number: int, same_as: int | None) -> PolishedRow:
        row = _as_row(row, number, same_as)
        self.progress.count(row.status)
        self.progress.shared += same_as is not None
        return row

    def _new_backend(self) -> Online | Offline | Posted:
        if self._kit.offline:
            return Offline(self._kit, self._ledger, only_flagged=self._only_flagged, processes=self._processes)
        budgets = (Budget(self._max_tokens_total, self._ledger.tokens()), self._kit.budget)
        if self._via == "batch-api":
            return Posted(
                self._kit,
                self._ledger,
                budgets=budgets,
                only_flagged=self._only_flagged,
                progress=self.progress,
                wait=self._wait,
            )
        if Chunks(self._ledger).open():
            raise UsageError(
                "calls of this job are with the server's batch API; run it with --via batch-api (in Python"
                " via='batch-api') to pick them up"
            )
        return Online(
            self._kit,
            self._ledger,
            concurrency=self._concurrency,
            rpm=self._rpm,
            tpm=self._tpm,
            share=self._share,
            budgets=budgets,
            patience=self._patience,
            only_flagged=self._only_flagged,
            progress=self.progress,
        )

    def stop(self) -> None:
        """Finish the calls that are under way and begin nothing new; `run` then yields what is done, and ends.

        May be called from any thread and from a signal handler.
        """
        self._is_asked_to_stop = True
        if self._backend:
            self._backend.stop()

    @property
    def kept(self) -> int:
        """How many rows of the latest run the next one takes from the ledger as they are."""
        return self._ledger.kept()

    def results(self) -> Iterator[PolishedRow]:
        """Yield the rows of the latest run that are done, in the order in which they were read."""
        for number, same_as, polished in self._ledger.results():
            yield _as_row(PolishedRow.model_validate_json(polished), number, same_as)

    def estimate(self, rows: Iterable[Mapping[str, Any]]) -> Estimate:
        """Read rows and say what polishing them would take; no call is made and nothing is written.

        Args:
            rows: as for `run`.

        Raises:
            UsageError: a row lacks a column that was named.
        """
        counts = dict.fromkeys(("rows", "blank", "duplicates", "clean", "known", "calls"), 0)
        sample: list[Task] = []
        draw = random.Random(0)  # the same rows give the same estimate

        def skip() -> None:
            counts["blank"] += 1

        self._ledger.forget_met()
        for task in itertools.islice(self._columns.read(rows, skip), self._limit):
            counts["rows"] += 1
            key = task.key(self._digest)
            if not self._ledger.is_new(key):
                counts["duplicates"] += 1
                continue
            is_clean = self._is_clean(task)
            kind = self._ledger.kind(key)
            is_known = kind == "final" or (kind == "skipped" and self._only_flagged)
            counts["clean"] += is_clean
            counts["known"] += is_known
            if is_known or self._kit.offline or (is_clean and self._only_flagged):
                continue
            counts["calls"] += 1
            if len(sample) < _SAMPLE:
                sample.append(task)
            elif (place := draw.randrange(counts["calls"])) < _SAMPLE:
                sample[place] = task
        taken = [tokens for task in sample if (tokens := self._tokens(task))]
        scale = counts["calls"] / len(taken) if taken else 0.0
        return Estimate(
            **counts,
            prompt_tokens=round(scale * sum(prompt for prompt, _ in taken)),
            completion_tokens=round(scale * sum(answer for _, answer in taken)),
            sampled=len(taken),
        )

    def _is_clean(self, task: Task) -> bool:
        try:
            return not reading(self._kit, task).violations
        except UsageError:
            return False

    def _tokens(self, task: Task) -> tuple[float, float] | None:
        """Return the tokens of a row's first call, sent and received, estimated; None where the row cannot be used."""
        try:
            flow = rewriting(self._kit, task)
        except UsageError:
            return None
        request = next(flow)
        flow.close()
        return sum(tokens_of(message.content) for message in request.messages), tokens_of(task.text)

    def close(self) -> None:
        """Close the ledger, so that another job may use it."""
        self._ledger.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _as_row(row: PolishedRow, number: int, same_as: int | None) -> PolishedRow:
    """Return what became of an input as that of one row with it."""
    if same_as is None and row.row == number:
        return row
    own: dict[str, Any] = {"row": number, "same_as": same_as}
    if same_as is not None:
        own["usage"] = Usage()
    return row.model_copy(update=own)


def _refuse_bounds(
    kind: type[int] | tuple[type[int], type[float]], *, is_optional: bool = True, **bounds: object
) -> None:
    """Refuse options that are no numbers of a kind above 0."""
    for name, value in bounds.items():
        if value is None and is_optional:
            continue
        if not isinstance(value, kind) or isinstance(value, bool) or not value > 0:
            raise UsageError(f"{name} must be a {'whole ' if kind is int else ''}number above 0, not {value!r}")


def polish(
    rows: Iterable[Mapping[str, Any]],
    kit: ReplyKit | AsyncReplyKit,
    *,
    text: str = "text",
    customer: str | None = None,
    facts: str | None = None,
    stage: str | None = None,
    language: str | None = None,
    number: str | None = None,
    ledger: str | PathLike[str] | None = None,
    concurrency: int = 16,
    rpm: float | None = None,
    tpm: float | None = None,
    max_tokens_total: int | None = None,
    only_flagged: bool = False,
    limit: int | None = None,
) -> Iterator[PolishedRow]:
    """Polish canned replies, each as `kit.rewrite` would, many at once, and yield each as it is done.

    A row that cannot be made clean keeps its text, and says why. With a ledger, the same call made again after whatever
    ended it goes on where it was: nothing that was answered is lost or asked again. `replykit.batch.Job` does the same
    with counts, an estimate, and the results in order.

    Args:
        rows: mappings of column to value, such as `csv.DictReader` or a data frame's records; read as they are needed.
        kit: what polishes.
        text: the column of the canned reply; all others and the options as for `replykit.batch.Job`.
        customer: the customer's message.
        facts: what the reply may state, one fact a line.
        stage: where a complaint stands.
        language: the language asked for.
        number: the row's number.
        ledger: the ledger's file.
        concurrency: calls at once, at most.
        rpm: requests a minute.
        tpm: tokens a minute.
        max_tokens_total: tokens that may be spent in all.
        only_flagged: leave rows alone in which a check finds nothing.
        limit: rows at most.

    Returns:
        An iterator. Blank rows yield nothing.

    Raises:
        UsageError, ChatError, BudgetError: as for `Job` and `Job.run`.
    """
    job = Job(
        kit,
        ledger=ledger,
        text=text,
        customer=customer,
        facts=facts,
        stage=stage,
        language=language,
        number=number,
        concurrency=concurrency,
        rpm=rpm,
        tpm=tpm,
        max_tokens_total=max_tokens_total,
        only_flagged=only_flagged,
        limit=limit,
    )
    return _polish(job, rows)


def _polish(job: Job, rows: Iterable[Mapping[str, Any]]) -> Iterator[PolishedRow]:
    with job:
        yield from job.run(rows)
