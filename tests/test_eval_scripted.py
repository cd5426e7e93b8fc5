"""`replykit eval --scripted`: answers replayed through the kit, and what may never leave told where it does."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replykit.cli import main
from replykit.evaluation import EvalCase, Figures, WeakAnswer, replay
from replykit.evaluation.saved import load_run, save_recording, save_run

CASES = (
    EvalCase(
        id="late",
        customer="我的订单 A1001 怎么还没到？",
        facts=("订单 A1001 将于 11 月 25 日送达",),
        must=(("11月25日",),),
        must_not=("明天",),
    ),
    EvalCase(id="rewritten", draft="没办法，是仓库发错了。"),
)
GOOD = "您好，很抱歉让您久等，您的订单 A1001 将于11月25日送达，我会继续为您跟进。"


class Ran(NamedTuple):
    """One run of the command."""

    code: int
    out: str
    err: str


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Ran]:
    """Run `replykit eval` in this process, in a folder with cases.jsonl in it; answers are written beside it."""
    for name in [name for name in os.environ if name.startswith("REPLYKIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    lines = [case.model_dump_json(exclude_unset=True) for case in CASES]
    Path("cases.jsonl").write_text("\n".join(lines), "utf-8")

    def call(*answers: dict[str, Any], options: tuple[str, ...] = ()) -> Ran:
        entries = [{"case": "late", "id": f"answer-{place}", **answer} for place, answer in enumerate(answers, 1)]
        Path("answers.jsonl").write_text("\n".join(json.dumps(entry) for entry in entries), "utf-8")
        code = main(["eval", "cases.jsonl", "--scripted", "answers.jsonl", *options])
        return Ran(code, *capsys.readouterr())

    return call


def played(answers: list[str], **fields: Any) -> Any:
    """Return what becomes of one scripted answer, judged."""
    answer = WeakAnswer.model_validate({"case": "late", "id": "one", "answers": answers, **fields})
    return replay(CASES, [answer]).judged[0]


@pytest.mark.parametrize(
    ("answers", "end", "calls"),
    [
        ([GOOD], "first", 1),
        (["呵呵，保证明天到！", GOOD], "re-ask", 2),
        ([f"呵呵，{GOOD}"], "fix", 2),
        (["您的订单将于12月1日送达。"], "review", 2),
    ],
)
def test_an_answer_goes_the_whole_way(answers: list[str], end: str, calls: int) -> None:
    """Check, re-ask, fix: the reply says where it became clean, and the last answer is said again and again."""
    judged = played(answers)
    assert (judged.end, judged.trial.reply.usage.calls) == (end, calls)
    assert judged.leaves is (end != "review")


def test_the_promise_of_cases_is_kept() -> None:
    """What must be said and must not is looked for in the reply, not in the answers before it."""
    assert (played([GOOD]).missed, played([GOOD]).forbidden) == ((), ())
    vague = played(["您好，我马上为您查询订单 A1001 的进度，请问收件人怎么称呼？"])
    assert (vague.missed, vague.forbidden) == ((("11月25日",),), ())
    assert played(["明天就到。", GOOD]).forbidden == ()


def test_wrongly_clean_needs_both() -> None:
    """It is a reply that leaves with what may never leave; for review, or repaired away, the same words are fine."""
    assert played([GOOD], never=["11 月 25 日"]).is_wrongly_clean
    assert not played(["您的订单将于12月1日送达。"], never=["12月1日"]).is_wrongly_clean
    assert not played(["呵呵，没事。", GOOD], never=["呵呵"]).is_wrongly_clean
    assert not played([GOOD]).is_wrongly_clean


def test_a_repair_that_breaks_a_rule_anew_is_seen() -> None:
    """A second answer with a violation of a kind that the first lacked is worse; one with the same kind is not."""
    worse = played(["呵呵，您的订单 A1001 将于11月25日送达。", "大哥，您的订单 A1001 将于11月25日送达，绝对没问题！"])
    assert worse.repairs[0].by == "re-ask"
    assert set(worse.repairs[0].worse) >= {"register-familiar-address"}
    same = played(["呵呵，您的订单 A1001 将于11月25日送达。", "哈哈，您的订单 A1001 将于11月25日送达。"])
    assert same.repairs[0].worse == ()
    assert played([GOOD]).repairs == ()


def test_the_command_names_what_is_wrongly_clean(run: Callable[..., Ran]) -> None:
    """Exit code 1, and a line that names the answer, the case and the words."""
    ran = run({"answers": [GOOD], "kind": "invented-fact", "never": ["11月25日"]}, {"answers": [GOOD]})
    assert ran.code == 1
    assert "wrongly clean: answer-1 to late ends clean with 11月25日" in ran.err
    assert "answer-2" not in ran.err


def test_an_unexpected_status_alone_is_no_failure(run: Callable[..., Ran]) -> None:
    """It is counted and named, and the exit code stays 0."""
    ran = run({"answers": [GOOD], "expect": ["needs_review"]})
    assert ran.code == 0
    assert "not as expected: answer-1 to late ends clean" in ran.err


@settings(max_examples=25, deadline=None)
@given(answers=st.lists(st.text(max_size=60), min_size=1, max_size=3), never=st.text(min_size=1).filter(str.strip))
def test_whatever_is_said_is_counted_once(answers: list[str], never: str) -> None:
    """Any text at all is replayed: one reply that ended in one way, and nothing leaves with an error in it."""
    judged = played(answers, never=[never])
    figures = Figures.of(replay(CASES, [judged.trial.script]))
    ends = [figures.measure(id).count for id in ("first", "re_ask", "fix", "review", "no_answer")]
    assert sum(ends) == 1
    assert judged.end == "review" or not [one for one in judged.after if one.severity == "error"]


def test_a_saved_run_is_read_as_it_was(tmp_path: Path) -> None:
    """A run round-trips through its file, half characters too; the file has the figures beside it."""
    answer = WeakAnswer.model_validate({"case": "late", "id": "one", "answers": ["\ud83d好\u2028", GOOD]})
    run = replay(CASES, [answer])
    save_run(tmp_path / "run.json", run)
    assert load_run(tmp_path / "run.json") == run
    content = json.loads((tmp_path / "run.json").read_text("utf-8"))
    assert content["figures"]["measures"][0]["measure"] == "good"
    assert content["figures"]["kinds"][0]["answers"] == 1
    assert content["replies"][0]["end"] == run.judged[0].end
    assert content["replies"][0]["measures"]["calls"] == run.judged[0].usage.calls


def test_a_recording_without_answers_is_empty(tmp_path: Path) -> None:
    """What was put in by a script is not written as if a model had said it."""
    run = replay(CASES, [WeakAnswer.model_validate({"case": "late", "id": "one", "answers": [GOOD]})])
    assert save_recording(tmp_path / "recording.jsonl", run) == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["eval"], "replykit: name the cases: zh, en, held_out, or a file of your own"),
        (["eval", "cases.jsonl", "--scripted", "no.jsonl"], "replykit: there is no 'no.jsonl'; give weak_ans"),
        (["eval", "cases.jsonl", "--scripted", "cases.jsonl"], "replykit: cases.jsonl:1: answer 'late': case: "),
        (
            ["eval", "cases.jsonl", "--scripted", "answers.jsonl", "--json", "no/run.json"],
            "replykit: no/run.json cannot be written: No such file or directory",
        ),
    ],
)  # fmt: skip
def test_wrong_use_is_told_in_a_line(
    run: Callable[..., Ran], capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    """Exit code 2, nothing on standard output, one line that says what to do."""
    run({"answers": [GOOD]})
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(said)
    assert err.count("\n") == 1
