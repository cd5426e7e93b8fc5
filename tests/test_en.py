"""The English playbook: it keeps its own rules, finds a use in every spelling, and leaves honest words alone."""

from __future__ import annotations

import functools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import replykit
from replykit.checker import Checker, checker_for
from replykit.lint import prove
from replykit.loader import load_playbook, read_playbook
from replykit.playbook import Playbook
from replykit.records import Violation
from replykit.rules import Rule


@functools.cache
def _playbook() -> Playbook:
    return load_playbook("en")


def _checker() -> Checker:
    return checker_for(_playbook())


def _found(text: str, severity: str | None = None) -> set[str]:
    violations: tuple[Violation, ...] = _checker().check(text).violations
    return {v.principle for v in violations if severity in (None, v.severity)}


def test_the_playbook_does_what_it_says() -> None:
    """Every example holds, and nothing that the playbook says itself breaks one of its rules."""
    assert [(flaw.id, flaw.message, flaw.text) for flaw in prove(*read_playbook("en"))] == []


def test_it_has_the_ids_of_the_chinese_one() -> None:
    """Principles, stages, scenes and kinds of signs are the same in every language, and so are the guards."""
    zh, en = load_playbook("zh"), _playbook()
    for ids in (
        lambda p: [principle.id for principle in p.principles],
        lambda p: [stage.id for stage in p.stages],
        lambda p: {line.scene for line in p.lines},
        lambda p: {signal.id for signal in p.signals if signal.kind in ("distress", "complaint", "repeated_contact")},
        lambda p: {signal.kind for signal in p.signals},
        lambda p: {rule.guard for rule in p.rules},
        lambda p: {rule.principle for rule in p.rules},
    ):
        assert ids(en) == ids(zh)
    assert {p.id: (p.situations, p.sources) for p in en.principles} == {
        p.id: (p.situations, p.sources) for p in zh.principles
    }


_PROVED = [
    (rule, example.text) for rule in _playbook().rules for example in rule.bad if not rule.guard and not rule.when
]


@pytest.mark.parametrize(
    ("rule", "text"), [(r, t) for r, t in _PROVED if "'" in t or "’" in t], ids=lambda v: str(v)[:40]
)
def test_an_apostrophe_of_either_kind_is_one(rule: Rule, text: str) -> None:
    """Don't and don’t, typed and set, break the same rule."""
    for mark in ("'", "’", "‘", "ʼ", "＇"):
        spelt = text.replace("’", "'").replace("'", mark)
        assert rule.principle in _found(spelt), spelt


@pytest.mark.parametrize(("rule", "text"), _PROVED[::3], ids=lambda v: str(v)[:40])
def test_case_and_width_hide_nothing(rule: Rule, text: str) -> None:
    """CAPITALS and full-width letters are the same words."""
    wide = "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" and char.isalnum() else char for char in text)
    for spelt in (text.upper(), wide):
        assert rule.principle in _found(spelt), spelt


@pytest.mark.parametrize(
    "text",
    [
        "Your token is valid until the order is cancelled.",
        "The bookshelf is in stock, and so is the lampshade.",
        "Please notice that the unsure setting stays off.",
        "The policyholder may sign here.",
        "We promised to call, and here we are: your bike is ready.",
        "Our relaxed-fit shirts come in blue.",
    ],
)
def test_a_word_inside_another_is_no_use(text: str) -> None:
    """OK is not in token, sure not in unsure."""
    assert _found(text) == set()


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from([e.text for r in _playbook().rules if not r.guard for e in (*r.bad[:2], *r.good[:2])]),
        min_size=1,
        max_size=3,
    ).map(" ".join)
)
def test_spans_are_what_they_say(text: str) -> None:
    """A violation's span holds its text, and a second check finds the same."""
    report = _checker().check(text)
    for violation in report.violations:
        assert text[violation.start : violation.end] == violation.text
        assert not violation.message.count("{text}")
    assert _checker().check(text) == report


def test_the_front_door_takes_it_by_name() -> None:
    """`check` with playbook="en" tells in English what is wrong and what to say instead."""
    report = replykit.check("There’s nothing I can do.", playbook="en")
    assert not report.ok
    (violation,) = report.violations
    assert violation.principle == "no-brush-off"
    assert violation.message.isascii() or "“" in violation.message
    assert violation.suggestions
