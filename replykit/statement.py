"""A text as claims are read off it, and what is read: claims, conditions, warnings."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from replykit.clauses import Clauses, clauses_of
from replykit.prefilter import Prefilter

__all__ = ["Claim", "Mark", "Proviso", "Statement"]


@dataclass(frozen=True, slots=True)
class Claim:
    """One side of a polarity, taken about one matter.

    Attributes:
        polarity: the index of the polarity.
        positive: the side.
        start: first code point of the word and its matter.
        end: one past the last.
        matter: what it is said of, in canonical words; empty where the text does not say.
        subject: what stands before, in canonical words.
        wording: the matter as it stands, folded.
        clause: the index of its clause.
        sentence: the index of its sentence.
    """

    polarity: int
    positive: bool
    start: int
    end: int
    matter: str
    subject: str
    wording: str
    clause: int
    sentence: int


@dataclass(frozen=True, slots=True)
class Proviso:
    """A condition or a warning.

    Attributes:
        polarity: the index of the polarity that knows it.
        start: first code point.
        end: one past the last.
        content: what must not be lost, in canonical words.
        clause: the index of its clause.
        sentence: the index of its sentence.
    """

    polarity: int
    start: int
    end: int
    content: str
    clause: int
    sentence: int


@dataclass(frozen=True, slots=True)
class Mark:
    """One word of a polarity: `side` is 0 for neither, 1 negative, 2 positive, 3 weak."""

    start: int
    end: int
    match_start: int
    match_end: int
    side: int


class Statement:
    """A folded text as claims are read off it; what is costly is found once, when first asked for.

    Args:
        folded: the text.
        prefilter: tells which words of the polarities may stand in it.
    """

    def __init__(self, folded: str, prefilter: Prefilter) -> None:
        self.folded = folded
        self.marks: dict[int, list[Mark]] = {}  # by polarity, those that were looked for
        self._prefilter = prefilter

    @functools.cached_property
    def clauses(self) -> Clauses:
        """Its clauses."""
        return clauses_of(self.folded)

    @functools.cached_property
    def sides(self) -> frozenset[int]:
        """The sides of the polarities of which a word may stand in it, four numbers for each polarity."""
        return self._prefilter.may_match(self.folded)

    @functools.cached_property
    def positive(self) -> frozenset[int]:
        """The polarities of which a word of the positive side, weak ones included, may stand in it."""
        return frozenset([side // 4 for side in self.sides if side % 4 > 1])

    @functools.cached_property
    def negative(self) -> frozenset[int]:
        """The polarities of which a word of the negative side may stand in it."""
        return frozenset([side // 4 for side in self.sides if side % 4 == 1])
