"""A token budget: what may still be spent, reserved before a call and settled after it."""

from __future__ import annotations

import math
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from replykit.errors import BudgetError, ChatError, UsageError
from replykit.records import ChatRequest, Completion

__all__ = ["Budget", "Reservation", "cost_of", "tokens_of", "worst_case"]

_ANSWER = 4096  # tokens reserved for an answer whose request sets no bound
_RARE = re.compile(r"[^\x00-\x7f\u3000-\u30ff\u4e00-\u9fff\uff00-\uffef“”‘’…—·]+")
_LEAST_ANSWER = 64  # tokens; a bound below this would cut off any reply


@dataclass(slots=True)
class Reservation:
    """One call that the budget allows.

    Attributes:
        request: the call, its answer bounded by what the budget leaves.
        tokens: what is reserved for it; 0 where there is no budget.
        sent: of these, what it sends.
        answer: what was answered; the caller puts it here.
        heard: what of it has come while it is still being written; the caller adds to it.
    """

    request: ChatRequest
    tokens: int = 0
    sent: int = 0
    answer: Completion | None = None
    heard: str = ""


class Budget:
    """How many tokens may be spent in all, over any number of calls and threads.

    A call reserves the worst case before it is made, and gives back what it did not use when it ends. The worst case is
    what `worst_case` counts, times the most that the server has counted so far against it: a vocabulary that takes a
    Chinese character for two tokens is found out by the first answer, and no call after it passes the budget.

    Args:
        tokens: the budget; None has no end.
        spent: tokens used before.

    Attributes:
        tokens: the budget.
        spent: tokens used or reserved so far; 0 where there is no budget.

    Raises:
        UsageError: the budget is not above 0.
    """

    def __init__(self, tokens: int | None, spent: int = 0) -> None:
        if tokens is not None and tokens <= 0:
            raise UsageError(f"budget must be a number of tokens above 0, or None for no end; not {tokens!r}")
        self.tokens = tokens
        self.spent = spent
        self._lock = threading.Lock()
        self._per_unit = 1.0

    @contextmanager
    def reserve(self, request: ChatRequest) -> Iterator[Reservation]:
        """Reserve what a call may cost, and settle it when the block ends.

        Where the server counts no tokens, code points are counted in their place; a call that failed or was left, but
        may have been billed, is charged what the server says that it cost, else what it sent and what came of its
        answer.

        Args:
            request: the call.

        Raises:
            BudgetError: what is left is not enough for a reply; the block is not entered.
        """
        reservation = self.take(request)
        used = reservation.sent
        try:
            yield reservation
            if reservation.answer is not None:
                used = cost_of(reservation.request, reservation.answer)
        except ChatError as error:
            lost = error.usage.total_tokens if error.usage else 0
            heard = len(reservation.heard)
            used = (lost or used + heard) if error.may_be_billed or heard else 0
            raise
        except BaseException:
            used += len(reservation.heard)
            raise
        finally:
            self.settle(reservation, used)

    def take(self, request: ChatRequest, *, is_whole: bool = False) -> Reservation:
        """Reserve what a call may cost; `settle` must follow.

        Args:
            request: the call.
            is_whole: True refuses a call whose answer would have less room than without a budget.

        Raises:
            BudgetError: what is left is not enough.
        """
        if self.tokens is None:
            return Reservation(request)
        units, bound = worst_case(request)
        sent = math.ceil(units * self._per_unit)
        least = bound if is_whole else _LEAST_ANSWER
        with self._lock:
            left = self.tokens - self.spent
            if left - sent < least:
                raise BudgetError(
                    f"the next call may take {sent + least:,} tokens, and {max(0, left):,} of {self.tokens:,} are left"
                )
            room = min(bound, left - sent)
            self.spent += sent + room
        return Reservation(request.model_copy(update={"max_tokens": room}), sent + room, sent)

    def settle(self, reservation: Reservation, used: int) -> None:
        """Give back what a call did not use.

        Args:
            reservation: what was reserved for it.
            used: what it cost, in tokens.
        """
        if self.tokens is not None:
            counted = reservation.answer.usage.prompt_tokens if reservation.answer else 0
            with self._lock:
                self.spent += used - reservation.tokens
                self._per_unit = max(self._per_unit, counted / max(1, worst_case(reservation.request)[0]))


def worst_case(request: ChatRequest) -> tuple[int, int]:
    """Return the most tokens that a request sends, and that its answer is allowed.

    Counted is a token for each character of English and Chinese, which today's vocabularies seldom reach, and for each
    byte of any other, such as an emoji, which none passes.
    """
    texts = [message.content for message in request.messages]
    if request.form:
        texts.append(request.form.json_schema)
    return sum(map(_units, texts)), request.max_tokens or _ANSWER


def _units(text: str) -> int:
    rare = "".join(_RARE.findall(text))
    return len(text) - len(rare) + len(rare.encode(errors="replace"))


def cost_of(request: ChatRequest, answer: Completion) -> int:
    """Return the tokens that a call cost; where the server counts none, code points in their place."""
    return answer.usage.total_tokens or worst_case(request)[0] + len(answer.text)


def tokens_of(text: str) -> float:
    """Return about how many tokens a text has: 0.7 for a Chinese character and 0.25 for another one, as is usual.

    Args:
        text: what is sent or received. Vocabularies differ: a model may count a third more or less.
    """
    chinese = sum(char >= "\u2e80" for char in text)
    return 0.7 * chinese + 0.25 * (len(text) - chinese)
