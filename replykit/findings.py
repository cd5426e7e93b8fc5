"""What a check found, with the rule that found it, and which of several findings of one place counts."""

from __future__ import annotations

from bisect import bisect_left
from typing import NamedTuple

from replykit.records import Severity
from replykit.rules import Rule
from replykit.text import fold

__all__ = ["Finding", "without_overlaps"]


class Finding(NamedTuple):
    """A violation with the rule that found it, which its repair needs.

    Attributes:
        rule: the rule that found it.
        severity: after `soften`.
        start, end: its span in the text as given, in code points.
        text: what the message calls it: the span's text, or what is missing.
    """

    rule: Rule
    severity: Severity
    start: int
    end: int
    text: str

    @property
    def instead(self) -> tuple[str, ...]:
        """The wordings that the rule names in place of exactly what it found, disguised or not."""
        if not self.rule.instead:
            return ()
        folded = fold(self.text)
        letters = "".join(filter(str.isalnum, folded))
        named = {fold(phrase): wordings for phrase, wordings in self.rule.instead.items()}
        return named.get(folded) or named.get(letters, ())


def without_overlaps(found: list[Finding]) -> list[Finding]:
    """Keep, of findings of one principle that overlap, the gravest, then the longest."""
    if not found:
        return []
    kept: list[Finding] = []
    taken: dict[str, list[tuple[int, int]]] = {}  # by principle, disjoint and sorted
    for finding in sorted(found, key=lambda f: (f.severity != "error", f.start - f.end, f.start)):
        spans = taken.setdefault(finding.rule.principle, [])
        if finding.start < finding.end:
            at = bisect_left(spans, (finding.start, finding.end))
            if (at > 0 and spans[at - 1][1] > finding.start) or (at < len(spans) and spans[at][0] < finding.end):
                continue
            spans.insert(at, (finding.start, finding.end))
        kept.append(finding)
    return sorted(kept, key=lambda f: (f.start, f.end, f.rule.id))
