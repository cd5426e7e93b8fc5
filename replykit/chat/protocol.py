"""What replykit asks of a chat model: one method, and another where it can stream."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable
from typing import Protocol, runtime_checkable

from replykit.records import ChatRequest, Completion

__all__ = ["AsyncChat", "AsyncStreamingChat", "Chat", "StreamingChat"]


@runtime_checkable
class Chat(Protocol):
    """A chat model that answers while the caller waits."""

    def complete(self, request: ChatRequest) -> Completion:
        """Answer a request.

        Raises:
            ChatError: there is no answer that can be used.
        """
        ...


@runtime_checkable
class AsyncChat(Protocol):
    """A chat model that is awaited."""

    async def complete(self, request: ChatRequest) -> Completion:
        """Answer a request.

        Raises:
            ChatError: there is no answer that can be used.
        """
        ...


@runtime_checkable
class StreamingChat(Chat, Protocol):
    """A chat model that also answers piece by piece; without `stream`, streams of a kit wait for the whole answer."""

    def stream(self, request: ChatRequest) -> Iterable[str | Completion]:
        """Answer a request while the answer is being written.

        Yields:
            What comes of the text, then the `Completion` that ends it. Without one the answer counts as cut off. What
            is iterated is closed, where it has `close`, once nobody needs the rest.

        Raises:
            ChatError: there is no answer that can be used, or it broke off.
        """
        ...


@runtime_checkable
class AsyncStreamingChat(AsyncChat, Protocol):
    """`StreamingChat` for async code; it is closed with `aclose`."""

    def stream(self, request: ChatRequest) -> AsyncIterable[str | Completion]:
        """Answer a request while the answer is being written, as `StreamingChat.stream`."""
        ...
