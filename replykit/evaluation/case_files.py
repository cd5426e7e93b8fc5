"""The files that cases and answers are read from: those that come with replykit, by their names, and others by path."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from replykit.errors import UsageError
from replykit.evaluation.entries import records_of, refuse_twins
from replykit.evaluation.eval_case import EvalCase
from replykit.evaluation.weak_answer import WeakAnswer

__all__ = ["SHIPPED", "cases_digest", "load_answers", "load_cases"]

SHIPPED = ("zh", "en", "held_out")
_WEAK = "weak_answers"
_FOLDER = Path(__file__).parent / "cases"


def load_cases(*names: str) -> tuple[EvalCase, ...]:
    """Read cases.

    Args:
        names: `zh`, `en` or `held_out`, which come with replykit, or paths of files, TOML or JSON Lines; several are
            read one after the other.

    Returns:
        The cases, in order.

    Raises:
        UsageError: a file is missing or wrong, or an id stands twice; the message says which file, line, case and key,
            and what to do.
    """
    found = [one for name in names for one in records_of(_path(name, SHIPPED, ".toml", "cases"), "case", EvalCase)]
    refuse_twins("case", [(case.id, place) for case, place in found])
    return tuple(case for case, _ in found)


def load_answers(name: str, cases: Sequence[EvalCase]) -> tuple[WeakAnswer, ...]:
    """Read answers to replay.

    Args:
        name: `weak_answers`, which come with replykit, or the path of a JSON Lines file.
        cases: what they may be answers to.

    Returns:
        The answers, in order.

    Raises:
        UsageError: as for `load_cases`; or an answer is to none of the cases.
    """
    path = _path(name, (_WEAK,), ".jsonl", "answers")
    found = records_of(path, "answer", WeakAnswer)
    refuse_twins("answer", [(answer.id, place) for answer, place in found])
    known = {case.id for case in cases}
    for answer, place in found:
        if answer.case not in known:
            raise UsageError(
                f"{place}: answer {answer.id!r} is to the case {answer.case!r}, which is none of those given;"
                " name its file of cases as well"
            )
    return tuple(answer for answer, _ in found)


def cases_digest(cases: Sequence[EvalCase]) -> str:
    """Return what stands for some cases: equal digests, equal cases in an equal order."""
    whole = hashlib.sha256()
    for case in cases:
        whole.update(case.model_dump_json().encode() + b"\n")
    return whole.hexdigest()


def _path(name: str, shipped: Sequence[str], suffix: str, what: str) -> Path:
    if name in shipped:
        path = _FOLDER / f"{name}{suffix}"
        if not path.is_file():
            raise UsageError(f"the {what} {name!r} do not come with this replykit; give the path of a file of your own")
        return path
    path = Path(name)
    if not path.exists():
        raise UsageError(f"there is no {name!r}; give {', '.join(shipped)}, or the path of a file of {what}")
    return path
