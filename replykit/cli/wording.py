"""The command's own words in the language of its reader: Chinese where the environment asks for it, else English.

What is found in a reply is told in the playbook's language, which has nothing to do with this.
"""

from __future__ import annotations

import functools
import os
import tomllib
from importlib import resources
from typing import Any

from replykit.cli.display import count

__all__ = ["counted", "in_own_words", "interface", "told"]


def interface() -> str:
    """Return the language's tag: `en`, `zh` or `zh-Hant`, by LC_ALL, LC_MESSAGES and LANG, as POSIX orders them."""
    asked = next(filter(None, map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "").casefold().replace("-", "_")
    if not asked.startswith("zh"):
        return "en"
    return "zh-Hant" if any(place in asked for place in ("_tw", "_hk", "_mo", "hant")) else "zh"


@functools.cache
def _catalogue(language: str) -> dict[str, dict[str, str]]:
    if language == "en":
        return {}
    text = resources.files("replykit.cli").joinpath("words", f"{language}.toml").read_text("utf-8")
    return tomllib.loads(text)


def told(words: str, **values: object) -> str:
    """Return a message, filled in.

    Args:
        words: the message in English, with names in braces.
        values: what stands for the names.
    """
    return _catalogue(interface()).get("messages", {}).get(words, words).format(**values)


def counted(number: int, noun: str) -> str:
    """Return how many there are, in words; nothing where there are none.

    Args:
        number: how many.
        noun: of what, in English and in the singular.
    """
    word = _catalogue(interface()).get("nouns", {}).get(noun)
    return word.format(number=f"{number:,}") if word and number else count(number, noun)


def in_own_words(command: Any, name: str = "") -> None:
    """Put the help of a command and of all that is in it into the language; what has no other words keeps its English.

    Args:
        command: as typer makes it of its functions.
        name: what it is called, with the group before it; none for the whole.
    """
    catalogue = _catalogue(interface())
    if not catalogue:
        return
    command.help = catalogue["commands"].get(name, command.help)
    command.short_help = command.help.partition("\n")[0] if command.help else None
    if command.epilog:
        command.epilog = command.epilog.replace("Examples:", told("Examples:"), 1)
    for parameter in command.params:
        key = next((one for one in parameter.opts if one.startswith("--")), parameter.name)
        words = catalogue["options"]
        parameter.help = words.get(f"{name} {key}", words.get(key, parameter.help))
    for inside, its in getattr(command, "commands", {}).items():
        in_own_words(its, f"{name} {inside}".strip())
