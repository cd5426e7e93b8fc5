"""A reply, and the attempts that led to it."""

# No postponed annotations: pydantic would compile each of them anew, a fifth of the time of an import.

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from replykit.records.assessment import Assessment
from replykit.records.record import Record
from replykit.records.report import Violation
from replykit.records.terms import Language, Outcome, Stage, Status
from replykit.records.usage import Usage

if TYPE_CHECKING:
    from replykit.later import Later

__all__ = ["Attempt", "Reply"]


class Attempt(Record):
    """One text on the way to a reply.

    Attributes:
        made_by: `model`, `fixer` (deterministic repair) or `phrasebook` (a ready line of the playbook).
        text: the text.
        outcome: how the model's answer ended; `lost` where a call failed that may have been billed; None where no model
            was asked.
        violations: what the check of exactly this text found.
        usage: what it cost, as far as the server said.
    """

    made_by: Literal["model", "fixer", "phrasebook"]
    text: str
    outcome: Outcome | Literal["lost"] | None = None
    violations: tuple[Violation, ...] = ()
    usage: Usage = Field(default_factory=Usage)


class Reply(Record):
    """A reply, and how far it can be trusted.

    Attributes:
        text: the reply.
        status: `clean`, the first answer kept every rule; `repaired`, it does now; `needs_review`, it does not, or
            something else keeps it from being sent, and `reason` says which.
        violations: what a check of exactly `text` found; without errors unless `status` is `needs_review`.
        attempts: every text that was tried, oldest first.
        usage: summed over the attempts.
        escalate: True where a human should take over, whatever the text says.
        assessment: what the customer's message shows, with the words that show it; why a human should take over.
        stage: the stage of the complaint that the reply was held to, chosen where the caller gave none and a reply was
            drafted; None where there is no complaint.
        language: the language that the reply was held to.
        reason: why it needs review; empty otherwise.
        trouble: what ended the asking before there was an answer without errors, whatever the status: a refusal, an
            answer that was cut off, a call that failed. The text is then an earlier answer, mended where that was
            needed, or the draft mended without the model, or a ready line. Empty where nothing did.
        original: the draft that it was made from, untouched; None for a drafted reply.
        offline: True where no chat model was configured.
        id: what the log and the spans call it; empty where no trace was kept. It does not make two replies different.
    """

    text: str
    status: Status
    violations: tuple[Violation, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    usage: Usage = Field(default_factory=Usage)
    escalate: bool = False
    assessment: Assessment = Field(default_factory=Assessment)
    stage: Stage | None = None
    language: Language | None = None
    reason: str = ""
    trouble: str = ""
    original: str | None = None
    offline: bool = False
    id: str = ""

    @property
    def later(self) -> "Later | None":
        """The whole reply, still being made, where this one only answers in time; None for any other reply."""
        return None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reply) and super().__eq__(other.model_copy(update={"id": self.id}))

    def __hash__(self) -> int:
        return hash((self.text, self.status, self.attempts))
