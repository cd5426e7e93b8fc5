"""Words written as one character each, so that whatever compares the characters of a matter compares its words."""

from __future__ import annotations

import functools
import itertools
import re
import zlib
from collections.abc import Iterable, Mapping, Sequence

__all__ = ["Shorthand"]

_WORD = re.compile(r"[^\W_]+(?:['’‘ʼ´`][^\W_]+)*")
_APOSTROPHE = re.compile("[’‘ʼ´`]")
_SHORTEST_STEM = 3
# Chinese characters that no numeral is written with, as those of a condition are left out.
_ALPHABET = [chr(code) for code in range(0x3400, 0x4DC0)] + [
    chr(code) for code in range(0x5400, 0x9FA6) if chr(code) not in "千半十百零万两四"
]
_known: dict[str, str] = {}
_next = itertools.count()


class Shorthand:
    """Writes the words of a language with spaces as one character each: synonyms alike, fillers not at all.

    Equal words get equal characters all over a process. Only beyond 25,000 different ones two may share a character.

    Args:
        names: what a word, or several words in a row, are called instead; empty: nothing.
        endings: endings that make no other word of a word (refund, refunds, refunded), the longer ones first.
    """

    def __init__(self, names: Mapping[str, str], endings: Sequence[str] = ()) -> None:
        self._endings = tuple(sorted(endings, key=len, reverse=True))
        self._names = {self._stem(word): name for word, name in names.items()} | dict(names)
        phrases = sorted((word for word in names if not word.isalnum()), key=lambda word: (-len(word), word))
        self._phrases = _any_of(phrases)

    def written(self, folded: str) -> str:
        """Return the words of a folded text, one character each; figures stay figures, parted by spaces.

        Args:
            folded: the text; time grows with its length.
        """
        plain = _APOSTROPHE.sub("'", folded)
        plain = self._phrases.sub(lambda match: f" {self._names[match[0]]} ", plain)
        return "".join(map(self._sign, _WORD.findall(plain)))

    def signs(self, words: Iterable[str]) -> frozenset[str]:
        """Return what some words are written as."""
        return frozenset("".join(map(self.written, words)))

    def _sign(self, word: str) -> str:
        if word[0].isdigit():
            return f" {word} "
        stem = self._stem(word)
        name = self._names.get(word, self._names.get(stem, stem))
        return _character(self._stem(name)) if name else ""

    def _stem(self, word: str) -> str:
        for ending in self._endings:
            if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
                return word[: len(word) - len(ending)]
        return word


def _any_of(phrases: Sequence[str]) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, phrases))})\b" if phrases else r"(?!)")


@functools.lru_cache(maxsize=4096)
def _character(word: str) -> str:
    known = _known.get(word)
    if known is None:
        if len(_known) >= len(_ALPHABET) - 64:  # some for threads that ask at one moment
            return _ALPHABET[zlib.crc32(word.encode("utf-8", "surrogatepass")) % len(_ALPHABET)]
        known = _known.setdefault(word, _ALPHABET[next(_next) % len(_ALPHABET)])
    return known
