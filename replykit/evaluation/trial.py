"""What came of one case in one run of it."""

# No postponed annotations, as in every module of records.

from typing import Annotated

from pydantic import Field

from replykit.evaluation.weak_answer import WeakAnswer
from replykit.records import Completion, Record, Reply

__all__ = ["Trial"]


class Trial(Record):
    """One case, played once.

    Attributes:
        case: the case's id.
        run: which run of the case it is, from 1.
        reply: the reply; None where the model gave no answer that anything could be made of.
        error: why there is none; empty otherwise.
        answers: what the model said, as received, oldest first; none where they were put in by a script.
        seconds: what each of these took by the wall clock; None where that is not known, as for an answer that came
            before the run was stopped.
        script: the answer that was replayed; None where a model was asked.
    """

    case: str
    run: int = 1
    reply: Reply | None = None
    error: str = ""
    answers: tuple[Completion, ...] = ()
    seconds: tuple[Annotated[float, Field(ge=0, allow_inf_nan=False)] | None, ...] = ()
    script: WeakAnswer | None = None

    @property
    def name(self) -> str:
        """What people call it: the id of the replayed answer, else the case's id with the number of the run."""
        return self.script.id if self.script else f"{self.case} #{self.run}"
