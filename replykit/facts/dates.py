"""Calendar dates, weekdays, and days named by another day."""

from __future__ import annotations

import re

from replykit.facts.numerals import HAN, START, TO, Found, Reader, parse_numeral

__all__ = ["DATES", "FULL_DATES", "SHORT_DATES", "same_date"]

Day = tuple[str, int | None, int | None, int | None]
"""`day`, year, month, day of the month; None where the text does not name it."""

_TWO = r"(?:[0-9]{1,2}+|[零一二三四五六七八九十廿卅]{1,3}+)"
# Taiwan counts from 1912 and often leaves 民国 out, as years of three digits are no others: 115年3月5日 is 2026-03-05.
_MONTH_FOLLOWS = rf"(?=\s?年\s?{_TWO}\s?月)"
_YEAR = (
    r"(?:[0-9]{4}(?![0-9])|[零一二三四五六七八九]{4}|[0-9]{2}(?=\s?年\s?[0-9]{1,2}\s?月)"
    rf"|1[0-9]{{2}}{_MONTH_FOLLOWS}|一(?:百[一二三四五六七八九十零]{{0,4}}|[零一二三四五六七八九]{{2}}){_MONTH_FOLLOWS}"
    r"|(?<=民国)\s?(?:[0-9]{2,3}|[一二三四五六七八九十百零]{1,6}))"
)
_NUMERIC = re.compile(
    r"(?<![0-9.a-z])(?P<year>(?:19|20)[0-9]{2})(?P<by>[-/.])(?P<month>[0-9]{1,2})(?:(?P=by)(?P<day>[0-9]{1,2}))?"
    r"(?![0-9]|[.-][0-9])"
)
_OF_THE_REPUBLIC = re.compile(
    r"(?<![0-9.a-z$¥/-])(?P<year>1[0-9]{2})(?P<by>[-/.])(?P<month>1[0-2]|0?[1-9])(?P=by)(?P<day>3[01]|[12][0-9]|0?[1-9])"
    r"(?![0-9a-z%]|[/.-][0-9])"
)
_MONTH_FIRST = re.compile(
    r"(?<![0-9a-z/.])(?P<month>[0-9]{1,2})(?P<by>[/.-])(?P<day>[0-9]{1,2})(?P=by)(?P<year>(?:19|20)[0-9]{2})(?![0-9])"
)
_WRITTEN = re.compile(
    rf"(?:(?<![0-9零一二三四五六七八九])(?P<era>民国)?(?P<year>{_YEAR})\s?年\s?)?(?<![第几0-9.{HAN}])"
    rf"(?:(?P<from>{_TWO}){TO})?(?P<month>{_TWO})\s?月(?!龄|经|饼|亮|光|薪|租|卡|票|结|嫂|子|球|牙|台|历|一次|一度)份?"
    rf"(?:\s?(?P<first>{_TWO}){TO}(?P<last>{_TWO})\s?[日号]"
    rf"|\s?(?:(?P<day>{_TWO})\s?[日号]|(?P<digits>[0-9]{{1,2}}+)(?![0-9]|\s?[.%:个天件元折小年月块万]))"
    rf"(?:{TO}(?P<until>{_TWO})\s?[日号](?!\s?[内以]))?)?"
)
_YEAR_ONLY = re.compile(
    r"(?<![0-9零一二三四五六七八九])(?P<era>民国)?\s?"
    r"(?P<year>(?<=民国)[0-9]{2,3}|(?:19|20)[0-9]{2}|[一二][零九][零一二三四五六七八九]{2})\s?年(?![级款])"
)
# What may follow a bare 8号 or 8日 that is a date, and not the name of a building, a line or an agent.
_DAY = re.compile(
    rf"{START}(?<![路街巷弄道段村区门栋座楼幢里])(?:(?P<first>{_TWO}){TO})?(?P<day>{_TWO})\s?"
    r"(?:日(?![内日游均线薪常记本元报刊用式元语]|以内|之内)|号(?=\s?(?:[前后之以到送发起止晚早凌当截左至给可会将能退补寄完周星或和与]"
    r"|[及的有就我再收付结过扣出执生更,。!?;、:()~\n\0-]|上午|下午|中午|下班|安排|开始|开放|来|$)))"
)
_MONTH_DAY = (
    r"(?P<month>1[0-2]|0?[1-9])(?P<by>[/.-])(?P<day>3[01]|[12][0-9]|0?[1-9])"
    r"(?![0-9%]|[/.-][0-9]|\s?[天个元块折小分件w万千克斤倍次秒])"
)
_AFTER = r"(?=\s?(?:[日号前后送发到起止当晚寄开结截(\0]|之前|以前|之后|上午|下午|周|星期))"
_BEFORE = (
    r"(?:(?<=[于在至到自从期])|(?<=截至)|(?<=by )|(?<=on )|(?<=until )|(?<=before )|(?<=期:)|(?<=[于在至到自从:] ))"
)
_CUED = re.compile(rf"{_BEFORE}(?<![0-9]){_MONTH_DAY}")
_CUED_AFTER = re.compile(rf"(?<![0-9a-z/.\-$¥]){_MONTH_DAY}{_AFTER}")
_SLASHED = re.compile(rf"(?<![0-9a-z/.\-$¥])(?<![0-9]:){_MONTH_DAY}")
_SLASHED_RANGE = re.compile(
    rf"(?<![0-9a-z/.\-$¥])(?P<month>1[0-2]|0?[1-9])(?P<by>[/.])(?P<day>3[01]|[12][0-9]|0?[1-9]){TO}"
    r"(?P<until>1[0-2]|0?[1-9])(?P=by)(?P<last>3[01]|[12][0-9]|0?[1-9])(?![0-9%]|[/.-][0-9])"
)
_MONTH_NAMES = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_MONTHS = {form: month for month, name in enumerate(_MONTH_NAMES, 1) for form in (name, name[:3])} | {"sept": 9}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_ENGLISH = re.compile(
    rf"(?<![a-z])(?:(?P<name>{_MONTH})\.?\s(?P<day>[0-9]{{1,2}})(?:st|nd|rd|th)?(?![0-9a-z:%]|\s?(?:days|hours|minutes))"
    rf"|(?<![0-9:.])(?P<day2>[12]?[0-9]|3[01])(?:st|nd|rd|th)?\s(?:of\s)?(?P<name2>{_MONTH})(?![a-z]))"
    r"(?:,?\s(?P<year>(?:19|20)[0-9]{2})(?![0-9]))?"
)
_ORDINAL = r"(?:st|nd|rd|th)?"
_ENGLISH_RANGE = re.compile(
    rf"(?<![0-9a-z:.$€£¥])(?P<first>[12]?[0-9]|3[01]){_ORDINAL}(?:\s?[-~]\s?|\s(?:to|and|until)\s)"
    rf"(?P<last>[12]?[0-9]|3[01]){_ORDINAL}\s(?:of\s)?(?P<name>{_MONTH})(?![a-z])"
    rf"|(?<![a-z])(?P<name2>{_MONTH})\.?\s(?P<first2>[12]?[0-9]|3[01]){_ORDINAL}(?:\s?[-~]\s?|\s(?:to|and|until)\s)"
    rf"(?P<last2>[12]?[0-9]|3[01]){_ORDINAL}(?![0-9a-z:%]|\s?(?:days|hours|minutes))"
)
_NTH = re.compile(
    r"(?<![a-z])(?:on|by|before|until|till|from|after|of|since)\sthe\s(?P<day>[12]?[0-9]|3[01])(?:st|nd|rd|th)(?![a-z])"
)
_WEEKDAY = re.compile(
    r"(?P<which>(?:下下|下|上|本|这)个?)?(?<![0-9一二两三四五六七八九十])(?:周|星期|礼拜)"
    r"(?P<day>[一二三四五六日天])(?![次个篇款期封更趟]|一次)"
)
_ENGLISH_DAYS = ("mon", "tues", "wednes", "thurs", "fri", "satur", "sun")
_ENGLISH_WEEKDAY = re.compile(
    rf"(?<![a-z])(?:(?P<which>next|this|last)\s)?(?P<day>{'|'.join(_ENGLISH_DAYS)})day(?![a-z])"
    r"|(?:(?<=by )|(?<=on )|(?<=until )|(?<=next ))(?P<short>mon|tue|wed|thu|fri|sat|sun)(?![a-z])"
    r"|(?<![a-z])(?P<dated>mon|tue|wed|thu|fri|sat|sun)(?=[.,]?\s[0-9\0])"
)
_PROMISE = re.compile(
    r"之?[内前]|[^,。!?;\s]{0,5}(?:退款|完成|解决|恢复|回电|回复|答复|联系您|联络您|致电|上门|到账|到帐|到货|寄出|出货|寄送|入帐|刷退|退刷|处理完"
    r"|退(?:还|到|给|回|至)[您你]|达|送(?![您给])|发(?!货[量地人方]|[现生票觉布型送]))"
)
_NAMED = re.compile(
    # 早 and 晚 are left to the time of day that they belong to (明早9点).
    r"(?P<tomorrow>明(?:[天日](?!见|会更|更好|愉快|开心)|(?=[早晚])))|(?P<third>大后天)|(?P<second>后天(?![性养培因努]))"
    r"|(?P<today>今(?:[天日]|(?=晚)))|(?P<same>当[天日])|(?P<next>次日|隔[天日]|翌日)"
    r"|(?<![a-z])(?P<english>tomorrow)(?![a-z])"
)
_TIMED = re.compile(
    rf"[早晚][上间]?\s?(?:[0-9]{{1,2}}|[{HAN}]{{1,3}})(?:{TO}(?:[0-9]{{1,2}}|[{HAN}]{{1,3}}))?\s?[点时:]"
)


def _number(run: str | None) -> int | None:
    value = parse_numeral(run) if run else None
    return None if value is None else int(value)


def _day(year: int | None, month: int | None, day: int | None, start: int, end: int) -> Found | None:
    if (month is not None and not 1 <= month <= 12) or (day is not None and not 1 <= day <= 31):
        return None
    if year is None and month is None and day is None:
        return None
    return Found("date", ("day", year, month, day), start, end)


def _all(*days: Found | None) -> list[Found] | None:
    """Return the days of one match, or None where one of them is no day of any calendar."""
    found = [day for day in days if day is not None]
    return found if len(found) == len(days) else None


def _numeric(match: re.Match[str]) -> list[Found] | None:
    day = _number(match["day"])
    if day is None and (match["by"] != "-" or len(match["month"]) != 2):
        return None
    return _all(_day(int(match["year"]), int(match["month"]), day, *match.span()))


def _of_the_republic(match: re.Match[str]) -> list[Found] | None:
    found = _all(_day(int(match["year"]) + 1911, int(match["month"]), int(match["day"]), *match.span()))
    # 115.3.5 may be the number of a version or of a paragraph, 115.03.05 and 115/3/5 are dates.
    clear = match["by"] == "/" or len(match["month"]) == len(match["day"]) == 2
    return found and [day._replace(claimed=clear) for day in found]


def _month_first(match: re.Match[str]) -> list[Found] | None:
    month, day = int(match["month"]), int(match["day"])
    if month > 12:
        month, day = day, month
    return _all(_day(int(match["year"]), month, day, *match.span()))


def _year(match: re.Match[str]) -> int | None:
    year = _number(match["year"])
    if year is None or year > 999:
        return year
    return year + (1911 if match["era"] or year > 99 else 2000)


def _written(match: re.Match[str]) -> list[Found] | None:
    year, month, (start, end) = _year(match), _number(match["month"]), match.span()
    if month is None:
        return None
    if match["from"]:
        split = match.end("from")
        return _all(
            _day(year, _number(match["from"]), None, start, split), _day(year, month, None, match.start("month"), end)
        )
    first = match["day"] or match["digits"] or match["first"]
    last = "until" if match["until"] else "last" if match["last"] else None
    if last is None:
        return _all(_day(year, month, _number(first), start, end))
    split = max(match.end(name) for name in ("day", "digits", "first")) + (match["day"] is not None)
    return _all(
        _day(year, month, _number(first), start, split), _day(year, month, _number(match[last]), match.start(last), end)
    )


def _year_only(match: re.Match[str]) -> list[Found] | None:
    return _all(_day(_year(match), None, None, *match.span()))


def _day_only(match: re.Match[str]) -> list[Found] | None:
    last = _day(None, None, _number(match["day"]), match.start("day"), match.end())
    return _all(_day(None, None, _number(match["first"]), *match.span("first")), last) if match["first"] else _all(last)


def _month_day(match: re.Match[str]) -> list[Found] | None:
    return _all(_day(None, int(match["month"]), int(match["day"]), *match.span()))


def _slashed(match: re.Match[str]) -> list[Found] | None:
    month, by, day = match["month"], match["by"], match["day"]
    # 1/2 may be a half, 10-15 a range and 9.13 a number; 11/8, 08/05 and 11-08 are dates without more around them.
    padded = len(month) == len(day) == 2 and "0" in (month[0], day[0])
    clear = (by == "/" and int(month) >= 10) or (by != "." and padded)
    if by != "/" and int(month) < 10 and int(day) < 13:
        return _month_day(match) if clear else None
    return [found._replace(claimed=clear) for found in _month_day(match) or ()]


def _slashed_range(match: re.Match[str]) -> list[Found] | None:
    return _all(
        _day(None, int(match["month"]), int(match["day"]), match.start(), match.end("day")),
        _day(None, int(match["until"]), int(match["last"]), match.start("until"), match.end()),
    )


def _english(match: re.Match[str]) -> list[Found] | None:
    month = _MONTHS[match["name"] or match["name2"]]
    return _all(_day(_number(match["year"]), month, int(match["day"] or match["day2"]), *match.span()))


def _english_range(match: re.Match[str]) -> list[Found] | None:
    which = "" if match["name"] else "2"
    month = _MONTHS[match["name" + which]]
    first, last = "first" + which, "last" + which
    starts, ends = (match.start(), match.end(first)), (match.start(last), match.end())
    return _all(_day(None, month, int(match[first]), *starts), _day(None, month, int(match[last]), *ends))


def _nth(match: re.Match[str]) -> list[Found] | None:
    return _all(_day(None, None, int(match["day"]), match.start("day"), match.end()))


_WEEKS = {"下下": 2, "下": 1, "next": 1, "上": -1, "last": -1, "本": 0, "这": 0, "this": 0}


def _weekday(match: re.Match[str]) -> list[Found]:
    name, which = match[match.lastgroup or "day"], match["which"]
    if name.isascii():
        day = next(number for number, english in enumerate(_ENGLISH_DAYS) if english.startswith(name[:3]))
    else:
        day = "一二三四五六日".index(name.replace("天", "日"))
    return [Found("date", ("weekday", day + 1, _WEEKS[which.removesuffix("个")] if which else None), *match.span())]


def _named(match: re.Match[str]) -> list[Found]:
    name = (match.lastgroup or "").replace("english", "tomorrow")
    end = match.end()
    if match[0] in "明今" and not _TIMED.match(match.string, end):
        end += 1
    # 今天 greets as often as it promises.
    claimed = name not in ("today", "same") or _PROMISE.match(match.string, match.end()) is not None
    return [Found("date", ("relative", name), match.start(), end, claimed)]


def same_date(claim: tuple[object, ...], known: tuple[object, ...]) -> bool:
    """Return whether a claimed day is named by a known one.

    A claim that names less than what is known is part of it: 25日 of 11月25日. One that names more is not, but for the
    year and the week (this, next), which count only where both name them.
    """
    if claim[0] != known[0] or claim[0] == "relative":
        return claim == known
    if claim[0] == "weekday":
        return claim[1] == known[1] and (None in (claim[2], known[2]) or claim[2] == known[2])
    _, year, month, day = claim
    if month is None and day is None:
        return year == known[1]
    return (None in (year, known[1]) or year == known[1]) and month in (None, known[2]) and day in (None, known[3])


FULL_DATES: tuple[Reader, ...] = (
    Reader(_NUMERIC, _numeric, "-/."),
    Reader(_OF_THE_REPUBLIC, _of_the_republic, "-/."),
    Reader(_MONTH_FIRST, _month_first, "-/."),
)
"""Read before the phone numbers: 2026-11-08 is none."""

DATES: tuple[Reader, ...] = (
    Reader(_WRITTEN, _written, "月", re.compile(r"[0-9零一二三四五六七八九十百廿卅民\s]")),
    Reader(_YEAR_ONLY, _year_only, "年"),
    Reader(_ENGLISH_RANGE, _english_range, "aeou", re.compile("[0-9adfjmnos](?:(?<=[0-9])|(?<![a-z].))")),
    Reader(_ENGLISH, _english, "aeou", re.compile("[0-9adfjmnos](?:(?<=[0-9])|(?<![a-z].))")),
    Reader(_NAMED, _named, "明后今当次隔翌t", re.compile("[明大后今当次隔翌t]")),
    Reader(_WEEKDAY, _weekday, "周期拜", re.compile("[下上本这周星礼]")),
    Reader(_ENGLISH_WEEKDAY, _weekday, "dnti", re.compile("[flmnstw](?<![a-z].)")),
)
"""Read before the measures: 2026年 is no duration."""

SHORT_DATES: tuple[Reader, ...] = (
    Reader(_SLASHED_RANGE, _slashed_range, "/."),
    Reader(_NTH, _nth, "hd", re.compile("[abfostu](?<![a-z].)")),
    Reader(_DAY, _day_only, "日号", re.compile(rf"[0-9{HAN}](?<![0-9{HAN}].)")),
    Reader(_CUED, _month_day, "-/.", re.compile("[0-9](?<![0-9].)")),
    Reader(_CUED_AFTER, _month_day, "-/.", re.compile("[0-9](?<![0-9a-z].)")),
    Reader(_SLASHED, _slashed, "-/.", re.compile("[0-9](?<![0-9a-z].)")),
)
"""Read after the measures: 10-15天 is no date."""
