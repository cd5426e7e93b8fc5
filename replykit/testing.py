"""For your own tests: a chat model that answers from a script and remembers what it was asked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from typing import TypeAlias

from replykit.errors import UsageError
from replykit.records import ChatRequest, Completion, Outcome, Usage

__all__ = ["Answer", "AsyncFakeChat", "FakeChat"]

Ending: TypeAlias = Completion | BaseException | type[BaseException]
Answer: TypeAlias = str | Ending | Sequence[str | Ending]


class _Script:
    """Answers in order, and the requests that they answered.

    Attributes:
        requests: what was asked, oldest first.
    """

    def __init__(self, answers: Iterable[Answer]) -> None:
        self._answers = list(answers)
        self.requests: list[ChatRequest] = []

    def _next(self, request: ChatRequest) -> Sequence[str | Ending]:
        self.requests.append(request)
        asked, scripted = len(self.requests), len(self._answers)
        if asked > scripted:
            raise UsageError(f"{type(self).__name__} was asked {asked} times and has {scripted} answers; add one")
        answer = self._answers[asked - 1]
        return answer if isinstance(answer, Sequence) and not isinstance(answer, str) else [answer]

    def _whole(self, request: ChatRequest) -> Completion:
        *_, ending = self._events(request)
        assert isinstance(ending, Completion)
        return ending

    def _events(self, request: ChatRequest) -> Iterator[str | Completion]:
        """Yield the pieces of the next answer, then the completion that ends it."""
        text = ""
        for event in self._next(request):
            if isinstance(event, str):
                text += event
                yield event
            elif isinstance(event, Completion):
                yield event
                return
            else:
                raise event
        outcome: Outcome = "complete" if text.strip() else "blank"
        yield Completion(text=text, outcome=outcome, finish_reason="stop", usage=Usage(calls=1))


class FakeChat(_Script):
    """A chat model with scripted answers, for `ReplyKit(chat=FakeChat([...]))`.

    Args:
        answers: one for each call: a text, a `Completion`, or an exception to raise; or a list of the pieces in which a
            streamed answer comes, which one of the other two may end.

    Attributes:
        requests: what was asked, oldest first.
    """

    def complete(self, request: ChatRequest) -> Completion:
        """Return the next answer, whatever the request says.

        Raises:
            UsageError: the script has run out.
        """
        return self._whole(request)

    def stream(self, request: ChatRequest) -> Iterator[str | Completion]:
        """Yield the pieces of the next answer, whatever the request says, then the completion that ends it.

        Raises:
            UsageError: the script has run out.
        """
        return self._events(request)


class AsyncFakeChat(_Script):
    """`FakeChat` for `AsyncReplyKit(chat=AsyncFakeChat([...]))`."""

    async def complete(self, request: ChatRequest) -> Completion:
        """Return the next answer, whatever the request says.

        Raises:
            UsageError: the script has run out.
        """
        return self._whole(request)

    async def stream(self, request: ChatRequest) -> AsyncIterator[str | Completion]:
        """Yield the pieces of the next answer, whatever the request says, then the completion that ends it.

        Raises:
            UsageError: the script has run out.
        """
        for event in self._events(request):
            yield event
