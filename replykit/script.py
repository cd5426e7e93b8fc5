"""Which language and script a text is written in, and what in it is written in another."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from importlib import resources
from typing import NamedTuple

from replykit.records import Language

__all__ = ["LANGUAGES", "detect_language", "languages_of", "leaks", "other_alphabets"]

LANGUAGES: tuple[Language, ...] = ("zh-Hans", "zh-Hant", "en")  # that can be told

_HAN = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
_KANA = r"\u3041-\u3096\u30a1-\u30fa"
# Kana, Hangul, Cyrillic, Hebrew, Arabic, Devanagari, Thai.
_OTHER = rf"{_KANA}\u1100-\u11ff\uac00-\ud7a3\u0400-\u052f\u05d0-\u05ea\u0620-\u064a\u0900-\u097f\u0e01-\u0e5b"

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_QUOTED = re.compile(
    r"“[^“”\n]{0,200}”|「[^「」\n]{0,200}」|『[^『』\n]{0,200}』|‘[^‘’\n]{0,200}’|\"[^\"\n]{0,200}\"|【[^【】\n]{0,200}】"
    r"|《[^《》\n]{0,200}》"
)
_CODE = re.compile(
    r"```[\s\S]{0,4000}?```|`[^`\n]{0,200}`|(?i:https?|ftp)://[!-~]{1,2000}"
    r"|(?<![A-Za-z0-9.+_-])[A-Za-z0-9.+_-]{1,64}@[A-Za-z0-9.-]{1,255}"
    r"|\{[^{}\n]{0,200}\}|\[[^\[\]\n]{0,200}\]|<[^<>\n]{0,200}>|@[A-Za-z0-9_-]{1,64}|#[A-Za-z0-9_]{1,64}#"
)
# What another language, a code, a link or a quotation holds one of; a text without is in Chinese or in none.
_UNPLAIN = re.compile(rf"[A-Za-z\u0080-\u024f{_OTHER}“「『‘\"【《`@{{\[<#]")
# What stands after these is a name and keeps the script of its owner.
_NAME = re.compile(
    r"(?:姓名|户名|戶名|昵称|暱稱|收件人|收货人|收貨人|联系人|聯絡人|聯繫人|收款人|付款人|开户人|開戶人)"
    rf"(?:[是为為]|[:：])?\s?[{_HAN}·]{{2,4}}"
    r"|(?:品牌|店名|店铺|店鋪|公司名称|公司名稱|公司|抬头|抬頭|商标|商標)[:：]\s?"
    rf"[{_HAN}·（）()A-Za-z]{{2,30}}"
)
# What stands after these, or before those, is the wording of a screen.
_SHOWN_BEFORE = re.compile(
    r"(?:点击|點擊|点选|點選|选择|選擇|打开|打開|开启|開啟|进入|進入|勾选|勾選|按下|按钮|按鈕|菜单|選單|选项|選項|页面|頁面"
    r"|提示|显示|顯示|报错|報錯|错误|錯誤|返回|出现|出現|写着|寫著|标题|標題|名为|名為|叫|歌曲|电影|電影|书名|書名|型号|型號"
    r"|命令|代码|代碼|日志|日誌)[是为為了的]?[:： ]{0,2}$"
)
_SHOWN_AFTER = re.compile(
    r"^ ?(?:按钮|按鈕|选项|選項|菜单|選單|页面|頁面|界面|介面|字样|字樣|错误|錯誤|报错|報錯|命令|功能)"
)
_LATIN = re.compile(r"[A-Za-zÀ-ɏḀ-ỿ](?:[A-Za-zÀ-ɏḀ-ỿ0-9 ,.!?;:'’&()/-]*[A-Za-zÀ-ɏḀ-ỿ0-9.!?)])?")
_CODE_MARKS = frozenset("_={}<>|\\$;*")
_FLAG = re.compile(r"(?:^|\s)--?[A-Za-z]")
_HAN_RUN = re.compile(rf"[{_HAN}](?:[{_HAN}0-9，。！？、；：…～]*[{_HAN}。！？])?")
_OTHER_RUN = re.compile(rf"[{_OTHER}](?:[{_OTHER}ー\s、。！？]*[{_OTHER}ー])?")
# In names these are rare; in a longer run they show that it is a sentence and not a company or an address.
_ADDRESSING = re.compile(r"[您你我请請谢謝吗嗎呢们們很这這怎]|抱歉|不好意思")
_GRAMMAR = re.compile(r"[的了是不没沒会會就也还還和与與将將已经經可要能给給为為把被在]")
_LONGEST_NAME = 4
_HIDDEN = "\ufffc"


class _Scripts(NamedTuple):
    simplified: re.Pattern[str]
    traditional: re.Pattern[str]


class _English(NamedTuple):
    """Words by what they tell.

    Attributes:
        strong: words that bear the grammar of a sentence and hardly ever stand in a title, a label or a product's name.
        weak: words that bear it and do.
        common: what customers write besides.
        shared: those of them that other languages in Latin letters have too.
    """

    strong: frozenset[str]
    weak: frozenset[str]
    common: frozenset[str]
    shared: frozenset[str]


def _lines(name: str) -> list[str]:
    return resources.files("replykit").joinpath("data", name).read_bytes().decode("utf-8").splitlines()


@functools.cache
def _scripts() -> _Scripts:
    return _Scripts(*(re.compile(f"[{line}]") for line in _lines("script.txt")))


@functools.cache
def _english() -> _English:
    return _English(*(frozenset(line.split()) for line in _lines("english.txt")))


def _hide(pattern: re.Pattern[str], text: str) -> str:
    return pattern.sub(lambda match: _HIDDEN * len(match[0]), text)


def _own_words(text: str) -> str:
    """Return the text with codes, links and quotations hidden; quotations stay where they are nearly all of it."""
    without_code = _hide(_CODE, text)
    without_quotes = _hide(_QUOTED, without_code)
    if without_quotes == without_code:
        return without_code
    rest, whole = (
        sum(map(str.isalpha, part)) for part in (without_quotes, without_code)
    )  # what is hidden is no letter
    return without_quotes if rest * 3 > whole else without_code


_SHORT = 10_000  # code points


def detect_language(text: str) -> Language | None:
    """Return the language and script of a text.

    Chinese is told by characters of one script only (订 or 訂), so a text of shared characters alone (您好) has no
    script: to call it simplified would hold the reply to a Taiwanese customer to the wrong one. Where both scripts
    appear, the one with more such characters wins. English is told by the words that bear its grammar; product names
    and codes decide nothing. Links, codes and quotations do not count where there is anything else.

    Args:
        text: any text; time grows with its length.

    Returns:
        The language; None where nothing decides it: digits, emoji, names, shared characters, a tie, another language.
    """
    return _known(text) if len(text) <= _SHORT else _detect(text)


def _detect(text: str) -> Language | None:
    own = text
    if _UNPLAIN.search(text):
        own = _own_words(text)
        han = len(re.findall(f"[{_HAN}]", own))
        if len(re.findall(f"[{_KANA}]", own)) >= max(2, han // 3) or len(re.findall(r"[\uac00-\ud7a3]", own)) > han:
            return None
        if _is_english(own, han):
            return "en"
    simplified, traditional = (len(pattern.findall(own)) for pattern in _scripts())
    if simplified == traditional:
        return None
    return "zh-Hans" if simplified > traditional else "zh-Hant"


def languages_of(text: str) -> tuple[Language, ...]:
    """Return what a text may be written in: its language, or both scripts of Chinese where it shows neither.

    Args:
        text: any text; time grows with its length.

    Returns:
        Nothing where the text says nothing of it: digits, emoji, names, another language.
    """
    language = detect_language(text)
    if language:
        return (language,)
    own = _own_words(text)
    is_chinese = re.search(f"[{_HAN}]", own) and not _OTHER_RUN.search(own)
    return ("zh-Hans", "zh-Hant") if is_chinese else ()


_known = functools.lru_cache(maxsize=32)(_detect)  # one customer is answered by many replies


def _is_english(text: str, han: int) -> bool:
    if han:
        text = _without_shown(text)
    words = [word.replace("’", "'").lower() for word in _WORD.findall(text) if word[0] < "\u0250"]
    english = _english()
    known = [word for word in words if word in english.strong or word in english.weak or word in english.common]
    telling = [word for word in known if word not in english.shared]
    if han:
        return len(words) > han and len(known) >= 3 and bool(telling)
    return (len(known) * 3 >= len(words) or len(telling) > 3) and (len(known) > 1 or len(words) <= 2) and bool(telling)


def _without_shown(text: str) -> str:
    """Return the text with what the screen says hidden, where it stands behind 报错, 提示 and the like."""
    pieces, last = [], 0
    for match in _LATIN.finditer(text):
        pieces.append(text[last : match.start()])
        pieces.append(_HIDDEN * len(match[0]) if _is_shown(text, match.start(), match.end()) else match[0])
        last = match.end()
    return "".join((*pieces, text[last:]))


def _is_shown(text: str, start: int, end: int) -> bool:
    return bool(_SHOWN_BEFORE.search(text[max(0, start - 8) : start]) or _SHOWN_AFTER.search(text[end : end + 4]))


def leaks(text: str, language: Language | None) -> tuple[tuple[int, int], ...]:
    """Return what is written in another script or language than the one asked for.

    In a Chinese reply: characters that only the other script has, English clauses, other alphabets. In an English
    reply: Chinese clauses, other alphabets. Quotations, titles, labels, codes, links, names after 姓名 or 收件人,
    product names and abbreviations (APP, Wi-Fi, iPhone 15 Pro Max) may be as they are.

    Args:
        text: the reply; time grows with its length.
        language: what it should be written in; None: nothing is asked for.

    Returns:
        Spans `(start, end)` in order, not overlapping. A Chinese name of up to four characters among English words,
        and an English label in capitals without quotation marks, are taken for what they are; so a two-word English
        heading passes.
    """
    if language is None or (language != "en" and not _may_leak(text, language)):
        return ()
    own = _own_words(text)
    found = list(other_alphabets(text))
    if language == "en":
        found += _chinese_clauses(own)
    else:
        own = _NAME.sub(lambda match: _HIDDEN * len(match[0]), own)
        found += _foreign_characters(own, language)
        found += _latin_clauses(own)
    return tuple(sorted(found))


def other_alphabets(text: str) -> tuple[tuple[int, int], ...]:
    """Return what of a text is written in neither Chinese nor Latin characters, quotations and codes left out.

    Args:
        text: any text; time grows with its length.
    """
    if not _OTHER_RUN.search(text):
        return ()  # hiding a part adds none
    runs = [(match.span(), sum(map(str.isalpha, match[0]))) for match in _OTHER_RUN.finditer(_own_words(text))]
    # Japanese shares its Chinese characters, so that its own ones stand in ones and twos between them.
    spread = sum(letters for _, letters in runs) > 4
    return tuple(span for span, letters in runs if letters > 2 or spread)


@functools.cache
def _foreign_to(language: Language) -> re.Pattern[str]:
    other = _lines("script.txt")[1 if language == "zh-Hans" else 0]
    return re.compile(rf"[A-Za-zÀ-ɏḀ-ỿ{_OTHER}{other}]")


def _may_leak(text: str, language: Language) -> bool:
    """Return whether a character of another script stands in a Chinese text at all; in most, none does."""
    return _foreign_to(language).search(text) is not None


def _foreign_characters(text: str, language: Language) -> Iterator[tuple[int, int]]:
    """Yield runs of the other script; shared characters between two that give it away belong to the run."""
    pattern = _scripts().traditional if language == "zh-Hans" else _scripts().simplified
    run: tuple[int, int] | None = None
    for match in pattern.finditer(text):
        start, end = match.span()
        if run and start - run[1] <= 3 and all("\u4e00" <= char <= "\u9fff" for char in text[run[1] : start]):
            run = (run[0], end)
        else:
            if run:
                yield run
            run = (start, end)
    if run:
        yield run


def _chinese_clauses(text: str) -> Iterator[tuple[int, int]]:
    has_english = re.search("[A-Za-z]", text) is not None  # a reply without any is no English one with a name in it
    for match in _HAN_RUN.finditer(text):
        run = match[0]
        if not has_english:
            yield match.span()
            continue
        is_long = sum(map(str.isalpha, run)) > _LONGEST_NAME
        if _ADDRESSING.search(run) or (is_long and _GRAMMAR.search(run)):
            yield match.span()


def _latin_clauses(text: str) -> Iterator[tuple[int, int]]:
    for match in _LATIN.finditer(text):
        start, end = match.span()
        is_code = _CODE_MARKS & {text[max(0, start - 1) : start], text[end : end + 1]}
        if " " in match[0] and not is_code and _is_clause(match[0]) and not _is_shown(text, start, end):
            yield start, end


def _is_clause(segment: str) -> bool:
    """Return whether a stretch of Latin text is a clause, and not a name, a title, a label or a line of code."""
    words = [word.replace("’", "'") for word in _WORD.findall(segment)]
    small = [word.lower() for word in words]
    english = _english()
    grammar = [w for word, w in zip(words, small, strict=True) if not (word.isupper() and len(word) > 1)]
    strong, weak = sum(w in english.strong for w in grammar), sum(w in english.weak for w in grammar)
    others = [word for word, w in zip(words, small, strict=True) if w not in english.weak]
    is_title = len(others) > 1 and all(word[0].isupper() for word in others) and small[0] not in _COURTESY
    if is_title or _FLAG.search(segment):
        return False
    known = english.strong | english.weak | english.common
    if strong and len(words) > 1 and known.issuperset(small):
        return True
    if sum(not word.isascii() for word in words) > 1 and len(words) > 3:
        return True
    return (strong > 0 and len(words) > 2 and (strong + weak > 1 or len(words) > 3)) or (weak > 1 and len(words) > 4)


_COURTESY = frozenset(["please", "thank", "thanks", "sorry", "dear", "we", "your", "i'm", "we're"])
