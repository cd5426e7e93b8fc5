"""A server that plays a chat model: it mends the draft it is asked about, slips now and then, and fails on purpose.

What it answers depends on the request alone, so that two runs of one job get the same answers whatever happens to them
on the way; only a fault that passes depends on how often the request came.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import server as fault
from server import Handler, Server, Step

from replykit import ReplyKit

__all__ = ["LASTING", "PASSING", "SLIPS", "Model", "draft_in"]

# What a model does to a good answer, and is found out.
SLIPS: dict[str, Callable[[str], str]] = {
    "a formula": lambda text: f'=HYPERLINK("http://evil.example/";"{text}")',
    "a script": lambda text: f"{text}<script>fetch('https://evil.example')</script>",
    "a placeholder dropped": lambda text: re.sub(r"\[[^\]]*\]|\{[^}]*\}", "", text, count=1),
    "another language": lambda text: "Thank you for your message, we will look into it.",
    "an invented amount": lambda text: f"{text}另外赔偿您 300 元。",
    "a forbidden word": lambda text: f"呵呵，{text}",
    "a promise": lambda text: f"{text}保证明天解决！",
}

# How a server fails at a request that it answers when it comes again.
PASSING: dict[str, Step] = {
    "429, come back later": fault.status(429, "too many", "rate_limit_exceeded", retry_after="1"),
    "500": fault.status(500),
    "503": fault.status(503),
    "connection reset": fault.reset,
    "half an answer": fault.half_body,
}
# How it fails at a request whenever it comes, so that what becomes of it does not depend on how often it came.
LASTING: dict[str, Step] = {
    "a page in HTML": fault.sent(200, "<html>busy</html>", "text/html"),
    "content filter": fault.answer("您好", "content_filter"),
    "cut off": fault.answer("您好，", "length"),
}


def draft_in(body: dict[str, Any]) -> str:
    """Return the draft that a request is about."""
    told = body["messages"][1]["content"]
    found = re.search(r"<(agent_draft(?:-\d+)?)>\n(.*)\n</\1>", told, re.DOTALL)
    assert found, told
    return found[2]


def _dice(*parts: object) -> float:
    """Return a number from 0 to 1 that depends on the parts alone."""
    return int.from_bytes(hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).digest()[:6], "big") / (1 << 48)


class Model(Server):
    """Answers by what it is asked.

    Args:
        slips: the share of first answers that are bad; a second answer about the same draft is good.
        faults: the share of requests that fail, once or whenever they come.
        delay: seconds for an answer.

    Attributes:
        delay: as given.
        failed: how often it failed in which way.
        slipped: how often it slipped in which way.
    """

    def __init__(self, *, slips: float = 0.0, faults: float = 0.0, delay: float = 0.0) -> None:
        super().__init__()
        self._slips, self._faults, self.delay = slips, faults, delay
        self._kit = ReplyKit()
        self._lock = threading.Lock()
        self._seen: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()
        self.slipped: Counter[str] = Counter()
        self.respond(self._answer)

    def _answer(self, body: dict[str, Any]) -> Step:
        with self._lock:
            step = self._step(body)

        def delayed(handler: Handler) -> None:
            time.sleep(self.delay)
            step(handler)

        return delayed

    def _step(self, body: dict[str, Any]) -> Step:
        asked = body["messages"], "max_tokens" in body  # an answer that was cut off is asked for with more room
        digest = hashlib.sha256(json.dumps(asked).encode()).hexdigest()
        self._seen[digest] += 1
        if _dice(digest, "fault") < self._faults:
            faults = PASSING | LASTING
            name = list(faults)[int(_dice(digest, "kind") * len(faults))]
            if name in LASTING or self._seen[digest] == 1:
                self.failed[name] += 1
                return faults[name]
        return fault.answer(self.text_for(body))

    def text_for(self, body: dict[str, Any]) -> str:
        """Return what the model says to a request that nothing goes wrong with."""
        draft = draft_in(body)
        text = self._good(draft)
        if len(body["messages"]) == 2 and _dice(draft, "slip") < self._slips:
            name = list(SLIPS)[int(_dice(draft, "kind") * len(SLIPS))]
            self.slipped[name] += 1
            text = SLIPS[name](text)
        return text

    def _good(self, draft: str) -> str:
        reply = self._kit.rewrite(draft)
        return draft if reply.status == "needs_review" else reply.text
