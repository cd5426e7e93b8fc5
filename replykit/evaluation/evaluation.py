"""Cases played with a model: many at once, paced, written down as they go, and taken up where they were."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from os import PathLike
from types import TracebackType
from typing import Self

from replykit.async_kit import AsyncReplyKit
from replykit.batch.asking import Asker, Call, Halt
from replykit.batch.online import caller
from replykit.batch.pace import Pace
from replykit.batch.progress import Progress
from replykit.budget import Budget
from replykit.drivers import adrive
from replykit.errors import ChatError, UsageError
from replykit.evaluation.eval_case import EvalCase
from replykit.evaluation.journal import Journal
from replykit.evaluation.playing import flow_of
from replykit.evaluation.run import MadeWith, Run
from replykit.evaluation.trial import Trial
from replykit.kit import ReplyKit
from replykit.records import ChatRequest, Completion

__all__ = ["Evaluation", "evaluate"]

_SPARE = 64 * 1024  # bytes kept free for what each call under way may bring
# What the calls of the trial that is under way here took, in seconds.
_took: ContextVar[list[float]] = ContextVar("replykit_took")


class Evaluation:
    """Plays cases with a kit, each as `rewrite` or `draft` would.

    With a journal, whatever ends the run: the same one made again goes on where it was, and asks nothing twice but what
    was under way. A reply that the model gave no answer to is asked for again by the next run.

    Args:
        kit: what plays them; without a model no call is made. Its model is asked over connections of their own.
        cases: the cases.
        runs: how often each is played.
        journal: the file that keeps what was answered, made where it is missing; None: nothing is kept.
        concurrency: calls at once, at most; fewer while the server is busy.
        rpm: requests a minute; None: what the server says of its limit, if anything.
        tpm: tokens a minute, likewise.
        max_tokens_total: tokens that all runs of this journal may spend together.
        patience: seconds without any answer, while the server fails or asks to wait, until the run ends.
        names: the names of the files of the cases, for people.

    Attributes:
        made_with: what the run is made with.
        total: how many replies there will be.
        progress: live counts.
        notes: what its user should know, such as that a damaged journal was rescued.
        is_complete: True once every case was played.

    Raises:
        UsageError: an argument or a case cannot be used; a `LedgerError` where the journal is in use, is none, or was
            made with something else.
        PromptError: the kit's prompt templates are missing.
    """

    def __init__(
        self,
        kit: ReplyKit | AsyncReplyKit,
        cases: Sequence[EvalCase],
        *,
        runs: int = 1,
        journal: str | PathLike[str] | None = None,
        concurrency: int = 16,
        rpm: float | None = None,
        tpm: float | None = None,
        max_tokens_total: int | None = None,
        patience: float = 300.0,
        names: Sequence[str] = (),
    ) -> None:
        if not isinstance(kit, (ReplyKit, AsyncReplyKit)):
            raise UsageError(f"kit must be a ReplyKit or an AsyncReplyKit, not {type(kit).__name__}")
        bounds = {"runs": runs, "concurrency": concurrency, "patience": patience, "rpm": rpm, "tpm": tpm}
        for name, bound in (bounds | {"max_tokens_total": max_tokens_total}).items():
            if bound is not None and not bound > 0:
                raise UsageError(f"{name} must be above 0, not {bound!r}")
        if not cases:
            raise UsageError("there is no case; give at least one")
        self._cases = tuple(cases)
        for case in self._cases:
            flow_of(kit, case).close()  # says what is wrong with a case before any call is paid for
        self._kit, self._runs = kit, runs
        self._concurrency, self._rpm, self._tpm, self._patience = concurrency, rpm, tpm, patience
        self._max_tokens_total = max_tokens_total
        self.made_with = MadeWith.of(kit, self._cases, names=names)
        self._journal = Journal(
            journal,
            self.made_with,
            spare=_SPARE * (16 + concurrency),
            is_private=kit._privacy is not None,
        )
        self.notes = self._journal.ledger.notes
        self.total = len(self._cases) * runs
        self.progress = Progress()
        self.is_complete = False
        self._asker: Asker | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_asked_to_stop = False

    def run(self, done: Callable[[Trial], object] | None = None) -> Run:
        """Play what is not played yet, and return what came of all.

        Args:
            done: called with each trial that is done.

        Returns:
            The run; without what was not played where it was stopped.

        Raises:
            ChatAuthError: the key was refused, or the quota is used up.
            ChatError: the server failed for longer than `patience`, or at each of the first cases.
            BudgetError: the next call could pass `max_tokens_total`, or the kit's own budget.
            LedgerError: the journal cannot be written, as on a full disk.
            UsageError: an event loop runs in this thread; await `play` there.
        """
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return asyncio.run(self.play(done))
        raise UsageError("an event loop is running here; await play() in place of run()")

    async def play(self, done: Callable[[Trial], object] | None = None) -> Run:
        """Play the cases as `run` does, awaited."""
        self.progress = progress = Progress()
        self.is_complete = False
        wanted = [(case, number) for case in self._cases for number in range(1, self._runs + 1)]
        known = self._journal.begin([(case.id, number) for case, number in wanted])
        trials: list[Trial | None] = [trial for _, trial in known]
        for trial in filter(None, trials):
            self._count(trial)
        progress.rows, progress.known = len(wanted), progress.done
        waiting = iter([place for place, trial in enumerate(trials) if trial is None])
        call, leave = caller(self._kit, self._concurrency)
        self._loop = asyncio.get_running_loop()
        ledger = self._journal.ledger
        self._asker = asker = Asker(
            _timed(call),
            ledger=ledger,
            pace=Pace(self._concurrency, self._rpm, self._tpm),
            budgets=(Budget(self._max_tokens_total, ledger.tokens()), self._kit.budget),
            patience=self._patience,
            progress=progress,
        )
        if self._is_asked_to_stop:
            asker.stop()

        async def work(places: Iterator[int]) -> None:
            for place in places:
                if asker.halt:
                    return
                case, number = wanted[place]
                try:
                    trials[place] = trial = await self._trial(asker, case, number, known[place][0])
                except Halt:
                    return
                except Exception as error:  # a chat of the caller's may raise anything
                    asker.stop(error)
                    return
                self._count(trial)
                if done:
                    done(trial)

        try:
            # Twice as many as calls: while some replies are judged, the calls of others leave.
            await asyncio.gather(*(work(waiting) for _ in range(2 * self._concurrency)))
        finally:
            self._asker = None
            await leave()
        if asker.halt and asker.halt.error:
            raise asker.halt.error
        made = tuple(filter(None, trials))
        self.is_complete = len(made) == self.total
        return Run(made_with=self.made_with, cases=self._cases, trials=made)

    def stop(self) -> None:
        """Finish the calls that are under way and begin nothing new; `run` then ends.

        May be called from any thread and from a signal handler.
        """
        self._is_asked_to_stop = True
        asker, loop = self._asker, self._loop
        if asker and loop:
            loop.call_soon_threadsafe(asker.stop)

    async def _trial(self, asker: Asker, case: EvalCase, number: int, key: bytes) -> Trial:
        answers: list[Completion] = []
        seconds: list[float | None] = []
        has_failed = False

        async def complete(request: ChatRequest) -> Completion:
            nonlocal has_failed
            _took.set([])
            try:
                with trace.call(self._kit._chat, request) as told, told.inside():
                    told.answer = answer = await asker.complete(key, len(answers), request)
            except ChatError:
                has_failed = True
                raise
            answers.append(answer)
            seconds.append(next(iter(_took.get()), None))
            return answer

        def trial(**fields: object) -> Trial:
            found = {"case": case.id, "run": number, "answers": answers, "seconds": seconds, **fields}
            return Trial.model_validate(found)

        try:
            with self._kit._trace("rewrite" if case.is_rewrite else "draft") as trace:
                reply = trace.end(await adrive(flow_of(self._kit, case), complete))
        except ChatError as error:
            return trial(error=str(error))
        made = trial(reply=reply)
        if not has_failed:  # else the next run may do better
            self._journal.keep(key, made)
        return made

    def _count(self, trial: Trial) -> None:
        self.progress.count(trial.reply.status if trial.reply else "needs_review")

    def close(self) -> None:
        """Close the journal."""
        self._journal.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def evaluate(
    kit: ReplyKit | AsyncReplyKit,
    cases: Sequence[EvalCase],
    *,
    runs: int = 1,
    journal: str | PathLike[str] | None = None,
    concurrency: int = 16,
) -> Run:
    """Play cases with a kit, and return what came of each; more is told to an `Evaluation`, which this makes and runs.

    Args:
        kit: what plays them.
        cases: the cases.
        runs: how often each is played.
        journal: the file that keeps what was answered; None: nothing is kept.
        concurrency: calls at once, at most.

    Raises:
        UsageError: as for `Evaluation`.
        ChatError: as for its `run`.
    """
    with Evaluation(kit, cases, runs=runs, journal=journal, concurrency=concurrency) as evaluation:
        return evaluation.run()


def _timed(call: Call) -> Call:
    """Return a call that notes how long its answer took."""

    async def timed(request: ChatRequest, heed: Callable[[Mapping[str, str]], object]) -> Completion:
        begun = time.monotonic()
        answer = await call(request, heed)
        _took.get().append(time.monotonic() - begun)
        return answer

    return timed
