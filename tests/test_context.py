"""The rules about a reply as an answer: understanding first, apologies in measure, a next step."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

import replykit

PRINCIPLES = {"empathy-first", "apology-in-measure", "next-step"}
CASES = tomllib.loads((Path(__file__).parent / "labelled" / "context.toml").read_text("utf-8"))["case"]


def _found(case: dict[str, Any], reply: str) -> list[str]:
    report = replykit.check(reply, customer=case.get("customer"), facts=case.get("facts", ()))
    for violation in report.violations:
        assert reply[violation.start : violation.end] == violation.text
    return sorted({v.principle for v in report.violations if v.principle in PRINCIPLES})


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["reply"])
def test_labelled_replies(case: dict[str, Any]) -> None:
    """Each reply is judged as it is labelled, and only as a warning."""
    assert _found(case, case["reply"]) == sorted(case["hits"])
    report = replykit.check(case["reply"], customer=case.get("customer"), facts=case.get("facts", ()))
    assert all(v.severity == "warning" for v in report.violations if v.principle in PRINCIPLES)


def test_half_are_near_misses() -> None:
    """As many replies are right as are wrong, so that crying often is as bad as keeping silent."""
    wrong = sum(bool(case["hits"]) for case in CASES)
    assert len(CASES) >= 48
    assert len(CASES) / 3 <= wrong <= len(CASES) / 2


def test_without_a_customer_nothing_is_asked_for() -> None:
    """Whether a reply answers well is not judged where the message is not given."""
    assert _found({}, "订单显示在转运中，请您留意。") == []
    assert _found({}, "非常抱歉给您带来不好的体验。") == []


def test_what_is_missing_has_an_empty_span_at_the_end() -> None:
    """A next step that is missing is reported where it would stand."""
    reply = "非常抱歉给您带来不好的体验。"
    (violation,) = replykit.check(reply, customer="收到的杯子碎了").violations
    assert (violation.start, violation.end, violation.text) == (len(reply), len(reply), "")


def test_the_third_apology_is_the_one_too_many() -> None:
    """Two apologies are in measure; from the third on each is reported."""
    reply = "抱歉，对不起，不好意思，非常抱歉。"
    spans = [v.text for v in replykit.check(reply).violations if v.principle == "apology-in-measure"]
    assert spans == ["不好意思", "抱歉"]
