"""The examples run without a key, and show what they say."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import scripted_model

import replykit

EXAMPLES = Path(__file__).parent.parent / "examples"


def _run(name: str, *arguments: str, cwd: Path) -> str:
    settings = {k: v for k, v in os.environ.items() if not k.startswith(("REPLYKIT_", "OPENAI_"))}
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / name), *arguments],
        capture_output=True,
        encoding="utf-8",
        env=settings | {"PYTHONUTF8": "1", "PYTHONWARNINGS": "error"},
        cwd=cwd,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def test_every_example_is_run_here() -> None:
    """No example is left untried."""
    tried = {"bot.py", "canned_replies.py", "one_shot.py", "scripted_model.py"}
    assert {path.name for path in EXAMPLES.glob("*.py")} == tried


def test_bot(tmp_path: Path) -> None:
    """What the bot sends has no errors; a model that fails, or that keeps inventing a date, goes to a person."""
    lines = [line.strip() for line in _run("bot.py", cwd=tmp_path).splitlines()]
    sent = [line.removeprefix("sent").strip() for line in lines if line.startswith("sent")]
    assert len(sent) == 1
    assert replykit.check(sent[0]).ok
    assert sum(line.startswith("at once") for line in lines) == 3
    assert sum(line.startswith("to a person") for line in lines) == 2
    assert any(line.startswith("not sent") and "大哥" in line for line in lines)


def test_one_shot(tmp_path: Path) -> None:
    """The draft's faults are named, and the mended reply has none."""
    out = _run("one_shot.py", cwd=tmp_path)
    assert all(words in out for words in ("没办法", "都是物流的问题", "改写（repaired）："))
    assert replykit.check(out.partition("改写（repaired）：")[2].splitlines()[0]).ok


def test_canned_replies(tmp_path: Path) -> None:
    """Every reply is shown with its status; what is put in place of one has no errors and every placeholder."""
    lines = _run("canned_replies.py", cwd=tmp_path).splitlines()
    with (EXAMPLES / "canned_replies.csv").open(encoding="utf-8", newline="") as file:
        replies = [row["回复"] for row in csv.DictReader(file)]
    shown = [line.split(maxsplit=1) for line in lines if line.startswith(("clean", "repaired", "needs_review"))]
    assert [text for _, text in shown] == replies
    assert {status for status, _ in shown} == {"clean", "repaired", "needs_review"}
    repaired = [text for status, text in shown if status == "repaired"]
    mended = [line.split(maxsplit=1)[1] for line in lines if line.lstrip().startswith("→")]
    for before, after in zip(repaired, mended, strict=True):
        assert replykit.check(after, draft=before).ok


def test_scripted_model(tmp_path: Path) -> None:
    """The command that it runs asks it, gets its weak answer and its good one, and its own exit code comes back."""
    assert not replykit.check(scripted_model.ANSWERS[0]).ok
    command = ("-m", "replykit", "rewrite", "没办法，是仓库发错了。", "--json")
    customer = (
        "--customer",
        "我买的耳机怎么发错颜色了？太让人失望了！",
        "--fact",
        "正确颜色的耳机今天寄出，运费由本店承担",
    )
    reply = json.loads(_run("scripted_model.py", sys.executable, *command, *customer, cwd=tmp_path))
    assert [attempt["text"] for attempt in reply["attempts"]] == scripted_model.ANSWERS
    assert (reply["status"], reply["text"]) == ("repaired", scripted_model.ANSWERS[1])
    model = [sys.executable, str(EXAMPLES / "scripted_model.py")]
    assert subprocess.run([*model, sys.executable, "-c", "exit(7)"], timeout=60).returncode == 7
    done = subprocess.run(model, capture_output=True, encoding="utf-8", timeout=60)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)


@pytest.mark.parametrize("name", ["bot.py", "canned_replies.py", "one_shot.py", "scripted_model.py"])
def test_examples_say_how_to_run_them(name: str) -> None:
    """Each example begins with what it shows and the line that runs it."""
    assert f"python examples/{name}" in (EXAMPLES / name).read_text("utf-8").split('"""')[1]
