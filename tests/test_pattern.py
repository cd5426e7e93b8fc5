"""Patterns of rules: word lists, matching over folded text, and errors that say which pattern is wrong."""

from __future__ import annotations

import pytest

from replykit.errors import PlaybookError
from replykit.pattern import Pattern, expand
from replykit.text import fold

WORDS = {
    "we": ["我们?", "这边"],
    "party": ["仓库", "仓库那边", "{we}"],
    "plain": ["没", "没办法"],
    "loop": ["{round}"],
    "round": ["{loop}"],
}


def _spans(source: str, text: str) -> list[str]:
    folded = fold(text)
    return [folded[start:end] for start, end in Pattern([source], WORDS).spans(folded)]


@pytest.mark.parametrize(
    ("pattern", "expanded"),
    [
        ("没办法", "没办法"),
        ("{we}没办法", "(?:我们?|这边)没办法"),
        ("{plain}", "(?:没办法|没)"),
        ("{party}", "(?:仓库|仓库那边|(?:我们?|这边))"),
        ("{we}{we}", "(?:我们?|这边)(?:我们?|这边)"),
        ("好{2}", "好{2}"),
        ("好{0,3}", "好{0,3}"),
        (r"\p{greek}\x{ab}", r"\p{greek}\x{ab}"),
    ],
)
def test_expand(pattern: str, expanded: str) -> None:
    """A reference becomes the alternatives of its list, plain ones longest first; a count is no reference."""
    assert expand(pattern, WORDS) == expanded


def test_expand_refuses_an_unknown_list() -> None:
    """A reference to a list that does not exist is an error that names both."""
    with pytest.raises(PlaybookError, match=r"'\{nobody\}好'.*'nobody'"):
        expand("{nobody}好", WORDS)


@pytest.mark.parametrize("pattern", ["{loop}", "好{round}"])
def test_expand_refuses_a_circle(pattern: str) -> None:
    """A list that refers to itself, straight or through another, is an error."""
    with pytest.raises(PlaybookError, match="refers to itself"):
        expand(pattern, WORDS)


def test_a_list_may_be_used_twice_on_one_path() -> None:
    """Two references to one list are no circle."""
    assert expand("{party}{we}", WORDS).count("我们?") == 2


@pytest.mark.parametrize(
    ("source", "text", "found"),
    [
        ("没有?办法", "沒有辦法，没办法", ["没有办法", "没办法"]),
        ("(?:这|那)(?P<hit>没办法)的", "这没办法的", ["没办法"]),
        ("(?P<hit>没办法)|(?P<hit>不知道)", "不知道", ["不知道"]),
        ("(一)(二)(?P<hit>三)", "一二三", ["三"]),
        (r"[(（](?P<hit>好)", "（好", ["好"]),
        (r"[\](](?P<hit>好)", "(好", ["好"]),
        (r"\((?P<hit>好)", "（好", ["好"]),
        ("(?P<hit>好)?的", "的", ["的"]),
        (r"\p{Han}+", "ok没办法", ["没办法"]),
        ("吗？", "好吗？吗", ["吗?"]),
        ("😀+", "好😀😀", ["😀😀"]),
        ("没.办", "没\x00办", ["没\x00办"]),
        ("没.办", "没\ud800办", ["没\ufffd办"]),
    ],
)
def test_spans(source: str, text: str, found: list[str]) -> None:
    """A match is reported in code points of the folded text, by its group hit where that took part."""
    assert _spans(source, text) == found


def test_a_pattern_without_sources_matches_nothing() -> None:
    """A list that a playbook leaves out finds nothing, in the first text and in the hundredth."""
    pattern = Pattern([], {})
    assert not any(pattern.search("没办法") or list(pattern.spans("没办法")) for _ in range(100))


def test_one_of_several_sources_is_enough() -> None:
    """Every source counts, each with its own hit group."""
    pattern = Pattern(["(我)(?P<hit>没办法)", "(?:您)(知)(?P<hit>道)", "好"], WORDS)
    text = "我没办法您知道好"
    assert [text[start:end] for start, end in pattern.spans(text)] == ["没办法", "道", "好"]


@pytest.mark.parametrize("source", ["(?=没)", r"(没)\1", "(没", "没)", "[没", "*", "(?<!没)好", "好{2000}"])
def test_validate_refuses_what_is_not_re2(source: str) -> None:
    """A lookaround, a back reference or a syntax error names the pattern as its author wrote it."""
    with pytest.raises(PlaybookError) as caught:
        Pattern(["好的", source], WORDS).validate()
    assert repr(source) in str(caught.value)


def test_validate_names_the_source_with_an_unknown_list() -> None:
    """An unknown list is found when patterns are validated."""
    with pytest.raises(PlaybookError, match="nobody"):
        Pattern(["{nobody}"], WORDS).validate()


def test_validate_accepts_what_is_re2() -> None:
    """A good pattern passes."""
    Pattern(["(?P<hit>{we})没有?办法", r"\p{Han}{2,}"], WORDS).validate()


def test_a_pattern_that_explodes_elsewhere_is_harmless() -> None:
    """Nested repetition takes linear time."""
    pattern = Pattern(["(a+)+$"], WORDS)
    assert not pattern.search("a" * 50_000 + "b")  # a backtracking engine would not return


def test_literals_hold_the_texts_that_may_stand_disguised() -> None:
    """Beside what every match holds stand the short texts of the pattern, for the search for disguises."""
    assert Pattern(["(?:我|您)(?P<hit>没有?办法)"], WORDS).literals.disguised == {"办法", "没办法", "没有办法"}


def test_no_literals_where_one_source_needs_none() -> None:
    """One source that may match anything means that the rule is always tried."""
    assert Pattern(["没办法", r"\d+"], WORDS).literals.triggers is None


@pytest.mark.parametrize(
    ("sources", "covered"),
    [
        (["可能性"], True),
        (["不可", "可能性"], True),  # 不可 begins first
        (["不可能"], True),
        (["不可", "能性"], False),
        (["不"], False),
        (["性"], False),
        (["^可能"], False),
        ([r"\p{Han}可能"], True),
    ],
)
def test_covers(sources: list[str], covered: bool) -> None:
    """A part is covered where one match holds all of it, though another match begins before and ends inside."""
    assert Pattern(sources, WORDS).covers("不可能性", 1, 3) is covered
