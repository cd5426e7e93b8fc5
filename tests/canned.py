"""Canned replies by number, and a model that answers each the same way whenever it is asked."""

from __future__ import annotations

import asyncio
import re
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import server as fault

from replykit.batch import Job, PolishedRow
from replykit.records import ChatRequest, Completion, Usage

__all__ = ["Model", "SlowModel", "answer_to", "by_row", "finished", "respond", "rows"]

_NUMBER = re.compile(r"编号(\d+)号")


def rows(count: int) -> list[dict[str, Any]]:
    """Return canned replies, each with a forbidden word, a number and a variable."""
    return [{"text": f"呵呵，编号{n}号的订单[订单号]没办法查询。"} for n in range(count)]


def answer_to(messages: Sequence[str]) -> str:
    """Return what the model says: to the first call of every third row something wrong, to every seventh always."""
    number = int(_NUMBER.findall(messages[1])[0])
    is_again = len(messages) > 2
    if number % 7 == 3 or (number % 3 == 0 and not is_again):
        return f"呵呵，编号{number}号的订单[订单号]我来为您核实。"
    return f"编号{number}号的订单[订单号]暂时不能查询，我来为您核实。"


def respond(body: dict[str, Any]) -> fault.Step:
    """Answer a call of the server by its body."""
    return fault.answer(answer_to([message["content"] for message in body["messages"]]))


class Model:
    """A chat that answers by `answer_to` at once.

    Args:
        meanwhile: called before every answer with the number of calls so far; may raise.

    Attributes:
        asked: how often each request was asked.
    """

    model = "answers"

    def __init__(self, meanwhile: Callable[[int], object] | None = None) -> None:
        self.asked: Counter[str] = Counter()
        self._meanwhile = meanwhile
        self._lock = threading.Lock()

    def complete(self, request: ChatRequest) -> Completion:
        """Answer a request."""
        with self._lock:
            self.asked[request.model_copy(update={"max_tokens": None}).model_dump_json()] += 1
            calls = self.asked.total()
        if self._meanwhile:
            self._meanwhile(calls)
        return completion(request)


class SlowModel(Model):
    """The same, awaited, with other calls under way meanwhile."""

    async def complete(self, request: ChatRequest) -> Completion:  # type: ignore[override]  # the async twin
        """Answer a request."""
        answer = super().complete(request)
        await asyncio.sleep(0.001)
        return answer


def completion(request: ChatRequest) -> Completion:
    """Return the answer to a request, with its tokens counted."""
    text = answer_to([message.content for message in request.messages])
    return Completion(
        text=text,
        outcome="complete",
        finish_reason="stop",
        usage=Usage(calls=1, prompt_tokens=100, completion_tokens=20),
    )


def by_row(polished: Sequence[PolishedRow]) -> list[PolishedRow]:
    """Return rows in order."""
    return sorted(polished, key=lambda row: row.row)


def finished(job: Job, count: int) -> list[PolishedRow]:
    """Return the results of a job run to its end over so many rows."""
    with job:
        done = list(job.run(rows(count)))
        assert job.is_complete
        assert not job.is_stopped
        assert list(job.results()) == by_row(done)
    return by_row(done)
