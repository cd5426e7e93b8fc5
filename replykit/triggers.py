"""Which rules a text may break, and what may stand in it disguised: found by the literals that every match holds."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from typing import Any

from ahocorasick_rs import AhoCorasick

from replykit.snapshot import SEPARATOR, Literals

__all__ = ["Hits", "Triggers"]

Hits = list[tuple[int, int, int]]
"""Number of a literal, first code point, one past the last; in the order of the last ones."""

_SHORT = 2_000  # code points
_FEW = 16  # short texts that are cheaper to look at one literal at a time than to make an automaton for


class Triggers:
    """The literals of some rules, and what each of them triggers.

    Attributes:
        literals: the literals, folded; those that hold marks first.
        lengths: the length of each; 0 for one that is not looked for disguised.
        triggered: by the number of a literal, the rules that it triggers and which of the sources of each.
        always: the rules that no literal triggers.
    """

    def __init__(
        self,
        literals: Sequence[str],
        marked: int,
        lengths: Sequence[int],
        triggered: dict[int, tuple[tuple[int, int], ...]],
        always: Sequence[int],
    ) -> None:
        self.literals, self.lengths, self.triggered, self.always = literals, lengths, triggered, always
        self._all = _Scanner(literals)
        self._marked = _Scanner(literals[:marked])

    @classmethod
    def of(cls, literals_by_rule: Iterable[Sequence[Literals]]) -> Triggers:
        """Return the triggers of some rules, from what triggers each source of each; no source: it is always tried."""
        rules = list(literals_by_rule)
        triggering = {literal for sources in rules for triggers, _ in sources for literal in triggers or ()}
        disguised = {literal for sources in rules for _, hidden in sources for literal in hidden}
        literals = sorted(triggering | disguised, key=lambda literal: (literal.isalnum(), literal))
        numbers = {literal: number for number, literal in enumerate(literals)}
        triggered: dict[int, tuple[tuple[int, int], ...]] = {}
        for rule, sources in enumerate(rules):
            for source, (triggers, _) in enumerate(sources):
                for number in [numbers[literal] for literal in triggers or ()]:
                    triggered[number] = (*triggered.get(number, ()), (rule, source))
        return cls(
            literals,
            sum(not literal.isalnum() for literal in literals),
            [len(literal) if literal in disguised else 0 for literal in literals],
            triggered,
            [rule for rule, sources in enumerate(rules) if not sources],
        )

    @classmethod
    def of_fields(cls, fields: dict[str, Any]) -> Triggers:
        """Return the triggers of which these are the fields."""
        literals = fields["literals"].split(SEPARATOR)
        lengths = list(map(len, literals))
        for number in fields["plain"]:
            lengths[number] = 0
        triggered: dict[int, tuple[tuple[int, int], ...]] = {}
        for rule, source, numbers in fields["sources"]:
            alone = ((rule, source),)
            for number in numbers:  # most trigger one source, and share what says so
                triggered[number] = triggered[number] + alone if number in triggered else alone
        return cls(literals, fields["marked"], lengths, triggered, fields["always"])

    def fields(self) -> dict[str, Any]:
        """Return them in a form for JSON that is quickly read."""
        sources: dict[tuple[int, int], list[int]] = {}
        for number, pairs in sorted(self.triggered.items()):
            for pair in pairs:
                sources.setdefault(pair, []).append(number)
        assert not any(SEPARATOR in literal for literal in self.literals)
        return {
            "literals": SEPARATOR.join(self.literals),
            "marked": len(self._marked.literals),
            "plain": [number for number, length in enumerate(self.lengths) if not length],
            "sources": [[*pair, numbers] for pair, numbers in sorted(sources.items())],
            "always": list(self.always),
        }

    @functools.cached_property
    def disguised(self) -> frozenset[str]:
        """The literals that are found across marks and other noise too."""
        return frozenset(literal for literal, length in zip(self.literals, self.lengths, strict=True) if length)

    def scan(self, text: str) -> Hits:
        """Return every literal in a folded text."""
        return self._all.find(text)

    def scan_marked(self, text: str) -> Hits:
        """Return every literal in a folded text that holds marks itself."""
        return self._marked.find(text)


class _Scanner:
    """Finds literals; the automaton for it is made when there is enough to look at."""

    def __init__(self, literals: Sequence[str]) -> None:
        self.literals = literals
        self._automaton: AhoCorasick | None = None
        self._few = _FEW

    def find(self, text: str) -> Hits:
        """Return where they stand, overlapping or not."""
        if self._automaton is None:
            if not self.literals:
                return []
            if self._few and len(text) <= _SHORT:
                self._few -= 1
                there = [number for number, literal in enumerate(self.literals) if literal in text]
                if not there:
                    return []
                hits = AhoCorasick([self.literals[number] for number in there])
                return [
                    (there[n], start, end) for n, start, end in hits.find_matches_as_indexes(text, overlapping=True)
                ]
            self._automaton = AhoCorasick(self.literals)
        return self._automaton.find_matches_as_indexes(text, overlapping=True)
