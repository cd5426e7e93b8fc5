"""What must be left of a draft in its rewrite."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replykit import ReplyKit, check
from replykit.claims import ClaimReader
from replykit.loader import load_playbook
from replykit.remains import Remains
from replykit.testing import FakeChat

PLAYBOOK = load_playbook("zh")
REMAINS = Remains(PLAYBOOK.words, ClaimReader.of(PLAYBOOK.polarities))
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


def test_a_greeting_in_place_of_a_policy_needs_review() -> None:
    """What a model left of a long draft never leaves as clean, and the draft is kept beside it."""
    draft = "退货请先联系客服登记，保留好包装和吊牌，把商品寄回我们的仓库。"
    reply = ReplyKit(chat=FakeChat(["您好，祝您生活愉快！"] * 5)).rewrite(draft)
    assert reply.status == "needs_review"
    assert reply.original == draft


def test_a_playbook_without_the_lists_compares_nothing() -> None:
    """Where a playbook names no courtesies, nothing is known to be one."""
    assert not list(Remains({}, ClaimReader.of(PLAYBOOK.polarities)).losses("满100减20", "满20减100"))
