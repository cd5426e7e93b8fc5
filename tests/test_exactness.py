"""The report on exactness, and the baselines that it compares with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import score_guards
import write_exactness
from baselines import BASELINES, PHRASES
from score import SCORED

FINDERS = {baseline.name: baseline.finds for baseline in BASELINES if not baseline.needs}


def _found(name: str, text: str) -> list[str]:
    return [text[one.start : one.end] for one in FINDERS[name](text)]


def test_the_report_is_up_to_date() -> None:
    """What needs no real replies is what the script writes now."""
    assert write_exactness.main(["--check"]) == 0


def test_of_real_replies_only_counts_are_written(tmp_path: Path) -> None:
    """A gold file adds figures; no text, id or path of it gets into the document."""
    label = {"principle": "no-brush-off", "severity": "error", "span": "没办法"}
    gold = tmp_path / "secret-name.jsonl"
    gold.write_text(json.dumps({"id": "secret-id", "text": "芝麻没办法。", "labels": [label]}), "utf-8")
    without, written = (dict(write_exactness.sections(golds))["gold"]() for golds in ([], [gold]))
    assert "--gold FILE" in without
    assert "| no-brush-off | 1 | 1.000 | 1 | 1.000 |" in written
    assert not [word for word in ("secret", "芝麻", str(tmp_path)) if word in written]


def test_a_part_is_written_the_same_every_time() -> None:
    """The same sentences and rules give the same text."""
    first, second = (dict(write_exactness.sections())["guards"]() for _ in range(2))
    assert first == second


def test_every_guard_is_counted() -> None:
    """Each guard, the rules on a reply as an answer and `assess` have labelled cases, and find most of them."""
    counts = list(score_guards.count_guards())
    assert {name.partition(",")[0] for name, *_ in counts} == {
        "grounded-facts",
        "keep-placeholders",
        "keep-meaning",
        "match-script",
        "empathy",
        "assess",
    }
    assert all(cases >= 20 and count.recall > 0.9 and count.precision > 0.9 for _, _, cases, count in counts)


def test_every_phrase_breaks_a_scored_principle() -> None:
    """No phrase stands twice, and each is mapped to a principle that the labels know."""
    assert len({phrase.text for phrase in PHRASES}) == len(PHRASES)
    assert {phrase.principle for phrase in PHRASES} <= set(SCORED)


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("substring", "尽可能，OK，ok", ["可能", "OK"]),
        ("substring", "还说不清楚", ["说不清楚"]),
        ("substring", "沒辦法", []),
        ("word boundaries", "没办法", ["没办法"]),
        ("word boundaries", "我没办法", []),
        ("FlashText", "可能大概", ["可能"]),  # the character behind a hit is skipped
        ("FlashText", "TOKEN ok", ["ok"]),
        ("FlashText", "没办法ok", ["ok"]),
        ("LLM Guard, str", "TOKEN，尽可能", ["OK", "可能"]),
        ("LLM Guard, word", "TOKEN，尽可能，ok", ["ok"]),
        ("sensitive-word", "沒*辦-法，ＯＫ，TOKEN", ["沒*辦-法", "ＯＫ", "OK"]),
        ("sensitive-word", "没 办法，没\u200b办法", []),
    ],
)
def test_the_baselines_match_as_the_tools_do(name: str, text: str, found: list[str]) -> None:
    """Each way of matching has the strengths and the blind spots of the tool that it stands for."""
    assert _found(name, text) == found
