"""The texts that arguments and standard input hold: one text, and the turns of a conversation."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from replykit.cli.decoding import tell_guess
from replykit.cli.files import is_file, looks_like_a_file, shortened
from replykit.errors import UsageError
from replykit.intake import text_of, turns_of
from replykit.records import Turn
from replykit.sheets.encodings import decode

__all__ = ["AGENTS", "CUSTOMERS", "document", "one_text", "turns", "turns_of_json"]

_MOST_BYTES = 64 * 1024 * 1024  # of one file; a reply is a few hundred
CUSTOMERS = ("customer", "user", "客户", "客戶", "顾客", "顧客")
AGENTS = ("agent", "assistant", "客服")
_TURN = re.compile(rf"\s*({'|'.join(CUSTOMERS + AGENTS)})\s*[:：]\s*(.*)", re.IGNORECASE | re.DOTALL)


def one_text(argument: str | None, what: str, encoding: str | None = None) -> str:
    """Return the text that a command works on.

    Args:
        argument: the text; `-`, or None where standard input is no terminal, reads standard input.
        what: what the user calls it.
        encoding: of standard input; None: UTF-8, else GB18030.

    Raises:
        UsageError: there is none, or it is blank.
    """
    if argument is not None and argument != "-":
        return text_of(argument, what)
    if sys.stdin is None or (argument is None and sys.stdin.isatty()):
        raise UsageError(f"{what} is missing; give it in quotes, or on standard input")
    data = _limited(sys.stdin.buffer.read(_MOST_BYTES + 1), "standard input")
    return text_of(_decoded(data, "standard input", encoding).rstrip("\r\n"), what)


def turns(values: Sequence[str]) -> tuple[Turn, ...]:
    """Return the turns of a conversation.

    Args:
        values: `customer: …`, `agent: …`, or the path of a JSON file with a list of turns.

    Raises:
        UsageError: a value is none of these, or a file does not hold turns.
    """
    found: list[Turn] = []
    for value in values:
        turn = _TURN.fullmatch(value)
        if turn:
            found.append(Turn(role="customer" if turn[1].lower() in CUSTOMERS else "agent", text=turn[2]))
        elif is_file(value):
            found += turns_of_json(_decoded(_bytes(Path(value)), value, None), value)
        elif looks_like_a_file(value):
            raise UsageError(f"there is no file {value!r}")
        else:
            raise UsageError(f'--history takes "customer: …", "agent: …" or a JSON file, not {shortened(value)!r}')
    return tuple(found)


def document(argument: str | None, what: str, encoding: str | None = None) -> tuple[str, str]:
    """Return the text of a file or of standard input, and its name.

    Args:
        argument: the file; `-`, or None where standard input is no terminal, reads standard input.
        what: what the user calls it.
        encoding: its encoding; None: UTF-8, else GB18030.

    Raises:
        UsageError: there is none, it is blank, or it cannot be read.
    """
    if argument is None or argument == "-":
        return one_text(argument, what, encoding), "standard input"
    if not is_file(argument):
        raise UsageError(f"there is no file {shortened(argument)!r}")
    return text_of(_decoded(_bytes(Path(argument)), argument, encoding), argument), argument


def turns_of_json(text: str, name: str) -> tuple[Turn, ...]:
    """Return the turns that a JSON text lists.

    Args:
        text: a list of turns, or an object with such a list under `messages`.
        name: where it comes from.

    Raises:
        UsageError: it is no JSON, or none that lists turns.
    """
    try:
        entries = json.loads(text)
    except ValueError as error:
        raise UsageError(f"{name} is not valid JSON: {error}") from None
    except RecursionError:
        raise UsageError(f"{name} is JSON nested too deep") from None
    if isinstance(entries, dict):
        entries = entries.get("messages")
    if not isinstance(entries, list):
        raise UsageError(f'{name} must hold a list of turns: [{{"role": "customer", "content": "…"}}]')
    try:
        return turns_of(entries)
    except UsageError as error:
        raise UsageError(f"{name}: {error}") from None


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return _limited(file.read(_MOST_BYTES + 1), str(path))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None


def _limited(data: bytes, name: str) -> bytes:
    if len(data) > _MOST_BYTES:
        raise UsageError(f"{name} is larger than {_MOST_BYTES // 1024 // 1024} MiB; split it")
    return data


def _decoded(data: bytes, name: str, encoding: str | None) -> str:
    text, read_as = decode(data, name, encoding)
    tell_guess(name, read_as)
    return text
