"""Two drivers of one flow: the only place where the sync and the async world differ."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Generator

from replykit.records import ChatRequest, Completion, Reply

__all__ = ["adrive", "drive"]

Flow = Generator[ChatRequest, Completion, Reply]


def drive(flow: Flow, complete: Callable[[ChatRequest], Completion]) -> Reply:
    """Run a flow to its end, asking a chat model what it yields.

    Args:
        flow: what decides.
        complete: asks the model; what it raises goes into the flow, which passes on to the caller what is not ours.
    """
    step: Callable[[], ChatRequest] = functools.partial(next, flow)
    try:
        while True:
            try:
                request = step()
            except StopIteration as end:  # never around the call itself: a stray one there would pass for the reply
                reply: Reply = end.value
                return reply
            try:
                step = functools.partial(flow.send, complete(request))
            except StopIteration:  # a generator cannot be thrown one
                raise
            except BaseException as error:
                step = functools.partial(flow.throw, error)
    finally:
        flow.close()


async def adrive(flow: Flow, complete: Callable[[ChatRequest], Awaitable[Completion]]) -> Reply:
    """Run a flow to its end, awaiting a chat model; otherwise as `drive`."""
    step: Callable[[], ChatRequest] = functools.partial(next, flow)
    try:
        while True:
            try:
                request = step()
            except StopIteration as end:
                reply: Reply = end.value
                return reply
            try:
                step = functools.partial(flow.send, await complete(request))
            except StopIteration:
                raise
            except BaseException as error:
                step = functools.partial(flow.throw, error)
    finally:
        flow.close()
