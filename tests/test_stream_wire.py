"""Streams over real HTTP: what leaves, how each ends, and that nothing is billed twice or left open."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import re
import threading
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Any

import pytest
import server as serve
import write_model_side
from server import DONE, KEY, Server, Step, data, event, streamed, whole
from stream_faults import CUSTOMER, ENDS, FAILS, FIRST, GOOD, PIECES, REST, SHORT, SLOW, ok

from replykit import AsyncReplyKit, ReplyKit
from replykit.chat import AsyncOpenAIChat, AsyncStreamingChat, Chat, OpenAIChat, StreamingChat
from replykit.errors import (
    ChatError,
    UsageError,
)
from replykit.records import ChatMessage, ChatRequest, Completion, Reply
from replykit.testing import AsyncFakeChat, FakeChat

ASK = ChatRequest(messages=(ChatMessage(role="user", content="您好"),))
WORLDS = ("sync", "async", "aiohttp")


def events(world: str, url: str, **options: Any) -> list[str | Completion]:
    """Stream one answer, in one world or another."""
    options = {"base_url": url, "api_key": KEY, "timeout": 20.0, **options}
    if world == "sync":
        with contextlib.closing(OpenAIChat("test", **options)) as chat:
            return list(chat.stream(ASK))

    async def ask() -> list[str | Completion]:
        client = AsyncOpenAIChat("test", transport="aiohttp" if world == "aiohttp" else "httpx2", **options)
        try:
            return [event async for event in client.stream(ASK)]
        finally:
            await client.aclose()

    return asyncio.run(ask())


def draft(world: str, url: str, **options: Any) -> tuple[list[str], Reply]:
    """Stream one draft; return the pieces and the reply."""
    options = {"model": "test", "base_url": url, "api_key": KEY, "timeout": 20.0, **options}
    if world == "sync":
        with ReplyKit(**options) as kit, kit.draft_stream(CUSTOMER) as stream:
            return list(stream), stream.reply

    async def run() -> tuple[list[str], Reply]:
        async with AsyncReplyKit(**options) as kit, kit.draft_stream(CUSTOMER) as stream:
            return [piece async for piece in stream], stream.reply

    return asyncio.run(run())


@pytest.mark.parametrize("world", WORLDS)
def test_answer_comes_in_pieces(server: Server, world: str) -> None:
    """The pieces, then the whole with its cost; asked for with `stream` and `include_usage`."""
    server.script(ok)
    *pieces, completion = events(world, server.url)
    assert pieces == PIECES
    assert isinstance(completion, Completion)
    assert (completion.text, completion.outcome, completion.usage.total_tokens) == (GOOD, "complete", 15)
    assert server.requests[0]["stream"] is True
    assert server.requests[0]["stream_options"] == {"include_usage": True}


@pytest.mark.parametrize("world", WORLDS)
def test_draft_leaves_in_sentences(server: Server, world: str) -> None:
    """A kit lets the sentences of a streamed answer leave, and the reply holds what it cost."""
    server.script(ok)
    pieces, reply = draft(world, server.url)
    assert pieces == [FIRST, REST]
    assert (reply.text, reply.status, reply.usage.total_tokens, reply.usage.calls) == (GOOD, "clean", 15, 1)


_RAW = b"".join(whole(*PIECES))
_CRLF = _RAW.replace(b"\n", b"\r\n")

READ = {
    "byte by byte": streamed(*[_RAW[at : at + 1] for at in range(len(_RAW))]),
    "in sevens": streamed(*[_RAW[at : at + 7] for at in range(0, len(_RAW), 7)]),
    "all at once": streamed(_RAW),
    "lines end with CR LF": streamed(_CRLF),
    "no [DONE]": streamed(*whole(*PIECES)[:-1]),
    "no [DONE], no blank line": streamed(*[event(piece) for piece in PIECES], event(reason="stop").rstrip()),
    "no usage": streamed(*[event(piece) for piece in PIECES], event(reason="stop"), DONE),
    "comments, names and ids": streamed(
        b": keep-alive\n\n", *[b"event: message\nid: 7\n" + event(piece) for piece in PIECES], event(reason="stop")
    ),
    "as plain text": streamed(_RAW, kind="text/plain"),
    "a second choice": streamed(
        *[event(piece) for piece in PIECES],
        data({"choices": [{"index": 1, "delta": {"content": "别的"}, "finish_reason": "stop"}]}),
        event(reason="stop"),
    ),
    "reasoning beside the text": streamed(event(None, reasoning_content="没办法"), *whole(*PIECES)),
    "usage in the last piece": streamed(
        *[event(piece) for piece in PIECES],
        data({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 3}}),
        DONE,
    ),
    "the end never comes": streamed(*whole(*PIECES), then=serve.keep_alive),
    "reset after the finish reason": streamed(*whole(*PIECES)[:-2], then=serve.delayed(serve.reset, 0.3)),
    "whole JSON": serve.answer(GOOD),
    "whole JSON that says it is a stream": serve.sent(200, json.dumps(serve.body(GOOD), indent=1), "text/event-stream"),
}


@pytest.mark.parametrize("name", READ)
def test_what_servers_send_is_read(server: Server, name: str) -> None:
    """However a server cuts up its stream, and whatever it adds or leaves out, the answer is the same."""
    server.script(READ[name])
    *pieces, completion = events("async", server.url)
    assert isinstance(completion, Completion)
    assert (completion.text, completion.outcome) == (GOOD, "complete")
    assert "".join(str(piece) for piece in pieces) in (GOOD, "")


def test_half_a_character_waits_for_the_other(server: Server) -> None:
    """A surrogate pair in two events is one character; a half that stays alone is replaced."""
    halves = [
        b'data: {"choices": [{"delta": {"content": "\\ud83d"}}]}\n\n',
        b'data: {"choices": [{"delta": {"content": "\\ude00"}}]}\n\n',
    ]
    server.script(streamed(*halves, halves[0], event(reason="stop")))
    assert events("async", server.url)[0] == "😀"
    server.script(streamed(halves[0], event("好"), halves[0], event(reason="stop")))
    *pieces, completion = events("async", server.url)
    assert pieces == ["\ufffd好"]
    assert isinstance(completion, Completion)
    assert completion.text == "\ufffd好\ufffd"


# The transports differ in how a connection breaks; the rest is the same for both.
TORN = ("reset", "hangs up", "comments for ever")


def _runs(names: Iterable[str]) -> list[tuple[str, str]]:
    return [(name, world) for name in names for world in WORLDS if world != "aiohttp" or name in TORN]


@pytest.mark.parametrize(("name", "world"), _runs(ENDS))
def test_stream_that_breaks_off_is_told(server: Server, name: str, world: str) -> None:
    """Once a piece has left, every way of breaking off ends in a reply that needs review, after one call."""
    chunks, then, outcome, told = ENDS[name]
    server.script(streamed(*chunks, then=then), ok)
    pieces, reply = draft(world, server.url, timeout=SLOW if "for ever" in name else 20.0)
    assert pieces == [FIRST]
    assert (reply.text, reply.status) == (FIRST, "needs_review")
    assert told in reply.reason
    assert [(attempt.outcome, attempt.made_by) for attempt in reply.attempts] == [(outcome, "model")]
    assert reply.attempts[0].text.startswith(FIRST)
    assert len(server.requests) == reply.usage.calls == 1


@pytest.mark.parametrize(("name", "world"), _runs(FAILS))
def test_failure_before_the_first_piece_is_raised(server: Server, name: str, world: str) -> None:
    """Where nothing has left, a stream raises what a draft raises, and asks no more often."""
    steps, error, calls = FAILS[name]
    server.script(*steps)
    with pytest.raises(error) as raised:
        draft(world, server.url, timeout=SHORT if "for ever" in name or "never" in name else 20.0, max_retries=2)
    assert len(server.requests) == calls
    assert KEY not in str(raised.value)


@pytest.mark.parametrize("world", WORLDS)
def test_refusals_before_the_stream_are_asked_again(server: Server, world: str) -> None:
    """What the server says that it did not answer is asked again, and the stream is whole."""
    server.script(serve.status(429, retry_after="0.01"), serve.status(503, retry_after="0.01"), ok)
    pieces, reply = draft(world, server.url)
    assert ("".join(pieces), reply.status, len(server.requests)) == (GOOD, "clean", 3)


@pytest.mark.parametrize(
    ("refusal", "asked"),
    [
        (serve.status(400, "Unknown parameter: stream_options"), {"stream": True}),
        (serve.sent(422, '{"detail": [{"loc": ["body", "stream_options"], "msg": "Extra inputs"}]}'), {"stream": True}),
        (serve.status(400, "Streaming is not supported by this model"), {}),
    ],
)
def test_what_a_server_refuses_is_given_up(server: Server, refusal: Step, asked: dict[str, Any]) -> None:
    """A server that knows no `stream_options`, or no `stream`, is asked without, and not again for the next reply."""
    last = ok if asked else serve.answer(GOOD)
    server.script(refusal, last, last)
    with ReplyKit(model="test", base_url=server.url, api_key=KEY) as kit:
        assert "".join(kit.draft_stream(CUSTOMER)) == "".join(kit.draft_stream(CUSTOMER)) == GOOD
    streaming = [{name: value for name, value in sent.items() if "stream" in name} for sent in server.requests]
    assert streaming[1:] == [asked, asked]


def test_a_refusal_that_only_sounds_like_it_gives_up_nothing(server: Server) -> None:
    """An upstream error is no refusal of streams."""
    server.script(serve.status(400, "upstream rejected the request"), ok)
    with pytest.raises(ChatError, match="upstream"):
        draft("async", server.url)
    assert len(server.requests) == 1


@pytest.mark.parametrize("world", WORLDS)
def test_error_in_the_rest_is_asked_for_again(server: Server, world: str) -> None:
    """The rest is mended by a second call, streamed too, and both are counted."""
    server.script(streamed(*whole(FIRST, "这个没办法的，大哥。")), streamed(*whole(REST)))
    pieces, reply = draft(world, server.url)
    assert ("".join(pieces), reply.status) == (GOOD, "repaired")
    assert reply.usage.total_tokens == 30
    assert FIRST in server.requests[1]["messages"][-1]["content"]


@pytest.mark.parametrize("transport", ["httpx2", "aiohttp"])
def test_closing_early_ends_the_call_async(server: Server, transport: Any) -> None:
    """A stream that is left closes its connection at once; no task stays behind, and the kit goes on."""
    hung_up = threading.Event()
    server.script(_until_hung_up(hung_up), ok)

    async def run() -> None:
        client = AsyncOpenAIChat("test", base_url=server.url, api_key=KEY, transport=transport)
        kit = AsyncReplyKit(chat=client)
        stream = kit.draft_stream(CUSTOMER)
        assert await anext(stream) == FIRST
        await stream.close()
        assert len(asyncio.all_tasks()) == 1
        assert [piece async for piece in stream] == []
        with pytest.raises(UsageError, match="before the stream has ended"):
            stream.reply  # noqa: B018  # the point of the test
        assert "".join([piece async for piece in kit.draft_stream(CUSTOMER)]) == GOOD
        await client.aclose()

    asyncio.run(run())
    assert hung_up.wait(5)


def test_closing_early_ends_the_call_sync(server: Server) -> None:
    """The same without async; the only thread is the client's, and closing the kit ends it."""
    threads = set(threading.enumerate())
    hung_up = threading.Event()
    server.script(_until_hung_up(hung_up), ok)
    with ReplyKit(model="test", base_url=server.url, api_key=KEY) as kit:
        for piece in kit.draft_stream(CUSTOMER):
            assert piece == FIRST
            break
        gc.collect()
        assert hung_up.wait(5)
        assert "".join(kit.draft_stream(CUSTOMER)) == GOOD
    ours = {thread for thread in set(threading.enumerate()) - threads if thread.name.startswith("replykit")}
    assert not ours


def test_cancelling_the_consumer_ends_the_call(server: Server) -> None:
    """A task that is cancelled while it waits for a piece closes the connection."""
    hung_up = threading.Event()
    server.script(_until_hung_up(hung_up))

    async def run() -> None:
        async with AsyncReplyKit(model="test", base_url=server.url, api_key=KEY) as kit:
            stream = kit.draft_stream(CUSTOMER)
            assert await anext(stream) == FIRST
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(anext(stream), 0.1)
            with pytest.raises(StopAsyncIteration):
                await anext(stream)

    asyncio.run(run())
    assert hung_up.wait(5)


@pytest.mark.parametrize("world", ["sync", "async"])
def test_closing_the_kit_ends_its_streams(server: Server, world: str, caplog: pytest.LogCaptureFixture) -> None:
    """A stream that is open when its kit is closed leaves no connection, and nothing complains at the end."""
    hung_up = threading.Event()
    server.script(_until_hung_up(hung_up))
    if world == "sync":
        kit = ReplyKit(model="test", base_url=server.url, api_key=KEY)
        stream = kit.draft_stream(CUSTOMER)
        assert next(stream) == FIRST
        kit.close()
        with pytest.raises(UsageError, match="closed"):
            next(stream)
    else:

        async def run() -> None:
            async with AsyncReplyKit(model="test", base_url=server.url, api_key=KEY) as kit:
                stream = kit.draft_stream(CUSTOMER)
                assert await anext(stream) == FIRST
            assert [piece async for piece in stream] == []

        asyncio.run(run())
    gc.collect()
    assert hung_up.wait(5)
    assert not [record for record in caplog.records if record.name == "asyncio" and record.levelname != "DEBUG"]


def test_stream_that_another_waits_for_is_not_closed(server: Server) -> None:
    """Who waits for the next piece cannot be left with half a stream; the error says what to do instead."""
    hung_up = threading.Event()
    server.script(_until_hung_up(hung_up), _until_hung_up(hung_up))

    async def run() -> None:
        async with AsyncReplyKit(model="test", base_url=server.url, api_key=KEY) as kit:
            stream = kit.draft_stream(CUSTOMER)
            assert await anext(stream) == FIRST
            waiting = asyncio.ensure_future(anext(stream))
            await asyncio.sleep(0)
            with pytest.raises(UsageError, match="cancel that task"):
                await stream.close()
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting

    asyncio.run(run())
    assert hung_up.wait(5)
    with ReplyKit(model="test", base_url=server.url, api_key=KEY) as kit:
        stream = kit.draft_stream(CUSTOMER)
        assert next(stream) == FIRST
        refused: list[UsageError] = []

        def close() -> None:
            while not stream.is_waiting:
                time.sleep(0.01)
            try:
                stream.close()
            except UsageError as error:
                refused.append(error)
            kit.close()

        other = threading.Thread(target=close)
        other.start()
        with pytest.raises(UsageError, match="closed during the call"):
            next(stream)
        other.join()
        assert "another thread" in str(refused[0])


def _until_hung_up(hung_up: threading.Event) -> Step:
    def then(handler: Any) -> None:
        try:
            serve.keep_alive(handler)
        except OSError:
            hung_up.set()

    return streamed(event(FIRST), event(REST[:9]), then=then)


def test_time_of_the_caller_does_not_count(server: Server) -> None:
    """A caller may take longer between two pieces than the server is given for all of them."""
    server.script(ok)
    with ReplyKit(model="test", base_url=server.url, api_key=KEY, timeout=1.0) as kit:
        stream = kit.draft_stream(CUSTOMER)
        first = next(stream)
        time.sleep(1.1)
        assert first + "".join(stream) == GOOD
    assert stream.reply.status == "clean"


@pytest.mark.parametrize("left_early", [False, True])
def test_budget_is_settled(server: Server, left_early: bool) -> None:
    """A stream reserves before it asks and settles what it cost; one that is left early, what was sent and had come."""
    server.script(streamed(*whole(*PIECES), then=serve.hang if left_early else None))
    with ReplyKit(model="test", base_url=server.url, api_key=KEY, budget=100_000) as kit:
        with kit.draft_stream(CUSTOMER) as stream:
            if left_early:
                next(stream)
                assert kit.budget.spent > 4096
            else:
                assert "".join(stream) == GOOD
        sent = sum(len(message["content"]) for message in server.requests[0]["messages"])
        assert kit.budget.spent == (sent + len("".join(PIECES[:2])) if left_early else 15)
    assert server.requests[0]["max_tokens"] == 4096


class Whole:
    """A chat of a user's own that cannot stream."""

    def complete(self, request: ChatRequest) -> Completion:
        """Return the answer."""
        return Completion(text=GOOD, outcome="complete")


class AsyncWhole:
    """The same for async code."""

    async def complete(self, request: ChatRequest) -> Completion:
        """Return the answer."""
        return Completion(text=GOOD, outcome="complete")


def test_chat_without_streams_still_gives_sentences() -> None:
    """Where a chat cannot stream, its whole answer leaves sentence by sentence."""
    assert isinstance(Whole(), Chat)
    assert not isinstance(Whole(), StreamingChat)
    stream = ReplyKit(chat=Whole()).draft_stream(CUSTOMER)
    assert list(stream) == [FIRST, REST]
    assert stream.reply.status == "clean"

    async def run() -> list[str]:
        return [piece async for piece in AsyncReplyKit(chat=AsyncWhole()).draft_stream(CUSTOMER)]

    assert asyncio.run(run()) == [FIRST, REST]


def test_fakes_stream_what_they_are_given() -> None:
    """The chats for tests stream in the pieces of the script, and answer as a whole too."""
    assert isinstance(FakeChat([]), StreamingChat)
    assert isinstance(AsyncFakeChat([]), AsyncStreamingChat)
    assert FakeChat([PIECES]).complete(ASK).text == GOOD
    *pieces, completion = FakeChat([PIECES]).stream(ASK)
    assert pieces == PIECES
    assert completion == FakeChat([GOOD]).complete(ASK)

    async def run() -> tuple[list[str], Reply]:
        stream = AsyncReplyKit(chat=AsyncFakeChat([PIECES])).draft_stream(CUSTOMER)
        return [piece async for piece in stream], stream.reply

    pieces, reply = asyncio.run(run())
    assert (pieces, reply.status) == ([FIRST, REST], "clean")


class Strange(Whole):
    """A chat that streams something else."""

    def __init__(self, events: Any) -> None:
        self._events = events

    def stream(self, request: ChatRequest) -> Any:
        """Return what it was made with."""
        return self._events


async def _pieces() -> AsyncIterator[str]:
    yield GOOD


async def _none() -> None:
    return None


def test_streams_that_are_none_are_refused() -> None:
    """A chat of the other kind, and events that are none, are a usage error that says so."""
    for events_, said in (([7], "int"), (_pieces(), "AsyncReplyKit"), (_none(), "iterator"), (None, "iterator")):
        with pytest.raises(UsageError, match=said):
            next(ReplyKit(chat=Strange(events_)).draft_stream(CUSTOMER))

    async def run() -> None:
        with pytest.raises(UsageError, match="needs ReplyKit"):
            await anext(AsyncReplyKit(chat=FakeChat([GOOD])).draft_stream(CUSTOMER))  # type: ignore[arg-type]

    asyncio.run(run())


def test_stream_of_a_users_own_is_closed() -> None:
    """Leaving early closes the chat's own generator; a failure of its own goes to the caller as it is."""
    closed = []

    def pieces() -> Iterator[str]:
        try:
            yield from PIECES
            raise KeyError("mine")
        finally:
            closed.append(True)

    with ReplyKit(chat=Strange(pieces())).draft_stream(CUSTOMER) as stream:
        next(stream)
    assert closed == [True]
    with pytest.raises(KeyError, match="mine"):
        list(ReplyKit(chat=Strange(pieces())).draft_stream(CUSTOMER))


def test_wrong_arguments_are_refused_at_once() -> None:
    """A blank message is refused before anything is asked."""
    chat = FakeChat([GOOD])
    with pytest.raises(UsageError, match="blank"):
        ReplyKit(chat=chat).draft_stream("  ")
    assert not chat.requests


def test_document_tells_of_every_way_to_break_off() -> None:
    """docs/model-side.md has a row for each, as the tests expect it."""
    written = write_model_side.section_of(write_model_side.TARGET.read_text("utf-8"), "streaming")
    for name, (_, _, _, told) in ENDS.items():
        row = rf"^\| {re.escape(name)} \| 1 \| the first sentence \| needs_review \| .*{re.escape(told)}"
        assert re.search(row, written, re.MULTILINE)
    for name, (_, error, calls) in FAILS.items():
        assert f"| {name} | {calls} | `{error.__name__}`: " in written
