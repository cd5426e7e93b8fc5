"""Two runs side by side, case by case: which differences are beyond chance, and which cannot be told from it."""

# No postponed annotations, as in every module of records.

import importlib.util
import math
from collections.abc import Iterable, Sequence
from typing import Any, Literal

from replykit.errors import UsageError
from replykit.evaluation.eval_case import EvalCase
from replykit.evaluation.measures import MEASURES, Judged, Measure
from replykit.evaluation.run import MadeWith, Run
from replykit.records import Record

__all__ = ["ALPHA", "Comparison", "Difference", "compare", "need_scipy", "shared_cases"]

ALPHA = 0.05  # how often, at most, any difference at all is told where there is none
_DRAWS = 9_999  # permutations and resamples; fewer cases than 14 are permuted in every way
_SEED = 0  # the same runs give the same numbers


class Difference(Record):
    """One measure of both runs, over the cases that it says something of in both.

    Attributes:
        measure: its id.
        title: its name for people.
        kind: `share`, `amount` or `seconds`.
        better: whether more of it is better, or less.
        cases: how many cases there are.
        a, b: the means over these cases, in the first run and in the second.
        difference: how much more the second has.
        low, high: between which the difference lies with 95% confidence, by resampling cases; None with one case.
        p: how often chance alone would give a difference as large, by exchanging the runs within cases.
        p_adjusted: the same, heeding how many measures are compared (Holm).
        verdict: whether the second run is `better` or `worse`; `cannot tell` where `p_adjusted` is not below 5%.
    """

    measure: str
    title: str
    kind: Literal["share", "amount", "seconds"]
    better: Literal["more", "less"]
    cases: int
    a: float
    b: float
    difference: float
    low: float | None
    high: float | None
    p: float
    p_adjusted: float
    verdict: Literal["better", "worse", "cannot tell"]


class Comparison(Record):
    """Two runs, measure by measure.

    Attributes:
        a: what the first was made with.
        b: what the second was made with.
        cases: how many cases both played.
        unpaired: how many only one of them did, which are left out.
        differences: one for each measure that is better or worse.
    """

    a: MadeWith
    b: MadeWith
    cases: int
    unpaired: int
    differences: tuple[Difference, ...]

    @property
    def doubt(self) -> str:
        """What keeps the figures from being compared as they stand, in a sentence; empty where nothing does."""
        a, b = self.a, self.b
        if (a.playbook_digest, a.language, a.version) == (b.playbook_digest, b.language, b.version):
            return ""
        return (
            "A and B are judged by other rules, so fewer violations may be fewer found; what must be said, must not and"
            " never may is looked for alike"
        )


def need_scipy() -> None:
    """Refuse to compare where SciPy is missing.

    Raises:
        UsageError: it is not installed.
    """
    if importlib.util.find_spec("scipy") is None:
        raise UsageError("comparing two runs needs SciPy; pip install 'replykit[eval]'")


def compare(a: Run, b: Run) -> Comparison:
    """Say which differences between two runs are beyond chance.

    The unit is the case: its runs are averaged within each side, and the two sides of a case are a pair. Chance is what
    is left when the sides are exchanged within each case at random.

    Args:
        a: the first run.
        b: the second; what is better or worse is so of this one.

    Returns:
        Each measure of both, with the interval of the difference and a verdict.

    Raises:
        UsageError: SciPy is missing; or the runs share no case, or a case of one id is another one in each.
    """
    need_scipy()
    sides = [{case.id: (case, judged) for case, judged in run.by_case() if judged} for run in (a, b)]
    shared = shared_cases(*([case for case, _ in side.values()] for side in sides))
    pairs = [(sides[0][id][1], sides[1][id][1]) for id in shared]
    measured = [(measure, paired) for measure in MEASURES if measure.better and (paired := _paired(measure, pairs))]
    found = [_chance([y - x for x, y in paired]) for _, paired in measured]
    adjusted = _holm([p for p, _ in found])
    return Comparison(
        a=a.made_with,
        b=b.made_with,
        cases=len(shared),
        unpaired=len(sides[0].keys() ^ sides[1].keys()),
        differences=tuple(
            _difference(measure, paired, p, bounds, heeded)
            for (measure, paired), (p, bounds), heeded in zip(measured, found, adjusted, strict=True)
        ),
    )


def shared_cases(a: Iterable[EvalCase], b: Iterable[EvalCase]) -> list[str]:
    """Return the ids of the cases that two runs have in common.

    Args:
        a: the cases of the first.
        b: those of the second.

    Raises:
        UsageError: there are none, or a case of one id is another one in each.
    """
    others = {case.id: case for case in b}
    shared = [case for case in a if case.id in others]
    if not shared:
        raise UsageError("the two runs share no case, so there is nothing to compare; run both with the same cases")
    for case in shared:
        if case != others[case.id]:
            raise UsageError(f"the case {case.id!r} is not the same in both runs; run both with the same cases")
    return [case.id for case in shared]


def _paired(measure: Measure, pairs: Sequence[tuple[Sequence[Judged], Sequence[Judged]]]) -> list[tuple[float, float]]:
    """Return a measure of both sides of each case, averaged over its runs, where it says something of both."""
    found = []
    for pair in pairs:
        first, second = ([value for one in side if (value := measure.of(one)) is not None] for side in pair)
        if first and second:
            found.append((math.fsum(first) / len(first), math.fsum(second) / len(second)))
    return found


def _chance(differences: Sequence[float]) -> tuple[float, tuple[float, float] | None]:
    """Return how often chance alone gives a mean as far from 0, and between which the mean lies."""
    if not any(differences):
        return 1.0, (0.0, 0.0)
    if len(differences) == 1:
        return 1.0, None
    import numpy
    from scipy import stats

    def mean(sample: Any, nothing: Any, axis: int) -> Any:
        return numpy.mean(sample - nothing, axis=axis)

    sample = numpy.array(differences)
    permuted = stats.permutation_test(
        (sample, numpy.zeros_like(sample)),
        mean,
        permutation_type="samples",
        n_resamples=_DRAWS,
        vectorized=True,
        rng=numpy.random.default_rng(_SEED),
    )
    resampled = stats.bootstrap(
        (sample,), numpy.mean, method="percentile", n_resamples=_DRAWS, rng=numpy.random.default_rng(_SEED)
    ).confidence_interval
    return float(permuted.pvalue), (float(resampled.low), float(resampled.high))


def _holm(values: Sequence[float]) -> list[float]:
    """Return p-values that heed each other, as Holm does: the n-th smallest times how many are not smaller."""
    adjusted = [1.0] * len(values)
    highest = 0.0
    for rank, place in enumerate(sorted(range(len(values)), key=values.__getitem__)):
        highest = max(highest, min(1.0, values[place] * (len(values) - rank)))
        adjusted[place] = highest
    return adjusted


def _difference(
    measure: Measure,
    paired: Sequence[tuple[float, float]],
    p: float,
    bounds: tuple[float, float] | None,
    p_adjusted: float,
) -> Difference:
    first, second = (math.fsum(side) / len(paired) for side in zip(*paired, strict=True))
    difference = math.fsum(y - x for x, y in paired) / len(paired)
    assert measure.better
    verdict: Literal["better", "worse", "cannot tell"] = "cannot tell"
    if p_adjusted < ALPHA:
        verdict = "better" if (difference > 0) == (measure.better == "more") else "worse"
    return Difference(
        measure=measure.id,
        title=measure.title,
        kind=measure.kind,
        better=measure.better,
        cases=len(paired),
        a=first,
        b=second,
        difference=difference,
        low=bounds[0] if bounds else None,
        high=bounds[1] if bounds else None,
        p=p,
        p_adjusted=p_adjusted,
        verdict=verdict,
    )
