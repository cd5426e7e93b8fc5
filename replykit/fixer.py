"""Deterministic repair: forbidden wording goes or gives way to the playbook's own, everything else stays as it is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence

from replykit.checker import Checker
from replykit.facts import find_facts
from replykit.findings import Finding
from replykit.pattern import Pattern
from replykit.reading import CompiledCondition, Given, Reading
from replykit.records import Channel, Language, Length, Stage, Turn
from replykit.rules import Edit
from replykit.script import tongues_of
from replykit.statement import Claim
from replykit.text import fold

__all__ = ["Fixer"]

LONGEST_TEXT = 20_000  # code points; each repair checks the whole text again
_CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
_MARKS = "，。！？；：、,.!?;:~～… \t\u3000"
_END_MARKS = _MARKS + "\r\n"
_SOFT_MARKS = "，、,：: \t\u3000"
_ASKS = re.compile("[吗嗎呢？?]$")
_BEGINS = re.compile(r"(?:^|[.!?…\n])[\s\"“(]*$")  # what stands before a word that begins a statement
_ONE_OF_US = re.compile(r"I\b|[^\W\d_]{2,}[A-Z]|[A-Z]{2}")  # I, and names that keep their capitals
_WORDS = re.compile(r"[^\W_]")


class Fixer:
    """Repairs texts with the edits that the rules of a playbook name.

    Args:
        checker: finds what to repair and judges every repair.
    """

    def __init__(self, checker: Checker) -> None:
        self.checker = checker
        self._patterns: dict[tuple[str, ...], Pattern] = {}

    def fix(
        self,
        text: str,
        *,
        customer: str | None = None,
        history: Sequence[Turn] = (),
        facts: Sequence[str] = (),
        draft: str | None = None,
        language: Language | None = None,
        stage: Stage | None = None,
        channel: Channel | None = None,
        length: Length | None = None,
        keep: int = 0,
    ) -> str:
        """Repair what can be repaired without a model; what cannot stays as it is, for a person to see.

        Every step is kept only where the text then has fewer errors, or as many errors and fewer warnings, where no
        placeholder, number, address or code is touched, and where what a replaced clause refuses is still refused. So
        the result never has more violations than the text, and repairing it again changes nothing.

        Args:
            text: the reply; texts longer than 20,000 code points are returned as they are.
            customer: the customer's message.
            history: earlier turns.
            facts: what the reply may state.
            draft: the draft that the reply rewrites.
            language: the language asked for.
            stage: where the complaint stands.
            channel: where the reply will be read.
            length: how long it may be.
            keep: code points at the beginning that stay as they are.

        Returns:
            The repaired text.
        """
        if len(text) > LONGEST_TEXT:
            return text
        given = self.checker.given(
            customer=customer,
            history=history,
            facts=facts,
            draft=draft,
            language=language,
            stage=stage,
            channel=channel,
            length=length,
        )
        findings = self.checker.findings(text, given)
        while findings:
            step = self._first_repair(text, findings, given, keep)
            if step is None:
                break
            text, findings = step
        return text

    def _first_repair(
        self, text: str, findings: list[Finding], given: Given, keep: int
    ) -> tuple[str, list[Finding]] | None:
        kept = self._untouchable(text)
        # Errors first, so that a warning's repair never stands in the way of one.
        for finding in sorted(findings, key=lambda f: (f.severity != "error", f.start)):
            for candidate in self._candidates(text, finding, given):
                if candidate == text or candidate[:keep] != text[:keep]:
                    continue
                if not _WORDS.search(candidate) or self._untouchable(candidate) != kept:
                    continue
                after = self.checker.findings(candidate, given)
                if _weight(after) < _weight(findings) and len(after) <= len(findings):
                    return candidate, after
        return None

    def _candidates(self, text: str, finding: Finding, given: Given) -> Iterator[str]:
        if finding.start == finding.end:
            return
        if len(instead := finding.instead) == 1:  # of several only a person knows which is meant
            yield _recased(text, _spliced(text, finding.start, finding.end, instead[0]))
        if not finding.rule.fix:
            return
        reading = Reading.undisguised(text, given)
        language = self.checker.language_of(text) or given.language
        for edit in finding.rule.fix:
            conditions = [CompiledCondition(condition, self._pattern) for condition in edit.when]
            if not all(reading.holds(condition, finding.start, finding.end) for condition in conditions):
                continue
            span = {
                "hit": (finding.start, finding.end),
                "clause": _without_edges(text, *reading.outline.clause(finding.start, finding.end)),
                "sentence": _without_spaces(text, *reading.outline.sentence(finding.start)),
            }[edit.scope]
            replaced = self._replaced(reading, span, edit, language)
            if replaced is None:
                continue
            start, end, new = replaced
            if edit.scope == "hit":
                yield _recased(text, _spliced(text, start, end, new))
            else:
                new = _unsaid(new, text[:start] + text[end:])
                candidate = _spliced(text, start, end, new)
                if new and text[end : end + 1] in ("？", "?") and not _ASKS.search(new):
                    stop = "." if tongues_of(self.checker.playbook).space(language) else "。"
                    candidate = text[:start] + new + stop + text[end + 1 :]
                candidate = _recased(text, candidate)
                if self._keeps_refusals(text, span, finding, candidate):
                    yield candidate

    def _replaced(
        self, reading: Reading, span: tuple[int, int], edit: Edit, language: Language | None
    ) -> tuple[int, int, str] | None:
        """Return what to replace by what, or None where the edit finds nothing to replace."""
        template = self.checker.playbook.say(edit.replace, language)
        if edit.find is None:
            return *span, template
        groups = self._pattern((edit.find,)).groups(reading.text[slice(*span)])
        if groups is None:
            return None
        first = span[0]

        def group(match: re.Match[str]) -> str:
            start, end = groups[int(match[1])]
            return reading.original[first + start : first + end] if start >= 0 else ""

        return first + groups[0][0], first + groups[0][1], re.sub(r"\\(\d)", group, template)

    def _keeps_refusals(self, text: str, span: tuple[int, int], finding: Finding, candidate: str) -> bool:
        """Return whether what a span refuses beside the hit is refused in the candidate too.

        The hit itself is what is mended: 没办法 may go, and 没办法退款 may not become a line that names no refund.
        """
        start, end = span
        refusals = [
            claim
            for claim in self._refusals(text[start:end])
            if claim.matter and (start + claim.start < finding.start or start + claim.end > finding.end)
        ]
        kept = self._refusals(candidate) if refusals else []
        return all(any(self.checker.readers.claims.same_matter(claim, other) for other in kept) for claim in refusals)

    def _refusals(self, text: str) -> list[Claim]:
        statement = self.checker.readers.claims.statement(fold(text))
        return [claim for claim in self.checker.readers.claims.claims(statement) if not claim.positive]

    def _pattern(self, sources: Sequence[str]) -> Pattern:
        return self._patterns.setdefault(tuple(sources), Pattern(sources, self.checker.playbook.words))

    def _untouchable(self, text: str) -> Counter[Hashable]:
        """Count what no repair may touch: values, addresses, placeholders and code."""
        found: Counter[Hashable] = Counter((fact.kind, fact.value) for fact in find_facts(text))
        found.update(placeholder.key for placeholder in self.checker.readers.placeholders.find(text))
        found.update(match[0] for match in _CODE.finditer(text))
        return found


def _weight(findings: list[Finding]) -> tuple[int, int]:
    errors = sum(finding.severity == "error" for finding in findings)
    return errors, len(findings) - errors


def _without_spaces(text: str, start: int, end: int) -> tuple[int, int]:
    """Return a span without the spaces before its words, which part it from what stands before."""
    while start < end - 1 and text[start] in " \t":
        start += 1
    return start, end


def _recased(before: str, after: str) -> str:
    """Return a repaired text with a capital where a repair makes a word the first of its statement, and only there."""
    at = next(
        (at for at, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), min(len(before), len(after))
    )
    is_new = at < len(after) and after[at].isalnum()
    while is_new and at and after[at - 1].isalnum():
        at -= 1
    while at < len(after) and not after[at].isalnum():
        at += 1
    if at == len(after) or not after[at].isascii():
        return after
    if _BEGINS.search(after[:at]):
        return after[:at] + after[at].upper() + after[at + 1 :]
    if not is_new or before.endswith(after[at:]) or _ONE_OF_US.match(after, at):
        return after
    return after[:at] + after[at].lower() + after[at + 1 :]


def _without_edges(text: str, start: int, end: int) -> tuple[int, int]:
    """Return a span without the marks at its end, which a hit may hold and which go on parting the clauses."""
    start, end = _without_spaces(text, start, end)
    while end > start + 1 and text[end - 1] in _END_MARKS:
        end -= 1
    return start, end


def _unsaid(new: str, rest: str) -> str:
    """Return a wording without those of its clauses that the rest of the text says already."""
    return "，".join(clause for clause in new.split("，") if not clause or clause not in rest)


def _spliced(text: str, start: int, end: int, new: str) -> str:
    """Put `new` in the place of a span and leave the punctuation around it tidy."""
    if new:
        return text[:start] + new + text[end:]
    left, right = text[:start], text[end:]
    if left[-2:].isascii() and left[-2:-1].isalnum() and left[-1:] == " " and right[:1] in (",", ".", "!", "?", ";"):
        return left[:-1] + right
    if not _WORDS.search(left):  # nothing is said before it
        return left.rstrip(_MARKS) + right.lstrip(_MARKS)
    if left[-1] in _MARKS:
        head = right.lstrip(_SOFT_MARKS)
        if not head or head[0] in _MARKS:  # the mark before it gives way to the one after
            return left.rstrip(_SOFT_MARKS) + head
        if left[-1] in _SOFT_MARKS or right != head:
            return left + head
    return left + right
