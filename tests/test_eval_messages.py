"""What a model would be sent for each case, measured without asking one."""

from __future__ import annotations

import pytest
from test_cli import run

from replykit.evaluation import load_cases, measure_messages
from replykit.evaluation.eval_case import EvalCase
from replykit.evaluation.messages import CaseMessages
from replykit.records import ChatMessage

CASES = load_cases("zh", "en")


def _said(system: str, user: str = "…") -> CaseMessages:
    messages = [ChatMessage(role="system", content=system), ChatMessage(role="user", content=user)]
    return CaseMessages.of(EvalCase(id="one", customer="在吗"), messages, [])


def test_tokens_are_those_of_both_messages() -> None:
    """A Chinese character is 0.7 tokens and another one 0.25, in every message."""
    assert _said("您好", "abcd").tokens == pytest.approx(2 * 0.7 + 4 * 0.25)
    assert _said("您好", "abcd" * 9).longest == "user"


def test_sections_are_told_apart() -> None:
    """What stands under a heading counts for it, and what stands before the first for none."""
    found = _said("开头\n\n# 事实\n甲乙\n# 成稿：一\n丙\n").sections
    assert list(found) == ["", "事实", "成稿"]
    assert found["事实"] > found["成稿"] > 0


def test_a_sentence_that_is_said_twice() -> None:
    """The same guidance in other spelling is found once, and what only looks like it is not."""
    twice = "缺少的内容写明会去核实。"
    assert _said(f"- {twice}\n- 别的一句话在这里。\n- 缺少的 内容写明会去核实。").twice == ("缺少的内容写明会去核实。",)
    assert _said(f"- {twice}\n- 缺少的内容写明会去查。").twice == ()
    assert _said("- 好的。\n- 好的。").twice == ()


def test_every_case_is_measured() -> None:
    """Each shipped case has its principles with the reason, and no guidance is said twice in any."""
    measured = measure_messages(CASES, language="auto")
    assert [one.case for one in measured.cases] == [case.id for case in CASES]
    assert measured.twice == {}
    assert all(told.why for one in measured.cases for told in one.principles)
    by_id = dict(zip([case.id for case in CASES], measured.cases, strict=True))
    for case in CASES:
        told = {one.id for one in by_id[case.id].principles}
        assert ("keep-meaning" in told) == case.is_rewrite, case.id
        assert "grounded-facts" in told
    assert measured.longest.tokens >= measured.mean


def test_the_command_prints_it() -> None:
    """`eval --messages` asks nobody, names every section and principle, and exits 0."""
    done = run("eval", "zh", "--messages")
    assert done.code == 0, done.err
    for words in ("60 cases", "怎样写", "grounded-facts", "no sentence is said twice"):
        assert words in done.out
