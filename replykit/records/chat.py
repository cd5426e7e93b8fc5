"""What goes to a chat model, and what comes back."""

# No postponed annotations: pydantic would compile each of them anew, a fifth of the time of an import.

from typing import Literal

from pydantic import Field

from replykit.records.record import Record
from replykit.records.terms import Outcome
from replykit.records.usage import Usage

__all__ = ["ChatMessage", "ChatRequest", "Completion", "JsonForm"]


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
