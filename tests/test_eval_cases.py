"""Files of cases and of answers: what they may hold, and one clear sentence for whatever they may not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replykit.errors import UsageError
from replykit.evaluation import EvalCase, load_answers, load_cases
from replykit.evaluation.eval_case import EXPECTATIONS, says

TOML = """\
[[case]]
id = "late"
source = {document = "004", section = "三"}
language = "zh-Hans"
customer = "我的订单 A1001 怎么还没到？"
facts = ["订单 A1001 将于 11 月 25 日送达"]
history = [{role = "customer", text = "在吗？"}, {role = "agent", text = "您好，请讲。"}]
stage = "accept"
channel = "email"
tone = "亲切"
length = "short"
must = ["A1001", ["11月25日", "11/25"]]
must_not = ["保证"]
expects = ["restatement", "next-step"]
held_out = true

[[case]]
id = "rewritten"  # a draft and no task
draft = "没办法，是仓库发错了。"
"""


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., str]:
    """Write a file, and return its path."""

    def write(content: str | bytes, name: str = "cases.toml") -> str:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    return write


def refused(path: str) -> str:
    """Return what is said of a file that cannot be used, without its folder."""
    with pytest.raises(UsageError) as caught:
        load_cases(path)
    return str(caught.value).replace(f"{Path(path).parent}/", "")


def test_toml_and_json_lines_hold_the_same(written: Callable[..., str]) -> None:
    """A case is the same in both, and every key of it is taken."""
    cases = load_cases(written(TOML))
    lines = "\n\n".join(case.model_dump_json(exclude_unset=True) for case in cases)
    assert load_cases(written(lines, "cases.jsonl")) == cases
    late, rewritten = cases
    assert (late.must, late.is_rewrite, rewritten.is_rewrite) == ((("A1001",), ("11月25日", "11/25")), False, True)
    assert [turn.role for turn in late.history] == ["customer", "agent"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('stage = "accept"', 'stag = "accept"', "8: case 'late': stag: there is no such key; known: id, "),
        ('stage = "accept"', 'stage = "begin"', "8: case 'late': stage: Input should be 'accept', 'clar"),
        ("held_out = true", 'held_out = "perhaps"', "15: case 'late': held_out: not what it should be; write"),
        ('must_not = ["保证"]', 'must_not = "保证"', "13: case 'late': must_not: not what it should be; write a"),
        ('must_not = ["保证"]', 'must_not = [" "]', "13: case 'late': must_not: a wording is blank, and would"),
        ('"A1001", [', '[], [', "12: case 'late': must: an entry has no wording; give at least one"),
        ('role = "agent"', 'role = "system"', "7: case 'late': history.1.role: Input should be 'customer' or"),
        ('"next-step"', '"jokes"', "14: case 'late': expects.1: Input should be 'restatement', 'choice', "),
        (', section = "三"', "", "3: case 'late': source.section: is missing; give it"),
        ('id = "late"\n', "", "1: a case without an id: id: is missing; give it"),
        ('id = "rewritten"', 'id = "late"', "18: case 'late' stands already at cases.toml:2; give it anoth"),
        ("draft = ", "facts = [] # ", "18: case 'rewritten': there is nothing to answer; give the customer'"),
        ('draft = "没', 'task = "draft"\ndraft = "没', "18: case 'rewritten': the task is to draft a reply to"),
        ('draft = "没办法，是仓库发错了。"', 'draft = " "', "19: case 'rewritten': draft: it is blank; give"),
        ("true\n\n[[case]]", "true\n\n[[cases]]", "18: unknown table 'cases'; every case is written"),
        ("true\n\n[[case]]", "true\n\n[case]", " not valid TOML: "),
        ("held_out = true", "held_out = ", " not valid TOML: Invalid value (at line 15, column 12)"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(written: Callable[..., str], old: str, new: str, said: str) -> None:
    """The message says which file, line, case and key, and what to do."""
    assert TOML.count(old) == 1
    assert refused(written(TOML.replace(old, new))).startswith(f"cases.toml:{said}")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"id": "a", "customer": "在吗"}\n{"id": "b"', "cases.jsonl:2: not valid JSON: "),
        ('{"id": "a", "customer": "在吗", "id": "b"}', "cases.jsonl:1: the key 'id' stands twice; keep one"),
        ('\n["a"]', "cases.jsonl:2: no JSON object; write one object a line, {…}"),
        ('{"id": "a", "customer": 5}', "cases.jsonl:1: case 'a': customer: not what it should be; write a text in"),
        ("\n", "cases.jsonl holds no case; write one as one JSON object a line"),
        ("[" * 100_000, "cases.jsonl:1: JSON nested too deep"),
        (b"\xff\xfe", "cases.jsonl is not UTF-8 (byte 1); save it as UTF-8"),
    ],
)
def test_json_lines_are_read_as_strictly(written: Callable[..., str], content: str | bytes, said: str) -> None:
    """A line that is no case is named by its number."""
    assert refused(written(content, "cases.jsonl")).startswith(said)


def test_a_file_has_to_be_there(tmp_path: Path) -> None:
    """A name that is neither shipped nor a file is told with what may be given; so is a file of another kind."""
    with pytest.raises(UsageError, match=r"there is no 'zh_tw'; give zh, en, held_out, or the path of a file of c"):
        load_cases("zh_tw")
    (tmp_path / "cases.csv").write_text("id\n")
    with pytest.raises(UsageError, match=r"cases\.csv is neither TOML \(\.toml\) nor JSON Lines \(\.jsonl\)"):
        load_cases(str(tmp_path / "cases.csv"))
    (tmp_path / "folder.toml").mkdir()
    with pytest.raises(UsageError, match="cannot be read: Is a directory"):
        load_cases(str(tmp_path / "folder.toml"))


def test_ids_are_one_over_all_files(written: Callable[..., str]) -> None:
    """Two files that are given together may not share an id."""
    with pytest.raises(UsageError, match=r"case 'late' stands already at .*cases\.toml:2"):
        load_cases(written(TOML), written(TOML, "more.toml"))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, ""),
        ({"answers": ["您好", {"text": "您", "outcome": "length"}]}, ""),
        ({"answers": []}, "answers: Tuple should have at least 1 item"),
        ({"answers": "您好"}, "answers: not what it should be; write a list in brackets"),
        ({"never": ["  "]}, "never: a text is blank"),
        ({"expect": ["fine"]}, "expect.0: Input should be 'clean', 'repaired' or 'needs_review'"),
        ({"case": "lost"}, "answer 'w' is to the case 'lost', which is none of those given; name its file"),
    ],
)
def test_answers_are_read_as_strictly(written: Callable[..., str], fields: dict[str, Any], said: str) -> None:
    """An answer that cannot be replayed is named with its line, and so is one to a case that is not there."""
    entry = {"case": "late", "id": "w", "kind": "vague", "answers": ["也许吧。"], **fields}
    path = written(json.dumps(entry), "answers.jsonl")
    cases = load_cases(written(TOML))
    if not said:
        assert load_answers(path, cases)[0].id == "w"
        return
    with pytest.raises(UsageError) as caught:
        load_answers(path, cases)
    assert ":1: answer 'w'" in str(caught.value)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("text", "wording", "expected"),
    [
        ("您的訂單將於 11 月 25 日送達。", "订单将于11月25日", True),
        ("Ａ１００１ 已寄出", "a1001", True),
        ("您的订单将于11月26日送达。", "11月25日", False),
        ("We will REFUND you.", "refund", True),
    ],
)
def test_wordings_are_compared_as_the_checker_reads(text: str, wording: str, expected: bool) -> None:
    """Script, width, case and spaces do not matter; everything else does."""
    assert says(text, wording) is expected


@given(st.text(), st.text(min_size=1), st.text())
def test_what_stands_in_a_text_is_said(before: str, wording: str, behind: str) -> None:
    """Whatever stands round a wording, it is found."""
    assert says(before + wording + behind, wording)


@given(
    st.builds(
        dict,
        id=st.text(min_size=1, max_size=20),
        customer=st.text(min_size=1).filter(str.isalnum),
        must=st.lists(st.lists(st.text(min_size=1).filter(str.isalnum), min_size=1)),
        expects=st.lists(st.sampled_from(EXPECTATIONS)),
    )
)
def test_cases_round_trip_through_json(fields: dict[str, Any]) -> None:
    """A case written as JSON is read as the same case, whatever its texts hold."""
    case = EvalCase.model_validate(fields)
    assert EvalCase.model_validate_json(case.model_dump_json()) == case
