"""`replykit doctor`: what is installed, what is set, what is missing."""

from __future__ import annotations

import functools
import platform
import re
import sys
from collections.abc import Callable
from importlib import metadata
from typing import Literal

import typer

import replykit
from replykit.cli.display import show_line
from replykit.cli.options import BaseUrlOption, ModelOption, PlaybookOption, TimeoutOption, api_key, playbooks
from replykit.cli.wording import told
from replykit.errors import ReplykitError
from replykit.lint import prove

__all__ = ["doctor"]

Verdict = Literal["ok", "unset", "wrong"]

_STYLES = {"ok": "good", "unset": "quiet", "wrong": "error"}
_PACKAGES = ("openai", "pydantic", "jinja2", "tenacity", "ahocorasick-rs", "google-re2", "typer", "rich")
_REQUIRED = re.compile(r"([\w.-]+)(?:\[([\w.,-]+)\])?")
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
    _line("extras", _extras)
    _line("terminal", _terminal)
    raise typer.Exit(0 if usable else 1)


def _line(subject: str, look: Callable[[], tuple[Verdict, str]]) -> bool:
    """Print what a look at a subject finds, and return whether it is usable."""
    try:
        verdict, words = look()
    except ReplykitError as error:
        verdict, words = "wrong", str(error)
    show_line((_STYLES[verdict], _padded(told(verdict), 7)), ("strong", _padded(told(subject), 10)), ("plain", words))
    return verdict != "wrong"


def _padded(words: str, columns: int) -> str:
    from rich.cells import cell_len  # as wide as a terminal shows it

    return words + " " * (columns - cell_len(words))


def _installed() -> tuple[Verdict, str]:
    versions: list[str] = []
    missing: list[str] = []
    for package in _PACKAGES:
        try:
            versions.append(f"{package} {metadata.version(package)}")
        except metadata.PackageNotFoundError:
            missing.append(package)
    if missing:
        return "wrong", told("not installed: {packages}; install replykit again", packages=", ".join(missing))
    return "ok", f"{replykit.__version__}, Python {platform.python_version()}, {', '.join(versions)}"


def _proved(playbook: str) -> tuple[Verdict, str]:
    rules = replykit.load_playbook(playbook)
    flaws = list(prove(rules))
    if flaws:
        wrong = "{playbook}: {flaws} examples or wordings fail (see replykit playbook test {playbook})"
        return "wrong", told(wrong, playbook=playbook, flaws=len(flaws))
    right = "{playbook}: {principles} principles, {rules} rules, every example holds"
    return "ok", told(right, playbook=playbook, principles=len(rules.principles), rules=len(rules.rules))


def _rewritten(playbook: list[str]) -> tuple[Verdict, str]:
    with replykit.ReplyKit(playbook=playbook) as kit:
        reply = kit.rewrite(_DRAFT, customer=_CUSTOMER)
    if reply.status == "needs_review":
        return "wrong", told("a sample draft could not be repaired: {reason}", reason=reply.reason)
    return "ok", told("a sample draft is repaired without a model")


def _model(model: str | None, base_url: str | None, timeout: float) -> tuple[Verdict, str]:
    if not model:
        return "unset", told("none (--model or REPLYKIT_MODEL), so replies come from the phrasebook")
    from replykit.chat import OpenAIChat

    key = api_key()
    chat = OpenAIChat(model, base_url=base_url, api_key=key and key[0], timeout=timeout)
    chat.close()
    return "ok", told("{chat}, not called; {seconds} seconds for an answer", chat=repr(chat), seconds=f"{timeout:g}")


def _key() -> tuple[Verdict, str]:
    key = api_key()
    if key:
        return "ok", told("{name} is set", name=key[1])
    return "unset", told("neither REPLYKIT_API_KEY nor OPENAI_API_KEY is set")


def _extras() -> tuple[Verdict, str]:
    extras = metadata.metadata("replykit").get_all("Provides-Extra", [])
    missing = [extra for extra in extras if _lacks("replykit", extra)]
    if not missing:
        return "ok", told("all are installed: {extras}", extras=", ".join(extras))
    words = "not installed: {extras}; pip install 'replykit[{first}]'"
    return "unset", told(words, extras=", ".join(missing), first=missing[-1])


def _lacks(package: str, extra: str) -> bool:
    """Whether a package that an extra asks for is missing; its own conditions, such as the platform, are not judged."""
    try:
        asked = metadata.requires(package) or ()
    except metadata.PackageNotFoundError:
        return True
    for line in asked:
        found = _REQUIRED.match(line)
        if found and re.search(rf"extra == ['\"]{re.escape(extra)}['\"]", line):
            name, its = found.groups()
            try:
                metadata.version(name)
            except metadata.PackageNotFoundError:
                return True
            if its and any(_lacks(name, one) for one in its.split(",")):
                return True
    return False


def _terminal() -> tuple[Verdict, str]:
    kind = told("a terminal" if sys.stdout.isatty() else "no terminal")
    words = "{kind}; output is UTF-8, the locale says {encoding}"
    return "ok", told(words, kind=kind, encoding=sys.getfilesystemencoding())
