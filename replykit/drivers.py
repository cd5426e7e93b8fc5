"""Two drivers of one flow: the only place where the sync and the async world differ."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Generator
from typing import TypeAlias, TypeVar

from replykit.records import ChatRequest, Completion

__all__ = ["Flow", "adrive", "drive"]

_R = TypeVar("_R")  # what a flow makes: a reply, a record
Flow: TypeAlias = Generator[ChatRequest, Completion, _R]


def drive(flow: Flow[_R], complete: Callable[[ChatRequest], Completion]) -> _R:
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
                made: _R = end.value
                return made
            try:
                step = functools.partial(flow.send, complete(request))
            except StopIteration:  # a generator cannot be thrown one
                raise
            except BaseException as error:
                step = functools.partial(flow.throw, error)
    finally:
        flow.close()


async def adrive(flow: Flow[_R], complete: Callable[[ChatRequest], Awaitable[Completion]]) -> _R:
    """Run a flow to its end, awaiting a chat model; otherwise as `drive`."""
    step: Callable[[], ChatRequest] = functools.partial(next, flow)
    try:
        while True:
            try:
                request = step()
            except StopIteration as end:
                made: _R = end.value
                return made
            try:
                step = functools.partial(flow.send, await complete(request))
            except StopIteration:
                raise
            except BaseException as error:
                step = functools.partial(flow.throw, error)
    finally:
        flow.close()
