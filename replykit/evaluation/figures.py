"""What a run comes to: each measure over all trials, violations by principle, what repairs did, what it cost."""

# No postponed annotations, as in every module of records.

import math
from collections.abc import Sequence
from typing import Any, Literal, Self

from pydantic import field_serializer

from replykit.batch.tally import Change, Changes
from replykit.evaluation.measures import MEASURES, Judged, Measure
from replykit.evaluation.run import Run
from replykit.records import Record, Usage

__all__ = ["Figure", "Figures", "Kind", "Mended", "percentile"]


class Figure(Record):
    """One measure over the trials that it says something of.

    Attributes:
        measure: its id.
        title: its name for people.
        kind: `share`, `amount` or `seconds`.
        of: how many trials it says something of.
        value: the share, from 0 to 1, or the mean; None where there is no such trial.
        count: of a share, in how many trials it holds; else None.
        p50, p95: of seconds, the percentiles; else None.
    """

    measure: str
    title: str
    kind: Literal["share", "amount", "seconds"]
    of: int
    value: float | None
    count: int | None = None
    p50: float | None = None
    p95: float | None = None

    @classmethod
    def over(cls, measure: Measure, judged: Sequence[Judged]) -> Self:
        """Return a measure over some trials."""
        found = [value for one in judged if (value := measure.of(one)) is not None]
        return cls(
            measure=measure.id,
            title=measure.title,
            kind=measure.kind,
            of=len(found),
            value=math.fsum(found) / len(found) if found else None,
            count=round(sum(found)) if measure.kind == "share" else None,
            p50=percentile(found, 50) if measure.kind == "seconds" else None,
            p95=percentile(found, 95) if measure.kind == "seconds" else None,
        )


class Mended(Record):
    """What one way of mending answers did.

    Attributes:
        by: `re-ask` or `fix`.
        times: how many answers were mended so.
        worse: after how many of these a rule was broken that was not before.
    """

    by: Literal["re-ask", "fix"]
    times: int
    worse: int


class Kind(Record):
    """What became of the replayed answers of one kind.

    Attributes:
        kind: the kind.
        answers: how many there are.
        clean, repaired, needs_review: how many ended so.
        unexpected: how many have a status that is not right for them.
        wrongly_clean: how many left with something that may never leave.
    """

    kind: str
    answers: int
    clean: int
    repaired: int
    needs_review: int
    unexpected: int
    wrongly_clean: int

    @classmethod
    def of(cls, kind: str, judged: Sequence[Judged]) -> Self:
        """Return what became of some answers."""
        statuses = [one.trial.reply.status for one in judged if one.trial.reply]
        return cls(
            kind=kind,
            answers=len(judged),
            clean=statuses.count("clean"),
            repaired=statuses.count("repaired"),
            needs_review=statuses.count("needs_review"),
            unexpected=sum(one.is_unexpected for one in judged),
            wrongly_clean=sum(one.is_wrongly_clean for one in judged),
        )


class Figures(Record):
    """What a run comes to.

    Attributes:
        cases: how many cases were played.
        trials: how many times in all.
        measures: each measure over all trials.
        principles: the violations by principle, in the first answers and in the replies.
        mended: what repairs did.
        usage: what the trials cost, as far as the server said.
        kinds: what became of replayed answers, by their kinds; empty where a model was asked.
    """

    cases: int
    trials: int
    measures: tuple[Figure, ...]
    principles: tuple[Change, ...]
    mended: tuple[Mended, ...]
    usage: Usage
    kinds: tuple[Kind, ...] = ()

    @field_serializer("principles")
    def _named(self, principles: tuple[Change, ...]) -> list[dict[str, Any]]:
        return [
            {"principle": one.principle, "before": one.before._asdict(), "after": one.after._asdict()}
            for one in principles
        ]

    @classmethod
    def of(cls, run: Run) -> Self:
        """Return what a run comes to."""
        changes = Changes()
        usage = Usage()
        by_kind: dict[str, list[Judged]] = {}
        for one in run.judged:
            changes.count(one.before, one.after)
            usage += one.usage
            if one.trial.script:
                by_kind.setdefault(one.trial.script.kind, []).append(one)
        repairs = [repair for one in run.judged for repair in one.repairs]
        ways: tuple[Literal["re-ask", "fix"], ...] = ("re-ask", "fix")
        return cls(
            cases=len({one.case.id for one in run.judged}),
            trials=len(run.trials),
            measures=tuple(Figure.over(measure, run.judged) for measure in MEASURES),
            principles=tuple(changes.principles()),
            mended=tuple(
                Mended(
                    by=way,
                    times=sum(one.by == way for one in repairs),
                    worse=sum(one.by == way and bool(one.worse) for one in repairs),
                )
                for way in ways
            ),
            usage=usage,
            kinds=tuple(Kind.of(kind, judged) for kind, judged in sorted(by_kind.items())),
        )

    def measure(self, id: str) -> Figure:
        """Return one measure by its id.

        Raises:
            KeyError: there is none of that id.
        """
        for figure in self.measures:
            if figure.measure == id:
                return figure
        raise KeyError(id)

    @property
    def total(self) -> Kind:
        """What became of all replayed answers."""
        names = ("answers", "clean", "repaired", "needs_review", "unexpected", "wrongly_clean")
        return Kind(kind="all", **{name: sum(getattr(kind, name) for kind in self.kinds) for name in names})


def percentile(values: Sequence[float], percent: float) -> float | None:
    """Return the smallest value that at least so many percent of the values do not pass; None where there are none."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(percent / 100 * len(ordered)) - 1)] if ordered else None
