"""What a caller sees of a chat server that fails: a fault, run over real HTTP, as a line of a table."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import Any

from server import KEY, Server, Step

from replykit import errors
from replykit.kit import AsyncReplyKit, ReplyKit
from replykit.records import Outcome, Reply

__all__ = ["LONG", "Fault", "Row", "paid", "run", "seen", "sight", "told"]

CUSTOMER = "我的订单到哪了？"
DRAFT = "呵呵，我来为您查询。"
LONG = 20.0  # seconds; a deadline that never passes


@dataclass(frozen=True)
class Row:
    """A line of the table: the fault, the calls that a kit makes, and what its caller sees.

    Attributes:
        name: what the server does.
        calls: how many requests it got.
        paid: how many of them a kit takes for answered, or for lost and perhaps billed.
        drafted: what a caller of `draft` sees.
        rewritten: what a caller of `rewrite` sees.
        told: what the reply or the error says of it.
    """

    name: str
    calls: int
    paid: int
    drafted: str
    rewritten: str
    told: str


@dataclass(frozen=True)
class Fault:
    """One way in which a server may answer.

    Attributes:
        name: what it does.
        steps: the same, to be run.
        expected: how a completion is classified, or what is raised in its place.
        calls: how many calls a client makes for one completion.
        drafted: what a caller of `draft` sees; empty: the error.
        rewritten: what a caller of `rewrite` sees; empty: the same as of `draft`.
        told: what the reply or the error says of it.
        kit_calls: how many calls a kit makes; None: as many as one completion does.
        paid: how many of them may be billed; None: all that a kit makes beyond the client's retries.
        timeout: the deadline, in seconds.
    """

    name: str
    steps: tuple[Step, ...]
    expected: Outcome | type[errors.ChatError] = "complete"
    calls: int = 1
    drafted: str = ""
    rewritten: str = ""
    told: str = ""
    kit_calls: int | None = None
    paid: int | None = None
    timeout: float = LONG

    @property
    def row(self) -> Row:
        """What the table says of it."""
        drafted = self.drafted if isinstance(self.expected, str) else f"raises `{self.expected.__name__}`"
        paid = self.paid if self.paid is not None else self.kit_calls or 1
        return Row(self.name, self.kit_calls or self.calls, paid, drafted, self.rewritten or drafted, self.told)


def run(world: str, task: str, server: Server, fault: Fault) -> Reply | errors.ReplykitError:
    """Run a fault against a kit of one world or the other.

    Args:
        world: `sync` or `async`.
        task: `draft` or `rewrite`.
        server: plays the fault.
        fault: what it does.

    Returns:
        The reply, or the error in its place.
    """
    server.script(*fault.steps)
    options: dict[str, Any] = {"model": "test", "base_url": server.url, "api_key": KEY, "timeout": fault.timeout}

    def ask(kit: Any) -> Any:
        return kit.draft(CUSTOMER) if task == "draft" else kit.rewrite(DRAFT, customer=CUSTOMER)

    async def wait() -> Reply:
        async with AsyncReplyKit(**options) as kit:
            reply: Reply = await ask(kit)
            return reply

    try:
        if world == "async":
            return asyncio.run(wait())
        with ReplyKit(**options) as kit:
            reply: Reply = ask(kit)
            return reply
    except errors.ReplykitError as error:
        return error


def seen(fault: Fault) -> Row:
    """Run a fault, once for each task, and return what was seen."""
    sights: list[tuple[int, int, str, str]] = []
    for task, world in (("draft", "async"), ("rewrite", "sync")):
        with Server() as server:
            result = run(world, task, server, fault)
            sights.append((len(server.requests), paid(result), sight(result), told(result, server)))
    (calls, billed, drafted, said), (*again, rewritten, said_again) = sights
    if [calls, billed, said] != [*again, said_again]:
        raise AssertionError(f"{fault.name}: the two tasks differ: {sights}")
    return Row(fault.name, calls, billed, drafted, rewritten, said)


def paid(result: Reply | errors.ReplykitError) -> int:
    """Return how many calls may be billed, by what the caller is told."""
    return sum(attempt.usage.calls for attempt in result.attempts)


def sight(result: Reply | errors.ReplykitError) -> str:
    """Return what a caller sees: the status, and whose the text is; or the error."""
    if isinstance(result, errors.ReplykitError):
        return f"raises `{type(result).__name__}`"
    answers = [attempt.text for attempt in result.attempts if attempt.outcome == "complete"]
    source = next(attempt for attempt in reversed(result.attempts) if attempt.text == result.text)
    if source.made_by == "phrasebook":
        return f"{result.status}: a ready line"
    if source.made_by == "fixer":
        return f"{result.status}: {'the answer' if answers else 'the draft'}, mended"
    return f"{result.status}: {'the answer' if answers[0] == result.text else 'the second answer'}"


def told(result: Reply | errors.ReplykitError, server: Server) -> str:
    """Return what the caller is told, with a name in place of the server's address, and no word of the transport."""
    said = str(result) if isinstance(result, errors.ReplykitError) else result.trouble or result.reason
    return re.sub(r" \(\w+Error\)$", "", said.replace(server.url.removesuffix("/v1"), "the server"))
