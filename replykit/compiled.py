"""A rule ready to run: its patterns, its conditions, and the literals without which it cannot hit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import permutations

from replykit.pattern import Pattern
from replykit.reading import CompiledCondition, Reading
from replykit.rules import Condition, GuardName, Rule, SignalRule
from replykit.snapshot import Literals
from replykit.text import fold

__all__ = ["CompiledRule", "CompiledSignal"]

# What a guard compares with: where none of it is given there is nothing to find.
_COMPARED: dict[GuardName, tuple[str, ...]] = {
    "grounded-facts": ("customer", "history", "facts", "draft"),
    "keep-placeholders": ("customer", "draft"),
    "keep-meaning": ("draft",),
    "match-script": ("customer", "draft", "language"),
    "promise-grounded": ("customer", "history", "facts", "draft"),
    "contact-grounded": ("customer", "history", "facts", "draft"),
    "prompt-kept": ("instructions",),
}

# Returns one pattern object for equal sources, so that it is compiled and matched once.
PatternFor = Callable[[Sequence[str]], Pattern]


def _conditions(conditions: Sequence[Condition], pattern_for: PatternFor) -> list[CompiledCondition]:
    return [CompiledCondition(condition, pattern_for) for condition in conditions]


class CompiledRule:
    """A rule with its patterns.

    Attributes:
        rule: the rule as written.
        pattern: what it looks for; None for phrases and guards.
        first: what an `order` rule wants to see earlier.
        elsewhere: the conditions that look at what was given, not at the reply.
        needed: the scopes of those that hold only where something is given.
        compared: what it compares with, if it is a guard; one of these must be given.
        scopes: where its conditions look.
    """

    def __init__(self, rule: Rule, pattern_for: PatternFor) -> None:
        self.rule = rule
        self.pattern: Pattern | None = None
        self.first = pattern_for(rule.first) if rule.first else None
        if rule.kind == "together":
            gap = rf"[^,。!?;:\n]{{0,{rule.window}}}"
            groups = ["(?:" + "|".join(group) + ")" for group in rule.together]
            self.pattern = pattern_for([gap.join(order) for order in permutations(groups)])
        elif sources := rule.then or rule.patterns:
            self.pattern = pattern_for(sources)
        self.exceptions = pattern_for(rule.exceptions) if rule.exceptions else None
        self.counter_exceptions = pattern_for(rule.counter_exceptions) if rule.counter_exceptions else None
        self.when = _conditions(rule.when, pattern_for)
        self.elsewhere = [condition for condition in self.when if condition.is_elsewhere]
        self.needed = {condition.within for condition in self.elsewhere if not condition.absent}
        self.compared = frozenset(_COMPARED[rule.guard] if rule.guard else ())
        self.unless = _conditions(rule.unless, pattern_for)
        self.soften = _conditions(rule.soften, pattern_for)
        edits = [condition.within for edit in rule.fix for condition in edit.when]
        self.scopes = {condition.within for condition in (*rule.when, *rule.unless, *rule.soften)}.union(edits)

    @property
    def literals(self) -> list[Literals]:
        """What triggers each source of the pattern, or the phrases, and what is looked for disguised.

        Empty for a rule that is always tried.
        """
        if self.rule.kind == "phrase":
            phrases = frozenset(fold(phrase) for phrase in self.rule.phrases)
            return [Literals(phrases, phrases)]
        if self.rule.kind in ("pattern", "together", "count") and self.pattern:
            found = self.pattern.literals_by_source
            return found if all(literals.triggers is not None for literals in found) else []
        return []

    def patterns(self) -> Iterator[Pattern]:
        """Yield every pattern of the rule, its conditions' and its repairs' included."""
        for pattern in (self.pattern, self.first, self.exceptions, self.counter_exceptions):
            if pattern:
                yield pattern
        for condition in (*self.when, *self.unless, *self.soften):
            yield condition.pattern
            if condition.exceptions:
                yield condition.exceptions

    def is_excused(self, reading: Reading, start: int, end: int) -> bool:
        """Return whether an exception covers the hit and no counter-exception does."""
        if not self.exceptions or not reading.is_covered(self.exceptions, start, end):
            return False
        return not (self.counter_exceptions and reading.is_covered(self.counter_exceptions, start, end))


class CompiledSignal:
    """A signal of a customer's message with its patterns.

    Attributes:
        signal: the signal as written.
        pattern: what it looks for.
    """

    def __init__(self, signal: SignalRule, pattern_for: PatternFor) -> None:
        self.signal = signal
        self.pattern = pattern_for(signal.patterns)
        self.exceptions = pattern_for(signal.exceptions) if signal.exceptions else None
        self.unless = _conditions(signal.unless, pattern_for)

    def spans(self, reading: Reading) -> Iterator[tuple[int, int]]:
        """Yield where the signal stands in a reading of the message."""
        for first, last in reading.outline.sentences:
            for a, b in self.pattern.spans(reading.text[first:last]):
                start, end = first + a, first + b
                if self.exceptions and reading.is_covered(self.exceptions, start, end):
                    continue
                if not any(reading.holds(condition, start, end) for condition in self.unless):
                    yield start, end
