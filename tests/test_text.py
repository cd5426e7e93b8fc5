"""Folding, sentences, clauses and quoted parts: what a checker reads, without ever moving an offset."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import opencc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from replykit import text
from replykit.text import Outline, fold

ROOT = Path(__file__).parent.parent
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=60)  # lone surrogates as well
CHINESE = st.text(st.sampled_from('没有办法沒辦可能，。！？；：、…~ \n“”「」【】（）`"ab.@ＯＫ'), max_size=60)


@given(ANY_TEXT)
def test_fold_keeps_length(text: str) -> None:
    """The folded text has as many code points as the text, so that an offset means the same in both."""
    assert len(fold(text)) == len(text)


@given(ANY_TEXT)
def test_fold_is_idempotent(text: str) -> None:
    """A folded text folds to itself."""
    assert fold(fold(text)) == fold(text)


def test_fold_of_every_character_is_one_character_that_stays() -> None:
    """Every code point folds to exactly one, which folds no further."""
    every = "".join(map(chr, range(sys.maxunicode + 1)))
    folded = fold(every)
    assert len(folded) == len(every)
    assert fold(folded) == folded


@given(ANY_TEXT)
def test_fold_leaves_nothing_that_a_matcher_refuses(text: str) -> None:
    """A folded text can be written as UTF-8: lone surrogates are replaced."""
    fold(text).encode("utf-8")


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("沒辦法", "没办法"),
        ("說不清楚", "说不清楚"),
        ("您說的對", "您说的对"),
        ("瞭解", "了解"),
        ("妳好", "你好"),
        ("等著", "等着"),
        ("裡面", "里面"),
        ("裏面", "里面"),
        ("ＯＫ", "ok"),
        ("Ok", "ok"),
        ("ОК", "ok"),  # Cyrillic
        ("ΟΚ", "ok"),  # Greek
        ("🅾🅺", "ok"),
        ("ⓞⓚ", "ok"),
        ("𝐎𝐊", "ok"),
        ("ΝΟ ΥΕS", "no yes"),
        ("１２３％", "123%"),
        ("你好！？，：；（）", "你好!?,:;()"),
        ("\u3000", " "),
        ("\ud800", "\ufffd"),
    ],
)
def test_what_counts_as_the_same(written: str, plain: str) -> None:
    """Script, width, case and look-alike letters make no difference."""
    assert fold(written) == plain


@pytest.mark.parametrize("text", ["。", "…", "“没办法”", "「", "、", "—", "～", "𠀀", "😀", "\u200b", "乐", "后"])
def test_what_is_left_alone(text: str) -> None:
    """Marks that have no one-to-one ASCII twin, astral characters and simplified text stay."""
    assert fold(text) in (text, "~")


@pytest.mark.parametrize("name", ["s2t", "s2tw", "s2hk"])
def test_both_scripts_fold_to_one(name: str) -> None:
    """Every everyday simplified character folds as what OpenCC makes of it in traditional script does."""
    to_traditional = opencc.OpenCC(name)
    everyday = [
        bytes([row, cell]).decode("gb2312", "ignore") for row in range(0xB0, 0xD8) for cell in range(0xA1, 0xFF)
    ]
    assert len("".join(everyday)) == 3755  # GB 2312, level 1
    assert not [char for char in everyday if fold(to_traditional.convert(char)) != fold(char)]


def test_brief_and_long_texts_are_folded_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every code point, character by character as in a first check and with the table."""
    for start in range(0, 0x110000, text._BRIEF):
        piece = "".join(map(chr, range(start, min(start + text._BRIEF, 0x110000))))
        monkeypatch.setattr(text, "_few", 1)
        brief = fold(piece)
        assert text._few == 0
        assert brief == fold(piece)


def test_the_fold_table_is_up_to_date() -> None:
    """The shipped table is what its script writes."""
    script = ROOT / "scripts" / "write_fold_table.py"
    run = subprocess.run([sys.executable, str(script), "--check"], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


def _sentences(text: str) -> list[str]:
    folded = fold(text)
    return [folded[start:end] for start, end in Outline(folded).sentences]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("好的。没办法！", ["好的。", "没办法!"]),
        ("好的；没办法", ["好的;", "没办法"]),
        ("您说“没办法。”是吗？", ["您说“没办法。”", "是吗?"]),
        ("等等……好的", ["等等……", "好的"]),
        ("一\n二", ["一\n", "二"]),
        ("Done. 好的", ["done.", " 好的"]),
        ("版本3.2已发布", ["版本3.2已发布"]),
        ("a.cn打不开", ["a.cn打不开"]),
        ("", [""]),
        ("好，的", ["好,的"]),
    ],
)
def test_sentences(text: str, sentences: list[str]) -> None:
    """A sentence ends with its closing marks and the quotation marks behind them; a dot inside a number ends none."""
    assert _sentences(text) == sentences


@given(st.one_of(ANY_TEXT, CHINESE))
def test_sentences_cover_the_text(text: str) -> None:
    """Put together, the sentences are the text."""
    assert "".join(_sentences(text)) == fold(text)


def test_a_sentence_has_a_longest_length() -> None:
    """Text without punctuation is cut every 400 code points, so that no look at a sentence is unbounded."""
    outline = Outline("没" * 1001)
    assert outline.sentences == [(0, 400), (400, 800), (800, 1001)]


@given(st.one_of(ANY_TEXT, CHINESE), st.integers(0, 60))
def test_a_position_is_in_its_sentence(text: str, position: int) -> None:
    """The sentence of a position holds it."""
    folded = fold(text)
    if position < len(folded):
        start, end = Outline(folded).sentence(position)
        assert start <= position < end


@pytest.mark.parametrize(
    ("text", "hit", "clause"),
    [
        ("好的，没办法改，请谅解", "没办法", "没办法改"),
        ("好的 没办法改 请谅解", "没办法", "没办法改"),
        ("open the 没办法 page", "没办法", "open the 没办法 page"),
        ("尺码大、中、小都有", "中", "尺码大、中、小都有"),
        ("没，办法", "没,办法", "没,办法"),
        ("没办法", "没办法", "没办法"),
        ("（没办法）", "没办法", "没办法"),
        ("一：二", "二", "二"),
    ],
)
def test_clauses(text: str, hit: str, clause: str) -> None:
    """A clause ends at a comma, a colon, a bracket, or a space between Chinese words; a list mark parts none."""
    folded = fold(text)
    start = folded.index(fold(hit))
    assert folded[slice(*Outline(folded).clause(start, start + len(hit)))] == fold(clause)


@given(st.one_of(ANY_TEXT, CHINESE), st.integers(0, 60), st.integers(0, 10))
def test_a_clause_covers_its_hit(text: str, start: int, length: int) -> None:
    """The clause of a hit begins no later and ends no earlier than the hit."""
    folded = fold(text)
    if start + length <= len(folded):
        first, last = Outline(folded).clause(start, start + length)
        assert first <= start
        assert last >= start + length


@pytest.mark.parametrize(
    "text",
    [
        "您点“没办法”看看吧",
        "您点「沒辦法」看看吧",
        "请打开【没办法】页面好吗",
        "请打开《没办法》页面好吗",
        "请运行 `没办法` 这条命令",
        '请回复"没办法"三个字给我',
        "请看 https://a.cn/ok 这个页面",
    ],
)
def test_quoted_parts(text: str) -> None:
    """What stands in quotation marks, labels, titles, code or an address is quoted."""
    folded = fold(text)
    word = "ok" if "ok" in folded else "没办法"
    start = folded.index(word)
    assert Outline(folded).is_quoted(start, start + len(word))


@pytest.mark.parametrize(
    "text", ["没办法", "“没办法”", "“没办法。", "没办法”", "“好”没办法“好”，请您看看吧", "“一\n没办法”请您看看吧"]
)
def test_parts_that_are_not_quoted(text: str) -> None:
    """A text that is one whole quotation quotes nothing; neither does an open mark, nor one closed on another line."""
    start = text.index("没办法")
    assert not Outline(fold(text)).is_quoted(start, start + 3)


@given(CHINESE)
def test_quoted_parts_are_in_order(text: str) -> None:
    """Quoted parts do not overlap and stand in order."""
    quoted = Outline(fold(text)).quoted
    assert all(before[1] <= after[0] for before, after in pairwise(quoted))
