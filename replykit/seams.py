"""Where an unfinished reply may be cut: the ends of sentences across which no rule reads, whatever follows."""

from __future__ import annotations

import functools
import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

from replykit.checker import Checker, checker_for
from replykit.disguise import PARTING
from replykit.reading import Given
from replykit.records import Language
from replykit.rules import Condition, Rule
from replykit.script import tongues_of
from replykit.text import Outline, fold

__all__ = ["Seam", "Seams"]

_ENDS = frozenset("。!?…\n.”’」』\"'")  # after folding; a semicolon ends no sentence to a reader
_FINAL = frozenset("。！？")  # behind the others, a mark of the same sentence or the rest of an address may follow
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
        sentences = list(_sentences(text, since))
        if not sentences:
            return
        uncovered = self._checker.uncovered(text)
        for end, stop in sentences:
            at, mark = uncovered.place(end - 1), uncovered.place(stop - 1)
            if at is None or mark is None:
                continue  # it parts the letters of a hidden phrase
            before, after = uncovered.text[: at + 1], uncovered.text[at + 1 :]
            parted = PARTING.search(uncovered.text, at, mark + 1) is not None
            crossed = (
                _is_open(text[:end]),
                self._is_one_token(text, end, stop, language),
                self._crosses(self._letters(before)[1], self._letters(after)[0], parted=parted),
                self._crosses(before[-self._longest :], after[: self._longest], parted=False),
            )
            if True not in crossed:
                yield Seam(end, None not in crossed and _is_enough(text, end, stop))

    def _is_one_token(self, text: str, end: int, stop: int, language: Language | None) -> bool | None:
        """Return whether one address, number or clause in another script may go on across the end of a sentence."""
        if text[end - 1].isascii() and text[end : end + 1].strip() and text[end].isascii():
            return True
        is_own = functools.partial(tongues_of(self._checker.playbook).is_own, language)
        if is_own(next(char for char in reversed(text[:end]) if char.isalnum())):
            return False
        following = _WORD.search(text, stop)
        return not is_own(following[0]) if following else None

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

    def _letters(self, text: str) -> tuple[str, str]:
        """Return the first and the last letters and digits of a text, as many as a literal can have."""
        room = _NOISE * self._longest
        first = "".join(char for char in text[:room] if char.isalnum())[: self._longest]
        return first, "".join(char for char in text[-room:] if char.isalnum())[-self._longest :]

    def _crosses(self, before: str, after: str, *, parted: bool) -> bool | None:
        """Return whether a literal begins in one text and ends in the other; None where more text would tell.

        Across a mark that parts words, honest text may put together two letters, or three, or any two words, so only
        longer literals count (see `uncover`).
        """
        undecided = False
        for length in range(1, min(len(before), self._longest) + 1):
            fits = self._fits(before[-length:], after, 2 if not parted else 4 if length == 1 else 3)
            if fits:
                return True
            undecided = undecided or fits is None
        return None if undecided else False

    def _fits(self, head: str, after: str, least: int) -> bool | None:
        """Return whether a literal begins with all of `head` and ends in `after`; None where it may end behind it."""
        for length in range(len(after) + 1):
            text = head + after[:length]
            first = bisect_left(self._literals, text)
            if first == len(self._literals) or not self._literals[first].startswith(text):
                return False
            if length and len(text) >= least and self._literals[first] == text:
                return True
        last = bisect_left(self._literals, text + "\U0010ffff")
        return None if any(len(self._literals[at]) >= least for at in range(first, last)) else False


def _sentences(text: str, since: int) -> Iterator[tuple[int, int]]:
    """Yield the end of each sentence, without and with the white space behind it.

    Marks, rules of dashes and list numbers on a line of their own belong to what follows. The last sentence counts
    where its mark leaves no doubt that it has ended.
    """
    folded, start = fold(text), since
    for _, stop in Outline(folded[since:]).sentences:
        stop += since
        end = start + len(text[start:stop].rstrip())
        if folded[stop - 1] in _ENDS and _WORD.search(text[start:end].rpartition("\n")[2]):
            if text[stop - 1] not in _FINAL and not _WORD.search(text, stop):
                return
            yield end, stop
            start = stop


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


def _is_enough(text: str, end: int, stop: int) -> bool:
    """Return whether so much follows that no hidden phrase can begin before the seam and still go on behind it.

    Characters that stand alone one by one are read as one word, so behind one that does, the next two are waited for.
    """
    if text[end - 1].isalnum():
        return len(text) >= stop + _LOOKAHEAD
    last = next(at for at in range(end - 1, -1, -1) if text[at].isalnum())
    if last and text[last - 1].isalnum():
        return True
    words = [match.start() for match in _WORD.finditer(text, stop, stop + _LOOKAHEAD)][:3]
    return len(words) > 2 or (len(words) == 2 and words[1] == words[0] + 1)
