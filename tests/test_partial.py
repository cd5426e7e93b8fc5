"""What is settled of an unfinished answer stays, whatever follows; nothing that is taken off is ever in it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_answer import PLAIN, WRAPPED

from replykit.answer import clean_answer
from replykit.partial import settled_part

# Without its opening tag, reasoning shows only at its end.
ANSWERS = [answer for answer in (*WRAPPED, *PLAIN) if "</think>" not in answer or "<" in answer[:5]]
PARTS = [
    "<think>", "</think>", "客户很着急。", "好的，", "好的。", "以下是改写后的回复：", "\n", "\n\n", "---\n", "```",
    "```text\n", "“", "”", "您好，", "我来为您查询。", "请稍候！", "修改说明：", "**改写说明**：", "（",
    "（注：已将原稿的语气改得更礼貌。）", "Sure! ", "Here's the reply:", "Dear customer. ", " ", "<", "【改写后】", '"',
    "A", "：",
]  # fmt: skip


@pytest.mark.parametrize("answer", ANSWERS)
def test_what_is_settled_is_the_beginning_of_the_reply(answer: str) -> None:
    """At every split, the cleaned answer begins with what was settled before."""
    whole = clean_answer(answer).strip()
    for split in range(len(answer) + 1):
        part = settled_part(answer[:split]).rstrip()
        assert whole.startswith(part), (answer[:split], part)


@given(st.lists(st.sampled_from(PARTS), max_size=12).map("".join))
@settings(max_examples=400, deadline=None)
def test_no_continuation_takes_back_what_is_settled(answer: str) -> None:
    """However wrappings are put together, what is settled by the end of a sentence is in the cleaned answer."""
    whole = clean_answer(answer).strip()
    opened = answer.lower().find("<think>")
    if "</think>" in answer and (opened < 0 or "</think>" in answer[:opened] or answer.count("</think>") > 1):
        return  # an end that nothing opened: see below
    for split in range(len(answer)):
        part = settled_part(answer[:split])
        settled = part[: max(part.rfind(end) for end in "。！\n") + 1].rstrip()
        assert whole.startswith(settled), (answer[:split], settled)


@pytest.mark.parametrize(
    "answer",
    [
        "嗯，用户问订单在哪里，我需要先道歉。\n</think>\n\n您好，我来为您查询。",
        "先想一想，再回答。\n</think>\n\n您好，我来为您查询。",
        "Okay, the customer is upset. Let me write a reply.\n</think>\nHello, we will look into it.",
    ],
)
def test_reasoning_that_nothing_opened_waits(answer: str) -> None:
    """Thinking aloud about the customer is not settled before its end tag; the reply behind it is."""
    reasoning = answer.index("</think>")
    assert {settled_part(answer[:split]) for split in range(reasoning + 1)} == {""}
    assert settled_part(answer + "请稍候。").startswith(answer[reasoning + 8 :].lstrip())


@pytest.mark.parametrize(
    "answer",
    [
        "您好，我们的客户经理会联系您。",
        "请在客户端点击“我的”。",
        "谢谢您！",
        "Thank you. We will check.",
        "“发票”在“我的”里，您点开即可。",
        "您好！\n\n订单修改说明如下图。",
    ],
)
def test_plain_replies_settle_at_once(answer: str) -> None:
    """What only resembles a wrapping holds nothing back."""
    assert settled_part(answer) == answer


@pytest.mark.parametrize("half", ["<th", "<think", "`", "``", "“您好。", "好的。", "好的，以下", "当然可以！", "\n  "])
def test_what_may_become_a_wrapping_waits(half: str) -> None:
    """Nothing is settled where the next characters may open a wrapping."""
    assert settled_part(half) == ""
