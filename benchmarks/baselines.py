"""What a list of forbidden phrases alone finds: the ways in which other tools match one, in a few lines each.

These are re-implementations of how a phrase is matched, not the tools themselves: enough to say which sentences each
way of matching finds and which it flags by mistake, and nothing about speed. All of them get the same phrases.
"""

from __future__ import annotations

import functools
import importlib
import logging
import re
import string
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from score import Finder, Found

from replykit.text import fold

__all__ = ["BASELINES", "PHRASES", "Baseline", "Phrase"]

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase that a source document forbids, with the principle that it breaks and how gravely."""

    text: str
    principle: str
    severity: str


def _phrases(principle: str, severity: str, *texts: str) -> tuple[Phrase, ...]:
    return tuple(Phrase(text, principle, severity) for text in texts)


PHRASES: tuple[Phrase, ...] = (
    # 001, 禁用语
    *_phrases("professional-register", "error", "呵呵", "哈哈", "哎", "哦", "喂", "大哥", "大姐", "OK", "NO", "YES"),
    *_phrases("no-brush-off", "error", "没有什么更好的建议", "没有办法", "没办法", "不清楚", "不知道", "说不清楚"),
    *_phrases("no-brush-off", "error", "怎么能一一说清楚", "太贵了就不要用", "用不了就不要用", "不会做就不要做"),
    *_phrases("no-vague-answers", "error", "差不多", "也许", "大概", "可能", "不一定"),
    *_phrases("no-accusing-customer", "error", "好难理解"),
    # 003, 语言得体一点
    *_phrases("no-accusing-customer", "error", "你怎么用也不会", "你懂不懂"),
    # 000, 三、服务技能
    *_phrases("positive-wording", "warning", "久等", "重蹈覆辙", "问题确实严重", "卖完了", "错误的建议", "我试试看"),
    *_phrases("no-accusing-customer", "error", "你错了", "你做的不正确", "听着", "没有弄明白", "老是有问题"),
    *_phrases("no-accusing-customer", "warning", "你必须"),
    *_phrases("no-blame", "error", "表现很差劲"),
    *_phrases("policy-not-a-wall", "error", "这是公司的政策", "我不能，除非"),
    *_phrases("no-brush-off", "error", "这事我不管"),
)


def _finder(spans_of: Callable[[str, str], Iterable[Span]]) -> Finder:
    """A finder that looks for each phrase by itself; of overlapping uses of one principle it keeps the longest."""

    def finds(text: str) -> Iterator[Found]:
        found = [
            Found(phrase.principle, phrase.severity, *span)
            for phrase in PHRASES
            for span in spans_of(text, phrase.text)
        ]
        kept: list[Found] = []
        for one in sorted(found, key=lambda one: (one.start - one.end, one.start)):
            if all(
                one.principle != other.principle or one.end <= other.start or other.end <= one.start for other in kept
            ):
                kept.append(one)
        yield from sorted(kept, key=lambda one: one.start)

    return finds


def _literal(pattern: str, flags: int = 0) -> Callable[[str, str], Iterator[Span]]:
    def spans(text: str, phrase: str) -> Iterator[Span]:
        return (match.span() for match in re.finditer(pattern % re.escape(phrase), text, flags))

    return spans


@functools.cache
def _tokenizer() -> Any:
    """The word splitter jieba; it is the only baseline that needs a package of its own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        jieba = importlib.import_module("jieba")
    jieba.setLogLevel(logging.ERROR)
    return jieba


def _as_tokens(text: str, phrase: str) -> Iterator[Span]:
    """A phrase counts where it is one word, or several whole ones."""
    edges = {0}
    for word in _tokenizer().cut(text):
        edges.add(max(edges) + len(word))
    return (span for span in _literal("%s")(text, phrase) if edges.issuperset(span))


_WORD = frozenset(string.ascii_letters + string.digits + "_")


def _flashtext(text: str) -> Iterator[tuple[str, Span]]:
    """FlashText: the longest keyword at a word's start that no letter follows; what follows a hit is skipped."""
    keywords = {phrase.text.lower() for phrase in PHRASES}
    lower, at = text.lower(), 0
    while at < len(lower):
        fits = [
            keyword
            for keyword in keywords
            if lower.startswith(keyword, at) and lower[at + len(keyword) : at + len(keyword) + 1] not in _WORD
        ]
        if fits:
            found = max(fits, key=len)
            yield found, (at, at + len(found))
            at += len(found)
        elif lower[at] in _WORD:
            while at + 1 < len(lower) and lower[at + 1] in _WORD:
                at += 1
        at += 1


def _sensitive_word(text: str) -> Iterator[tuple[str, Span]]:
    """sensitive-word: width, case and script folded, ASCII marks ignored inside a phrase, the longest one wins."""
    folded, at = fold(text), 0
    keywords = {fold(phrase.text): phrase.text for phrase in PHRASES}
    while at < len(folded):
        ends = {}
        for keyword in keywords:
            end, matched = at, 0
            while end < len(folded) and matched < len(keyword):
                if folded[end] == keyword[matched]:
                    matched += 1
                elif not matched or folded[end] not in string.punctuation:
                    break
                end += 1
            if matched == len(keyword):
                ends[keyword] = end
        if ends:
            found = max(ends, key=len)
            yield keywords[found].lower(), (at, ends[found])
            at = ends[found]
        else:
            at += 1


def _scanner(scan: Callable[[str], Iterator[tuple[str, Span]]]) -> Finder:
    """A finder for a way of matching that reads a text once for all phrases."""
    by_text = {phrase.text.lower(): phrase for phrase in PHRASES}

    def finds(text: str) -> Iterator[Found]:
        for keyword, span in scan(text):
            phrase = by_text[keyword]
            yield Found(phrase.principle, phrase.severity, *span)

    return finds


@dataclass(frozen=True, slots=True)
class Baseline:
    """One way of matching.

    Attributes:
        name: what it is called in a table.
        about: how a phrase is matched.
        finds: the finder.
        needs: the package without which it does not run; empty where there is none.
    """

    name: str
    about: str
    finds: Finder
    needs: str = ""


BASELINES: tuple[Baseline, ...] = (
    Baseline("substring", "the phrase stands in the text, letter by letter", _finder(_literal("%s"))),
    Baseline(
        "word boundaries",
        "the same, with no letter, digit or Chinese character on either side",
        _finder(_literal(r"(?<!\w)%s(?!\w)")),
    ),
    Baseline("jieba tokens", "the phrase begins and ends where jieba 0.42 parts words", _finder(_as_tokens), "jieba"),
    Baseline("FlashText", "keyword matching as in flashtext 2.7", _scanner(_flashtext)),
    Baseline(
        "LLM Guard, str", "ban_substrings of LLM Guard 0.3, match type str", _finder(_literal("%s", re.IGNORECASE))
    ),
    Baseline("LLM Guard, word", "the same, match type word", _finder(_literal(r"\b%s\b", re.IGNORECASE))),
    Baseline("sensitive-word", "houbb/sensitive-word 0.29 with its character ignorer on", _scanner(_sensitive_word)),
)
