"""A reply that leaves piece by piece: two iterators over one flow, for callers that wait and for async code."""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Generator, Iterable
from contextlib import aclosing, closing
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from replykit.budget import Budget
from replykit.errors import UsageError
from replykit.intake import completion_of
from replykit.invisible import unsteered
from replykit.records import ChatRequest, Completion, Reply
from replykit.stream_flow import StreamFlow
from replykit.trace import Call, Trace

if TYPE_CHECKING:
    from replykit.chat import AsyncChat, Chat

__all__ = ["AsyncReplyStream", "ReplyStream"]


class _Stream:
    """What both streams share: where the flow stands, and the reply once it is there.

    Attributes:
        is_waiting: True while somebody waits for the next piece.
    """

    def __init__(self, flow: StreamFlow, chat: Any, budget: Budget, trace: Trace) -> None:
        self._flow = flow
        self._chat = chat
        self._budget = budget
        self._trace = trace
        self._step: Callable[[], ChatRequest | str | None] = functools.partial(next, flow)
        self._reply: Reply | None = None
        self._closed = False
        self._call: Any = None
        self.is_waiting = False

    @property
    def reply(self) -> Reply:
        """The reply whose text has left, with its status and attempts; there once the stream has ended by itself.

        Raises:
            UsageError: the stream has not ended, was closed before, or ended with an error.
        """
        if self._reply is None:
            raise UsageError("there is no reply before the stream has ended; take all of its pieces first")
        return self._reply

    def _wanted(self) -> ChatRequest | str | None:
        """Take the flow's next step.

        Raises:
            _Ended: the reply is there.
        """
        try:
            return self._step()
        except StopIteration as end:
            self._reply = self._trace.end(end.value)
            raise _Ended from None

    def _heed(self, event: str | Completion) -> None:
        self._step = functools.partial(self._flow.send, event)

    def _fail(self, error: BaseException) -> None:
        self._step = functools.partial(self._flow.throw, error)

    def _left(self) -> None:
        self._step = functools.partial(next, self._flow)


class _Ended(Exception):
    """The flow has returned its reply."""


class ReplyStream(_Stream):
    """The pieces of a reply, each as soon as it is proven; `"".join(stream)` is the text of its `reply`.

    Iterate over it, or use it as a context manager, which closes it. Closing it early ends the call of the model.
    """

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        if self._closed:
            raise StopIteration
        try:
            while True:
                wanted = self._wanted()
                if isinstance(wanted, str):
                    self._left()
                    return wanted
                try:
                    if wanted is not None:
                        self._call = _call(self._chat, self._budget, self._trace, wanted)
                    self.is_waiting = True
                    self._heed(next(self._call))
                except BaseException as error:
                    self._fail(error)
                finally:
                    self.is_waiting = False
        except _Ended:
            self.close()
            raise StopIteration from None
        except BaseException as error:
            self._trace.fail(error)
            self.close()
            raise

    def close(self) -> None:
        """End the stream, and with it the call of the model that is under way.

        Raises:
            UsageError: another thread waits for a piece.
        """
        if self.is_waiting:
            raise UsageError("another thread waits for the next piece of this stream; it is closed by closing the kit")
        self._closed = True
        if self._call is not None:
            self._call.close()
        self._flow.close()
        self._trace.leave()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncReplyStream(_Stream):
    """`ReplyStream` for async code: `async for`, `async with`, and `close` is awaited."""

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> str:
        if self._closed:
            raise StopAsyncIteration
        try:
            while True:
                wanted = self._wanted()
                if isinstance(wanted, str):
                    self._left()
                    return wanted
                try:
                    if wanted is not None:
                        self._call = _acall(self._chat, self._budget, self._trace, wanted)
                    self.is_waiting = True
                    self._heed(await anext(self._call))
                except BaseException as error:
                    self._fail(error)
                finally:
                    self.is_waiting = False
        except _Ended:
            await self.close()
            raise StopAsyncIteration from None
        except BaseException as error:
            self._trace.fail(error)
            await self.close()
            raise

    async def close(self) -> None:
        """End the stream, and with it the call of the model that is under way.

        Raises:
            UsageError: another task waits for a piece; cancel it, which closes the stream as well.
        """
        if self.is_waiting:
            raise UsageError("another task waits for the next piece of this stream; cancel that task to end it")
        self._closed = True
        if self._call is not None:
            await self._call.aclose()
        self._flow.close()
        self._trace.leave()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


def _call(chat: Chat, budget: Budget, trace: Trace, request: ChatRequest) -> Generator[str | Completion, None, None]:
    """Yield the events of one call, the completion last, and settle what it cost however it ends."""
    with budget.reserve(request) as call, trace.call(chat, call.request, stream=True) as told:
        if callable(streams := getattr(chat, "stream", None)):
            with told.inside():
                events = streams(call.request)
            if not isinstance(events, Iterable):
                _refuse(events, "chat.stream must return an iterator; one that is async needs AsyncReplyKit")
            with closing(_closable(events, told)) as pieces:
                for event in pieces:
                    if isinstance(event, Completion):
                        call.answer = completion_of(event)
                        break
                    piece = _piece(event)
                    call.heard += piece
                    yield piece
            call.answer = call.answer or Completion(text=call.heard, outcome="unknown")
        else:
            with told.inside():
                call.answer = completion_of(chat.complete(call.request))
        told.answer = call.answer
    yield call.answer


async def _acall(
    chat: AsyncChat, budget: Budget, trace: Trace, request: ChatRequest
) -> AsyncGenerator[str | Completion, None]:
    with budget.reserve(request) as call, trace.call(chat, call.request, stream=True) as told:
        if callable(streams := getattr(chat, "stream", None)):
            with told.inside():
                events = streams(call.request)
            if not isinstance(events, AsyncIterable):
                _refuse(events, "chat.stream must return an async iterator; one that is not needs ReplyKit")
            async with aclosing(_aclosable(events, told)) as pieces:
                async for event in pieces:
                    if isinstance(event, Completion):
                        call.answer = completion_of(event)
                        break
                    piece = _piece(event)
                    call.heard += piece
                    yield piece
            call.answer = call.answer or Completion(text=call.heard, outcome="unknown")
        else:
            with told.inside():
                answer: object = chat.complete(call.request)
                if not inspect.isawaitable(answer):
                    raise UsageError("chat.complete cannot be awaited; give this chat to ReplyKit")
                call.answer = completion_of(await answer)
        told.answer = call.answer
    yield call.answer


def _refuse(events: object, message: str) -> None:
    if inspect.iscoroutine(events):
        events.close()
    raise UsageError(message)


def _piece(event: object) -> str:
    if not isinstance(event, str):
        raise UsageError(f"chat.stream must yield texts and one Completion at the end, not {type(event).__name__}")
    return unsteered(event)


def _closable(events: Iterable[Any], told: Call) -> Generator[Any, None, None]:
    """Yield what an iterator yields for a call, and close it if it can be closed."""
    pieces = iter(events)
    try:
        while True:
            with told.inside():  # not over the yield, where the reader's own work goes on
                try:
                    event = next(pieces)
                except StopIteration:
                    return
            yield event
    finally:
        if callable(close := getattr(events, "close", None)):
            close()


async def _aclosable(events: AsyncIterable[Any], told: Call) -> AsyncGenerator[Any, None]:
    pieces = aiter(events)
    try:
        while True:
            with told.inside():
                try:
                    event = await anext(pieces)
                except StopAsyncIteration:
                    return
            yield event
    finally:
        if callable(close := getattr(events, "aclose", None)):
            await close()
