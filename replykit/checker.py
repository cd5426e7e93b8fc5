"""The deterministic check: which principles a reply breaks, where, and what to say instead."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from replykit.collector import uncollected
from replykit.compiled import CompiledRule
from replykit.disguise import Uncovered, uncover
from replykit.errors import PlaybookError, TextError
from replykit.findings import Finding, without_overlaps
from replykit.judging import ALL, judge, match, run
from replykit.pattern import Pattern
from replykit.playbook import Playbook
from replykit.reading import Given, Reading
from replykit.records import Channel, Language, Length, Report, Severity, Stage, Turn
from replykit.reporting import Reporter
from replykit.rules import GuardName, Rule
from replykit.signals import SignalReader
from replykit.snapshot import PatternKeys, stored_names, stored_triggers
from replykit.stages import StageReader
from replykit.text import fold, is_whole_word
from replykit.triggers import Hits, Triggers

if TYPE_CHECKING:
    from replykit.guards import Guard
    from replykit.readers import Readers
    from replykit.records import Assessment

__all__ = ["Checker", "checker_for"]

CHUNK = 250  # replies that are sent to another process at once
LONGEST_TEXT = 5_000_000  # code points


class Checker:
    """Checks replies against one playbook; built once, used from any number of threads.

    Args:
        playbook: the rules.

    Attributes:
        triggers: the literals that decide which rules are tried.
        reporter: says what is wrong.

    Raises:
        PlaybookError: a pattern refers to a word list that does not exist.
    """

    def __init__(self, playbook: Playbook) -> None:
        self.playbook = playbook
        self._patterns: dict[tuple[str, ...], Pattern] = {}
        self._keys = PatternKeys(playbook.words, stored_names(playbook, playbook.extends))
        self._rules = [CompiledRule(rule, self._pattern_for) for rule in playbook.rules]
        self._numbers = {id(compiled.rule): number for number, compiled in enumerate(self._rules)}
        self._signals = SignalReader(playbook, self._pattern_for, self._scan_lengths)
        self.reporter = Reporter(playbook)
        self._guards: dict[str, Guard] = {}  # those that were needed so far
        with uncollected():
            stored = stored_triggers(playbook)
            self.triggers = Triggers.of_fields(stored) if stored else Triggers.of(rule.literals for rule in self._rules)
        self._always: dict[tuple[str | None, ...], list[CompiledRule]] = {}
        self._asks_for_signals = any("signals" in compiled.scopes for compiled in self._rules)

    @property
    def disguised(self) -> frozenset[str]:
        """The folded literals that are found across marks and other noise too."""
        return self.triggers.disguised

    def _pattern_for(self, sources: Sequence[str]) -> Pattern:
        known = self._patterns.get(tuple(sources))
        if known is None:
            known = self._patterns[tuple(sources)] = Pattern(sources, self.playbook.words, self._keys)
        return known

    def validate(self) -> None:
        """Compile every pattern now, not when it is first needed.

        Raises:
            PlaybookError: a pattern is not RE2; the message names the rule.
        """
        for compiled in self._rules:
            for pattern in compiled.patterns():
                try:
                    pattern.validate()
                except PlaybookError as error:
                    raise PlaybookError(f"rule {compiled.rule.id!r}: {error}") from None
        self._signals.validate()

    def _scan_lengths(self, text: str) -> Hits:
        return self._with_lengths(self.triggers.scan(text))

    def _with_lengths(self, found: Hits) -> Hits:
        """Put a literal's length in its number's place: 0 for one that is not looked for disguised."""
        lengths = self.triggers.lengths
        return [(lengths[number], start, end) for number, start, end in found]

    def given(
        self,
        *,
        customer: str | None = None,
        history: Sequence[Turn] = (),
        facts: Sequence[str] = (),
        draft: str | None = None,
        language: Language | None = None,
        instructions: str | None = None,
        stage: Stage | None = None,
        channel: Channel | None = None,
        length: Length | None = None,
    ) -> Given:
        """Return what a reply is checked with; a language that is not given is the customer's, else the draft's.

        Where the customer's message shows none (嗯……), what he wrote before it does.
        Lines of the facts, the draft and the agent's turns that speak to a model are left out: they are nobody's word.
        """
        if language is None and (customer or draft):
            earlier = (turn.text for turn in reversed(history) if turn.role == "customer")
            texts = (text for text in (customer, *earlier, draft) if text)
            language = next((spoken for text in texts if (spoken := self.language_of(text))), None)
        said = [*facts, *[turn.text for turn in history if turn.role == "agent"]] if history else facts
        asked = instructions, stage, channel, length, self.signals_of(customer)
        if not (said or draft) or not self.readers.addressed.may_be_in(said, draft):
            return Given(customer, tuple(history), tuple(facts), draft, language, *asked)
        own = self.readers.addressed.without
        turns = [
            turn if turn.role == "customer" or (text := own(turn.text)) == turn.text else Turn(role="agent", text=text)
            for turn in history
        ]
        draft = None if draft is None else own(draft)
        return Given(customer, tuple(turns), tuple(map(own, facts)), draft, language, *asked)

    def language_of(self, text: str) -> Language | None:
        """Return the language of a text; None where nothing decides it."""
        spoken = self._spoken(text)
        return spoken[0] if len(spoken) == 1 else None

    @functools.cached_property
    def _spoken(self) -> Callable[[str], tuple[Language, ...]]:
        from replykit.script import tongues_of  # costs as much as all the rest of a first check

        return tongues_of(self.playbook).of

    def signals_of(self, customer: str | None) -> tuple[str, ...]:
        """Return the kinds of sign in a message and the ids of the signals that found them, where a rule asks."""
        return self._signals.names(customer) if customer and self._asks_for_signals else ()

    def stage_of(self, customer: str | None, history: Sequence[Turn], facts: Sequence[str]) -> Stage | None:
        """Return which stage a complaint has reached; None where the customer complains of nothing.

        Deterministic; after 000 (客户投诉处理的四个阶段), by the entries of the playbook's stages.

        Args:
            customer: the customer's latest message.
            history: earlier turns; of the customer's, the last 20 are read, up to 20,000 code points.
            facts: what the reply may state.
        """
        signals = self._signals.names_of_all(customer, history)
        return self._stages.stage(Given(customer, history, facts, signals=signals))

    @functools.cached_property
    def _stages(self) -> StageReader:
        return StageReader(self.playbook)

    def check(
        self,
        text: str,
        *,
        customer: str | None = None,
        history: Sequence[Turn] = (),
        facts: Sequence[str] = (),
        draft: str | None = None,
        language: Language | None = None,
        instructions: str | None = None,
        stage: Stage | None = None,
        channel: Channel | None = None,
        length: Length | None = None,
    ) -> Report:
        """Find every violation in a reply. No model, no network, no clock: the same text gives the same report.

        Args:
            text: the reply.
            customer: the customer's message; switches on the rules about answering it.
            history: earlier turns, oldest first.
            facts: what the reply may state; with any of `customer`, `history`, `facts` or `draft` given, every amount,
                date, number and address in the reply must stand in one of them.
            draft: the draft that the reply rewrites; switches on the comparison of meaning and placeholders.
            language: the language asked for; None: the customer's, else the draft's.
            instructions: the system message that the model was given; switches on the search for what it gives away.
            stage: where the complaint stands; switches on the rules about it.
            channel: where the reply will be read; switches on the rules about it.
            length: how long the reply may be; switches on the rules about it.

        Returns:
            The violations with their spans in `text`, in code points.

        Raises:
            TextError: the text is longer than 5,000,000 code points.
        """
        given = self.given(
            customer=customer,
            history=history,
            facts=facts,
            draft=draft,
            language=language,
            instructions=instructions,
            stage=stage,
            channel=channel,
            length=length,
        )
        return self.reporter.report(text, self.findings(text, given), given.language)

    def check_many(self, texts: Iterable[str], *, processes: int | None = None, chunk: int = CHUNK) -> Iterator[Report]:
        """Check many replies: the reports of `check`, in order, on every core where there are enough replies.

        Args:
            texts: the replies, read as they are needed: at most 5,000 or 4 chunks for each process before their turn,
                so that they may come from a file of any size or never end.
            processes: how many other processes share the work, 1: none, this one alone; None: this one alone below
                5,000 replies, one for every core from there on.
            chunk: replies that are sent to another process at once.

        Returns:
            An iterator; the other processes end with it, when it is used up, closed or let go.

        Raises:
            UsageError: `processes` or `chunk` is below 1.
            TextError: in its turn, a text that is no str or longer than 5,000,000 code points.
        """
        from replykit.many import check_many

        return check_many(self, texts, processes, chunk)

    def uncovered(self, text: str) -> Uncovered:
        """Return a text as the rules read it: folded, its disguises taken off."""
        return uncover(fold(text), self._scan_lengths)

    @property
    def rules(self) -> list[Rule]:
        """The rules by their numbers."""
        return [compiled.rule for compiled in self._rules]

    def numbered_findings(
        self,
        text: str,
        given: Given = Given(),  # noqa: B008  # a tuple
    ) -> list[tuple[int, Severity, int, int, str]]:
        """Return the findings of a reply by the numbers of their rules, which mean the same in every process."""
        found = self.findings(text, given)
        return [(self._numbers[id(f.rule)], f.severity, f.start, f.end, f.text) for f in found]

    def report_of(self, text: str, numbered: Sequence[tuple[int, Severity, int, int, str]]) -> Report:
        """Return the report that `check` gives where `numbered_findings` found that."""
        findings = [
            Finding(self._rules[number].rule, severity, start, end, about)
            for number, severity, start, end, about in numbered
        ]
        return self.reporter.report(text, findings, None)

    def findings(self, text: str, given: Given) -> list[Finding]:
        """Return the violations with their rules, in order of their start.

        Args:
            text: the reply.
            given: what it is checked with.

        Raises:
            TextError: the text is longer than 5,000,000 code points.
        """
        if len(text) > LONGEST_TEXT:
            size = f"{len(text):,} code points; split it, at most {LONGEST_TEXT:,} are checked at once"
            raise TextError(f"the text has {size}")
        scans: dict[str, Hits] = {}

        def scan(folded: str) -> Hits:
            if folded not in scans:
                scans[folded] = self.triggers.scan(folded)
            return scans[folded]

        reading = Reading(text, given, lambda folded: self._with_lengths(scan(folded)))
        # Where the letters alone hold no literal, only one with marks can stand in the text.
        hits = self.triggers.scan_marked(reading.text) if reading.uncovered.holds_nothing else scan(reading.text)
        found: list[Finding] = []
        due: dict[int, dict[int, int]] = {}  # by rule and sentence: the one source that may match there, or all
        for literal, start, end in hits:
            for number, source in self.triggers.triggered.get(literal, ()):
                if self._rules[number].rule.kind == "phrase":
                    if is_whole_word(reading.text, start, end):
                        judge(self._rules[number], reading, start, end, found)
                else:
                    sources = due.setdefault(number, {})
                    sentence = reading.outline.sentence_number(start)
                    sources[sentence] = source if sources.get(sentence, source) == source else ALL
        for number, sources in sorted(due.items()):
            match(self._rules[number], reading, sorted(sources.items()), found)
        for compiled in self._always_tried(given):
            # What decides it may not be in the reply, so that the reply need not be read.
            if compiled.elsewhere and not all(reading.holds(condition, 0, 0) for condition in compiled.elsewhere):
                continue
            rule = compiled.rule
            if rule.guard:
                for start, end, about in self._guard(rule.guard)(reading):
                    found.append(Finding(rule, rule.severity, start, end, about))
            else:
                run(compiled, reading, found)
        return without_overlaps(found)

    def has_errors_for(self, channel: Channel) -> bool:
        """Return whether a rule makes an error of something because it is said in a channel."""
        return any(
            compiled.rule.severity == "error" and condition.within == "channel" and condition.stands_in(channel)
            for compiled in self._rules
            for condition in compiled.elsewhere
        )

    def _always_tried(self, given: Given) -> list[CompiledRule]:
        """Return the rules that no literal triggers, without those that ask for what is not given."""
        # A condition finds nothing in what is empty; a guard compares with it.
        key = tuple(["something" if value else "" if value == "" else None for value in (*given, given.agent)])
        if key not in self._always:
            scopes = dict(zip((*Given._fields, "agent"), key, strict=True))
            said = {scope for scope, value in scopes.items() if value}
            known = {scope for scope, value in scopes.items() if value is not None}
            self._always[key] = [
                compiled
                for compiled in (self._rules[number] for number in self.triggers.always)
                if said.issuperset(compiled.needed) and not (compiled.compared and known.isdisjoint(compiled.compared))
            ]
        return self._always[key]

    def _guard(self, name: GuardName) -> Guard:
        if name not in self._guards:
            # What guards import reads facts and the syntax of patterns, which no check of a reply alone does.
            from replykit.guards import GUARDS

            self._guards[name] = GUARDS[name](self.playbook, self.readers)
        return self._guards[name]

    @functools.cached_property
    def readers(self) -> Readers:
        """What reads texts for the guards, made when something is first given with a reply."""
        from replykit.readers import Readers

        return Readers(self.playbook)

    def assess(self, message: str) -> Assessment:
        """Read a customer's message for distress, complaint, abuse, threat, repeated contact and excessive demands.

        Deterministic; after 002 (识别情绪) and 004 (識別奧客的特徵). One message is read by itself: a long history is
        no sign of repeated contact, as every conversation has several messages.

        Args:
            message: the customer's message.

        Returns:
            The signals with their spans in `message`, and whether a human should take over.
        """
        return self._signals.assess(message)


_CHECKERS: dict[int, Checker] = {}
_MOST_CHECKERS = 32


def checker_for(playbook: Playbook) -> Checker:
    """Return the checker of a playbook, compiled once for each playbook object.

    Args:
        playbook: the rules.

    Raises:
        PlaybookError: a pattern refers to a word list that does not exist.
    """
    checker = _CHECKERS.get(id(playbook))
    if checker is None:
        if len(_CHECKERS) >= _MOST_CHECKERS:
            _CHECKERS.pop(next(iter(_CHECKERS)))
        # The checker holds its playbook, so that the identity is not given to another one meanwhile.
        checker = _CHECKERS[id(playbook)] = Checker(playbook)
    return checker
