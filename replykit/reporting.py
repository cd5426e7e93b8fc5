"""What a caller is told of findings: violations, with messages and suggestions in the script of the reply."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from replykit.findings import Finding
from replykit.playbook import Playbook
from replykit.records import Language, Report, Violation
from replykit.rules import Rule
from replykit.text import holds_traditional

__all__ = ["Reporter"]

_REPORTED = frozenset(["text", "violations", "language"])
_VIOLATED = frozenset(["principle", "rule", "severity", "start", "end", "text", "message", "suggestions"])


class _Words(NamedTuple):
    """What is said of a rule in one language; it holds the rule, so that no other one gets its identity."""

    rule: Rule
    message: str
    suggestions: tuple[str, ...]


class Reporter:
    """Makes reports in the words of a playbook.

    Args:
        playbook: says what is wrong and what to say instead.
    """

    def __init__(self, playbook: Playbook) -> None:
        self._playbook = playbook
        self._words: dict[tuple[int, Language | None], _Words] = {}

    def report(self, text: str, findings: Sequence[Finding], language: Language | None) -> Report:
        """Return the report of a text.

        Args:
            text: the text.
            findings: what was found in it, in order.
            language: what it was held to; where nothing decided it, messages are in the script of the text.
        """
        spoken = language
        if findings and not spoken and holds_traditional(text):
            from replykit.script import only, tongues_of  # costs as much as all the rest of a first check

            spoken = only(tongues_of(self._playbook).of(text))
        violations = tuple([self._violation(finding, text, spoken) for finding in findings])
        return Report.made({"text": text, "violations": violations, "language": language}, _REPORTED)

    def unjudged(self, report: Report) -> Report:
        """Return a report with an error for all of its text, as of one in a language that no rule here can judge.

        It is of the rule for language and script; a playbook that has none, or disables it, lets such a text pass.
        """
        rule = next((rule for rule in self._playbook.rules if rule.guard == "match-script"), None)
        if rule is None or not report.text:
            return report
        finding = Finding(rule, rule.severity, 0, len(report.text), report.text)
        others = (violation for violation in report.violations if violation.rule != rule.id)
        violations = (self._violation(finding, report.text, self._playbook.languages[0]), *others)
        return report.model_copy(update={"violations": violations})

    def _violation(self, finding: Finding, text: str, language: Language | None) -> Violation:
        rule, instead = finding.rule, finding.instead
        words = self._words.get((id(rule), language)) or self._say(rule, language)
        message = words.message.replace("{instead}", "、".join(instead))
        fields = {
            "principle": rule.principle,
            "rule": rule.id,
            "severity": finding.severity,
            "start": finding.start,
            "end": finding.end,
            "text": text[finding.start : finding.end],
            "message": message.replace("{text}", finding.text),
            "suggestions": instead or words.suggestions,
        }
        return Violation.made(fields, _VIOLATED)

    def _say(self, rule: Rule, language: Language | None) -> _Words:
        say = self._playbook.say
        words = _Words(rule, say(rule.message, language), tuple([say(entry, language) for entry in rule.suggestions]))
        self._words[id(rule), language] = words
        return words
