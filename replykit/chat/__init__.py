"""Chat models: the protocol that replykit asks for, and the client of OpenAI-compatible servers."""

from __future__ import annotations

from replykit.chat.blocking import OpenAIChat
from replykit.chat.client import AsyncOpenAIChat
from replykit.chat.protocol import AsyncChat, AsyncStreamingChat, Chat, StreamingChat

__all__ = ["AsyncChat", "AsyncOpenAIChat", "AsyncStreamingChat", "Chat", "OpenAIChat", "StreamingChat"]
