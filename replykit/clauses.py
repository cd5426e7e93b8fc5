"""The clauses of a statement, and which of them only ask or suppose."""

from __future__ import annotations

import functools
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator

__all__ = ["Clauses", "clauses_of", "passages"]

# One character first and then what it takes to part two clauses there, as one of a few is found quickly.
_CLAUSE_END = re.compile(
    r"[。!?;…~\n,: .但不可然](?:(?:(?<=[。!?;…~\n])|(?<=[,:])(?:(?<![0-9][,:])|(?![0-9])))"
    r"(?:(?<![0-9])[,:]|[,:](?![0-9])|[。!?;…~\n])*|(?<=[^\x00-\x7f] ) *(?=[^\x00-\x7f])"
    r"|(?<=[a-z0-9)\"']\.)(?=[ \n])|(?<=[a-z] )(?:but|however|although|though|whereas)(?= )"
    r"|(?<=但)(?<!不但)(?!凡)是?|(?<=不)过(?![期超多夜滤敏])|(?<=可)是|(?<=然)而)"
)
# where a sentence surely ends, with all of its marks
_STOP = re.compile(r"[。!?;…\n](?![,:。!?;…~\n])|(?<=[a-z0-9)\"'])\.(?=[ \n])")
_SENTENCE_END = frozenset("。!?;….\n")
_QUESTION = re.compile(
    r"[吗是能可要会需有呢怎如什](?:(?<=吗)|(?<=是)(?:否|不是)|(?<=能)(?:否|不能)|(?<=可)(?:否|不可以)|(?<=要)不要"
    r"|(?<=会)不会|(?<=需)不需要|(?<=有)没有|(?<=[^这那]呢)$|(?<=怎)么|(?<=如)何|(?<=什)么时候)|\bwhether\b"
)
_SUPPOSED = re.compile(
    r"^[您你我们亲那就也]{0,3}(?:如果|如若|若|如[^下图上何此]|要是|假如|倘若|万一|一旦|除非|待|等)|(?:的话|时)$"
    r"|^\s?(?:and |but |so |or |only )?(?:if|unless|once|when|in case|should you|as long as|provided|until)\b"
)


class Clauses:
    """The clauses of a folded text: parted by marks, by 但是 or but, and by a space between Chinese characters.

    Everything is found when first asked for, as few of many clauses are looked at.

    Args:
        folded: the text.
    """

    def __init__(self, folded: str) -> None:
        self._folded = folded
        self._asks: dict[int, bool] = {}
        self._supposes: dict[int, bool] = {}

    @functools.cached_property
    def _parts(self) -> tuple[list[tuple[int, int]], list[int], list[bool]]:
        spans: list[tuple[int, int]] = []
        sentences: list[int] = []
        marked: list[bool] = []  # with a question mark
        start, sentence = 0, 0
        for match in _CLAUSE_END.finditer(self._folded + "\n"):
            at, end = match.span()
            mark = match[0]
            if at > start:
                spans.append((start, at))
                sentences.append(sentence)
                marked.append("?" in mark)
            start = end
            if not _SENTENCE_END.isdisjoint(mark):
                sentence += 1
        return spans, sentences, marked

    @property
    def spans(self) -> list[tuple[int, int]]:
        """Start and end of each, in order."""
        return self._parts[0]

    @property
    def sentences(self) -> list[int]:
        """The number of the sentence that each belongs to."""
        return self._parts[1]

    @functools.cached_property
    def _starts(self) -> list[int]:
        return [start for start, _ in self.spans]

    def index(self, position: int) -> int:
        """Return the index of the clause that holds a position, or of the one before it."""
        return max(0, bisect_right(self._starts, position) - 1)

    def text(self, index: int) -> str:
        """Return the words of a clause."""
        return self._folded[slice(*self.spans[index])]

    def asks(self, index: int) -> bool:
        """Return whether a clause asks instead of stating."""
        if index not in self._asks:
            self._asks[index] = self._parts[2][index] or _QUESTION.search(self.text(index)) is not None
        return self._asks[index]

    def supposes(self, index: int) -> bool:
        """Return whether a clause only supposes what a later clause of its sentence builds on."""
        if index not in self._supposes:
            is_followed = self.sentences[index : index + 2] == [self.sentences[index]] * 2
            self._supposes[index] = is_followed and _SUPPOSED.search(self.text(index)) is not None
        return self._supposes[index]


_SHORT = 10_000  # code points
_known = functools.lru_cache(maxsize=16)(Clauses)


def clauses_of(folded: str) -> Clauses:
    """Return the clauses of a folded text, remembered for a while, as several parts of one check read the same text.

    Args:
        folded: the text; one longer than 10,000 code points is read each time.
    """
    return _known(folded) if len(folded) <= _SHORT else Clauses(folded)


def passages(folded: str, positions: Iterable[int]) -> Iterator[tuple[int, Clauses]]:
    """Yield for each position the clauses of the sentences around it, and where these begin in the text.

    What stands there is parted as in the whole text, which need not be parted when little of it is looked at.

    Args:
        folded: the text.
        positions: in about the order in which they stand; one before the passage of another gets that one's.
    """
    start = end = 0
    clauses = Clauses("")
    for position in positions:
        if position >= end:
            for stop in _STOP.finditer(folded, end, position):
                end = stop.end()
            start = max(0, end - 1)  # with the mark before, which tells what a space behind it is
            stop_after = _STOP.search(folded, position)
            end = stop_after.end() if stop_after else len(folded)
            clauses = Clauses(folded[start:end])
        yield start, clauses
