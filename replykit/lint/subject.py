"""A playbook under test, with what several tests of it need, made once."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from ahocorasick_rs import AhoCorasick

from replykit.checker import Checker
from replykit.findings import Finding
from replykit.lint.flaw import Flaw
from replykit.literals import fold_pattern, needed_literals
from replykit.pattern import expand
from replykit.places import Places
from replykit.playbook import Playbook
from replykit.reading import Given, Reading
from replykit.records import Turn
from replykit.rules import Example, Rule
from replykit.text import fold

__all__ = ["Subject"]


class Subject:
    """A playbook whose every pattern can be compiled.

    Args:
        playbook: the rules.
        places: where its entries stand; None where it was not read from files.

    Attributes:
        rules: the rules by their ids.
    """

    def __init__(self, playbook: Playbook, places: Places | None) -> None:
        self.playbook = playbook
        self.places = places or Places({})
        self.rules = {rule.id: rule for rule in playbook.rules}
        self._alone: dict[tuple[str, bool], Checker] = {}
        self._found: dict[tuple[str, Example], tuple[Finding, ...]] = {}

    @property
    def own_rules(self) -> list[Rule]:
        """The rules that the playbook does not inherit."""
        return [rule for rule in self.playbook.rules if self.places.is_own("rule", rule.id)]

    @functools.cached_property
    def checker(self) -> Checker:
        """All rules together."""
        return Checker(self.playbook)

    def alone(self, rule: Rule, *, excused: bool = True) -> Checker:
        """Return a checker of one rule, so that no other rule's hit stands in for its own.

        Args:
            rule: the rule.
            excused: False leaves its exceptions out.
        """
        key = rule.id, excused
        if key not in self._alone:
            only = rule if excused else rule.model_copy(update={"exceptions": (), "counter_exceptions": ()})
            self._alone[key] = Checker(self.playbook.model_copy(update={"rules": (only,), "signals": ()}))
        return self._alone[key]

    def given(self, example: Example) -> Given:
        """Return what was known when an example was written."""
        return self.checker.given(
            customer=example.customer,
            history=tuple(Turn(role="customer", text=text) for text in example.history),
            facts=example.facts,
            draft=example.draft,
            language=example.language,
            instructions=example.instructions,
            stage=example.stage,
            channel=example.channel,
            length=example.length,
        )

    def found(self, rule: Rule, example: Example) -> tuple[Finding, ...]:
        """Return what one rule by itself finds in an example."""
        key = rule.id, example
        if key not in self._found:
            self._found[key] = tuple(self.alone(rule).findings(example.text, self.given(example)))
        return self._found[key]

    def excused(self, rule: Rule, example: Example) -> tuple[Reading, Sequence[Finding]]:
        """Return what one rule would find in an example if it had no exceptions, with a reading of the example."""
        given = self.given(example)
        findings = self.alone(rule, excused=False).findings(example.text, given)
        return Reading.undisguised(example.text, given), findings

    @functools.cached_property
    def texts(self) -> list[str]:
        """The folded texts of the playbook that may break a rule: all examples, and the habitual wordings."""
        examples = [e.text for rule in self.playbook.rules for e in (*rule.bad, *rule.softened, *rule.good)]
        return [fold(text) for text in (*examples, *(pair.habitual for pair in self.playbook.pairs))]

    def needed(self, sources: Sequence[str]) -> frozenset[str] | None:
        """Return folded literals of which every match of some patterns holds one; None where it may hold none."""
        found = [needed_literals(fold_pattern(expand(source, self.playbook.words))) for source in sources]
        known = [literals for literals in found if literals is not None]
        return frozenset().union(*known) if len(known) == len(found) else None

    def _needed_by(self, rule: Rule) -> frozenset[str] | None:
        match rule.kind:
            case "phrase":
                return frozenset(map(fold, rule.phrases))
            case "pattern" | "count":
                return self.needed(rule.patterns)
            case "together":
                return self.needed(rule.together[0])  # a hit holds one of every group
            case _:
                return None

    @functools.cached_property
    def _triggers(self) -> tuple[AhoCorasick | None, list[list[str]], list[str], set[str]]:
        found: dict[str, list[str]] = {}
        always: set[str] = set()
        for rule in self.playbook.rules:
            literals = self._needed_by(rule)
            for literal in literals or ():
                found.setdefault(literal, []).append(rule.id)
            if not literals:
                always.add(rule.id)
        return AhoCorasick(list(found)) if found else None, list(found.values()), list(found), always

    def literals_in(self, folded: str) -> set[str]:
        """Return the literals of any rule that stand in a folded text; those of a phrase rule are its phrases."""
        automaton, _, literals, _ = self._triggers
        if not automaton:
            return set()
        return {literals[number] for number, _, _ in automaton.find_matches_as_indexes(folded, overlapping=True)}

    def tried_on(self, folded: str) -> set[str]:
        """Return the ids of the rules that would be tried on a folded text, because it holds one of their literals."""
        automaton, rules, _, always = self._triggers
        if not automaton:
            return set(always)
        hits = automaton.find_matches_as_indexes(folded, overlapping=True)
        return always.union(*(rules[number] for number, _, _ in hits))

    def flaw(
        self, code: str, table: str, id: str, message: str, text: str = "", *, at: int | None = None, nth: int = 0
    ) -> Flaw:
        """Return a flaw with its place.

        Args:
            code: its kind.
            table: where its entry stands: `rule`, `words`, `line` ….
            id: the entry's id.
            message: what is wrong.
            text: the text of the entry that is meant.
            at: an offset in the text, in code points; None: all of it.
            nth: which of several equal texts, from 0.
        """
        return Flaw(code, table, id, message, text, self.places.of(table, id, text or None, at, nth))
