"""Which differences between two runs are told, and which are not."""

from __future__ import annotations

import importlib.util
import random
from typing import Any

import pytest
from eval_runs import run_of, trial, violation
from hypothesis import given, settings
from hypothesis import strategies as st

from replykit.errors import UsageError
from replykit.evaluation import Comparison, Run, WeakAnswer, compare
from replykit.evaluation.comparison import ALPHA, Difference
from replykit.evaluation.measures import ENDS, End

WRONG = [violation("no-blame")]
ENDINGS = st.sampled_from(list(ENDS))


def run(*ends: End, runs: int = 1, seconds: float = 1.0) -> Run:
    """Return a run whose cases ended so, each alike in some runs."""
    return run_of(
        [
            trial(f"case-{n}", end, run=again, wrong=[] if end == "first" else WRONG, seconds=seconds)
            for n, end in enumerate(ends, 1)
            for again in range(1, runs + 1)
        ]
    )


def of(comparison: Comparison, measure: str) -> Difference:
    """Return what is said of one measure."""
    return next(one for one in comparison.differences if one.measure == measure)


@settings(max_examples=25, deadline=None)
@given(st.lists(ENDINGS, min_size=1, max_size=40), st.integers(1, 3))
def test_a_run_is_not_told_from_itself(ends: list[End], runs: int) -> None:
    """Nothing differs: every interval is a point at 0, and every verdict is that it cannot tell."""
    comparison = compare(run(*ends, runs=runs), run(*ends, runs=runs))
    assert {one.verdict for one in comparison.differences} == {"cannot tell"}
    assert all((one.difference, one.low, one.high, one.p) == (0, 0, 0, 1) for one in comparison.differences)


@settings(max_examples=4, deadline=None)
@given(st.integers(15, 40), st.integers(0, 2))
def test_a_clear_difference_is_told(cases: int, odd: int) -> None:
    """Where all cases but one or two end better, it is told which is, whichever way they are put."""
    good, bad = run(*["first"] * cases), run(*["first"] * odd, *["review"] * (cases - odd))
    worse = compare(good, bad)
    assert of(compare(bad, good), "first").verdict == "better"
    assert of(worse, "first").verdict == "worse"
    assert of(worse, "review").verdict == "worse"  # more of it is worse
    assert of(worse, "review").difference == pytest.approx((cases - odd) / cases)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(ENDINGS, ENDINGS), min_size=2, max_size=30))
def test_the_two_sides_mirror_each_other(ends: list[tuple[End, End]]) -> None:
    """Exchanged, the runs give the same p-values, and differences of the other sign inside their intervals."""
    a, b = run(*(one for one, _ in ends)), run(*(one for _, one in ends))
    for there, back in zip(compare(a, b).differences, compare(b, a).differences, strict=True):
        assert there.difference == pytest.approx(-back.difference)
        assert there.p == pytest.approx(back.p, abs=0.02)
        assert (there.a, there.b) == (back.b, back.a)
        if there.low is not None and there.high is not None:
            assert there.low - 1e-9 <= there.difference <= there.high + 1e-9


def test_few_cases_cannot_tell() -> None:
    """With five cases no difference is beyond chance, however large: exchanging them gives as much in one of 16."""
    comparison = compare(run(*["review"] * 5), run(*["first"] * 5))
    assert of(comparison, "first").p == pytest.approx(2 / 2**5)
    assert of(comparison, "first").verdict == "cannot tell"
    assert of(compare(run("review"), run("first")), "first").low is None


def test_runs_of_a_case_are_no_cases_of_their_own() -> None:
    """A hundred runs of three cases are three pairs."""
    comparison = compare(run(*["review"] * 3, runs=100), run(*["first"] * 3, runs=100))
    assert of(comparison, "first").cases == 3
    assert of(comparison, "first").verdict == "cannot tell"


def test_many_measures_are_heeded() -> None:
    """What is beyond chance alone may not be so among all that is compared; the smallest of n counts n times."""
    ends: list[End] = ["review"] * 7 + ["first"] * 20
    comparison = compare(run(*ends), run(*["first"] * 27))
    first = of(comparison, "first")
    assert first.p < ALPHA < first.p_adjusted
    assert first.verdict == "cannot tell"
    smallest = min(comparison.differences, key=lambda one: one.p)
    assert smallest.p_adjusted == pytest.approx(min(1, smallest.p * len(comparison.differences)))
    ordered = sorted(comparison.differences, key=lambda one: one.p)
    assert [one.p_adjusted for one in ordered] == sorted(one.p_adjusted for one in ordered)


def test_chance_is_seldom_taken_for_a_difference() -> None:
    """Of twenty pairs of runs that differ by chance alone, a difference is told in few."""
    dice = random.Random(1)
    told = 0
    for _ in range(20):
        a, b = ([dice.choice(list(ENDS)) for _ in range(20)] for _ in range(2))
        comparison = compare(run(*a), run(*b))
        told += any(one.verdict != "cannot tell" for one in comparison.differences)
    assert told <= 4  # 1 is expected at most, and more than 4 come once in four hundred


def test_a_measure_pairs_only_what_it_speaks_of() -> None:
    """A reply that never came has no errors to compare; the case is left out there, and counts elsewhere."""
    comparison = compare(run("first", "no answer", "fix"), run("first", "first", "first"))
    assert (of(comparison, "errors").cases, of(comparison, "no_answer").cases) == (2, 3)


def test_cases_have_to_be_the_same() -> None:
    """Cases that only one side played are counted and left out; one that changed is refused, and so is nothing."""
    comparison = compare(run("first", "first", "first"), run("first", "first"))
    assert (comparison.cases, comparison.unpaired) == (2, 1)
    other = run("first")
    changed = other.model_copy(update={"cases": (other.cases[0].model_copy(update={"facts": ("另一件事",)}),)})
    with pytest.raises(UsageError, match="the case 'case-1' is not the same in both runs"):
        compare(run("first"), changed)
    with pytest.raises(UsageError, match="share no case"):
        compare(run("first"), run("first").model_copy(update={"trials": ()}))


def test_another_judge_is_told() -> None:
    """Where the rules differ, fewer violations may be fewer found, and the comparison says so; else it says nothing."""
    one, other = run("first"), run("first")
    assert compare(one, other).doubt == ""
    made = other.made_with.model_copy(update={"playbook_digest": "another"})
    assert "judged by other rules" in compare(one, other.model_copy(update={"made_with": made})).doubt


def test_replayed_answers_are_compared_by_what_is_right_for_them() -> None:
    """Ending as expected and leaving wrongly are measures where a script says what is right, and nowhere else."""
    fields = {"case": "case-1", "id": "a", "answers": ["…"], "expect": ["repaired"], "never": ["在路上"]}
    script = WeakAnswer.model_validate(fields)
    wrong, right = run_of([trial("case-1", script=script)]), run_of([trial("case-1", "review", script=script)])
    comparison = compare(wrong, right)
    assert (of(comparison, "wrongly_clean").a, of(comparison, "wrongly_clean").b) == (1, 0)
    assert (of(comparison, "expected").a, of(comparison, "expected").b) == (0, 0)
    assert not [one for one in compare(run("first"), run("first")).differences if one.measure == "expected"]


def test_without_scipy_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence, before anything is paid for."""
    find = importlib.util.find_spec

    def without(name: str, *rest: Any) -> Any:
        return None if name == "scipy" else find(name, *rest)

    monkeypatch.setattr(importlib.util, "find_spec", without)
    with pytest.raises(UsageError, match=r"needs SciPy; pip install 'replykit\[eval\]'"):
        compare(run("first"), run("first"))
