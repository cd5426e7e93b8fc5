"""Tokens that stand for personal data while it is out of sight, and what a model makes of them.

Models translate words, change width and case, add spaces, drop brackets and take 1 for l. So a token has no bracket and
no word: `TELQ273X` is two or more capital letters that hint at the kind, a number between two letters of a family, and
nothing else. Its digits are 2 to 9, as 0 and 1 look like letters; one of them checks the others. The family is a pair
of letters that stands nowhere like that in the material, so whatever looks like a token in an answer is one, mangled or
not. The same value has the same number everywhere; another spelling of it adds a letter, and one that loses the letter
is still the same value.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from replykit.privacy.personal import Kind, find_personal
from replykit.text import fold

__all__ = ["Restored", "Tokens"]

_NAMES: dict[Kind, str] = {
    "phone": "TEL",
    "email": "MAIL",
    "id": "IDNO",
    "card": "CARD",
    "plate": "PLATE",
    "private": "NAME",
}
_NAMED = tuple(name.lower() for name in _NAMES.values())
_LETTERS = "QXJKW"
_DIGITS = "23456789"
_SPELLINGS = "CDEFHMNPRTUY"
# What is taken for what, where only one of the two can stand there.
_LIKE_DIGIT = str.maketrans("sbz", "582")
_LIKE_LETTER = {"l": "l1i|", "i": "i1l|", "e": "e3", "a": "a4", "t": "t7", "o": "o0", "s": "s5"}
_SEP = r"[ \t\u3000._*·\\-]{0,2}"
_OPENING, _CLOSING = "[{<(【〔「『《", "]}>)】〕」』》"
_LIKE_NAME = {
    name: _SEP.join(f"[{re.escape(_LIKE_LETTER.get(letter, letter))}]" for letter in name.lower())
    for name in _NAMES.values()
}
_LONGEST_WRITTEN = 36  # code points of a token with all that may stand between its letters


@dataclass(frozen=True, slots=True)
class Restored:
    """A text with the personal data back in it.

    Attributes:
        text: it. What looks like a token and stands for nothing is in double braces, as a template variable that
            nobody gave.
        unknown: those.
    """

    text: str
    unknown: tuple[str, ...] = ()


class Tokens:
    """The tokens of one request, however many calls it takes.

    Args:
        material: everything that the first call would send; the family of the tokens does not stand in it.
        private: what the caller marked.
    """

    def __init__(self, material: Iterable[str], private: Sequence[str] = ()) -> None:
        self._private = tuple(private)
        self._first, self._last = _family([fold(text) for text in material])
        self._numbers: dict[str, str] = {}  # by kind and value: the digits
        self._spellings: dict[str, list[str]] = {}  # by digits: the texts, the first one first
        self._token_of: dict[tuple[Kind, str], str] = {}
        self._text_of: dict[str, str] = {}
        self._name_of: dict[str, str] = {}
        self._bracketed: set[str] = set()
        first, last = self._first.lower(), self._last.lower()
        names = "|".join(_LIKE_NAME.values())
        plain = "|".join(_NAMED)
        letters = _SPELLINGS.lower()
        self._written = re.compile(
            rf"(?:(?P<name>{names}){_SEP})?{first}{_SEP}(?P<digits>[2-9sbz](?:{_SEP}[2-9sbz]){{2,5}}?)"
            rf"{_SEP}(?P<spelling>[{letters}]?){_SEP}{last}"
        )
        # What is left of a token: without its end, without its number, without its family.
        self._remains = re.compile(
            rf"(?:(?:{names}){_SEP})?{first}{_SEP}[2-9](?:{_SEP}[2-9sbz01lio]){{1,5}}"
            rf"|(?<![a-z0-9])(?:{plain}){_SEP}{first}(?![a-z])"
            rf"|(?<![a-z0-9])(?:{plain}){_SEP}[2-9]{{3,6}}{_SEP}[{letters}]?{last}"
        )

    @property
    def written(self) -> tuple[str, ...]:
        """The tokens given so far, in their order."""
        return tuple(self._text_of)

    def mask(self, text: str) -> str:
        """Return a text with tokens in place of its personal data.

        Args:
            text: any text of the request.
        """
        pieces, at = [], 0
        for piece in find_personal(text, self._private):
            token = self._token(piece.kind, piece.value, text[piece.start : piece.end])
            around = text[max(0, piece.start - 1) : piece.start] + text[piece.end : piece.end + 1]
            if any(char in _OPENING or char in _CLOSING for char in around):
                self._bracketed.add(token)
            pieces += [text[at : piece.start], token]
            at = piece.end
        return "".join([*pieces, text[at:]])

    def _token(self, kind: Kind, value: str, spelled: str) -> str:
        known = self._token_of.get((kind, spelled))
        if known:
            return known
        digits = self._numbers.setdefault(f"{kind} {value}", _code(len(self._numbers)))
        spellings = self._spellings.setdefault(digits, [])
        # More ways to write one value than letters: they share the last, and the first way to write it comes back.
        letter = _SPELLINGS[len(spellings) - 1] if 0 < len(spellings) <= len(_SPELLINGS) else ""
        if len(spellings) > len(_SPELLINGS):
            digits = self._numbers[f"{kind} {value} {spelled}"] = _code(len(self._numbers))
            spellings = self._spellings.setdefault(digits, [])
        spellings.append(spelled)
        self._name_of[digits] = _NAMES[kind]
        token = f"{_NAMES[kind]}{self._first}{digits}{letter}{self._last}"
        self._token_of[kind, spelled] = token
        self._text_of[token] = spelled
        return token

    def restore(self, text: str) -> Restored:
        """Return an answer with the personal data back in place of its tokens, mangled ones too.

        Case, width, spaces, marks between the letters, brackets that the material did not have, a lost name of the
        kind, and a digit that looks like a letter are mended. What cannot be told is marked, and is in `unknown`.

        Args:
            text: what the model wrote.
        """
        pieces: list[str] = []
        unknown: list[str] = []
        at = 0
        for start, end, given in self._places(text):
            pieces.append(text[at:start])
            if given is None:
                unknown.append(text[start:end])
                given = "{{" + text[start:end].strip("{}") + "}}"
            pieces.append(given)
            at = end
        return Restored("".join([*pieces, text[at:]]), tuple(unknown))

    def settled(self, text: str) -> str:
        """Return the part of an unfinished answer that ends before whatever may still become a token."""
        tail = len(text) - len(text.rstrip(_TAIL)) if text else 0
        cut = len(text) - min(tail, _LONGEST_WRITTEN)
        for start, end, _ in self._places(text):
            if start < cut < end:
                cut = start
        return text[:cut]

    def _places(self, text: str) -> Iterator[tuple[int, int, str | None]]:
        """Yield where tokens stand, and the text of each; None where it stands for nothing."""
        folded = fold(text)
        found: list[tuple[int, int, str | None]] = []
        for match in self._written.finditer(folded):
            start, end = match.span()
            # A token as it was given counts wherever it stands; a mangled one only as a word of its own.
            exact = self._text_of.get(text[start:end])
            if exact is None and (_is_latin(folded, start - 1) or _is_latin(folded, end)):
                continue
            digits = re.sub("[^2-9]", "", match["digits"].translate(_LIKE_DIGIT))
            spellings = self._spellings.get(digits, [])
            if match["name"] and spellings and not re.fullmatch(_LIKE_NAME[self._name_of[digits]], match["name"]):
                spellings = []  # a phone number's name and a mailbox's number: which of the two nobody can tell
            given = exact
            if given is None and spellings:
                letter = match["spelling"].upper()
                number = _SPELLINGS.index(letter) + 1 if letter else 0
                given = spellings[number] if number < len(spellings) else spellings[0]
            if given is not None and not self._was_bracketed(digits):
                start, end = _without_brackets(text, start, end)
            found.append((start, end, given))
        taken = [(start, end) for start, end, _ in found]
        for match in self._remains.finditer(folded):
            start, end = match.span()
            while start > 0 and _is_latin(folded, start - 1):
                start -= 1
            while end < len(folded) and _is_latin(folded, end):
                end += 1
            if not any(a < end and start < b for a, b in taken):
                taken.append((start, end))
                found.append((start, end, None))
        yield from sorted(found)

    def _was_bracketed(self, digits: str) -> bool:
        return any(f"{self._first}{digits}" in token for token in self._bracketed)


# Whatever may stand in a token that is being written, and the brackets before it.
_TAIL = "".join(map(chr, [*range(0x20, 0x7F), *range(0xFF01, 0xFF5F)])) + "\t\u3000·" + _OPENING


def _is_latin(folded: str, at: int) -> bool:
    return 0 <= at < len(folded) and folded[at].isascii() and folded[at].isalnum()


def _without_brackets(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the span with the brackets that a model put round it; a pair, or two."""
    for _ in range(2):
        if start > 0 and end < len(text) and text[start - 1] in _OPENING:
            if _CLOSING[_OPENING.index(text[start - 1])] != text[end]:
                break
            start, end = start - 1, end + 1
    return start, end


def _family(folded: Sequence[str]) -> tuple[str, str]:
    compact = ["".join(char for char in text if char.isascii() and char.isalnum()) for text in folded]
    for length in itertools.count(1):
        for letters in itertools.product(_LETTERS, repeat=2 * length):
            first, last = "".join(letters[:length]), "".join(letters[length:])
            if len(set(letters)) < 2:
                continue
            like = re.compile(rf"{first.lower()}[0-9a-z]{{0,8}}{last.lower()}|{first.lower()}[2-9][2-9sbz01lio]")
            if not any(like.search(text) for text in compact):
                return first, last
    raise AssertionError("unreachable: there is no end of families")


def _code(number: int) -> str:
    """Return a number in digits that look like no letter, with one more that checks them."""
    digits: list[int] = []
    while number or len(digits) < 2:
        number, digit = divmod(number, len(_DIGITS))
        digits.append(digit)
    check = sum((2 * place + 3) * digit for place, digit in enumerate(digits)) % len(_DIGITS)
    return "".join(_DIGITS[digit] for digit in [*reversed(digits), check])
