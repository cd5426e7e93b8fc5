"""Where an unfinished reply may be cut: the ends of sentences across which no rule reads, whatever follows."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

from replykit.checker import Checker, checker_for
from replykit.disguise import PARTING
from replykit.reading import Given
from replykit.records import Language
from replykit.rules import Condition, Rule
from replykit.text import Outline, fold

__all__ = ["Seam", "Seams"]

_ENDS = frozenset("。!?;…\n.”’」』\"'")
_WORD = re.compile(r"[^\W_]")
# What opens on a line and is closed on it may be a placeholder, a label or a quotation; open, it still may become one.
_PAIRS = ("()", "[]", "{}", "<>", "【】", "《》", "〈〉", "〔〕", "“”", "「」", "『』")
_ALONE = ('"', "`")
_FENCES = ("```", "~~~")
_QUOTES = str.maketrans(dict.fromkeys("“”‘’「」『』\"'`【】《》", " "))
_NOISE = 5  # code points for each of a literal's: noise between two of them, and itself
_LOOKAHEAD = 12  # code points, behind a line that no mark ends
_ELSEWHERE = ("next", "rest", "reply")  # scopes that reach text behind the hit's sentence


@dataclass(frozen=True, slots=True)
class Seam:
    """The end of a sentence.

    Attributes:
        end: one past the sentence's last code point, without white space.
        decided: False where only what follows will tell whether something reads across it.
    """

    end: int
    decided: bool


class Seams:
    """Finds the places where a reply may be cut, by the rules of a playbook.

    Args:
        checker: reads the rules.
    """

    def __init__(self, checker: Checker) -> None:
        self._checker = checker
        self._literals = sorted(checker.disguised)
        self._longest = max(map(len, self._literals), default=0)
        rules = tuple(rule for rule in map(_pessimist, checker.playbook.rules) if rule)
        self._pessimist = checker_for(checker.playbook.model_copy(update={"rules": rules})) if rules else None

    def find(self, text: str, since: int, language: Language | None) -> Iterator[Seam]:
        """Yield the seams of an unfinished reply behind a place that is a seam itself, in order.

        Args:
            text: the reply so far.
            since: where to begin, in code points.
            language: what the reply is held to.
        """
        sentences = list(self._sentences(text, since))
        if not sentences:
            return
        uncovered = self._checker.uncovered(text)
        for end, stop in sentences:
            at, mark = uncovered.place(end - 1), uncovered.place(stop - 1)
            if at is None or mark is None:
                continue  # it parts the letters of a hidden phrase
            if _is_open(text[:end]) or _is_one_token(text, end, stop, language):
                continue
            before, after = uncovered.text[: at + 1], uncovered.text[at + 1 :]
            parted = PARTING.search(uncovered.text, at, mark + 1) is not None
            hidden = self._crosses(self._letters(before)[1], self._letters(after)[0], 3 if parted else 2)
            plain = self._crosses(before[-self._longest :], after[: self._longest], 2)
            if hidden or plain:
                continue
            yield Seam(end, hidden is False and plain is False and _is_enough(text, end, stop))

    def is_safe(self, text: str, given: Given) -> bool:
        """Return whether no later text can make an error of something in a text that has none.

        Later text does so where a rule counts only beside something elsewhere in the reply, or only for want of it, and
        where quotations become most of the reply, so that what stands in them is no longer excused.

        Args:
            text: the beginning of a reply, without errors.
            given: what it is checked with.
        """
        bare = text.translate(_QUOTES)
        checks = [(self._pessimist, text), (self._pessimist, bare), (self._checker, bare)]
        return not any(
            finding.severity == "error"
            for checker, read in (checks if bare != text else checks[:1])
            if checker
            for finding in checker.findings(read, given)
        )

    def _sentences(self, text: str, since: int) -> Iterator[tuple[int, int]]:
        """Yield the end of each sentence that another word follows, without and with the white space behind it.

        Marks, rules of dashes and list numbers on a line of their own belong to what follows.
        """
        folded, start = fold(text), since
        for _, stop in Outline(folded[since:]).sentences:
            stop += since
            end = start + len(text[start:stop].rstrip())
            if folded[stop - 1] in _ENDS and _WORD.search(text[start:end].rpartition("\n")[2]):
                if not _WORD.search(text, stop):
                    return
                yield end, stop
                start = stop

    def _letters(self, text: str) -> tuple[str, str]:
        """Return the first and the last letters and digits of a text, as many as a literal can have."""
        room = _NOISE * self._longest
        first = "".join(char for char in text[:room] if char.isalnum())[: self._longest]
        return first, "".join(char for char in text[-room:] if char.isalnum())[-self._longest :]

    def _crosses(self, before: str, after: str, least: int) -> bool | None:
        """Return whether a literal begins in one text and ends in the other; None where more text would tell."""
        undecided = False
        for length in range(1, min(len(before), self._longest) + 1):
            fits = self._fits(before[-length:], after, least)
            if fits:
                return True
            undecided = undecided or fits is None
        return None if undecided else False

    def _fits(self, head: str, after: str, least: int) -> bool | None:
        for length in range(len(after) + 1):
            text = head + after[:length]
            at = bisect_left(self._literals, text)
            if at == len(self._literals) or not self._literals[at].startswith(text):
                return False
            if length and len(text) >= least and self._literals[at] == text:
                return True
        return None


def _pessimist(rule: Rule) -> Rule | None:
    """Return a rule as the worst later text makes it; None where later text makes nothing worse."""
    worst = {
        "when": tuple(c for c in rule.when if not _reaches_on(c, absent=False)),
        "unless": tuple(c for c in rule.unless if not _reaches_on(c, absent=True)),
        "soften": tuple(c for c in rule.soften if not _reaches_on(c, absent=True)),
    }
    changed = any(conditions != getattr(rule, name) for name, conditions in worst.items())
    return rule.model_copy(update=worst) if changed and rule.severity == "error" else None


def _reaches_on(condition: Condition, *, absent: bool) -> bool:
    return condition.within in _ELSEWHERE and condition.absent is absent


def _is_open(text: str) -> bool:
    """Return whether a bracket, a quotation or a fence is open at the end of a text."""
    line = text.rpartition("\n")[2]
    return (
        any(line.count(pair[0]) > line.count(pair[1]) for pair in _PAIRS)
        or any(line.count(mark) % 2 for mark in _ALONE)
        or any(text.count(fence) % 2 for fence in _FENCES)
    )


def _is_one_token(text: str, end: int, stop: int, language: Language | None) -> bool:
    """Return whether one address, number or clause in another script may go on across the end of a sentence."""
    if text[end - 1].isascii() and text[end : end + 1].strip() and text[end].isascii():
        return True
    last = next(char for char in reversed(text[:end]) if char.isalnum())
    following = _WORD.search(text, stop)
    first = following[0] if following else ""
    if language == "en":
        return not _is_latin(last) and not _is_latin(first)
    return not _is_han(last) and not _is_han(first)


def _is_latin(char: str) -> bool:
    return char < "\u0250"


def _is_han(char: str) -> bool:
    return "\u3400" <= char <= "\u9fff" or char >= "\U00020000"


def _is_enough(text: str, end: int, stop: int) -> bool:
    """Return whether so much follows that no hidden phrase can begin before the seam and still go on behind it.

    Characters that stand alone one by one are read as one word, so one that may stand alone waits for the next.
    """
    if text[end - 1].isalnum() and len(text) < stop + _LOOKAHEAD:
        return False
    words = [match.start() for match in _WORD.finditer(text, stop, stop + _LOOKAHEAD)][:3]
    return len(words) > 2 or (len(words) == 2 and words[1] == words[0] + 1)
