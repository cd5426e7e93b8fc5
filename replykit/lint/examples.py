"""The proof of a playbook: its examples run, and everything that it says itself is checked."""

from __future__ import annotations

import re
from collections.abc import Iterator

from replykit.lint.flaw import Flaw
from replykit.lint.subject import Subject
from replykit.pattern import Pattern
from replykit.placeholders import PlaceholderFinder
from replykit.records import Severity
from replykit.rules import Example, Rule

__all__ = ["example_flaws", "wording_flaws"]

_GROUP = re.compile(r"\\\d")


def example_flaws(subject: Subject) -> Iterator[Flaw]:
    """Yield the rules, signals and placeholder syntaxes that do not do what their examples say.

    A `bad` example must break its rule with the rule's severity, a `softened` one with a warning, and a `good` one must
    not break it. Every rule must find one of its bad examples by itself; for the others it is enough that a rule of the
    same principle does, as one violation stands for all that find the same place.

    Args:
        subject: the playbook.
    """
    for rule in subject.playbook.rules:
        yield from _rule_flaws(subject, rule)
    for signal in subject.playbook.signals:
        for message in signal.bad:
            # Where two signals of one kind are found in the same place, one stands for both.
            if not any(found.kind == signal.kind for found in subject.checker.assess(message).signals):
                yield subject.flaw(
                    "missed-example", "signal", signal.id, "a message does not carry the signal", message
                )
        for message in signal.good:
            if any(found.rule == signal.id for found in subject.checker.assess(message).signals):
                yield subject.flaw("hit-example", "signal", signal.id, "a near-miss carries the signal", message)
    finder = PlaceholderFinder(subject.playbook.placeholders)
    for syntax in subject.playbook.placeholders:
        if not subject.places.is_own("placeholder", syntax.id):
            continue
        for text in syntax.bad:
            if not finder.find(text):
                yield subject.flaw("missed-example", "placeholder", syntax.id, "no placeholder is found in it", text)
        for text in syntax.good:
            if any(found.syntax == syntax.id for found in finder.find(text)):
                yield subject.flaw("hit-example", "placeholder", syntax.id, "a near-miss is taken for one", text)


def _rule_flaws(subject: Subject, rule: Rule) -> Iterator[Flaw]:
    broken = (*rule.bad, *rule.softened)
    fires = any(subject.found(rule, example) for example in broken)
    swallowed = {example: _swallower(subject, rule, example) for example in broken}
    for example, exception in swallowed.items():
        if exception is not None:
            message = f"an exception excuses the bad example “{example.text}” of its own rule; make it narrower"
            yield subject.flaw("swallows-violation", "rule", rule.id, message, exception)
    if not fires and not any(swallowed.values()):
        message = "the rule finds none of its own bad examples; look at its phrases, its 'at' and its conditions"
        yield subject.flaw("never-fires", "rule", rule.id, message)
    for severity, examples in ((rule.severity, rule.bad), ("warning", rule.softened)):
        for example in examples:
            if fires and not swallowed[example]:
                yield from _missed(subject, rule, example, severity)
    for example in rule.good:
        if subject.found(rule, example):
            yield subject.flaw("hit-example", "rule", rule.id, "a good example breaks the rule", example.text)


def _missed(subject: Subject, rule: Rule, example: Example, severity: Severity) -> Iterator[Flaw]:
    if any(finding.severity == severity for finding in subject.found(rule, example)):
        return
    found = subject.checker.findings(example.text, subject.given(example))
    severities = [finding.severity for finding in found if finding.rule.principle == rule.principle]
    if not severities:
        yield subject.flaw("missed-example", "rule", rule.id, "a bad example does not break the rule", example.text)
    elif severity not in severities:
        message = f"an example is found as {severities[0]}, not as {severity}"
        yield subject.flaw("wrong-severity", "rule", rule.id, message, example.text)


def _swallower(subject: Subject, rule: Rule, example: Example) -> str | None:
    """Return the exception without which the rule would find the example."""
    if not rule.exceptions or subject.found(rule, example):
        return None
    reading, findings = subject.excused(rule, example)
    for exception in rule.exceptions:
        pattern = Pattern((exception,), subject.playbook.words)
        if any(reading.is_covered(pattern, finding.start, finding.end) for finding in findings):
            return exception
    return None


def wording_flaws(subject: Subject) -> Iterator[Flaw]:
    """Yield what the playbook says itself and its own rules forbid: with errors, in either script that it speaks.

    A replacement is checked without the groups that it takes over.

    Args:
        subject: the playbook.
    """
    playbook = subject.playbook
    for rule in playbook.rules:
        for suggestion in rule.suggestions:
            yield from _unfit(subject, "unfit-suggestion", "rule", rule.id, suggestion, "a suggestion")
        for wording in dict.fromkeys(wording for wordings in rule.instead.values() for wording in wordings):
            yield from _unfit(subject, "unfit-suggestion", "rule", rule.id, wording, "a wording to use instead")
        for edit in rule.fix:
            yield from _unfit(subject, "unfit-fix", "rule", rule.id, edit.replace, "a replacement")
    for line in playbook.lines:
        yield from _unfit(subject, "unfit-line", "line", line.id, line.text, "a ready line")
    for pair in playbook.pairs:
        yield from _unfit(subject, "unfit-wording", "pair", pair.id, pair.professional, "a professional wording")


def _unfit(subject: Subject, code: str, table: str, id: str, text: str, what: str) -> Iterator[Flaw]:
    said = {subject.playbook.say(text, language): language for language in subject.playbook.languages[::-1]}
    for wording, language in reversed(said.items()):
        for error in subject.checker.check(_GROUP.sub("", wording)).errors:
            script = f" in {language}" if wording != text else ""
            message = f"{what} breaks {error.principle}/{error.rule}{script}: “{error.text}”"
            yield subject.flaw(code, table, id, message, text)
