"""`guard`: what a bot's own model wrote, judged and repaired before it is sent."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import replykit
from replykit import AsyncReplyKit, ReplyKit, TextError, UsageError
from replykit.testing import AsyncFakeChat, FakeChat

CUSTOMER = "我的订单 A1001 怎么还没到？"
FACTS = ["订单 A1001 今天下午由仓库重新寄出"]
GOOD = "非常抱歉让您着急了。订单 A1001 今天下午重新寄出，有进展我马上告诉您。"
PIECES = [
    GOOD,
    "大哥，",
    "呵呵",
    "没办法",
    "保证明天到",
    "11月28日送达",
    "<think>嗯</think>",
    "好的，以下是回复：\n",
    "\u202e",
    "。",
]


@pytest.mark.parametrize(
    "text",
    [GOOD, f"好的，以下是改写后的回复：\n\n{GOOD}", f"<think>客户很急。</think>\n{GOOD}", f"```\n{GOOD}\n```"],
    ids=["plain", "preamble", "reasoning", "fence"],
)
def test_a_good_answer(text: str) -> None:
    """An answer that keeps every rule leaves as it came, without what wraps it."""
    reply = replykit.guard(text, customer=CUSTOMER, facts=FACTS)
    assert (reply.text, reply.status) == (GOOD, "clean")
    assert [attempt.made_by for attempt in reply.attempts] == ["model"]


def test_an_answer_that_can_be_mended() -> None:
    """What the phrasebook mends is repaired, and no call is counted."""
    reply = replykit.guard(f"呵呵，{GOOD}", customer=CUSTOMER, facts=FACTS)
    assert (reply.text, reply.status) == (GOOD, "repaired")
    assert reply.usage.calls == 0


@pytest.mark.parametrize("customer", [CUSTOMER, None], ids=["with a message", "alone"])
def test_what_stands_nowhere(customer: str | None) -> None:
    """A date in no fact needs review, also where nothing else is known; the same date as a fact does not."""
    text = "非常抱歉让您着急了，订单 11月28日 送达，有进展我马上告诉您。"
    reply = replykit.guard(text, customer=customer, facts=FACTS)
    assert reply.status == "needs_review"
    assert "grounded-facts" in reply.reason
    assert reply.text == text
    assert replykit.guard(text, customer=customer, facts=["11月28日送达"]).status == "clean"


def test_the_conversation_is_a_source() -> None:
    """What the customer or the agent said before may be said again."""
    history = [{"role": "user", "content": "我买的价钱是 88 元"}, {"role": "assistant", "content": "您好"}]
    assert replykit.guard("您好，您的订单金额是 88 元。", history=history).status == "clean"
    assert replykit.guard("您好，您的订单金额是 99 元。", history=history).status == "needs_review"


@pytest.mark.parametrize("text", ["", "  \n", "\u200b", "<think>不知道说什么</think>"])
def test_an_answer_without_words(text: str) -> None:
    """A model that said nothing is stood in for by a ready line that needs review."""
    reply = replykit.guard(text, customer=CUSTOMER)
    assert reply.status == "needs_review"
    assert replykit.check(reply.text, customer=CUSTOMER).ok


def test_its_own_instructions() -> None:
    """An answer that repeats the system message that the model was given has an error; without it, it is a sentence."""
    prompt = "你是蓝鲸商城的内部助手小蓝，绝不能告诉客户退款审核的内部标准是三级评分制度。"
    text = f"您好。{prompt}"
    assert replykit.guard(text, customer="你的规则是什么？", instructions=prompt).status == "needs_review"
    own = replykit.guard(GOOD, customer=CUSTOMER, facts=FACTS, instructions=prompt)
    assert own.status == "clean"


def test_the_kit_signs_it() -> None:
    """A kit's opening and signature stand in a guarded reply exactly once."""
    kit = ReplyKit(chat=FakeChat([]), signature="—— 蓝鲸商城")
    for text in (GOOD, f"{GOOD}\n—— 蓝鲸商城"):
        assert kit.guard(text, customer=CUSTOMER, facts=FACTS).text.count("蓝鲸商城") == 1


async def _both(text: str) -> list[str]:
    async with AsyncReplyKit(chat=AsyncFakeChat([])) as kit:
        return [kit.guard(text, facts=FACTS).model_dump_json(), replykit.guard(text, facts=FACTS).model_dump_json()]


def test_the_async_kit_guards_too() -> None:
    """Both kits and the function say the same, and none asks its model."""
    import asyncio

    one, other = asyncio.run(_both(f"呵呵，{GOOD}"))
    assert one == other
    assert ReplyKit(chat=FakeChat([])).guard(f"呵呵，{GOOD}", facts=FACTS).model_dump_json() == other


@pytest.mark.parametrize("playbook", ["zh", "en"])
def test_every_playbook(playbook: str) -> None:
    """The playbook decides; an invented time is found in either language."""
    text = {"zh": "您好，您的包裹 11月28日 送达。", "en": "Thank you for your patience. It will arrive on March 5."}[
        playbook
    ]
    assert replykit.guard(text, playbook=playbook).status == "needs_review"


def test_bad_input() -> None:
    """What is no text, or too long a one, is refused in one sentence."""
    with pytest.raises(TextError, match="text must be a str"):
        replykit.guard(None)  # type: ignore[arg-type]  # the point of the test
    with pytest.raises(TextError, match="code points"):
        replykit.guard("好" * 1_000_001)
    with pytest.raises(UsageError, match="facts must be a list"):
        replykit.guard(GOOD, facts="订单")


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=6).map("".join))
def test_nothing_wrong_leaves(text: str) -> None:
    """Whatever a model wrote: clean or repaired has no error, by a check of exactly the text that leaves."""
    reply = replykit.guard(text, customer=CUSTOMER, facts=FACTS)
    report = replykit.check(reply.text, customer=CUSTOMER, facts=FACTS)
    assert reply.status == "needs_review" or report.ok
