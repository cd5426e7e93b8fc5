"""The options that several commands share, each with its setting in the environment."""

from __future__ import annotations

import os
from typing import Annotated, Literal

import typer

from replykit.records import Channel, Length, Stage

__all__ = [
    "BaseUrlOption",
    "BudgetOption",
    "ChannelOption",
    "ConcurrencyOption",
    "CustomerOption",
    "EncodingOption",
    "EngineOption",
    "FactOption",
    "GuidanceOption",
    "HistoryOption",
    "JsonOption",
    "LanguageOption",
    "LengthOption",
    "MaxRepairsOption",
    "ModelOption",
    "OfflineOption",
    "OpeningOption",
    "PersonaOption",
    "PlaybookOption",
    "PriceInOption",
    "PriceOutOption",
    "PromptsOption",
    "RpmOption",
    "SignatureOption",
    "StageOption",
    "TimeoutOption",
    "ToneOption",
    "TpmOption",
    "api_key",
    "playbooks",
]

CustomerOption = Annotated[
    str | None, typer.Option("--customer", "-c", metavar="TEXT", help="What the customer wrote.", show_default=False)
]
FactOption = Annotated[
    list[str] | None,
    typer.Option("--fact", "-f", metavar="TEXT", help="What the reply may state; repeat it for each fact."),
]
HistoryOption = Annotated[
    list[str] | None,
    typer.Option(
        "--history",
        metavar="TURN",
        help='An earlier turn, oldest first: "customer: …" or "agent: …" (客户：, 客服：); or a JSON file of turns, '
        "each with role and content.",
    ),
]
StageOption = Annotated[Stage | None, typer.Option("--stage", help="Where a complaint stands.")]
ChannelOption = Annotated[Channel, typer.Option("--channel", help="Where the reply is read.")]
ToneOption = Annotated[
    str | None, typer.Option("--tone", metavar="TEXT", help="How it should sound, in your own words.")
]
LengthOption = Annotated[
    Length | None, typer.Option("--length", help="How long it may be; longer is a warning.", show_default=False)
]
PersonaOption = Annotated[
    str | None,
    typer.Option("--persona", metavar="TEXT", envvar="REPLYKIT_PERSONA", help="Who speaks: a name and a company."),
]
OpeningOption = Annotated[
    str | None,
    typer.Option(
        "--opening", metavar="TEXT", envvar="REPLYKIT_OPENING", help="What the reply begins with, exactly once."
    ),
]
SignatureOption = Annotated[
    str | None,
    typer.Option(
        "--signature", metavar="TEXT", envvar="REPLYKIT_SIGNATURE", help="The reply's last line, exactly once."
    ),
]
GuidanceOption = Annotated[
    str | None,
    typer.Option("--guidance", metavar="TEXT", help="What the model is told besides; it switches no rule off."),
]
LanguageOption = Annotated[
    str | None,
    typer.Option(
        "--language",
        metavar="TAG|auto",
        envvar="REPLYKIT_LANGUAGE",
        help="What it is written in: zh-Hans, zh-Hant, en …; auto: as the customer, else the draft, by the playbook "
        "for that language. If not given, as the customer, else the draft, by the playbook that is set.",
    ),
]
PlaybookOption = Annotated[
    list[str] | None,
    typer.Option(
        "--playbook",
        metavar="NAME|PATH",
        help="The rules: a built-in playbook, a TOML file or a folder of them; repeat it for several, each for its own "
        "languages. If not given, REPLYKIT_PLAYBOOK (several are parted as in PATH), else zh.",
        show_default=False,
    ),
]
ModelOption = Annotated[
    str | None,
    typer.Option("--model", metavar="NAME", envvar="REPLYKIT_MODEL", help="The chat model; without one, offline."),
]
BaseUrlOption = Annotated[
    str | None,
    typer.Option(
        "--base-url",
        metavar="URL",
        envvar=["REPLYKIT_BASE_URL", "OPENAI_BASE_URL"],
        help="The model's server, with its version path.",
    ),
]
BudgetOption = Annotated[
    int | None,
    typer.Option(
        "--budget",
        metavar="TOKENS",
        envvar="REPLYKIT_BUDGET",
        help="Most tokens to spend in all; a call that would pass it is not made.",
        show_default=False,
    ),
]
TimeoutOption = Annotated[
    float,
    typer.Option(
        "--timeout", metavar="SECONDS", envvar="REPLYKIT_TIMEOUT", help="For one answer of the model, with its retries."
    ),
]
MaxRepairsOption = Annotated[
    int,
    typer.Option(
        "--max-repairs",
        metavar="N",
        envvar="REPLYKIT_MAX_REPAIRS",
        help="How often an answer that breaks a rule is asked for again.",
    ),
]
PromptsOption = Annotated[
    str | None,
    typer.Option("--prompts", metavar="FOLDER", envvar="REPLYKIT_PROMPTS", help="Prompt templates of your own."),
]
PrivacyOption = Annotated[
    str | None,
    typer.Option(
        "--privacy",
        metavar="mask",
        envvar="REPLYKIT_PRIVACY",
        help="mask: send tokens in place of phone numbers, mailboxes, cards and plates.",
    ),
]
PrivateOption = Annotated[
    list[str] | None,
    typer.Option("--private", metavar="TEXT", help="A name or address that --privacy keeps back too; once for each."),
]
OfflineOption = Annotated[bool, typer.Option("--offline", help="Ask no chat model; use the phrasebook.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
ConcurrencyOption = Annotated[
    int, typer.Option("--concurrency", metavar="N", envvar="REPLYKIT_CONCURRENCY", min=1, help="Calls at once.")
]
RpmOption = Annotated[int | None, typer.Option("--rpm", metavar="N", min=1, help="Calls a minute, at most.")]
TpmOption = Annotated[int | None, typer.Option("--tpm", metavar="N", min=1, help="Tokens a minute, at most.")]
PriceInOption = Annotated[
    str | None,
    typer.Option("--price-in", metavar="PRICE", help="Of a million tokens sent, such as 2, ¥2 or '0.27 USD'."),
]
PriceOutOption = Annotated[
    str | None, typer.Option("--price-out", metavar="PRICE", help="Of a million tokens received.")
]
EncodingOption = Annotated[
    str | None,
    typer.Option("--encoding", metavar="NAME", help="Of files and standard input; if not given, UTF-8 or GB18030."),
]


def playbooks(named: list[str] | None) -> list[str]:
    """Return the names and paths of the playbooks: those of the options, else the setting's, else the built-in one."""
    setting = os.environ.get("REPLYKIT_PLAYBOOK", "")
    if named or not setting:
        return named or ["zh"]
    return [setting] if os.path.exists(setting) else [name for name in setting.split(os.pathsep) if name]


EngineOption = Annotated[
    Literal["local", "ray"],
    typer.Option("--engine", help="ray works on columns of files, on all cores that Ray has, here or on a cluster."),
]


def api_key() -> tuple[str, str] | None:
    """Return the key and the variable that holds it; no option takes a key, as everybody on a machine sees those."""
    for name in ("REPLYKIT_API_KEY", "OPENAI_API_KEY"):
        if os.environ.get(name):
            return os.environ[name], name
    return None
