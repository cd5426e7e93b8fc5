"""The repair ladder, driven by hand: no model, no network, no mocks."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small import SMALL

from replykit.checker import Checker, checker_for
from replykit.drivers import adrive, drive
from replykit.errors import (
    BudgetError,
    ChatError,
    ChatProtocolError,
    ChatRateLimitError,
    ChatTimeoutError,
    ReplykitError,
    UsageError,
)
from replykit.fixer import Fixer
from replykit.flow import reply_flow
from replykit.loader import load_playbook
from replykit.records import Attempt, ChatRequest, Completion, Outcome, Reply, Request, Usage
from replykit.testing import FakeChat

CHECKER = Checker(SMALL)
FIXER = Fixer(CHECKER)
FACT = "订单将于11月25日送达"
REWRITE = Request(task="rewrite", draft="没办法，呵呵。", customer="我的订单呢？", facts=(FACT,))
DRAFT = Request(task="draft", customer="我的订单呢？", facts=(FACT,))
GOOD = "您好，订单将于11月25日送达。"
BAD = "没办法，您等着吧。"
COST = Usage(calls=1, prompt_tokens=100, completion_tokens=20)

Script = list[str | Completion | Exception]


def said(text: str, outcome: Outcome = "complete", usage: Usage = COST) -> Completion:
    """Return an answer with its cost."""
    return Completion(text=text, outcome=outcome, finish_reason=outcome, usage=usage)


def run(request: Request, answers: Script, **options: Any) -> tuple[Reply, list[ChatRequest]]:
    """Run the ladder on a script; return the reply and what was asked."""
    chat = FakeChat([said(answer) if isinstance(answer, str) else answer for answer in answers])
    flow = reply_flow(request, checker=CHECKER, fixer=FIXER, **options)
    return drive(flow, chat.complete), chat.requests


@pytest.mark.parametrize("request_", [REWRITE, DRAFT], ids=["rewrite", "draft"])
def test_good_answer_is_clean(request_: Request) -> None:
    """A first answer that keeps every rule leaves as it is, after one call."""
    reply, asked = run(request_, [GOOD])
    assert (reply.text, reply.status, reply.reason) == (GOOD, "clean", "")
    assert reply.usage == COST
    assert [attempt.made_by for attempt in reply.attempts] == ["model"]
    assert len(asked) == 1
    assert reply.original == request_.draft
    assert not reply.offline


def test_wrapping_of_an_answer_is_no_attempt_of_its_own() -> None:
    """Reasoning and preambles go before the check; what is checked is what leaves."""
    reply, _ = run(REWRITE, [f"<think>没办法</think>好的，以下是改写后的回复：\n{GOOD}\n"])
    assert (reply.text, reply.status) == (GOOD, "clean")
    assert reply.attempts[0].text == GOOD


def test_second_answer_repairs_the_first() -> None:
    """A forbidden phrase is quoted back once; the answer without it is repaired, and both calls are counted."""
    reply, asked = run(REWRITE, [BAD, GOOD])
    assert (reply.text, reply.status) == (GOOD, "repaired")
    assert [attempt.text for attempt in reply.attempts] == [BAD, GOOD]
    assert [v.rule for v in reply.attempts[0].violations] == ["no-way"]
    assert reply.usage == Usage(calls=2, prompt_tokens=200, completion_tokens=40)
    assert asked[1].messages[:2] == asked[0].messages
    assert asked[1].messages[2].content == BAD
    assert "“没办法”没有下一步。" in asked[1].messages[3].content
    assert "我来为您核实" in asked[1].messages[3].content


def test_repairs_do_not_pile_up() -> None:
    """Each repair quotes the latest answer only."""
    other = "没办法。呵呵。"
    _, asked = run(REWRITE, [BAD, other, GOOD], max_repairs=2)
    assert [len(request.messages) for request in asked] == [2, 4, 4]
    assert asked[2].messages[2].content == other
    assert BAD not in "".join(message.content for message in asked[2].messages)


def test_model_that_never_improves_needs_review() -> None:
    """The least wrong answer comes back with all its violations, and nothing is raised."""
    worse = "没办法，真没办法，没办法。"
    reply, asked = run(REWRITE, [worse, BAD])
    assert reply.status == "needs_review"
    assert reply.text == BAD
    assert [v.rule for v in reply.violations] == ["no-way"]
    assert reply.reason == "still breaks no-brush-off"
    assert [attempt.made_by for attempt in reply.attempts] == ["model", "model"]  # nothing to repair is no attempt
    assert len(asked) == 2
    assert reply.original == "没办法，呵呵。"


def test_fixer_mends_what_the_model_does_not() -> None:
    """Where the answers keep an error that the playbook can mend, the mended text is repaired."""
    reply, _ = run(REWRITE, ["呵呵，" + GOOD, "呵呵，" + GOOD])
    assert reply.status == "repaired"
    assert "呵呵" not in reply.text
    assert [attempt.made_by for attempt in reply.attempts] == ["model", "model", "fixer"]
    assert CHECKER.check(reply.text).ok


def test_warnings_never_block() -> None:
    """An answer with warnings only is clean, is not asked for again and is not touched."""
    reply, asked = run(REWRITE, ["让您久等了。" + GOOD])
    assert (reply.status, len(asked)) == ("clean", 1)
    assert [v.rule for v in reply.violations] == ["wait"]
    assert reply.text.startswith("让您久等了")


def test_of_equal_errors_fewer_warnings_win_then_the_earlier() -> None:
    """Attempts are compared by errors, then warnings, then age."""
    assert run(REWRITE, ["没办法，久等了。", "没办法，请等。"])[0].text == "没办法，请等。"
    assert run(REWRITE, ["没办法，请等。", "没办法，请您等。"])[0].text == "没办法，请等。"


def test_repair_that_invents_is_not_accepted() -> None:
    """A repair that adds a number which nothing supports is worse than the flaw that it mends."""
    reply, _ = run(REWRITE, ["没办法，呵呵。", "您好，订单3天内送达。"])
    assert reply.status == "needs_review"
    assert "3天" not in reply.text
    assert [v.principle for v in reply.attempts[1].violations] == ["grounded-facts"]


def test_repair_that_stops_inventing_is_accepted() -> None:
    """The other way round, the grounded answer replaces the ungrounded one."""
    reply, _ = run(REWRITE, ["您好，订单3天内送达。", GOOD])
    assert (reply.text, reply.status) == (GOOD, "repaired")


@pytest.mark.parametrize("second", [BAD, "没办法，您再等等吧。"], ids=["same text", "same violations"])
def test_asking_stops_where_nothing_changes(second: str) -> None:
    """The same text, or the same violations, ends the asking however many repairs are left."""
    _, asked = run(REWRITE, [BAD, second, GOOD], max_repairs=5)
    assert len(asked) == 2


def test_no_repairs_means_one_call() -> None:
    """With max_repairs=0 the model is asked once, and the fixer does the rest."""
    reply, asked = run(REWRITE, ["呵呵，" + GOOD], max_repairs=0)
    assert (len(asked), reply.status) == (1, "repaired")


@pytest.mark.parametrize("outcome", ["refusal", "content_filter", "unknown"])
def test_refusal_is_never_asked_again(outcome: Outcome) -> None:
    """After a refusal, a filter or an unknown end the draft is mended without the model; the answer never leaves."""
    reply, asked = run(REWRITE, [said(GOOD, outcome)], max_repairs=3)
    assert len(asked) == 1
    assert reply.text != GOOD
    assert reply.attempts[0].outcome == outcome
    assert outcome in reply.reason
    assert reply.usage == COST


@pytest.mark.parametrize("outcome", ["refusal", "content_filter", "unknown", "length", "blank"])
def test_without_a_usable_answer_a_draft_is_mended(outcome: Outcome) -> None:
    """A draft that the fixer makes clean is repaired, never clean, whatever the model did."""
    request = REWRITE.model_copy(update={"draft": "呵呵，我来为您核实。"})
    reply, _ = run(request, [said("", outcome)] * 2)
    assert reply.status == "repaired"
    assert "呵呵" not in reply.text
    untouched = run(REWRITE.model_copy(update={"draft": GOOD}), [said("", outcome)] * 2)[0]
    assert (untouched.text, untouched.status) == (GOOD, "repaired")


@pytest.mark.parametrize("outcome", ["refusal", "content_filter", "unknown", "length", "blank"])
def test_without_a_usable_answer_a_drafted_reply_is_a_holding_line(outcome: Outcome) -> None:
    """A ready line in place of an answer needs review and says why; the line itself keeps the rules."""
    reply, _ = run(DRAFT, [said("", outcome)] * 2)
    assert (reply.text, reply.status) == ("我来为您核实。", "needs_review")
    assert "ready line" in reply.reason
    assert reply.violations == ()
    assert reply.attempts[-1].made_by == "phrasebook"


def test_cut_off_answer_is_asked_for_once_with_more_room() -> None:
    """A truncated text never leaves; the one retry doubles what was used."""
    cut = said("您好，订单将于", "length", Usage(calls=1, prompt_tokens=10, completion_tokens=3000))
    reply, asked = run(REWRITE, [cut, GOOD])
    assert (reply.text, reply.status) == (GOOD, "clean")
    assert [request.max_tokens for request in asked] == [None, 6000]
    assert asked[0].messages == asked[1].messages
    reply, asked = run(REWRITE, [cut, cut, GOOD], max_repairs=5)
    assert len(asked) == 2
    assert reply.text != cut.text


def test_cut_off_repair_leaves_the_first_answer() -> None:
    """Where the repair is cut off twice, the ladder goes on with the answer that was whole."""
    cut = said("您好，订", "length")
    reply, asked = run(REWRITE, ["呵呵，" + GOOD, cut, cut])
    assert len(asked) == 3
    assert reply.status == "repaired"
    assert reply.text.endswith("送达。")


def test_blank_answer_is_asked_for_once_more() -> None:
    """A blank answer, also one of reasoning alone, has a second chance and no third."""
    reply, asked = run(REWRITE, [said("<think>嗯</think>"), GOOD])
    assert (reply.text, len(asked)) == (GOOD, 2)
    assert reply.attempts[0].outcome == "blank"
    _, asked = run(REWRITE, [said(" ", "blank"), said("", "blank"), GOOD], max_repairs=5)
    assert len(asked) == 2


@pytest.mark.parametrize("text", ["\u200b", "\ufeff\u2060", "……", "。", "🙂", "\u202e"])
def test_answer_without_words_is_blank(text: str) -> None:
    """What nobody can read is no reply: it is asked for once more, and never leaves as clean."""
    reply, requests = run(DRAFT, [text, text])
    assert len(requests) == 2
    assert [attempt.outcome for attempt in reply.attempts[:2]] == ["blank", "blank"]
    assert reply.status == "needs_review"
    assert reply.text != text


def test_draft_without_words_needs_review() -> None:
    """A draft of marks and emoji alone says nothing, and comes back as it is for a person to see."""
    request = Request(task="rewrite", draft="🙂")
    reply, _ = run(request, [], offline=True)
    assert (reply.text, reply.status, reply.reason) == ("🙂", "needs_review", "there are no words in it")


@pytest.mark.parametrize("error", [ChatTimeoutError("late"), ChatRateLimitError("busy"), BudgetError("spent")])
def test_failure_after_an_answer_goes_on_with_it(error: ReplykitError) -> None:
    """A call that fails later costs nothing of what is there; where review is needed the reason names it."""
    reply, _ = run(REWRITE, [BAD, error])
    assert (reply.status, reply.text) == ("needs_review", BAD)
    assert type(error).__name__ in reply.reason
    reply, _ = run(REWRITE, ["呵呵，" + GOOD, error])
    assert (reply.status, reply.reason) == ("repaired", "")


@pytest.mark.parametrize("error", [ChatTimeoutError("late"), BudgetError("spent")])
def test_failure_before_an_answer_is_raised(error: ReplykitError) -> None:
    """With nothing to go on with, the error itself comes out, with the call where that may have to be paid for."""
    with pytest.raises(type(error)) as caught:
        run(REWRITE, [error])
    assert caught.value is error
    assert [attempt.outcome for attempt in caught.value.attempts] == (["lost"] if isinstance(error, ChatError) else [])


def test_failure_after_a_useless_answer_goes_on_without_it() -> None:
    """A cut answer and then a failure leave the draft, mended."""
    reply, _ = run(REWRITE, [said("您", "length"), ChatTimeoutError("late")])
    assert [attempt.outcome for attempt in reply.attempts[:2]] == ["length", "lost"]
    assert reply.original == reply.attempts[2].text
    assert "ChatTimeoutError" in reply.reason


def test_error_of_our_own_carries_the_attempts() -> None:
    """An error that ends the ladder later says what was tried, with its cost."""
    with pytest.raises(UsageError, match="1 answers") as caught:
        run(REWRITE, [BAD])
    assert [attempt.text for attempt in caught.value.attempts] == [BAD]
    assert caught.value.attempts[0].usage == COST


def test_foreign_errors_pass_through() -> None:
    """What is not ours reaches the caller as it is, a stray StopIteration too."""

    def stray(request: ChatRequest) -> Completion:
        raise StopIteration("not a reply")

    def broken(request: ChatRequest) -> Completion:
        raise KeyError("chat")

    failures: list[tuple[Callable[[ChatRequest], Completion], type[Exception]]] = [
        (stray, StopIteration),
        (broken, KeyError),
    ]
    for complete, kind in failures:
        with pytest.raises(kind):
            drive(reply_flow(REWRITE, checker=CHECKER, fixer=FIXER), complete)


@pytest.mark.parametrize("stop", [KeyboardInterrupt, asyncio.CancelledError, KeyError, SystemExit])
def test_interruption_carries_what_was_paid_for(stop: type[BaseException]) -> None:
    """Whatever ends the work, the exception comes out, with the answers so far and the call that was under way."""
    for drive_ in (drive, lambda flow, complete: asyncio.run(adrive(flow, awaited(complete)))):
        chat = FakeChat([said(BAD), stop()])
        with pytest.raises(stop) as caught:
            drive_(reply_flow(REWRITE, checker=CHECKER, fixer=FIXER), chat.complete)
        attempts = caught.value.attempts
        assert [(attempt.text, attempt.outcome) for attempt in attempts] == [(BAD, "complete"), ("", "lost")]
        assert [v.rule for v in attempts[0].violations] == ["no-way"]
        assert sum((attempt.usage for attempt in attempts), Usage()).calls == 2


def test_lost_answer_is_counted_with_what_it_cost() -> None:
    """An answer that cannot be used, and was billed all the same, is in the sum; a refused call is not."""
    lost = ChatProtocolError("no choices")
    lost.usage = Usage(calls=1, prompt_tokens=7, completion_tokens=9)
    reply, _ = run(REWRITE, ["呵呵，" + GOOD, lost])
    assert [attempt.outcome for attempt in reply.attempts] == ["complete", "lost", None]
    assert reply.usage == COST + lost.usage
    assert reply.trouble == "the next call failed: ChatProtocolError: no choices"
    reply, _ = run(REWRITE, ["呵呵，" + GOOD, ChatRateLimitError("busy")])
    assert [attempt.outcome for attempt in reply.attempts] == ["complete", None]
    assert reply.usage == COST


@pytest.mark.parametrize("outcome", ["refusal", "content_filter", "unknown"])
def test_reply_without_the_model_says_so(outcome: Outcome) -> None:
    """A draft that was mended since the model refused may be sent, and tells that the model had no part in it."""
    request = REWRITE.model_copy(update={"draft": "呵呵，我来为您核实。"})
    reply, _ = run(request, [said("", outcome)])
    assert (reply.status, reply.reason) == ("repaired", "")
    assert outcome in reply.trouble
    assert run(request, [GOOD])[0].trouble == run(request, [BAD, GOOD])[0].trouble == ""


def awaited(complete: Callable[[ChatRequest], Completion]) -> Callable[[ChatRequest], Awaitable[Completion]]:
    """Return a chat's method as one to await."""

    async def answer(request: ChatRequest) -> Completion:
        return complete(request)

    return answer


def test_status_judges_the_text_that_leaves() -> None:
    """The violations of a reply are those of exactly its text, whatever path led to it."""
    for answers in ([GOOD], [BAD, GOOD], [BAD, BAD], ["呵呵，" + GOOD, BAD]):
        reply, _ = run(REWRITE, list(answers))
        report = CHECKER.check(reply.text, customer=REWRITE.customer, facts=REWRITE.facts, draft=REWRITE.draft)
        assert reply.violations == report.violations
        assert (reply.status != "needs_review") == report.ok


@functools.cache
def built_in() -> Checker:
    """Return the checker of the built-in playbook."""
    return checker_for(load_playbook("zh"))


_TEXTS = st.one_of(
    st.sampled_from(
        [
            GOOD,
            BAD,
            "呵呵，大哥，这个没办法的。",
            "您好，我来为您核实。",
            "保证明天送到。",
            "您好，订单3天内送达，退您50元。",
            "可能一到两天吧。",
            "都是仓库的错。",
            "您的訂單將於11月25日送達。",
            "{{name}}您好。",
            "",
            "```\n呵呵\n```",
        ]
    ),
    st.text(max_size=20),
)
_OUTCOMES = st.sampled_from(["complete", "complete", "length", "content_filter", "refusal", "blank", "unknown"])
_ANSWERS = st.one_of(
    st.builds(said, _TEXTS, _OUTCOMES),
    st.builds(said, _TEXTS),
    st.sampled_from([ChatTimeoutError("late"), ChatRateLimitError("busy")]),
)


def gravity(attempt: Attempt | Reply) -> tuple[int, int, int]:
    """Return how grave what is wrong with a text is: what the customer is told, then errors, then warnings."""
    told = ("grounded-facts", "keep-meaning", "keep-placeholders")
    wrong = [violation for violation in attempt.violations if violation.severity == "error"]
    return sum(v.principle in told for v in wrong), len(wrong), len(attempt.violations) - len(wrong)


@settings(deadline=None, max_examples=200)
@given(st.lists(st.builds(said, _TEXTS, _OUTCOMES), min_size=8, max_size=8), st.sampled_from([REWRITE, DRAFT]))
def test_reply_is_no_worse_than_any_answer(answers: list[Completion], request: Request) -> None:
    """Of all answers that were whole, none is less grave than the reply, in whatever order they came."""
    checker = built_in()
    reply = drive(reply_flow(request, checker=checker, fixer=Fixer(checker), max_repairs=6), FakeChat(answers).complete)
    whole = [attempt for attempt in reply.attempts if attempt.outcome == "complete"]
    assert all(gravity(reply) <= gravity(attempt) for attempt in whole)
    assert reply.text in [attempt.text for attempt in reply.attempts]
    if whole and reply.text not in [attempt.text for attempt in whole]:
        assert gravity(reply) < min(gravity(attempt) for attempt in whole)  # mended, so that it is better than all


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        ("没办法，呵呵。", "您好，订单3天内送达。", 0),  # a flaw, and a repair that invents
        ("您好，订单3天内送达。", "没办法，呵呵。", 1),  # the other way round
        ("没办法，3天内送达。", "没办法，5天内送达，退您50元。", 0),
        ("没办法，5天内送达，退您50元。", "没办法，3天内送达。", 1),
        ("没办法，3天内送达。", "呵呵，没办法，5天内送达。", 0),  # as much invented: the fewer errors
    ],
)
def test_the_least_grave_answer_is_kept(first: str, second: str, kept: int) -> None:
    """An invented fact weighs more than any number of rude words, whichever answer holds it."""
    reply, _ = run(REWRITE, [first, second])
    assert reply.attempts[kept].text in (reply.text, "没办法，呵呵。")
    assert reply.text != reply.attempts[1 - kept].text
    assert reply.status == "needs_review"


@settings(deadline=None, max_examples=150)
@given(
    st.lists(_ANSWERS, min_size=6, max_size=6),
    st.builds(
        Request,
        task=st.just("rewrite"),
        draft=_TEXTS.filter(bool),
        customer=st.sampled_from([None, "我的订单呢？", "氣死我了，怎麼還沒到！"]),
        facts=st.sampled_from([(), (FACT,)]),
    )
    | st.builds(Request, task=st.just("draft"), customer=st.sampled_from(["我的订单呢？", "你们这帮骗子！"])),
    st.integers(0, 3),
    st.booleans(),
)
def test_promise_holds(answers: Script, request: Request, max_repairs: int, offline: bool) -> None:
    """Whatever the model answers, nothing leaves as clean or repaired that breaks a rule, and the draft is intact."""
    checker = built_in()
    flow = reply_flow(request, checker=checker, fixer=Fixer(checker), max_repairs=max_repairs, offline=offline)
    chat = FakeChat(answers)
    if isinstance(answers[0], ChatError) and not offline:
        with pytest.raises(type(answers[0])):
            drive(flow, chat.complete)
        return
    reply = drive(flow, chat.complete)
    assert len(chat.requests) <= (0 if offline else 2 + max_repairs)
    report = checker.check(
        reply.text,
        customer=request.customer,
        facts=request.facts,
        draft=request.draft,
        stage=reply.stage,
        channel=request.channel,
        length=request.length,
    )
    assert reply.violations == report.violations
    assert reply.status == "needs_review" or (report.ok and reply.text.strip())
    assert bool(reply.reason) == (reply.status == "needs_review")
    assert reply.original == request.draft
    assert reply.usage == sum((attempt.usage for attempt in reply.attempts), Usage())
    for attempt in reply.attempts:
        if attempt.outcome not in (None, "complete"):
            others = [a.text for a in reply.attempts if a is not attempt and a.outcome in (None, "complete")]
            assert reply.text != attempt.text or attempt.text in others
    assert Reply.model_validate_json(reply.model_dump_json()) == reply or "\\ud" in ascii(reply)
