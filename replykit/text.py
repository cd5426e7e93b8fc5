"""What a checker reads in a text: folded characters, sentences, clauses, and the parts that only quote.

Everything here keeps offsets: the folded text is as long as the text, code point for code point.
"""

from __future__ import annotations

import functools
import re
from bisect import bisect_right
from pathlib import Path

__all__ = ["Outline", "fold", "fold_again", "fold_table", "holds_traditional", "is_whole_word", "units"]

_SURROGATES = range(0xD800, 0xE000)
_REPLACEMENT = 0xFFFD


@functools.cache
def fold_table() -> tuple[int, ...]:
    """Return what each code point folds to, by its number; made once, not to be changed."""
    chars, targets = (map(ord, line) for line in _lines())
    table = list(range(0x20000))
    for char, target in zip(chars, targets, strict=True):
        table[char] = target
    table[_SURROGATES.start : _SURROGATES.stop] = [_REPLACEMENT] * len(_SURROGATES)
    return tuple(table)  # which the garbage collector looks at once, and never again


def fold(text: str) -> str:
    """Return the text as it is compared: one script, one width, one case.

    Traditional characters become simplified, full-width ones half-width, capitals small, look-alikes Latin; a lone
    surrogate becomes U+FFFD, which the matchers can read.

    Args:
        text: any text.

    Returns:
        A text of the same length in code points, so that offsets hold in both.
    """
    global _few
    if _few and len(text) <= _BRIEF:
        _few -= 1
        return text.translate(_looked_up())
    return text.translate(fold_table())


# A first check folds some brief texts, in a hundredth of the time that it takes to make the table.
_few = 64
_BRIEF = 400  # code points


class _LookedUp(dict[int, int]):
    """What the code points fold to that were asked for so far."""

    def __init__(self) -> None:
        self._chars, self._targets = _lines()

    def __missing__(self, code: int) -> int:
        place = self._chars.find(chr(code))
        found = ord(self._targets[place]) if place >= 0 else _REPLACEMENT if code in _SURROGATES else code
        self[code] = found
        return found


_looked_up = functools.cache(_LookedUp)


def _lines() -> list[str]:
    path = Path(__file__).with_name("data") / "fold.txt"
    return path.read_bytes().decode("utf-8").split("\n")[:2]


_SHORT = 10_000  # code points
_folded = functools.lru_cache(maxsize=32)(fold)


def fold_again(text: str) -> str:
    """Return what `fold` does, remembered for a while: for a draft or a fact, which several parts of one check read.

    Args:
        text: any text; one longer than 10,000 code points is folded each time.
    """
    return _folded(text) if len(text) <= _SHORT else fold(text)


@functools.cache
def _traditional() -> frozenset[str]:
    path = Path(__file__).with_name("data") / "script.txt"
    return frozenset(path.read_bytes().decode("utf-8").splitlines()[1])


def holds_traditional(text: str) -> bool:
    """Return whether a character stands in a text that only traditional script has; without one it is not in it."""
    return not _traditional().isdisjoint(text)


# A sentence ends with its closing mark; a semicolon joins two statements that stand for themselves.
_SENTENCE = re.compile(r"[^。!?;\n…]*(?:[。!?;\n…]+[”’」』\"']*|$)")
_FULL_STOP = re.compile(r"(?<=[a-z)])\.(?=\s|$)")
# Two parts of a chat message are often parted by a space alone; inside Latin text a space parts only words.
_CLAUSE = re.compile(r"[,:~—()\n]+|(?<=[^\x00-\x7f]) +(?=[^\x00-\x7f])|[。!?;…]+")
_LONGEST_SENTENCE = 400  # code points; keeps every look at "the same sentence" bounded on text without punctuation
_QUOTED = re.compile(
    r"“[^”\n]{0,80}”|「[^」\n]{0,80}」|『[^』\n]{0,80}』|‘[^’\n]{0,80}’|\"[^\"\n]{0,80}\"|【[^】\n]{0,80}】|《[^》\n]{0,80}》"
    r"|`[^`\n]{0,200}`|```.{0,4000}?```|https?://[!-~]{1,500}|[\w.+-]{1,64}@[\w-]{1,63}\.[\w.-]{1,63}",
    re.DOTALL,
)


class Outline:
    """Where the sentences, clauses and quoted parts of one folded text begin and end; found when first asked for."""

    def __init__(self, folded: str) -> None:
        self.text = folded

    @functools.cached_property
    def sentences(self) -> list[tuple[int, int]]:
        """Sentences with their closing marks, in order, covering the text; none longer than 400 code points."""
        found: list[tuple[int, int]] = []
        for match in _SENTENCE.finditer(self.text):
            start, end = match.span()
            stops = [stop.end() for stop in _FULL_STOP.finditer(self.text, start, end)] if "." in match[0] else []
            for stop in (*stops, end):
                while stop - start > _LONGEST_SENTENCE:
                    found.append((start, start + _LONGEST_SENTENCE))
                    start += _LONGEST_SENTENCE
                if stop > start:
                    found.append((start, stop))
                start = stop
        return found or [(0, 0)]

    @functools.cached_property
    def _starts(self) -> list[int]:
        return [start for start, _ in self.sentences]

    def sentence_number(self, position: int) -> int:
        """Return the index in `sentences` of the one that holds a position."""
        return max(0, bisect_right(self._starts, position) - 1)

    def sentence(self, position: int) -> tuple[int, int]:
        """Return the span of the sentence that holds a position."""
        return self.sentences[self.sentence_number(position)]

    @functools.cached_property
    def _clauses(self) -> dict[int, list[tuple[int, int]]]:
        return {}

    def _clauses_of(self, number: int) -> list[tuple[int, int]]:
        if number not in self._clauses:
            start, end = self.sentences[number]
            found = []
            for match in _CLAUSE.finditer(self.text, start, end):
                if match.start() > start:
                    found.append((start, match.start()))
                start = match.end()
            if start < end or not found:
                found.append((start, end))
            self._clauses[number] = found
        return self._clauses[number]

    def clause(self, start: int, end: int) -> tuple[int, int]:
        """Return the span from the first clause that a hit touches to the last, without the marks around it."""
        touched = [
            c for c in self._clauses_of(self.sentence_number(start)) if c[0] < max(end, start + 1) and start < c[1]
        ]
        return (min(start, touched[0][0]), max(end, touched[-1][1])) if touched else (start, end)

    @functools.cached_property
    def quoted(self) -> list[tuple[int, int]]:
        """Quotations, labels, titles, code and addresses; none where one of them is the whole text."""
        found = [match.span() for match in _QUOTED.finditer(self.text)]
        inside = sum(end - start for start, end in found)
        return found if inside < 0.7 * len(self.text.strip()) else []

    def is_quoted(self, start: int, end: int) -> bool:
        """Return whether a hit begins inside a quoted part."""
        if not self.quoted:
            return False
        at = bisect_right(self.quoted, (start, len(self.text) + 1)) - 1
        return at >= 0 and self.quoted[at][0] <= start < self.quoted[at][1] and start < end


def is_whole_word(text: str, start: int, end: int) -> bool:
    """Return whether a phrase with a Latin edge is a word of its own there, as OK is not in TOKEN.

    Args:
        text: a folded text.
        start: the phrase's first code point.
        end: one past its last.
    """
    if text[start].isascii() and text[start].isalnum() and start > 0:
        before = text[start - 1]
        if before.isascii() and (before.isalnum() or before == "_"):
            return False
        if before in "-./@:" and start > 1 and text[start - 2].isascii() and text[start - 2].isalnum():
            return False
    if text[end - 1].isascii() and text[end - 1].isalnum() and end < len(text):
        after = text[end]
        if after.isascii() and (after.isalnum() or after == "_"):
            return False
        if after in "-./@:" and end + 1 < len(text) and text[end + 1].isascii() and text[end + 1].isalnum():
            return False
    return True


def units(text: str) -> int:
    """Return the length of a text in UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
