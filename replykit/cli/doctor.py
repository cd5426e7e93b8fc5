"""`replykit doctor`: what is installed, what is set, what is missing."""

from __future__ import annotations

import functools
import platform
import sys
from collections.abc import Callable
from importlib import metadata
from typing import Literal

import typer

import replykit
from replykit.cli.display import show_line
from replykit.cli.options import BaseUrlOption, ModelOption, PlaybookOption, TimeoutOption, api_key, playbooks
from replykit.errors import ReplykitError
from replykit.lint import prove

__all__ = ["doctor"]

Verdict = Literal["ok", "unset", "wrong"]

_STYLES = {"ok": "good", "unset": "quiet", "wrong": "error"}
_PACKAGES = ("openai", "pydantic", "jinja2", "tenacity", "ahocorasick-rs", "google-re2", "typer", "rich")
_DRAFT, _CUSTOMER = "呵呵，这个没办法的。", "我买的耳机怎么发错颜色了？"


def doctor(
    model: ModelOption = None,
    base_url: BaseUrlOption = None,
    playbook: PlaybookOption = None,
    timeout: TimeoutOption = 30.0,
) -> None:
    """Show what is installed, what is set and what is missing. Calls no server and prints no secret.

    Exit code: 0 rewriting works offline, 1 it does not.
    """
    _line("replykit", _installed)
    named = playbooks(playbook)
    for name in named:
        _line("playbook", functools.partial(_proved, name))
    usable = _line("offline", lambda: _rewritten(named))
    _line("model", lambda: _model(model, base_url, timeout))
    _line("key", _key)
    _line("terminal", _terminal)
    raise typer.Exit(0 if usable else 1)


def _line(subject: str, look: Callable[[], tuple[Verdict, str]]) -> bool:
    """Print what a look at a subject finds, and return whether it is usable."""
    try:
        verdict, words = look()
    except ReplykitError as error:
        verdict, words = "wrong", str(error)
    show_line((_STYLES[verdict], f"{verdict:<7}"), ("strong", f"{subject:<10}"), ("plain", words))
    return verdict != "wrong"


def _installed() -> tuple[Verdict, str]:
    versions: list[str] = []
    missing: list[str] = []
    for package in _PACKAGES:
        try:
            versions.append(f"{package} {metadata.version(package)}")
        except metadata.PackageNotFoundError:
            missing.append(package)
    if missing:
        return "wrong", f"not installed: {', '.join(missing)}; install replykit again"
    return "ok", f"{replykit.__version__}, Python {platform.python_version()}, {', '.join(versions)}"


def _proved(playbook: str) -> tuple[Verdict, str]:
    rules = replykit.load_playbook(playbook)
    flaws = list(prove(rules))
    if flaws:
        return "wrong", f"{playbook}: {len(flaws)} examples or wordings fail (see replykit playbook test {playbook})"
    return "ok", f"{playbook}: {len(rules.principles)} principles, {len(rules.rules)} rules, every example holds"


def _rewritten(playbook: list[str]) -> tuple[Verdict, str]:
    with replykit.ReplyKit(playbook=playbook) as kit:
        reply = kit.rewrite(_DRAFT, customer=_CUSTOMER)
    if reply.status == "needs_review":
        return "wrong", f"a sample draft could not be repaired: {reply.reason}"
    return "ok", "a sample draft is repaired without a model"


def _model(model: str | None, base_url: str | None, timeout: float) -> tuple[Verdict, str]:
    if not model:
        return "unset", "none (--model or REPLYKIT_MODEL), so replies come from the phrasebook"
    from replykit.chat import OpenAIChat

    key = api_key()
    chat = OpenAIChat(model, base_url=base_url, api_key=key and key[0], timeout=timeout)
    chat.close()
    return "ok", f"{chat!r}, not called; {timeout:g} seconds for an answer"


def _key() -> tuple[Verdict, str]:
    key = api_key()
    return ("ok", f"{key[1]} is set") if key else ("unset", "neither REPLYKIT_API_KEY nor OPENAI_API_KEY is set")


def _terminal() -> tuple[Verdict, str]:
    kind = "a terminal" if sys.stdout.isatty() else "no terminal"
    return "ok", f"{kind}; output is UTF-8, the locale says {sys.getfilesystemencoding()}"
