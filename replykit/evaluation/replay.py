"""Answers replayed through the kit, so that a change of checker, repair or fixer is measured without a model."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from os import PathLike

from replykit.drivers import drive
from replykit.evaluation.eval_case import EvalCase
from replykit.evaluation.playing import flow_of
from replykit.evaluation.run import MadeWith, Run
from replykit.evaluation.trial import Trial
from replykit.evaluation.weak_answer import Said, WeakAnswer
from replykit.kit import ReplyKit
from replykit.records import ChatRequest, Completion, Language
from replykit.shelf import Playbooks

__all__ = ["recorded", "replay"]


def replay(
    cases: Sequence[EvalCase],
    answers: Sequence[WeakAnswer],
    *,
    playbook: Playbooks = "zh",
    language: Language | None = None,
    prompts: str | PathLike[str] | None = None,
    max_repairs: int = 1,
    names: Sequence[str] = (),
    source: str = "a script",
    done: Callable[[Trial], object] | None = None,
) -> Run:
    """Put answers in the place of a model's, and return what the kit makes of each.

    Each goes the whole way: check, re-ask, the fixer, and the check of what leaves.

    Args:
        cases: what the answers are to.
        answers: what is said; each is one reply.
        playbook: the rules, as of a kit.
        language: what is asked for where a case asks for none, as of a kit.
        prompts: a folder of own templates, as of a kit.
        max_repairs: how often an answer that breaks a rule is asked for again.
        names: the names of the files of the cases.
        source: that of the file of the answers.
        done: called with each trial that is done.

    Raises:
        UsageError: an argument cannot be used, or an answer is to none of the cases.
    """
    chat = _Script()
    kit = ReplyKit(chat=chat, playbook=playbook, language=language, prompts=prompts, max_repairs=max_repairs)
    by_id = {case.id: case for case in cases}
    of: dict[str, list[Trial]] = {case.id: [] for case in cases}
    for answer in answers:
        case = by_id[answer.case]
        chat.begin(answer.answers)
        reply = drive(flow_of(kit, case), chat.complete)
        trial = Trial(case=case.id, run=len(of[case.id]) + 1, reply=reply, script=answer)
        of[case.id].append(trial)
        if done:
            done(trial)
    return Run(
        made_with=MadeWith.of(kit, cases, names=names, answers=source),
        cases=tuple(case for case in cases if of[case.id]),
        trials=tuple(itertools.chain.from_iterable(of.values())),
    )


class _Script:
    """A chat model that says one answer after the other; the last one again and again."""

    def __init__(self) -> None:
        self._answers: Sequence[Said] = ()
        self._asked = 0

    def begin(self, answers: Sequence[Said]) -> None:
        """Say these from now on."""
        self._answers, self._asked = answers, 0

    def complete(self, request: ChatRequest) -> Completion:
        """Return the next answer."""
        self._asked += 1
        return self._answers[min(self._asked, len(self._answers)) - 1].completion


def recorded(run: Run) -> list[WeakAnswer]:
    """Return what a model said in a run, to be replayed; a reply that it gave no answer to is left out."""
    return [
        WeakAnswer(
            case=trial.case,
            id=trial.name,
            answers=tuple(Said(text=one.text, outcome=one.outcome) for one in trial.answers),
        )
        for trial in run.trials
        if trial.answers
    ]
