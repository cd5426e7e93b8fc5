"""What a chat model wraps round a reply: reasoning, code fences, preambles, quotation marks."""

from __future__ import annotations

import re

__all__ = [
    "FENCE",
    "LATE_REASONING",
    "NOTES",
    "PREAMBLE",
    "QUOTES",
    "REASONING",
    "REASONING_END",
    "SURE",
    "UNOPENED_END",
    "clean_answer",
    "unsteered",
]

REASONING = re.compile(r"\s*<(?:think|thinking|reasoning)>", re.IGNORECASE)
LATE_REASONING = re.compile(r"^[ \t]*<(?:think|thinking|reasoning)>", re.IGNORECASE | re.MULTILINE)
REASONING_END = re.compile(r"</(?:think|thinking|reasoning)>", re.IGNORECASE)
UNOPENED_END = re.compile(r"(?<!`)</think>[ \t]*(?:\n|\Z)", re.IGNORECASE)
FENCE = re.compile(r"(`{3,}|~{3,})[ \t]*[\w+-]{0,20}[ \t]*\n")

# A preamble is a closed form: an answer that only resembles one (以下是退货步骤：) is the reply itself.
_REWRITTEN = r"(?:改写|改寫|重写|重寫|润色|潤色|潤飾)"
_CHANGED = rf"(?:{_REWRITTEN}|修改|优化|優化|调整|調整|修订|修訂|修正|撰写|撰寫|起草|草拟|草擬)"
_A_REPLY = r"(?:客服)?(?:回复|回覆|答复|答覆|话术|話術)(?:内容|內容|文本|正文)?"
_SURE_ZH = r"(?:(?:好的|好|当然可以|當然可以|当然|當然|没问题|沒問題|可以|收到|明白了?)[，,。.！!、 ]{1,2})?"
_LEAD_ZH = r"(?:(?:以下|下面|这|這)就?[是为為])?(?:我)?(?:[为為帮幫给給]您)?"
_PREAMBLE_ZH = (
    rf"{_SURE_ZH}(?:"
    rf"{_LEAD_ZH}{_CHANGED}(?:后|後|好|过|過)?的?(?:{_A_REPLY}|版本)(?:如下)?"
    rf"|{_LEAD_ZH}{_REWRITTEN}(?:后|後|如下)(?:如下)?"
    rf"|(?:以下|下面|这|這)就?[是为為]{_A_REPLY}"
    rf"|{_A_REPLY}(?:如下)?"
    r")"
)
_SURE_EN = r"(?:(?:Sure|Certainly|Of course|Absolutely|Okay|OK|Got it)(?: thing)?[,.!]{1,2} )?"
_PREAMBLE_EN = (
    rf"{_SURE_EN}(?:Here(?:'s|’s| is) (?:the|a|your|my) )?(?:"
    r"(?:(?:rewritten|revised|improved|polished|suggested|edited|final) )?(?:customer[- ]service )?(?:reply|response)"
    r"|(?:rewritten|revised|polished) (?:version|draft|message)"
    r")(?: (?:to|for) the customer)?"
)
PREAMBLE = re.compile(
    rf"\s*(?:#{{1,4}} |\*\*|__)?(?:(?:{_PREAMBLE_ZH}|{_PREAMBLE_EN})(?:\*\*|__)?[：:](?:\*\*|__)?"
    rf"|【{_CHANGED}(?:后|後)的?(?:{_A_REPLY})?】[：:]?)\s*",
    re.IGNORECASE,
)
# What may stand before a preamble, a sentence of its own: 好的。
SURE = re.compile(rf"\s*(?:#{{1,4}} |\*\*|__)?{_SURE_ZH}{_SURE_EN}", re.IGNORECASE)
# Notes for the colleague who asked, which no customer is to read: a heading of its own, and all that stands below it.
NOTES = re.compile(
    r"\n[ \t]*\n(?:[ \t]*(?:-{3,}|\*{3,})[ \t]*\n\s*)?[ \t]*(?:#{1,4} |\*\*|__|【|[(（])?"
    rf"(?:{_REWRITTEN}|修改|优化|優化|改动|改動)(?:的)?(?:说明|說明|要点|要點|思路|之处|之處)(?:如下)?(?:】|\*\*|__)?[：:].*\Z"
    r"|\n[ \t]*\n[ \t]*[(（](?:注|备注|備註)[：:](?:以上|已|我)[^)）\n]{0,40}"
    rf"(?:{_REWRITTEN}|语气|語氣|措辞|措辭|原稿)[^)）\n]{{0,40}}[)）]\s*\Z",
    re.DOTALL,
)
QUOTES = {"“": "”", "「": "」", "『": "』", '"': '"', "«": "»"}


# Control characters other than tabs and line ends, and those that turn the direction of writing: no words of a reply.
_STEERING = dict.fromkeys(
    [code for code in range(0x20) if chr(code) not in "\t\n\r"]
    + [*range(0x7F, 0xA0)]
    + [*range(0x202A, 0x202F), *range(0x2066, 0x206A)]
)


def unsteered(text: str) -> str:
    """Return a text without what steers a terminal, or shows a reader another order than a checker reads."""
    return text.translate(_STEERING)


def clean_answer(text: str) -> str:
    """Take off what a model wraps round a reply; nothing else changes, and a plain reply comes back as it is.

    Off go: reasoning (`<think>…</think>`, also without its opening tag, as some servers send it), a code fence round
    the whole, a preamble that announces the reply, notes below it on how it was rewritten, and quotation marks round
    the whole, with the white space that parted them from the reply.

    Args:
        text: a model's answer.

    Returns:
        The reply in it; empty where there is none. Cleaning it again changes nothing.
    """
    while True:
        cleaned = text
        for take_off in (_without_reasoning, _without_fence, _without_preamble, _without_notes, _without_quotes):
            cleaned = take_off(cleaned)
        if cleaned == text:
            return text
        text = cleaned


def _without_reasoning(text: str) -> str:
    if opening := REASONING.match(text):
        end = REASONING_END.search(text, opening.end())
        return text[end.end() :].strip() if end else ""
    if late := LATE_REASONING.search(text):
        end = REASONING_END.search(text, late.end())
        return (text[: late.start()].rstrip() + "\n" + text[end.end() :].lstrip()).strip() if end else text
    # Where the chat template opens the block, the server sends only its end, on a line's end.
    unopened = UNOPENED_END.search(text)
    return text[unopened.end() :].strip() if unopened and "<think>" not in text.lower() else text


def _without_fence(text: str) -> str:
    whole = text.strip()
    opening = FENCE.match(whole)
    if not opening or not whole.endswith(opening[1]) or len(whole) < opening.end() + len(opening[1]):
        return text
    inside = whole[opening.end() : -len(opening[1])]
    # A second fence inside means that the answer begins and ends with code of its own.
    return text if opening[1] in inside or (inside and not inside.endswith("\n")) else inside.strip()


def _without_preamble(text: str) -> str:
    preamble = PREAMBLE.match(text)
    return text[preamble.end() :].strip() if preamble else text


def _without_notes(text: str) -> str:
    notes = NOTES.search(text)
    return text[: notes.start()].strip() if notes and text[: notes.start()].strip() else text


def _without_quotes(text: str) -> str:
    whole = text.strip()
    closing = QUOTES.get(whole[:1])
    if closing is None or len(whole) < 2 or whole[-1] != closing:
        return text
    inside, opening, depth = whole[1:-1], whole[0], 0
    for char in inside:
        if char == opening and opening != closing:
            depth += 1
        elif char == closing:
            depth -= 1
        if depth < 0:  # the first mark closes before the end: “A”和“B”
            return text
    return inside.strip() if depth == 0 else text
