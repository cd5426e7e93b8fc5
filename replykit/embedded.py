"""The JSON object that stands in a model's answer, whatever the model wrote around it."""

from __future__ import annotations

import json
import re
from typing import Any

from replykit.answer import clean_answer

__all__ = ["object_in"]

_LONGEST = 1_000_000  # code points; nothing that a record needs is longer
_MOST_TRIES = 32  # braces from which an object is read; an answer that hides it behind more holds none worth having
_TRAILING = re.compile(r'("(?:[^"\\]++|\\.)*+")|,(?=\s*+[}\]])', re.DOTALL)
_BRACES = re.compile(r'"(?:[^"\\]++|\\.)*+"|[{}]', re.DOTALL)
_decoder = json.JSONDecoder(strict=False)  # models put line ends into strings


def object_in(text: str) -> dict[str, Any] | None:
    """Return the JSON object in an answer: the longest, where prose holds several.

    Read are the bare object, one in a code fence or after reasoning, one with prose around it, and one with a comma
    before a closing bracket. A list, a number or half an object is none.

    Args:
        text: a model's answer.

    Returns:
        The object; None where there is none, and where the answer has more than 1,000,000 code points.
    """
    if len(text) > _LONGEST:
        return None
    answer = clean_answer(text)
    found = _longest(answer)
    return _longest(_TRAILING.sub(r"\1", answer)) if found is None else found


def _longest(text: str) -> dict[str, Any] | None:
    found: dict[str, Any] | None = None
    longest = at = 0
    for _ in range(_MOST_TRIES):
        at = text.find("{", at)
        if at < 0:
            break
        try:
            value, end = _decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            end = _closing(text, at)  # what stands inside half an object is no answer either
            value = None
        if value is not None and end - at > longest:
            found, longest = value, end - at
        at = end
    return found


def _closing(text: str, start: int) -> int:
    """Return where the brace at `start` is closed, outside of strings; the text's end where it never is."""
    depth = 0
    for token in _BRACES.finditer(text, start):
        depth += {"{": 1, "}": -1}.get(token[0], 0)
        if not depth:
            return token.end()
    return len(text)
