"""Times of day: 15:00, 下午三点半, 3 p.m."""

from __future__ import annotations

import re

from replykit.facts.numerals import HAN, IN_WORDS, TO, Found, Reader, parse_numeral

__all__ = ["TIMES", "TIMES_IN_PASSING", "same_time"]

_TWO = r"(?:[0-9]{1,2}+|[零一二三四五六七八九十廿]{1,3}+|两)"
_PART = r"(?P<part>凌晨|清晨|早上|早晨|上午|中午|正午|下午|午后|傍晚|晚上|晚间|夜里|夜间|深夜|半夜|(?<!最)[早晚])"
_AFTERNOON = ("下午", "午后", "傍晚", "p")
_NIGHT = ("晚上", "晚间", "夜里", "夜间", "深夜", "半夜", "晚")
_CLOCK = re.compile(
    rf"(?:{_PART}\s?)?(?<![0-9])(?<![0-9][:.,])(?P<hour>[01]?[0-9]|2[0-4]):(?P<minute>[0-5][0-9])(?::(?P<second>[0-5][0-9]))?"
    r"(?![0-9]|:[0-9])(?:\s?(?P<half>[ap])\.?m(?![a-z])\.?)?"
)
_HOUR = re.compile(r"(?<![0-9a-z])(?<![0-9][:.,])(?P<hour>1[0-2]|0?[1-9])\s?(?P<half>[ap])\.?m(?![a-z])\.?")
_HOURS = "|".join(word for word, value in IN_WORDS.items() if value <= 12)
_TOLD = re.compile(
    rf"(?<![a-z0-9-])(?:(?P<past>half past|(?:a )?quarter (?:past|to))\s(?P<hour>{_HOURS}|1[0-2]|[1-9])(?![0-9a-z:])"
    rf"|(?P<sharp>{_HOURS}|1[0-2]|[1-9])\so['’]?clock(?![a-z])"
    r"|(?:(?<=at\s)|(?<=by\s)|(?<=il\s)|(?<=re\s)|(?<=er\s)|(?<=to\s)|(?<=nd\s))(?P<name>noon|midday|midnight)(?![a-z]))"
    r"(?:\s(?:in the (?P<part>morning|afternoon|evening)|at (?P<night>night)))?"
)
_DOTTED = re.compile(r"(?<![0-9a-z.])(?P<hour>1[0-2]|0?[1-9])\.(?P<minute>[0-5][0-9])\s?(?P<half>[ap])\.?m(?![a-z])\.?")
_SPOKEN = re.compile(
    rf"(?:{_PART}\s?)?(?<![第几{HAN}0-9])(?<![0-9][.:,])(?:(?P<from>{_TWO}){TO})?(?P<hour>{_TWO})\s?(?P<mark>[点时])"
    r"(?![间候效段长刻常光装机代期差而不尚区限有尔数评多])"
    rf"(?:(?P<half>半)|(?P<quarter>[一三])刻|(?P<minute>{_TWO})分(?!之)|(?P<digits>[0-5][0-9])(?![0-9%折])|(?P<sharp>整|钟)"
    rf"|(?P<plain>(?:[二三四五]十[一二三四五六七八九]?|十[一二三四五六七八九])(?![{HAN}折分])))?"
)
_STARTS = re.compile("[0-9零一二三四五六七八九十廿两凌清早上中正下午傍晚夜深半]")
# 两点 and 3点 are as often two or three points of a list as times; what stands around them decides.
_CUE_AFTER = re.compile(
    r"\s?(?:前|之前|以前|后|之后|以后|到|至|-|~|开|结束|左右|回|送|发|起|止|联|上门|打烊|关|下班|上班|营业|截|见|取|的?时|\0)"
)
_CUE_AFTER_DIGITS = re.compile(r"\s?(?:[,。!?;、)\n您我给来会将准可过]|$)")
_CUE_BEFORE = re.compile(r"(?:到|至|[-~])\s?$")
_LIST_BEFORE = re.compile(r"(?:以下|下列|如下|上述|以上|这|那|有|共|第|[0-9][、.])\s?$")


def _number(run: str | None) -> int | None:
    value = parse_numeral(run) if run else None
    return None if value is None else int(value)


def _time(
    hour: int | None, minute: int, second: int | None, part: str | None, sure: bool = False
) -> tuple[object, ...] | None:
    """Return hour, minute, second, and whether the hour counts to 24; None for no time of day."""
    if hour is None or hour > 24 or minute > 59:
        return None
    if (
        (part in _AFTERNOON and hour < 12)
        or (part == "中午" and hour < 3)
        or (part in _NIGHT and 5 <= hour <= 12)
    ):  # fmt: skip
        hour += 12
    elif part in ("凌晨", "a") and hour == 12:
        hour = 0
    return hour % 24, minute, second, sure or part is not None or hour > 12


def _clock(match: re.Match[str]) -> list[Found] | None:
    hour, part = match["hour"], match["half"] or match["part"]
    value = _time(int(hour), int(match["minute"]), _number(match["second"]), part, sure=hour[0] == "0")
    return None if value is None else [Found("time", value, *match.span())]


def _clock_dotted(match: re.Match[str]) -> list[Found] | None:
    value = _time(int(match["hour"]), int(match["minute"]), None, match["half"])
    return None if value is None else [Found("time", value, *match.span())]


def _hour(match: re.Match[str]) -> list[Found] | None:
    value = _time(int(match["hour"]), 0, None, match["half"])
    return None if value is None else [Found("time", value, *match.span())]


def _told(match: re.Match[str]) -> list[Found] | None:
    if match["name"]:
        return [Found("time", (0 if match["name"] == "midnight" else 12, 0, None, True), *match.span())]
    said = match["hour"] or match["sharp"]
    hour = int(said) if said.isdigit() else int(IN_WORDS[said])
    past = (match["past"] or "").removeprefix("a ")
    minute = {"half past": 30, "quarter past": 15, "quarter to": 45}.get(past, 0)
    hour = (hour - 1) % 12 if past == "quarter to" else hour
    part = {"morning": "a", "afternoon": "p", "evening": "p"}.get(match["part"] or "", "p" if match["night"] else None)
    value = _time(hour, minute, None, part)
    return None if value is None else [Found("time", value, *match.span())]


def _spoken(match: re.Match[str]) -> list[Found] | None:
    found = _spoken_in_passing(match)
    return found if match["part"] or _cued(match) else None


def _spoken_in_passing(match: re.Match[str]) -> list[Found] | None:
    said = match["minute"] or match["digits"] or match["plain"]
    minute = (_number(said) or 0) if said else 30 if match["half"] else {"一": 15, "三": 45}.get(match["quarter"], 0)
    value = _time(_number(match["hour"]), minute, None, match["part"])
    if value is None:
        return None
    claimed = match["part"] is not None or _cued(match)
    if not match["from"]:
        return [Found("time", value, *match.span(), claimed)]
    earlier = _time(_number(match["from"]), 0, None, match["part"])
    if earlier is None:
        return None
    return [
        Found("time", earlier, match.start(), match.end("from"), claimed),
        Found("time", value, match.start("hour"), match.end(), claimed),
    ]


def _cued(match: re.Match[str]) -> bool:
    """Return whether the wording of 3点 or 15时, or what stands around it, makes it a time of day."""
    before, after = match.string[max(0, match.start() - 4) : match.start()], match.string[match.end() : match.end() + 4]
    hour = match["hour"]
    if match["mark"] == "时":  # more often "when" than "o'clock"
        return hour.isdigit() and (len(hour) == 2 or _CUE_AFTER.match(after) is not None)
    if (
        any(match[name] for name in ("half", "quarter", "minute", "digits", "plain", "sharp"))
        or (_number(hour) or 0) > 12
    ):
        return True
    if _LIST_BEFORE.search(before):
        return False
    if hour == "一":  # 一点: a little
        return after.startswith(("前", "之前", "以前", "到", "至", "-", "~"))
    return bool(
        _CUE_AFTER.match(after) or _CUE_BEFORE.search(before) or (hour.isdigit() and _CUE_AFTER_DIGITS.match(after))
    )


def same_time(claim: tuple[object, ...], known: tuple[object, ...]) -> bool:
    """Return whether two times of day agree.

    3点 may be 03:00 or 15:00, 下午3点 and 15:00 are one of them; seconds count only where both name them.
    """
    hour, minute, second, sure = claim
    known_hour, known_minute, known_second, known_sure = known
    assert isinstance(hour, int)
    assert isinstance(known_hour, int)
    apart = (hour - known_hour) % (24 if sure and known_sure else 12)
    return not apart and minute == known_minute and (None in (second, known_second) or second == known_second)


TIMES: tuple[Reader, ...] = (
    Reader(_CLOCK, _clock, ":", _STARTS),
    Reader(_DOTTED, _clock_dotted, "."),
    Reader(_HOUR, _hour, "m"),
    Reader(_TOLD, _told, "ot"),
    Reader(_SPOKEN, _spoken, "点时", _STARTS),
)
"""Read before the measures, which would take the 50分钟 of 3点50分钟后."""

TIMES_IN_PASSING: tuple[Reader, ...] = (Reader(_SPOKEN, _spoken_in_passing, "点", _STARTS),)
"""两点, read last: a source that says so supports a time, a reply that says so may mean two points of a list."""
