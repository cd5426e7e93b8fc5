"""Deterministic repair: what it mends, what it leaves, and what it must never do."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replykit.checker import checker_for
from replykit.facts import find_facts
from replykit.fixer import LONGEST_TEXT, Fixer
from replykit.loader import load_playbook
from replykit.placeholders import PlaceholderFinder

PLAYBOOK = load_playbook("zh")
CHECKER = checker_for(PLAYBOOK)
FIXER = Fixer(CHECKER)
LABELLED = [
    json.loads(line)["text"]
    for name in ("zh_a", "zh_b")
    for line in (Path(__file__).parent / "labelled" / f"{name}.jsonl").read_text("utf-8").splitlines()
]
EXAMPLES = [example.text for rule in PLAYBOOK.rules for example in (*rule.bad, *rule.softened, *rule.good)]

# Pieces that agents write, good and bad, with what no repair may touch between them.
PIECES = st.sampled_from(
    [
        *EXAMPLES,
        "{{name}}",
        "[产品名称]",
        "订单 A1001",
        "3天",
        "https://example.com/a?b=1",
        "`retry()`",
        "，",
        "。",
        "您好，",
        "\n",
        "%s",
        "NT$1,200",
        "😀",
    ]
)
REPLIES = st.lists(PIECES, min_size=1, max_size=5).map("".join)


def _errors_and_all(text: str) -> tuple[int, int]:
    report = CHECKER.check(text)
    return len(report.errors), len(report.violations)


def _untouchable(text: str) -> Counter[object]:
    found: Counter[object] = Counter((fact.kind, fact.value) for fact in find_facts(text))
    found.update(placeholder.key for placeholder in PlaceholderFinder(PLAYBOOK.placeholders).find(text))
    return found


def _assert_no_worse(fixed: str, text: str) -> None:
    errors, violations = _errors_and_all(text)
    errors_after, violations_after = _errors_and_all(fixed)
    assert errors_after <= errors
    assert violations_after <= violations
    assert _untouchable(fixed) == _untouchable(text)


@pytest.mark.parametrize(
    ("draft", "repaired"),
    [
        (
            "呵呵，大哥，这个没办法的，是仓库发错了。",
            "我们暂时还没有现成的解决方案，我会继续为您跟进，这是我们的疏忽，给您带来不便了。",
        ),
        (
            "呵呵，大哥，這個沒辦法的，是倉庫發錯了。",
            "我們暫時還沒有現成的解決方案，我會繼續為您跟進，這是我們的疏忽，給您帶來不便了。",
        ),
        ("这个没办法退款的。", "暂时无法退款，我会继续为您跟进。"),
        ("沒辦法退貨喔。", "暫時無法退貨，我會繼續為您跟進。"),
        ("可能一到两天。", "预计一到两天。"),
        ("好的哦。", "好的。"),
        ("OK，我帮您登记。", "好的，我帮您登记。"),
        ("您必须先登录账号。", "您需要登录账号。"),
        ("公司规定不能退。", "目前暂时无法退，我来为您看看还有哪些办法。"),
        ("抱歉让您久等了，马上处理。", "感谢您的耐心等待，马上处理。"),
        ("保证明天送到。", "预计明天送到。"),
        ("这个故障是技术部没测好。", "这是我们的疏忽，给您带来不便了。"),
        ("回放没上传是教研组没安排好，今晚补传。", "这是我们的疏忽，给您带来不便了，今晚补传。"),
        ("你是不是听不懂？", "我再为您说明一遍。"),
    ],
)
def test_a_forbidden_wording_gives_way_to_the_playbooks_own(draft: str, repaired: str) -> None:
    """The repair says what the draft meant, in the draft's script, with tidy punctuation."""
    assert FIXER.fix(draft) == repaired


@pytest.mark.parametrize(
    "reply", ["您好，很高兴为您服务。", "我们会尽可能在三天内处理。", "", " \n", "😀😀", "{{name}}您好"]
)
def test_what_is_clean_stays_as_it_is(reply: str) -> None:
    """A reply without a violation comes back letter for letter."""
    assert FIXER.fix(reply) == reply


@pytest.mark.parametrize("reply", ["呵呵", "哦。", "喂"])
def test_nothing_is_repaired_into_silence(reply: str) -> None:
    """A reply that only consists of the violation keeps words, and is still seen as wrong where no wording fits."""
    fixed = FIXER.fix(reply)
    assert any(char.isalnum() for char in fixed)
    assert fixed == "您好" or not CHECKER.check(fixed).ok


def test_a_clause_with_a_number_is_left_for_review() -> None:
    """A repair that would lose an order number is not made; the violation stays to be seen."""
    draft = "订单 A1001 这事我不管。"
    assert FIXER.fix(draft) == draft
    assert not CHECKER.check(draft).ok


def test_a_repair_keeps_the_number_beside_it() -> None:
    """Where the wording has a place for the matter, the number stays with it."""
    assert FIXER.fix("订单 A1001 没办法退的。") == "订单 A1001 暂时无法退，我会继续为您跟进。"


@pytest.mark.parametrize("draft", ["手机进水是您自己弄坏的。", "是您自己取消的。", "这是您操作不当造成的。"])
def test_no_fault_is_taken_over_that_is_not_ours(draft: str) -> None:
    """Damage or a cancellation is not turned into an apology for having explained badly; a person decides."""
    assert FIXER.fix(draft) == draft


@pytest.mark.parametrize("draft", ["这是银行的问题。", "不是我的责任。"])
def test_what_others_did_is_followed_up_not_admitted(draft: str) -> None:
    """A delay of a bank becomes an offer to follow it up, never a fault of ours."""
    fixed = FIXER.fix(draft)
    assert "我们的疏忽" not in fixed
    assert CHECKER.check(fixed).ok


def test_the_same_wording_is_not_said_twice() -> None:
    """Two clauses with the same professional wording leave one."""
    fixed = FIXER.fix("这个没办法的，那个也没办法的。")
    assert fixed.count("现成的解决方案") == 1


def test_a_step_is_not_said_twice() -> None:
    """Where the text has the next step already, a repair keeps what it refuses and does not repeat the step."""
    assert FIXER.fix("没办法提供发票，没办法提供收据。") == "暂时无法提供发票，我会继续为您跟进，暂时无法提供收据。"


@pytest.mark.parametrize(
    "draft",
    [
        "定金不退只能怪您没按时付尾款，现在补付的话，商品还给您留着。",
        "定金不退只能怪您沒按時付尾款。",
        "手机不能退款是您自己弄坏的。",
    ],
)
def test_a_refusal_is_not_repaired_away(draft: str) -> None:
    """A ready line never takes the place of a clause that refuses a matter which the line does not name."""
    assert FIXER.fix(draft) == draft
    assert not CHECKER.check(draft).ok


@pytest.mark.parametrize("draft", ["这个没办法的。", "实在是没有办法。", "您弄错了。"])
def test_a_clause_without_a_matter_gives_way(draft: str) -> None:
    """A clause that refuses nothing by name is replaced as a whole."""
    assert CHECKER.check(FIXER.fix(draft)).ok


def test_a_very_long_text_is_returned_as_it_is() -> None:
    """Beyond 20,000 code points nothing is repaired, as every step checks the whole text again."""
    text = "呵呵，" * (LONGEST_TEXT // 3 + 1)
    assert FIXER.fix(text) == text


@pytest.mark.parametrize("text", LABELLED[::9])
def test_labelled_replies_come_out_no_worse(text: str) -> None:
    """On realistic replies a repair never adds a violation, keeps every value, and is done after one pass."""
    fixed = FIXER.fix(text)
    _assert_no_worse(fixed, text)
    assert FIXER.fix(fixed) == fixed


@settings(max_examples=150, deadline=None)
@given(REPLIES)
def test_a_repair_never_makes_it_worse(text: str) -> None:
    """Whatever is written: no more errors, no more violations, no value or placeholder touched."""
    _assert_no_worse(FIXER.fix(text), text)


@settings(max_examples=150, deadline=None)
@given(REPLIES)
def test_repairing_twice_is_repairing_once(text: str) -> None:
    """fix(fix(text)) == fix(text)."""
    fixed = FIXER.fix(text)
    assert FIXER.fix(fixed) == fixed


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_taken(text: str) -> None:
    """Any Unicode comes back, repaired or not, without an exception."""
    assert isinstance(FIXER.fix(text), str)


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\n\n", " \n"])
@pytest.mark.parametrize("wrong", ["一定为您解决好", "保证明天送到", "肯定到账"])
def test_a_mended_line_stays_a_line(wrong: str, line_end: str) -> None:
    """A repair leaves the line break behind what it mends, and a violation's text ends where the words do."""
    text = f"您好[客户姓名]，{line_end}{wrong}{line_end}谢谢您的支持。"
    report = CHECKER.check(text)
    assert [violation.text for violation in report.errors] == [wrong]
    fixed = FIXER.fix(text)
    assert fixed.count("\n") == text.count("\n")
    assert fixed.endswith(f"{line_end}谢谢您的支持。")
    assert CHECKER.check(fixed).ok
