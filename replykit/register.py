"""What a complaint record holds and how it is read from a conversation, as data (003, 客投登记表)."""

# No postponed annotations: pydantic would compile each of them anew, a fifth of the time of an import.

from typing import Literal, Self

from pydantic import Field, model_validator

from replykit.records import Record
from replykit.rules import Condition

__all__ = ["Category", "FieldReader", "RecordField", "Words"]

FieldId = Literal[
    "who", "contact", "order", "product", "happened", "when", "asked", "mood", "category",
    "promised", "by", "due", "claimed", "missing",
]  # fmt: skip
Speaker = Literal["customer", "agent", "either"]
FactKind = Literal[
    "amount", "date", "time", "duration", "percentage", "quantity", "phone", "url", "email", "code",
]  # fmt: skip


class RecordField(Record):
    """One field of the record, and one column of its sheet.

    Attributes:
        id: the field; `by`, `due` and `missing` are columns that are worked out.
        title: the heading.
        role: whose words may fill it.
        widen: `clause` takes the whole clause around what is found, so that a refusal is never quoted as a promise.
        many: False keeps one entry: the first of the first reader in the file that finds any.
        repeated: True keeps what says the same as an entry before it.
        joined: True makes one entry of what stands side by side (11月8日 下午三点).
        exceptions: patterns; what one of them covers fills nothing.
        unless: conditions under which words fill nothing, whoever found them.
        evidence: patterns, RE2 over folded text; a model's quotation must hold one of them.
        labels: what the values are called, where they are no words of the conversation.
        guidance: what a model is told to quote; empty: a model is not asked.
        required: True for what every record needs.
        source: the document and section.
    """

    id: FieldId
    title: str
    role: Speaker = "customer"
    widen: Literal["hit", "clause"] = "hit"
    many: bool = True
    repeated: bool = False
    joined: bool = False
    exceptions: tuple[str, ...] = ()
    unless: tuple[Condition, ...] = ()
    evidence: tuple[str, ...] = ()
    labels: dict[str, str] = Field(default_factory=dict)
    guidance: str = ""
    required: bool = False
    source: str = Field(min_length=1)


class Words(Record):
    """A turn, and the words in it that a reader finds.

    Attributes:
        text: the turn.
        words: what is found first.
        after: the turn before it; empty: there is none.
        answered: the turn behind it; empty: there is none.
    """

    text: str
    words: str
    after: str = ""
    answered: str = ""


class FieldReader(Record):
    """One way to read a field from a turn without a model.

    Attributes:
        id: its name.
        field: the field that it fills.
        role: whose turns it reads.
        patterns: RE2 with `{word list}` references, inside one sentence of folded text; a group named `hit` is what
            fills the field.
        facts: kinds of facts that fill it.
        signals: kinds of signals whose words fill it, or whose kind does where the field has labels.
        exceptions: patterns; what one of them covers is not found.
        unless: conditions under which it is not found.
        after: patterns; it reads only where the turn before, of the other side, holds one of them (an answer to a
            question); empty: everywhere.
        answered: patterns; it reads only where the turn behind, of the other side, holds one of them (an apology);
            empty: everywhere.
        last_resort: True reads only where no reader before it in the file found anything for the field.
        source: the document and section.
        hits: turns with the words that it finds first.
        misses: near-misses, in which it finds nothing.
    """

    id: str = Field(pattern=r"^[a-z0-9]+(?:[-.][a-z0-9]+)*$")
    field: FieldId
    role: Speaker = "customer"
    patterns: tuple[str, ...] = ()
    facts: tuple[FactKind, ...] = ()
    signals: tuple[str, ...] = ()
    exceptions: tuple[str, ...] = ()
    unless: tuple[Condition, ...] = ()
    after: tuple[str, ...] = ()
    answered: tuple[str, ...] = ()
    last_resort: bool = False
    source: str = Field(min_length=1)
    hits: tuple[Words, ...] = Field(min_length=1)
    misses: tuple[str, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _reads(self) -> Self:
        if not (self.patterns or self.facts or self.signals):
            raise ValueError("a reader needs 'patterns', 'facts' or 'signals'")
        return self


class Category(Record):
    """What a complaint may be about.

    Attributes:
        id: its name.
        title: what people call it.
        patterns: RE2 with `{word list}` references, inside one sentence of the customer's; the category with the most
            matches counts, and among equals the one that stands first in the file.
        exceptions: patterns; what one of them covers does not count.
        needs: fields that a complaint of this kind needs besides those that all need.
        source: the document and section.
        hits: a customer's turns that are about it.
        misses: near-misses.
    """

    id: str = Field(pattern=r"^[a-z0-9]+(?:[-.][a-z0-9]+)*$")
    title: str
    patterns: tuple[str, ...] = Field(min_length=1)
    exceptions: tuple[str, ...] = ()
    needs: tuple[FieldId, ...] = ()
    source: str = Field(min_length=1)
    hits: tuple[str, ...] = Field(min_length=1)
    misses: tuple[str, ...] = Field(min_length=1)
