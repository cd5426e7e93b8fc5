"""Personal data in a text: phone numbers, mailboxes, identity and bank cards, plates, and what the caller marked."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from replykit.errors import UsageError
from replykit.text import fold

__all__ = ["Kind", "Personal", "find_personal", "need_privacy"]

Kind = Literal["private", "email", "id", "card", "phone", "plate"]


@dataclass(frozen=True, slots=True)
class Personal:
    """One piece of personal data.

    Attributes:
        kind: what it is; `private` where the caller marked it.
        start: first code point.
        end: one past its last.
        value: what it is compared by, whatever spaces, marks and width it is written with.
    """

    kind: Kind
    start: int
    end: int
    value: str


def need_privacy() -> None:
    """Load the two packages that judge numbers.

    Raises:
        UsageError: they are not installed.
    """
    try:
        import phonenumbers  # noqa: F401
        import stdnum  # noqa: F401
    except ImportError:
        raise UsageError("privacy needs two packages more: pip install 'replykit[privacy]'") from None


# What stands directly before a number that names an order, a parcel or a thing, and before one that names a person's.
_THING = re.compile(
    r"(?:订单|单号|运单|快递|包裹|物流|工单|编号|流水|交易|序列|型号|货号|商品|券码|券号|兑换码|验证码|发票|税号|统编|统一编号|合同"
    r"|sku|order|tracking|parcel|waybill|ticket|invoice|serial|model|item|ref(?:erence)?|code|no)"
    r"(?:编?号码?|码|号|编码|单号|number|no)?(?:是|为|:|#|\.|\s|\(|“|「|\")*$"
)
_CALLED = re.compile(
    r"(?:电话|手机|号码|联系方式|联系|致电|拨打|来电|热线|客服|专线|座机|固话|传真|whatsapp|微信|tel|phone|mobile|call|fax|cell)"
    r"(?:号码?|电话|热线|专线|at|us)?(?:是|为|:|\.|\s|\(|“|「|\")*$"
)
_BANK = re.compile(r"(?:卡号|银行卡|储蓄卡|借记卡|信用卡|账号|账户|帐号|card|account)[^0-9。,;!?\n]{0,12}$")

_EMAIL = re.compile(r"(?<![a-z0-9._%+-])[a-z0-9._%+-]{1,64}@(?:[a-z0-9-]{1,63}\.){1,4}[a-z]{2,24}(?![a-z0-9-])")
_CN_ID = re.compile(r"(?<![0-9a-z])[1-9][0-9]{5}[ -]?(?:18|19|20)[0-9]{6}[ -]?[0-9]{3}[0-9x](?![0-9a-z])")
_TW_ID = re.compile(r"(?<![0-9a-z])[a-z][1289][0-9]{8}(?![0-9a-z])")
_HK_ID = re.compile(r"(?<![0-9a-z])[a-z]{1,2}[0-9]{6}\s?\([0-9a]\)")
_CARD = re.compile(r"(?<![0-9a-z.])[2-6](?:[ -]?[0-9]){12,18}(?![0-9a-z]|[ -]?[0-9])")
_ISSUERS = re.compile(r"62|60|6[45]|4|5[0-8]|2[2-7]|3[47]|35")
_PLATE = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][a-hj-np-z][ ·•.-]?(?=[a-z]{0,5}[0-9])"
    r"[a-hj-np-z0-9]{4}[a-hj-np-z0-9挂学警港澳领使][0-9a-z]?(?![a-z0-9])"
)
_NAMED_PLATE = re.compile(
    r"车牌(?:号码?)?(?:是|为|:|\s)*(?P<it>(?=[a-z0-9 -]{0,8}[0-9])[a-z0-9]{2,4}[ -][a-z0-9]{2,4})(?![a-z0-9])"
)

_GAP = r"[ -]{0,1}"
_NOT_BEFORE = r"(?<![0-9a-z.+])(?<![0-9][/:-])(?<![a-z]-)"
_NOT_AFTER = r"(?![0-9a-z]|[.:/-][0-9])"


def _whole(pattern: str) -> re.Pattern[str]:
    return re.compile(f"{_NOT_BEFORE}{pattern}{_NOT_AFTER}")


# Shape, the regions whose numbers it may be, and whether only a word before it tells it from another number.
_PHONES: tuple[tuple[re.Pattern[str], tuple[str, ...], bool], ...] = (
    (_whole(r"(?:\+|00)[1-9][0-9]{0,2}(?:[ -]?\(?[0-9]{1,5}\)?){2,6}"), ("ZZ",), False),
    (_whole(rf"(?:86{_GAP})?1[3-9][0-9]{_GAP}[0-9]{{4}}{_GAP}[0-9]{{4}}"), ("CN",), False),
    (_whole(r"[48]00[ -][0-9]{3,4}[ -]?[0-9]{3,4}"), ("CN",), False),
    (_whole(r"[48]00[0-9]{7}"), ("CN",), True),
    (_whole(rf"09[0-9]{{2}}{_GAP}[0-9]{{3}}{_GAP}[0-9]{{3}}"), ("TW",), False),
    (_whole(rf"0800{_GAP}[0-9]{{3}}{_GAP}[0-9]{{3}}"), ("TW",), False),
    (_whole(r"(?:\(0[1-9][0-9]{0,2}\)[ ]?|0[1-9][0-9]{0,2}[ -])[0-9]{3,4}[ -]?[0-9]{3,4}"), ("CN", "TW"), False),
    (_whole(r"0[1-9][0-9]{8,10}"), ("CN", "TW"), True),
    (_whole(rf"(?:852{_GAP})?[2-9][0-9]{{3}}{_GAP}[0-9]{{4}}"), ("HK",), True),
)  # fmt: skip


def find_personal(text: str, private: Sequence[str] = ()) -> tuple[Personal, ...]:
    """Return the personal data of a text.

    A number counts only where it is valid for what it looks like: a phone number by its region's plan, an identity
    card by its check digit and date, a bank card by its check digit and issuer. One that stands behind 订单号, 运单号
    and the like names a thing, and short numbers without a word such as 电话 before them are left alone.

    Args:
        text: any text; time grows with its length.
        private: names, addresses and whatever else the caller knows to be personal, found as written.

    Returns:
        The pieces in order; none overlaps another. What the caller marked comes first, then what is longer.
    """
    folded = fold(text)
    found: list[Personal] = []
    taken = bytearray(len(text))
    for pieces in (_marked(text, private), *(find(folded) for find in _FINDERS)):
        for piece in pieces:
            if not any(taken[piece.start : piece.end]):
                taken[piece.start : piece.end] = b"\1" * (piece.end - piece.start)
                found.append(piece)
    return tuple(sorted(found, key=lambda piece: piece.start))


def _marked(text: str, private: Sequence[str]) -> Iterator[Personal]:
    for value in sorted(set(private), key=lambda value: (-len(value), value)):
        start = text.find(value)
        while start >= 0:
            end = start + len(value)
            if _stands_alone(text, start, end):
                yield Personal("private", start, end, value)
                start = text.find(value, end)
            else:
                start = text.find(value, start + 1)


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Return whether Latin edges of a value are the edges of words: Li is not in Lily."""

    def is_latin(char: str) -> bool:
        return char.isascii() and char.isalnum()

    before = start > 0 and is_latin(text[start]) and is_latin(text[start - 1])
    after = end < len(text) and is_latin(text[end - 1]) and is_latin(text[end])
    return not before and not after


def _emails(folded: str) -> Iterator[Personal]:
    for match in _EMAIL.finditer(folded) if "@" in folded else ():
        yield Personal("email", *match.span(), match[0])


def _ids(folded: str) -> Iterator[Personal]:
    from stdnum.cn import ric

    for match in _CN_ID.finditer(folded):
        number = re.sub("[ -]", "", match[0]).upper()
        if ric.is_valid(number):
            yield Personal("id", *match.span(), number)
    for pattern, is_valid in ((_TW_ID, _is_taiwanese), (_HK_ID, _is_of_hong_kong)):
        for match in pattern.finditer(folded):
            number = re.sub(r"[\s()]", "", match[0]).upper()
            if is_valid(number) and not _THING.search(folded[max(0, match.start() - 12) : match.start()]):
                yield Personal("id", *match.span(), number)


# The letters in the order of the numbers that they stand for, from 10 on.
_TW_LETTERS = "ABCDEFGHJKLMNPQRSTUVXYWZIO"


def _is_taiwanese(number: str) -> bool:
    area = _TW_LETTERS.index(number[0]) + 10
    digits = [area // 10, area % 10, *map(int, number[1:])]
    return (
        sum(digit * weight for digit, weight in zip(digits, (1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1), strict=True)) % 10 == 0
    )


def _is_of_hong_kong(number: str) -> bool:
    letters, digits, check = number[:-7], number[-7:-1], number[-1]
    values = [36 if len(letters) == 1 else ord(letters[0]) - 55, ord(letters[-1]) - 55, *map(int, digits)]
    total = sum(value * weight for value, weight in zip(values, range(9, 1, -1), strict=True))
    return (total + (10 if check == "A" else int(check))) % 11 == 0


def _cards(folded: str) -> Iterator[Personal]:
    from stdnum import luhn

    for match in _CARD.finditer(folded):
        number = re.sub("[ -]", "", match[0])
        before = folded[max(0, match.start() - 16) : match.start()]
        if not _ISSUERS.match(number) or not luhn.is_valid(number) or _THING.search(before):
            continue
        # Order numbers are as long, and one in ten has the check digit of a card by chance.
        if len(number) in (15, 16) or number.startswith("62") or _BANK.search(before):
            yield Personal("card", *match.span(), number)


def _phones(folded: str) -> Iterator[Personal]:
    for pattern, regions, needs_word in _PHONES:
        for match in pattern.finditer(folded):
            before = folded[max(0, match.start() - 16) : match.start()]
            is_called = _CALLED.search(before) is not None
            if (needs_word and not is_called) or (_THING.search(before) and not is_called):
                continue
            digits = re.sub("[^0-9+]", "", match[0])
            if any(_is_phone(digits, region) for region in regions):
                yield Personal("phone", *match.span(), digits.removeprefix("+86") if "+86" in digits else digits)


def _is_phone(digits: str, region: str) -> bool:
    import phonenumbers

    if region == "ZZ":
        digits = "+" + digits.removeprefix("+").removeprefix("00") if digits.startswith(("+", "00")) else digits
    try:
        number = phonenumbers.parse(digits, None if region == "ZZ" else region)
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.is_valid_number(number)


def _plates(folded: str) -> Iterator[Personal]:
    for match in _PLATE.finditer(folded):
        yield Personal("plate", *match.span(), re.sub(r"[ ·•.-]", "", match[0]).upper())
    for match in _NAMED_PLATE.finditer(folded):
        yield Personal("plate", *match.span("it"), re.sub("[ -]", "", match["it"]).upper())


_FINDERS: tuple[Callable[[str], Iterator[Personal]], ...] = (_emails, _ids, _cards, _phones, _plates)
