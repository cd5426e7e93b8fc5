"""The guide to `replykit check` runs: each of its shell lines prints what stands below it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from typer.main import get_command

from replykit.cli.app import app
from replykit.cli.baseline import Baseline
from replykit.loader import load_playbook

GUIDE = (Path(__file__).parent.parent / "docs" / "check.md").read_text("utf-8")
SHELL = f'replykit() {{ "{sys.executable}" -m replykit "$@" 2>&1; }}; '


def test_the_guide_runs(tmp_path: Path) -> None:
    """One line after the other in one folder, all print what the guide shows; … is anything."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("REPLYKIT_")}
    blocks = re.findall(r"^```console\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
    assert blocks
    for command, shown in re.findall(r"^\$ (.+)\n((?:(?!\$ ).*\n)*)", "".join(blocks), re.MULTILINE):
        outside = command.replace(" > replies.sarif", " 2>&1 > replies.sarif")
        shell = SHELL.replace(" 2>&1", "") if outside != command else SHELL
        done = subprocess.run(
            ["bash", "-c", shell + outside], cwd=tmp_path, env=env, capture_output=True, encoding="utf-8", timeout=60
        )
        expected = ".*".join(map(re.escape, shown.strip().split("…")))
        assert re.fullmatch(expected, done.stdout.strip(), re.DOTALL), f"{command} prints:\n{done.stdout}{done.stderr}"
    assert json.loads((tmp_path / "replies.sarif").read_text("utf-8"))["version"] == "2.1.0"


def test_the_baseline_shown_is_one(tmp_path: Path) -> None:
    """The baseline in the guide can be read."""
    (content,) = re.findall(r"^```json\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
    (tmp_path / "base.json").write_text(content, "utf-8")
    Baseline(str(tmp_path / "base.json"), load_playbook("zh"))


def test_the_guide_names_every_option() -> None:
    """Each option of the linter is explained, and no other is named."""
    command = get_command(app).commands["check"]  # type: ignore[attr-defined]
    known = {name for parameter in command.params for name in parameter.opts if name.startswith("--")}
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", GUIDE))
    assert named <= known
    context = {"--customer", "--fact", "--history", "--draft", "--language", "--playbook"}  # those of every command
    assert known - context - {"--format", "--help"} <= named
