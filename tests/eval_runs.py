"""Runs of an evaluation made by hand, so that what is counted and shown of them hangs on no rule of a playbook."""

from __future__ import annotations

from collections.abc import Sequence

from replykit.evaluation import EvalCase, MadeWith, Run, Trial, WeakAnswer
from replykit.evaluation.case_files import cases_digest
from replykit.evaluation.measures import End
from replykit.records import Attempt, Completion, Reply, Usage, Violation

__all__ = ["cases", "run_of", "trial", "violation"]


def cases(count: int) -> tuple[EvalCase, ...]:
    """Return cases with something to say and something not to say."""
    return tuple(
        EvalCase(id=f"case-{n}", customer="订单呢？", facts=("订单在路上",), must=(("在路上",),), must_not=("明天",))
        for n in range(1, count + 1)
    )


def violation(principle: str, start: int = 0, *, severity: str = "error", text: str = "呵呵") -> Violation:
    """Return a violation of a rule that is named as its principle, at the beginning of a text."""
    return Violation.model_validate(
        {
            "principle": principle,
            "rule": f"rule-{principle}",
            "severity": severity,
            "start": start,
            "end": start + len(text),
            "text": text,
            "message": "请换一种说法。",
            "suggestions": ["您好！"],
        }
    )


def trial(
    case: str,
    end: End = "first",
    *,
    run: int = 1,
    text: str = "您的订单在路上。",
    wrong: Sequence[Violation] = (),
    seconds: float | None = 1.0,
    tokens: tuple[int, int] = (100, 20),
    script: WeakAnswer | None = None,
) -> Trial:
    """Return a trial that ended in some way; what is `wrong` is so with its first answer.

    Args:
        case: the case's id.
        end: how it ended.
        run: which run of the case it is.
        text: the reply.
        wrong: with the first answer, and with the reply where it needs review.
        seconds: what each answer took.
        tokens: sent and received for each answer.
        script: the answer that was replayed.
    """
    if end == "no answer":
        return Trial(case=case, run=run, error="nobody answered")
    usage = Usage(calls=1, prompt_tokens=tokens[0], completion_tokens=tokens[1])

    def said(words: str, found: Sequence[Violation]) -> Attempt:
        return Attempt(made_by="model", text=words, outcome="complete", violations=tuple(found), usage=usage)

    bad = said("呵呵，大哥。", wrong)
    attempts = {
        "first": [said(text, wrong)],
        "re-ask": [bad, said(text, ())],
        "fix": [bad, bad, Attempt(made_by="fixer", text=text)],
        "review": [bad, said(text, wrong)],
    }[end]
    answers = [one for one in attempts if one.made_by == "model"]
    reply = Reply(
        text=text,
        status={"first": "clean", "re-ask": "repaired", "fix": "repaired"}.get(end, "needs_review"),
        violations=attempts[-1].violations,
        attempts=tuple(attempts),
        usage=sum((one.usage for one in attempts), Usage()),
        reason="still breaks a rule" if end == "review" else "",
    )
    return Trial(
        case=case,
        run=run,
        reply=reply,
        answers=tuple(Completion(text=one.text, outcome="complete", usage=one.usage) for one in answers),
        seconds=(seconds,) * len(answers),
        script=script,
    )


def run_of(trials: Sequence[Trial], *, model: str | None = "model-a", count: int | None = None) -> Run:
    """Return a run of some trials."""
    all_cases = cases(count or len({one.case for one in trials}))
    made = MadeWith(
        model=model,
        server="http://127.0.0.1/v1",
        playbook="zh",
        playbook_digest="p",
        prompts_digest="q",
        cases=("cases.toml",),
        cases_digest=cases_digest(all_cases),
        version="0",
    )
    return Run(made_with=made, cases=all_cases, trials=tuple(trials))
