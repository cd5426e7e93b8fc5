"""Ordinary disguises of a phrase are found with the span of the disguised text; honest text hides nothing."""

from __future__ import annotations

import functools
import itertools

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from replykit.checker import Checker
from replykit.disguise import uncover
from replykit.playbook import Playbook
from replykit.rules import Rule
from replykit.text import fold

PHRASES = ("没办法", "没有办法", "不知道", "不一定", "差不多", "可能", "大姐", "呵呵", "ok", "no", "的话")


@functools.cache
def _checker(phrases: tuple[str, ...] = PHRASES) -> Checker:
    """A playbook with one rule, under a principle of its own, for each phrase."""
    rules = tuple(
        Rule(
            id=f"phrase-{number}",
            principle=f"principle-{number}",
            severity="error",
            kind="phrase",
            phrases=(phrase,),
            in_quotes=True,
            message="“{text}”",
            source="test",
            bad=(phrase,),
            good=("好的",),
        )
        for number, phrase in enumerate(phrases)
    )
    return Checker(Playbook(name="phrases", rules=rules))


def _found(text: str) -> list[tuple[str, int, int]]:
    """Each phrase that is found, with its span."""
    violations = _checker().check(text).violations
    return sorted((PHRASES[int(v.rule.removeprefix("phrase-"))], v.start, v.end) for v in violations)


# --- the reference: one character after another, no automaton, no regular expression ------------------------------

INVISIBLE = "\u200b\u200d\u2060\ufeff\u00ad\ufe0f\u202e\u200f\x00"
MARKS = "*·-~_😀#"  # what parts the characters of a phrase and never two words
_Chars = list[tuple[int, str]]  # where a character stood, and what it folds to


def _is_noise(char: str) -> bool:
    return not char.isalnum()


def _is_han(char: str) -> bool:
    return "\u3400" <= char <= "\u9fff"


def _reference(text: str, phrases: tuple[str, ...] = PHRASES) -> list[tuple[str, int, int]]:
    chars = [(at, fold(char)) for at, char in enumerate(text) if char not in INVISIBLE]
    chars = _without(chars, _spaced(chars))
    chars = _without(chars, {at for phrase in phrases for at in _noise_in(chars, phrase)})
    chars = _without(chars, {at for phrase in phrases for at in _repeats_in(chars, phrase)})
    stays = {at for at, _ in chars}
    found = []
    for phrase in phrases:
        spans = []
        for first in range(len(chars) - len(phrase) + 1):
            last = first + len(phrase) - 1
            same = all(chars[first + n][1] == char for n, char in enumerate(phrase))
            if same and _is_word([char for _, char in chars], first, last):
                end = chars[last][0] + 1
                while end < len(text) and end not in stays and fold(text[end]) == fold(text[end - 1]):
                    end += 1
                spans.append((chars[first][0], end))
        found += [(phrase, *span) for span in _apart(spans)]
    return sorted(found)


def _apart(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Of spans that overlap, the longest, then the first."""
    kept: list[tuple[int, int]] = []
    for start, end in sorted(spans, key=lambda span: (span[0] - span[1], span[0])):
        if all(end <= other_start or other_end <= start for other_start, other_end in kept):
            kept.append((start, end))
    return kept


def _without(chars: _Chars, dropped: set[int]) -> _Chars:
    return [(at, char) for at, char in chars if at not in dropped]


def _spaced(chars: _Chars) -> set[int]:
    """The noise between three or more Chinese characters that one to three marks part, each from the next."""
    dropped: set[int] = set()
    first = 0
    while first < len(chars):
        members, between = [first], []
        while True:
            gap = list(itertools.takewhile(lambda item: _is_noise(item[1]), chars[members[-1] + 1 :]))
            following = members[-1] + 1 + len(gap)
            if not (1 <= len(gap) <= 3 and following < len(chars) and _is_han(chars[following][1])):
                break
            members.append(following)
            between += gap
        if _is_han(chars[first][1]) and len(members) >= 3:
            dropped.update(at for at, _ in between)
            first = members[-1]
        first += 1
    return dropped


def _noise_in(chars: _Chars, phrase: str) -> set[int]:
    """The noise inside a phrase, at most four marks between two of its characters; Latin words are not looked for."""
    dropped: set[int] = set()
    for first, (_, char) in enumerate(chars):
        if char != phrase[0] or phrase.isascii():
            continue
        noise: list[int] = []
        matched, gap = 1, 0
        for at, other in chars[first + 1 :]:
            if matched == len(phrase):
                break
            if _is_noise(other):
                noise.append(at)
                gap += 1
                if gap > 4:
                    break
            elif other == phrase[matched]:
                matched, gap = matched + 1, 0
            else:
                break
        if matched == len(phrase):
            dropped.update(noise)
    return dropped


def _repeats_in(chars: _Chars, phrase: str) -> set[int]:
    """The repeated characters inside a phrase of three or more: two of its characters doubled, or one tripled."""
    runs = [list(run) for _, run in itertools.groupby(chars, key=lambda item: item[1])]
    dropped: set[int] = set()
    for first in range(len(runs) - len(phrase) + 1):
        part = runs[first : first + len(phrase)]
        lengths = [len(run) for run in part]
        stretched = max(lengths) >= 3 or sum(length > 1 for length in lengths) >= 2
        same = all(run[0][1] == char for run, char in zip(part, phrase, strict=True))
        if same and len(phrase) >= 3 and max(lengths[1:-1]) > 1 and stretched:
            dropped.update(at for run in part for at, _ in run[1:])
    return dropped


def _is_word(text: list[str], first: int, last: int) -> bool:
    """Whether a Latin phrase is a word of its own."""

    def is_latin(at: int) -> bool:
        return 0 <= at < len(text) and text[at].isascii() and (text[at].isalnum())

    for edge, step in ((first, -1), (last, 1)):
        if is_latin(edge):
            beside = edge + step
            if is_latin(beside) or (0 <= beside < len(text) and text[beside] == "_"):
                return False
            if 0 <= beside < len(text) and text[beside] in "-./@:" and is_latin(beside + step):
                return False
    return True


SPELLINGS = "没沒有办辦法知道不一定差多可能大姐呵的话話oOkKｏＯＫnN"
DISGUISED = st.one_of(
    st.text(st.sampled_from(SPELLINGS + INVISIBLE + MARKS + "好2"), max_size=14),
    st.lists(
        st.one_of(
            st.sampled_from(PHRASES).flatmap(
                lambda phrase: st.tuples(*(st.text(MARKS + INVISIBLE + char, max_size=5) for char in phrase)).map(
                    lambda fillings: "".join(char + filling for char, filling in zip(phrase, fillings, strict=True))
                )
            ),
            st.text(st.sampled_from("好您2a"), max_size=2),
        ),
        max_size=4,
    ).map("".join),
)


@settings(max_examples=400)
@given(DISGUISED)
@example("没****办法")
@example("没*****办法")
@example("没*没*没*办*办*法")
@example("没没办办法法法*")
@example("没有*办法没")
@example("呵呵呵*呵")
@example("o-k ok")
def test_marks_invisible_characters_and_repeats_are_found_as_the_reference_finds_them(text: str) -> None:
    """Whatever marks, invisible characters and repeats stand between, the same phrases and spans are found."""
    assert _found(text) == _reference(text)


ANY_TEXT = st.one_of(
    st.text(st.characters(exclude_categories=()), max_size=30),
    st.lists(
        st.one_of(
            st.sampled_from(
                [*PHRASES, *SPELLINGS, *INVISIBLE, *MARKS, *"，。、 \n“”()", "\ud800", "\u0301", "𠀀", "\u202b"]
            ),
            st.characters(exclude_categories=()),
        ),
        max_size=20,
    ).map("".join),
)


@settings(max_examples=300)
@given(ANY_TEXT)
@example("")
@example("\ud800\udc00没办法\udfff")
@example("\x00")
@example("😀😀😀")
@example("\u202e法办没\u202c")
@example("e\u0301没办法\u0301")
def test_any_text_is_read(text: str) -> None:
    """Any Unicode text is checked; a span is a slice of the text and, stripped of noise and repeats, the phrase."""
    for phrase, start, end in _found(text):
        letters = [char for char in fold(text[start:end]) if char.isalnum()]
        assert [char for char, _ in itertools.groupby(letters)] == [char for char, _ in itertools.groupby(phrase)]
        assert fold(text[start]) == phrase[0]
        assert fold(text[end - 1]) == phrase[-1]
    for violation in _checker().check(text).violations:
        assert text[violation.start : violation.end] == violation.text


@settings(max_examples=300)
@given(ANY_TEXT, st.sampled_from([phrase for phrase in PHRASES if not phrase.isascii()]))
def test_a_phrase_that_stands_openly_is_always_found(around: str, phrase: str) -> None:
    """Nothing around a phrase hides it."""
    middle = len(around) // 2
    text = around[:middle] + phrase + around[middle:]
    assert any(name == phrase and start <= middle + len(phrase) and end > middle for name, start, end in _found(text))


@pytest.mark.parametrize(
    ("text", "disguised"),
    [
        ("这个没 有 办 法。", "没 有 办 法"),
        ("这个没  有  办  法。", "没  有  办  法"),
        ("这个没\u3000办\u3000法。", "没\u3000办\u3000法"),
        ("这个没.办.法.", "没.办.法"),
        ("这个没。办。法。", "没。办。法"),
        ("真的没，有办法。", "没，有办法"),
        ("真的没。有办法。", "没。有办法"),
        ("真的没有办 法。", "没有办 法"),
        ("没\u200b办\u200b法", "没\u200b办\u200b法"),
        ("没\u200d办\ufeff法", "没\u200d办\ufeff法"),
        ("可\u00ad能明天到", "可\u00ad能"),
        ("没\u202e办法", "没\u202e办法"),
        ("没\x00办法", "没\x00办法"),
        ("没\u0336办\u0336法", "没\u0336办\u0336法"),
        ("没😀办😀法", "没😀办😀法"),
        ("可🙂能", "可🙂能"),
        ("没_办_法", "没_办_法"),
        ("没*办-法", "没*办-法"),
        ("可·能明天", "可·能"),
        ("大*姐您好", "大*姐"),
        ("没\n办\n法", "没\n办\n法"),
        ("没没办办法法", "没没办办法法"),
        ("没没没办法", "没办法"),
        ("没办办办法", "没办办办法"),
        ("不知知知道的", "不知知知道"),
        ("沒 辦 法", "沒 辦 法"),
        ("沒·辦·法", "沒·辦·法"),
        ("ＯＫ，好的", "ＯＫ"),
        ("ОK，好的", "ОK"),  # Cyrillic О
        ("🅾🅺！", "🅾🅺"),
        ("ｏｋ的", "ｏｋ"),
        ("好OK的", "OK"),
        ("说ok了", "ok"),
    ],
)
def test_a_disguise_is_found_with_its_span(text: str, disguised: str) -> None:
    """The span of a disguised phrase reaches from its first character to its last, all that hides it included."""
    start = text.index(disguised)
    assert (start, start + len(disguised)) in [(start, end) for _, start, end in _found(text)]


@pytest.mark.parametrize(
    "text",
    [
        "已经许可，能够使用",
        "已经认可。能请您再传一张吗？",
        "时差，不多",
        "有时差。不多，就两个小时",
        "尺码不一，定制的话",
        "要付费吗？没有。办法也简单",
        "大、姐妹款",
        "（许可）能够",
        "“许可”能够",
        "可\n能",
        "可!!!!!能",
        "没     办法",  # five spaces
        "没\n\n办法",
        "没办",
        "没了办法",
        "可以能够",
        "TOKEN",
        "token ok2",
        "NO.10086",
        "no-store",
        "bank@no.cn",
        "look book",
        "o k",
        "not",
    ],
)
def test_honest_text_hides_nothing(text: str) -> None:
    """Words that meet across a mark, more noise than a disguise has, and Latin words that only hold a phrase."""
    assert [phrase for phrase, _, _ in _found(text) if phrase != "的话"] == []


def test_a_list_of_sizes_stays_a_list() -> None:
    """Single characters parted by the mark of a list are not joined."""
    scan = _checker()._scan_lengths
    assert uncover("尺码大、中、小都有", scan).text == "尺码大、中、小都有"
    assert uncover("大,中,小", scan).text == "大,中,小"


@pytest.mark.parametrize(("text", "found"), [("大姐姐", "大姐"), ("大姐姐姐", "大姐"), ("呵呵呵呵", "呵呵")])
def test_a_repeated_end_is_no_disguise(text: str, found: str) -> None:
    """Where only the last character repeats, the phrase itself stands there and its span holds no more than it."""
    assert {(phrase, text[start:end]) for phrase, start, end in _found(text)} == {(found, found)}


def test_nothing_is_taken_off_a_text_without_disguises() -> None:
    """Honest marks stay where they are."""
    text = "您好，订单已发货；预计3天内到，谢谢！"
    assert uncover(text, _checker()._scan_lengths).text == text


@settings(max_examples=100)
@given(st.text(st.sampled_from(SPELLINGS + INVISIBLE + MARKS + "，。 "), max_size=20))
def test_what_stays_is_a_part_of_the_text(text: str) -> None:
    """Every character that stays knows where it stood, in order."""
    folded = fold(text)
    uncovered = uncover(folded, _checker()._scan_lengths)
    places = [uncovered.span(at, at + 1)[0] for at in range(len(uncovered.text))]
    assert places == sorted(set(places))
    assert [folded[at] for at in places] == list(uncovered.text)
    assert uncovered.span(len(uncovered.text), len(uncovered.text))[0] <= len(folded)
