"""Rules that stand in each other's way: the same phrase twice, or a rule that another one makes superfluous."""

from __future__ import annotations

from collections.abc import Iterator

from replykit.findings import Finding
from replykit.lint.flaw import Flaw
from replykit.lint.subject import Subject
from replykit.rules import Example, Rule
from replykit.text import fold

__all__ = ["overlap_flaws"]

_SHOWN = 5  # phrases of one flaw


def overlap_flaws(subject: Subject) -> Iterator[Flaw]:
    """Yield the phrases that stand twice, and the rules of which another one of the same principle finds every hit.

    What a rule hits is known from its phrases and its bad examples: another rule makes it superfluous only where it
    finds all of them at least as gravely. Rules that are inherited are not blamed, only compared with.

    Args:
        subject: the playbook.
    """
    yield from _same_phrases(subject)
    superfluous: set[str] = set()
    for rule in reversed(subject.own_rules):
        if rule.kind not in ("phrase", "pattern", "together"):
            continue
        for other in _candidates(subject, rule):
            if other.id not in superfluous and _finds_all(subject, other, rule):
                superfluous.add(rule.id)
                message = f"{other.id!r} finds everything that this rule finds; remove it, or show what it adds"
                yield subject.flaw("overlapping-rules", "rule", rule.id, message)
                break


def _same_phrases(subject: Subject) -> Iterator[Flaw]:
    first: dict[tuple[str, str], str] = {}
    for rule in subject.playbook.rules:
        again: dict[str, list[str]] = {}
        for phrase in rule.phrases:
            holder = first.setdefault((fold(phrase), rule.at), rule.id)
            if holder != rule.id:
                again.setdefault(holder, []).append(phrase)
        if not subject.places.is_own("rule", rule.id):
            continue
        if twice := _repeated(rule):
            message = f"stands twice in this rule once script, width and case are folded: {_listed(twice)}"
            yield subject.flaw("same-phrase", "rule", rule.id, message, twice[0], nth=1)
        for holder, phrases in again.items():
            message = f"also stands in the rule {holder!r}: {_listed(phrases)}"
            yield subject.flaw("same-phrase", "rule", rule.id, message, phrases[0])


def _repeated(rule: Rule) -> list[str]:
    seen: set[str] = set()
    repeated = []
    for phrase in rule.phrases:
        if (folded := fold(phrase)) in seen:
            repeated.append(phrase)
        seen.add(folded)
    return repeated


def _listed(phrases: list[str]) -> str:
    return ", ".join(phrases[:_SHOWN]) + (f" … ({len(phrases):,})" if len(phrases) > _SHOWN else "")


def _candidates(subject: Subject, rule: Rule) -> list[Rule]:
    """Return the other rules of the principle that are tried on everything that the rule hits."""
    texts = [fold(text) for text in (*rule.phrases, *(e.text for e in (*rule.bad, *rule.softened)))]
    ids: set[str] | None = None
    for text in texts:
        tried = subject.tried_on(text)
        ids = tried if ids is None else ids & tried
        if ids <= {rule.id}:
            return []
    others = (subject.rules[id] for id in sorted(ids or ()) if id != rule.id)
    kinds = ("phrase", "pattern", "together")
    return [other for other in others if other.principle == rule.principle and other.kind in kinds]


def _finds_all(subject: Subject, other: Rule, rule: Rule) -> bool:
    proofs = [(example, subject.found(rule, example)) for example in (*rule.bad, *rule.softened)]
    if not any(findings for _, findings in proofs):
        return False
    for example, findings in proofs:
        theirs = subject.alone(other).findings(example.text, subject.given(example))
        if not all(any(_stands_for(found, finding) for found in theirs) for finding in findings):
            return False
    return all(_covers_phrase(subject, other, rule, phrase) for phrase in rule.phrases)


def _covers_phrase(subject: Subject, other: Rule, rule: Rule, phrase: str) -> bool:
    example = Example(text=phrase)
    theirs = subject.alone(other).findings(phrase, subject.given(example))
    return any(
        found.start == 0 and found.end == len(phrase) and (found.severity == "error" or rule.severity == "warning")
        for found in theirs
    )


def _stands_for(found: Finding, finding: Finding) -> bool:
    covers = found.start <= finding.start and finding.end <= found.end
    return covers and (found.severity == "error" or finding.severity == "warning")
