"""The facts that a text states, and those that nothing given supports (002, 信息准确无误; 专业诚信).

A fact is an amount, date, time of day, duration, percentage, phone number, web or e-mail address, order or tracking
number, or a quantity of goods, points or coupons, in digits, full-width digits or Chinese numerals. Two facts are the
same where their values are, however they are written. Decisions, where one could decide otherwise:

- Durations compare by length: 24小时 is 1天, 7天 is 一周; a month is not 30 days, nor a working day a day.
- A range stands for itself. One end of a known range is supported where the reply says which end it is (最多, 以内,
  最快); the upper end of a duration always, since 3天 promises no more than 1-3天. Two known ends support a range.
- A year, a week (下周三) and a currency count only where both sides name one; 元 and NT$ agree, 元 and US$ do not.
- A day that is named by another day (明天) is a date; 今天 only before a promise (今天送达), not in a greeting.
- 24小时客服, 7x24 and 7天无理由 are claims like any other: the company's constants must hold them.
- 100% and 百分之百 stress, as 十分 does: no facts; nor are 一下, 万一, 这两天, 等了半天, ordinals, list marks,
  versions, standards, most product names, error codes, and whatever stands inside a template placeholder.
- Sources are read more freely than replies: what they name in passing (这两件, 两点, 500g) supports its value, and a
  number without unit supports an amount or a count of goods of that number (邮费花了15).
- A value that the reply computes (a total, the weekday of a date) stands nowhere, so nothing supports it.

Limits. In a reply, a number without unit or label (退回来150) is no fact, nor are vague words without a numeral
(月底, 对折), about-numbers (30多天), counts of other things (3次, 两个方案) and numerals parted by other characters.
Which fact belongs to which matter is not judged: a source's 3天 supports every 3天. A slashed date is read month first.
One letter with four digits (Z6000) reads as an order number, whether it is one or not.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

from replykit.facts.dates import DATES, FULL_DATES, SHORT_DATES, same_date
from replykit.facts.identifiers import ADDRESSES, CODES, HOTLINES, PHONES, web_address
from replykit.facts.measures import COUNTED, MEASURES
from replykit.facts.money import BARE_AMOUNTS, MONEY, same_currency
from replykit.facts.numerals import NUMBER, START, fold_numerals, parse_numeral
from replykit.facts.times import TIMES, TIMES_IN_PASSING, same_time

__all__ = ["Fact", "find_facts", "ungrounded"]


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact that a text states.

    Attributes:
        kind: `amount`, `date`, `time`, `duration`, `percentage`, `quantity`, `phone`, `url`, `email` or `code`.
        value: what it says in one canonical form, unit included; equal values say the same.
        start: first code point in the text as given.
        end: one past its last code point.
        text: `text[start:end]`.
    """

    kind: str
    value: Hashable
    start: int
    end: int
    text: str


_TABLES = (
    ADDRESSES, FULL_DATES, PHONES, DATES, TIMES, MONEY, MEASURES, SHORT_DATES, HOTLINES, CODES, BARE_AMOUNTS,
    TIMES_IN_PASSING,
)  # fmt: skip
_READERS = [(frozenset(reader.needs), reader) for table in _TABLES for reader in table]
# One class of characters first, then what makes it worth it: found ten times faster than a choice of words.
_WORDS = (
    r"(?<=\.)[a-z]|(?<=:)//|(?<=d)ay|(?<=h)our|(?<=m)onth|(?<=m)inute|(?<=t)omorrow|(?<=w)ww|(?<=w)eek|(?<=y)ear"
    r"|(?<=f)ortnight|(?<=d)ollar|(?<=p)er ?cent|(?<=o)['’]?clock|(?<=n)oon|(?<=m)id(?:day|night)"
    r"|(?<=p)ast |(?<=q)uarter|(?<=q)uid|(?<=e)uro|(?<=p)ounds|(?<=b)ucks"
)
_WORTH_READING = re.compile(
    rf"[0-9零一二两三四五六七八九十半百天日@明今.:dhmtwyfponqeb](?:(?<=[0-9零一二两三四五六七八九十半百天日@])|(?<=[明今])[早晚]|{_WORDS})"
)
_PLACEHOLDER = re.compile(
    r"\{\{[^{}\n]{0,200}+\}\}|\{%[^{}\n]{0,200}+\}|[$#]?\{[^{}\n]{0,100}+\}|\[[^\[\]\n]{0,100}+\]"
    r"|</?[a-z][^<>\n]{0,200}+>|%[0-9]{0,2}[sd](?![a-z])"
)
_OPENING = re.compile(r"[{\[<%]")  # of a placeholder
_SET_PHRASE = re.compile(
    "[三有两一十百参o](?:(?<=三)(?:天两头|天打鱼|包(?=[政服法期凭范责]))|(?<=有)(?<![还只仅尚另]有)一天|(?<=两)天晒网"
    "|(?<=一)(?:天到晚|天天|天比一天|年四季|年一度|年到头|日三餐|分钱一分货|时半会|点半点)|(?<=十)天半个?月|(?<=百)年好合|(?<=参)天"
    "|(?<=o)ne day(?= (?:you|we|i|it|they)(?![a-z])))"
)
_GONE = "\0"


class _Scan(NamedTuple):
    claimed: list[Fact]
    in_passing: list[Fact]
    folded: str
    rest: str  # the folded text with everything blanked that was read


@functools.lru_cache(maxsize=8)  # one check asks for the facts of the same draft three times
def _scan(text: str) -> _Scan:
    folded = rest = fold_numerals(text)
    scan = _Scan([], [], folded, rest)
    if not _WORTH_READING.search(rest):
        return scan
    if _OPENING.search(rest):
        rest = _PLACEHOLDER.sub(lambda match: _GONE * len(match[0]), rest)
    rest = _SET_PHRASE.sub(lambda match: _GONE * len(match[0]), rest)
    chars = frozenset(rest)
    for needs, reader in _READERS:
        if needs and needs.isdisjoint(chars):
            continue
        # Each reader blanks what it understood, so that no later one reads a part of it.
        kept, at = [], 0
        for match in reader.matches(rest):
            found = reader.read(match)
            if found is None:
                continue
            kept += [rest[at : match.start()], _GONE * len(match[0])]
            at = match.end()
            for kind, value, start, end, claimed in found:
                if kind == "url":  # the fold hides look-alike letters and the case of a path
                    value = web_address(text[start:end])
                fact = Fact(kind, value, start, end, text[start:end])
                (scan.claimed if claimed else scan.in_passing).append(fact)
        if at:
            rest = "".join([*kept, rest[at:]])
            chars = frozenset(rest)
    return scan._replace(rest=rest)


def find_facts(text: str) -> tuple[Fact, ...]:
    """Return the facts that a text states.

    Args:
        text: any text.

    Returns:
        The facts in order of `start`; no two overlap.
    """
    return tuple(sorted(_scan(text).claimed, key=lambda fact: (fact.start, fact.end)))


def ungrounded(text: str, sources: Iterable[str]) -> tuple[Fact, ...]:
    """Return the facts of a reply that stand in none of its sources.

    Args:
        text: the reply.
        sources: everything that the reply may rest on: the customer's messages, the draft, the facts given, constants.

    Returns:
        The unsupported facts in order of `start`.
    """
    claims = find_facts(text)
    for source in sources:
        if not claims:
            break
        known = _source(source)
        claims = tuple(claim for claim in claims if not known.supports(claim, text))
    return claims


_NUMBER = re.compile(rf"{START}(?P<number>{NUMBER})(?!\s?[.、):a-z])")
_MEASURED = ("amount", "duration", "percentage", "quantity")
_TOKEN = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_UPPER_BEFORE = re.compile(r"(?:最多|最高|最长|最晚|最迟|最慢|不超过|至多|up to|at most|within)[^,。!?;、]{0,3}$")
_UPPER_AFTER = re.compile(r"\s?(?:内|以内|之内|封顶|以下)")
_LOWER_BEFORE = re.compile(r"(?:最少|最低|最快|最早|最短|至少|起码|at least|from)[^,。!?;、]{0,3}$")
_LOWER_AFTER = re.compile(r"\s?(?:起|以上|or more)")


class _Source:
    """What one source supports, indexed so that many claims cost no more than their number."""

    def __init__(self, text: str) -> None:
        claimed, in_passing, self._folded, self._rest = _scan(text)
        self._values: dict[str, set[Any]] = {}
        for fact in (*claimed, *in_passing):
            self._values.setdefault(fact.kind, set()).add(fact.value)
            if _may_be_days(fact):
                self._values.setdefault("duration", set()).add(_as_days(fact).value)
        self._ends = {kind: _Ends(self._values.get(kind, ())) for kind in _MEASURED}

    def supports(self, claim: Fact, reply: str) -> bool:
        """Return whether this source states what a reply claims."""
        value: Any = claim.value
        known = self._values.get(claim.kind, set())
        if claim.kind in _MEASURED:
            return self._supports_measure(claim, reply)
        if value in known:
            return True
        match claim.kind:
            case "date":
                if _may_be_days(claim) and self._supports_measure(_as_days(claim), reply):
                    return True
                return any(same_date(value, day) for day in known)
            case "time":
                return any(same_time(value, time) for time in known)
            case "url":
                return value in self._hosts
            case "phone":
                digits, extension = value
                return extension is None and digits in self._numbers
            case "code":
                return value in self._numbers or value in self._tails
        return False

    def _supports_measure(self, claim: Fact, reply: str) -> bool:
        value: Any = claim.value
        unit, low, high = value
        known = self._ends[claim.kind]
        if known.has(unit, "both", (low, high)):
            return True
        if low != high:
            return known.has(unit, "both", (low, low)) and known.has(unit, "both", (high, high))
        before, after = (
            fold_numerals(reply[max(0, claim.start - 8) : claim.start]),
            fold_numerals(reply[claim.end : claim.end + 3]),
        )
        if (claim.kind == "duration" or _UPPER_BEFORE.search(before) or _UPPER_AFTER.match(after)) and known.has(
            unit, "most", high
        ):
            return True
        if (_LOWER_BEFORE.search(before) or _LOWER_AFTER.match(after)) and known.has(unit, "least", low):
            return True
        # 数量：3 and 邮费花了15 name no unit, and no other.
        plain = (claim.kind == "amount" and (low >= 10 or low.denominator > 1)) or unit in COUNTED
        return plain and low in self._bare_numbers

    @functools.cached_property
    def _bare_numbers(self) -> set[Fraction | None]:
        labelled = {Fraction(code) for code in self._values.get("code", ()) if code.isdecimal() and len(code) < 7}
        return labelled | {parse_numeral(match["number"]) for match in _NUMBER.finditer(self._rest)}

    @functools.cached_property
    def _numbers(self) -> set[str]:
        """Everything here that could be a phone number or a code, whatever it was read as."""
        written = {token.replace("-", "") for token in _TOKEN.findall(self._folded)}
        return written | self._values.get("code", set()) | {digits for digits, _ in self._values.get("phone", ())}

    @functools.cached_property
    def _tails(self) -> set[str]:
        return {number[-length:] for number in self._numbers if len(number) > 6 for length in (4, 5, 6)}

    @functools.cached_property
    def _hosts(self) -> set[str]:
        return {address.partition("/")[0] for address in self._values.get("url", ())}


class _Ends:
    """The measures of one kind, by unit: `both` ends of each, the `least` and the `most` of the ranges."""

    def __init__(self, values: Iterable[Any]) -> None:
        self._by_unit: dict[str, dict[str, set[Any]]] = {}
        for unit, low, high in values:
            ends = self._by_unit.setdefault(unit, {"both": set(), "least": set(), "most": set()})
            ends["both"].add((low, high))
            ends["least"].add(low)
            ends["most"].add(high)

    def has(self, unit: str, which: str, value: object) -> bool:
        """Return whether a value stands here with a unit that is not a different one."""
        return any(value in ends[which] for known, ends in self._by_unit.items() if same_currency(unit, known))


@functools.lru_cache(maxsize=64)
def _source(text: str) -> _Source:
    return _Source(text)


def _may_be_days(fact: Fact) -> bool:
    """3日 may be the third of the month or three days, and so may both ends of 2~3日; 3号 is a date."""
    value: Any = fact.value
    if fact.kind != "date" or value[0] != "day" or fact.text[-1] in "号號":
        return False
    return value[1] is None and value[2] is None


def _as_days(fact: Fact) -> Fact:
    days = Fraction(fact.value[3] * 86400)  # type: ignore[index]  # a day is a tuple
    return Fact("duration", ("second", days, days), fact.start, fact.end, fact.text)
