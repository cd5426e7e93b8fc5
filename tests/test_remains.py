"""What must be left of a draft in its rewrite."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replykit import ReplyKit, check, remains
from replykit.claims import ClaimReader
from replykit.loader import load_playbook
from replykit.remains import Remains
from replykit.testing import FakeChat
from replykit.text import fold

PLAYBOOK = load_playbook("zh")
REMAINS = Remains(PLAYBOOK.words, ClaimReader(PLAYBOOK.polarities))
LABELLED = Path(__file__).parent / "labelled"
CASES = tomllib.loads((LABELLED / "remains.toml").read_text("utf-8"))
MEANING = tomllib.loads((LABELLED / "meaning.toml").read_text("utf-8"))
FAITHFUL = [
    *((case["draft"], case["reply"]) for part in MEANING.values() for case in part if not case.get("hits")),
    *((pair.habitual, pair.professional) for pair in PLAYBOOK.pairs),
]


@pytest.mark.parametrize(("draft", "reply"), CASES["lost"])
def test_a_rewrite_that_keeps_nothing_of_its_draft_is_an_error(draft: str, reply: str) -> None:
    """A policy answered by a greeting, a refusal by thanks, a bound or the place of a figure that is gone."""
    assert "meaning-kept" in {v.rule for v in check(reply, draft=draft).violations if v.severity == "error"}
    assert list(REMAINS.losses(draft, reply))


@pytest.mark.parametrize(("draft", "reply"), CASES["kept"])
def test_enough_may_be_said_in_other_words(draft: str, reply: str) -> None:
    """Other words, another language, another bound and a draft of courtesies lose nothing."""
    assert not list(REMAINS.losses(draft, reply))


@pytest.mark.parametrize(("draft", "reply"), FAITHFUL)
def test_no_faithful_pair_loses_anything(draft: str, reply: str) -> None:
    """The thresholds lie below every labelled faithful pair and every pair of the playbook."""
    assert not list(REMAINS.losses(draft, reply))


@given(st.text(alphabet="满减100元起最多退货不支持您好，。感谢一百", max_size=40), st.text(max_size=30))
def test_what_is_lost_has_its_place_in_the_reply(draft: str, reply: str) -> None:
    """Spans lie inside the reply, and a text loses nothing of itself."""
    for start, end, words in REMAINS.losses(draft, reply):
        assert 0 <= start <= end <= len(reply)
        assert words
    assert not list(REMAINS.losses(draft, draft))


@given(
    st.text(alphabet="满减10０二贰伍陸参〇.元圆赠送多", max_size=12), st.text(alphabet="满减10二伍元赠送", max_size=12)
)
def test_a_draft_without_a_figure_exchanges_none(draft: str, reply: str) -> None:
    """Where the quick look sees no figure, none can have changed places."""
    if not remains._MAY_FIGURE.search(fold(draft)):
        assert not list(REMAINS._exchanged(draft, reply))


_LETTERS = "赔偿点击快递费小二甲乙丙丁子丑寅卯，。1一"


@given(st.text(alphabet=_LETTERS, max_size=24), st.text(alphabet=_LETTERS, max_size=24), st.text(alphabet=_LETTERS))
def test_what_stands_as_it_stood_is_enough_of_a_draft(draft: str, reply: str, shared: str) -> None:
    """Where the quick look sees enough of a draft in its reply, all characters that name its matter are enough."""
    for said, answered in ((draft, reply), (draft + shared, reply + shared), (shared + draft, reply + shared)):
        if REMAINS._is_enough_left(said, answered):
            matter, left = set(REMAINS._matter(said)), set(REMAINS._matter(answered))
            assert not matter or len(matter & left) / len(matter) >= remains._LEAST


def test_a_draft_that_stands_in_its_reply_needs_no_comparison() -> None:
    """A sentence more in front does not make the quick look miss what is kept."""
    draft = "您的包裹已经到达杭州转运中心，预计明天上午由站点安排派送。"
    assert REMAINS._is_enough_left(draft, f"您好，让您久等了，非常抱歉。{draft}")
    assert not REMAINS._is_enough_left(draft, "您好，让您久等了，非常抱歉。")


def test_matter_is_chinese_letters_without_numerals() -> None:
    """The one class of characters leaves out what two steps left out: marks, other letters, hexagrams, numerals."""
    matter = "".join(remains._MATTER.findall("".join(map(chr, range(0x10000)))))
    assert matter.isalnum()
    assert set(matter) == {
        char
        for char in map(chr, range(0x3400, 0xA000))
        if char.isalnum() and char not in "零一二两三四五六七八九十百千万亿"
    }


def test_a_greeting_in_place_of_a_policy_needs_review() -> None:
    """What a model left of a long draft never leaves as clean, and the draft is kept beside it."""
    draft = "退货请先联系客服登记，保留好包装和吊牌，把商品寄回我们的仓库。"
    reply = ReplyKit(chat=FakeChat(["您好，祝您生活愉快！"] * 5)).rewrite(draft)
    assert reply.status == "needs_review"
    assert reply.original == draft


def test_a_playbook_without_the_lists_compares_nothing() -> None:
    """Where a playbook names no courtesies, nothing is known to be one."""
    assert not list(Remains({}, ClaimReader(PLAYBOOK.polarities)).losses("满100减20", "满20减100"))
