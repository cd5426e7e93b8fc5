"""Ordinary disguises of a phrase, taken off so that one engine reads what a reader sees.

没 有 办 法, 没。有办法, zero-width characters, emoji between characters, 没没办办法: what hides a phrase that the rules
look for is removed; everything else stays, and every character that stays knows where it stood.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable

__all__ = ["PARTING", "Uncovered", "uncover"]

# Scan: folded text in, (literal's length, start, end) of every literal of the rules out.
Scan = Callable[[str], list[tuple[int, int, int]]]

_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0"
    "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\U000e0000-\U000e01ef\x00-\x08\x0e-\x1f\x7f]"
)
_NOISE = re.compile(r"[\W_]+")
_HAN = "\u3400-\u9fff"
# Three or more single characters, each parted from the next: nobody writes 没 有 办 法 by accident.
_SPACED = rf"[{_HAN}](?:(?:[^\w、,;:\n]|_){{1,3}}[{_HAN}]){{2,}}"
_REPEATED = rf"([{_HAN}])\1(?:\1|[{_HAN}]?([{_HAN}])\2)"
# The quick looks before these two, which most texts never need: to compile them costs more than a hundred checks.
_TWICE = re.compile(r"(.)\1(?:\1|.?(.)\2)", re.DOTALL)
_SINGLE = re.compile(r"[\W_][^\x00-\xff][\W_]")
_DOUBLED = re.compile(r"([^\x00-\xff])\1")
# Marks that part two words in honest text; a two-character word across one of them is chance (许可，能够).
PARTING = re.compile(r"[\s,。!?;:、()\[\]{}<>《》【】「」『』“”‘’\"'/|]")
_SPACE_IN_HAN = rf"(?<=[{_HAN}]) (?=[{_HAN}])"
_MOST_LONE_SPACES = 2
_COMMON_MARKS = ",。!?:、 \n"
_LONGEST_NOISE = 4  # code points between two characters of one hidden phrase


class Uncovered:
    """A folded text without its disguises.

    Attributes:
        text: what is left.
        holds_nothing: True where it is known to hold no literal but those that hold marks themselves.
    """

    def __init__(self, text: str, kept: list[int] | None, folded: str, *, holds_nothing: bool = False) -> None:
        self.text = text
        self.holds_nothing = holds_nothing
        self._kept = kept
        self._folded = folded

    def place(self, position: int) -> int | None:
        """Return where a character of the text that was uncovered stands in `text`; None where it was taken off."""
        if self._kept is None:
            return position
        at = bisect_left(self._kept, position)
        return at if at < len(self._kept) and self._kept[at] == position else None

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return where a part of `text` stands in the text that was uncovered."""
        if self._kept is None:
            return start, end
        if start == end:
            at = self._kept[start] if start < len(self._kept) else self._kept[-1] + 1 if self._kept else 0
            return at, at
        stop = self._kept[end - 1] + 1
        following = self._kept[end] if end < len(self._kept) else len(self._folded)
        while stop < following and self._folded[stop] == self._folded[stop - 1]:
            stop += 1  # a character repeated at the end of a stretched phrase
        return self._kept[start], stop


def uncover(folded: str, scan: Scan) -> Uncovered:
    """Take the disguises off a folded text.

    Args:
        folded: a text after `fold`.
        scan: finds the rules' literals in a text.

    Returns:
        The text to look for violations in, with the way back to the offsets of `folded`.
    """
    dropped: set[int] = set()
    if _INVISIBLE.search(folded):
        for match in _INVISIBLE.finditer(folded):
            dropped.update(range(*match.span()))
    text, kept = _without(folded, dropped)
    spaced = _single_parted(text) if _SINGLE.search(text) else set()
    if spaced:
        dropped |= {kept[at] if kept else at for at in spaced}
        text, kept = _without(folded, dropped)
    compact = _compact(text)
    among = scan(compact)
    found = _parted(text, compact, among, scan)
    if found:
        dropped |= {kept[at] if kept else at for at in found}
        text, kept = _without(folded, dropped)
    if _DOUBLED.search(text) and _TWICE.search(text) and re.search(_REPEATED, text):
        found = _stretched(text, scan)
        if found:
            dropped |= {kept[at] if kept else at for at in found}
            text, kept = _without(folded, dropped)
    # What holds nothing without its marks holds nothing with them.
    return Uncovered(text, kept, folded, holds_nothing=not among and not found)


def _compact(text: str) -> str:
    """Return the letters and digits of a text."""
    compact = text
    for mark in _COMMON_MARKS:  # a third of the time of one pattern for every mark
        compact = compact.replace(mark, "")
    return compact if compact.isalnum() else "".join(_NOISE.split(compact))


def _without(folded: str, dropped: set[int]) -> tuple[str, list[int] | None]:
    if not dropped:
        return folded, None
    kept = [at for at in range(len(folded)) if at not in dropped]
    return "".join(folded[at] for at in kept), kept


def _single_parted(text: str) -> set[int]:
    """Return the positions of noise between characters that stand alone one by one."""
    return {at for m in re.finditer(_SPACED, text) for n in _NOISE.finditer(text, *m.span()) for at in range(*n.span())}


def _parted(text: str, compact: str, found: list[tuple[int, int, int]], scan: Scan) -> set[int]:
    """Return the positions of noise inside a literal that it hides; `found` is what the compact text holds."""
    if not found or len(compact) == len(text):
        return set()
    # A literal that holds noise itself, such as 100%, is never found in the compact text.
    plain = [(start, end) for _, start, end in scan(text) if text[start:end].isalnum()]
    if len(found) == len(plain):
        return set()
    at = [i for i, char in enumerate(text) if char.isalnum()]
    if len(at) != len(compact):  # a character is a word to one definition and not to the other
        at = [i for i, char in enumerate(text) if not _NOISE.match(char)]
    # Where spaces part the statements of a message, one between two characters hides nothing.
    lone_spaces = len(re.findall(_SPACE_IN_HAN, text)) <= _MOST_LONE_SPACES
    noise: set[int] = set()
    for length, start, end in found:
        first, last = at[start], at[end - 1]
        if last - first + 1 == length or length < 2 or text[first].isascii():
            continue
        inner = [i for i in range(first, last) if _NOISE.match(text[i])]
        runs = _NOISE.findall(text, first, last)
        if any(len(run) > _LONGEST_NOISE or run.count("\n") > 1 for run in runs):
            continue
        if length == 2 and any(PARTING.search(run) for run in runs) and not (runs == [" "] and lone_spaces):
            continue
        pieces = _NOISE.split(text[first : last + 1])
        if length > 2 and len(runs) < length - 1 and _is_parted_honestly(pieces, runs):
            continue
        # 我管不了，您再打: a whole literal stands before the mark, so that the mark hides nothing.
        whole = len(pieces[0]) > 1 and (first, first + len(pieces[0])) in plain
        if whole and PARTING.match(runs[0]) and not runs[0].isspace():
            continue
        noise.update(inner)
    return noise


def _is_parted_honestly(pieces: list[str], runs: list[str]) -> bool:
    """Return whether a mark stands where two words may meet: 尺码不一，定制, 要付费吗？没有。办法; not 没，有办法."""
    length = sum(map(len, pieces))
    return any(
        PARTING.search(run) and not run.isspace() and (length == 3 or (len(before) > 1 and len(after) > 1))
        for before, run, after in zip(pieces, runs, pieces[1:], strict=False)
    )


def _stretched(text: str, scan: Scan) -> set[int]:
    """Return the positions of repeated characters inside a literal that they hide."""
    heads = [i for i, char in enumerate(text) if i == 0 or text[i - 1] != char]
    lengths = [b - a for a, b in zip(heads, [*heads[1:], len(text)], strict=True)]
    repeats: set[int] = set()
    for length, start, end in scan("".join(text[i] for i in heads)):
        runs = lengths[start:end]
        # Where only the ends repeat, the literal itself stands in the text: 大姐姐 holds 大姐.
        if length < 3 or max(runs[1:-1]) == 1:
            continue
        if max(runs) >= 3 or sum(run > 1 for run in runs) >= 2:
            repeats.update(
                at for head, run in zip(heads[start:end], runs, strict=True) for at in range(head + 1, head + run)
            )
    return repeats
