"""A recorded or hand-made answer of a model, replayed without one."""

# No postponed annotations, as in every module of records.

from typing import Any

from pydantic import Field, field_validator

from replykit.evaluation.eval_case import folded
from replykit.records import Completion, Outcome, Record, Status, Usage

__all__ = ["Said", "WeakAnswer"]

RECORDED = "recorded"


class Said(Record):
    """One answer of a model.

    Attributes:
        text: the answer as received.
        outcome: how it ended.
    """

    text: str
    outcome: Outcome = "complete"

    @property
    def completion(self) -> Completion:
        """The answer as a kit takes it; what it cost is not known."""
        outcome = "blank" if self.outcome == "complete" and not self.text.strip() else self.outcome
        return Completion(
            text=self.text,
            outcome=outcome,
            finish_reason="stop" if outcome == "complete" else None,
            usage=Usage(calls=1),
        )


class WeakAnswer(Record):
    """What a model says to one case, and what has to become of it.

    Attributes:
        case: the case's id.
        id: the answer's own.
        kind: what is wrong with it, such as `brush-off`; `strong` for a good one, `recorded` for one of a real model.
        answers: the first answer, the one to the re-ask, and so on; the last one is repeated. A text, or a text with
            the outcome that it ended with.
        expect: the statuses that are right for it; empty: any.
        never: what may not stand in a reply that leaves as `clean` or `repaired`; compared as a case's `must_not`.
        why: what is wrong with it, in a line.
    """

    case: str = Field(min_length=1)
    id: str = Field(min_length=1, max_length=200)
    kind: str = Field(default=RECORDED, min_length=1, max_length=100)
    answers: tuple[Said, ...] = Field(min_length=1)
    expect: tuple[Status, ...] = ()
    never: tuple[str, ...] = ()
    why: str = ""

    @field_validator("answers", mode="before")
    @classmethod
    def _texts(cls, value: Any) -> Any:
        """Take a text alone for an answer that came to its end."""
        return [{"text": one} if isinstance(one, str) else one for one in value] if isinstance(value, list) else value

    @field_validator("never")
    @classmethod
    def _forbids_something(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(map(folded, value)):
            raise ValueError("a text is blank, and would stand in every reply; give words")
        return value
