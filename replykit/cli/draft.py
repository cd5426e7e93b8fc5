"""`replykit draft`: a customer's message in, a reply out."""

from __future__ import annotations

from typing import Annotated

import typer

from replykit.cli.kits import finish, open_kit
from replykit.cli.options import (
    BaseUrlOption,
    BudgetOption,
    ChannelOption,
    FactOption,
    GuidanceOption,
    HistoryOption,
    JsonOption,
    LanguageOption,
    LengthOption,
    MaxRepairsOption,
    ModelOption,
    OfflineOption,
    OpeningOption,
    PersonaOption,
    PlaybookOption,
    PrivacyOption,
    PrivateOption,
    PromptsOption,
    SignatureOption,
    StageOption,
    TimeoutOption,
    ToneOption,
)
from replykit.cli.texts import one_text, turns

__all__ = ["draft"]


def draft(
    text: Annotated[
        str | None, typer.Argument(metavar="TEXT", help="The customer's message; - or nothing reads standard input.")
    ] = None,
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
    model: ModelOption = None,
    base_url: BaseUrlOption = None,
    playbook: PlaybookOption = None,
    timeout: TimeoutOption = 30.0,
    max_repairs: MaxRepairsOption = 1,
    budget: BudgetOption = None,
    prompts: PromptsOption = None,
    privacy: PrivacyOption = None,
    private: PrivateOption = None,
    offline: OfflineOption = False,
    as_json: JsonOption = False,
) -> None:
    """Draft a reply to a customer; offline, a holding reply that promises nothing.

    The reply stands alone on standard output; what is known of it stands on standard error.

    Exit code: 0 the reply may be sent, 1 it needs review, 2 wrong use, 3 the chat model gave no answer.
    """
    message = one_text(text, "the customer's message")
    turns_before = turns(history or ())
    with open_kit(
        model=model,
        base_url=base_url,
        playbook=playbook,
        timeout=timeout,
        max_repairs=max_repairs,
        budget=budget,
        prompts=prompts,
        privacy=privacy,
        offline=offline,
    ) as kit:
        reply = kit.draft(
            message,
            history=turns_before,
            facts=fact or (),
            stage=stage,
            channel=channel,
            tone=tone,
            length=length,
            persona=persona,
            opening=opening,
            signature=signature,
            guidance=guidance,
            language=language,
            private=private or (),
        )
    finish(reply, as_json=as_json)
