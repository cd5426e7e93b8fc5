"""What texts are written with: scripts, words, and the parts of a text that are nobody's own wording."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator

__all__ = [
    "ALPHABETS", "HAN", "HAN_RUN", "HIDDEN", "LATIN", "LATIN_LETTERS", "OTHER", "SENTENCE", "WORD",
    "any_of", "class_of", "hide", "other_alphabets", "own_words",
]  # fmt: skip

HAN = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
LATIN_LETTERS = "A-Za-zÀ-ɏḀ-ỿ"
ALPHABETS = {
    "Kana": r"\u3041-\u3096\u30a1-\u30fa",
    "Hangul": r"\u1100-\u11ff\uac00-\ud7a3",
    "Cyrillic": r"\u0400-\u052f",
    "Hebrew": r"\u05d0-\u05ea",
    "Arabic": r"\u0620-\u064a",
    "Devanagari": r"\u0900-\u097f",
    "Thai": r"\u0e01-\u0e5b",
}
_SCRIPTS = {"Han": HAN, "Latin": LATIN_LETTERS, **ALPHABETS}
OTHER = "".join(ALPHABETS.values())

WORD = re.compile(r"(?<![0-9A-Za-z])[^\W\d_]+(?:['’][^\W\d_]+)*")
_UNIT = re.compile(rf"[{LATIN_LETTERS}]+|[^\W\d_]")
_QUOTED = re.compile(
    r"“[^“”\n]{0,200}”|「[^「」\n]{0,200}」|『[^『』\n]{0,200}』|‘[^‘’\n]{0,200}’|\"[^\"\n]{0,200}\"|【[^【】\n]{0,200}】"
    r"|《[^《》\n]{0,200}》"
)
_CODE = re.compile(
    r"```[\s\S]{0,4000}?```|`[^`\n]{0,200}`|(?i:https?|ftp)://[!-~]{1,2000}"
    r"|(?<![A-Za-z0-9.+_-])[A-Za-z0-9.+_-]{1,64}@[A-Za-z0-9.-]{1,255}"
    r"|\{[^{}\n]{0,200}\}|\[[^\[\]\n]{0,200}\]|<[^<>\n]{0,200}>|@[A-Za-z0-9_-]{1,64}|#[A-Za-z0-9_]{1,64}#"
)
LATIN = re.compile(rf"[{LATIN_LETTERS}](?:[{LATIN_LETTERS}0-9 ,.!?;:'’&()/-]*[{LATIN_LETTERS}0-9.!?)])?")
SENTENCE = re.compile(r"[^.!?;:\n]+")
HAN_RUN = re.compile(rf"[{HAN}](?:[{HAN}0-9，。！？、；：…～]*[{HAN}。！？])?")
_OTHER_RUN = re.compile(rf"[{OTHER}](?:[{OTHER}ー\s、。！？]*[{OTHER}ー])?")
_AMID = re.compile(rf"[{HAN}、。！？ー]*")
_NEAR = 12  # code points between two things that belong together
HIDDEN = "\ufffc"


def hide(pattern: re.Pattern[str], text: str) -> str:
    """Return a text with what a pattern matches hidden, so that every offset stays."""
    return pattern.sub(lambda match: HIDDEN * len(match[0]), text)


def own_words(text: str) -> str:
    """Return the text with codes, links and quotations hidden; quotations stay where they are nearly all of it."""
    without_code = hide(_CODE, text)
    without_quotes = hide(_QUOTED, without_code)
    if without_quotes == without_code:
        return without_code
    # A word of Latin letters says as much as a Chinese character; what is hidden is no letter.
    rest, whole = (len(_UNIT.findall(part)) for part in (without_quotes, without_code))
    return without_quotes if rest * 3 > whole else without_code


def any_of(words: Iterable[str]) -> str:
    """Return a pattern of any of some words, the longest first; nothing in it repeats, so that no text takes long."""
    return "|".join(map(re.escape, sorted(set(words), key=lambda word: (-len(word), word)))) or r"(?!)"


@functools.cache
def class_of(scripts: tuple[str, ...]) -> re.Pattern[str]:
    """Return a pattern of one letter of some scripts."""
    return re.compile("[{}]".format("".join(_SCRIPTS[script] for script in scripts)))


def other_alphabets(text: str) -> tuple[tuple[int, int], ...]:
    """Return what of a text is written in neither Chinese nor Latin characters, quotations and codes left out.

    Args:
        text: any text; time grows with its length.
    """
    if not _OTHER_RUN.search(text):
        return ()  # hiding a part adds none
    runs = [(match.span(), sum(map(str.isalpha, match[0]))) for match in _OTHER_RUN.finditer(own_words(text))]
    # Japanese shares its Chinese characters, so that its own ones stand one by one between them.
    spread = sum(letters for _, letters in runs) > 4
    return tuple(
        (group[0][0][0], group[-1][0][1])
        for group in _near_each_other(text, runs)
        if spread or any(letters > 1 for _, letters in group)
    )


_Run = tuple[tuple[int, int], int]


def _near_each_other(text: str, runs: Iterable[_Run]) -> Iterator[list[_Run]]:
    """Yield runs in groups between which only a few Chinese characters and marks stand, as in one Japanese sentence."""
    group: list[_Run] = []
    for run in runs:
        between = text[group[-1][0][1] : run[0][0]] if group else ""
        if group and (len(between) > _NEAR or _AMID.fullmatch(between) is None):
            yield group
            group = []
        group.append(run)
    if group:
        yield group
