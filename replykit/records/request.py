"""What is asked for."""

# No postponed annotations: pydantic would compile each of them anew, a fifth of the time of an import.

from typing import Literal

from replykit.records.conversation import Turn
from replykit.records.record import Record
from replykit.records.terms import Channel, Language, Length, Stage

__all__ = ["Request"]


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
