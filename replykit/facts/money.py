"""Amounts of money, with and without a currency."""

from __future__ import annotations

import re
from fractions import Fraction

from replykit.facts.numerals import ARABIC, HAN, IN_WORDS, NUMBER, START, TO, Found, Reader, parse_numeral, parse_span

__all__ = ["BARE_AMOUNTS", "CURRENCIES", "MONEY", "same_currency"]

_CURRENCIES = {
    "TWD": ["nt$", "ntd", "twd", "新台币", "台币"],
    "HKD": ["hk$", "hkd", "港币", "港元"],
    "USD": ["us$", "usd", "美元", "美金"],
    "CNY": ["rmb", "cny", "人民币", "yuan"],
    "EUR": ["€", "eur", "euro", "euros", "欧元"],
    "GBP": ["£", "gbp", "英镑", "pounds sterling", "quid"],
    "JPY": ["jpy", "日元", "円"],
    "KRW": ["krw", "韩元"],
    "SGD": ["s$", "sgd", "新加坡元"],
    "AUD": ["a$", "aud", "澳元", "澳币"],
    "$": ["$", "dollar", "dollars", "bucks"],
    "¥": ["¥"],
    "元": ["元", "元整", "块", "块钱"],
}
_CURRENCY = {sign: currency for currency, signs in _CURRENCIES.items() for sign in signs}
CURRENCIES = frozenset(_CURRENCY)
"""Every sign and name of a currency, as it stands before or behind its amount."""

# What a common sign may stand for: it and a currency that it may stand for are not different ones.
_MAY_BE = {"元": {"CNY", "TWD", "HKD", "¥"}, "$": {"USD", "TWD", "HKD"}, "¥": {"CNY", "JPY"}}


def same_currency(first: str, second: str) -> bool:
    """Return whether two currencies are not different ones: 元 and NT$ are not, 元 and US$ are; `""` goes with all."""
    named = "" not in (first, second)
    return first == second or not named or second in _MAY_BE.get(first, ()) or first in _MAY_BE.get(second, ())


def _either(signs: list[str]) -> str:
    longest = sorted(signs, key=len, reverse=True)
    return "|".join(re.escape(sign) + ("(?![a-z])" if sign[-1:].islower() else "") for sign in longest)


_BEFORE = _either([sign for sign in _CURRENCY if _CURRENCY[sign] != "元"])
# 25 €, but not the two of "2 £5 vouchers".
_AFTER = _either([sign for sign in _CURRENCY if sign[-1] not in "$€£¥"]) + r"|[€£](?!\s?[0-9])"
# 元旦, 元素 and 两元店 are no money, nor are 三块蛋糕 and 两块电池.
_MONEY_ONLY = r"(?:(?<![元块])|(?<=元)(?![素件器旦宵组老月店复])|(?<=块)(?![蛋电屏布手硬表肥香饼砖地巧肉豆田石板]))"
_AMOUNT = re.compile(
    rf"(?:(?<![a-z])(?P<sign>{_BEFORE})\s{{0,2}}|{START})(?P<low>{NUMBER})(?P<times>[kw](?=\s?[元块]))?"
    rf"(?:\s?(?:{_AFTER})?{TO}(?:(?:{_BEFORE})\s?)?(?P<high>{NUMBER}))?"
    rf"(?:\s{{0,2}}(?P<unit>{_AFTER}){_MONEY_ONLY}"
    rf"(?:(?P<tenths>[0-9{HAN}])[角毛](?:(?P<cents>[0-9{HAN}])分?)?"
    rf"|(?<=块)(?P<tenth>[0-9一二三四五六七八九])(?![0-9{HAN}.a-z件个天小月年折张元块次条份斤箱瓶袋盒号点:%/-]))?)?"
)
_AMOUNT_STARTS = re.compile(
    rf"[0-9{HAN}{''.join(sorted({sign[0] for sign in _CURRENCY if _CURRENCY[sign] != '元'}))}]"
    rf"(?<![a-z].)(?<![0-9{HAN}][0-9{HAN}])"
)
_SMALL = re.compile(rf"{START}(?P<low>{NUMBER})(?P<unit>角钱?|毛钱|毛(?=[,。!?;、\s]|$)|分钱)(?![度形色落货星])")
_WORDED = re.compile(
    rf"(?<![a-z-])(?P<low>{'|'.join(sorted(IN_WORDS, key=len, reverse=True))})\s(?P<hundred>hundred\s)?"
    r"(?P<unit>us dollars|dollars?|bucks|euros?|pounds|quid)(?![a-z]|\sof\s)"
)
_BARE = re.compile(
    r"(?:满|减|退款?|赔偿?|补偿?|返现?|省|付|运费|价格?|金额|费用|差价|扣款?|合计|总计|共计|总额|余额|押金|定金)"
    r"(?:为|是|了|您|你|我|:|\s){0,3}(?P<low>[0-9]{2,9}+(?:\.[0-9]{1,2}+)?)"
    r"(?=[,。!?;:、)\s减送返给到吧了就可\0]|$)(?!\s?[a-z])"
)


def _amount(match: re.Match[str]) -> list[Found] | None:
    sign, unit = match["sign"], match["unit"]
    if not (sign or unit) or (match["low"] == "一" and unit == "块" and not (match["tenths"] or match["tenth"])):
        return None  # 一块: together
    ends = parse_span(match["low"])
    far = parse_span(match["high"]) if match["high"] else ends
    if ends is None or far is None:
        return None
    small = Fraction(0)
    for name, part in (("tenths", 10), ("tenth", 10), ("cents", 100)):
        if match[name]:
            digit = parse_numeral(match[name])
            if digit is None:
                return None
            small += digit / part
    factor = {"k": 1000, "w": 10000}.get(match["times"] or "", 1)
    # 人民币100元 and $100 USD name the currency once, in the more telling of the two.
    named = [_CURRENCY[word] for word in (sign, unit) if word]
    currency = next((name for name in named if name not in _MAY_BE), named[0])
    return [Found("amount", (currency, ends[0] * factor + small, far[1] * factor + small), *match.span())]


def _small(match: re.Match[str]) -> list[Found] | None:
    value = parse_numeral(match["low"])
    if value is None or match["low"] == "一":
        return None  # 一分钱一分货
    value /= 100 if match["unit"][0] == "分" else 10
    return [Found("amount", ("元", value, value), *match.span())]


def _worded(match: re.Match[str]) -> list[Found]:
    value = IN_WORDS[match["low"]] * (100 if match["hundred"] else 1)
    currency = {"pounds": "GBP", "us dollars": "USD"}.get(match["unit"]) or _CURRENCY[match["unit"]]
    return [Found("amount", (currency, value, value), *match.span())]


def _bare(match: re.Match[str]) -> list[Found]:
    value = Fraction(match["low"])
    return [Found("amount", ("", value, value), *match.span("low"))]


MONEY: tuple[Reader, ...] = (
    Reader(_AMOUNT, _amount, "".join({sign[-1] for sign in _CURRENCY}), _AMOUNT_STARTS),
    Reader(_SMALL, _small, "角毛钱"),
    Reader(_WORDED, _worded, "dbepqu", re.compile(r"[efnost](?<![a-z].)")),
)
BARE_AMOUNTS: tuple[Reader, ...] = (Reader(_BARE, _bare, ARABIC),)
"""满300减50: read last, where no unit claimed the number."""
