"""Language and script: what a text is written in, and what in a reply is written in another."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import opencc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from replykit.records import Language
from replykit.script import detect_language, leaks

ROOT = Path(__file__).parent.parent
CASES = tomllib.loads((Path(__file__).parent / "labelled" / "script.toml").read_text("utf-8"))
LANGUAGES: tuple[Language, ...] = ("zh-Hans", "zh-Hant", "en")
PIECES = ["您好", "订单", "訂單", "“", "”", "「", "」", "，", "。", "ありがとう", "姓名：", "`", "[", "報錯", " ", "\n"]
PIECES += ["thank you", "we are here"]
TEXTS = st.lists(st.sampled_from([*PIECES, "\ud800", "\0"]) | st.text(max_size=6)).map("".join)
SIMPLIFIED = (
    "您好，这个订单的发票还没开，我们会尽快为您处理，请您听一下语音。"
    "坏了的机器愿意换新，儿童款也有，优惠价格以页面为准。"
)


@pytest.mark.parametrize(("text", "language"), CASES["detect"])
def test_the_language_of_a_message_is_told(text: str, language: str) -> None:
    """Each labelled text has the labelled language, or none where nothing decides it."""
    assert detect_language(text) == (language or None)


@pytest.mark.parametrize(("language", "reply", "spans"), CASES["leaks"])
def test_what_is_written_in_another_language_is_told(language: Language, reply: str, spans: list[str]) -> None:
    """Each labelled reply leaks exactly the labelled texts."""
    assert [reply[start:end] for start, end in leaks(reply, language)] == spans


def test_without_a_language_nothing_leaks() -> None:
    """Where nothing was asked for, nothing can differ from it."""
    assert leaks("您好，訂單已发出，thank you for waiting", None) == ()


@pytest.mark.parametrize("config", ["s2t", "s2tw", "s2hk", "s2twp"])
def test_what_a_converter_makes_traditional_is_traditional(config: str) -> None:
    """OpenCC's three regional forms are all good traditional text, and none of them is good simplified text."""
    traditional = opencc.OpenCC(config).convert(SIMPLIFIED)
    assert detect_language(traditional) == "zh-Hant"
    assert leaks(traditional, "zh-Hant") == ()
    assert leaks(traditional, "zh-Hans") != ()
    assert leaks(SIMPLIFIED, "zh-Hans") == ()


def test_the_table_is_what_its_script_writes() -> None:
    """The data file is up to date with OpenCC."""
    script = ROOT / "scripts" / "write_script_tables.py"
    result = subprocess.run([sys.executable, str(script), "--check"], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_no_character_is_of_both_scripts() -> None:
    """The two lines of the table share nothing, and characters right in both scripts are in neither."""
    lines = (ROOT / "replykit" / "data" / "script.txt").read_text("utf-8").split("\n")
    assert not set(lines[0]) & set(lines[1])
    assert not set("后里面只系台干范于云了着著乾瞭余志吃群秋佣征几周") & set(lines[0] + lines[1])


@given(TEXTS, st.sampled_from(LANGUAGES))
def test_leaks_lie_in_the_text_in_order(text: str, language: Language) -> None:
    """Any text can be read; spans have a width and do not overlap."""
    last = 0
    for start, end in leaks(text, language):
        assert last <= start < end <= len(text)
        last = end


@given(TEXTS)
def test_any_text_has_a_language_or_none(text: str) -> None:
    """No text raises, and reading it twice says the same."""
    assert detect_language(text) in (*LANGUAGES, None)
    assert detect_language(text) == detect_language(text)


@pytest.mark.parametrize("unit", ["[", "“", "a", "a ", "a,", "您", "您1", "`", "姓名：", "@a", "#a", "訂订"])
def test_a_long_text_is_read_once(unit: str) -> None:
    """Unclosed quotations and endless words cost no more than other text."""
    for language in LANGUAGES:
        leaks(unit * 20_000, language)
    detect_language(unit * 20_000)
