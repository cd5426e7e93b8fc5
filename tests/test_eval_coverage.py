"""Coverage: what words show of the principles that no rule judges, with hits, near-misses and limits."""

from __future__ import annotations

import json

import pytest
from opencc import OpenCC

from replykit.evaluation import Figures, load_answers, load_cases, replay
from replykit.evaluation.coverage import CoverageCheck, CoverageExample, coverage_checks, covers
from replykit.evaluation.eval_case import EXPECTATIONS, EvalCase
from replykit.text import fold

CHECKS = [(language, check) for language in ("zh", "en") for check in coverage_checks(language).values()]
HITS = [(check, example) for _, check in CHECKS for example in check.hits]
MISSES = [(check, example) for _, check in CHECKS for example in check.misses]


@pytest.mark.parametrize("language", ["zh-Hans", "zh-Hant", "en"])
def test_every_expectation_has_a_check(language: str) -> None:
    """Whatever a case may expect is looked for in each language that comes along."""
    assert set(coverage_checks(language)) == set(EXPECTATIONS)
    assert coverage_checks("es") == {}


@pytest.mark.parametrize(("check", "example"), HITS, ids=[f"{one.id}: {e.text[:12]}" for one, e in HITS])
def test_hits(check: CoverageCheck, example: CoverageExample) -> None:
    """A reply that does it is found."""
    assert check.found_in(example.text, example.customer)


@pytest.mark.parametrize(("check", "example"), MISSES, ids=[f"{one.id}: {e.text[:12]}" for one, e in MISSES])
def test_near_misses(check: CoverageCheck, example: CoverageExample) -> None:
    """A reply that only looks like it is not."""
    assert not check.found_in(example.text, example.customer)


def test_both_scripts() -> None:
    """What is found in simplified script is found in traditional script, and what is not is not."""
    traditional = OpenCC("s2tw").convert
    for check in coverage_checks("zh").values():
        for example in check.hits:
            assert check.found_in(traditional(example.text), example.customer), example.text
        for example in check.misses:
            assert not check.found_in(traditional(example.text), example.customer), example.text


@pytest.mark.parametrize(("language", "check"), CHECKS, ids=[f"{language}-{check.id}" for language, check in CHECKS])
def test_the_words_are_as_texts_are_folded(language: str, check: CoverageCheck) -> None:
    """A pattern stands in the script and case that a text is folded to, or it could never be found."""
    for text in (*check.patterns, *check.unless, *check.common):
        assert fold(text) == text


def test_only_what_is_expected_counts() -> None:
    """A case that does not expect a question says nothing of one; one that does is answered with yes or no."""
    case = EvalCase(id="one", customer="在吗", expects=("question",))
    assert covers(case, "请问您的订单号是多少？", "zh-Hans", "question") is True
    assert covers(case, "您好。", "zh-Hans", "question") is False
    assert covers(case, "您好。", "zh-Hans", "thanks") is None
    assert covers(case, "Hola", "es", "question") is None


def test_it_is_reported() -> None:
    """Each check is a measure over the cases that expect it, in JSON by its id."""
    cases = load_cases("zh", "en", "held_out")
    run = replay(cases, load_answers("weak_answers", cases)[:30])
    measures = {one.measure: one for one in Figures.of(run).measures}
    expected = {f"covers_{name}" for name in EXPECTATIONS}
    assert expected <= measures.keys()
    by_id = {case.id: case for case in cases}
    thanks = sum("thanks" in by_id[trial.case].expects for trial in run.trials)
    assert measures["covers_thanks"].of == thanks
    assert json.loads(Figures.of(run).model_dump_json())["measures"]
