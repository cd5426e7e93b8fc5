"""The calls of a job: each written down before it leaves and after, paced, paid for once, and ended when need be."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping

from replykit.batch.ledger import Ledger
from replykit.batch.pace import Pace
from replykit.batch.progress import Progress
from replykit.batch.scribe import Scribe
from replykit.budget import Budget, Reservation, cost_of, worst_case
from replykit.chat.failures import TransientError
from replykit.errors import (
    BudgetError,
    ChatAuthError,
    ChatConnectionError,
    ChatError,
    ChatRequestError,
    ChatServerError,
    ChatTimeoutError,
)
from replykit.records import ChatRequest, Completion

__all__ = ["Asker", "Halt", "is_own", "request_digest"]

Call = Callable[[ChatRequest, Callable[[Mapping[str, str]], object]], Awaitable[Completion]]

# What says that the server has too much to do, or is not there at all: nothing was sent, or 429, 503, 529.
_BUSY = (None, 429, 503, 529)
# What leaves open whether there was an answer.
_LOST = (ChatConnectionError, ChatTimeoutError, ChatServerError)
_MOST_FAILURES = 5  # times that a server may fail at one row while it is well with others
_LONGEST_WAIT = 30.0  # seconds before a row is tried again that the server failed at
_FIRST_PATIENCE = 15.0  # seconds that a server may not be reached before its first answer, until the job ends
_ONCE_MORE = 1  # times that a call is made again that may have been answered
_REFUSALS = 8  # rows that fail in one and the same way before any call went well, until the job is taken for wrong
_ODD_REFUSALS = 64  # the same, where the words of a 400 say neither that it is the row nor that it is the job
# Statuses of a request that cannot be used; any other, such as 404, is about the address or the model.
_UNUSABLE = (400, 413, 422)
# A refusal that speaks of what was sent: its length, or what it is about.
_CONTENT = re.compile(
    r"context.{0,10}(?:length|window)|too (?:long|many tokens)|token limit|inappropriate|moderation"
    r"|content.{0,10}(?:policy|filter|management|safety)|上下文|过长|超长|超出.{0,6}长度|敏感|违规|不当内容|内容安全",
    re.IGNORECASE,
)
# A refusal that speaks of how it was asked.
_REQUEST = re.compile(
    r"param|model|support|unknown|unrecogni[sz]ed|unexpected|field|argument|extra|schema|format|参数|模型|不支持|字段",
    re.IGNORECASE,
)
_VARYING = re.compile(r"[\w.:-]*\d[\w.:-]*", re.ASCII)  # counts and the server's own numbers of requests
_ANSWER = 400  # tokens that an answer is taken to have, until answers tell


def request_digest(request: ChatRequest) -> bytes:
    """Return what stands for a request in the ledger."""
    return hashlib.blake2b(request.model_dump_json().encode(), digest_size=16).digest()


def is_own(error: ChatError, *, has_answers: bool, is_proven: bool) -> bool:
    """Return whether a refusal is of this row alone, and of it for good: another run would meet it again.

    Args:
        error: why a call brought no answer.
        has_answers: whether other calls of the same run were answered, so that the job is right as it is.
        is_proven: whether any call of the same job was ever answered.
    """
    return _is_unusable(error) and (has_answers or (is_proven and _is_about_content(error)))


def _is_unusable(error: ChatError) -> bool:
    return isinstance(error, ChatRequestError) and error.status in _UNUSABLE


def _is_about_content(error: ChatError) -> bool:
    return _is_unusable(error) and _CONTENT.search(str(error)) is not None


class Halt(Exception):
    """The job ends here; what is under way is finished.

    Attributes:
        error: why; None: its user wants it.
    """

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__(str(error or "stopped"))
        self.error = error


class Asker:
    """Makes the calls of a job, in one event loop.

    Args:
        call: makes one call, without retries.
        ledger: where every attempt is written down.
        pace: when calls may be made.
        budgets: what may be spent; each is asked.
        patience: seconds without an answer, while calls fail, until the job ends.
        progress: what is counted.
    """

    def __init__(
        self,
        call: Call,
        *,
        ledger: Ledger,
        pace: Pace,
        budgets: tuple[Budget, ...],
        patience: float,
        progress: Progress,
    ) -> None:
        self._call, self._ledger, self._pace, self._budgets = call, ledger, pace, budgets
        self._scribe = Scribe(ledger)
        self._patience = patience
        self._progress = progress
        self._halt: Halt | None = None
        self._stopped = asyncio.Event()
        self._failing: set[bytes] = set()
        self._has_answers = False
        self._refused: Counter[str] = Counter()
        self._per_character = 1.0  # tokens, as far as answers tell
        self._answer = float(_ANSWER)

    @property
    def has_answers(self) -> bool:
        """Return whether any call of this run went well."""
        return self._has_answers

    @property
    def halt(self) -> Halt | None:
        """Why the job ends; None while it goes on."""
        return self._halt

    def stop(self, error: Exception | None = None) -> Halt:
        """Make no further call; return what ends the row that is under way."""
        if self._halt is None:
            self._halt = Halt(error)
        self._stopped.set()
        self._pace.wake()
        return Halt(self._halt.error)

    async def complete(self, key: bytes, number: int, request: ChatRequest) -> Completion:
        """Return the answer to a row's call: the one in the ledger, else the server's.

        Args:
            key: the row's.
            number: 0 for its first call.
            request: what is asked.

        Raises:
            Halt: the job ends before there is an answer.
            ChatError: there is none for this row.
        """
        digest = request_digest(request)
        known = self._ledger.answer(key, number, digest) if self._ledger.has_past else None
        if known is not None:
            return known
        failed = doubtful = 0
        while True:
            try:
                answer = await self._attempt(key, number, digest, request)
            except TransientError as failure:
                failed += await self._hold(key, failure, failed)
                if failed > _MOST_FAILURES:
                    raise failure.error from None
                self._progress.retries += 1
            except ChatAuthError as error:
                raise self.stop(error) from None
            except _LOST as error:
                if not error.may_be_billed or doubtful == _ONCE_MORE:
                    raise self._refusal(error) from None
                doubtful += 1
                self._progress.doubtful += 1
                self._progress.retries += 1
            except ChatError as error:
                raise self._refusal(error) from None
            else:
                self._has_answers = True
                self._failing.clear()
                return answer

    async def _hold(self, key: bytes, failure: TransientError, failed: int) -> bool:
        """Let the server breathe; give up where it has failed for too long, or asks for too much patience.

        Returns:
            Whether it may be this row that the server fails at, as it is well with others or there are none.
        """
        waited = self._pace.went_wrong()
        self._failing.add(key)
        is_busy = failure.status in _BUSY
        own = failure.wait or min(_LONGEST_WAIT, 0.5 * 2**failed)
        wait = self._pace.pause(failure.wait) if is_busy else own
        # Where nobody has answered at all, the address is likely to be wrong, and waiting mends nothing.
        is_unheard = failure.status is None and not self._has_answers
        if waited + wait > (min(self._patience, _FIRST_PATIENCE) if is_unheard else self._patience):
            said = f"{failure.error}; no answer for {waited:,.0f} seconds, and {wait:,.0f} more to wait"
            raise self.stop(type(failure.error)(said))
        if not is_busy:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._stopped.wait()
        self._show()
        return not is_busy and self._failing <= {key}

    def _refusal(self, error: ChatError) -> Exception:
        """Return what a row's failure means: that of the job, where the first rows all failed in this one way.

        An answer proves that the job is right, and one of an earlier run as well where the request is what was refused;
        what is at the address, and whether anything is, may have changed since.
        """
        if self._has_answers or _is_about_content(error) or (self._ledger.is_proven and _is_unusable(error)):
            return error
        said = _VARYING.sub("", str(error))
        self._refused[said] += 1
        most = _ODD_REFUSALS if _is_unusable(error) and not _REQUEST.search(said) else _REFUSALS
        if self._refused[said] < most:
            return error
        stopped = type(error)(f"{error} (so ended the first {most} rows, and none went well)")
        if isinstance(stopped, ChatRequestError) and isinstance(error, ChatRequestError):
            stopped.status = error.status
        return self.stop(stopped)

    async def _attempt(self, key: bytes, number: int, digest: bytes, request: ChatRequest) -> Completion:
        """Make one call, in its turn."""
        bounded, reservations = await self._reserve(request)
        used = most = sum(worst_case(bounded))
        estimate = self._estimate(bounded)
        turn = 0
        attempt: int | None = None
        try:
            turn = await self._pace.begin(estimate, lambda: self._halt is not None)
            if self._halt:
                raise Halt(self._halt.error)
            begun, is_repeated = await self._scribe.write(self._ledger.sending(key, number, digest, most))
            attempt = begun
            self._progress.repeated += is_repeated
            self._progress.calls += 1
            self._show()
            answer = await self._call(bounded, self._pace.heed)
            used = cost_of(bounded, answer)
            await self._scribe.write(self._ledger.settling(begun, answer, used))
            self._learn(bounded, answer)
            self._pace.went_well()
            return answer
        except TransientError as failure:
            used = 0  # refused before a token was made
            await self._settle(attempt, used)
            if failure.status in _BUSY:
                self._pace.is_too_fast(turn)
            raise
        except ChatError as error:
            if not error.may_be_billed:
                used = 0
            elif error.usage:
                used = error.usage.total_tokens
            await self._settle(attempt, used)  # where the server does not say, the worst is assumed
            if isinstance(error, ChatTimeoutError):
                self._pace.is_too_fast(turn)
            raise
        except Exception:
            used = most if attempt else 0
            raise
        finally:
            if turn:
                self._pace.end(estimate, used)
            for budget, reservation in reservations:
                budget.settle(reservation, used)
            self._show()

    async def _settle(self, attempt: int | None, used: int) -> None:
        if attempt is not None:
            await self._scribe.write(self._ledger.settling(attempt, None, used))

    async def _reserve(self, request: ChatRequest) -> tuple[ChatRequest, list[tuple[Budget, Reservation]]]:
        """Reserve what a call may cost; where that is not there, wait for what others give back."""
        while True:
            if self._halt:
                raise Halt(self._halt.error)
            taken: list[tuple[Budget, Reservation]] = []
            bounded = request
            try:
                for budget in self._budgets:
                    reservation = budget.take(bounded, is_whole=True)
                    taken.append((budget, reservation))
                    bounded = reservation.request
                return bounded, taken
            except BudgetError as error:
                for budget, reservation in taken:
                    budget.settle(reservation, 0)
                if not self._pace.in_flight:
                    raise self.stop(error) from None
            await asyncio.sleep(0.05)

    def _estimate(self, request: ChatRequest) -> int:
        return int(worst_case(request)[0] * self._per_character + self._answer)

    def _learn(self, request: ChatRequest, answer: Completion) -> None:
        usage = answer.usage
        self._progress.prompt_tokens += usage.prompt_tokens
        self._progress.completion_tokens += usage.completion_tokens
        characters = worst_case(request)[0]
        if usage.prompt_tokens and characters:
            self._per_character += 0.1 * (usage.prompt_tokens / characters - self._per_character)
            self._answer += 0.1 * (usage.completion_tokens - self._answer)

    def _show(self) -> None:
        progress, pace = self._progress, self._pace
        progress.in_flight, progress.concurrency, progress.waiting_until = (
            pace.in_flight,
            pace.concurrency,
            pace.waiting_until,
        )
