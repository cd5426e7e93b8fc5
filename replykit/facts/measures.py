"""Numbers with a unit: durations, percentages and quantities."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import NamedTuple

from replykit.facts.numerals import HAN, IN_WORDS, NUMBER, START, TO, Found, Reader, parse_numeral, parse_span

__all__ = ["COUNTED", "MEASURES", "UNITS"]


class _Unit(NamedTuple):
    kind: str
    base: str
    factor: Fraction
    stop: str  # what must not follow: 5天猫 is no duration


_HOUR, _DAY = 3600, 86400
_ANY = "[a-z]"
_VARIETIES = tuple(
    count + what for count in ("种", "个", "款") for what in ("款式", "颜色", "花色", "口味", "规格", "型号", "尺码")
)
_ITEMS = tuple("瓶盒箱罐桶台双颗粒枚袋包")
COUNTED = frozenset((*_ITEMS, "piece", "coupon", "variety"))
"""Base units that count things one by one; three of them are three, whatever the measure word."""

# 分 stands in no row: it is a minute, a cent, a point of a rating, and very (十分).
_UNITS = {
    unit: _Unit(kind, base, Fraction(str(factor)), stop)
    for kind, base, factor, units, stop in (
        ("duration", "second", 1, ("秒", "秒钟"), "[杀回懂变]"),
        ("duration", "second", 60, ("分钟",), "爱"),
        ("duration", "second", 60, ("min", "mins", "minute", "minutes"), _ANY),
        ("duration", "second", 900, ("刻钟",), ""),
        ("duration", "second", _HOUR, ("小时", "个小时", "钟头", "个钟头", "个钟"), "工"),
        ("duration", "second", _HOUR, ("h", "hr", "hrs", "hour", "hours"), _ANY),
        ("duration", "second", _DAY, ("天",), "[猫气津河空使才然台鹅]"),
        ("duration", "second", _DAY, ("自然日", "个自然日", "日内", "日以内", "日之内", "日后", "日之后"), ""),
        ("duration", "second", _DAY, ("日无理由", "日鉴赏期"), ""),
        ("duration", "second", _DAY, ("day", "days"), _ANY),
        ("duration", "second", 7 * _DAY, ("周",), "[年岁边围知转遭刊一二三四五六日末]|到(?![账帐货达期店])"),
        ("duration", "second", 7 * _DAY, ("星期", "个星期", "礼拜", "个礼拜"), "[一二三四五六日天末]"),
        ("duration", "second", 7 * _DAY, ("week", "weeks"), _ANY),
        ("duration", "second", 14 * _DAY, ("fortnight", "fortnights"), _ANY),
        ("duration", "workday", 1, ("工作日", "个工作日", "工作天", "个工作天"), ""),
        ("duration", "workday", 1, ("交易日", "个交易日", "营业日", "个营业日"), ""),
        ("duration", "workday", 1, ("business day", "business days", "working day", "working days"), _ANY),
        ("duration", "month", 1, ("个月", "month", "months"), _ANY),
        ("duration", "month", 3, ("个季度",), ""),
        ("duration", "month", 12, ("年", "year", "years"), "[级龄代度货轻纪薪a-z]"),
        ("percentage", "percent", 1, ("%", "percent", "per cent"), "[a-z0-9]"),
        ("percentage", "percent", Fraction(1, 10), ("‰",), ""),
        ("percentage", "percent", 10, ("折",), "[叠扣线腾页痕射返旧算损磨合中衷断]"),
        ("quantity", "percentage point", 1, ("个百分点",), ""),
        ("quantity", "point", 1, ("积分", "个积分", "分积分", "点积分", "点点数", "points", "reward points"), _ANY),
        ("quantity", "coupon", 1, ("张券", "张优惠券", "个优惠券", "张代金券", "张抵用券", "张折价券"), ""),
        ("quantity", "coupon", 1, ("coupons", "vouchers"), _ANY),
        ("quantity", "times", 1, ("倍",), "[感加受数增]"),
        ("quantity", "kg", 1, ("千克", "公斤", "kg"), _ANY),
        ("quantity", "kg", Fraction(1, 2), ("斤", "市斤"), ""),
        ("quantity", "kg", Fraction(1, 1000), ("克",), "[服隆拉]"),
        ("quantity", "litre", Fraction(1, 1000), ("毫升", "ml"), _ANY),
        ("quantity", "litre", 1, ("升",), "[级降舱温学值旗]"),
        ("quantity", "metre", Fraction(1, 100), ("厘米", "公分", "cm"), _ANY),
        ("quantity", "metre", 1000, ("公里", "千米", "km"), _ANY),
        ("quantity", "megabyte", 1, ("mb", "m流量", "m 流量"), "[a-z/]"),
        ("quantity", "megabyte", 1024, ("gb", "g流量", "g 流量"), "[a-z/]"),
        ("quantity", "megabyte", 1024 * 1024, ("tb",), "[a-z/]"),
        ("quantity", "megabyte", 1, ("m",), "[a-z/]"),
        ("quantity", "megabyte", 1024, ("g",), "[a-z/]"),
        *(
            ("quantity", "megabit a second", f, (unit,), _ANY)
            for f, unit in ((1, "mbps"), (1000, "gbps"), (0.001, "kbps"))
        ),
        ("quantity", "variety", 1, _VARIETIES, ""),
        ("quantity", "instalment", 1, ("期", "个月分期"), "[间望限待货刊权]"),
        ("quantity", "piece", 1, ("件",), "[事套]"),
        *(("quantity", item, 1, (item,), "[装子式型头主形机面上庄邮裹含括退换风湾]") for item in _ITEMS),
    )
    for unit in units
}
_ARTICLES = ("a", "an")  # a fortnight, an hour
_HALVES = ("half an", "half a", "半")
_WORDS = IN_WORDS | dict.fromkeys(_ARTICLES, Fraction(1)) | dict.fromkeys(_HALVES, Fraction(1, 2))
_NUMBER_WORDS = sorted((word for word in _WORDS if word.isascii()), key=len, reverse=True)

UNITS = frozenset(_UNITS)
"""Every unit, as it stands behind its number."""

_UNIT = "|".join(
    re.escape(unit) + (f"(?!{_UNITS[unit].stop})" if _UNITS[unit].stop else "")
    for unit in sorted(_UNITS, key=len, reverse=True)
)
_MEASURE = re.compile(
    rf"(?:{START}(?P<number>{NUMBER})|(?<![a-z])(?P<word>{'|'.join(_NUMBER_WORDS)})(?=[ -])"
    r"|(?<![一大多老前后上下夜对过])(?P<half>半))"
    rf"(?:\s?(?P<first>{_UNIT})?{TO}(?P<high>{NUMBER}))?"
    rf"(?:个半(?P<and_half>小时|钟头|月|星期|礼拜)|(?P<with_half> and a half)?\s{{0,2}}-?(?P<unit>{_UNIT})"
    r"(?:(?P<more>半(?![夜天年])| and a half(?![a-z]))"
    rf"|零?(?P<then>{NUMBER})\s?(?P<small>分钟?(?!之)|秒钟?|个?小时|个月))?)"
)
_MEASURE_STARTS = re.compile(rf"[0-9{HAN}半aefhnost](?:(?<=半)|(?<![a-z].)(?<![0-9{HAN}][0-9{HAN}]))")
_VAGUE = {"一": "这那某哪每同新另整前", "两": "这那前近过头", "两三": "这前近过", "一两": "这前近过", "三": "这"}
_LONG = ("天", "周", "年", "个月", "星期", "个星期", "礼拜", "个礼拜")
_MEASURED_FROM = re.compile(r"[^\W我您你他她们就是在](?:前|同|过)$")
_UNSURE = {"m": ("metre", Fraction(1)), "g": ("kg", Fraction(1, 1000))}  # 5g is a network, too
_FEW = frozenset("123一二两三")
_IN_ALL = re.compile("[共有]$")
_POINTED_OUT = "这那哪上述每另前后"
_OR = re.compile(r"\sor\s")
_MEASURED_BY = re.compile(r"(?<![a-z])(?:in|within|takes?|after|than|least|most|up to|lasts?|about|another|for)\s$")
_COURTESY = re.compile(r"(?:耽误|占用|打扰)[^,。!?]{0,4}$")
_HALF_DAY = re.compile("[内后]|以内|之内|左右|时间")


def _in_passing(match: re.Match[str], run: str, unit: str, kind: str) -> bool:
    """Return whether a number of units says something vaguer, or points at what is counted elsewhere."""
    before, after = match.string[max(0, match.start() - 8) : match.start()], match.string[match.end() : match.end() + 2]
    previous = before[-1:] or " "
    if unit in _UNSURE:
        return True
    if run in _ARTICLES:  # in a week promises one, once a week and a minute do not
        if match["more"] or match["with_half"] or unit.startswith("fortnight"):
            return False
        measured = _MEASURED_BY.search(match.string[: match.start()][-12:])
        return unit in ("minute", "second") or _OR.match(match.string, match.end()) is not None or not measured
    if unit in _VARIETIES and run in _FEW:
        return not _IN_ALL.search(before)  # 两种颜色都有货 counts what it has just named
    if kind == "quantity":
        return unit != "倍" and (run == "一" or previous in _POINTED_OUT)  # 这两件
    if previous in _VAGUE.get(run, "") and unit in _LONG and not match["high"]:
        return not _MEASURED_FROM.search(before)  # 这两天 and 我前两天, but 起飞前两天
    if run == "半" and unit == "天":
        return not _HALF_DAY.match(after)  # 等了半天
    if run == "四" and unit == "周":
        return after[:1] not in ("内", "后", "左")  # 四周: around
    return _COURTESY.search(before) is not None  # 耽误您一分钟


def _ends(match: re.Match[str], run: str, name: str) -> tuple[Fraction, Fraction] | None:
    """Return both ends in the base unit; None where they make no measure."""
    unit = _UNITS[name]
    first = _UNITS[match["first"]] if match["first"] else unit
    ends = (_WORDS[run], _WORDS[run]) if run in _WORDS else parse_span(run)
    far = parse_span(match["high"]) if match["high"] else ends
    if ends is None or far is None or first[:2] != unit[:2]:
        return None
    low, high = ends[0], far[1]
    if name == "年" and high > 100:
        return None  # 2026年 is a date
    if name == "折":
        # 85折, 八五折 and 8.5折 all pay 85 in a hundred.
        if re.fullmatch("[二三四五六七八九]{2}", run):
            low = high = parse_numeral(run) or low
        low, high = (end / 10 if end > 10 else end for end in (low, high))
        if not 0 < low <= high < 10:
            return None
    return low * first.factor, high * unit.factor


def _measure(match: re.Match[str]) -> list[Found] | None:
    run = match["number"] or match["word"] or match["half"]
    name = match["unit"] or match["and_half"].replace("月", "个月")
    unit, ends = _UNITS[name], _ends(match, run, name)
    if ends is None or (
        unit.kind != "duration" and (match["half"] or match["more"] or match["and_half"] or match["with_half"])
    ):
        return None
    low, high = ends
    if match["more"] or match["and_half"] or match["with_half"]:
        low, high = low + unit.factor / 2, high + unit.factor / 2
    # 100% stresses (100%正品); what it promises is for another rule to judge.
    claimed = not _in_passing(match, run, name, unit.kind) and not (unit.base == "percent" and low == high == 100)
    if not match["then"]:
        found = [Found(unit.kind, (unit.base, low, high), *match.span(), claimed)]
        if name in _UNSURE:
            base, factor = _UNSURE[name]
            either = (base, low / unit.factor * factor, high / unit.factor * factor)
            found.append(Found(unit.kind, either, *match.span(), claimed))
        return found
    number, small = parse_numeral(match["then"]), _UNITS[re.sub("分钟?", "分钟", match["small"])]
    if number is None:
        return None
    rest = number * small.factor
    if small.base == unit.base and low == high and rest < unit.factor:
        return [Found(unit.kind, (unit.base, low + rest, high + rest), *match.span(), claimed)]
    return [  # 一天24小时 is no sum
        Found(unit.kind, (unit.base, low, high), match.start(), match.end("unit"), claimed),
        Found(small.kind, (small.base, rest, rest), match.start("then"), match.end()),
    ]


_PARTS = re.compile(rf"(?P<of>[二三四五六七八九十百千万])分之(?P<low>{NUMBER})(?:{TO}(?:百分之)?(?P<high>{NUMBER}))?")
_COMPENSATION = re.compile(rf"[假退缺少错坏破]一[赔罚](?P<low>[0-9{HAN}]{{1,3}})")
_ALWAYS = re.compile(
    r"(?<![0-9])(?:7\s?天?\s?[x*×/]?\s?24(?=\s?[小h])|7\s?[x*×/]\s?24|24\s?[/x×*]\s?7)(?:个?小时)?(?![0-9])"
)


def _parts(match: re.Match[str]) -> list[Found] | None:
    low = parse_span(match["low"])
    high = parse_span(match["high"]) if match["high"] else low
    if low is None or high is None:
        return []  # 百分之百
    factor = Fraction(100) / (parse_numeral("一" + match["of"] if match["of"] in "百千万" else match["of"]) or 1)
    return [Found("percentage", ("percent", low[0] * factor, high[1] * factor), *match.span())]


def _compensation(match: re.Match[str]) -> list[Found] | None:
    value = parse_numeral(match["low"])
    return None if value is None else [Found("quantity", ("times", value, value), *match.span())]


def _always(match: re.Match[str]) -> list[Found]:
    return [Found("duration", ("second", Fraction(_DAY), Fraction(_DAY)), *match.span())]


MEASURES: tuple[Reader, ...] = (
    Reader(_ALWAYS, _always, "7"),
    Reader(_COMPENSATION, _compensation, "赔罚"),
    Reader(_PARTS, _parts, "之"),
    Reader(_MEASURE, _measure, starts=_MEASURE_STARTS),
)
"""In the order in which they read a text."""
