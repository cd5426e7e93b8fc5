"""What is known of a complaint, each entry with the words of the conversation that it stands on (003, 客投登记表)."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from replykit.records import Language, Record, Usage

__all__ = ["ComplaintRecord", "Entry", "Promise", "Span", "Ungrounded"]


class Span(Record):
    """Words of a conversation.

    Attributes:
        turn: the index of the turn among those of the customer and the agents, from 0.
        role: who said it.
        start: first code point in the turn's text.
        end: one past the last.
        text: the turn's text from `start` to `end`, always.
    """

    turn: int = Field(ge=0)
    role: Literal["customer", "agent"]
    start: int = Field(ge=0)
    end: int = Field(ge=0)
    text: str


class Entry(Record):
    """One thing that the conversation says.

    Attributes:
        value: the words themselves; of a mood the kind of signal, of a category its id.
        span: where they stand.
        found_by: `reader`, a pattern of the playbook, or `model`, which quoted them.
    """

    value: str
    span: Span
    found_by: Literal["reader", "model"] = "reader"


class Promise(Record):
    """What an agent promised.

    Attributes:
        what: the words of the promise, from an agent's turn.
        by: who promised: the name of the turn, else `agent`.
        at: when; None where the turn has no time.
        due: by when, in words of the same clause; None where no time was named.
    """

    what: Entry
    by: str = "agent"
    at: datetime | None = None
    due: Entry | None = None


class Ungrounded(Record):
    """Something that a model said and the conversation does not bear out; it is in no field.

    Attributes:
        field: the field that it was meant for.
        quote: what the model quoted, at most 200 code points of it.
        reason: why it was dropped.
    """

    field: str
    quote: str
    reason: str


class ComplaintRecord(Record):
    """A complaint as a conversation tells it (000, 接受投诉(4); 003, 服务流程).

    Every entry carries the words that it stands on; what nobody said is empty, and nothing is worded by a model.

    Attributes:
        who: the customer's name.
        contact: phone numbers, mail addresses and the like of the customer.
        order: order and tracking numbers.
        product: what was bought.
        happened: what went wrong, clause by clause.
        when: when it happened, in the customer's words.
        asked: what the customer asks for.
        mood: how the customer feels, by kind of signal.
        category: what the complaint is about.
        promised: what agents promised; what a customer says that was promised stands in `claimed`.
        claimed: what the customer says that was promised.
        missing: the fields that this kind of complaint needs and that are empty.
        ungrounded: what the model said beyond the conversation.
        language: the customer's language; None where nothing decides it.
        usage: what it cost.
        offline: True where no chat model was configured.
        trouble: why the model's part is missing; empty where it is not, and offline.
    """

    who: Entry | None = None
    contact: tuple[Entry, ...] = ()
    order: tuple[Entry, ...] = ()
    product: tuple[Entry, ...] = ()
    happened: tuple[Entry, ...] = ()
    when: tuple[Entry, ...] = ()
    asked: tuple[Entry, ...] = ()
    mood: tuple[Entry, ...] = ()
    category: Entry | None = None
    promised: tuple[Promise, ...] = ()
    claimed: tuple[Entry, ...] = ()
    missing: tuple[str, ...] = ()
    ungrounded: tuple[Ungrounded, ...] = ()
    language: Language | None = None
    usage: Usage = Field(default_factory=Usage)
    offline: bool = False
    trouble: str = ""

    def entries(self, field: str) -> tuple[Entry, ...]:
        """Return the entries of one field, none where it is empty; `due` are those of the promises.

        Args:
            field: the name of a field.
        """
        if field in ("promised", "due"):
            entries = (promise.what if field == "promised" else promise.due for promise in self.promised)
            return tuple(entry for entry in entries if entry is not None)
        value = getattr(self, field)
        return value if isinstance(value, tuple) else (value,) if value is not None else ()
