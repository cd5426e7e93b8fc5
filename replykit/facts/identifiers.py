"""What names one thing: web addresses, e-mail addresses, phone numbers, order and tracking numbers."""

from __future__ import annotations

import re

from replykit.facts.numerals import ARABIC, Found, Reader

__all__ = ["ADDRESSES", "CODES", "HOTLINES", "PHONES", "web_address"]

_TLD = r"(?:com|cn|net|org|gov|edu|io|tw|hk|info|shop|store|top|vip|cc|app|dev)"
_CLOSING = ".,:;!?'\")]}*"
_IN_URL = "[!#-;=?-_a-~]"  # printable ASCII without quotation marks, angle brackets and backticks
_URL = re.compile(
    rf"(?:https?://|(?<![a-z0-9.-])www\.){_IN_URL}{{1,2000}}+"
    rf"|(?<![a-z0-9.@_/-])(?:[a-z0-9-]{{1,63}}+\.){{1,4}}{_TLD}(?![a-z0-9_-]|\.[a-z])(?:/{_IN_URL}{{0,2000}}+)?"
)
_EMAIL = re.compile(r"(?<![a-z0-9._%+-])[a-z0-9._%+-]{1,64}+@(?:[a-z0-9-]{1,63}+\.){1,4}[a-z]{2,24}(?![a-z0-9])")


def web_address(text: str) -> str:
    """Return a web address as it is compared: without scheme and closing slash, the host in small letters."""
    rest = re.sub(r"^https?://", "", text, flags=re.IGNORECASE)
    host, slash, path = rest.partition("/")
    return (host.lower() + slash + path).rstrip("/")


def _url(match: re.Match[str]) -> list[Found] | None:
    text = match[0].rstrip(_CLOSING)
    return [Found("url", web_address(text), match.start(), match.start() + len(text))] if "." in text else None


def _email(match: re.Match[str]) -> list[Found]:
    return [Found("email", match[0], *match.span())]


_GAP = r"[- ]?"
_PHONE = re.compile(
    r"(?<![0-9a-z.])(?<![0-9][-/:])(?P<number>"
    rf"(?:\+?86{_GAP})?1[3-9][0-9]{_GAP}[0-9]{{4}}{_GAP}[0-9]{{4}}"
    rf"|(?:\+?86{_GAP})?[48]00{_GAP}[0-9]{{3,4}}{_GAP}[0-9]{{3,4}}"
    rf"|\(?0[1-9][0-9]{{0,2}}\)?{_GAP}[0-9]{{3,4}}{_GAP}[0-9]{{3,4}}"
    rf"|0800{_GAP}[0-9]{{3}}{_GAP}[0-9]{{3}}"
    r"|(?:1[- ])?\(?[2-9][0-9]{2}\)?[- ][0-9]{3}-[0-9]{4}"
    rf"|\+[1-9][0-9]{{0,2}}(?:{_GAP}\(?[0-9]{{1,4}}\)?){{2,5}}"
    r")(?![0-9])(?:\s?(?:转接?|分机号?|ext\.?|#|-)\s?:?(?P<extension>[0-9]{1,6}))?(?![0-9]|-[0-9]|\.[0-9])"
)
_HOTLINE = re.compile(
    r"(?:电话|热线|致电|拨打|来电|专线|客服|(?<![a-z])(?:hotline|call|dial|tel))"
    r"(?:号码?|电话|热线|专线|us|at|为|是|[ :.]){0,6}(?P<number>[0-9]{3,6}|[0-9]{4}[- ][0-9]{4})"
    r"(?![0-9a-z.,:%*-]|\s?[天个元块小分秒折件年月日号点位名])"
)
_COUNTRY = ("86", "886", "1")


def _phone(match: re.Match[str]) -> list[Found] | None:
    digits = re.sub("[^0-9]", "", match["number"])
    if len(digits) > 15:
        return None
    for code in _COUNTRY:
        if match["number"].startswith(("+" + code, code + " ", code + "-")) or (code == "86" and len(digits) == 13):
            digits = digits.removeprefix(code)
            break
    return [Found("phone", (digits.lstrip("0"), match["extension"]), *match.span())]


def _hotline(match: re.Match[str]) -> list[Found]:
    return [Found("phone", (re.sub("[- ]", "", match["number"]), None), *match.span("number"))]


# Standards, formats and product families, whose numbers are no order's.
_FAMILIES = frozenset(
    {
        *(
            "iso",
            "iec",
            "ieee",
            "rfc",
            "gb",
            "gbt",
            "cve",
            "utf",
            "sha",
            "aes",
            "rsa",
            "md",
            "http",
            "https",
            "ipv",
            "usb",
        ),
        *(
            "hdmi",
            "rtx",
            "gtx",
            "rx",
            "ios",
            "win",
            "windows",
            "office",
            "covid",
            "jdk",
            "php",
            "java",
            "python",
            "mysql",
        ),
        *(
            "gpt",
            "ps",
            "cpu",
            "ddr",
            "ssd",
            "pm",
            "mp",
            "xp",
            "sm",
            "ap",
            "ecma",
            "unicode",
            "h",
            "x",
            "iphone",
            "ipad",
        ),
        *("mate", "pixel", "galaxy", "model"),
    }
)
_VERSION = re.compile(
    r"(?<![0-9a-z.])(?:v(?:er(?:sion)?)?\.?\s?[0-9]{1,4}(?:\.[0-9]{1,5}){0,4}|[0-9]{1,5}(?:\.[0-9]{1,5}){2,4})(?![0-9])"
)
_LABEL = (
    r"(?:订单|单号|运单|快递单|物流单|工单|编号|流水号?|受理号|案件|验证码|取件码|提货码|兑换码|优惠码|激活码|卡号|账号|尾号|票号|工号"
    r"|(?<![a-z])(?:order|tracking|ticket|case|reference|invoice|waybill|code|no))"
)
_TOKEN = r"(?=[a-z-]{0,12}[0-9])[a-z0-9]{1,40}+(?:-[a-z0-9]{1,40}+){0,5}"
_LABELLED = re.compile(
    rf"{_LABEL}(?:号码?|编号|单号|尾号|number|no|id|为|是|[ #:.\"']){{0,5}}(?P<code>{_TOKEN})(?![a-z0-9])"
)
_CODE = re.compile(rf"(?<![a-z0-9_.%-])(?P<code>{_TOKEN})(?![a-z0-9_%]|\.[a-z0-9]|-[a-z0-9])")


def _plain(code: str) -> tuple[str, int, int] | None:
    """Return a code without its dashes, its letters and its digits; None for a product or a standard."""
    if code.rstrip("0123456789-.") in _FAMILIES or code.partition("-")[0] in _FAMILIES:
        return None
    plain = code.replace("-", "")
    letters = sum(char.isalpha() for char in plain)
    return plain, letters, len(plain) - letters


def _labelled(match: re.Match[str]) -> list[Found] | None:
    parts = _plain(match["code"])
    if parts is None:
        return None
    plain, letters, digits = parts
    enough = digits >= 2 and len(plain) >= 3 if letters else digits >= 4
    return [Found("code", plain, *match.span("code"))] if enough else None


def _code(match: re.Match[str]) -> list[Found] | None:
    """Accept what reads like an order number (A1001, SF1234567890, ORD-2026-1123), not like a size or a round count."""
    parts = _plain(match["code"])
    if parts is None:
        return None
    plain, letters, digits = parts
    head, dash, tail = match["code"].partition("-")
    if not letters:
        accepted = digits >= 9 or (digits >= 6 and not dash and len(plain.rstrip("0")) > 1)
    elif letters == 1:
        accepted = digits >= 4 and plain[0].isalpha()
    else:
        numbered = dash and head.isalpha() and tail.replace("-", "").isdigit()
        accepted = digits >= 6 or (digits >= 4 and (bool(numbered) or len(plain) >= 12))
    return [Found("code", plain, *match.span())] if accepted else None


def _version(match: re.Match[str]) -> list[Found]:
    return []


ADDRESSES: tuple[Reader, ...] = (Reader(_EMAIL, _email, "@"), Reader(_URL, _url, "."))
PHONES: tuple[Reader, ...] = (Reader(_PHONE, _phone, ARABIC, re.compile(r"[+(0-9](?<![0-9a-z.].)")),)
HOTLINES: tuple[Reader, ...] = (Reader(_HOTLINE, _hotline, ARABIC),)
"""Read after the measures: 客服 24小时 is no phone number."""

CODES: tuple[Reader, ...] = (
    Reader(_LABELLED, _labelled, ARABIC),
    Reader(_VERSION, _version, ARABIC),
    Reader(_CODE, _code, ARABIC, re.compile("[a-z0-9](?<![a-z0-9_.%-].)")),
)
