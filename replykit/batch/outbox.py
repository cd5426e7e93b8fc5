"""The file of requests that a batch is made of, while it is being filled."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from replykit.batch.chunks import PostedCall

__all__ = ["MOST_BYTES", "MOST_REQUESTS", "Outbox"]

MOST_REQUESTS = 50_000  # of one batch, as OpenAI takes them
MOST_BYTES = 200_000_000  # of its file


class Outbox:
    """Calls on their way to a file of requests.

    Attributes:
        calls: what is in it.
        options: the parameters that the requests have beside model and messages.
        path: the file.
    """

    def __init__(self) -> None:
        self.calls: list[PostedCall] = []
        self.options: dict[str, Any] = {}

    def __enter__(self) -> Outbox:
        self._folder = tempfile.TemporaryDirectory(prefix="replykit-")
        self.path = Path(self._folder.name) / "requests.jsonl"
        self._file = self.path.open("wb")
        self._size = 0
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._folder.cleanup()

    def put(self, call: PostedCall, body: Mapping[str, Any]) -> bool:
        """Add a call; return False where it has no room, and nothing is added."""
        line = {"custom_id": call.custom_id, "method": "POST", "url": "/v1/chat/completions", "body": body}
        content = json.dumps(line, ensure_ascii=False).encode() + b"\n"
        if self.calls and (len(self.calls) >= MOST_REQUESTS or self._size + len(content) > MOST_BYTES):
            return False
        self._file.write(content)
        self._file.flush()
        self._size += len(content)
        self.calls.append(call)
        self.options = {name: value for name, value in body.items() if name not in ("model", "messages")}
        return True

    def clear(self) -> None:
        """Begin anew."""
        self._file.seek(0)
        self._file.truncate()
        self._size = 0
        self.calls = []
