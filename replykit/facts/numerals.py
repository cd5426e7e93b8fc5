"""Numerals as exact numbers: digits, full-width digits, and Chinese numerals (simplified, traditional, financial).

And the two shapes that every table of forms around a numeral shares, `Found` and `Reader`.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Hashable, Iterator
from fractions import Fraction
from typing import NamedTuple

from replykit.text import fold, fold_table

__all__ = [
    "ARABIC",
    "HAN",
    "IN_WORDS",
    "NUMBER",
    "START",
    "TO",
    "Found",
    "Reader",
    "fold_numerals",
    "parse_numeral",
    "parse_span",
]


class Found(NamedTuple):
    """One value that a text names.

    Attributes:
        kind: the kind of fact.
        value: its canonical form.
        start: first code point.
        end: one past the last.
        claimed: False where it is named in passing (这一天, 这两件): a source that says so supports the value, a reply
            that says so promises nothing.
    """

    kind: str
    value: Hashable
    start: int
    end: int
    claimed: bool = True


class Reader(NamedTuple):
    """One form that facts take.

    Attributes:
        pattern: what it looks like in folded text.
        read: what a match says: facts; no fact, yet nothing else may read it; None: not this form after all.
        needs: characters of which every match that says anything holds one, so that most texts need no search; empty:
            none is sure.
        starts: finds a character that a match may begin with, where that is quicker than to try the pattern everywhere.
    """

    pattern: re.Pattern[str]
    read: Callable[[re.Match[str]], list[Found] | None]
    needs: str = ""
    starts: re.Pattern[str] | None = None

    def matches(self, folded: str) -> Iterator[re.Match[str]]:
        """Yield the matches in a text, in order, as `finditer` does."""
        if self.starts is None:
            yield from self.pattern.finditer(folded)
            return
        at = 0
        while start := self.starts.search(folded, at):
            match = self.pattern.match(folded, start.start())
            if match:
                yield match
            at = match.end() if match else start.end()


ARABIC = "0123456789"
"""The digits in folded text."""

# Full-width marks part clauses, never thousands, and end an address; ① is a list mark, never a digit.
_MARKS = dict.fromkeys(map(ord, "，；！？"), "。")
_MARKS |= dict.fromkeys([*range(0x2460, 0x24FF), *range(0x2776, 0x2794), *map(ord, "¹²³⁰⁴⁵⁶⁷⁸⁹½¼¾")], "、")
_LIKE = str.maketrans("〇○圆〜–—−‐‑", "零零元~-----")
_FINANCIAL = str.maketrans("壹弌贰弍貮叁弎参肆伍陆柒捌玖拾佰仟", "一一二二二三三三四五六七八九十百千")
_FINANCIAL_RUN = re.compile(
    # 陆 and 伍 alone stand in names and words (着陆, 退伍); in a run, or before 元, they count.
    r"[壹弌贰弍貮叁弎参肆伍陆柒捌玖拾佰仟零万亿]{2,24}|[壹贰叁柒捌玖]|[弌弍貮弎参肆伍陆拾佰仟](?=[元角])"
)
_DIGIT = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"两": 2}
_SMALL = {"十": 10, "百": 100, "千": 1000}
_BIG = {"万": 10**4, "亿": 10**8}

HAN = "零一二两三四五六七八九十百千万亿廿卅"
"""The characters of a Chinese numeral in folded text, for a character class."""

START = rf"(?<![0-9{HAN}])(?<![0-9][.,:/-])(?<![a-z_第几数])"
"""Where a numeral may begin: not inside another one, a word, an ordinal (第三) or a vague number (几十)."""

NUMBER = (
    r"(?>(?:[0-9]{1,3}(?:,[0-9]{3}){1,4}(?![0-9])|[0-9]{1,15}+)(?:\.[0-9]{1,6}+)?+"
    rf"(?:[百千万亿]{{1,3}}(?:[0-9]{{1,4}}+|[{HAN}]{{1,8}}+)?[百千]?)?"
    rf"|[{HAN}]{{1,24}}+(?:点[零一二三四五六七八九]{{1,6}}+)?)"
)
"""One numeral in folded text: bounded and atomic, so that hostile text costs no more than its length."""

_ONES = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TEENS = ("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")

IN_WORDS: dict[str, Fraction] = {word: Fraction(value) for value, word in enumerate((*_ONES, *_TEENS), 1)}
"""English numerals below a hundred, as they stand in folded text."""
IN_WORDS |= {
    ten + (mark + one if one else ""): Fraction(10 * tens + ones)
    for tens, ten in enumerate(_TENS, 2)
    for ones, one in enumerate(("", *_ONES))
    for mark in ("-", " ")
}

TO = r"\s?(?:[-~]{1,2}|到|至|to(?=\s))\s?"
"""What stands between the two ends of a range in folded text."""


@functools.cache
def _fold_table() -> list[int]:
    """Three steps in one: marks that part clauses, the fold, then what looks alike."""
    table = list(fold_table())
    for code, mark in _MARKS.items():
        table[code] = ord(fold(mark))
    return [_LIKE.get(target, target) for target in table]


def fold_numerals(text: str) -> str:
    """Return a text as numerals are read in it: folded, dashes and zeros alike, financial numerals as plain ones.

    Args:
        text: any text.

    Returns:
        A text of the same length in code points, so that offsets hold in both.
    """
    folded = text.translate(_fold_table())
    return _FINANCIAL_RUN.sub(lambda run: run[0].translate(_FINANCIAL), folded)


def parse_numeral(run: str) -> Fraction | None:
    """Return the number that a whole folded numeral stands for.

    Reads 1,200, 1.2万, 1万5, 一千二 (1200), 一万五 (15000), 二〇二六 (digit by digit), 三点五.

    Args:
        run: the numeral and nothing else, folded.

    Returns:
        The number; None where the characters are no well-formed numeral (万一, 百十, 百).
    """
    whole, point, decimals = run.partition("点")
    if point:
        base = parse_numeral(whole)
        if base is None or base.denominator != 1 or not decimals or not all(char in _DIGIT for char in decimals):
            return None
        return base + Fraction(int("".join(str(_DIGIT[char]) for char in decimals)), 10 ** len(decimals))
    if run and all(char in _DIGIT for char in run):
        return Fraction(int("".join(str(_DIGIT[char]) for char in run)))
    return _structured(run.replace("廿", "二十").replace("卅", "三十"))


def _structured(run: str) -> Fraction | None:
    total = section = Fraction(0)
    number: Fraction | None = None
    small = big = 10**12  # multipliers must fall: 一百十万, not 一十百
    last, plain = 1, False
    for token in re.findall(r"[0-9][0-9,]*(?:\.[0-9]+)?|.", run, re.DOTALL):
        if token[0] in "0123456789" or (token in _DIGIT and token != "零"):
            if number is not None:
                return None
            number = Fraction(token.replace(",", "")) if token[0] in "0123456789" else Fraction(_DIGIT[token])
            plain = plain or len(token) > 1
        elif token == "零":
            if number is not None:
                return None
            plain = True
        elif token in _SMALL:
            unit = _SMALL[token]
            if unit >= small or (number is None and unit != 10):
                return None
            section += (Fraction(1) if number is None else number) * unit
            number, small, last, plain = None, unit, unit, False
        elif token in _BIG:
            unit = _BIG[token]
            section += number or 0
            if unit == 10**8 and total and big == 10**4:  # 一万亿
                total, section = (total + section) * unit, Fraction(0)
            elif unit >= big or not section:
                return None
            else:
                total, section = total + section * unit, Fraction(0)
            number, small, big, last, plain = None, 10**12, unit, unit, False
        else:
            return None
    if number is not None:
        # 一千二 is 1200, 一千零二 is 1002, 1万500 is 10500
        section += number if plain or last == 1 else number * last / 10
    return total + section if run else None


_NEIGHBOURS = re.compile(
    r"(?P<ten>十?)(?P<low>[一二两三四五六七八九])(?P<high>[二两三四五六七八九])(?P<unit>[十百千万]?)"
)


def parse_span(run: str) -> tuple[Fraction, Fraction] | None:
    """Return both ends of what a folded numeral stands for: equal, but for 三五 (3 to 5) and 十七八 (17 to 18).

    Args:
        run: the numeral and nothing else, folded.

    Returns:
        The ends; None where the characters are no well-formed numeral.
    """
    if pair := _NEIGHBOURS.fullmatch(run):
        low, high = _DIGIT[pair["low"]], _DIGIT[pair["high"]]
        if high - low == 1 or (low, high) == (3, 5):
            base, unit = 10 if pair["ten"] else 0, _SMALL.get(pair["unit"]) or _BIG.get(pair["unit"], 1)
            return Fraction(base + low * unit), Fraction(base + high * unit)
    value = parse_numeral(run)
    return None if value is None else (value, value)
