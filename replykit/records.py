"""What goes in and what comes out: frozen records that round-trip through JSON."""

# No postponed annotations: pydantic would compile each of them anew, a fifth of the time of an import.

from collections.abc import Iterator
from datetime import datetime
from decimal import Context, Decimal, Inexact, localcontext
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, computed_field, model_validator
from pydantic_core import PydanticSerializationError

if TYPE_CHECKING:
    from replykit.later import Later

__all__ = [
    "Assessment",
    "Attempt",
    "ChatMessage",
    "ChatRequest",
    "Completion",
    "JsonForm",
    "Prices",
    "Reply",
    "Report",
    "Request",
    "Signal",
    "Turn",
    "Usage",
    "Violation",
]

Severity = Literal["error", "warning"]
# A language tag (BCP 47): a language, and a script and a region where they matter; which there are, playbooks declare.
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$")]
AUTO = "auto"  # asks for the language of whoever wrote; no tag
Stage = Literal["accept", "clarify", "propose", "follow_up"]
Channel = Literal["chat", "email", "review", "phone"]
Length = Literal["short", "medium", "long"]
Status = Literal["clean", "repaired", "needs_review"]
Privacy = Literal["mask"]


# What people wrote: a log, a traceback or an error that shows a record says how long it is, and not a word of it.
_SAID = frozenset(
    {"by", "content", "customer", "draft", "facts", "message", "name", "original", "proposal", "quote", "reason"}
    | {"text", "tone", "trouble", "value", "persona", "opening", "signature", "guidance"}
)


class _Said:
    def __init__(self, value: str | tuple[str, ...]) -> None:
        self._size = len(value) if isinstance(value, str) else sum(map(len, value))

    def __repr__(self) -> str:
        return f"<{self._size} characters>"


_EXACT = Context(prec=100, traps=[Inexact])  # digits; a sum of money is never rounded behind the caller's back


class Record(BaseModel):
    """A value: it cannot be changed, it refuses fields that it does not know, and its repr quotes nobody."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, hide_input_in_errors=True)

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        for name, value in super().__repr_args__():
            said = name in _SAID and (isinstance(value, str) or (isinstance(value, tuple) and _are_texts(value)))
            yield name, _Said(value) if said else value

    @classmethod
    def made(cls, fields: dict[str, Any], given: frozenset[str]) -> Self:
        """Return a record of values that are known to be right.

        What `model_construct` does, in a third of its time: every check makes one, and a playbook is a thousand.

        Args:
            fields: the value of every field, in their order.
            given: the names of those that are no defaults.
        """
        record = cls.__new__(cls)
        object.__setattr__(record, "__dict__", fields)
        object.__setattr__(record, "__pydantic_fields_set__", set(given))
        object.__setattr__(record, "__pydantic_extra__", None)
        object.__setattr__(record, "__pydantic_private__", None)
        return record

    @classmethod
    def model_validate_json(cls, json_data: str | bytes | bytearray, **options: Any) -> Self:
        """Return the record that a JSON text holds, also one with an escaped half of a character."""
        try:
            return super().model_validate_json(json_data, **options)
        except ValidationError as error:
            if all(one["type"] != "json_invalid" for one in error.errors()):
                raise
            import json  # pydantic's own reader refuses it

            try:
                fields = json.loads(json_data)
            except ValueError:
                raise error from None
            return cls.model_validate(fields, **options)

    def model_dump_json(self, **options: Any) -> str:
        """Return the record as JSON; half a character (a lone surrogate) is escaped, as UTF-8 has no place for it."""
        try:
            return super().model_dump_json(**options)
        except (PydanticSerializationError, UnicodeEncodeError):
            import json

            indent = options.pop("indent", None)
            options.pop("ensure_ascii", None)
            return json.dumps(self.model_dump(**options), indent=indent)


def _are_texts(values: tuple[Any, ...]) -> bool:
    return bool(values) and all(isinstance(value, str) for value in values)


class Violation(Record):
    """One use of something that a principle forbids, or one thing that it asks for and that is missing.

    Attributes:
        principle: the principle's id, the same in every language (see the rule catalogue).
        rule: the id of the rule that found it.
        severity: `error`, must not be sent as it is; `warning`, may be sent, a better wording exists.
        start: first code point of the use in the text as given.
        end: one past its last code point; `start == end` where something is missing rather than there.
        text: `text[start:end]`, always.
        message: why it is wrong, in one sentence.
        suggestions: wordings to use instead; each passes the checker itself.
    """

    principle: str
    rule: str
    severity: Severity
    start: int = Field(ge=0)
    end: int = Field(ge=0)
    text: str
    message: str
    suggestions: tuple[str, ...] = ()


class Report(Record):
    """What a check of one text found.

    Attributes:
        text: the text as given.
        violations: in order of `start`.
        language: the language that the text was held to; None where nothing decided it.
    """

    text: str
    violations: tuple[Violation, ...] = ()
    language: Language | None = None

    @model_validator(mode="before")
    @classmethod
    def _without_ok(cls, fields: Any) -> Any:
        """Leave out `ok`, which the JSON form holds and which follows from the violations."""
        return {name: value for name, value in fields.items() if name != "ok"} if isinstance(fields, dict) else fields

    @computed_field  # type: ignore[prop-decorator]  # pydantic's documented form; mypy knows no decorated property
    @property
    def ok(self) -> bool:
        """True where there is no error-level violation; warnings do not count."""
        return not self.errors

    @property
    def errors(self) -> tuple[Violation, ...]:
        """The error-level violations."""
        return tuple(v for v in self.violations if v.severity == "error")

    @property
    def warnings(self) -> tuple[Violation, ...]:
        """The warning-level violations."""
        return tuple(v for v in self.violations if v.severity == "warning")


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


class Request(Record):
    """What is asked for: a draft rewritten, or a reply drafted.

    Attributes:
        task: `rewrite` an agent's draft, or `draft` an answer to the customer.
        draft: the agent's draft; only for `rewrite`.
        customer: the customer's latest message.
        history: earlier turns, oldest first.
        facts: what the reply may state, one fact a line.
        stage: where a complaint stands (000, 客户投诉处理的四个阶段).
        channel: where the reply will be read.
        tone: how it should sound, in the caller's own words.
        length: how long it may be; None: as long as it takes, and the model is asked for a medium one.
        language: what the reply is written in; None: the customer's language, else the draft's.
        persona: who speaks, such as 小蓝，蓝鲸商城客服.
        opening: the words that the reply begins with, exactly once.
        signature: the last line of the reply, exactly once.
        guidance: what the caller adds to the prompt; no check heeds it.
    """

    task: Literal["rewrite", "draft"]
    draft: str | None = None
    customer: str | None = None
    history: tuple[Turn, ...] = ()
    facts: tuple[str, ...] = ()
    stage: Stage | None = None
    channel: Channel = "chat"
    tone: str | None = None
    length: Length | None = None
    language: Language | None = None
    persona: str | None = None
    opening: str | None = None
    signature: str | None = None
    guidance: str | None = None


class ChatMessage(Record):
    """One message to a chat model."""

    role: Literal["system", "user", "assistant"]
    content: str


class JsonForm(Record):
    """The JSON object that an answer is to be.

    Attributes:
        name: what the object is called: letters, digits, `_` and `-`.
        json_schema: its JSON Schema, as JSON; every property is required and no other allowed, as strict servers want.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")
    json_schema: str


class ChatRequest(Record):
    """One call of a chat model.

    Attributes:
        messages: in the order in which they are sent.
        max_tokens: upper bound for the answer, in tokens; None: the server's own.
        form: the JSON that the answer is to be, which the messages describe as well, since a server may not know how to
            hold a model to it; None for plain text.
    """

    messages: tuple[ChatMessage, ...]
    max_tokens: int | None = None
    form: JsonForm | None = None


class Prices(Record):
    """What a model's tokens cost, as its provider lists it; replykit knows no price by itself.

    Attributes:
        prompt: for a million tokens sent.
        completion: for a million tokens received.
        currency: of both, such as `CNY`.
    """

    prompt: Decimal = Field(ge=0, le=1_000_000_000, decimal_places=12)
    completion: Decimal = Field(ge=0, le=1_000_000_000, decimal_places=12)
    currency: str = ""


class Usage(Record):
    """What was billed.

    Attributes:
        calls: answers received, and answers lost on the way that may have been billed.
        prompt_tokens: tokens sent.
        completion_tokens: tokens received.
    """

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0

    @property
    def total_tokens(self) -> int:
        """Tokens sent and received."""
        return self.prompt_tokens + self.completion_tokens

    def cost(self, prices: Prices) -> Decimal:
        """Return what the tokens cost, exactly: to the last digit, in the currency of the prices.

        Args:
            prices: what a million tokens cost.
        """
        with localcontext(_EXACT):
            total = self.prompt_tokens * prices.prompt + self.completion_tokens * prices.completion
            return total.scaleb(-6)

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            calls=self.calls + other.calls,
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
        )


Outcome = Literal["complete", "length", "content_filter", "refusal", "blank", "unknown"]


class Completion(Record):
    """What a chat model answered, classified before anyone reads the text.

    Attributes:
        text: the answer as received.
        outcome: `complete` only where the model stopped by itself after saying something; `unknown` where the finish
            reason is missing or not one that we know.
        finish_reason: the server's own word.
        usage: what it cost.
    """

    text: str
    outcome: Outcome
    finish_reason: str | None = None
    usage: Usage = Field(default_factory=lambda: Usage(calls=1))


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
