"""`replykit rewrite`: an agent's draft in, a reply that keeps the rules out."""

from __future__ import annotations

from typing import Annotated

import typer

from replykit.cli.kits import finish, open_kit
from replykit.cli.options import (
    BaseUrlOption,
    BudgetOption,
    ChannelOption,
    CustomerOption,
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

__all__ = ["rewrite"]


def rewrite(
    text: Annotated[
        str | None, typer.Argument(metavar="TEXT", help="The draft; - or nothing reads standard input.")
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
    """Rewrite a draft so that it keeps every rule and says the same.

    The reply stands alone on standard output; what is known of it stands on standard error.

    Exit code: 0 the reply may be sent, 1 it needs review, 2 wrong use, 3 the chat model gave no answer.
    """
    draft = one_text(text, "the draft")
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
        reply = kit.rewrite(
            draft,
            customer=customer,
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
