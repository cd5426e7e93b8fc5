"""Channels and lengths: what each asks of a reply, held only where the caller named it."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

import replykit
from replykit import Reply, ReplyKit
from replykit.checker import Checker
from replykit.loader import load_playbook
from replykit.records import Channel, Length
from replykit.rules import Condition, Rule
from replykit.testing import FakeChat

PREFIXES = ("address-", "length-", "review-", "email-", "phone-")
RULES = [rule for rule in load_playbook("zh").rules if rule.id.startswith(PREFIXES)]
LONG = "您好，您的订单正在运输途中。" * 40


def found(
    text: str, channel: Channel | None = None, length: Length | None = None, draft: str | None = None
) -> set[str]:
    """Return the rules about channels and lengths that a reply breaks."""
    report = replykit.check(text, channel=channel, length=length, draft=draft)
    return {violation.rule for violation in report.violations if violation.rule.startswith(PREFIXES)}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_what_nobody_asked_for_is_not_held(rule: Rule) -> None:
    """The bad examples of every such rule pass it where no channel and no length is named, and in a chat."""
    for example in (*rule.bad, *rule.softened):
        assert found(example.text) == found(example.text, "chat") == set()


@pytest.mark.parametrize(("length", "limit"), [("short", 60), ("medium", 150), ("long", 300)])
def test_length_is_counted_in_characters_and_words(length: Length, limit: int) -> None:
    """The limit itself passes; one character more, or one English word, is one warning that spans what is too much."""
    for unit, mark in (("好", "，"), ("fine", " ")):
        text = mark.join([unit] * limit)
        assert found(text, length=length) == set()
        long = text + mark + unit + mark + unit
        violations = [v for v in replykit.check(long, length=length).violations if v.rule.startswith("length-")]
        assert [(v.severity, v.text) for v in violations] == [("warning", f"{unit}{mark}{unit}")]


def test_traditional_script_is_counted_alike() -> None:
    """Both scripts have the same limits, and the warning is in the script of the reply."""
    text = "您的訂單正在運輸途中，派送前會與您電話聯絡，請保持電話暢通。" * 3
    (warning,) = replykit.check(text, length="short", language="zh-Hant").violations
    assert warning.message.startswith("要的是短回覆")


def test_a_draft_that_is_too_long_excuses_its_rewrite() -> None:
    """A rewrite may be long where its draft holds more than fits: completeness comes first (以完整为先)."""
    assert found(LONG, length="medium") == {"length-medium"}
    assert found(LONG, length="medium", draft=LONG[: 12 * 14]) == {"length-medium"}
    assert found(LONG, length="medium", draft=LONG[: 14 * 14]) == set()


def draft(answer: str, channel: Channel = "chat", length: Length | None = None) -> Reply:
    """Return what a kit makes of a model that always answers the same."""
    kit = ReplyKit(chat=FakeChat([answer] * 3))
    return kit.draft("我的订单 A1001 呢？", channel=channel, length=length)


def test_a_kit_holds_a_length_only_where_it_is_asked_for() -> None:
    """A reply of any length is clean by default; asked to be short, it carries the warning and may still be sent."""
    assert draft(LONG).violations == ()
    reply = draft(LONG, length="short")
    assert reply.status == "clean"
    assert [violation.rule for violation in reply.violations] == ["length-short"]


def test_a_public_reply_gives_nothing_personal_away() -> None:
    """What is right in a chat needs review as the answer to a review, and an answer without it is found."""
    answer = "您好，您的订单 A1001 正在派送，我来为您跟进。"
    assert draft(answer).status == "clean"
    assert draft(answer, "review").status == "needs_review"
    public = "您好，感谢您的评价。请您把订单号私信给我们，我们马上核实。"
    kit = ReplyKit(chat=FakeChat([answer, public]))
    reply = kit.draft("我的订单 A1001 呢？", channel="review")
    assert (reply.text, reply.status) == (public, "repaired")


def test_a_rewrite_for_the_public_need_not_keep_what_is_personal() -> None:
    """Elsewhere a rewrite keeps the draft's order number and phone; in public it leaves them out, and nothing else."""
    written = "您好，商品今天补发，2 件一起寄出。请您私信告诉我们联系方式。"
    said = "呵呵，您的订单 A1001 今天补发，2 件一起寄出，电话 13800138000。"

    def rewritten(answer: str, channel: Channel) -> Reply:
        return ReplyKit(chat=FakeChat([answer] * 2)).rewrite(said, channel=channel)

    assert rewritten(written, "review").status == "clean"
    assert rewritten(written, "chat").status == "needs_review"
    assert rewritten(written.replace("2 件", "一起"), "review").status == "needs_review"


def test_a_signature_makes_an_email_whole() -> None:
    """The opening is the salutation and the signature the closing, where the company gives them."""
    kit = ReplyKit(chat=FakeChat(["订单正在派送，我来为您跟进。"]), opening="尊敬的客户：", signature="蓝鲸商城客服部")
    reply = kit.draft("我的订单呢？", channel="email")
    assert reply.text == "尊敬的客户：\n订单正在派送，我来为您跟进。\n蓝鲸商城客服部"
    assert reply.violations == ()


def test_a_condition_counts_only_where_a_whole_text_is_read() -> None:
    """`at_most` in a condition about one clause would never be passed as meant, and is refused."""
    assert Condition(find=("您",), within="reply", at_most=2).at_most == 2
    with pytest.raises(ValidationError, match="'at_most' counts in reply, customer, draft, facts, not in 'clause'"):
        Condition(find=("您",), at_most=2)


def test_a_count_of_the_reply_is_a_condition() -> None:
    """A condition on the whole reply holds from one match more than `at_most` on, on any rule."""
    rule = Rule(
        id="x",
        principle="clear-and-concise",
        severity="warning",
        kind="phrase",
        phrases=("再说",),
        message="m",
        source="s",
        when=(Condition(find=("您",), within="reply", at_most=2),),
        bad=("您好，您看，您再说。",),
        good=("您好，您再说。",),
    )
    checker = Checker(load_playbook("zh").model_copy(update={"rules": (rule,), "signals": ()}))
    assert [len(checker.check(example.text).violations) for example in (*rule.bad, *rule.good)] == [1, 0]


def test_the_playbook_allows_a_form_of_address() -> None:
    """A company that says 亲 everywhere lists it: nothing is found then, and the model is told so."""
    zh = load_playbook("zh")
    own = zh.model_copy(update={"words": {**zh.words, "address": ("您", "亲")}})
    text, told = "亲，感谢评价，我们会继续努力。", []
    for playbook in (zh, own):
        chat = FakeChat([text])
        reply = ReplyKit(chat=chat, playbook=playbook).draft("东西不错", channel="review")
        told.append("也可以称呼“亲”" in chat.requests[0].messages[0].content)
        assert [v.rule for v in reply.violations] == ([] if told[-1] else ["address-formal"])
    assert told == [False, True]
