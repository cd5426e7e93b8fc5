"""A first answer in time: the draft where it is there by the deadline, else a holding reply that the draft follows."""

from __future__ import annotations

import asyncio
import itertools
import pickle
import threading
from typing import Any

import pytest

from replykit import AsyncReplyKit, Reply, ReplyKit, errors
from replykit.later import FirstReply
from replykit.records import ChatRequest, Completion, Turn
from replykit.testing import AsyncFakeChat, FakeChat

ASKED = "我的订单怎么还没到？"
ANSWER = "您好，我马上为您核实，请您稍候。"
SOON, LONG = 0.02, 30.0  # seconds; the one passes while somebody waits, the other never


class Waiting(FakeChat):
    """A chat model that answers once it is told to."""

    def __init__(self, answers: list[Any]) -> None:
        super().__init__(answers)
        self.go = threading.Event()

    def complete(self, request: ChatRequest) -> Completion:
        """Return the next answer, when it is time."""
        assert self.go.wait(LONG)
        return super().complete(request)


class AsyncWaiting(AsyncFakeChat):
    """The same, awaited."""

    def __init__(self, answers: list[Any]) -> None:
        super().__init__(answers)
        self.go = asyncio.Event()

    async def complete(self, request: ChatRequest) -> Completion:
        """Return the next answer, when it is time."""
        await self.go.wait()
        return await super().complete(request)


def test_a_draft_in_time_is_the_draft() -> None:
    """A reply that is there by the deadline is what draft returns without one, and nothing follows it."""
    reply = ReplyKit(chat=FakeChat([ANSWER])).draft(ASKED, deadline=LONG)
    assert reply == ReplyKit(chat=FakeChat([ANSWER])).draft(ASKED)
    assert reply.later is None


def test_a_late_draft_follows_what_is_said_at_once() -> None:
    """At the deadline the customer gets what acknowledge says; the draft goes on being made, and is paid for once."""
    chat = Waiting([ANSWER])
    kit = ReplyKit(chat=chat)
    first = kit.draft(ASKED, deadline=SOON, on_deadline="acknowledge")
    assert first == kit.acknowledge(ASKED)
    assert first.later is not None
    assert not first.later.done()
    with pytest.raises(TimeoutError):
        first.later.result(timeout=SOON)
    chat.go.set()
    whole = first.later.result(timeout=LONG)
    assert (whole.text, whole.status) == (ANSWER, "clean")
    assert len(chat.requests) == 1


def test_a_late_draft_is_awaited() -> None:
    """In async code the draft that follows is awaited."""

    async def talk() -> tuple[Reply, Reply]:
        chat = AsyncWaiting([ANSWER])
        async with AsyncReplyKit(chat=chat) as kit:
            first = await kit.draft(ASKED, deadline=SOON)
            assert first == kit.acknowledge(ASKED)
            assert first.later is not None
            chat.go.set()
            return first, await first.later

    first, whole = asyncio.run(talk())
    assert whole.text == ANSWER
    assert first.later is not None
    assert first.later.result(timeout=0) == whole


@pytest.mark.parametrize("error", [errors.ChatServerError("HTTP 500"), errors.ChatConnectionError("nobody answers")])
def test_a_customer_hears_something_where_the_model_fails(error: errors.ChatError) -> None:
    """A call that fails before the deadline leaves the customer with a holding reply too; later tells the error."""

    async def talk() -> Reply:
        return await AsyncReplyKit(chat=AsyncFakeChat([error])).draft(ASKED, deadline=LONG)

    for first in (ReplyKit(chat=FakeChat([error])).draft(ASKED, deadline=LONG), asyncio.run(talk())):
        assert first == ReplyKit(chat=FakeChat([])).acknowledge(ASKED)
        assert first.later is not None
        assert first.later.done()
        with pytest.raises(type(error)):
            first.later.result(timeout=LONG)


def test_raise_gives_up() -> None:
    """With on_deadline="raise" there is no holding reply, and async code ends the call."""
    chat = Waiting([ANSWER])
    with pytest.raises(errors.ChatTimeoutError, match=r"within 0\.02 seconds"):
        ReplyKit(chat=chat).draft(ASKED, deadline=SOON, on_deadline="raise")
    chat.go.set()

    async def talk() -> None:
        waiting = AsyncWaiting([ANSWER])
        with pytest.raises(errors.ChatTimeoutError):
            await AsyncReplyKit(chat=waiting).draft(ASKED, deadline=SOON, on_deadline="raise")
        await asyncio.sleep(0)
        assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []

    asyncio.run(talk())


def test_what_follows_can_be_given_up() -> None:
    """Cancelling what follows ends the call in async code, and whoever waits for it is told."""

    async def talk() -> None:
        first = await AsyncReplyKit(chat=AsyncWaiting([ANSWER])).draft(ASKED, deadline=SOON)
        assert first.later is not None
        first.later.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first.later

    asyncio.run(talk())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"deadline": 0}, "deadline must be"),
        ({"deadline": -1.0}, "deadline must be"),
        ({"deadline": float("nan")}, "deadline must be"),
        ({"deadline": 1.0, "on_deadline": "wait"}, "on_deadline must be"),
    ],
)
def test_what_cannot_be_used_is_refused(options: dict[str, Any], said: str) -> None:
    """A deadline that is none, or an unknown way, is refused in one sentence, in both kits."""
    with pytest.raises(errors.UsageError, match=said):
        ReplyKit(chat=FakeChat([ANSWER])).draft(ASKED, **options)

    async def talk() -> None:
        with pytest.raises(errors.UsageError, match=said):
            await AsyncReplyKit(chat=AsyncFakeChat([ANSWER])).draft(ASKED, **options)

    asyncio.run(talk())


def test_a_first_reply_is_a_record_like_any_other() -> None:
    """It is equal to the reply without what follows, and comes back from JSON and from a pickle as that."""
    chat = Waiting([ANSWER])
    kit = ReplyKit(chat=chat)
    first = kit.draft(ASKED, deadline=SOON)
    plain = kit.acknowledge(ASKED)
    assert isinstance(first, FirstReply)
    assert first == plain
    assert plain == first
    assert first.model_dump() == {**plain.model_dump(), "id": first.id}
    assert Reply.model_validate_json(first.model_dump_json()) == plain
    assert pickle.loads(pickle.dumps(first)) == plain
    chat.go.set()
    assert first.later.result(timeout=LONG).text == ANSWER


@pytest.mark.parametrize("script", ["zh-Hans", "zh-Hant"])
@pytest.mark.parametrize(
    "customer",
    [ASKED, "杯子收到就是碎的，太失望了！", "你们这些废物！", "我要去12315投诉你们！", "我不想活了。", "你好", None],
)
def test_nobody_reads_the_same_line_twice_in_a_row(customer: str | None, script: Any) -> None:
    """Each acknowledgement differs from the ones before it, as long as there are lines left, and none is wrong."""
    kit = ReplyKit()
    history: list[Turn] = []
    texts: list[str] = []
    for _ in range(5):
        reply = kit.acknowledge(customer, history=history, language=script)
        assert reply.status == "clean"
        assert not texts or reply.text != texts[-1]
        texts.append(reply.text)
        history += [Turn(role="customer", text=customer or "您好"), Turn(role="agent", text=reply.text)]
    assert len(set(texts)) >= 4


@pytest.mark.parametrize(
    "scene", ["opening", "busy", "away", "rush", "presale", "order", "aftersale", "returns", "closing"]
)
def test_a_named_scene_has_lines_to_spare(scene: Any) -> None:
    """Of every scene of 001 at least four lines come before one comes again, and no line is said twice in a row."""
    kit = ReplyKit()
    history: list[Turn] = []
    texts = []
    for _ in range(8):
        texts.append(kit.acknowledge("在吗", history=history, scene=scene).text)
        history.append(Turn(role="agent", text=texts[-1]))
    assert len(set(texts)) >= 4
    assert all(one != other for one, other in itertools.pairwise(texts))
