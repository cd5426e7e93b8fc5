"""One reply as the rules read it: uncovered text, outline, and what was given with it."""

from __future__ import annotations

import functools
from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import NamedTuple

from replykit.disguise import Scan, Uncovered, uncover
from replykit.pattern import Pattern
from replykit.records import Channel, Language, Length, Stage, Turn
from replykit.rules import Condition, Place
from replykit.text import Outline, fold, fold_again

__all__ = ["ELSEWHERE", "CompiledCondition", "Given", "Reading"]

# scopes that are not in the reply
ELSEWHERE = ("customer", "draft", "facts", "agent", "signals", "stage", "channel", "length")


class Given(NamedTuple):
    """What was known when a reply was written.

    Attributes:
        customer: the customer's latest message.
        history: earlier turns.
        facts: what the reply may state.
        draft: the draft that it rewrites.
        language: the language asked for, or the one that the customer or else the draft decides.
        instructions: the system message that its model was given; None where no model was asked.
        stage: where the complaint stands.
        channel: where it will be read.
        length: how long it may be.
        signals: the signs in the customer's message, by kind and by id, where a rule asks for them.
    """

    customer: str | None = None
    history: Sequence[Turn] = ()
    facts: Sequence[str] = ()
    draft: str | None = None
    language: Language | None = None
    instructions: str | None = None
    stage: Stage | None = None
    channel: Channel | None = None
    length: Length | None = None
    signals: tuple[str, ...] = ()

    @property
    def agent(self) -> tuple[str, ...]:
        """What the agent said earlier."""
        return tuple([turn.text for turn in self.history if turn.role == "agent"]) if self.history else ()

    def text(self, scope: str) -> str:
        """Return what a condition reads that does not look at the reply; empty where it is not given.

        Args:
            scope: one of `ELSEWHERE`.
        """
        value: str | Sequence[str] | None = getattr(self, scope)
        return value if isinstance(value, str) else "\n".join(value or ())


class CompiledCondition:
    """A condition with its patterns.

    Attributes:
        is_elsewhere: True where it looks at what was given, not at the reply.
    """

    def __init__(self, condition: Condition, pattern_for: Callable[[Sequence[str]], Pattern]) -> None:
        self.within = condition.within
        self.absent = condition.absent
        self.at_most = condition.at_most
        self.pattern = pattern_for(condition.find)
        self.exceptions = pattern_for(condition.exceptions) if condition.exceptions else None
        self.key = id(self.pattern), id(self.exceptions)  # conditions of equal patterns share what was found
        self.is_elsewhere = condition.within in ELSEWHERE

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Return the matches in one sentence or part of one, without those that touch an exception."""
        spans = list(self.pattern.spans(text))
        if spans and self.exceptions:
            excepted = list(self.exceptions.spans(text))
            spans = [(a, b) for a, b in spans if not any(a < d and c < b for c, d in excepted)]
        return spans

    def stands_in(self, text: str) -> bool:
        """Return whether one sentence or part of one holds it."""
        return bool(self.spans(text)) if self.exceptions else self.pattern.search(text)


class Reading:
    """One text under one set of givens; what is costly is found once, when first asked for.

    Args:
        original: the text as given.
        given: what was known.
        scan: finds the rules' literals; None leaves disguises in place.

    Attributes:
        original: the text as given.
        given: what was known.
        folded: the text as it is compared, disguises and all.
        uncovered: the same without its disguises.
        outline: its sentences, clauses and quoted parts.
    """

    __slots__ = ("_elsewhere", "_matches", "folded", "given", "original", "outline", "uncovered")

    def __init__(self, original: str, given: Given, scan: Scan | None) -> None:
        self.original, self.given = original, given
        self._matches: dict[tuple[int, int], tuple[list[int], list[int]]] = {}
        self._elsewhere: dict[tuple[tuple[int, int], str, int], bool] = {}
        folded = self.folded = fold(original)
        self.uncovered = uncover(folded, scan) if scan else Uncovered(folded, None, folded)
        self.outline = Outline(self.uncovered.text)

    @classmethod
    def undisguised(cls, original: str, given: Given) -> Reading:
        """Return a reading whose offsets are those of the original, disguises and all."""
        return cls(original, given, None)

    @property
    def text(self) -> str:
        """The folded text without its disguises, which the rules are matched against."""
        return self.uncovered.text

    @property
    def is_draft(self) -> bool:
        """Whether it is the draft itself, with which a comparison finds nothing."""
        return self.original == self.given.draft

    def holds(self, condition: CompiledCondition, start: int, end: int) -> bool:
        """Return whether a condition holds for a hit.

        Args:
            condition: what must stand, or must not.
            start: the hit's first code point in `text`.
            end: one past its last.
        """
        return self._stands(condition, start, end) is not condition.absent

    def is_at(self, place: Place, start: int, end: int) -> bool:
        """Return whether a hit stands where its rule wants it: alone, first or last in its clause or in the reply."""
        text = self.text
        if place == "reply":
            return not text[:start].strip() and not text[end:].strip(" \n。.!?~…,")
        if place == "reply-start":
            return not text[:start].strip()
        clause_start, clause_end = self.outline.clause(start, end)
        at_start = not text[clause_start:start].strip()
        at_end = not text[end:clause_end].strip(" ~")
        return {"clause": at_start and at_end, "clause-start": at_start, "clause-end": at_end}[place]

    def is_covered(self, pattern: Pattern, start: int, end: int) -> bool:
        """Return whether a match of the pattern, in the sentence of a hit, covers the hit."""
        first, last = self.outline.sentence(start)
        return pattern.covers(self.text[first : max(last, end)], start - first, end - first)

    def _stands(self, condition: CompiledCondition, start: int, end: int) -> bool:
        if condition.is_elsewhere:
            return self._stands_elsewhere(condition)
        text = self.text
        match condition.within:
            case "hit":
                return condition.stands_in(text[start:end])
            case "before":
                return condition.stands_in(text[self.outline.sentence(start)[0] : start])
            case "after":
                return condition.stands_in(text[end : max(end, self.outline.sentence(max(start, end - 1))[1])])
            case "clause":
                return condition.stands_in(text[slice(*self.outline.clause(start, end))])
            case "sentence":
                return condition.stands_in(text[slice(*self.outline.sentence(start))])
        starts, ends = self._all_matches(condition)
        if condition.within == "reply":
            return len(starts) > condition.at_most
        clause_start, clause_end = self.outline.clause(start, end)
        previous = bool(ends) and ends[0] <= clause_start
        following = bisect_left(starts, clause_end) < len(starts)
        return {"previous": previous, "next": following, "rest": previous or following}[condition.within]

    def _stands_elsewhere(self, condition: CompiledCondition) -> bool:
        key = condition.key, condition.within, condition.at_most
        if key not in self._elsewhere:
            text = self.given.text(condition.within)
            sentences = _sentences(fold_again(text))
            if condition.at_most:
                found = sum(len(condition.spans(sentence)) for sentence in sentences) > condition.at_most
            else:
                found = any(map(condition.stands_in, sentences))
            self._elsewhere[key] = found
        return self._elsewhere[key]

    def _all_matches(self, condition: CompiledCondition) -> tuple[list[int], list[int]]:
        """Return the starts and the ends, each sorted, of a condition's matches in the whole reply, found once."""
        if condition.key not in self._matches:
            spans = [
                (first + a, first + b)
                for first, last in self.outline.sentences
                for a, b in condition.spans(self.text[first:last])
            ]
            self._matches[condition.key] = [a for a, _ in spans], sorted(b for _, b in spans)
        return self._matches[condition.key]


@functools.lru_cache(maxsize=8)
def _sentences(folded: str) -> tuple[str, ...]:
    # Without the line break: `$` is the end of a line, and signs and facts stand one a line.
    return tuple(folded[start:end].rstrip("\n") for start, end in Outline(folded).sentences)
