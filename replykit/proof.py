"""The proof of a playbook: every example of every rule, and everything that the playbook says itself, is checked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from replykit.checker import Checker, checker_for
from replykit.playbook import Playbook
from replykit.records import Severity, Turn, Violation
from replykit.rules import Example, Rule

__all__ = ["Flaw", "flaws_in"]


class Flaw(NamedTuple):
    """One thing in a playbook that is not as its author says.

    Attributes:
        id: the rule, signal or line.
        text: the example or the wording.
        problem: what is wrong with it, in one sentence.
    """

    id: str
    text: str
    problem: str


def flaws_in(playbook: Playbook) -> Iterator[Flaw]:
    """Yield what is wrong with a playbook.

    A `bad` example must break its rule with the rule's severity, a `softened` one with a warning, and a `good` one must
    not break it. What the playbook says itself (suggestions, ready lines, professional wordings) must have no errors.

    Args:
        playbook: the rules.

    Raises:
        PlaybookError: a pattern is not RE2; the message names the rule.
    """
    checker = checker_for(playbook)
    checker.validate()
    for rule in playbook.rules:
        for example in rule.bad:
            yield from _missed(checker, rule, example, rule.severity)
        for example in rule.softened:
            yield from _missed(checker, rule, example, "warning")
        for example in rule.good:
            if any(violation.rule == rule.id for violation in _violations(checker, example)):
                yield Flaw(rule.id, example.text, "a good example breaks the rule")
        for suggestion in rule.suggestions:
            yield from _unfit(checker, rule.id, suggestion, "a suggestion")
    for signal in playbook.signals:
        for message in signal.bad:
            # Where two signals of one kind are found in the same place, one stands for both.
            if not any(found.kind == signal.kind for found in checker.assess(message).signals):
                yield Flaw(signal.id, message, "a message does not carry the signal")
        for message in signal.good:
            if any(found.rule == signal.id for found in checker.assess(message).signals):
                yield Flaw(signal.id, message, "a near-miss carries the signal")
    for line in playbook.lines:
        yield from _unfit(checker, line.id, line.text, "a ready line")
    for pair in playbook.pairs:
        yield from _unfit(checker, pair.id, pair.professional, "a professional wording")


def _violations(checker: Checker, example: Example) -> tuple[Violation, ...]:
    return checker.check(
        example.text,
        customer=example.customer,
        history=tuple(Turn(role="customer", text=text) for text in example.history),
        facts=example.facts,
        draft=example.draft,
        language=example.language,
    ).violations


def _missed(checker: Checker, rule: Rule, example: Example, severity: Severity) -> Iterator[Flaw]:
    """Where two rules of one principle find the same place, one violation stands for both."""
    found = [v for v in _violations(checker, example) if v.principle == rule.principle]
    if not found:
        yield Flaw(rule.id, example.text, "a bad example does not break the rule")
    elif not any(violation.severity == severity for violation in found):
        yield Flaw(rule.id, example.text, f"an example is found as {found[0].severity}, not as {severity}")


def _unfit(checker: Checker, id: str, text: str, what: str) -> Iterator[Flaw]:
    for violation in checker.check(text).errors:
        yield Flaw(id, text, f"{what} breaks {violation.principle}/{violation.rule}")
