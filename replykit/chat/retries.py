"""When a call that was not answered is made again, and after which wait."""

from __future__ import annotations

import asyncio

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt, stop_before_delay
from tenacity.wait import wait_random_exponential

from replykit.chat.failures import TransientError
from replykit.trace import log

__all__ = ["retrying"]

_backoff = wait_random_exponential(multiplier=0.5, max=8)


def retrying(max_retries: int, timeout: float) -> AsyncRetrying:
    """Return what repeats a call that raises a `TransientError`, and raises the last one.

    Args:
        max_retries: calls after the first.
        timeout: seconds; a call that would begin later is not made.
    """
    return AsyncRetrying(
        sleep=asyncio.sleep,
        retry=retry_if_exception_type(TransientError),
        stop=stop_after_attempt(max_retries + 1) | stop_before_delay(timeout),
        wait=_pause,
        before_sleep=_log_retry,
        reraise=True,
    )


def _pause(state: RetryCallState) -> float:
    """Return the seconds before the next call: what the server asks for, else exponential with jitter."""
    failure = state.outcome.exception() if state.outcome else None
    if isinstance(failure, TransientError) and failure.wait is not None:
        return failure.wait
    return _backoff(state)


def _log_retry(state: RetryCallState) -> None:
    failure = state.outcome.exception() if state.outcome else None
    kind = type(failure.error).__name__ if isinstance(failure, TransientError) else "failure"
    log.info(
        "%s, try %d; again in %.1f seconds",
        kind,
        state.attempt_number,
        state.upcoming_sleep,
        extra={"event": "retry", "error_type": kind, "tries": state.attempt_number, "wait": state.upcoming_sleep},
    )
