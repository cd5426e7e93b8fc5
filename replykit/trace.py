"""The trace of one reply: its id and those of its calls, in every line of the log and on spans where there are any."""

from __future__ import annotations

import contextvars
import logging
import secrets
import time
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

from replykit.errors import ReplykitError
from replykit.records import ChatRequest, Completion, Reply, Usage
from replykit.spans import (
    end_call_span,
    end_reply_span,
    fail_span,
    in_span,
    leave_span,
    start_call_span,
    start_reply_span,
)

if TYPE_CHECKING:
    from opentelemetry.trace import Span

__all__ = ["Call", "Trace", "log"]

# The ids of the reply and of the call that is under way here; they follow a call into the thread that makes it. They
# are set only while one is made, never while a stream waits for its reader: a generator has no context of its own.
_ids: contextvars.ContextVar[tuple[str, str]] = contextvars.ContextVar("replykit_ids", default=("", ""))


class _Log(logging.LoggerAdapter[logging.Logger]):
    """The logger `replykit`; every record of it has `event`, `reply_id` and `call_id`."""

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        """Add the ids to what a record carries."""
        reply_id, call_id = _ids.get()
        fields = {"event": "", "reply_id": reply_id, "call_id": call_id, **(kwargs.get("extra") or {})}
        return msg, {**kwargs, "extra": fields}


log = _Log(logging.getLogger("replykit"))


class Made(Protocol):
    """What cost something to make."""

    @property
    def usage(self) -> Usage:
        """What it cost."""
        ...


_M = TypeVar("_M", bound=Made)


class Call:
    """One call of the model.

    Attributes:
        id: the reply's id, a dot, and the number of the call from 1: the n-th attempt of the reply that is the model's.
        answer: what was answered; the caller puts it here.
    """

    def __init__(self, reply_id: str, number: int, span: Span | None) -> None:
        self.id = f"{reply_id}.{number}"
        self.answer: Completion | None = None
        self._reply_id = reply_id
        self._span = span

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Say that what is done inside the block is done for this call: its ids are in the log, its span is current."""
        with _told(self._reply_id, self.id), in_span(self._span):
            yield


class Trace:
    """How one reply, or one record of a complaint, comes about, told to the log and to OpenTelemetry without its words.

    Make it before the first call and tell it how the work ended: `end`, `done`, `fail` or `leave`, of which the first
    counts; or use it as a context manager, which tells of failures. Fields of the records beside their text: `event`
    (`reply`, `record`, `reply_failed`, `reply_left`, `call`, `call_failed`, `retry`, `http`, `form`), `reply_id`,
    `call_id`, and what belongs to the event, such as `status`, `outcome`, `error_type`, `seconds` and the tokens.

    Args:
        task: what is asked for: `rewrite`, `draft` or `record`.
        content: True puts the messages to and from the model on their spans; the log never holds them.

    Attributes:
        id: the reply's id.
    """

    def __init__(self, task: str, *, content: bool = False) -> None:
        self.id = secrets.token_hex(8)
        self._task = task
        self._content = content
        self._calls = 0
        self._started = time.monotonic()
        self._span = start_reply_span(task, self.id)
        self._is_over = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self.fail(error)

    def end(self, reply: Reply) -> Reply:
        """Tell how the reply came about, and return it with its id."""
        if self._is_last():
            self._tell("reply", reply.status, reply.usage, attempts=len(reply.attempts), status=reply.status)
            end_reply_span(self._span, reply)
        return reply.model_copy(update={"id": self.id})

    def done(self, made: _M) -> _M:
        """Tell that something other than a reply was made, and what it cost; return it."""
        if self._is_last():
            self._tell(self._task, "made", made.usage)
            leave_span(self._span)
        return made

    def fail(self, error: BaseException) -> None:
        """Tell what ended the work, and put the reply's id on it where it is ours."""
        if isinstance(error, ReplykitError):
            error.reply_id = self.id
        if self._is_last():
            kind, attempts = type(error).__name__, getattr(error, "attempts", ())
            usage = sum((attempt.usage for attempt in attempts), Usage())
            self._tell("reply_failed", kind, usage, attempts=len(attempts), error_type=kind)
            fail_span(self._span, error)

    def leave(self) -> None:
        """Tell that nobody waited for the end."""
        if self._is_last():
            self._tell("reply_left", "left", Usage())
            leave_span(self._span)

    @contextmanager
    def call(self, chat: object, request: ChatRequest, *, stream: bool = False) -> Iterator[Call]:
        """Tell of one call of the model: how long the block takes, and how it ends.

        Args:
            chat: the chat model.
            request: what is asked.
            stream: True where the answer comes in pieces.
        """
        self._calls += 1
        started = time.monotonic()
        id = f"{self.id}.{self._calls}"
        span = start_call_span(self._span, chat, request, id, stream=stream, content=self._content)
        call = Call(self.id, self._calls, span)
        try:
            yield call
        except BaseException as error:
            kind = type(error).__name__
            fields = {"event": "call_failed", "error_type": kind, "seconds": _since(started)}
            with _told(self.id, call.id):
                log.info("call failed: %s", kind, extra=fields)
            fail_span(span, error)
            raise
        if call.answer is None:
            leave_span(span)
            return
        usage = call.answer.usage
        fields = {"event": "call", "outcome": call.answer.outcome, "seconds": _since(started), **_counts(usage)}
        with _told(self.id, call.id):
            log.debug("call answered: %s, %d tokens", call.answer.outcome, usage.total_tokens, extra=fields)
        end_call_span(span, call.answer, content=self._content)

    def _is_last(self) -> bool:
        was_over, self._is_over = self._is_over, True
        return not was_over

    def _tell(self, event: str, how: str, usage: Usage, *, attempts: int = 0, **more: object) -> None:
        fields = {"event": event, "task": self._task, "attempts": attempts, "seconds": _since(self._started)}
        with _told(self.id, ""):
            log.info(
                "%s after %d attempts, %d tokens",
                how,
                attempts,
                usage.total_tokens,
                extra={**fields, **_counts(usage), **more},
            )


@contextmanager
def _told(reply_id: str, call_id: str) -> Iterator[None]:
    """Put the ids into what is logged inside the block."""
    token = _ids.set((reply_id, call_id))
    try:
        yield
    finally:
        _ids.reset(token)


def _since(started: float) -> float:
    return round(time.monotonic() - started, 3)


def _counts(usage: Usage) -> dict[str, int]:
    return {
        "calls": usage.calls,
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
    }
