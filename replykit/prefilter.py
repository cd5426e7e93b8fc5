"""Which of many patterns may match a text, found in one pass: most match nothing in most texts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ahocorasick_rs import AhoCorasick

from replykit.literals import rarest_literals

__all__ = ["Prefilter"]

_FLAGS = re.compile(r"\(\?[A-Za-z-]*i")


class Prefilter:
    """Tells patterns that may match from those that cannot, by the literals that every match holds.

    Args:
        groups: groups of RE2 patterns; one that ignores case, or of which no literal is known, may always match.
    """

    def __init__(self, groups: Iterable[Sequence[str]]) -> None:
        groups_of: dict[str, set[int]] = {}
        always: set[int] = set()
        for number, patterns in enumerate(groups):
            for pattern in patterns:
                literals = None if _FLAGS.search(pattern) else rarest_literals(pattern)
                if literals is None:
                    always.add(number)
                for literal in literals or ():
                    groups_of.setdefault(literal, set()).add(number)
        self._always = frozenset(always)
        self._groups = [groups - always for groups in groups_of.values()]
        self._automaton = AhoCorasick(list(groups_of)) if groups_of else None

    def may_match(self, text: str) -> frozenset[int]:
        """Return the numbers of the groups of which a pattern may match; the text holds no lone surrogate."""
        if not self._automaton:
            return self._always
        found = {literal for literal, _, _ in self._automaton.find_matches_as_indexes(text, overlapping=True)}
        return self._always.union(*(self._groups[literal] for literal in found)) if found else self._always
