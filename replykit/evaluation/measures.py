"""What is measured of one reply, by rules and numbers alone. Whatever else is to be measured is added to `MEASURES`.

A measure is a number of one trial, or None where it says nothing of it, as of what must be said where nothing must.
Whatever is reported, compared or shown of it (its mean, how many trials it speaks of, whether two runs differ) follows
from its entry in the list.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from replykit.evaluation.coverage import coverage_checks, covers
from replykit.evaluation.eval_case import EvalCase, Expectation, says
from replykit.evaluation.trial import Trial
from replykit.flow import gravity
from replykit.records import Attempt, Usage, Violation

__all__ = ["ENDS", "MEASURES", "End", "Judged", "Measure", "Repair"]

End = Literal["first", "re-ask", "fix", "review", "no answer"]
# How a reply ended, in words.
ENDS: dict[End, str] = {
    "first": "clean at the first try",
    "re-ask": "clean after the re-ask",
    "fix": "clean after the fix",
    "review": "needs review",
    "no answer": "no answer",
}


@dataclass(frozen=True)
class Repair:
    """One answer mended, by asking again or by the fixer.

    Attributes:
        by: who mended.
        worse: the rules that the mended text breaks and the one before did not.
    """

    by: Literal["re-ask", "fix"]
    worse: tuple[str, ...]


@dataclass(frozen=True)
class Judged:
    """A trial beside its case, and what can be said of it.

    Attributes:
        case: the case.
        trial: what came of it.
    """

    case: EvalCase
    trial: Trial

    @cached_property
    def end(self) -> End:
        """How it ended."""
        reply = self.trial.reply
        if reply is None:
            return "no answer"
        if reply.status == "needs_review":
            return "review"
        place = next((place for place, one in enumerate(reply.attempts) if one.text == reply.text), 0)
        if reply.attempts and reply.attempts[place].made_by != "model":
            return "first" if reply.status == "clean" else "fix"  # offline a draft may be clean as it stands
        return "re-ask" if place else "first"

    @property
    def leaves(self) -> bool:
        """Whether the reply leaves as `clean` or `repaired`."""
        return self.end in ("first", "re-ask", "fix")

    @property
    def text(self) -> str:
        """The reply; empty where there is none."""
        return self.trial.reply.text if self.trial.reply else ""

    @property
    def first(self) -> Attempt | None:
        """The first answer that came to its end; offline, the first text; None where there is none."""
        attempts = self.trial.reply.attempts if self.trial.reply else ()
        return next((one for one in attempts if one.outcome in (None, "complete")), None)

    @property
    def before(self) -> tuple[Violation, ...]:
        """What was wrong with the first answer."""
        return self.first.violations if self.first else ()

    @property
    def after(self) -> tuple[Violation, ...]:
        """What is wrong with the reply."""
        return self.trial.reply.violations if self.trial.reply else ()

    @cached_property
    def repairs(self) -> tuple[Repair, ...]:
        """What was mended on the way: each complete answer to a re-ask, and the fix, against the text before it."""
        found: list[Repair] = []
        answers: list[Attempt] = []
        for attempt in self.trial.reply.attempts if self.trial.reply else ():
            if attempt.made_by == "model" and attempt.outcome == "complete":
                if answers:
                    found.append(Repair("re-ask", _new(attempt, answers[-1])))
                answers.append(attempt)
            elif attempt.made_by == "fixer" and answers:
                found.append(Repair("fix", _new(attempt, min(answers, key=gravity))))
        return tuple(found)

    @cached_property
    def missed(self) -> tuple[tuple[str, ...], ...]:
        """What the reply must say and does not, each with its wordings."""
        return tuple(one for one in self.case.must if not any(says(self.text, wording) for wording in one))

    @cached_property
    def forbidden(self) -> tuple[str, ...]:
        """What the reply says and must not."""
        return tuple(wording for wording in self.case.must_not if says(self.text, wording))

    @cached_property
    def uncovered(self) -> tuple[str, ...]:
        """What the case expects the reply to do, and its words do not show."""
        reply = self.trial.reply
        found = {id: covers(self.case, reply.text, reply.language, id) for id in self.case.expects} if reply else {}
        return tuple(id for id, is_covered in found.items() if is_covered is False)

    @cached_property
    def never(self) -> tuple[str, ...]:
        """What the reply says although the replayed answer names it as what may never leave."""
        script = self.trial.script
        return tuple(wording for wording in script.never if says(self.text, wording)) if script else ()

    @property
    def is_wrongly_clean(self) -> bool:
        """Whether the reply leaves with something in it that may never leave."""
        return self.leaves and bool(self.never)

    @property
    def is_unexpected(self) -> bool:
        """Whether the reply has a status that is not right for the replayed answer."""
        script, reply = self.trial.script, self.trial.reply
        return bool(script and script.expect and reply and reply.status not in script.expect)

    @property
    def usage(self) -> Usage:
        """What it cost, as far as the server said."""
        return self.trial.reply.usage if self.trial.reply else Usage()

    @property
    def seconds(self) -> float | None:
        """How long the model took for all its answers together; None where that is not known, or none came."""
        known = [one for one in self.trial.seconds if one is not None]
        return sum(known) if known and len(known) == len(self.trial.seconds) else None


def _new(mended: Attempt, before: Attempt) -> tuple[str, ...]:
    """Return the rules that a mended text breaks and the one before did not."""
    broken = {violation.rule for violation in before.violations}
    return tuple(dict.fromkeys(v.rule for v in mended.violations if v.rule not in broken))


@dataclass(frozen=True)
class Measure:
    """One thing that is measured of a trial.

    Attributes:
        id: its name in JSON.
        title: its name for people.
        of: the number; None where it says nothing of this trial.
        kind: a `share` is 0 or 1 a trial, and counted; an `amount` is averaged; `seconds` also have percentiles.
        better: whether more of it is better, or less; None: it is told, and not compared.
    """

    id: str
    title: str
    of: Callable[[Judged], float | None]
    kind: Literal["share", "amount", "seconds"] = "share"
    better: Literal["more", "less"] | None = None


def _ended(end: End) -> Callable[[Judged], float]:
    return lambda judged: float(judged.end == end)


def _of_reply(measure: Callable[[Judged], float | None]) -> Callable[[Judged], float | None]:
    """Return a measure that says nothing where there is no reply."""
    return lambda judged: measure(judged) if judged.trial.reply else None


def _errors(violations: Sequence[Violation], severity: str = "error") -> float:
    return float(sum(violation.severity == severity for violation in violations))


def _good(judged: Judged) -> float:
    return float(judged.leaves and not judged.missed and not judged.forbidden)


def _worse(judged: Judged) -> float | None:
    return float(any(one.worse for one in judged.repairs)) if judged.repairs else None


def _expected(judged: Judged) -> float | None:
    script = judged.trial.script
    return float(not judged.is_unexpected) if script and script.expect else None


def _wrongly_clean(judged: Judged) -> float | None:
    script = judged.trial.script
    return float(judged.is_wrongly_clean) if script and script.never else None


def _covers(id: Expectation) -> Callable[[Judged], float | None]:
    def covered(judged: Judged) -> float | None:
        reply = judged.trial.reply
        found = covers(judged.case, reply.text, reply.language, id) if reply else None
        return None if found is None else float(found)

    return covered


# What words show of principles that no rule judges, over the cases that expect it; the titles are those of the checks.
_COVERAGE = tuple(
    Measure(f"covers_{id}", check.title, _covers(check.id), better="more")
    for id, check in coverage_checks("en").items()
)

MEASURES: tuple[Measure, ...] = (
    Measure("good", "leaves, and keeps must and must_not", _good, better="more"),
    Measure("first", ENDS["first"], _ended("first"), better="more"),
    Measure("re_ask", ENDS["re-ask"], _ended("re-ask")),
    Measure("fix", ENDS["fix"], _ended("fix")),
    Measure("review", ENDS["review"], _ended("review"), better="less"),
    Measure("no_answer", ENDS["no answer"], _ended("no answer"), better="less"),
    Measure(
        "must",
        "says all that it must",
        _of_reply(lambda judged: float(not judged.missed) if judged.case.must else None),
        better="more",
    ),
    Measure(
        "must_not",
        "says nothing that it must not",
        _of_reply(lambda judged: float(not judged.forbidden) if judged.case.must_not else None),
        better="more",
    ),
    *_COVERAGE,
    Measure("expected", "a replayed answer ends as it should", _expected, better="more"),
    Measure("wrongly_clean", "leaves with what never may", _wrongly_clean, better="less"),
    Measure("worse", "repaired, and a repair broke a rule anew", _worse, better="less"),
    Measure("errors", "errors in the first answer", _of_reply(lambda one: _errors(one.before)), "amount", "less"),
    Measure(
        "warnings",
        "warnings in the first answer",
        _of_reply(lambda one: _errors(one.before, "warning")),
        "amount",
        "less",
    ),
    Measure("calls", "calls of the model", _of_reply(lambda one: float(one.usage.calls)), "amount", "less"),
    Measure("tokens_in", "tokens sent", lambda one: one.usage.prompt_tokens or None, "amount"),
    Measure("tokens_out", "tokens received", lambda one: one.usage.completion_tokens or None, "amount"),
    Measure("tokens", "tokens in all", lambda one: one.usage.total_tokens or None, "amount", "less"),
    Measure("seconds", "seconds that the model took", lambda one: one.seconds, "seconds", "less"),
)
