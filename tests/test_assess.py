"""Reading a customer's message: what is found, what is left alone, and when a human is called."""

from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replykit.checker import Checker, checker_for
from replykit.loader import load_playbook
from replykit.records import Assessment
from replykit.rules import SignalRule
from replykit.text import fold

CASES: list[dict[str, Any]] = tomllib.loads(
    Path(__file__).parent.joinpath("labelled", "assess.toml").read_text("utf-8")
)["case"]
PLAYBOOK = load_playbook("zh")
CHECKER = checker_for(PLAYBOOK)
GRAVE = ("abuse", "repeated_contact", "self_harm", "threat", "unreasonable_demand")
EVERYDAY = ("complaint", "distress")


def _kinds(assessment: Assessment) -> set[str]:
    return {signal.kind for signal in assessment.signals}


def _alone(signal: SignalRule) -> Checker:
    """A checker that knows one signal only."""
    return Checker(PLAYBOOK.model_copy(update={"signals": (signal,)}))


def _score(part: str, label: str) -> tuple[float, float]:
    """Return precision and recall of a kind, or of `escalate`, over the messages of one part."""
    count: Counter[tuple[bool, bool]] = Counter()
    for case in CASES:
        if case["part"] == part:
            found = CHECKER.assess(case["text"])
            if label == "escalate":
                count[found.escalate, case["escalate"]] += 1
            else:
                count[label in _kinds(found), label in case["kinds"]] += 1
    right = count[True, True]
    assert right, f"no {label} in {part}"
    return right / (right + count[True, False]), right / (right + count[False, True])


def test_the_cases_are_many_and_varied() -> None:
    """In each part two in five messages or more carry no signal, and a third are in traditional script."""
    for part in ("dev", "heldout"):
        texts = [case["text"] for case in CASES if case["part"] == part]
        quiet = [case for case in CASES if case["part"] == part and not case["kinds"]]
        traditional = [text for text in texts if any(fold(c) != c and "\u3400" <= c <= "\u9fff" for c in text)]
        assert len(texts) == len(set(texts)) >= 170
        assert len(quiet) > 0.4 * len(texts)
        assert len(traditional) > 0.32 * len(texts)


@pytest.mark.parametrize("part", ["dev", "heldout"])
@pytest.mark.parametrize("label", [*GRAVE, "escalate"])
def test_what_calls_a_human_is_found_and_rarely_false(part: str, label: str) -> None:
    """The kinds that may escalate, and the escalation itself, have a precision of 0.95 and a recall of 0.9 at least."""
    precision, recall = _score(part, label)
    assert precision >= 0.95
    assert recall >= 0.9


@pytest.mark.parametrize("part", ["dev", "heldout"])
@pytest.mark.parametrize("label", EVERYDAY)
def test_everyday_trouble_is_mostly_found(part: str, label: str) -> None:
    """Distress and complaint have a precision of 0.85 and a recall of 0.85 at least."""
    precision, recall = _score(part, label)
    assert precision >= 0.85
    assert recall >= 0.85


def test_a_life_in_danger_is_never_missed() -> None:
    """Every message labelled self_harm, in either part, is found and calls a human."""
    endangered = [case["text"] for case in CASES if "self_harm" in case["kinds"]]
    assert len(endangered) > 100
    assert not [text for text in endangered if not CHECKER.assess(text).self_harm]
    assert not [text for text in endangered if not CHECKER.assess(text).escalate]


def test_every_dev_case_reads_as_labelled() -> None:
    """On the dev half, every kind but complaint and distress, and the escalation, is exactly as labelled."""
    wrong = []
    for case in CASES:
        if case["part"] == "dev":
            found = CHECKER.assess(case["text"])
            kinds, escalate = _kinds(found) - set(EVERYDAY), found.escalate
            if kinds != set(case["kinds"]) - set(EVERYDAY) or escalate != case["escalate"]:
                wrong.append((case["text"], kinds, escalate))
    assert not wrong


def test_spans_lie_on_the_words_that_carry_the_sign() -> None:
    """A signal's text is the slice of the message at its span, signals stand in order, labelled words are touched."""
    for case in CASES:
        text = case["text"]
        signals = CHECKER.assess(text).signals
        assert [(s.start, s.end) for s in signals] == sorted((s.start, s.end) for s in signals)
        assert all(text[signal.start : signal.end] == signal.text != "" for signal in signals)
        for kind, words in case.get("spans", {}).items():
            at = text.index(words)
            assert [s for s in signals if s.kind == kind and s.start < at + len(words) and at < s.end], text


@pytest.mark.parametrize("signal", PLAYBOOK.signals, ids=lambda signal: signal.id)
def test_every_signal_keeps_its_own_examples(signal: SignalRule) -> None:
    """Each signal, by itself, finds its bad examples and leaves its near-misses alone."""
    checker = _alone(signal)
    assert not [text for text in signal.bad if not checker.assess(text).signals]
    assert not [text for text in signal.good if checker.assess(text).signals]


@pytest.mark.parametrize("signal", PLAYBOOK.signals, ids=lambda signal: signal.id)
def test_every_signal_is_shown_in_both_scripts(signal: SignalRule) -> None:
    """Each kind of signal is shown by examples in both scripts, and each signal names its document."""
    alike = [other for other in PLAYBOOK.signals if other.kind == signal.kind]
    assert any(fold(text) != text.lower() for other in alike for text in other.bad)
    assert signal.source.startswith(("000: ", "002: ", "004: "))


def test_only_grave_signs_call_a_human() -> None:
    """Life, threats, curses and long-unsolved matters escalate; distress, complaints and demands alone do not."""
    escalating = {signal.kind for signal in PLAYBOOK.signals if signal.escalate}
    assert escalating == {"self_harm", "threat", "abuse", "repeated_contact"}
    assert all(signal.escalate for signal in PLAYBOOK.signals if signal.kind in ("self_harm", "threat"))


@pytest.mark.parametrize(
    ("again", "beside_a_complaint"),
    [
        ("我又来问了，发票抬头能改吗？", "我又来问了，发票抬头还是错的，到底能不能改？"),
        ("之前联系过客服，请问进度如何？", "之前联系过客服，到现在没人处理"),
        ("昨天問過你們，想再確認一次時間", "昨天問過你們，結果又寄錯了"),
    ],
)
def test_repeated_contact_escalates_beside_a_complaint(again: str, beside_a_complaint: str) -> None:
    """Asking again is no reason to call a human; asking again about what is still wrong is one."""
    assert CHECKER.assess(again).repeated_contact
    assert not CHECKER.assess(again).escalate
    assert CHECKER.assess(beside_a_complaint).repeated_contact
    assert CHECKER.assess(beside_a_complaint).escalate


def test_the_graver_signal_names_the_words() -> None:
    """Where two signals of one kind find the same words, one is reported, named after the one that escalates."""
    found = [
        signal for signal in CHECKER.assess("第四次打电话了，问题还在").signals if signal.kind == "repeated_contact"
    ]
    assert [signal.rule for signal in found] == ["contact-again-unsolved"]


@pytest.mark.parametrize(
    "text",
    ["", " ", "\n", "。。。", "😀", "\u200b", "好的", "谢谢", "ok", "\ud800", "请问几点关门？", "請問幾點打烊？"],
)
def test_nothing_is_read_into_nothing(text: str) -> None:
    """Blanks, thanks and plain questions carry no signal."""
    assert CHECKER.assess(text) == Assessment()


@pytest.mark.parametrize("text", ["我不\u200b想\u200b活\u200b了", "我不想\ufe0f活了", "不\u00ad想活了"])
def test_invisible_characters_hide_no_danger(text: str) -> None:
    """Zero-width characters inside the words change nothing, and the span still slices the message."""
    found = CHECKER.assess(text)
    assert found.self_harm
    assert found.escalate
    assert all(text[signal.start : signal.end] == signal.text for signal in found.signals)


def test_reading_is_deterministic() -> None:
    """Two checkers read every message alike, in any order."""
    other = Checker(PLAYBOOK)
    texts = [case["text"] for case in CASES]
    assert {t: CHECKER.assess(t) for t in texts} == {t: other.assess(t) for t in reversed(texts)}


def test_script_width_and_case_make_no_difference() -> None:
    """The folded message carries the same signals at the same places."""
    for case in CASES:
        found, folded = CHECKER.assess(case["text"]), CHECKER.assess(fold(case["text"]))
        assert [(s.kind, s.start, s.end) for s in found.signals] == [(s.kind, s.start, s.end) for s in folded.signals]
        assert found.escalate == folded.escalate


@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_any_text_can_be_read(text: str) -> None:
    """No text raises, and every span slices it."""
    found = CHECKER.assess(text)
    assert all(text[signal.start : signal.end] == signal.text != "" for signal in found.signals)


@given(
    st.lists(st.sampled_from(CASES), max_size=3),
    st.sampled_from([case for case in CASES if "self_harm" in case["kinds"]]),
    st.sampled_from(["\n", "。", "。\n\n", "！"]),
)
def test_a_life_in_danger_is_found_among_other_sentences(
    others: list[dict[str, Any]], endangered: dict[str, Any], mark: str
) -> None:
    """Whatever is written before it, a message about a life in danger is found and calls a human."""
    found = CHECKER.assess(mark.join([*(case["text"] for case in others), endangered["text"]]))
    assert found.self_harm
    assert found.escalate


def test_an_assessment_keeps_through_json() -> None:
    """What was read survives JSON."""
    found = CHECKER.assess("第三次联系了，再不退款我就打12315，一群骗子！")
    assert found.escalate
    assert Assessment.model_validate_json(found.model_dump_json()) == found
