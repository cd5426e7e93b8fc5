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
    for candidate in (answer, _TRAILING.sub(r"\1", answer)):
        if (found := _longest(candidate)) is not None:
            return found
    return None


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
            at += 1
            continue
        if end - at > longest:
            found, longest = value, end - at
        at = end
    return found
