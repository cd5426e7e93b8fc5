"""One turn of a conversation as the readers of a record read it."""

from __future__ import annotations

import functools
from bisect import bisect_right

from replykit.checker import Checker
from replykit.complaint import Entry, Span
from replykit.facts import Fact, find_facts
from replykit.reading import Given, Reading
from replykit.records import Assessment, Turn

__all__ = ["Heard"]


class Heard:
    """One turn as the readers read it; what is costly is found once, when first asked for.

    Attributes:
        index: its place in the conversation.
        turn: the turn.
        reading: its folded text, with the offsets of the text as given.
    """

    def __init__(self, index: int, turn: Turn, checker: Checker) -> None:
        self.index = index
        self.turn = turn
        self.reading = Reading.undisguised(turn.text, Given())
        self._checker = checker

    @functools.cached_property
    def facts(self) -> tuple[Fact, ...]:
        """The facts of the turn."""
        return find_facts(self.turn.text)

    @functools.cached_property
    def assessment(self) -> Assessment:
        """The signals of the turn."""
        return self._checker.assess(self.turn.text) if self.turn.text.strip() else Assessment()

    def clause(self, start: int, end: int) -> tuple[int, int]:
        """Return the span of the clauses that words stand in; a number is never cut (4,980元)."""
        start, end = self.reading.outline.clause(start, end)
        while fact := self.cut(start, end):
            start, end = self.reading.outline.clause(min(start, fact.start), max(end, fact.end))
        return start, end

    def cut(self, start: int, end: int) -> Fact | None:
        """Return a fact that begins or ends inside of words, and stands in them in part only."""
        for edge in (start, end):
            at = bisect_right(self._fact_starts, edge - 1) - 1
            if at >= 0 and self.facts[at].start < edge < self.facts[at].end:
                return self.facts[at]
        return None

    @functools.cached_property
    def _fact_starts(self) -> list[int]:
        return [fact.start for fact in self.facts]

    def entry(self, start: int, end: int, value: str | None = None) -> Entry:
        """Return words of the turn as an entry."""
        text = self.turn.text[start:end]
        span = Span(turn=self.index, role=self.turn.role, start=start, end=end, text=text)
        return Entry(value=text if value is None else value, span=span)
