"""What a customer's message shows."""

# No postponed annotations: pydantic would compile each of them anew, a fifth of the time of an import.

from typing import Literal

from replykit.records.record import Record

__all__ = ["Assessment", "Signal"]


class Signal(Record):
    """One sign in a customer's message, with the place where it stands.

    Attributes:
        kind: what it is a sign of.
        rule: the id of the signal in the playbook.
        start: first code point.
        end: one past the last.
        text: `message[start:end]`.
    """

    kind: Literal["distress", "complaint", "abuse", "threat", "self_harm", "repeated_contact", "unreasonable_demand"]
    rule: str
    start: int
    end: int
    text: str


class Assessment(Record):
    """A deterministic reading of a customer's message (004, 識別奧客的特徵; 002, 识别情绪).

    Attributes:
        signals: in order of `start`.
        escalate: True where a human should take over.
    """

    signals: tuple[Signal, ...] = ()
    escalate: bool = False

    def _has(self, kind: str) -> bool:
        return any(signal.kind == kind for signal in self.signals)

    @property
    def distress(self) -> bool:
        """The customer is upset."""
        return self._has("distress")

    @property
    def complaint(self) -> bool:
        """Something went wrong, and the customer says so."""
        return self._has("complaint")

    @property
    def abuse(self) -> bool:
        """The customer insults."""
        return self._has("abuse")

    @property
    def threat(self) -> bool:
        """Regulator, press, court, violence."""
        return self._has("threat")

    @property
    def self_harm(self) -> bool:
        """A threat to the customer's own life."""
        return self._has("self_harm")

    @property
    def repeated_contact(self) -> bool:
        """Not the first time that the customer writes about it."""
        return self._has("repeated_contact")

    @property
    def unreasonable_demand(self) -> bool:
        """Asks for far more than the matter can carry."""
        return self._has("unreasonable_demand")

    @property
    def upset(self) -> bool:
        """True where feelings come before facts: distress, a complaint, abuse or a threat."""
        return bool(self.signals)
