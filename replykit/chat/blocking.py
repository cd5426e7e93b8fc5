"""The same client for callers that wait: it runs in an event loop of its own, in one background thread."""

from __future__ import annotations

import asyncio
import os
import threading
import weakref
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from concurrent.futures import CancelledError
from typing import Any, TypeVar

from replykit.chat.client import AsyncOpenAIChat
from replykit.chat.transport import Transport
from replykit.errors import UsageError
from replykit.records import ChatRequest, Completion

__all__ = ["OpenAIChat"]

_T = TypeVar("_T")


class OpenAIChat:
    """A chat model behind any server that speaks OpenAI's chat completions; used from any number of threads.

    It is `AsyncOpenAIChat` in a thread of its own, because cancelling is the one thing that stops a socket which keeps
    dribbling: the deadline holds, and nothing goes on behind the caller's back. Connections are reused.

    Args:
        model: the model's name.
        base_url: as for `AsyncOpenAIChat`, like all that follow.
        api_key: the key.
        timeout: seconds for one answer by the wall clock, with all retries and waits.
        max_retries: calls after the first.
        temperature: how freely the model words its answer.

    Raises:
        UsageError: an argument cannot be used; the message never holds the key.
    """

    def __init__(
        self,
        model: str,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        timeout: float = 30.0,
        max_retries: int = 2,
        temperature: float | None = 0.3,
    ) -> None:
        self._chat = AsyncOpenAIChat(
            model,
            base_url=base_url,
            api_key=api_key,
            timeout=timeout,
            max_retries=max_retries,
            temperature=temperature,
        )
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: weakref.finalize[Any, OpenAIChat] | None = None
        self._process = 0
        self._streams: set[AsyncGenerator[str | Completion, None]] = set()
        self._closed = False

    def __repr__(self) -> str:
        return repr(self._chat).replace("AsyncOpenAIChat", "OpenAIChat", 1)

    @property
    def identity(self) -> tuple[str, str, float | None]:
        """As of `AsyncOpenAIChat`."""
        return self._chat.identity

    @property
    def model(self) -> str:
        """The model's name."""
        return self._chat.model

    @property
    def base_url(self) -> str:
        """The server, with its version path."""
        return self._chat.base_url

    def complete(self, request: ChatRequest) -> Completion:
        """Answer a request.

        Args:
            request: the messages, and the bound for the answer.

        Returns:
            The answer, classified.

        Raises:
            ChatError: there is none; which one says why.
            UsageError: the client is closed.
        """
        return self._awaited(lambda: self._chat.complete(request))

    def stream(self, request: ChatRequest) -> Generator[str | Completion, None, None]:
        """Answer a request while the answer is being written: its pieces, then all of it; as `AsyncOpenAIChat.stream`.

        Args:
            request: the messages, and the bound for the answer.

        Yields:
            What the server adds to the text, and at the end the answer, classified.

        Raises:
            ChatError: there is no answer, or it broke off; which one says why.
            UsageError: the client is closed.
        """
        events = self._chat.stream(request)
        self._streams.add(events)
        try:
            while (event := self._awaited(lambda: _next(events))) is not None:
                yield event
        finally:
            if not self._closed:  # closing the client closes what is under way
                self._awaited(events.aclose)
            self._streams.discard(events)

    def _awaited(self, work: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
        """Await something in the thread of the event loop."""
        with self._lock:
            loop = self._running_loop()
            future = asyncio.run_coroutine_threadsafe(work(), loop)
        try:
            return future.result()
        except CancelledError:
            raise UsageError("the chat client was closed during the call") from None
        finally:
            future.cancel()  # a caller that is interrupted leaves no call behind

    def twin(self, transport: Transport | None = None) -> AsyncOpenAIChat:
        """Return an async client with the same settings; as `AsyncOpenAIChat.twin`."""
        return self._chat.twin(transport)

    def close(self) -> None:
        """Close the connections; the client cannot be used afterwards."""
        with self._lock:
            self._closed = True
            if self._stop is not None:
                self._stop()

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        if self._closed:
            raise UsageError("the chat client is closed")
        if self._loop is None or self._process != os.getpid():  # the thread does not follow into a forked process
            self._loop, self._process = asyncio.new_event_loop(), os.getpid()
            thread = threading.Thread(
                target=_serve, args=(self._loop, self._chat, self._streams), name="replykit-chat", daemon=True
            )
            thread.start()
            self._stop = weakref.finalize(self, _stop, self._loop, thread)
        return self._loop


async def _next(events: AsyncGenerator[str | Completion, None]) -> str | Completion | None:
    return await anext(events, None)


def _serve(
    loop: asyncio.AbstractEventLoop, chat: AsyncOpenAIChat, streams: set[AsyncGenerator[str | Completion, None]]
) -> None:
    """Run the loop until it is stopped, then cancel what still runs and close the connections."""
    try:
        loop.run_forever()
        running = asyncio.all_tasks(loop)
        for task in running:
            task.cancel()
        loop.run_until_complete(_settled(running))
        for events in tuple(streams):  # from the outside in, which the loop itself does not do
            loop.run_until_complete(events.aclose())
        loop.run_until_complete(chat.aclose())
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        loop.close()


async def _settled(tasks: set[asyncio.Task[Any]]) -> None:
    await asyncio.gather(*tasks, return_exceptions=True)


def _stop(loop: asyncio.AbstractEventLoop, thread: threading.Thread) -> None:
    if thread.is_alive():
        loop.call_soon_threadsafe(loop.stop)
        if thread is not threading.current_thread():  # the garbage collector may run anywhere
            thread.join(timeout=5)
