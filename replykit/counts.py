"""The numbers of a draft that its rewrite lacks: facts, and what is only counted."""

from __future__ import annotations

import re

from replykit.facts.grounding import find_facts, ungrounded
from replykit.facts.numerals import NUMBER, fold_numerals, parse_numeral

__all__ = ["lost_numbers"]

_COMPARED_ELSEWHERE = frozenset(["phone", "url", "email"])  # placeholders: letter by letter
# 第2步, 1、, A1001 and 两次 count nothing; links and placeholders are compared elsewhere.
_COUNT = re.compile(
    r"(?<![0-9a-z.,:/_{\[#$@&?=%+*第-])(?P<number>[0-9]{1,9}(?:\.[0-9]{1,4})?)"
    r"(?:kg|g|cm|mm|m|ml|l|km|[gmt]b|w|v|mah)?(?![0-9a-z:/_}\].、)*-])"
    r"|(?<![零一二两三四五六七八九十百千万几第])"
    r"(?P<han>[三四五六七八九十]|[二两三四五六七八九十百]{2,4})(?=[人次位岁米倍层])"
)


def lost_numbers(draft: str, reply: str) -> list[tuple[int, int, str]]:
    """Return the facts and counts of a draft that its rewrite lacks: start and end in the draft, and their kind.

    Args:
        draft: what was rewritten.
        reply: what it became.
    """
    lost = [(f.start, f.end, f.kind) for f in ungrounded(draft, (reply,)) if f.kind not in _COMPARED_ELSEWHERE]
    return lost + _lost_counts(draft, reply)


def _lost_counts(draft: str, reply: str) -> list[tuple[int, int, str]]:
    """Return the counts of the draft (5次, 1.2米, 三人) that are no facts and whose numbers the reply lacks."""
    folded = fold_numerals(draft)
    if not _COUNT.search(folded):
        return []
    read = {position for fact in find_facts(draft) for position in range(fact.start, fact.end)}
    counts = []
    for match in _COUNT.finditer(folded):
        value = parse_numeral(match["number"] or match["han"])
        if value is not None and value != 1 and match.start() not in read:
            counts.append((value, match.start(), match.end()))
    if not counts:
        return []
    there = {parse_numeral(match[0]) for match in re.finditer(NUMBER, fold_numerals(reply))}
    return [(start, end, "count") for value, start, end in counts if value not in there]
