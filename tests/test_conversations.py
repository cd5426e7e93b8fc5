"""Whole conversations with a scripted model: the scenes of 001 and the difficult customers of 004, turn by turn."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import opencc
import pytest

from replykit import Reply, ReplyKit, Turn
from replykit.loader import load_playbook
from replykit.testing import FakeChat

CONVERSATIONS: list[dict[str, Any]] = tomllib.loads(
    Path(__file__).parent.joinpath("labelled", "conversations.toml").read_text("utf-8")
)["conversation"]
PLAYBOOK = load_playbook("zh")
SCRIPTS = {"zh-Hans": opencc.OpenCC("t2s"), "zh-Hant": opencc.OpenCC("s2tw")}


class Played:
    """One conversation in one script, as far as it has come."""

    def __init__(self, script: str) -> None:
        self.script = script
        self.history: list[Turn] = []
        self.put = SCRIPTS[script].convert

    def reply(self, turn: dict[str, Any]) -> Reply:
        """Answer a turn, with the scripted model or at once, and keep what was said."""
        customer = self.put(turn["customer"]) if "customer" in turn else None
        language: Any = self.script
        chat = FakeChat([self.put(answer) for answer in turn.get("answers", ["……"])])
        kit = ReplyKit(chat=chat)
        if "scene" in turn:
            reply = kit.acknowledge(customer, history=self.history, scene=turn["scene"] or None, language=language)
        else:
            assert customer is not None
            facts = [self.put(fact) for fact in turn.get("facts", [])]
            reply = kit.draft(customer, history=self.history, facts=facts, language=language)
        assert len(chat.requests) == len(turn.get("answers", []))
        if customer:
            self.history.append(Turn(role="customer", text=customer))
        self.history.append(Turn(role="agent", text=reply.text))
        return reply


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("conversation", CONVERSATIONS, ids=lambda conversation: conversation["name"])
def test_every_turn_comes_out_as_it_must(conversation: dict[str, Any], script: str) -> None:
    """Status, stage, escalation, signs and what is left to better are those that a person wrote down for the turn."""
    played = Played(script)
    for turn in conversation["turn"]:
        reply = played.reply(turn)
        found = {
            "status": reply.status,
            "stage": reply.stage or "none",
            "escalate": reply.escalate,
            "signals": sorted({signal.kind for signal in reply.assessment.signals}),
            "left": sorted({violation.rule for violation in reply.violations}),
        }
        wished = {"status": "clean", "stage": "none", "escalate": False, "signals": [], "left": []}
        assert found == {name: turn.get(name, value) for name, value in wished.items()}, (turn, reply.text)
        assert reply.language == script
        for signal in reply.assessment.signals:
            assert played.history[-2].text[signal.start : signal.end] == signal.text
        if says := turn.get("says"):
            assert any(played.put(word) in reply.text for word in says), reply.text


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("conversation", CONVERSATIONS, ids=lambda conversation: conversation["name"])
def test_an_answer_at_once_is_a_line_of_its_scene_and_never_the_last_one_again(
    conversation: dict[str, Any], script: str
) -> None:
    """The scene that is asked for decides the line, and nobody reads the same line twice in a row."""
    played = Played(script)
    for turn in conversation["turn"]:
        said = [earlier.text for earlier in played.history if earlier.role == "agent"]
        reply = played.reply(turn)
        assert not said or reply.text != said[-1]
        if scene := turn.get("scene"):
            assert reply.text in {PLAYBOOK.say(line.text, reply.language) for line in PLAYBOOK.lines_for(scene)}


def test_the_scenes_and_situations_are_all_there() -> None:
    """Opening, waiting, the order, what comes after it and the closing; insults, demands, threats, a life in danger."""
    turns = [turn for conversation in CONVERSATIONS for turn in conversation["turn"]]
    assert {turn.get("scene") for turn in turns} >= {"opening", "busy", "away", "rush"}
    assert {turn.get("stage") for turn in turns} >= {"accept", "clarify", "propose", "follow_up"}
    kinds = {kind for turn in turns for kind in turn.get("signals", [])}
    assert kinds >= {"abuse", "threat", "self_harm", "repeated_contact", "unreasonable_demand", "complaint", "distress"}
    assert sum(len(turn.get("answers", [])) > 1 for turn in turns) >= 6  # weak answers that are asked for again
