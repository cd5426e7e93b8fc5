"""What was said before a reply."""

# No postponed annotations: pydantic would compile each of them anew, a fifth of the time of an import.

from datetime import datetime
from typing import Literal

from replykit.records.record import Record

__all__ = ["Turn"]


class Turn(Record):
    """One message of a conversation.

    Attributes:
        role: who wrote it.
        text: what it says.
        name: what its writer is called; None where nobody said.
        time: when it was written; None where nobody said.
    """

    role: Literal["customer", "agent"]
    text: str
    name: str | None = None
    time: datetime | None = None
