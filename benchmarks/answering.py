"""A chat server for measuring: every answer takes the same while, and as little of a core as can be.

Usage: python answering.py SECONDS; it prints its port, and ends with its stdin. What it answers is the draft with 您好
before it, so that there is something to compare.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import threading

__all__ = ["serve"]

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_DRAFT = re.compile(r"<agent_draft[^>]*>\n(.*?)\n</agent_draft", re.DOTALL)


class _Connection(asyncio.Protocol):
    """One connection, on which one call follows another."""

    delay = 0.0

    def __init__(self) -> None:
        self._received = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep where answers go."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer, a while after a call is whole."""
        self._received += data
        end = self._received.find(b"\r\n\r\n")
        length = _LENGTH.search(self._received, 0, max(end, 0))
        if end < 0 or length is None or len(self._received) < end + 4 + int(length[1]):
            return
        body = json.loads(self._received[end + 4 :])
        self._received.clear()
        asyncio.get_running_loop().call_later(self.delay, self._answer, body)

    def _answer(self, body: dict[str, list[dict[str, str]]]) -> None:
        said = body["messages"][1]["content"]
        draft = _DRAFT.search(said)
        message = {"role": "assistant", "content": "您好，" + (draft[1] if draft else said)}
        answer = {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": "m",
            "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
            "usage": {"prompt_tokens": 1000, "completion_tokens": 50, "total_tokens": 1050},
        }
        content = json.dumps(answer, ensure_ascii=False).encode()
        head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(content)}\r\n\r\n"
        self._transport.write(head.encode() + content)


async def serve(delay: float) -> None:
    """Serve on a free port of this machine until stdin ends."""
    _Connection.delay = delay
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Connection, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    ended = asyncio.Event()

    def wait() -> None:
        sys.stdin.read()
        loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=wait, daemon=True).start()
    await ended.wait()


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1])))
