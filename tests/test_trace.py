"""What the log and OpenTelemetry are told of a reply, and what they are not."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import server as fault
from opentelemetry import trace as otel
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from server import KEY, Server
from small import SMALL

from replykit.errors import BudgetError, ChatRateLimitError, ChatTimeoutError, UsageError
from replykit.kit import AsyncReplyKit, ReplyKit
from replykit.records import Completion, Reply, Usage
from replykit.testing import Answer, AsyncFakeChat, FakeChat

GOOD = "您好，我来为您核实。"
BAD = "没办法，您等着吧。"
CUSTOMER = "我的手机是13800138000"
COST = Usage(calls=1, prompt_tokens=100, completion_tokens=20)
EXPORTER = InMemorySpanExporter()


@pytest.fixture(autouse=True, scope="module")
def _provider() -> Iterator[None]:
    """A tracer that keeps its spans; a program sets one once and for all, so the tests share it."""
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(EXPORTER))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(otel, "get_tracer", lambda *_args, **_options: provider.get_tracer("replykit"))
        yield


@pytest.fixture(autouse=True)
def _no_spans() -> None:
    EXPORTER.clear()


def said(text: str) -> Completion:
    """Return an answer with its cost."""
    return Completion(text=text, outcome="complete", finish_reason="stop", usage=COST)


def spans() -> dict[str, ReadableSpan]:
    """Return the finished spans by their names; a call's name has its number."""
    return {
        f"{span.name} {(span.attributes or {}).get('replykit.call.id', '')[17:]}".strip(): span  # type: ignore[index]
        for span in EXPORTER.get_finished_spans()
    }


def run(world: str, answers: list[Answer], **settings: Any) -> Reply:
    """Rewrite a draft with scripted answers in one world or the other."""
    if world == "sync":
        return ReplyKit(playbook=SMALL, chat=FakeChat(answers), **settings).rewrite(BAD, customer=CUSTOMER)
    kit = AsyncReplyKit(playbook=SMALL, chat=AsyncFakeChat(answers), **settings)
    return asyncio.run(kit.rewrite(BAD, customer=CUSTOMER))


def events(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """Return the fields of replykit's log records."""
    return [vars(record) for record in caplog.records if record.name == "replykit"]


WORLDS = pytest.mark.parametrize("world", ["sync", "async"])


@WORLDS
def test_records_carry_the_ids(world: str, caplog: pytest.LogCaptureFixture) -> None:
    """A reply has one id and its calls theirs under it; every record has both, and the figures, as fields."""
    caplog.set_level(logging.DEBUG, logger="replykit")
    reply = run(world, [said(BAD), said(GOOD)])
    assert len(reply.id) == 16
    one, two, last = events(caplog)
    assert [one["call_id"], two["call_id"], last["call_id"]] == [f"{reply.id}.1", f"{reply.id}.2", ""]
    assert {record["reply_id"] for record in (one, two, last)} == {reply.id}
    assert [one["event"], two["event"], last["event"]] == ["call", "call", "reply"]
    assert (one["outcome"], one["prompt_tokens"], one["completion_tokens"]) == ("complete", 100, 20)
    assert (last["task"], last["status"], last["attempts"], last["calls"]) == ("rewrite", "repaired", 2, 2)
    assert (last["prompt_tokens"], last["completion_tokens"]) == (200, 40)
    assert last["seconds"] >= one["seconds"] >= 0
    assert last["message"] == "repaired after 2 attempts, 240 tokens"


def test_every_reply_has_an_id_of_its_own() -> None:
    """Two replies of the same words are equal, and have different ids; both survive JSON."""
    first, second = (run("sync", [said(GOOD)]) for _ in range(2))
    assert first == second
    assert hash(first) == hash(second)
    assert first.id != second.id
    assert Reply.model_validate_json(first.model_dump_json()).id == first.id
    assert first != first.model_copy(update={"text": "x"})


@WORLDS
def test_failures_are_told_with_their_ids(world: str, caplog: pytest.LogCaptureFixture) -> None:
    """An error knows the id under which the log tells of it, and the log its kind, but not its words."""
    caplog.set_level(logging.DEBUG, logger="replykit")
    with pytest.raises(ChatTimeoutError) as caught:
        run(world, [ChatTimeoutError("回声：客户内容")])
    call, reply = events(caplog)
    assert caught.value.reply_id == call["reply_id"] == reply["reply_id"] != ""
    assert (call["event"], call["error_type"]) == ("call_failed", "ChatTimeoutError")
    assert (reply["event"], reply["error_type"], reply["attempts"], reply["calls"]) == (
        "reply_failed",
        "ChatTimeoutError",
        1,
        1,
    )
    assert "回声" not in caplog.text


@WORLDS
def test_interrupted_work_is_told(world: str, caplog: pytest.LogCaptureFixture) -> None:
    """Ctrl+C leaves a record of what has been paid for."""
    caplog.set_level(logging.INFO, logger="replykit")
    with pytest.raises(KeyboardInterrupt):
        run(world, [said(BAD), KeyboardInterrupt()])
    assert events(caplog)[-1]["event"] == "reply_failed"
    assert (events(caplog)[-1]["calls"], events(caplog)[-1]["prompt_tokens"]) == (2, 100)


def test_ids_reach_the_client_that_retries(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    """What the client logs in its own thread has the ids of the call, and the server's id of the request."""
    caplog.set_level(logging.DEBUG, logger="replykit")
    server.script(
        fault.status(503, retry_after="0.01", x_request_id="req-1"),
        fault.sent(200, json.dumps(fault.body(GOOD)), x_request_id="req-2"),
    )
    with ReplyKit(model="test", base_url=server.url, api_key=KEY) as kit:
        reply = kit.draft(CUSTOMER)
    told = [(record["event"], record["call_id"], record.get("server_request_id")) for record in events(caplog)]
    assert told == [
        ("http", f"{reply.id}.1", "req-1"),
        ("retry", f"{reply.id}.1", None),
        ("http", f"{reply.id}.1", "req-2"),
        ("call", f"{reply.id}.1", None),
        ("reply", "", None),
    ]
    assert events(caplog)[1]["error_type"] == "ChatServerError"


def test_ids_reach_the_client_that_streams(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    """A stream over HTTP is told like a call that is not one, in both worlds."""
    caplog.set_level(logging.DEBUG, logger="replykit")
    options: dict[str, Any] = {"model": "test", "base_url": server.url, "api_key": KEY}
    busy = fault.status(503, retry_after="0.01")

    async def read() -> Reply:
        async with AsyncReplyKit(**options) as kit, kit.draft_stream(CUSTOMER) as stream:
            assert [piece async for piece in stream]
            return stream.reply

    streamed = fault.streamed(*fault.whole("您好，", "我来为您核实。"))
    server.script(busy, streamed, busy, streamed)
    with ReplyKit(**options) as kit, kit.draft_stream(CUSTOMER) as stream:
        assert list(stream)
        replies = [stream.reply]
    replies.append(asyncio.run(read()))
    told = [(record["event"], record["call_id"]) for record in events(caplog)]
    assert told == [
        one
        for reply in replies
        for one in [*((event, f"{reply.id}.1") for event in ("http", "retry", "http", "call")), ("reply", "")]
    ]


def test_ids_of_work_side_by_side_do_not_mix(caplog: pytest.LogCaptureFixture) -> None:
    """Of replies that are made at once, each record has the ids of its own."""

    class Slow:
        async def complete(self, request: Any) -> Completion:
            await asyncio.sleep(0.001)
            logging.getLogger("replykit").debug("inside")
            return said(GOOD)

    caplog.set_level(logging.DEBUG, logger="replykit")
    kit = AsyncReplyKit(playbook=SMALL, chat=Slow())

    async def many() -> list[Reply]:
        return await asyncio.gather(*(kit.draft(CUSTOMER) for _ in range(20)))

    ids = {reply.id for reply in asyncio.run(many())}
    calls = [record["call_id"] for record in events(caplog) if record.get("event") == "call"]
    assert sorted(calls) == sorted(f"{id}.1" for id in ids)


@WORLDS
def test_spans_follow_the_conventions(world: str) -> None:
    """A reply is a span, and each call of the model a client span below it, in the words of the conventions."""
    reply = run(world, [said(BAD), said(GOOD)])
    found = spans()
    assert set(found) == {"replykit.rewrite", "chat 1", "chat 2"}
    whole, call = found["replykit.rewrite"], found["chat 1"]
    assert call.parent is not None
    assert call.parent.span_id == whole.context.span_id
    assert call.kind is otel.SpanKind.CLIENT
    assert dict(call.attributes or {}) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "custom",
        "gen_ai.response.finish_reasons": ("stop",),
        "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.output_tokens": 20,
        "replykit.call.id": f"{reply.id}.1",
        "replykit.outcome": "complete",
    }
    assert dict(whole.attributes or {}) == {
        "replykit.reply.id": reply.id,
        "replykit.task": "rewrite",
        "replykit.status": "repaired",
        "replykit.attempts": 2,
        "replykit.violations": 0,
        "replykit.escalate": False,
    }


def test_span_of_a_real_call_names_model_and_server(server: Server) -> None:
    """A call over HTTP tells the model and the server's address and port, and neither key nor path."""
    server.script(fault.answer(GOOD))
    with ReplyKit(model="qwen", base_url=server.url, api_key=KEY, budget=100_000) as kit:
        kit.draft(CUSTOMER)
    attributes = dict(spans()["chat qwen 1"].attributes or {})
    assert attributes["gen_ai.request.model"] == "qwen"
    assert attributes["gen_ai.provider.name"] == "openai"
    assert (attributes["server.address"], attributes["server.port"]) == ("127.0.0.1", int(server.url[17:-3]))
    assert attributes["gen_ai.request.max_tokens"] == 4096
    assert KEY not in str(attributes)


def test_span_stands_below_the_callers_own() -> None:
    """The caller's span is the parent of the reply's, and the call's is the current one while the chat is asked."""
    seen: list[Any] = []

    class Watching:
        def complete(self, request: Any) -> Completion:
            seen.append(otel.get_current_span().get_span_context().span_id)
            return said(GOOD)

    with otel.get_tracer("mine").start_as_current_span("mine"):
        ReplyKit(playbook=SMALL, chat=Watching()).draft(CUSTOMER)
        assert otel.get_current_span().name == "mine"  # type: ignore[attr-defined]  # the SDK's spans have one
    found = spans()
    assert found["replykit.draft"].parent == found["mine"].context
    assert seen == [found["chat 1"].context.span_id]


@WORLDS
def test_failed_call_has_its_error_type(world: str) -> None:
    """A failed call and a failed reply are errors with the kind of the exception, and none of its words."""
    with pytest.raises(ChatRateLimitError):
        run(world, [ChatRateLimitError("客户内容")])
    for span in spans().values():
        assert span.status.status_code is otel.StatusCode.ERROR
        assert not span.status.description
        assert not span.events
        assert (span.attributes or {})["error.type"] == "replykit.errors.ChatRateLimitError"
    EXPORTER.clear()
    with pytest.raises(BudgetError):
        run(world, [], budget=1)
    assert set(spans()) == {"replykit.rewrite"}  # the call was not made


def test_failure_after_an_answer_marks_the_call_alone() -> None:
    """A repair that failed is an error of its call; the reply came about all the same."""
    reply = run("sync", [said("呵呵，" + GOOD), ChatTimeoutError("late")])
    assert reply.status == "repaired"
    assert spans()["chat 2"].status.status_code is otel.StatusCode.ERROR
    assert spans()["replykit.rewrite"].status.status_code is otel.StatusCode.UNSET


@WORLDS
def test_no_text_unless_asked_for(world: str, caplog: pytest.LogCaptureFixture) -> None:
    """Neither log nor spans hold what customers, agents and models write; with trace_content the spans of calls do."""
    caplog.set_level(logging.DEBUG)
    texts = (CUSTOMER, "13800138000", BAD, GOOD, "没办法")
    run(world, [said(BAD), said(GOOD)])
    told = " ".join(span.to_json(indent=None) for span in EXPORTER.get_finished_spans())
    told = json.dumps(json.loads(f"[{told.replace('} {', '}, {')}]"), ensure_ascii=False)
    for text in texts:
        assert text not in told
        assert text not in "".join(str(vars(record)) for record in caplog.records)
    EXPORTER.clear()
    run(world, [said(BAD), said(GOOD)], trace_content=True)
    attributes = spans()["chat 2"].attributes or {}
    asked, answered = (json.loads(str(attributes[f"gen_ai.{way}.messages"])) for way in ("input", "output"))
    assert [message["role"] for message in asked] == ["system", "user", "assistant", "user"]
    assert asked[2]["parts"] == [{"type": "text", "content": BAD}]
    assert answered == [{"role": "assistant", "parts": [{"type": "text", "content": GOOD}], "finish_reason": "stop"}]
    assert GOOD not in str(spans()["replykit.rewrite"].attributes)


@WORLDS
def test_streamed_reply_is_traced(world: str, caplog: pytest.LogCaptureFixture) -> None:
    """A reply that leaves in pieces has the same records and spans, and its reader works outside of them."""
    caplog.set_level(logging.DEBUG, logger="replykit")
    around: list[object] = []
    if world == "sync":
        with ReplyKit(playbook=SMALL, chat=FakeChat([[GOOD, said(GOOD)]])).draft_stream(CUSTOMER) as stream:
            for _ in stream:
                around.append(otel.get_current_span())
            reply = stream.reply
    else:

        async def read() -> Reply:
            kit = AsyncReplyKit(playbook=SMALL, chat=AsyncFakeChat([[GOOD, said(GOOD)]]))
            async with kit.draft_stream(CUSTOMER) as pieces:
                async for _ in pieces:
                    around.append(otel.get_current_span())
                return pieces.reply

        reply = asyncio.run(read())
    assert around
    assert set(around) == {otel.INVALID_SPAN}
    assert [(record["event"], record["reply_id"]) for record in events(caplog)] == [
        ("call", reply.id),
        ("reply", reply.id),
    ]
    assert (spans()["chat 1"].attributes or {})["gen_ai.request.stream"] is True
    assert spans()["chat 1"].parent == spans()["replykit.draft"].context


def test_stream_that_nobody_reads_on_is_told(caplog: pytest.LogCaptureFixture) -> None:
    """A stream that is left ends its spans, and says so in the log; one that fails tells its error once."""
    caplog.set_level(logging.INFO, logger="replykit")
    kit = ReplyKit(playbook=SMALL, chat=FakeChat([[GOOD, GOOD], [ChatTimeoutError("late")]]))
    with kit.draft_stream(CUSTOMER) as stream:
        next(stream)
    assert events(caplog)[-1]["event"] == "reply_left"
    assert set(spans()) == {"replykit.draft", "chat 1"}
    caplog.clear()
    with pytest.raises(ChatTimeoutError) as caught, kit.draft_stream(CUSTOMER) as stream:
        list(stream)
    assert [record["event"] for record in events(caplog)] == ["call_failed", "reply_failed"]
    assert caught.value.reply_id == events(caplog)[0]["reply_id"]


WITHOUT = """
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "opentelemetry":
            raise ModuleNotFoundError(f"blocked: {name}")

if BLOCK:
    sys.meta_path.insert(0, Blocker())
from replykit import ReplyKit, UsageError
from replykit.testing import FakeChat
reply = ReplyKit(chat=FakeChat(["您好，我来为您核实。"])).draft("我的订单呢？")
print(reply.status, [name for name in sys.modules if name.startswith("opentelemetry")])
"""


@pytest.mark.parametrize("block", [True, False])
def test_without_the_package_nothing_changes(block: bool) -> None:
    """OpenTelemetry is neither needed nor imported, whether it is installed or not."""
    done = subprocess.run([sys.executable, "-c", WITHOUT.replace("BLOCK", str(block))], capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == ("clean []", "")


def test_content_without_the_package_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asks for texts on spans is told what to install."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"pip install 'replykit\[otel\]'"):
        ReplyKit(playbook=SMALL, trace_content=True)


@WORLDS
def test_masked_replies_are_told_masked(world: str, caplog: pytest.LogCaptureFixture) -> None:
    """What privacy keeps in the process is on no span, even where texts are asked for, and in no log."""
    caplog.set_level(logging.DEBUG)
    reply = run(world, [said(BAD), said(GOOD)], trace_content=True, privacy="mask")
    assert reply.status == "repaired"
    messages = [str((span.attributes or {}).get("gen_ai.input.messages", "")) for span in spans().values()]
    assert sum("我的手机是" in message for message in messages) == 2
    assert not any("13800138000" in span.to_json() for span in EXPORTER.get_finished_spans())
    assert "13800138000" not in "".join(str(vars(record)) for record in caplog.records)


@WORLDS
@pytest.mark.parametrize("privacy", [None, "mask"])
def test_interruption_carries_its_attempts(world: str, privacy: str | None) -> None:
    """What was tried before an interruption is on it, masked or not."""
    with pytest.raises(KeyboardInterrupt) as caught:
        run(world, [said(BAD), KeyboardInterrupt()], privacy=privacy)
    attempts = caught.value.attempts  # type: ignore[attr-defined]  # the kit has put them there
    assert [(attempt.text, attempt.outcome) for attempt in attempts] == [(BAD, "complete"), ("", "lost")]
