"""Meaning: what a rewrite turned round or lost, and what it only said more kindly."""

from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import opencc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from replykit.claims import ClaimReader
from replykit.errors import PlaybookError
from replykit.loader import load_playbook
from replykit.meaning import Contradiction, contradictions
from replykit.playbook import Polarity

POLARITIES = load_playbook("zh").polarities
READER = ClaimReader(POLARITIES)
CASES = tomllib.loads((Path(__file__).parent / "labelled" / "meaning.toml").read_text("utf-8"))
WORDS = ["不支持", "可以", "退款", "换货", "如果", "未拆封", "，", "。", "但", "7天", "不能", "为您", "请勿", "注意"]
WORDS += ["满99元", "免费", "没有", "前", "后", "发货", "吗", "？", "\ud800", "\0", " ", "\n"]
TEXTS = st.lists(st.sampled_from(WORDS) | st.text(max_size=6)).map("".join)


def found_in(draft: str, reply: str) -> tuple[Contradiction, ...]:
    """Compare under the built-in playbook."""
    return contradictions(READER, draft, reply)


def score(cases: list[dict[str, Any]]) -> Counter[str]:
    """Count right, wrong and missed contradictions, and pairs in which anything is wrong."""
    count: Counter[str] = Counter()
    for case in cases:
        reply, left = case["reply"], list(found_in(case["draft"], case["reply"]))
        for hit in case.get("hits", ()):
            start = reply.index(hit["span"])
            places = range(start, start + len(hit["span"]))
            right = [
                c for c in left if c.kind == hit["kind"] and (not places or set(range(c.start, c.end)) & set(places))
            ]
            count["right" if right else "missed"] += 1
            if right:
                left.remove(right[0])
        count["wrong"] += len(left)
    return count


@pytest.mark.parametrize(("half", "recall"), [("held_out", 0.93), ("development", 0.93)])
def test_what_is_reported_is_a_contradiction(half: str, recall: float) -> None:
    """At least 95 of 100 reports are right, and few contradictions are missed, in both halves of the labelled pairs."""
    count = score(CASES[half])
    assert count["right"] >= 0.95 * (count["right"] + count["wrong"]), count
    assert count["right"] >= recall * (count["right"] + count["missed"]), count


FAITHFUL = [case for case in CASES["development"] if "hits" not in case]


@pytest.mark.parametrize("case", FAITHFUL, ids=lambda case: case["draft"])
def test_a_faithful_rewrite_is_left_alone(case: dict[str, Any]) -> None:
    """Kinder words, another order, another number format or script change no meaning."""
    assert found_in(case["draft"], case["reply"]) == ()


@pytest.mark.parametrize("config", ["s2t", "s2tw", "s2hk"])
def test_script_makes_no_difference(config: str) -> None:
    """A draft and its own text in the other script say the same."""
    convert = opencc.OpenCC(config).convert
    for case in CASES["development"]:
        assert found_in(case["draft"], convert(case["draft"])) == ()


def test_both_halves_hold_as_many_near_misses_as_hits() -> None:
    """The labelled pairs are at least 180, about half of them faithful."""
    for half in ("held_out", "development"):
        faithful = sum("hits" not in case for case in CASES[half])
        assert len(CASES[half]) >= 120
        assert 0.4 < faithful / len(CASES[half]) < 0.6


def test_each_matter_is_compared_with_itself() -> None:
    """Two statements that change places contradict nothing; two that swap sides contradict twice."""
    draft = "不支持退款，但可以换货。"
    assert found_in(draft, "可以为您换货，退款暂时不支持。") == ()
    reply = "支持退款，但不可以换货。"
    assert [(c.kind, reply[c.start : c.end], c.text) for c in found_in(draft, reply)] == [
        ("polarity", "支持退款", "不支持退款"),
        ("polarity", "不可以换货", "可以换货"),
    ]


def test_a_statement_turned_round_twice_says_the_same() -> None:
    """Within seven days yes is after seven days no; the same days with the other answer is not."""
    assert found_in("超过7天不支持退货。", "7天内支持退货。") == ()
    assert [c.key for c in found_in("超过7天不支持退货。", "超过7天支持退货。")] == ["possible"]


def test_a_lost_number_is_marked_where_another_stands_instead() -> None:
    """The place of a number is the value that took its place, else the clause where it would stand."""
    reply = "您好，退款将在10天内到账。"
    (changed,) = found_in("退款5天内到账。", reply)
    assert (changed.kind, reply[changed.start : changed.end], changed.text) == ("number", "10天", "5天")
    reply = "您好，退款会到账。感谢您的支持。"
    (gone,) = found_in("退款5天内到账。", reply)
    assert gone.start == gone.end == reply.index("。")


def test_what_is_compared_letter_by_letter_is_not_compared_here() -> None:
    """A lost link or phone number is a lost placeholder."""
    assert found_in("详见 https://example.com/a 或打 13800138000。", "请您查看说明或来电。") == ()


def test_a_condition_that_holds_a_number_is_reported_once() -> None:
    """满99元 is one condition, not also a number."""
    assert [(c.kind, c.text) for c in found_in("满99元包邮。", "本店包邮。")] == [("condition", "满99元")]


def test_courtesies_are_no_conditions() -> None:
    """如有疑问 binds nobody and may go."""
    assert found_in("如有疑问请联系我们。", "祝您生活愉快。") == ()


def test_in_another_language_only_numbers_are_compared() -> None:
    """The words of two languages cannot be compared; their numbers can."""
    assert found_in("如果未拆封，7天内可以退货。", "You can return it within 7 days.") == ()
    assert [c.kind for c in found_in("7天内可以退货。", "You can return it.")] == ["number"]


def test_a_company_can_add_its_own_polarity() -> None:
    """A polarity is data: two groups of words and where their matter stands."""
    own = Polarity(id="roast", positive=("深烘",), negative=("浅烘",), source="ours", matter="around", alone=True)
    (found,) = contradictions(ClaimReader([*POLARITIES, own]), "这款是浅烘。", "这款是深烘。")
    assert found.key == "roast"


def test_a_pattern_that_is_not_re2_is_a_playbook_error() -> None:
    """The error names the polarity."""
    wrong = Polarity(id="wrong", positive=("(?<=x)y",), negative=("z",), source="ours")
    with pytest.raises(PlaybookError, match="'wrong'"):
        ClaimReader([wrong])


def test_without_polarities_only_numbers_are_compared() -> None:
    """An empty playbook finds no opposites."""
    assert contradictions(ClaimReader(()), "不支持退款。", "支持退款。") == ()


@given(TEXTS, TEXTS)
def test_contradictions_lie_inside_the_reply(draft: str, reply: str) -> None:
    """Any two texts can be compared; `text` stands in the draft."""
    for found in found_in(draft, reply):
        assert 0 <= found.start <= found.end <= len(reply)
        assert found.text in draft


@given(TEXTS)
def test_a_text_does_not_contradict_itself(text: str) -> None:
    """Neither alone nor inside a politer one."""
    assert found_in(text, text) == ()


@pytest.mark.parametrize("unit", ["不支持退款，可以换货。", "如果您", "不能", "，", "请勿", "a b ", "\ud800"])
def test_a_long_text_is_read(unit: str) -> None:
    """A long text of nothing but marks costs no more than its length."""
    found_in(unit * 5_000, unit * 2_500 + "x")
