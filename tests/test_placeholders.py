"""Placeholders: which texts hold one, and what a rewrite may not do to them."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replykit.errors import PlaybookError
from replykit.loader import load_playbook
from replykit.placeholders import PlaceholderFinder, differences
from replykit.playbook import PlaceholderSyntax

SYNTAXES = load_playbook("zh").placeholders
FINDER = PlaceholderFinder(SYNTAXES)
CASES = tomllib.loads((Path(__file__).parent / "labelled" / "placeholders.toml").read_text("utf-8"))["case"]
PIECES = ["{{name}}", "{{ name }}", "{name}", "[X]", "【X】", "https://a.cn/b", "a@b.cn", "13800138000"]
PIECES += ["`x`", "___", "%s"]
OTHERS = ["您好", "，", " ", "{", "]", "\ud800", "\0"]
TEXTS = st.lists(st.sampled_from([*PIECES, *OTHERS]) | st.text(max_size=8)).map("".join)


@pytest.mark.parametrize("syntax", SYNTAXES, ids=lambda syntax: syntax.id)
def test_every_example_of_a_syntax_holds_and_no_near_miss_does(syntax: PlaceholderSyntax) -> None:
    """A syntax finds what its examples show and leaves its near-misses alone."""
    for text in syntax.bad:
        assert syntax.id in {placeholder.syntax for placeholder in FINDER.find(text)}, text
    for text in syntax.good:
        found = {placeholder.syntax for placeholder in FINDER.find(text)}
        assert not found if syntax.look_alike else syntax.id not in found, text


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["reply"][:30])
def test_a_rewrite_is_told_what_it_did_to_the_placeholders(case: dict[str, Any]) -> None:
    """Each labelled pair of draft and reply has exactly the labelled differences."""
    reply = case["reply"]
    found = [(d.kind, d.text, reply[d.start : d.end]) for d in differences(FINDER, case["draft"], reply)]
    assert found == [(hit["kind"], hit["text"], hit["span"]) for hit in case.get("hits", ())]


def test_of_two_that_overlap_the_longer_counts() -> None:
    """`{{x}}` is not also `{x}`, and a placeholder inside inline code belongs to the code."""
    assert [p.text for p in FINDER.find("{{x}} {y} `{{z}}`")] == ["{{x}}", "{y}", "`{{z}}`"]


def test_placeholders_that_touch_are_found_one_by_one() -> None:
    """No neighbour swallows another."""
    texts = ["{{a}}", "{{b}}", "{c}", "{d}", "[E]", "%s", "%s"]
    assert [p.text for p in FINDER.find("".join(texts))] == texts


def test_bare_capitals_are_placeholders_only_where_a_company_declares_them() -> None:
    """NAME is a word until a playbook says that it is a placeholder."""
    own = PlaceholderSyntax(id="own", pattern=r"\b(?:NAME|AGENT)\b|#DAYS\b", source="ours", bad=("NAME",))
    text = "您好 NAME，我是 AGENT，请等 #DAYS 天，APP 已更新"
    assert FINDER.find(text) == ()
    assert [p.text for p in PlaceholderFinder([*SYNTAXES, own]).find(text)] == ["NAME", "AGENT", "#DAYS"]


def test_a_later_syntax_has_the_last_word() -> None:
    """A company can declare what the built-in playbook takes for a look-alike."""
    own = PlaceholderSyntax(id="own", pattern=r"\[图片\]", source="ours", bad=("[图片]",))
    assert [p.syntax for p in PlaceholderFinder([*SYNTAXES, own]).find("[图片]")] == ["own"]


def test_a_missing_placeholder_is_reported_where_it_would_stand() -> None:
    """The place is after the words that stood before it in the draft."""
    reply = "您好，您的订单号是，请您核对。"
    (difference,) = differences(FINDER, "您的订单号是{订单号}，请核对", reply)
    assert reply[: difference.start] == "您好，您的订单号是"
    assert difference.start == difference.end


def test_without_any_shared_words_a_missing_placeholder_stands_at_the_end() -> None:
    """The place is the end of the reply, before trailing spaces."""
    (difference,) = differences(FINDER, "{a}", "好的 \n")
    assert (difference.start, difference.end) == (2, 2)


def test_a_pattern_that_is_not_re2_is_a_playbook_error() -> None:
    """The error names the syntax, and no error of the pattern library leaks."""
    wrong = PlaceholderSyntax(id="wrong", pattern="(?<=x)y", source="ours", bad=("xy",))
    with pytest.raises(PlaybookError, match="'wrong'"):
        PlaceholderFinder([wrong])


def test_a_syntax_without_an_example_is_refused() -> None:
    """A syntax shows what it finds; a look-alike shows what it excuses."""
    with pytest.raises(ValueError, match="bad"):
        PlaceholderSyntax(id="x", pattern="x", source="ours")
    with pytest.raises(ValueError, match="good"):
        PlaceholderSyntax(id="x", pattern="x", source="ours", look_alike=True, bad=("x",))


@given(TEXTS)
def test_spans_slice_the_text(text: str) -> None:
    """`text[start:end]` is the placeholder, in order, without overlaps."""
    end = 0
    for placeholder in FINDER.find(text):
        assert end <= placeholder.start < placeholder.end
        assert text[placeholder.start : placeholder.end] == placeholder.text
        end = placeholder.end


@given(TEXTS, TEXTS)
def test_differences_lie_inside_the_reply(draft: str, reply: str) -> None:
    """Any two texts can be compared; what is missing has no width, everything else has."""
    for difference in differences(FINDER, draft, reply):
        assert 0 <= difference.start <= difference.end <= len(reply)
        assert (difference.start == difference.end) is (difference.kind == "missing")


@given(TEXTS)
def test_a_text_does_not_differ_from_itself(text: str) -> None:
    """Neither alone nor with ordinary words around it."""
    assert differences(FINDER, text, text) == ()
    assert differences(FINDER, f"您好。\n{text}\n谢谢。", f"谢谢。\n{text}\n再见。") == ()


@given(st.lists(st.sampled_from([p for p in PIECES if not p.startswith("【")]), max_size=6), st.randoms())
def test_order_does_not_matter(pieces: list[str], random: Any) -> None:
    """The same placeholders in another order are the same placeholders."""
    shuffled = list(pieces)
    random.shuffle(shuffled)
    assert differences(FINDER, "，".join(pieces), "。".join(shuffled)) == ()


def test_a_long_text_of_nothing_but_openings_is_read_once() -> None:
    """Unclosed brackets cost no more than other text."""
    assert FINDER.find("[{<$%" * 20_000) == ()


def test_no_pattern_is_compiled_twice_for_two_finders() -> None:
    """A finder is cheap to make once its syntaxes are known."""
    assert PlaceholderFinder(SYNTAXES)._patterns[0] is FINDER._patterns[0]


def test_ids_of_look_alikes_say_so() -> None:
    """A reader of a report can tell a look-alike by its id."""
    assert all(syntax.look_alike is bool(re.match(r"not\.", syntax.id)) for syntax in SYNTAXES)
