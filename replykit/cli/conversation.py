"""A whole conversation from a file: JSON, or lines such as 客户：… and 客服：…."""

from __future__ import annotations

import re
from datetime import datetime

from replykit.cli.files import shortened
from replykit.cli.texts import AGENTS, CUSTOMERS, document, turns_of_json
from replykit.errors import UsageError
from replykit.records import Turn

__all__ = ["conversation", "turns_of_lines"]

# 客户：…, 客服001：…, 客服小李: …, 客户(10:00:03)：…, [2026-11-08 10:00] 客服（小李）：…
_LINE = re.compile(
    r"\s*(?:[\[(（【]?(?P<time>\d{4}-\d\d?-\d\d?[ T]\d\d?:\d\d(?::\d\d)?|\d\d?:\d\d(?::\d\d)?)[\])）】]?\s*)?"
    rf"(?P<who>{'|'.join(CUSTOMERS + AGENTS)})(?P<name>[ #]?[A-Za-z0-9_-]{{1,16}}|小[\u4e00-\u9fff])?"
    r"\s?(?:[(（](?P<inside>[^)）\n]{1,40})[)）])?\s*[:：]\s*(?P<text>.*)",
    re.IGNORECASE | re.DOTALL,
)


def conversation(argument: str | None, encoding: str | None = None) -> tuple[Turn, ...]:
    """Return the turns of a conversation.

    Args:
        argument: a file, or `-` for standard input: JSON with a list of turns, or one turn a line.
        encoding: its encoding; None: UTF-8, else GB18030.

    Raises:
        UsageError: there is none, or it is neither.
    """
    text, name = document(argument, "the conversation", encoding)
    if text.lstrip()[:1] in ("[", "{") and not _LINE.match(text.lstrip().partition("\n")[0]):
        turns = turns_of_json(text, name)
    else:
        turns = turns_of_lines(text, name)
    if not turns:
        raise UsageError(f"{name} holds no turns; give the conversation")
    return turns


def turns_of_lines(text: str, name: str) -> tuple[Turn, ...]:
    """Return the turns that lines stand for; a line that names nobody goes on with the turn before it.

    A line may begin with a time, and the name or the time of who speaks may stand in brackets; a time without a day
    says nothing and is left out.

    Args:
        text: the lines.
        name: where they come from.

    Raises:
        UsageError: the first line names nobody.
    """
    turns: list[Turn] = []
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        match = _LINE.fullmatch(line)
        if match:
            inside = (match["inside"] or "").strip()
            inside_time = _time(inside)
            is_clock = re.fullmatch(r"\d\d?:\d\d(?::\d\d)?", inside) is not None
            called = (match["name"] or "").strip(" #") or ("" if inside_time or is_clock else inside)
            role = "customer" if match["who"].lower() in CUSTOMERS else "agent"
            time = _time(match["time"] or "") or inside_time
            turns.append(
                Turn.model_validate({"role": role, "text": match["text"], "name": called or None, "time": time})
            )
        elif turns:
            turns[-1] = turns[-1].model_copy(update={"text": f"{turns[-1].text}\n{line}"})
        elif line.strip():
            shown = shortened(line.strip())
            raise UsageError(
                f"{name}, line {number}: {shown!r} names nobody; begin it with 客户： or 客服：, or give JSON"
            )
    return tuple(turn.model_copy(update={"text": turn.text.rstrip()}) for turn in turns)


def _time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if "-" in text else None
    except ValueError:
        return None
