"""The clauses of a statement, and which of them only ask or suppose."""

from __future__ import annotations

import re
from bisect import bisect_right

__all__ = ["Clauses"]

_CLAUSE_END = re.compile(
    r"(?:(?<![0-9])[,:]|[,:](?![0-9])|[。!?;…~\n])+|(?<=[^\x00-\x7f]) +(?=[^\x00-\x7f])"
    r"|(?<!不)但(?!凡)是?|不过(?![期超多夜滤敏])|可是|然而"
)
_SENTENCE_END = frozenset("。!?;…\n")
_QUESTION = re.compile(
    r"吗|是否|能否|可否|能不能|可不可以|要不要|会不会|是不是|需不需要|有没有|[^这那]呢$|怎么|如何|什么时候"
)
_SUPPOSED = re.compile(
    r"^[您你我们亲那就也]{0,3}(?:如果|如若|若|如[^下图上何此]|要是|假如|倘若|万一|一旦|除非|待|等)|(?:的话|时)$"
)


class Clauses:
    """The clauses of a folded text: parted by marks, by 但是 and its like, and by a space between Chinese characters.

    Attributes:
        spans: start and end of each, in order.
        sentences: the number of the sentence that each belongs to.
        asks: whether each asks instead of stating.
        supposes: whether each only supposes what a later clause of its sentence builds on.
    """

    def __init__(self, folded: str) -> None:
        self.spans: list[tuple[int, int]] = []
        self.sentences: list[int] = []
        self.asks: list[bool] = []
        start, sentence = 0, 0
        for match in _CLAUSE_END.finditer(folded + "\n"):
            if match.start() > start:
                self.spans.append((start, match.start()))
                self.sentences.append(sentence)
                self.asks.append("?" in match[0] or _QUESTION.search(folded[start : match.start()]) is not None)
            start = match.end()
            if _SENTENCE_END & set(match[0]):
                sentence += 1
        self.supposes = [
            self.sentences[index] == next_sentence and _SUPPOSED.search(folded[slice(*self.spans[index])]) is not None
            for index, next_sentence in enumerate([*self.sentences[1:], -1][: len(self.spans)])
        ]
        self._starts = [start for start, _ in self.spans]

    def index(self, position: int) -> int:
        """Return the index of the clause that holds a position, or of the one before it."""
        return max(0, bisect_right(self._starts, position) - 1)
