"""Which stage of a complaint a conversation has reached, and what a reply is held to there."""

from __future__ import annotations

import pytest
from score_stages import SCRIPTS, conversations, read

from replykit import ReplyKit
from replykit.checker import checker_for
from replykit.loader import load_playbook
from replykit.playbook import Playbook
from replykit.records import Turn
from replykit.testing import FakeChat

CASES = conversations()
CHECKER = checker_for(load_playbook("zh"))
STAGES = ("accept", "clarify", "propose", "follow_up", "none")
BROKEN = "收到的杯子碎了，气死我了"


def test_the_cases_are_many_and_varied() -> None:
    """Each stage has eight conversations at least, and two in five of all are written in traditional script."""
    assert len({case["customer"] for case in CASES}) == len(CASES) >= 50
    assert all(sum(case["stage"] == stage for case in CASES) >= 8 for stage in STAGES)
    texts = ["".join([case["customer"], *case.get("history", [])]) for case in CASES]
    assert sum(SCRIPTS["simplified"].convert(text) != text for text in texts) > 0.35 * len(CASES)


@pytest.mark.parametrize("script", SCRIPTS)
def test_the_stage_is_read_off_the_conversation(script: str) -> None:
    """In either script 95 in 100 labelled conversations are put where a person put them, and none is put too far."""
    wrong = [case for case in CASES if read(case, script) != case["stage"]]
    assert len(wrong) <= 0.05 * len(CASES), wrong
    assert not any(case["stage"] == "none" for case in wrong), wrong


def test_a_conversation_without_a_complaint_has_no_stage() -> None:
    """What speaks of a measure is no complaint, and a playbook without entries knows no stage."""
    assert CHECKER.stage_of("可以换货吗？", [], ["补发的杯子已签收"]) is None
    assert CHECKER.stage_of(None, [], []) is None
    assert checker_for(Playbook(name="bare")).stage_of(BROKEN, [], []) is None


def test_the_caller_goes_before_the_conversation() -> None:
    """A reply carries the stage it was held to: the caller's or else the conversation's; so does the prompt."""
    chat = FakeChat(["非常抱歉，请您发一张照片，我核实后马上给您答复。"])
    reply = ReplyKit(chat=chat).draft(BROKEN)
    assert (reply.stage, reply.violations) == ("accept", ())
    assert "接受投诉" in chat.requests[0].messages[0].content
    told = ReplyKit(chat=FakeChat([reply.text])).draft(BROKEN, stage="propose")
    assert told.stage == "propose"
    assert {violation.rule for violation in told.violations} == {"propose-names-the-measure"}


def test_a_rewrite_keeps_to_its_draft() -> None:
    """A draft that is rewritten is held to a stage only where the caller names one: nothing may be added to it."""
    draft = "非常抱歉，我马上为您核实。"
    assert ReplyKit().rewrite(draft, customer=BROKEN).stage is None
    assert ReplyKit().rewrite(draft, customer=BROKEN, stage="accept").stage == "accept"


def test_a_reply_shows_what_the_customer_said() -> None:
    """The signs in the message are on the reply, with their places, for whoever takes over."""
    message = "退钱！不然我去12315举报你们"
    reply = ReplyKit().draft(message)
    assert reply.escalate
    assert {signal.kind for signal in reply.assessment.signals} >= {"threat"}
    assert all(message[signal.start : signal.end] == signal.text for signal in reply.assessment.signals)


def test_a_long_past_is_not_read_through() -> None:
    """Of what the customer wrote before, the latest is read, so that an endless conversation costs no more."""
    old = [Turn(role="customer", text="杯子碎了")]
    assert CHECKER.stage_of("怎么样了？", old, []) == "accept"
    assert CHECKER.stage_of("怎么样了？", old + [Turn(role="customer", text="好的")] * 20, []) is None
    assert CHECKER.stage_of("怎么样了？", [*old, Turn(role="customer", text="好" * 20_001)], []) is None


def test_an_answer_at_once_has_no_stage() -> None:
    """A line that only says that one is there is held to no stage: it neither asks nor names a measure."""
    reply = ReplyKit().acknowledge(
        BROKEN, history=[Turn(role="agent", text="我们可以为您补发或者退款，您看哪一种合适？")]
    )
    assert (reply.stage, reply.violations, len(reply.attempts)) == (None, (), 1)
