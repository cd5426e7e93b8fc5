"""Over real HTTP: every fault has one outcome or one error, and no call is made twice that may have been answered."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import logging
import socket
import threading
import traceback
from collections.abc import Mapping
from typing import Any, get_args

import pytest
import server as fault
import write_model_side
from faults import FAULTS, QUERY
from model_side_faults import render
from server import KEY, Server
from sight import LONG, Fault, paid, run, sight, told

import replykit
from replykit import errors
from replykit.chat import AsyncOpenAIChat, OpenAIChat
from replykit.chat.failures import TransientError
from replykit.chat.transport import Transport
from replykit.kit import ReplyKit
from replykit.records import ChatMessage, ChatRequest, Completion, Outcome, Reply

ASK = ChatRequest(messages=(ChatMessage(role="user", content="您好"),))
WORLDS = ("sync", "async", "aiohttp")
ok = fault.answer()


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
    if isinstance(case.expected, str):
        completion = complete(world, server.url)
        assert completion.outcome == case.expected
        completion.text.encode()  # what leaves can be sent on
    else:
        with pytest.raises(case.expected) as caught:
            complete(world, server.url, timeout=case.timeout)
        assert type(caught.value) is case.expected
        assert_ours(caught.value)
    assert len(server.requests) == case.calls


@pytest.mark.parametrize(("world", "task"), [("async", "draft"), ("sync", "rewrite")])
@pytest.mark.parametrize("case", FAULTS, ids=lambda case: case.name)
def test_each_fault_is_seen_as_the_table_says(server: Server, case: Fault, world: str, task: str) -> None:
    """A kit says of each fault what a caller can rely on, and ships no cut, filtered, refused or breaking text."""
    result = run(world, task, server, case)
    assert (len(server.requests), paid(result), told(result, server)) == (case.row.calls, case.row.paid, case.row.told)
    assert sight(result) == (case.row.drafted if task == "draft" else case.row.rewritten)
    if isinstance(result, Reply):
        assert result.usage.calls == sum(attempt.outcome is not None for attempt in result.attempts)
        assert result.status == "needs_review" or replykit.check(result.text, language="zh-Hans").ok
        assert "不能" not in result.text
    else:
        assert_ours(result)
        assert isinstance(result, errors.ChatError)
        assert [attempt.outcome for attempt in result.attempts] == ["lost"] * result.may_be_billed


def test_the_deadline_holds_over_all_calls() -> None:
    """Whatever a client asks again about, the deadline counts from the first call: a dribbling server is left."""
    again = [case for case in FAULTS if case.calls > 1 and case.expected == "complete"]
    assert len(again) > 5

    async def ask_all() -> list[object]:
        with contextlib.ExitStack() as servers:
            running = [servers.enter_context(Server()) for _ in again]
            chats = [AsyncOpenAIChat("test", base_url=server.url, timeout=4.0) for server in running]
            for server, case in zip(running, again, strict=True):
                server.script(*case.steps[: case.calls - 1], fault.dribble)
            results = await asyncio.gather(*(chat.complete(ASK) for chat in chats), return_exceptions=True)
            for chat in chats:
                await chat.aclose()
            assert [len(server.requests) for server in running] == [case.calls for case in again]
            return list(results)

    assert {type(result) for result in asyncio.run(ask_all())} == {errors.ChatTimeoutError}


def test_the_table_is_complete() -> None:
    """No fault stands twice in the table, and every kind of error and outcome that a server can cause is in it."""
    assert len({case.name for case in FAULTS}) == len(FAULTS)
    kinds = {kind for kind in vars(errors).values() if isinstance(kind, type) and kind.__base__ is errors.ChatError}
    assert {case.expected for case in FAULTS} == kinds | set(get_args(Outcome))


def test_the_document_says_what_the_table_says() -> None:
    """The committed table of faults is the one that the tests hold the kits to."""
    document = write_model_side.TARGET.read_text("utf-8")
    assert write_model_side.section_of(document, "faults") == render(case.row for case in FAULTS)


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
