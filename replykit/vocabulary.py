"""Words by which a language is told, and by which a screen's wording is known, as profiles list them."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import NamedTuple

from replykit.language import LanguageProfile
from replykit.records import Language
from replykit.writing import HIDDEN, LATIN, LATIN_LETTERS, WORD, any_of, class_of

__all__ = ["Screen", "Vocabulary", "every_word"]

_FLAG = re.compile(r"(?:^|\s)--?[A-Za-z]")
_BEFORE, _AFTER = 24, 4  # code points that are looked at beside what may be a screen's wording


class Vocabulary(NamedTuple):
    """The words of a language that parts them by spaces, by what they tell; see `LanguageProfile`."""

    language: Language
    letters: re.Pattern[str]
    marks: re.Pattern[str] | None
    strong: frozenset[str]
    weak: frozenset[str]
    known: frozenset[str]
    shared: frozenset[str]
    courtesies: frozenset[str]

    @classmethod
    def of(cls, profile: LanguageProfile) -> Vocabulary:
        """Return the vocabulary of a profile."""
        strong, weak, common, shared, courtesies = (
            frozenset(getattr(profile, field).split()) for field in ("strong", "weak", "common", "shared", "courtesies")
        )
        marks = re.compile(f"[{re.escape(profile.shows)}]") if profile.shows else None
        known = strong | weak | common
        return cls(profile.id, class_of(profile.scripts), marks, strong, weak, known, shared, courtesies)

    def told(self, text: str, han: int) -> tuple[int, int]:
        """Return by how many words and marks a text shows the language, and how many it has in all; else zeros.

        Args:
            text: any text, what is nobody's own wording hidden.
            han: how many Chinese characters stand in it, which an English sentence with a name in it outnumbers.
        """
        words = [word.replace("’", "'").lower() for word in WORD.findall(text) if self.letters.match(word)]
        marks = len(self.marks.findall(text)) if self.marks else 0
        known = [word for word in words if word in self.known]
        telling = sum(word not in self.shared for word in known) + marks
        seen = len(known) + marks
        if han:
            holds = len(words) > han and seen >= 3
        else:
            holds = (seen * 3 >= len(words) or telling > 3) and (seen > 1 or len(words) <= 2)
        return (telling, seen) if holds and telling else (0, 0)

    def is_clause(self, segment: str) -> bool:
        """Return whether a stretch of Latin text is a clause, and not a name, a title, a label or a line of code."""
        words = [word.replace("’", "'") for word in WORD.findall(segment)]
        small = [word.lower() for word in words]
        grammar = [w for word, w in zip(words, small, strict=True) if not (word.isupper() and len(word) > 1)]
        strong, weak = sum(w in self.strong for w in grammar), sum(w in self.weak for w in grammar)
        others = [word for word, w in zip(words, small, strict=True) if w not in self.weak]
        is_title = len(others) > 1 and all(word[0].isupper() for word in others) and small[0] not in self.courtesies
        if is_title or _FLAG.search(segment):
            return False
        is_said = strong > 0 or ", " in segment or segment.endswith("!")
        if is_said and len(words) > 1 and self.known.issuperset(small):
            return True
        if sum(not word.isascii() for word in words) > 1 and len(words) > 3:
            return True
        return (strong > 0 and len(words) > 2 and (strong + weak > 1 or len(words) > 3)) or (
            weak > 1 and len(words) > 4
        )


def every_word(profiles: Sequence[LanguageProfile], field: str) -> set[str]:
    """Return the words that some languages have in a field."""
    return {word for profile in profiles for word in getattr(profile, field).split()}


class Screen:
    """Knows the wording of a screen by the words beside it: behind 点击 and 报错, before 按钮.

    Args:
        profiles: whose words count.
    """

    def __init__(self, profiles: Sequence[LanguageProfile]) -> None:
        self._profiles = profiles

    @functools.cached_property
    def _beside(self) -> tuple[re.Pattern[str], re.Pattern[str]]:
        shown, labels, weak, copulas = (
            every_word(self._profiles, field) for field in ("shown", "labels", "weak", "copulas")
        )
        between = any_of(weak | copulas)
        return (
            re.compile(rf"(?<![{LATIN_LETTERS}])(?i:{any_of(shown)})(?: ?(?:{between}))?[:： ]{{0,2}}$"),
            re.compile(rf"^ ?(?:{any_of(labels)})"),
        )

    def shows(self, text: str, start: int, end: int) -> bool:
        """Return whether a part of a text is the wording of a screen."""
        before, after = self._beside
        return bool(before.search(text[max(0, start - _BEFORE) : start]) or after.search(text[end : end + _AFTER]))

    def hidden(self, text: str) -> str:
        """Return a text with the Latin wording of screens hidden."""
        pieces, last = [], 0
        for match in LATIN.finditer(text):
            pieces.append(text[last : match.start()])
            pieces.append(HIDDEN * len(match[0]) if self.shows(text, match.start(), match.end()) else match[0])
            last = match.end()
        return "".join((*pieces, text[last:]))
