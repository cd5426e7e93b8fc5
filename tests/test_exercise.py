"""The dialogues of document 001: the two example groups on forbidden phrases, and exercise 1-8."""

from __future__ import annotations

import pytest

import replykit
from replykit.records import Turn

# the customer's line, the agent's line, and each forbidden use in it: principle, severity, words
Use = tuple[str, str, str]
REGISTER, BRUSH_OFF, VAGUE = "professional-register", "no-brush-off", "no-vague-answers"
GROUP_1: list[tuple[str, str, list[Use]]] = [
    (
        "帮我优惠一点吧!我都买过很多次了哦!",
        "呵呵,这不行的。",
        [(REGISTER, "error", "呵呵"), (BRUSH_OFF, "warning", "不行的")],
    ),
    (
        "下次我还会来买的,帮忙便宜些吧!",
        "大哥,这真的不行,没办法的。",
        [(REGISTER, "error", "大哥"), (BRUSH_OFF, "error", "没办法")],
    ),
]
GROUP_2: list[tuple[str, str, list[Use]]] = [
    ("从上海到浙江需要几天?", "可能一到两天。", [(VAGUE, "error", "可能一到两天")]),
    ("你是说今天发货,明天或后天就能收到吗?", "差不多这个意思。", [(VAGUE, "error", "差不多")]),
    ("那如果到不了呢?", "那就没办法了。", [(BRUSH_OFF, "error", "没办法")]),
]
EXERCISE: list[tuple[str, str, list[Use]]] = [
    ("您好。", "呵呵,大哥,您好,有什么可以为您服务的?", [(REGISTER, "error", "呵呵"), (REGISTER, "error", "大哥")]),
    ("这个商品有多少种款式?", "可能有七八种吧。", [(VAGUE, "error", "可能有七八种")]),
    ("能当天发货吗?", "我要去问问,不一定的。", [(VAGUE, "error", "不一定")]),
    ("从上海到浙江需要几天?", "可能一到两天。", [(VAGUE, "error", "可能一到两天")]),
    ("你是说今天发货,明天或后天就能收到吗?", "YES!", [(REGISTER, "error", "YES")]),
    ("那如果到不了呢?", "那就没办法了。", [(BRUSH_OFF, "error", "没办法")]),
]
TURNS = [turn for dialogue in (GROUP_1, GROUP_2, EXERCISE) for turn in dialogue]


@pytest.mark.parametrize(("customer", "reply", "uses"), TURNS)
def test_every_forbidden_use_is_found(customer: str, reply: str, uses: list[Use]) -> None:
    """Each forbidden phrase that the agent uses is found, at its place, by its principle, at its severity."""
    report = replykit.check(reply, customer=customer)
    for principle, severity, words in uses:
        start = reply.index(words)
        assert [
            violation
            for violation in report.violations
            if (violation.principle, violation.severity) == (principle, severity)
            and violation.start < start + len(words)
            and start < violation.end
        ], (words, report.violations)


@pytest.mark.parametrize("dialogue", [GROUP_1, GROUP_2, EXERCISE])
def test_the_customers_words_are_never_held_against_the_reply(dialogue: list[tuple[str, str, list[Use]]]) -> None:
    """What customers say, their 哦 included, is context: a proper reply to each of their lines is without an error."""
    history: list[Turn] = []
    for customer, reply, _ in dialogue:
        report = replykit.check(
            "感谢您的耐心等待，我马上为您核实，核实后第一时间回复您。", customer=customer, history=history
        )
        assert report.violations == ()
        history += [Turn(role="customer", text=customer), Turn(role="agent", text=reply)]


@pytest.mark.parametrize(
    "reply",
    [
        "您好，很高兴为您服务，请问有什么可以帮您？",
        "您好！今天17:00为您发货。",
        "您好！我们统一发申通快递。",
        "请问还有其它问题吗？",
        "在的，您好！我是客服001，很高兴为您服务",
    ],
)
def test_the_lines_that_the_document_holds_up_are_clean(reply: str) -> None:
    """What 001 shows as good opening, answer and closing breaks nothing."""
    assert replykit.check(reply).violations == ()
