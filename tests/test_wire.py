"""Over real HTTP: every fault has one outcome or one error, and no call is made twice that may have been answered."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import socket
import threading
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
import server as fault
from server import KEY, Server, Step

from replykit import errors
from replykit.chat import AsyncOpenAIChat, OpenAIChat
from replykit.chat.client import Transport
from replykit.chat.failures import TransientError
from replykit.kit import AsyncReplyKit, ReplyKit
from replykit.records import ChatMessage, ChatRequest, Completion, Outcome, Reply

ASK = ChatRequest(messages=(ChatMessage(role="user", content="您好"),))
WORLDS = ("sync", "async", "aiohttp")
SHORT, LONG = 0.3, 20.0  # seconds; the one is waited for, the other never passes
QUERY = "您好，我来为您查询。"
GZIP = b"\x1f\x8b\x08" + b"x" * 40
HTML = "<!DOCTYPE html><html><body>502</body></html>"


@dataclass(frozen=True)
class Fault:
    """One way in which a server may answer.

    Attributes:
        name: what it is called.
        steps: what the server does.
        calls: how many calls are made.
        outcome: how the answer is classified; None where there is none.
        error: what is raised otherwise.
        status: what a kit says of a drafted reply; None where it raises.
        kit_calls: how many calls the kit makes; None: as many as one completion does.
    """

    name: str
    steps: tuple[Step, ...]
    calls: int
    outcome: Outcome | None = None
    error: type[errors.ChatError] | None = None
    status: str | None = None
    kit_calls: int | None = None

    @property
    def timeout(self) -> float:
        """The deadline, in seconds."""
        return SHORT if self.error is errors.ChatTimeoutError else LONG


ok = fault.answer()
FAULTS = [
    Fault("success", (ok,), 1, "complete", status="clean"),
    Fault("429 with seconds", (fault.status(429, retry_after="0.05"), ok), 2, "complete", status="clean"),
    Fault("429 with milliseconds", (fault.status(429, retry_after_ms="30"), ok), 2, "complete", status="clean"),
    Fault("429 for ever", (fault.status(429, retry_after="0.01"),) * 9, 3, error=errors.ChatRateLimitError),
    Fault("429 past the deadline", (fault.status(429, retry_after="60"), ok), 1, error=errors.ChatRateLimitError),
    Fault("429 without quota", (fault.status(429, error="insufficient_quota"), ok), 1, error=errors.ChatAuthError),
    Fault("500 once", (fault.status(500, retry_after="0.01"), ok), 2, "complete", status="clean"),
    Fault("503 twice", (fault.status(503, retry_after="0.01"),) * 2 + (ok,), 3, "complete", status="clean"),
    Fault("502 as a page", (fault.sent(502, HTML, "text/html", retry_after="0.01"), ok), 2, "complete", status="clean"),
    Fault("500 for ever", (fault.status(500, retry_after="0.01"),) * 9, 3, error=errors.ChatServerError),
    Fault("501", (fault.status(501), ok), 1, error=errors.ChatServerError),
    Fault("401", (fault.status(401), ok), 1, error=errors.ChatAuthError),
    Fault("402", (fault.status(402), ok), 1, error=errors.ChatAuthError),
    Fault("404", (fault.status(404), ok), 1, error=errors.ChatRequestError),
    Fault("400", (fault.status(400), ok), 1, error=errors.ChatRequestError),
    Fault("400 not JSON", (fault.sent(400, "no", "text/plain"), ok), 1, error=errors.ChatRequestError),
    Fault("no answer", (fault.hang, ok), 1, error=errors.ChatTimeoutError),
    Fault("blank lines for ever", (fault.dribble, ok), 1, error=errors.ChatTimeoutError),
    Fault("headers for ever", (fault.dribble_headers, ok), 1, error=errors.ChatTimeoutError),
    Fault("half a body", (fault.half_body, ok), 1, error=errors.ChatConnectionError),
    Fault("reset", (fault.reset, ok), 1, error=errors.ChatConnectionError),
    Fault("hung up", (fault.hang_up, ok), 1, error=errors.ChatConnectionError),
    Fault("page with 200", (fault.sent(200, HTML, "text/html"), ok), 1, error=errors.ChatProtocolError),
    Fault("text with 200", (fault.sent(200, "hello", "text/plain"), ok), 1, error=errors.ChatProtocolError),
    Fault("empty body", (fault.sent(200, ""), ok), 1, error=errors.ChatProtocolError),
    Fault("broken JSON", (fault.sent(200, '{"choices": ['), ok), 1, error=errors.ChatProtocolError),
    Fault("deep JSON", (fault.sent(200, "[" * 100_000), ok), 1, error=errors.ChatProtocolError),
    Fault("JSON list", (fault.sent(200, "[1]"), ok), 1, error=errors.ChatProtocolError),
    Fault(
        "not gzip",
        (fault.sent(200, b"\x1f\x8b\x08" + b"x" * 40, content_encoding="gzip"), ok),
        1,
        error=errors.ChatConnectionError,
    ),
    Fault("error with 200", (fault.status(200, "overloaded"), ok), 1, error=errors.ChatProtocolError),
    Fault("no choices", (fault.sent(200, '{"choices": []}'), ok), 1, error=errors.ChatProtocolError),
    Fault("null choices", (fault.sent(200, '{"choices": null}'), ok), 1, error=errors.ChatProtocolError),
    Fault("null choice", (fault.sent(200, '{"choices": [null]}'), ok), 1, error=errors.ChatProtocolError),
    Fault("null message", (fault.sent(200, '{"choices": [{"message": null}]}'), ok), 1, error=errors.ChatProtocolError),
    Fault("number as content", (fault.answer(7), ok), 1, error=errors.ChatProtocolError),
    Fault("length", (fault.answer(reason="length"), ok), 1, "length", status="clean", kit_calls=2),
    Fault("length twice", (fault.answer(reason="length"),) * 2, 1, "length", status="needs_review", kit_calls=2),
    Fault("content_filter", (fault.answer("", "content_filter"), ok), 1, "content_filter", status="needs_review"),
    Fault("sensitive", (fault.answer("", "sensitive"), ok), 1, "content_filter", status="needs_review"),
    Fault(
        "DashScope moderation",
        (fault.status(400, error="data_inspection_failed"), ok),
        1,
        "content_filter",
        status="needs_review",
    ),
    Fault("Azure filter", (fault.status(400, error="content_filter"), ok), 1, "content_filter", status="needs_review"),
    Fault("refusal", (fault.answer(None, refusal="I can't."), ok), 1, "refusal", status="needs_review"),
    Fault("tool call", (fault.answer(None, "tool_calls", tool_calls=[{}]), ok), 1, "unknown", status="needs_review"),
    Fault("unknown finish", (fault.answer(reason="network_error"), ok), 1, "unknown", status="needs_review"),
    Fault("no finish", (fault.answer(reason=None), ok), 1, "unknown", status="needs_review"),
    Fault("empty", (fault.answer(""), ok), 1, "blank", status="clean", kit_calls=2),
    Fault("null content", (fault.answer(None), ok), 1, "blank", status="clean", kit_calls=2),
    Fault("blank twice", (fault.answer(" \n"),) * 2, 1, "blank", status="needs_review", kit_calls=2),
    Fault("only reasoning", (fault.answer("<think>嗯</think>"), ok), 1, "blank", status="clean", kit_calls=2),
    Fault("reasoning first", (fault.answer(f"<think>嗯</think>\n{QUERY}"),), 1, "complete", status="clean"),
    Fault("fenced", (fault.answer(f"```\n{QUERY}\n```"),), 1, "complete", status="clean"),
    Fault("preamble", (fault.answer(f"好的，以下是改写后的回复：\n{QUERY}"),), 1, "complete", status="clean"),
    Fault(
        "content in parts",
        (fault.answer([{"type": "text", "text": "您好，我来为您查询。"}]),),
        1,
        "complete",
        status="clean",
    ),
    Fault("lone surrogate", (fault.sent(200, json.dumps(fault.body("您好\ud800"))),), 1, "complete", status="clean"),
    Fault(
        "strange usage", (fault.sent(200, json.dumps({**fault.body(), "usage": [1]})),), 1, "complete", status="clean"
    ),
]


def complete(world: str, url: str, **options: Any) -> Completion:
    """Ask once, in one world or another: waiting, awaiting, or awaiting over aiohttp."""
    options = {"base_url": url, "api_key": KEY, "timeout": LONG, **options}
    if world == "sync":
        chat = OpenAIChat("test", **options)
        try:
            return chat.complete(ASK)
        finally:
            chat.close()

    async def ask() -> Completion:
        chat = AsyncOpenAIChat("test", transport="aiohttp" if world == "aiohttp" else "httpx2", **options)
        try:
            return await chat.complete(ASK)
        finally:
            await chat.aclose()

    return asyncio.run(ask())


def draft(world: str, url: str, timeout: float) -> Reply:
    """Draft a reply, in one world or the other."""
    options: dict[str, Any] = {"model": "test", "base_url": url, "api_key": KEY, "timeout": timeout}
    if world == "sync":
        with ReplyKit(**options) as kit:
            return kit.draft("我的订单到哪了？")

    async def ask() -> Reply:
        async with AsyncReplyKit(**options) as kit:
            return await kit.draft("我的订单到哪了？")

    return asyncio.run(ask())


def assert_ours(error: BaseException) -> None:
    """Assert that nothing of the SDK or the transport shows, and no key."""
    assert type(error).__module__ == "replykit.errors"
    assert error.__cause__ is None
    told = "".join(traceback.format_exception(error))
    assert KEY not in told
    assert "openai." not in str(error)
    assert "httpx" not in str(error)


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("case", FAULTS, ids=lambda case: case.name)
def test_each_fault_has_one_outcome(server: Server, case: Fault, world: str) -> None:
    """A fault leads to its outcome or its error, after exactly its number of calls."""
    server.script(*case.steps)
    if case.error:
        with pytest.raises(case.error) as caught:
            complete(world, server.url, timeout=case.timeout)
        assert type(caught.value) is case.error
        assert_ours(caught.value)
    else:
        completion = complete(world, server.url)
        assert completion.outcome == case.outcome
        completion.text.encode()  # what leaves can be sent on
    assert len(server.requests) == case.calls


@pytest.mark.parametrize("world", ["sync", "async"])
@pytest.mark.parametrize("case", FAULTS, ids=lambda case: case.name)
def test_each_fault_has_one_status(server: Server, case: Fault, world: str) -> None:
    """A kit says of each fault what a caller can rely on, and ships no cut, filtered or refused text."""
    server.script(*case.steps)
    if case.error:
        with pytest.raises(case.error) as caught:
            draft(world, server.url, case.timeout)
        assert caught.value.attempts == ()
        assert_ours(caught.value)
    else:
        reply = draft(world, server.url, case.timeout)
        assert reply.status == case.status, reply
        assert reply.usage.calls == sum(attempt.outcome is not None for attempt in reply.attempts)
        if case.status == "needs_review":
            assert reply.attempts[-1].made_by == "phrasebook"
            assert reply.text == reply.attempts[-1].text
            assert "model gave no answer" in reply.reason
    assert len(server.requests) == (case.kit_calls or case.calls)


@pytest.mark.parametrize("world", WORLDS)
def test_retry_after_may_be_a_date(server: Server, world: str) -> None:
    """An HTTP date is waited for, where the deadline allows it."""
    server.script(fault.status(429, retry_after=fault.date_in(1, time.time())), ok)
    assert complete(world, server.url).outcome == "complete"
    assert len(server.requests) == 2


@pytest.mark.parametrize("world", WORLDS)
def test_refused_connection_is_retried(world: str) -> None:
    """Where nobody listens, the call ends in a connection error."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
        with pytest.raises(errors.ChatConnectionError, match="nobody answers at") as caught:
            complete(world, url, max_retries=1)
    assert_ours(caught.value)


@pytest.mark.parametrize("world", WORLDS)
def test_no_retries_means_one_call(server: Server, world: str) -> None:
    """With max_retries=0 a busy server is asked once."""
    server.script(fault.status(503), ok)
    with pytest.raises(errors.ChatServerError):
        complete(world, server.url, max_retries=0)
    assert len(server.requests) == 1


@pytest.mark.parametrize("world", WORLDS)
def test_refused_temperature_is_left_out(server: Server, world: str) -> None:
    """A model that refuses the temperature is asked without it, as nothing was billed."""
    server.script(fault.status(400, "Unsupported value: 'temperature' does not support 0.3 with this model."), ok)
    assert complete(world, server.url).outcome == "complete"
    assert ["temperature" in request for request in server.requests] == [True, False]


def test_refused_limit_is_renamed(server: Server) -> None:
    """A model that wants max_completion_tokens gets it, from then on."""
    refusal = "Unsupported parameter: 'max_tokens' is not supported. Use 'max_completion_tokens' instead."
    server.script(fault.status(400, refusal), ok, ok)
    chat = OpenAIChat("test", base_url=server.url)
    for _ in range(2):
        chat.complete(ASK.model_copy(update={"max_tokens": 99}))
    chat.close()
    assert [request.get("max_tokens") for request in server.requests] == [99, None, None]
    assert [request.get("max_completion_tokens") for request in server.requests] == [None, 99, 99]


def test_connections_are_reused(server: Server) -> None:
    """Two calls of one client go over one connection."""
    server.script(ok, ok)
    chat = OpenAIChat("test", base_url=server.url)
    chat.complete(ASK)
    chat.complete(ASK)
    chat.close()
    assert len(set(server.ports)) == 1


def test_sync_client_works_inside_a_running_loop(server: Server) -> None:
    """The client that waits can be called from async code, which it blocks."""
    server.script(ok)

    async def caller() -> Completion:
        return complete_sync(server.url)

    def complete_sync(url: str) -> Completion:
        return complete("sync", url)

    assert asyncio.run(caller()).outcome == "complete"


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # the first loop took its open connection with it
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_async_client_outlives_an_event_loop(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    """One async client serves one asyncio.run after another, without an error in the log."""
    server.script(ok, ok)
    chat = AsyncOpenAIChat("test", base_url=server.url)
    assert [asyncio.run(chat.complete(ASK)).outcome for _ in range(2)] == ["complete", "complete"]
    asyncio.run(chat.aclose())
    del chat
    gc.collect()
    assert not [record for record in caplog.records if record.name == "asyncio"]


def test_cancelled_call_is_cancelled(server: Server) -> None:
    """Cancelling the caller's task is no timeout."""
    server.script(fault.hang)

    async def ask() -> None:
        chat = AsyncOpenAIChat("test", base_url=server.url)
        task = asyncio.create_task(chat.complete(ASK))
        while not server.requests:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await chat.aclose()

    asyncio.run(ask())


def test_forgotten_client_leaves_nothing_behind(server: Server) -> None:
    """A client that nobody closes ends its thread and its connections when it is collected."""
    server.script(ok)
    chat = OpenAIChat("test", base_url=server.url)
    chat.complete(ASK)
    assert "replykit-chat" in {thread.name for thread in threading.enumerate()}
    del chat
    gc.collect()
    assert "replykit-chat" not in {thread.name for thread in threading.enumerate()}


def test_closed_client_says_so(server: Server) -> None:
    """A closed client refuses work, however often it is closed."""
    chat = OpenAIChat("test", base_url=server.url)
    server.script(ok)
    chat.complete(ASK)
    chat.close()
    chat.close()
    with pytest.raises(errors.UsageError, match="closed"):
        chat.complete(ASK)


def test_key_shows_nowhere(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    """No repr, message or log line holds the key, even where the server sends it back."""
    caplog.set_level(logging.DEBUG)
    server.script(fault.status(401, f"Incorrect API key provided: {KEY}"), fault.status(503, retry_after="0.01"), ok)
    chat = OpenAIChat("test", base_url=server.url, api_key=KEY, timeout=5)
    with pytest.raises(errors.ChatAuthError, match=r"provided: \*\*\*") as caught:
        chat.complete(ASK)
    chat.complete(ASK)
    chat.close()
    assert_ours(caught.value)
    assert KEY not in repr(chat)
    assert caplog.records
    assert KEY not in caplog.text


def test_log_holds_no_text(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    """What customers, agents and models write does not go into replykit's log."""
    caplog.set_level(logging.DEBUG, logger="replykit")
    server.script(fault.status(503, "客户说了什么", retry_after="0.01"), fault.answer("呵呵，好的。"), ok)
    with ReplyKit(model="test", base_url=server.url) as kit:
        kit.rewrite("原稿内容", customer="客户内容")
    told = " ".join(record.getMessage() for record in caplog.records if record.name == "replykit")
    assert told.isascii()
    assert "2 attempts" in told


def test_lone_surrogates_reach_the_server_replaced(server: Server) -> None:
    """A text that UTF-8 cannot hold does not break the call."""
    server.script(ok)
    chat = OpenAIChat("test", base_url=server.url)
    chat.complete(ChatRequest(messages=(ChatMessage(role="user", content="a\ud800b"),)))
    chat.close()
    assert server.requests[0]["messages"][0]["content"] == "a\ufffdb"


@pytest.mark.parametrize("transport", ["httpx2", "aiohttp"])
def test_attempt_is_one_call(server: Server, transport: Transport) -> None:
    """An attempt says what another one would cost, hands over the headers of every answer, and shows no key."""
    server.script(
        fault.status(429, f"slow down, {KEY}", retry_after="3", x_ratelimit_remaining_requests="0"),
        fault.sent(200, json.dumps(fault.body(QUERY)), x_ratelimit_remaining_requests="7"),
        fault.status(400),
    )
    left = []

    async def ask() -> None:
        chat = AsyncOpenAIChat("test", base_url=server.url, api_key=KEY, transport=transport)

        def heed(headers: Mapping[str, str]) -> None:
            left.append(headers.get("X-RateLimit-Remaining-Requests"))

        with pytest.raises(TransientError, match=r"slow down, \*\*\*") as caught:
            await chat.attempt(ASK, heed)
        assert caught.value.wait == 3
        assert isinstance(caught.value.error, errors.ChatRateLimitError)
        assert KEY not in str(caught.value.error)
        assert (await chat.attempt(ASK, heed)).text == QUERY
        with pytest.raises(errors.ChatRequestError):
            await chat.attempt(ASK, heed)
        await chat.aclose()

    asyncio.run(ask())
    assert left == ["0", "7", None]
    assert len(server.requests) == 3


@pytest.mark.parametrize("kind", [OpenAIChat, AsyncOpenAIChat])
def test_twin_asks_the_same_and_closes_alone(server: Server, kind: type[OpenAIChat] | type[AsyncOpenAIChat]) -> None:
    """A twin sends what its original would send, over connections of its own."""
    server.script(ok, ok)
    chat = kind("test", base_url=server.url, api_key=KEY, temperature=0.7)

    async def ask() -> None:
        twin = chat.twin()
        await twin.complete(ASK)
        await twin.aclose()
        again = chat.twin("httpx2")
        await again.complete(ASK)
        await again.aclose()

    asyncio.run(ask())
    assert [request["temperature"] for request in server.requests] == [0.7, 0.7]
    assert len(set(server.ports)) == 2
    if isinstance(chat, OpenAIChat):
        chat.close()


def test_many_calls_are_under_way_at_once(server: Server) -> None:
    """No pool of connections bounds how many calls are under way: 120 wait for each other and all come back."""
    meeting = threading.Barrier(120)

    def meet(handler: fault.Handler) -> None:
        meeting.wait(timeout=LONG)
        ok(handler)

    server.script(*[meet] * 120)

    async def ask() -> None:
        chat = AsyncOpenAIChat("test", base_url=server.url, timeout=LONG, transport="aiohttp")
        answers = await asyncio.gather(*(chat.attempt(ASK) for _ in range(120)))
        assert {answer.outcome for answer in answers} == {"complete"}
        await chat.aclose()

    asyncio.run(ask())


def test_missing_transport_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where aiohttp is not installed, asking for it is refused with the extra's name, and nobody gets it unasked."""
    import openai

    def missing(**_: object) -> None:
        raise RuntimeError("To use the aiohttp client you must have installed the package with the `aiohttp` extra")

    monkeypatch.setattr(openai, "DefaultAioHttpClient", missing)
    with pytest.raises(errors.UsageError, match=r"replykit\[polish\]"):
        AsyncOpenAIChat("test", base_url="http://localhost/v1", transport="aiohttp")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    AsyncOpenAIChat("test", base_url="http://localhost/v1").twin()
