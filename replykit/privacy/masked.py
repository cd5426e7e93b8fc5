"""A flow that asks with tokens: personal data stays behind, and what comes back is whole before anything judges it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Generator, Iterable, Sequence
from typing import TypeVar

from replykit.errors import UsageError
from replykit.privacy.tokens import Tokens
from replykit.records import ChatMessage, ChatRequest, Completion, Reply

__all__ = ["masked", "private_of"]

_R = TypeVar("_R")
_LEAST = 2  # code points; one character stands in half of all words

# What a flow yields and is sent; a streamed one is sent pieces as well, and yields what may leave.
Wanted = ChatRequest | str | None
Event = Completion | str | None
AnyFlow = Generator[Wanted, Event, _R]


def private_of(private: Sequence[str]) -> tuple[str, ...]:
    """Return what the caller marked as personal.

    Raises:
        UsageError: it is one string, or holds something that is no text of two characters or more.
    """
    if isinstance(private, (str, bytes)) or not isinstance(private, Iterable):
        raise UsageError(f'private must be a list of texts, not one {type(private).__name__}; pass ["…"]')
    values = tuple(private)
    if any(not isinstance(value, str) or len(value.strip()) < _LEAST for value in values):
        raise UsageError("private must hold texts of two characters or more: names, addresses")
    return values


def masked(flow: AnyFlow[_R], private: Sequence[str], note: Callable[[Sequence[str]], str]) -> AnyFlow[_R]:
    """Make a flow that does as another, but yields requests with tokens in place of personal data.

    What is sent back to it goes on with the data in place, so that whatever judges an answer judges what will leave,
    by what was really given. It drives streamed flows as well: of a piece that may end inside a token, only what comes
    before it goes on.

    Args:
        flow: what asks.
        private: what the caller marked; see `private_of`.
        note: returns what the model is told of the tokens, which is put below its system message.

    Returns:
        What the flow returns; a reply with something in it that looks like a token and stands for nothing needs review.
    """
    tokens: Tokens | None = None
    heard = given = ""
    unknown: set[str] = set()
    resume: Callable[[], Wanted] = flow.__next__
    try:
        while True:
            try:
                wanted = resume()
            except StopIteration as end:
                made: _R = end.value
                return _reviewed(made, unknown)
            if isinstance(wanted, ChatRequest):
                if tokens is None:
                    tokens = Tokens((message.content for message in wanted.messages), private)
                wanted = _without_data(wanted, tokens, note)
                heard = given = ""
            try:
                event = yield wanted
            except GeneratorExit:
                raise
            except BaseException as error:
                resume = functools.partial(flow.throw, error)
                continue
            if tokens is not None and isinstance(event, Completion):
                restored = tokens.restore(event.text)
                unknown.update(restored.unknown)
                event = event.model_copy(update={"text": restored.text})
            elif tokens is not None and isinstance(event, str):
                heard += event
                whole = tokens.restore(tokens.settled(heard)).text
                event = whole[len(given) :] if whole.startswith(given) else ""
                given += event
            resume = functools.partial(flow.send, event)
    finally:
        flow.close()


def _without_data(request: ChatRequest, tokens: Tokens, note: Callable[[Sequence[str]], str]) -> ChatRequest:
    messages = [message.model_copy(update={"content": tokens.mask(message.content)}) for message in request.messages]
    if tokens.written:
        told = note(tokens.written)
        first = messages[0]
        if first.role == "system":
            messages[0] = first.model_copy(update={"content": f"{first.content}\n\n{told}"})
        else:
            messages.insert(0, ChatMessage(role="system", content=told))
    return request.model_copy(update={"messages": tuple(messages)})


def _reviewed(made: _R, unknown: set[str]) -> _R:
    if not isinstance(made, Reply) or made.status == "needs_review":
        return made
    left = sorted(token for token in unknown if "{{" + token.strip("{}") + "}}" in made.text)
    if not left:
        return made
    reason = f"holds {', '.join(left)}, which stands for nothing that was given"
    return made.model_copy(update={"status": "needs_review", "reason": reason})
