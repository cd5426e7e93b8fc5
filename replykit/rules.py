"""A rule as data: what it finds, what excuses it, what it says, how it is repaired, and the examples that prove it."""

# No postponed annotations: pydantic would compile each of them anew, a fifth of the time of an import.

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from replykit.records import Channel, Language, Length, Record, Severity, Stage

__all__ = ["Condition", "Edit", "Example", "Rule", "SignalRule"]

Scope = Literal[
    "hit",  # the text found
    "before",  # the same sentence, up to the hit
    "after",  # the same sentence, from the end of the hit on
    "clause",
    "sentence",
    "previous",  # everything before the hit's clause
    "next",  # everything after the hit's clause
    "rest",  # everything but the hit's clause
    "reply",
    "customer",  # the customer's message
    "draft",  # the draft that is rewritten
    "facts",  # the facts given
    "agent",  # what the agent said earlier
    "signals",  # the signs in the customer's message, by kind and by id, one a line
    "stage",  # the id of the stage of the complaint
    "channel",  # the id of the channel
    "length",  # the id of the length asked for
]
_COUNTED = ("reply", "customer", "draft", "facts")
Place = Literal["anywhere", "clause", "clause-start", "clause-end", "reply-start", "reply"]
Kind = Literal["phrase", "pattern", "together", "count", "order", "require", "guard"]
GuardName = Literal[
    "grounded-facts",
    "keep-placeholders",
    "keep-meaning",
    "match-script",
    "promise-grounded",
    "contact-grounded",
    "prompt-kept",
]

Scene = Literal[
    "opening", "busy", "away", "rush", "presale", "order", "aftersale", "returns", "closing", "thanks",
    "empathy", "apology", "holding", "complaint", "abuse", "violence", "self_harm", "handover", "next_step",
]  # fmt: skip


class Condition(Record):
    """Something that must stand, or must not stand, somewhere near a hit.

    Attributes:
        find: patterns; one of them is enough.
        within: where they are looked for; what is not given holds nothing.
        exceptions: patterns; what touches a match of one of them is not found.
        absent: True turns it round: it holds where none of them stands.
        at_most: matches that do not make it hold yet; only where the whole reply, or what was given, is read.
    """

    find: tuple[str, ...] = Field(min_length=1)
    exceptions: tuple[str, ...] = ()
    within: Scope = "clause"
    absent: bool = False
    at_most: int = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _counted(self) -> Self:
        if self.at_most and self.within not in _COUNTED:
            raise ValueError(f"'at_most' counts in {', '.join(_COUNTED)}, not in {self.within!r}")
        return self


class Edit(Record):
    r"""One way to repair a hit without a model.

    Attributes:
        find: a pattern inside the scope, to be replaced; None: the scope itself is replaced.
        replace: what stands there instead; `\1` is the first group of `find`; empty: removed.
        scope: what the edit may touch.
        when: conditions that must all hold.
    """

    find: str | None = None
    replace: str = ""
    scope: Literal["hit", "clause", "sentence"] = "hit"
    when: tuple[Condition, ...] = ()


class Example(Record):
    """One reply with what was known when it was written.

    Attributes:
        text: the reply.
        customer: the customer's message.
        draft: the draft that it rewrites.
        facts: the facts given.
        history: earlier messages.
        language: the language asked for.
        instructions: the system message that the model was given.
        stage: where the complaint stood.
        channel: where it was to be read.
        length: how long it might be.
    """

    text: str
    customer: str | None = None
    draft: str | None = None
    facts: tuple[str, ...] = ()
    history: tuple[str, ...] = ()
    language: Language | None = None
    instructions: str | None = None
    stage: Stage | None = None
    channel: Channel | None = None
    length: Length | None = None


def _example(value: object) -> object:
    return {"text": value} if isinstance(value, str) else value


Examples = tuple[Annotated[Example, BeforeValidator(_example)], ...]
Wordings = Annotated[tuple[str, ...], BeforeValidator(lambda value: (value,) if isinstance(value, str) else value)]

_NEEDED: dict[Kind, tuple[str, ...]] = {
    "phrase": ("phrases",),
    "pattern": ("patterns",),
    "together": ("together",),
    "count": ("patterns",),
    "order": ("first", "then"),
    "require": ("patterns",),
    "guard": ("guard",),
}


class Rule(Record):
    """One deterministic check.

    What it looks for depends on `kind`:

    - `phrase`: any of `phrases`, letter by letter after folding (script, width, case). `instead` names phrases with the
      wordings to use in place of each; a single one is what the fixer writes, several are only suggested.
    - `pattern`: any of `patterns` (RE2, with `{word list}` references), inside one sentence. A group named `hit` is the
      part that is reported.
    - `together`: one entry of each list in `together` inside one clause, at most `window` code points apart.
    - `count`: more than `at_most` matches of `patterns` in the reply, each of them a hit, or with `as_one` all that are
      too many one hit.
    - `order`: a match of `then` with no match of `first` before it.
    - `require`: none of `patterns` anywhere in the reply.
    - `guard`: the check named by `guard`, which compares the reply with what was given.

    A hit counts only where every condition of `when` holds and none of `unless`; where one of `soften` holds, it is a
    warning. An exception excuses a hit that it covers, unless a counter-exception covers the same hit. A guard takes
    only `when`, and only on what was given.
    """

    id: str = Field(pattern=r"^[a-z0-9]+(?:[-.][a-z0-9]+)*$")
    principle: str
    severity: Severity
    kind: Kind
    message: str = Field(min_length=1)
    source: str = Field(min_length=1)
    reason: str = ""
    phrases: tuple[str, ...] = ()
    instead: dict[str, Wordings] = Field(default_factory=dict)
    patterns: tuple[str, ...] = ()
    together: tuple[tuple[str, ...], ...] = ()
    window: int = Field(default=12, ge=0)
    at_most: int = Field(default=0, ge=0)
    as_one: bool = False
    first: tuple[str, ...] = ()
    then: tuple[str, ...] = ()
    guard: GuardName | None = None
    at: Place = "anywhere"
    in_quotes: bool = False
    exceptions: tuple[str, ...] = ()
    counter_exceptions: tuple[str, ...] = ()
    when: tuple[Condition, ...] = ()
    unless: tuple[Condition, ...] = ()
    soften: tuple[Condition, ...] = ()
    suggestions: tuple[str, ...] = ()
    fix: tuple[Edit, ...] = ()
    bad: Examples = ()
    softened: Examples = ()
    good: Examples = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _with_phrases(cls, values: Any) -> Any:
        """Count what has a wording instead among the phrases."""
        if not isinstance(values, dict) or not isinstance(values.get("instead"), dict):
            return values
        own = list(values.get("phrases", ()))
        return {**values, "phrases": [*own, *(phrase for phrase in values["instead"] if phrase not in own)]}

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.instead and self.kind != "phrase":
            raise ValueError(f"'instead' belongs to a rule of kind 'phrase', not {self.kind!r}")
        if empty := [phrase for phrase, wordings in self.instead.items() if not all(map(str.strip, wordings or ("",)))]:
            raise ValueError(f"'instead' names nothing to write in place of {empty[0]!r}")
        for field in _NEEDED[self.kind]:
            if not getattr(self, field):
                raise ValueError(f"a rule of kind {self.kind!r} needs {field!r}")
        if not self.bad and not self.softened:
            raise ValueError("a rule needs at least one example in 'bad'")
        if self.kind == "guard" and (self.unless or self.soften or self.exceptions or self.at != "anywhere"):
            raise ValueError("a guard takes no 'unless', 'soften', 'exceptions' or 'at'; use 'when'")
        for phrase in (*self.phrases, *self.exceptions, *self.counter_exceptions):
            if not phrase.strip():
                raise ValueError("a blank phrase would find everything; remove it")
        return self


class SignalRule(Record):
    """One sign in a customer's message, found as a `pattern` rule is.

    Attributes:
        id: its name.
        kind: what it is a sign of.
        patterns: RE2 with `{word list}` references, inside one sentence.
        escalate: True where it alone means that a human should take over.
        scene: the ready lines that answer it; None: those for its kind.
        exceptions: texts that excuse a hit which they cover.
        unless: conditions that excuse a hit.
        source: the document and section.
        bad: messages that carry the sign.
        good: near-misses that do not.
    """

    id: str = Field(pattern=r"^[a-z0-9]+(?:[-.][a-z0-9]+)*$")
    kind: Literal["distress", "complaint", "abuse", "threat", "self_harm", "repeated_contact", "unreasonable_demand"]
    patterns: tuple[str, ...] = Field(min_length=1)
    escalate: bool = False
    scene: Scene | None = None
    exceptions: tuple[str, ...] = ()
    unless: tuple[Condition, ...] = ()
    source: str = Field(min_length=1)
    bad: tuple[str, ...] = Field(min_length=1)
    good: tuple[str, ...] = Field(min_length=1)
