"""What nobody sees in a model's answer goes; what makes one sign stays."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replykit import ReplyKit
from replykit.invisible import visible
from replykit.testing import FakeChat

KEPT = [
    "您好，👨‍👩‍👧 一家。", "❤️ 感谢您", "👍🏽 好的", "☎️ 请来电", "1️⃣ 打开设置", "葛\U000e0100城区",
    "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
    "第一行\n第二行\t表", "您好　，空格", "©️ 2026", "Café",
]  # fmt: skip
DROPPED = [
    ("您\u200b好", "您好"),
    ("\ufeff您好", "您好"),
    ("您好\x00\x07", "您好"),
    ("\u202e好您\u202c", "好您"),
    ("\u2066您好\u2069", "您好"),
    ("您\u200d好", "您好"),
    ("您\ufe0f好", "您好"),
    ("您好\U000e0041\U000e0042", "您好"),
    ("第一行\r\n第二行\r第三行", "第一行\n第二行\n第三行"),
    ("信\u00ad用", "信用"),
    ("您好\u3164", "您好"),
    ("a\U000e0100", "a"),
]


@pytest.mark.parametrize("text", KEPT)
def test_signs_stay_whole(text: str) -> None:
    """Emoji of several parts, keycaps, flags, forms of characters, tabs and lines are as they were."""
    assert visible(text) == text


@pytest.mark.parametrize(("text", "shown"), DROPPED)
def test_what_nobody_sees_goes(text: str, shown: str) -> None:
    """Controls, zero-width characters, directions, fillers and stray joiners are dropped."""
    assert visible(text) == shown


_PIECES = st.sampled_from(
    ["您", "👨", "\u200d", "👩", "\u200b", "\ufe0f", "\r", "\n", "\U000e0041", "❤", "a", "\x00", "🏴"]
)


@settings(max_examples=300)
@given(st.lists(_PIECES, max_size=12).map("".join), st.integers(0, 12))
def test_what_is_shown_of_a_beginning_begins_the_whole(text: str, cut: int) -> None:
    """A stream may show each beginning as it comes; and showing twice is showing once."""
    assert visible(text).startswith(visible(text[:cut]))
    assert visible(visible(text)) == visible(text)


def test_a_reply_holds_nothing_unseen() -> None:
    """A kit's reply is without them, also where they hid the preamble."""
    reply = ReplyKit(chat=FakeChat(["\ufeff改写后：\u200b您好，我来\u202e为您核实。"])).draft("在吗？")
    assert reply.text == "您好，我来为您核实。"
