"""What leaves of a reply while it is written: proven text only, at every moment, however the answer is cut up."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from small import SMALL

from replykit import ReplyKit, check
from replykit.budget import Budget
from replykit.case import Case
from replykit.checker import Checker, checker_for
from replykit.errors import BudgetError, ChatConnectionError, ChatError, ChatTimeoutError
from replykit.fixer import Fixer
from replykit.loader import load_playbook
from replykit.playbook import Playbook
from replykit.records import Completion, Outcome, Reply, Request, Usage
from replykit.seams import Seams
from replykit.stream_flow import stream_flow
from replykit.streams import ReplyStream
from replykit.testing import Answer, FakeChat
from replykit.trace import Trace

CUSTOMER = "我的订单怎么还没到？"
FACTS = ("订单将于11月25日送达",)
GREETING = "您好，很抱歉让您着急了。"
NEXT = "我马上为您联系站点核实。"
LAST = "有进展第一时间告诉您。"
GOOD = GREETING + NEXT + LAST


@functools.cache
def _parts(playbook: str) -> tuple[Checker, Fixer, Seams]:
    checker = checker_for(load_playbook(playbook)) if playbook else Checker(SMALL)
    return checker, Fixer(checker), Seams(checker)


def run(answers: Iterable[Answer], *, customer: str = CUSTOMER, rules: Playbook | None = None, **options: Any) -> Told:
    """Stream a draft from a script, proving at every piece that what has left keeps every rule."""
    if rules is None:
        checker, fixer, seams = _parts("zh")
    else:
        checker = Checker(rules)
        fixer, seams = Fixer(checker), Seams(checker)
    language = options.pop("language", None)
    case = Case.of(Request(task="draft", customer=customer, facts=FACTS, language=language), checker, fixer)
    chat = FakeChat(answers)
    stream = ReplyStream(stream_flow(case, seams, **options), chat, Budget(None), Trace("draft"))
    told = Told([], chat)
    try:
        for piece in stream:
            told.pieces.append(piece)
            assert case.check(told.text).ok, f"this has left: {told.text}"
    finally:
        stream.close()
    told.reply = stream.reply
    assert told.reply.text == told.text
    assert case.check(told.text).violations == told.reply.violations
    return told


class Told:
    """What left, and the reply."""

    reply: Reply

    def __init__(self, pieces: list[str], chat: FakeChat) -> None:
        self.pieces = pieces
        self.chat = chat

    @property
    def text(self) -> str:
        """All that left."""
        return "".join(self.pieces)


def ended(text: str, outcome: Outcome, reason: str | None = None) -> list[str | Completion]:
    """Return an answer letter by letter that ends so."""
    return [*text, Completion(text=text, outcome=outcome, finish_reason=reason, usage=Usage(calls=1))]


def test_sentences_leave_one_by_one() -> None:
    """A good answer leaves sentence by sentence and is clean."""
    told = run([list(GOOD)])
    assert told.pieces == [GREETING, NEXT, LAST]
    assert (told.reply.status, told.reply.reason, len(told.reply.attempts)) == ("clean", "", 1)


@pytest.mark.parametrize(
    "answers",
    [[GOOD], ["好的，以下是回复：\n" + GOOD], ["大哥，" + NEXT, GOOD], ["大哥，" + NEXT, "大哥，" + NEXT]],
)
def test_streams_end_in_the_reply_that_a_draft_is(answers: list[str]) -> None:
    """Where nothing had left when an answer turned out wrong, the reply is the same, but for its id."""
    with ReplyKit(chat=FakeChat(answers)) as kit:
        drafted = kit.draft(CUSTOMER)
    with ReplyKit(chat=FakeChat([list(answer) for answer in answers])) as kit, kit.draft_stream(CUSTOMER) as stream:
        assert "".join(stream) == drafted.text
    assert stream.reply.model_dump(exclude={"id"}) == drafted.model_dump(exclude={"id"})


def test_first_sentence_does_not_wait_for_the_second() -> None:
    """A sentence leaves with its closing mark where nothing can begin in it and go on behind it."""
    left: list[str] = []
    case = Case.of(Request(task="draft", customer=CUSTOMER, facts=FACTS), *_parts("zh")[:2])
    flow = stream_flow(case, _parts("zh")[2])
    event = next(flow)
    for letter in GREETING:
        event = flow.send(letter)
        while isinstance(event, str):
            left.append(event)
            event = next(flow)
    assert left == [GREETING]
    flow.close()


@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 100])
def test_wrappings_never_leave(chunk: int) -> None:
    """Reasoning, a preamble and notes do not leave, wherever the answer is cut up."""
    answer = f"<think>没办法，大哥。</think>好的，以下是回复：\n{GOOD}\n\n修改说明：\n1. 语气更好。"
    told = run([[answer[at : at + chunk] for at in range(0, len(answer), chunk)]])
    assert (told.text, told.reply.status) == (GOOD, "clean")


def test_rest_is_asked_for_again() -> None:
    """An error in a later sentence is mended by the model, told what has left; both wordings of its answer do."""
    bad = GREETING + "这个没办法的，大哥。"
    for mended in (NEXT + LAST, GOOD):
        told = run([list(bad), list(mended)])
        assert (told.text, told.reply.status) == (GOOD, "repaired")
        assert [attempt.text for attempt in told.reply.attempts] == [bad, GOOD]
        assert GREETING in told.chat.requests[1].messages[-1].content


def test_rest_is_fixed_without_the_model() -> None:
    """Where asking again does not help, the fixer mends what has not left, and only that."""
    bad = GREETING + "呵呵，" + NEXT
    told = run([list(bad), list(bad[len(GREETING) :])])
    assert told.pieces[0] == GREETING
    assert (told.text, told.reply.status) == (GREETING + NEXT, "repaired")
    assert told.reply.attempts[-1].made_by == "fixer"


def test_what_nobody_can_mend_ends_the_stream() -> None:
    """Where nothing helps, nothing more leaves, and the reply says that it is only the beginning."""
    bad = GREETING + "保证明天送到。"
    told = run([list(bad), list("保证明天送到。")])
    assert (told.text, told.reply.status) == (GREETING, "needs_review")
    assert "only the beginning of a reply, as the rest breaks grounded-facts" in told.reply.reason
    assert told.reply.attempts[0].text == bad


def test_ready_line_stands_in_where_nothing_could_leave() -> None:
    """An answer that is wrong from its first sentence on is never shown; a ready line is, and needs review."""
    told = run([list("大哥，保证明天送到。"), list("大哥，保证明天送到。")])
    assert told.reply.status == "needs_review"
    assert "大哥" not in told.text
    assert told.reply.attempts[-1].made_by == "phrasebook"
    assert "ready line" in told.reply.reason


@pytest.mark.parametrize("outcome", ["length", "content_filter", "refusal", "unknown"])
def test_answer_that_ends_too_early_is_no_reply(outcome: Outcome) -> None:
    """Once a piece has left, an answer without a proper end needs review and is not asked for again."""
    told = run([ended(GREETING + NEXT[:5], outcome)])
    assert (told.text, told.reply.status) == (GREETING, "needs_review")
    assert outcome in told.reply.reason
    assert [attempt.outcome for attempt in told.reply.attempts] == [outcome]
    assert len(told.chat.requests) == 1


def test_stream_that_just_stops_is_no_reply() -> None:
    """Without a finish reason nothing is whole, though all that came is proven."""
    told = run([ended(GOOD, "unknown")])
    assert told.reply.status == "needs_review"
    assert GOOD.startswith(told.text)
    assert told.text


@pytest.mark.parametrize("failure", [ChatConnectionError("gone"), ChatTimeoutError("late")])
def test_failure_after_a_piece_is_told_by_the_reply(failure: ChatError) -> None:
    """What has left stands; the reply names the failure and holds what had come."""
    told = run([[*GREETING, *NEXT[:4], failure]])
    assert (told.text, told.reply.status) == (GREETING, "needs_review")
    assert str(failure) in told.reply.reason
    assert (told.reply.attempts[0].text, told.reply.attempts[0].outcome) == (GREETING + NEXT[:4], "lost")
    assert told.reply.usage.calls == 1


@pytest.mark.parametrize("failure", [ChatConnectionError("gone"), BudgetError("spent")])
def test_failure_before_a_piece_is_raised(failure: Exception) -> None:
    """Before anything has left, the caller gets the error as from `draft`."""
    with pytest.raises(type(failure)):
        run([["您", failure]])


def test_failed_repair_goes_on_with_what_there_is() -> None:
    """Where asking again fails, the fixer mends the rest of the first answer."""
    told = run([list(GREETING + "呵呵，" + NEXT), ChatConnectionError("gone")])
    assert (told.text, told.reply.status) == (GREETING + NEXT, "repaired")


def test_length_before_a_piece_is_asked_for_again_with_more_room() -> None:
    """An answer cut off before anything left gets its second chance, as in `draft`."""
    told = run([ended("您好，", "length"), list(GOOD)])
    assert (told.text, told.reply.status) == (GOOD, "clean")
    assert told.chat.requests[1].max_tokens


def test_error_that_a_later_sentence_excuses_waits_for_it() -> None:
    """没办法 is a brush-off until the next step is there: both sentences leave together."""
    brush_off = "您好，这个订单没办法改地址。"
    told = run([list(brush_off + NEXT + LAST)])
    assert told.pieces[0] == brush_off + NEXT
    assert told.reply.status == "clean"


def test_repeating_what_has_left_is_no_repair() -> None:
    """An answer that only repeats what the customer has read adds nothing, and the reply is not called whole."""
    told = run([list(GREETING + "保证明天送到。"), list(GREETING), list(GREETING)])
    assert (told.text, told.reply.status) == (GREETING, "needs_review")


def test_reasoning_that_shows_only_at_its_end_stops_the_stream() -> None:
    """What left before an end tag that nothing opened was no reply, and the reply says so."""
    told = run([list("您好，先道歉。再说时间。\n</think>\n\n" + GOOD)])
    assert told.reply.status == "needs_review"
    assert "no part of the answer" in told.reply.reason
    assert GOOD not in told.text


def test_model_that_opens_its_reasoning_unseen_is_known_the_next_time() -> None:
    """Once an answer has shown it, nothing of the next leaves before the end tag; an answer without ends that."""
    unseen = "您好，先道歉。再说时间。\n</think>\n\n" + GOOD
    kit = ReplyKit(chat=FakeChat([list(unseen), list(unseen), list(GOOD), list(GOOD)]))
    list(kit.draft_stream(CUSTOMER))
    for _ in range(3):
        stream = kit.draft_stream(CUSTOMER)
        assert ("".join(stream), stream.reply.status) == (GOOD, "clean")


def test_offline_stream_gives_the_ready_lines() -> None:
    """Without a model the holding reply leaves, as from `draft`."""
    with ReplyKit() as kit:
        stream = kit.draft_stream(CUSTOMER)
        assert "".join(stream) == kit.draft(CUSTOMER).text == stream.reply.text
        assert stream.reply == kit.draft(CUSTOMER)


# Hidden phrases, both scripts, disguises, spans over clauses, quotations, several sentences.
HOSTILE = [
    GREETING + "没办法。" + LAST,
    GREETING + "沒辦法的，大哥。",
    GREETING + "这个没。有办法的。",
    GREETING + "没 有 办 法 的。",
    GREETING + "没\u200b办\u200b法。",
    "您好。没。有。办。法。",
    "您好！保。证明天送到。",
    GREETING + "我们绝对会，在明天，送到您手上。",
    GREETING + "是仓库那边，打包的时候，发错了。",
    GREETING + "您必须先退货，否则，我们不处理。",
    "您好，您说的“没办法。”我们理解。" + NEXT,
    "您好。ＯＫ。呵。呵呵。",
    GREETING + "订单号是A9。1234567。",
    GREETING + "请回复[客户。姓名]确认。",
    GREETING + "请看https://example.com/a?ok=没办法。",
    GREETING + "退款300元。\n400\n123\n4567",
    GREETING + "Please。Wait for us. OK. Thank you。",
    "您好。這個沒辦法。您自己看著辦。",
]


@pytest.mark.parametrize("answer", HOSTILE)
def test_no_split_lets_an_error_leave(answer: str) -> None:
    """Cut in two at every place, and letter by letter, what leaves never holds an error."""
    for pieces in (list(answer), *([answer[:at], answer[at:]] for at in range(1, len(answer)))):
        run([pieces], max_repairs=0)


PARTS = [
    "您好", "，", "。", "！", "\n", "没", "有", "办法", "没办法", "沒辦法", " ", "\u200b", "可能", "保证", "保", "证",
    "大哥", "呵", "呵", "我帮您联系站点核实", "“", "”", "OK", "3天", "明天", "11月25日", "送达", "抱歉", "（", "）",
    "…", "?", ".", "A1", "[", "]", "{{name}}", "仓库", "发错了", "<think>", "</think>", "\n\n", "修改说明：", "谢谢",
]  # fmt: skip


@given(st.lists(st.sampled_from(PARTS), min_size=1, max_size=25), st.lists(st.sampled_from(PARTS), max_size=8))
@settings(max_examples=250, deadline=None)
@example(["您好", "。", "没", "。", "有", "办法", "。"], [])
def test_whatever_is_written_only_proven_text_leaves(pieces: Sequence[str], again: Sequence[str]) -> None:
    """Any pieces in any order: at every moment what has left has no error, and the reply is what has left."""
    told = run([list(pieces), list(again), list(again)])
    assert told.reply.status == "needs_review" or check(told.text, customer=CUSTOMER, facts=FACTS).ok


def _rules(**fields: Any) -> Playbook:
    rule = {
        "id": "own",
        "principle": "professional-register",
        "severity": "error",
        "kind": "pattern",
        "message": "不行。",
        "source": "000",
        "bad": ["x"],
        "good": ["y"],
        **fields,
    }
    return SMALL.model_copy(update={"rules": (type(SMALL.rules[0]).model_validate(rule),)})


@pytest.mark.parametrize(
    "condition",
    [
        {"when": [{"find": ["贵"], "within": "next"}]},
        {"when": [{"find": ["贵"], "within": "rest"}]},
        {"when": [{"find": ["贵"], "within": "reply"}]},
        {"unless": [{"find": ["贵"], "within": "next", "absent": True}]},
        {
            "soften": [{"find": ["贵"], "within": "rest", "absent": True}],
            "unless": [{"find": ["不可能"], "within": "reply"}],
        },
    ],
)
def test_what_later_text_can_spoil_waits_for_the_end(condition: dict[str, Any]) -> None:
    """A sentence that is an error only beside, or for want of, something later waits for that."""
    rules = _rules(patterns=["便宜"], **condition)
    answer = "您好，谢谢您。这款便宜。那款您看看。那款贵。"
    told = run([list(answer)], rules=rules, max_repairs=0)
    spoiled = not Checker(rules).check(answer).ok
    assert told.pieces[0] == "您好，谢谢您。"
    assert ("便宜" in told.text) is not spoiled
    harmless = "您好，谢谢您。这款便宜。那款您看看。请您稍候。"
    assert run([list(harmless)], rules=rules, max_repairs=0).text == harmless or not Checker(rules).check(harmless).ok


def test_phrase_over_two_sentences_is_found_before_its_first_leaves() -> None:
    """A company's phrase with a full stop in it does not leave by halves."""
    rules = _rules(kind="phrase", phrases=["就这样。不谢"])
    told = run([list("您好，谢谢您。就这样。不谢。"), list("请稍候。")], rules=rules)
    assert told.text == "您好，谢谢您。请稍候。"


def test_what_the_reply_must_hold_is_waited_for() -> None:
    """Where a rule wants something said, nothing leaves before it is."""
    rules = _rules(kind="require", patterns=["谢谢"])
    told = run([list("您好，请稍候。我来查询。谢谢您！再见。")], rules=rules)
    assert told.pieces[0] == "您好，请稍候。我来查询。谢谢您！"


def test_quotations_that_fill_the_reply_excuse_nothing_before_its_end() -> None:
    """What stands in quotation marks counts where they hold nearly all, so it waits for the whole."""
    rules = _rules(kind="phrase", phrases=["呵呵"])
    quoted = "您说的“呵呵呀”我们明白了。"
    told = run([list(quoted + f"“{'好' * 70}”。")], rules=rules, max_repairs=0)
    assert "呵呵" not in told.text
    assert told.reply.status == "needs_review"
    assert run([list(quoted + "请您稍候，我们来查。")], rules=rules).reply.status == "clean"


# No sentence of one letter: `uncover` reads those together with their neighbours, so one behind a seam may spoil it.
_SENTENCES = [
    "这款便宜。", "那款贵。", "您看看。", "可以退货。", "好吧！", "您说“便宜”了吗？", "这款便。", "宜没好货。",
    "退货。",
]  # fmt: skip
_kinds = st.sampled_from(
    [
        {"kind": "pattern", "patterns": ["便宜"]},
        {"kind": "phrase", "phrases": ["便宜", "贵。退货", "便宜没好货"]},
        {"kind": "together", "together": [["便宜", "贵"], ["款", "退"]]},
        {"kind": "count", "patterns": ["便宜|贵"], "at_most": 1},
        {"kind": "order", "first": ["退货"], "then": ["便宜"]},
        {"kind": "require", "patterns": ["退货"]},
    ]
)
_condition = st.builds(
    lambda slot, find, within, absent: {slot: [{"find": [find], "within": within, "absent": absent}]},
    st.sampled_from(["when", "unless", "soften"]),
    st.sampled_from(["贵", "退货", "看"]),
    st.sampled_from(["previous", "next", "rest", "reply", "sentence", "after"]),
    st.booleans(),
)
_place = st.sampled_from(
    [{}, {}, {"at": "reply"}, {"at": "clause-end"}, {"in_quotes": True}, {"exceptions": ["便宜了"]}]
)
_own_rules = st.builds(lambda *parts: functools.reduce(dict.__or__, parts), _kinds, _condition, _condition, _place)


@given(_own_rules, st.lists(st.sampled_from(_SENTENCES), min_size=2, max_size=8).map("".join))
@settings(max_examples=400, deadline=None)
def test_no_rule_makes_an_error_of_what_has_left(rule: dict[str, Any], text: str) -> None:
    """Whatever a rule asks for, wherever its conditions look, nothing that follows spoils what left before it."""
    text = "您看。" + text
    checker = Checker(_rules(**rule))
    case = Case.of(Request(task="draft", customer="退货", language="zh-Hans"), checker, Fixer(checker))
    flow = stream_flow(case, Seams(checker), max_repairs=0)
    event = next(flow)
    for letter in text:
        event = flow.send(letter)
        while isinstance(event, str):
            assert case.check(case.told.text).ok
            event = next(flow)
    flow.close()
    spoilt = [error for error in case.check(text).errors if error.start < len(case.told.text)]
    assert not spoilt, f"{case.told.text!r} had left"
