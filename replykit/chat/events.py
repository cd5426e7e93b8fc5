"""A streamed answer, read as its bytes come: server-sent events, or whatever a server sends that knows none."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from replykit.chat.answers import (
    clean_text,
    content_text,
    error_message,
    filtered_completion,
    read_choice,
    read_completion,
    unusable,
    usage_of,
)
from replykit.errors import ChatProtocolError
from replykit.records import Completion, Usage

__all__ = ["AnswerReader"]

_FIELD = re.compile(rb"(data|event|id|retry)?:")
_LONGEST_FIELD = 6  # bytes
_HALVES = range(0xD800, 0xDC00)  # first halves of surrogate pairs


class AnswerReader:
    """Reads one streamed answer.

    Events are those of OpenAI's chat completions. A body that holds none is a whole answer, as servers send it that do
    not know `stream`, or no answer at all.

    Attributes:
        is_over: True once the server has said that nothing follows.
        has_ended: True once the model has: a finish reason, or moderation, has come.
        failure: what made the rest unreadable, or the error that the server told in the middle of its answer.
    """

    def __init__(self) -> None:
        self.is_over = False
        self.has_ended = False
        self.failure: ChatProtocolError | None = None
        self._left = b""  # what has come of a line, or all of a body without events
        self._has_events: bool | None = None
        self._data: list[bytes] = []
        self._event = b""
        self._said = ""
        self._half = ""
        self._refusal = ""
        self._tools = False
        self._reason: object = None
        self._usage = Usage(calls=1)
        self._has_choices = False
        self._filtered: Completion | None = None

    def feed(self, chunk: bytes) -> Iterator[str]:
        """Yield what the next bytes add to the answer's text, up to a failure."""
        self._left += chunk
        if self._has_events is None:
            self._look()
        if not self._has_events:
            return
        *lines, self._left = self._left.split(b"\n")
        try:
            for line in lines:
                yield from self._line(line.removesuffix(b"\r"))
        except ChatProtocolError as error:
            self.failure = error

    def completion(self) -> Completion:
        """Return the answer, classified, when no more bytes come; `unknown` where it was cut off.

        Raises:
            ChatProtocolError: what came is not a chat completion.
        """
        if not self._has_events:
            return read_completion(self._left)
        if not self.has_ended:
            for line in (self._left, b""):  # the last event without the blank line that should end it
                for _ in self._line(line.strip()):
                    pass
        self._left = b""
        if self._filtered:
            return self._filtered.model_copy(update={"text": self._said, "usage": self._usage})
        if not self._has_choices:
            raise unusable("the server's stream has no choices", self._usage)
        self._said += clean_text(self._half)
        message = {"content": self._said, "refusal": self._refusal, "tool_calls": self._tools}
        return read_choice({"finish_reason": self._reason, "message": message}, self._usage)

    def _look(self) -> None:
        """Find out from the first bytes whether there are events."""
        start = self._left.removeprefix(b"\xef\xbb\xbf").lstrip()
        if _FIELD.match(start):
            self._has_events, self._left = True, start
        elif b"\n" in start or len(start) >= _LONGEST_FIELD:
            self._has_events = False

    def _line(self, line: bytes) -> Iterator[str]:
        if line:
            name, _, value = line.partition(b":")
            if name == b"data":
                self._data.append(value.removeprefix(b" "))
            elif name == b"event":
                self._event = value.strip()
            return
        data, event = b"\n".join(self._data), self._event
        self._data, self._event = [], b""
        if data.strip() == b"[DONE]":
            self.is_over = True
        elif data and not self.is_over:
            yield from self._chunk(data, event)

    def _chunk(self, data: bytes, event: bytes) -> Iterator[str]:
        try:
            chunk = json.loads(data)
        except (ValueError, RecursionError):
            raise unusable("the server's stream has an event that is not JSON", self._usage) from None
        if not isinstance(chunk, dict):
            raise unusable(f"the server's stream has an event that is a JSON {type(chunk).__name__}", self._usage)
        if isinstance(chunk.get("usage"), dict):
            self._usage = usage_of(chunk["usage"])
        if chunk.get("error") or event == b"error":
            self._filtered = filtered_completion(chunk)
            if not self._filtered:
                raise unusable(f"the server ended its answer with an error: {error_message(chunk)}", self._usage)
            self.has_ended = True
            return
        choices = chunk.get("choices")
        for choice in choices if isinstance(choices, list) else ():
            if isinstance(choice, dict) and not choice.get("index"):
                yield from self._choice(choice)

    def _choice(self, choice: dict[str, Any]) -> Iterator[str]:
        self._has_choices = True
        delta = choice.get("delta")
        if isinstance(delta, dict):
            text = content_text(delta.get("content"))
            if text is None:
                said = type(delta["content"]).__name__
                raise unusable(f"the server's stream has content of type {said}", self._usage)
            self._refusal += delta["refusal"] if isinstance(delta.get("refusal"), str) else ""
            self._tools = self._tools or bool(delta.get("tool_calls") or delta.get("function_call"))
            text, self._half = self._half + text, ""
            if text and ord(text[-1]) in _HALVES:
                text, self._half = text[:-1], text[-1]
            if text := clean_text(text):
                self._said += text
                yield text
        if isinstance(choice.get("finish_reason"), str) and choice["finish_reason"]:
            self._reason, self.has_ended = choice["finish_reason"], True
