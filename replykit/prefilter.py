"""Which of many patterns may match a text, found in one pass: most match nothing in most texts."""

from __future__ import annotations

import functools
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence

from ahocorasick_rs import AhoCorasick, Implementation

from replykit.literals import rarest_literals

__all__ = ["Prefilter", "share"]

_FLAGS = re.compile(r"\(\?[A-Za-z-]*i")
_SURROGATE = re.compile("[\ud800-\udfff]")
_ALSO = {"k": "\u212a", "s": "\u017f"}  # what else RE2 takes for these two where case is ignored
_NOTHING: frozenset[int] = frozenset()
_COMMON = frozenset(" ,.!?:，。！？、：；")
_SHORT = 10_000  # code points

_Hits = list[tuple[int, int, int]]


class _Automaton:
    """Finds literals, each called by its number in the list; what stands in a brief text is remembered for a while."""

    def __init__(self, literals: Sequence[str]) -> None:
        # Twice as fast as what is chosen by itself, for a megabyte.
        self._automaton = AhoCorasick(literals, implementation=Implementation.DFA)
        self._known = functools.lru_cache(maxsize=32)(self._scan)

    def find(self, text: str) -> _Hits:
        """Return every literal in a text, in the order of their ends."""
        return self._known(text) if len(text) <= _SHORT else self._scan(text)

    def _scan(self, text: str) -> _Hits:
        try:
            return self._automaton.find_matches_as_indexes(text, overlapping=True)
        except UnicodeEncodeError:
            return self._automaton.find_matches_as_indexes(_SURROGATE.sub("\ufffd", text), overlapping=True)


class Prefilter:
    """Tells patterns that may match from those that cannot, by the literals that every match holds.

    Args:
        groups: groups of RE2 patterns; one of which no literal is known may always match.
    """

    def __init__(self, groups: Iterable[Sequence[str]]) -> None:
        groups_of: dict[str, set[int]] = {}
        always: set[int] = set()
        self._ignores_case = False
        for number, patterns in enumerate(groups):
            for pattern in patterns:
                literals = rarest_literals(pattern)
                self._ignores_case = self._ignores_case or _FLAGS.search(pattern) is not None
                if literals is None:
                    always.add(number)
                for literal in literals or ():
                    groups_of.setdefault(literal, set()).add(number)
        self._sign = None if always else self._sign_of(groups_of)
        if self._ignores_case:
            caseless: dict[str, set[int]] = {}
            for literal, numbers in groups_of.items():
                caseless.setdefault(literal.casefold(), set()).update(numbers)
            groups_of = caseless
        self._always = frozenset(always)
        self._literals = list(groups_of)
        self._groups = [groups - always for groups in groups_of.values()]
        self._shared: tuple[_Automaton, dict[int, int]] | None = None

    def _sign_of(self, literals: Iterable[str]) -> re.Pattern[str] | None:
        """Return one class of characters of which every literal holds one, where it is not one that most texts hold.

        To look for a class costs a third of looking for the literals.
        """
        chars = {min(literal, key=lambda char: (char.isalnum(), char)) for literal in literals}
        if any(char in _COMMON or "\u3400" <= char <= "\u9fff" for char in chars):
            return None
        if self._ignores_case:
            lower = {char.lower() for char in chars}
            chars |= {other for char in lower for other in (char, char.upper(), _ALSO.get(char, char))}
        return re.compile(f"[{re.escape(''.join(sorted(chars)))}]") if chars else None

    def may_match(self, text: str) -> frozenset[int]:
        """Return the numbers of the groups of which a pattern may match."""
        if not self._literals:
            return self._always
        if self._sign and not self._sign.search(text):
            return _NOTHING
        found = {literal for literal, _, _ in self._scan(text.casefold() if self._ignores_case else text)}
        return self._always.union(*(self._groups[literal] for literal in found)) if found else self._always

    def may_match_in(self, text: str, spans: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
        """Yield the numbers of a span and of a group, in order, where a pattern of the group may match inside the span.

        Args:
            text: the text.
            spans: parts of it, in order, none overlapping another.
        """
        starts = [start for start, _ in spans]
        found: set[tuple[int, int]] = {(span, group) for group in self._always for span in range(len(spans))}
        if self._ignores_case:
            found |= {(n, group) for n, (a, b) in enumerate(spans) for group in self.may_match(text[a:b])}
        else:
            for literal, start, end in self._scan(text):
                span = bisect_right(starts, start) - 1
                if span >= 0 and end <= spans[span][1]:
                    found.update((span, group) for group in self._groups[literal])
        yield from sorted(found)

    def hits(self, text: str) -> list[tuple[int, int, set[int]]] | None:
        """Return where in a text the literals stand, in the order of their ends, each with the groups that it is of.

        None where that does not say all: a pattern without a literal may match anywhere.
        """
        if self._always or self._ignores_case:
            return None
        return [(start, end, self._groups[literal]) for literal, start, end in self._scan(text)]

    @functools.cached_property
    def _automaton(self) -> _Automaton:
        return _Automaton(self._literals)

    def _scan(self, text: str) -> _Hits:
        if not self._literals:
            return []
        if self._shared:
            automaton, own = self._shared
            return [(own[number], start, end) for number, start, end in automaton.find(text) if number in own]
        return self._automaton.find(text)


def share(prefilters: Iterable[Prefilter]) -> None:
    """Let some prefilters read a text in one pass, that of the first of them which is asked for it.

    Args:
        prefilters: none that anybody has used; one that ignores case reads for itself all the same.
    """
    alike = [prefilter for prefilter in prefilters if not prefilter._ignores_case and prefilter._literals]
    if not alike:
        return
    literals = dict.fromkeys(literal for prefilter in alike for literal in prefilter._literals)
    numbers = {literal: number for number, literal in enumerate(literals)}
    automaton = _Automaton(list(literals))
    for prefilter in alike:
        prefilter._shared = automaton, {numbers[literal]: own for own, literal in enumerate(prefilter._literals)}
