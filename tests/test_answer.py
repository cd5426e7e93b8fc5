"""What a model wraps round a reply goes; the reply stays."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replykit.answer import clean_answer

LABELLED = tomllib.loads((Path(__file__).parent / "labelled" / "answers.toml").read_text("utf-8"))


def _filled(answer: str, reply: str) -> str:
    """Put the reply in; a fence of tildes is no place for it."""
    return reply.join(answer.split("~")) if not answer.startswith("~~~") else f"~~~markdown\n{reply}\n~~~"


REPLIES = {language: shapes["reply"] for language, shapes in LABELLED["wrapped"].items()}
CASES = [
    (_filled(answer, REPLIES[language]), REPLIES[language])
    for language, shapes in LABELLED["wrapped"].items()
    for answer in shapes["answers"]
]
WRAPPED = [answer for answer, _ in CASES]
PLAIN = LABELLED["plain"]["answers"]


def test_the_corpus_is_large_enough() -> None:
    """At least 150 wrapped answers, in three languages, and as many replies that only resemble one; no one twice."""
    assert set(REPLIES) == {"zh-Hans", "zh-Hant", "en"}
    assert len(set(WRAPPED)) >= 150
    assert len(set(PLAIN)) >= 150


@pytest.mark.parametrize(("answer", "reply"), CASES)
def test_wrapping_goes(answer: str, reply: str) -> None:
    """The reply alone is left of an answer that wraps it, and it is one piece of the answer."""
    assert clean_answer(answer) == reply


@pytest.mark.parametrize("answer", PLAIN)
def test_plain_reply_stays(answer: str) -> None:
    """A reply that only resembles a wrapped one comes back byte for byte."""
    assert clean_answer(answer) == answer


@pytest.mark.parametrize(
    "answer", ["<think>只想，没有回答", "<think>a</think>", "改写后：", "```\n```", "“”", "a\n</think>\n"]
)
def test_wrapping_without_a_reply_is_empty(answer: str) -> None:
    """An answer that is all wrapping holds no reply."""
    assert clean_answer(answer) == ""


_PIECES = st.sampled_from(
    [
        "<think>",
        "</think>",
        "```",
        "```text\n",
        "\n",
        "“",
        "”",
        '"',
        "「",
        "」",
        "好的，以下是改写后的回复：",
        "Reply:",
        "**",
        "<answer>",
        "</answer>",
        '{"reply": "',
        '"}',
        "---\n",
        "\n\n修改说明：",
        "分析：\n",
        "客服：",
        "<|im_end|>",
        "assistant\n\n",
        "\n\n（共3字）",
        "您好",
    ]
)


@given(st.lists(_PIECES | st.text(max_size=6), max_size=12).map("".join))
def test_cleaning_twice_is_cleaning_once(answer: str) -> None:
    """Cleaning is idempotent, whatever the model sends."""
    once = clean_answer(answer)
    assert clean_answer(once) == once
    assert once in answer


@pytest.mark.parametrize(
    "layer", ["---\n", "客服：", "<think></think>", "改写后：\n", "**", "“", "\n\n（共3字）", " ", "\n"]
)
def test_many_layers_end(layer: str) -> None:
    """An answer of nothing but wrapping, twenty thousand times over, is one piece of itself in the end."""
    answer = layer * 20_000 + REPLIES["zh-Hans"]
    assert clean_answer(answer) in answer


@given(st.text(alphabet="您好感谢理解，。！？：abc 123\n", max_size=60))
def test_text_without_wrapping_is_untouched(reply: str) -> None:
    """Text with none of the marks of wrapping is returned unchanged."""
    assert clean_answer(reply) == reply
