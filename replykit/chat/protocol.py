"""What replykit asks of a chat model: one method."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from replykit.records import ChatRequest, Completion

__all__ = ["AsyncChat", "Chat"]


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
