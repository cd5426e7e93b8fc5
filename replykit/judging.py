"""How a rule that is ready to run looks for its matches in a reply, and which of them count."""

from __future__ import annotations

from collections.abc import Sequence

from replykit.compiled import CompiledRule
from replykit.findings import Finding
from replykit.reading import Reading
from replykit.records import Severity

__all__ = ["ALL", "judge", "match", "run"]

ALL = -1
"""In place of the number of a source: every source of a pattern."""


def run(compiled: CompiledRule, reading: Reading, found: list[Finding]) -> None:
    """Run a rule that no literal triggers and that is no guard."""
    if compiled.rule.kind == "require":
        size = len(reading.text)
        if compiled.pattern and not any(
            compiled.pattern.search(reading.text[a:b]) for a, b in reading.outline.sentences
        ):
            judge(compiled, reading, size, size, found)
    elif compiled.rule.kind == "order":
        _order(compiled, reading, found)
    else:
        match(compiled, reading, [(n, ALL) for n in range(len(reading.outline.sentences))], found)


def _order(compiled: CompiledRule, reading: Reading, found: list[Finding]) -> None:
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
                judge(compiled, reading, a + start, a + end, found)
                return
        if understood < b:
            return


def match(compiled: CompiledRule, reading: Reading, sentences: Sequence[tuple[int, int]], found: list[Finding]) -> None:
    """Judge the matches of a rule's pattern.

    Args:
        compiled: the rule.
        reading: the reply.
        sentences: where to look: the number of a sentence and that of the one source that may match there, or `ALL`.
        found: what counts is added to it.
    """
    if not compiled.pattern:
        return
    text, seen = reading.text, 0
    extra: list[tuple[int, int]] = []
    for number, source in sentences:
        first, last = reading.outline.sentences[number]
        pattern = compiled.pattern if source == ALL else compiled.pattern.of_source(source)
        for start, end in pattern.spans(text[first:last]):
            seen += 1
            if end > start and (compiled.rule.kind != "count" or seen > compiled.rule.at_most):
                if compiled.rule.as_one:
                    extra[1:] = [(first + start, first + end)]
                else:
                    judge(compiled, reading, first + start, first + end, found)
    if extra:
        judge(compiled, reading, extra[0][0], extra[-1][1], found)


def judge(compiled: CompiledRule, reading: Reading, start: int, end: int, found: list[Finding]) -> None:
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
