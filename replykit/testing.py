"""For your own tests: a chat model that answers from a script and remembers what it was asked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from replykit.errors import UsageError
from replykit.records import ChatRequest, Completion, Usage

__all__ = ["Answer", "AsyncFakeChat", "FakeChat"]

Answer: TypeAlias = str | Completion | BaseException | type[BaseException]


class _Script:
    """Answers in order, and the requests that they answered.

    Attributes:
        requests: what was asked, oldest first.
    """

    def __init__(self, answers: Iterable[Answer]) -> None:
        self._answers = list(answers)
        self.requests: list[ChatRequest] = []

    def _next(self, request: ChatRequest) -> Completion:
        self.requests.append(request)
        asked, scripted = len(self.requests), len(self._answers)
        if asked > scripted:
            raise UsageError(f"{type(self).__name__} was asked {asked} times and has {scripted} answers; add one")
        answer = self._answers[asked - 1]
        if isinstance(answer, Completion):
            return answer
        if isinstance(answer, str):
            return Completion(
                text=answer,
                outcome="complete" if answer.strip() else "blank",
                finish_reason="stop",
                usage=Usage(calls=1),
            )
        raise answer


class FakeChat(_Script):
    """A chat model with scripted answers, for `ReplyKit(chat=FakeChat([...]))`.

    Args:
        answers: one for each call: a text, a `Completion`, or an exception to raise.

    Attributes:
        requests: what was asked, oldest first.
    """

    def complete(self, request: ChatRequest) -> Completion:
        """Return the next answer.

        Raises:
            UsageError: the script has run out.
        """
        return self._next(request)


class AsyncFakeChat(_Script):
    """`FakeChat` for `AsyncReplyKit(chat=AsyncFakeChat([...]))`."""

    async def complete(self, request: ChatRequest) -> Completion:
        """Return the next answer.

        Raises:
            UsageError: the script has run out.
        """
        return self._next(request)
