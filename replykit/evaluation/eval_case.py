"""A case of an evaluation: what was written, what is known, and what a good reply must and must not say."""

# No postponed annotations, as in every module of records.

from typing import Any, Literal, get_args

from pydantic import Field, field_validator, model_validator

from replykit.intake import is_blank
from replykit.records import Channel, Language, Length, Record, Stage, Turn
from replykit.text import fold

__all__ = ["EXPECTATIONS", "EvalCase", "Expectation", "Source", "folded", "says"]

Expectation = Literal["restatement", "choice", "question", "thanks", "empathy", "next-step"]
EXPECTATIONS: tuple[Expectation, ...] = get_args(Expectation)


class Source(Record):
    """Where a case's situation is taken from.

    Attributes:
        document: the number of the source document.
        section: its section.
    """

    document: str = Field(min_length=1)
    section: str = Field(min_length=1)


class EvalCase(Record):
    """One situation, and how the replies to it are judged by rules alone.

    Attributes:
        id: its name, once in its file.
        source: where it is taken from; None where its writer does not say.
        task: `rewrite` the draft, or `draft` a reply; None: by whether there is a draft.
        customer, history, facts, draft, stage, channel, tone, length, language: as a kit takes them.
        must: what the reply has to say, each in one of several wordings; compared in one script, width and case, and
            without spaces.
        must_not: what it must not say; compared likewise.
        expects: checks of coverage that make sense for this case.
        held_out: True where it is kept away from whoever tunes prompts.
    """

    id: str = Field(min_length=1, max_length=200)
    source: Source | None = None
    task: Literal["rewrite", "draft"] | None = None
    language: Language | None = None
    customer: str | None = None
    history: tuple[Turn, ...] = ()
    facts: tuple[str, ...] = ()
    draft: str | None = None
    stage: Stage | None = None
    channel: Channel = "chat"
    tone: str | None = None
    length: Length | None = None
    must: tuple[tuple[str, ...], ...] = ()
    must_not: tuple[str, ...] = ()
    expects: tuple[Expectation, ...] = ()
    held_out: bool = False

    @field_validator("must", mode="before")
    @classmethod
    def _alternatives(cls, value: Any) -> Any:
        """Take a text alone for the only wording of what must be said."""
        return [[one] if isinstance(one, str) else one for one in value] if isinstance(value, (list, tuple)) else value

    @field_validator("must")
    @classmethod
    def _says_something(cls, value: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
        if not all(value):
            raise ValueError("an entry has no wording; give at least one")
        for wordings in value:
            _refuse_blank(wordings)
        return value

    @field_validator("must_not")
    @classmethod
    def _forbids_something(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return _refuse_blank(value)

    @field_validator("customer", "draft")
    @classmethod
    def _has_words(cls, value: str | None) -> str | None:
        if value is not None and is_blank(value):
            raise ValueError("it is blank; give the text, or leave the key out")
        return value

    @model_validator(mode="after")
    def _asks_for_something(self) -> "EvalCase":
        if self.draft is None and self.customer is None:
            raise ValueError("there is nothing to answer; give the customer's message, or a draft to rewrite")
        if self.task == "rewrite" and self.draft is None:
            raise ValueError("the task is to rewrite, and there is no draft; give one")
        if self.task == "draft" and (self.draft is not None or self.customer is None):
            raise ValueError("the task is to draft a reply to a customer; give the customer's message and no draft")
        return self

    @property
    def is_rewrite(self) -> bool:
        """Whether a draft is rewritten; otherwise a reply to the customer is drafted."""
        return self.draft is not None


def folded(text: str) -> str:
    """Return a text as cases compare it: in one script, width and case, and without spaces."""
    return "".join(fold(text).split())


def says(text: str, wording: str) -> bool:
    """Return whether a text holds a wording, compared as `folded` says."""
    return folded(wording) in folded(text)


def _refuse_blank(wordings: tuple[str, ...]) -> tuple[str, ...]:
    if not all(map(folded, wordings)):
        raise ValueError("a wording is blank, and would stand in every reply; give words")
    return wordings
