"""`replykit prompt`: the exact messages that a chat model would get."""

from __future__ import annotations

import contextlib
import json
from typing import Annotated, Literal

import typer

from replykit.cli.conversation import conversation
from replykit.cli.display import say
from replykit.cli.options import (
    ChannelOption,
    CustomerOption,
    FactOption,
    GuidanceOption,
    HistoryOption,
    JsonOption,
    LanguageOption,
    LengthOption,
    OpeningOption,
    PersonaOption,
    PlaybookOption,
    PromptsOption,
    SignatureOption,
    StageOption,
    ToneOption,
    playbooks,
)
from replykit.cli.texts import one_text, turns
from replykit.errors import ChatError, UsageError
from replykit.kit import ReplyKit
from replykit.records import ChatMessage, ChatRequest, Completion

__all__ = ["prompt"]

Task = Literal["rewrite", "draft", "record"]


class _Listener:
    """A chat that hears the first request and answers nothing, so that what is shown is what would be sent."""

    def __init__(self) -> None:
        self.heard: tuple[ChatMessage, ...] = ()

    def complete(self, request: ChatRequest) -> Completion:
        """Keep the messages."""
        self.heard = request.messages
        raise ChatError("nobody is asked")


def prompt(
    task: Annotated[Task, typer.Argument(metavar="rewrite|draft|record", help="What the model would be asked for.")],
    text: Annotated[
        str | None,
        typer.Argument(
            metavar="TEXT",
            help="The draft, the customer's message, or the file of a conversation; - or nothing reads standard input.",
        ),
    ] = None,
    customer: CustomerOption = None,
    fact: FactOption = None,
    history: HistoryOption = None,
    stage: StageOption = None,
    channel: ChannelOption = "chat",
    tone: ToneOption = None,
    length: LengthOption = None,
    persona: PersonaOption = None,
    opening: OpeningOption = None,
    signature: SignatureOption = None,
    guidance: GuidanceOption = None,
    language: LanguageOption = None,
    playbook: PlaybookOption = None,
    prompts: PromptsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print the exact messages that a chat model would get for a reply or a record, and ask nobody.

    Exit code: 0 printed, 2 wrong use.
    """
    if task == "draft" and customer is not None:
        raise UsageError("prompt draft takes the customer's message as its text, not with --customer")
    given = "" if task == "record" else one_text(text, "the draft" if task == "rewrite" else "the customer's message")
    turns_before, facts = turns(history or ()), fact or ()
    listener = _Listener()
    kit = ReplyKit(chat=listener, playbook=playbooks(playbook), language=language, prompts=prompts)
    with contextlib.suppress(ChatError):
        if task == "record":
            kit.record(conversation(text))
        elif task == "rewrite":
            kit.rewrite(
                given,
                customer=customer,
                history=turns_before,
                facts=facts,
                stage=stage,
                channel=channel,
                tone=tone,
                length=length,
                persona=persona,
                opening=opening,
                signature=signature,
                guidance=guidance,
            )
        else:
            kit.draft(
                given,
                history=turns_before,
                facts=facts,
                stage=stage,
                channel=channel,
                tone=tone,
                length=length,
                persona=persona,
                opening=opening,
                signature=signature,
                guidance=guidance,
            )
    if as_json:
        print(json.dumps([message.model_dump() for message in listener.heard], ensure_ascii=False, indent=2))
        return
    for message in listener.heard:
        say(f"--- {message.role} ---\n{message.content}\n")
