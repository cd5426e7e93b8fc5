"""What the examples of a playbook leave unproved: phrases, patterns and exceptions that none of them needs."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence

from replykit.lint.flaw import Flaw
from replykit.lint.subject import Subject
from replykit.pattern import Pattern
from replykit.rules import Rule
from replykit.text import Outline, fold

__all__ = ["coverage_flaws"]

_SHOWN = 5  # phrases of one flaw
_HAN = re.compile(r"[㐀-鿿豈-﫿]")
_PART = re.compile(r"\\Q.*?(?:\\E|\Z)|\\.|\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]|[()|]|.", re.DOTALL)


def coverage_flaws(subject: Subject) -> Iterator[Flaw]:
    """Yield what no example proves, and what is written in vain, in the rules that the playbook does not inherit.

    Of a pattern its outermost alternatives are looked at, not those inside its groups.

    Args:
        subject: the playbook.
    """
    standing = set().union(*(subject.literals_in(text) for text in subject.texts)) if subject.texts else set()
    sentences = sorted({text[a:b] for text in subject.texts for a, b in Outline(text).sentences})
    joined = "\n".join(sentences)
    for rule in subject.own_rules:
        if not rule.reason.strip():
            message = "the rule does not say why; write it in 'reason', for whoever disagrees with it"
            yield subject.flaw("no-reason", "rule", rule.id, message)
        yield from _phrases(subject, rule, standing)
        yield from _patterns(subject, rule, sentences, joined)
        yield from _exceptions(subject, rule)
        yield from _examples(subject, rule)


def _phrases(subject: Subject, rule: Rule, standing: set[str]) -> Iterator[Flaw]:
    for phrase in (*rule.phrases, *rule.exceptions, *rule.counter_exceptions):
        if all(char.isspace() or unicodedata.category(char) in ("Cf", "Cc") for char in phrase):
            yield subject.flaw("blank-phrase", "rule", rule.id, "nothing can be seen of this phrase; remove it", phrase)
    for phrase in rule.phrases:
        if len(phrase) == 1 and _HAN.match(phrase) and rule.at == "anywhere":
            message = f"“{phrase}” also stands inside words; say where it counts with 'at', or write a longer phrase"
            yield subject.flaw("one-character", "rule", rule.id, message, phrase)
    idle = [phrase for phrase in rule.phrases if fold(phrase) not in standing]
    if idle:
        message = f"no text of the playbook holds {_of(idle, rule.phrases, 'phrase')}"
        yield subject.flaw("idle-phrase", "rule", rule.id, message, idle[0])


def _patterns(subject: Subject, rule: Rule, sentences: Sequence[str], joined: str) -> Iterator[Flaw]:
    if rule.kind not in ("pattern", "count", "order", "together"):
        return
    found = [e for e in (*rule.bad, *rule.softened) if rule.kind == "count" or subject.found(rule, e)]
    own = [folded[a:b] for e in found for folded in [fold(e.text)] for a, b in Outline(folded).sentences]
    for source in dict.fromkeys((*rule.patterns, *rule.then, *(entry for group in rule.together for entry in group))):
        alternatives = _alternatives(source)
        idle = []
        for alternative in alternatives:
            pattern = Pattern((alternative,), subject.playbook.words)
            if not any(map(pattern.search, own)) and not _stands_in(subject, pattern, sentences, joined):
                idle.append(alternative)
        if idle:
            message = f"no text of the playbook matches {_of(idle, alternatives, 'alternative')}"
            yield subject.flaw("idle-pattern", "rule", rule.id, message, source)


def _stands_in(subject: Subject, pattern: Pattern, sentences: Sequence[str], joined: str) -> bool:
    needed = subject.needed(pattern.sources)
    if needed is not None and not any(literal in joined for literal in needed):
        return False  # so that a great many rules need not be held against a great many sentences
    return any(map(pattern.search, sentences))


def _alternatives(pattern: str) -> list[str]:
    """Return the outermost alternatives of a pattern; itself where there is one, or where it opens with flags."""
    if pattern.startswith("(?") and re.match(r"\(\?[a-zA-Z-]+\)", pattern):
        return [pattern]
    parts, depth = [""], 0
    for token in _PART.findall(pattern):
        depth += {"(": 1, ")": -1}.get(token, 0)
        if token == "|" and not depth:
            parts.append("")
        else:
            parts[-1] += token
    return [part for part in parts if part] or [pattern]


def _exceptions(subject: Subject, rule: Rule) -> Iterator[Flaw]:
    if not rule.exceptions or rule.kind == "guard":
        return
    words = subject.playbook.words
    patterns = {exception: Pattern((exception,), words) for exception in rule.exceptions}
    together = Pattern(rule.exceptions, words)
    counter = Pattern(rule.counter_exceptions, words) if rule.counter_exceptions else None
    for phrase in rule.phrases:
        folded = fold(phrase)
        if together.covers(folded, 0, len(folded)) and not (counter and counter.covers(folded, 0, len(folded))):
            exception = next((e for e, p in patterns.items() if p.covers(folded, 0, len(folded))), rule.exceptions[0])
            message = f"an exception covers the bare phrase “{phrase}”, so that it is never found; make it narrower"
            yield subject.flaw("swallows-violation", "rule", rule.id, message, exception)
    idle = dict(patterns)
    for example in rule.good:
        if not idle:
            return
        reading, findings = subject.excused(rule, example)
        for exception, pattern in list(idle.items()):
            if any(reading.is_covered(pattern, finding.start, finding.end) for finding in findings):
                del idle[exception]
    for exception in idle:
        message = "no good example needs this exception; add the near-miss that it is for, or remove it"
        yield subject.flaw("idle-exception", "rule", rule.id, message, exception)


def _examples(subject: Subject, rule: Rule) -> Iterator[Flaw]:
    counts = Counter((*rule.bad, *rule.softened, *rule.good))
    for example, times in counts.items():
        if times > 1:
            message = f"the example stands {times} times in the rule; remove what is too much"
            yield subject.flaw("duplicate-example", "rule", rule.id, message, example.text, nth=1)
    for example in rule.good:
        if rule.kind != "guard" and rule.id not in subject.tried_on(fold(example.text)):
            message = "a good example holds nothing of what the rule looks for, so it proves nothing; write a near-miss"
            yield subject.flaw("no-near-miss", "rule", rule.id, message, example.text)


def _of(idle: Sequence[str], all: Sequence[str], noun: str) -> str:
    if len(all) == 1:
        return f"its only {noun}" if noun == "phrase" else "this pattern"
    listed = ", ".join(idle[:_SHOWN]) + (" …" if len(idle) > _SHOWN else "")
    return f"{len(idle):,} of {len(all):,} {noun}s: {listed}"
