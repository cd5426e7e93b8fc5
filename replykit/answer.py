"""The reply in what a chat model answers: its wrapping goes, and nothing else does."""

from __future__ import annotations

import json
import re

from replykit.wrappings import (
    BOXES,
    FENCE,
    NOTES,
    PREAMBLE,
    QUOTES,
    REASONING,
    REASONING_END,
    RULE,
    SECTION,
    SPECIAL_END,
    SPECIAL_START,
    UNOPENED_END,
)

__all__ = ["clean_answer"]

_OPENING_TAG = re.compile(rf"\s*<(?P<name>{'|'.join(BOXES)})>", re.IGNORECASE)
_LAYERS = 100  # of wrapping; whoever sends more means harm, and each costs a look at the whole
_KEYS = frozenset({"reply", "response", "answer", "text", "content", "message", "rewritten", "output", "result"})
_KEYS_ZH = frozenset({"回复", "回覆", "答复", "内容", "內容", "改写后", "改写", "正文"})


def clean_answer(text: str) -> str:
    """Take off what a model wraps round a reply; nothing else changes, and a plain reply comes back as it is.

    Off go: reasoning before it (`<think>…</think>`, also without its opening tag, as some servers send it, or under a
    heading of its own), tokens of chat templates at its ends, a code fence, a tag, a JSON object with the reply alone,
    rules, bold or quotation marks round the whole, a preamble or label that announces the reply, and notes below it for
    the colleague who asked, with the white space that parted them from the reply. Reasoning in the middle stays: what
    stands around it is nobody's whole reply, and a rule refuses the tag.

    Args:
        text: a model's answer.

    Returns:
        The reply in it, one piece of the answer; empty where there is none. Cleaning it again changes nothing, but for
        an answer of more than 100 layers.
    """
    for _ in range(_LAYERS):
        cleaned = text
        for take_off in _STEPS:
            cleaned = take_off(cleaned)
        if cleaned == text:
            break
        text = cleaned
    return text


def _without_reasoning(text: str) -> str:
    if opening := REASONING.match(text):
        end = REASONING_END.search(text, opening.end())
        return text[end.end() :].strip() if end else ""
    # Where the chat template opens the block, the server sends only its end, on a line's end.
    unopened = UNOPENED_END.search(text)
    return text[unopened.end() :].strip() if unopened and "<think>" not in text.lower() else text


def _without_special(text: str) -> str:
    if opening := SPECIAL_START.match(text):
        return text[opening.end() :].strip()
    # gpt-oss: thinking in a channel of its own before the one that is for the reader.
    at = text.find("<|channel|>final<|message|>")
    if at > 0 and text.lstrip().startswith("<|channel|>"):
        return text[at + len("<|channel|>final<|message|>") :].strip()
    ending = SPECIAL_END.search(text)
    return text[: ending.start()].strip() if ending else text


def _without_section(text: str) -> str:
    """Take off thinking under a heading, where the reply has one too."""
    if not SECTION.match(text):
        return text
    for line in re.finditer(r"\n[ \t]*(?=\S)", text):
        if preamble := PREAMBLE.match(text, line.end()):
            return text[preamble.end() :].strip()
    return text


def _without_box(text: str) -> str:
    whole = text.strip()
    opening = _OPENING_TAG.match(whole)
    if not opening:
        return text
    closing = f"</{opening['name']}>"
    inside = whole[opening.end() : -len(closing)]
    is_whole = whole.lower().endswith(closing.lower()) and closing.lower() not in inside.lower()
    return inside.strip() if is_whole and len(whole) >= opening.end() + len(closing) else text


def _without_json(text: str) -> str:
    whole = text.strip()
    if not (whole.startswith("{") and whole.endswith("}") and len(whole) < 20_000):
        return text
    try:
        held = json.loads(whole)
    except (ValueError, RecursionError):
        return text
    if not isinstance(held, dict) or len(held) != 1:
        return text
    [(key, value)] = held.items()
    # One piece of the answer: where it holds an escape, the reply is not in it as it stands.
    if key.lower() not in _KEYS | _KEYS_ZH or not isinstance(value, str) or f'"{value}"' not in whole:
        return text
    return value.strip()


def _without_rules(text: str) -> str:
    rule = RULE.search(text)
    if not rule:
        return text
    rest = text[rule.end() :] if rule.start() == 0 else text[: rule.start()]
    return rest.strip() if rest.strip() else text


def _without_bold(text: str) -> str:
    whole = text.strip()
    if len(whole) > 4 and whole.startswith("**") and whole.endswith("**"):
        inside = whole[2:-2]
        if "**" not in inside and not inside.startswith("*") and not inside.endswith("*"):
            return inside.strip()
    if whole.startswith("> ") and "\n" not in whole:
        return whole[2:].strip()
    return text


def _without_fence(text: str) -> str:
    whole = text.strip()
    opening = FENCE.match(whole)
    if not opening or not whole.endswith(opening[1]) or len(whole) < opening.end() + len(opening[1]):
        return text
    inside = whole[opening.end() : -len(opening[1])]
    # A second fence inside means that the answer begins and ends with code of its own.
    return text if opening[1] in inside or (inside and not inside.endswith("\n")) else inside.strip()


def _without_preamble(text: str) -> str:
    preamble = PREAMBLE.match(text)
    return text[preamble.end() :].strip() if preamble else text


def _without_notes(text: str) -> str:
    notes = NOTES.search(text)
    return text[: notes.start()].strip() if notes and text[: notes.start()].strip() else text


def _without_quotes(text: str) -> str:
    whole = text.strip()
    closing = QUOTES.get(whole[:1])
    if closing is None or len(whole) < 2 or whole[-1] != closing:
        return text
    inside, opening, depth = whole[1:-1], whole[0], 0
    for char in inside:
        if char == opening and opening != closing:
            depth += 1
        elif char == closing:
            depth -= 1
        if depth < 0:  # the first mark closes before the end: “A”和“B”
            return text
    return inside.strip() if depth == 0 else text


_STEPS = (
    _without_special,
    _without_reasoning,
    _without_fence,
    _without_box,
    _without_json,
    _without_section,
    _without_preamble,
    _without_notes,
    _without_rules,
    _without_bold,
    _without_quotes,
)
