"""The deterministic check: which principles a reply breaks, where, and what to say instead."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence

from replykit.compiled import CompiledRule, CompiledSignal
from replykit.disguise import Uncovered, uncover
from replykit.errors import PlaybookError, TextError
from replykit.findings import Finding, without_overlaps
from replykit.guards import GUARDS, Guard
from replykit.pattern import Pattern
from replykit.playbook import Playbook
from replykit.readers import Readers
from replykit.reading import ELSEWHERE, Given, Reading
from replykit.records import (
    Assessment,
    Channel,
    Language,
    Length,
    Report,
    Severity,
    Signal,
    Stage,
    Turn,
    Violation,
)
from replykit.rules import Rule
from replykit.snapshot import PatternKeys, stored_names, stored_triggers, uncollected
from replykit.stages import StageReader
from replykit.text import fold, holds_traditional, is_whole_word
from replykit.triggers import Hits, Triggers

__all__ = ["Checker", "checker_for"]

CHUNK = 500  # replies that are sent to another process at once
LONGEST_TEXT = 5_000_000  # code points
_ALL = -1  # sources
_MOST_READ, _LONGEST_READ = 20, 20_000  # of the customer's earlier turns, and code points
_REPORTED = frozenset(["text", "violations", "language"])
_VIOLATED = frozenset(["principle", "rule", "severity", "start", "end", "text", "message", "suggestions"])


class Checker:
    """Checks replies against one playbook; built once, used from any number of threads.

    Args:
        playbook: the rules.

    Attributes:
        triggers: the literals that decide which rules are tried.
        readers: what reads texts for the guards.

    Raises:
        PlaybookError: a pattern refers to a word list that does not exist.
    """

    def __init__(self, playbook: Playbook) -> None:
        self.playbook = playbook
        self._patterns: dict[tuple[str, ...], Pattern] = {}
        self._keys = PatternKeys(playbook.words, stored_names(playbook, playbook.extends))
        self._rules = [CompiledRule(rule, self._pattern_for) for rule in playbook.rules]
        self._numbers = {id(compiled.rule): number for number, compiled in enumerate(self._rules)}
        self._signals = [CompiledSignal(signal, self._pattern_for) for signal in playbook.signals]
        self.readers = Readers(playbook)
        self._guards: dict[str, Guard] = {
            rule.guard: GUARDS[rule.guard](playbook, self.readers) for rule in playbook.rules if rule.guard
        }
        with uncollected():
            stored = stored_triggers(playbook)
            self.triggers = Triggers.of_fields(stored) if stored else Triggers.of(rule.literals for rule in self._rules)
        self._always: dict[tuple[bool, ...], list[CompiledRule]] = {}
        self._asks_for_signals = any("signals" in compiled.scopes for compiled in self._rules)
        self._last_signals: tuple[str, tuple[str, ...]] = "", ()

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
        for signal in self._signals:
            try:
                signal.pattern.validate()
            except PlaybookError as error:
                raise PlaybookError(f"signal {signal.signal.id!r}: {error}") from None

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

        Lines of the facts, the draft and the agent's turns that speak to a model are left out: they are nobody's word.
        """
        if language is None and (customer or draft):
            from replykit.script import detect_language  # costs as much as all the rest of a first check

            language = (customer and detect_language(customer)) or (draft and detect_language(draft)) or None
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

    def signals_of(self, customer: str | None) -> tuple[str, ...]:
        """Return the kinds of sign in a message, where a rule asks; one message is checked against many replies."""
        if not customer or not self._asks_for_signals:
            return ()
        message, kinds = self._last_signals
        if message != customer:
            kinds = _names(self.assess(customer))
            self._last_signals = customer, kinds
        return kinds

    def stage_of(self, customer: str | None, history: Sequence[Turn], facts: Sequence[str]) -> Stage | None:
        """Return which stage a complaint has reached; None where the customer complains of nothing.

        Deterministic; after 000 (客户投诉处理的四个阶段), by the entries of the playbook's stages.

        Args:
            customer: the customer's latest message.
            history: earlier turns; of the customer's, the last 20 are read, up to 20,000 code points.
            facts: what the reply may state.
        """
        signs = set(_names(self.assess(customer))) if customer else set()
        room = _LONGEST_READ
        for turn in [turn for turn in history if turn.role == "customer"][: -_MOST_READ - 1 : -1]:
            room -= len(turn.text)
            if room < 0:
                break
            signs.update(_names(self.assess(turn.text)))
        return self._stages.stage(Given(customer, history, facts, signals=tuple(sorted(signs))))

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
        return self._report(text, self.findings(text, given), given.language)

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
        return self._report(text, findings, None)

    def _report(self, text: str, findings: Sequence[Finding], language: Language | None) -> Report:
        spoken = language
        if findings and not spoken and holds_traditional(text):
            from replykit.script import detect_language

            spoken = detect_language(text)
        violations = tuple(self._violation(finding, text, spoken) for finding in findings)
        return Report.made({"text": text, "violations": violations, "language": language}, _REPORTED)

    def unjudged(self, report: Report) -> Report:
        """Return a report with an error for all of its text, as of one in a language that no rule here can judge.

        It is of the rule for language and script; a playbook that has none, or disables it, lets such a text pass.
        """
        rule = next((rule for rule in self.playbook.rules if rule.guard == "match-script"), None)
        if rule is None or not report.text:
            return report
        finding = Finding(rule, rule.severity, 0, len(report.text), report.text)
        others = (violation for violation in report.violations if violation.rule != rule.id)
        violations = (self._violation(finding, report.text, self.playbook.languages[0]), *others)
        return report.model_copy(update={"violations": violations})

    def _violation(self, finding: Finding, text: str, language: Language | None) -> Violation:
        rule, say = finding.rule, self.playbook.say
        fields = {
            "principle": rule.principle,
            "rule": rule.id,
            "severity": finding.severity,
            "start": finding.start,
            "end": finding.end,
            "text": text[finding.start : finding.end],
            "message": say(rule.message, language).replace("{text}", finding.text),
            "suggestions": tuple([say(suggestion, language) for suggestion in rule.suggestions]),
        }
        return Violation.made(fields, _VIOLATED)

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
                        self._judge(self._rules[number], reading, start, end, found)
                else:
                    sources = due.setdefault(number, {})
                    sentence = reading.outline.sentence_number(start)
                    sources[sentence] = source if sources.get(sentence, source) == source else _ALL
        for number, sources in sorted(due.items()):
            self._match(self._rules[number], reading, sorted(sources.items()), found)
        for compiled in self._always_tried(given):
            self._run(compiled, reading, found)
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
        key = tuple([bool(getattr(given, scope)) for scope in ELSEWHERE])
        if key not in self._always:
            missing = {scope for scope, is_given in zip(ELSEWHERE, key, strict=True) if not is_given}
            rules = [self._rules[number] for number in self.triggers.always]
            self._always[key] = [compiled for compiled in rules if missing.isdisjoint(compiled.needed)]
        return self._always[key]

    def _run(self, compiled: CompiledRule, reading: Reading, found: list[Finding]) -> None:
        """Run a rule that no literal triggers."""
        rule = compiled.rule
        if compiled.elsewhere and not all(reading.holds(condition, 0, 0) for condition in compiled.elsewhere):
            return  # what decides it is not in the reply, so the reply need not be read
        if rule.guard:
            for start, end, about in self._guards[rule.guard](reading):
                found.append(Finding(rule, rule.severity, start, end, about))
        elif rule.kind == "require" and compiled.pattern:
            size = len(reading.text)
            if not any(compiled.pattern.search(reading.text[a:b]) for a, b in reading.outline.sentences):
                self._judge(compiled, reading, size, size, found)
        elif rule.kind == "order":
            self._order(compiled, reading, found)
        else:
            self._match(compiled, reading, [(n, _ALL) for n in range(len(reading.outline.sentences))], found)

    def _order(self, compiled: CompiledRule, reading: Reading, found: list[Finding]) -> None:
        """Judge the first match of `then` that no exception covers, unless `first` stands before its end."""
        if not compiled.pattern or not compiled.first:
            return
        for a, b in reading.outline.sentences:
            sentence = reading.text[a:b]
            understood = min((start for start, _ in compiled.first.spans(sentence)), default=b)
            for start, end in compiled.pattern.spans(sentence):
                if understood < end:
                    return
                if not compiled.is_excused(reading, a + start, a + end):
                    self._judge(compiled, reading, a + start, a + end, found)
                    return
            if understood < b:
                return

    def _match(
        self, compiled: CompiledRule, reading: Reading, sentences: Sequence[tuple[int, int]], found: list[Finding]
    ) -> None:
        if not compiled.pattern:
            return
        text, seen = reading.text, 0
        extra: list[tuple[int, int]] = []
        for number, source in sentences:
            first, last = reading.outline.sentences[number]
            pattern = compiled.pattern if source == _ALL else compiled.pattern.of_source(source)
            for start, end in pattern.spans(text[first:last]):
                seen += 1
                if end > start and (compiled.rule.kind != "count" or seen > compiled.rule.at_most):
                    if compiled.rule.as_one:
                        extra[1:] = [(first + start, first + end)]
                    else:
                        self._judge(compiled, reading, first + start, first + end, found)
        if extra:
            self._judge(compiled, reading, extra[0][0], extra[-1][1], found)

    def _judge(self, compiled: CompiledRule, reading: Reading, start: int, end: int, found: list[Finding]) -> None:
        """Keep a hit where its place, its exceptions and its conditions let it count."""
        rule = compiled.rule
        if rule.at != "anywhere" and not reading.is_at(rule.at, start, end):
            return
        if not rule.in_quotes and reading.outline.is_quoted(start, end):
            return
        if compiled.is_excused(reading, start, end):
            return
        if not all(reading.holds(condition, start, end) for condition in compiled.when):
            return
        if any(reading.holds(condition, start, end) for condition in compiled.unless):
            return
        soft = any(reading.holds(condition, start, end) for condition in compiled.soften)
        severity: Severity = "warning" if soft else rule.severity
        start, end = reading.uncovered.span(start, end)
        about = reading.original[start:end]
        # A pattern may reach over the line break at the end of its sentence, which is no part of what is wrong.
        start, about = start + len(about) - len(about.lstrip()), about.strip()
        found.append(Finding(rule, severity, start, start + len(about), about))

    def assess(self, message: str) -> Assessment:
        """Read a customer's message for distress, complaint, abuse, threat, repeated contact and excessive demands.

        Deterministic; after 002 (识别情绪) and 004 (識別奧客的特徵). One message is read by itself: a long history is
        no sign of repeated contact, as every conversation has several messages.

        Args:
            message: the customer's message.

        Returns:
            The signals with their spans in `message`, and whether a human should take over.
        """
        reading = Reading(message, Given(), self._scan_lengths)
        signals: dict[tuple[str, int, int], Signal] = {}
        escalate = False
        for compiled in self._signals:
            kind = compiled.signal.kind
            for span in compiled.spans(reading):
                start, end = reading.uncovered.span(*span)
                signal = Signal(kind=kind, rule=compiled.signal.id, start=start, end=end, text=message[start:end])
                signals.setdefault((kind, start, end), signal)
                escalate = escalate or compiled.signal.escalate
        return Assessment(signals=tuple(sorted(signals.values(), key=lambda s: (s.start, s.end))), escalate=escalate)


def _names(assessment: Assessment) -> tuple[str, ...]:
    """Return the kinds of what was found, and the ids of the signals that found it."""
    return tuple(sorted({name for signal in assessment.signals for name in (signal.kind, signal.rule)}))


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
