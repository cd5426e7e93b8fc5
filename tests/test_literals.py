"""The literals of a pattern: no match without one of them, or a rule would be silent."""

from __future__ import annotations

import re

import pytest
import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from replykit.literals import fold_pattern, needed_literals, rarest_literals, shortest_texts
from replykit.pattern import Pattern
from replykit.text import fold

CHARS = "没有办法ok1,"
_PIECES = st.one_of(
    st.text(CHARS, min_size=1, max_size=3),
    st.sampled_from(
        ["[没有]", "[^没]", "[a-z]", "[]没(]", r"[\](]", "[^,。]", r"\d", r"\w", r"\.", r"\(", ".", "^", "$", "(?:)"]
    ),
)


def _nested(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    parts = st.lists(inner, min_size=1, max_size=3)
    groups = st.sampled_from(["(", "(?:", "(?P<hit>"])
    times = st.sampled_from(["", "?", "*", "+", "{0}", "{2}", "{0,2}", "{1,2}", "{2,}", "*?", "+?", "??"])
    return st.one_of(
        parts.map("".join),
        parts.map("|".join),
        st.builds(lambda group, body, repeat: f"{group}{'|'.join(body)}){repeat}", groups, parts, times),
    )


PATTERNS = st.recursive(_PIECES, _nested, max_leaves=8).filter(lambda pattern: pattern.count("(?P<hit>") < 2)


@st.composite
def patterns_with_texts(draw: st.DrawFn) -> tuple[str, str]:
    """A pattern, and a text that it may match."""
    pattern = draw(PATTERNS)
    return pattern, draw(st.one_of(st.from_regex(re.compile(pattern)), st.text(CHARS, max_size=12)))


@settings(max_examples=300)
@given(patterns_with_texts())
def test_every_match_holds_a_literal(case: tuple[str, str]) -> None:
    """Whatever a pattern matches holds one of its needed literals, and one of the rarest."""
    pattern, text = case
    whole = Pattern([pattern.replace("(?P<hit>", "(")], {})
    folded = fold(text)
    for find in (needed_literals, rarest_literals):
        literals = find(fold_pattern(pattern))
        for start, end in whole.spans(folded):
            assert literals is None or any(literal in folded[start:end] for literal in literals)


@settings(max_examples=200)
@given(PATTERNS)
def test_the_shortest_texts_match(pattern: str) -> None:
    """Every one of the shortest texts of a pattern without anchors and without a group named hit is matched whole."""
    if "^" in pattern.replace("[^", "") or "$" in pattern or "hit" in pattern:
        return
    folded = fold_pattern(pattern)
    assert all(re2.fullmatch(folded, text) for text in shortest_texts(folded))


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8))
def test_a_folded_pattern_finds_the_folded_text(text: str) -> None:
    """A text taken as a pattern, letter by letter, finds itself once both are folded."""
    options = re2.Options()
    options.dot_nl = True
    assert re2.fullmatch(fold_pattern(re.escape(text)), fold(text), options)


@pytest.mark.parametrize(
    ("pattern", "needed"),
    [
        ("没办法", {"没办法"}),
        ("没有?办法", {"办法"}),
        ("没办法|不知道", {"没办法", "不知道"}),
        ("没办法|", None),
        ("(?:没|不)[知晓]道?", {"没", "不"}),
        ("[哦喔]{2,}", {"哦", "喔"}),
        ("[^哦]好", {"好"}),
        ("[a-z]好", {"好"}),
        ("[[:alpha:]]好", {"好"}),
        ("[]好]", None),
        (r"[\]]好", {"好"}),
        ("好{0,3}", None),
        ("好{1,3}", {"好"}),
        ("(?:好的){2}", {"好的"}),
        ("(?P<hit>好)的", {"好"}),
        ("(?<hit>好)的", {"好"}),
        ("(?i)k", {"k"}),
        ("(?i:k)", {"k"}),
        (r"\pL", None),
        (r"\p{Han}好", {"好"}),
        (r"\x41", None),
        (r"\x{4f60}好", {"好"}),
        (r"\123", None),
        (r"\Q没(\E", None),
        (r"\.", {"."}),
        (r"\n", None),
        (r"\b好\b", {"好"}),
        ("^好$", {"好"}),
        (".", None),
        ("", None),
        ("(好", None),
        ("好)", None),
    ],
)
def test_needed_literals(pattern: str, needed: set[str] | None) -> None:
    """The rarest literals that the structure shows; None where a match may hold none or nothing is sure."""
    assert needed_literals(pattern) == (None if needed is None else frozenset(needed))


@pytest.mark.parametrize(
    ("pattern", "rarest"),
    [
        ("没有?办法", {"没办法", "没有办法"}),
        ("[您你](?:们)?这么", {"您这么", "你这么", "您们这么", "你们这么"}),
        ("[您你][^,]{0,4}(?:糊涂|离谱)", {"糊涂", "离谱"}),
        ("[哦喔]{2,}", {"哦哦", "哦喔", "喔哦", "喔喔"}),
        ("(?:没有)+办法", {"办法"}),
        ("(?:没有){1}办法", {"没有办法"}),
        ("(?:没有){1,}办法", {"办法"}),
        ("没办法|办法", {"办法"}),
        ("您(?:好|)", {"您"}),
        ("您?", None),
        ("[a-z]好|.", None),
        ("(好", None),
    ],
)
def test_rarest_literals(pattern: str, rarest: set[str] | None) -> None:
    """Parts side by side are taken together, and what stands in most replies is left where another part is rarer."""
    assert rarest_literals(pattern) == (None if rarest is None else frozenset(rarest))


@pytest.mark.parametrize(
    ("pattern", "texts"),
    [
        ("没有?办法", {"没办法", "没有办法"}),
        ("(?:我们)?(?P<hit>没(?:有|什么)?办法)的*", {"没办法", "没有办法", "没什么办法"}),
        ("哈{2,}", {"哈哈"}),
        ("[哦喔]+", {"哦", "喔"}),
        ("可能[^,]{0,8}吧", {"可能吧"}),
        ("可能[^,]{1,8}吧", set()),
        ("可能.*|也许", {"可能", "也许"}),
        ("(?P<hit>好)|(?P<hit>行)", {"好", "行"}),
        ("(?:一|二|三|四|五|六|七|八){3}", set()),  # 512
        ("(好", set()),
    ],
)
def test_shortest_texts(pattern: str, texts: set[str]) -> None:
    """What is repeated stands as often as it must, what is optional both ways; none where it could be anything."""
    assert shortest_texts(pattern) == texts


@pytest.mark.parametrize(
    ("pattern", "folded"),
    [
        ("沒辦法", "没办法"),
        ("ＯＫ", "ok"),
        ("吗？", r"吗\?"),
        ("（好）", r"\(好\)"),
        ("[一－九]", r"[一\-九]"),
        ("[？！]", r"[\?!]"),
        ("(?P<hit>沒)", "(?P<hit>没)"),
        (r"\p{Han}\D\S", r"\p{Han}\D\S"),
        (r"\pL", r"\pL"),
        (r"\x{8AAA}", "说"),
        (r"\x41", "a"),
        (r"\Q沒？\E", r"没\?"),
        ("[[:alpha:]沒]", "[[:alpha:]没]"),
        ("(?U)沒+", "(?U)没+"),
        ("(?-i:K)", "(?-i:k)"),
        ("A{1,2}", "a{1,2}"),
    ],
)
def test_fold_pattern(pattern: str, folded: str) -> None:
    """Characters fold and syntax stays; a full-width mark of the syntax stays a literal."""
    assert fold_pattern(pattern) == folded
