"""The first minutes with the command: help whose examples run, and a shell that completes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from terminal import plain_settings
from typer.main import get_command
from typer.testing import CliRunner

from replykit.cli import main
from replykit.cli.app import app
from replykit.cli.examples import EXAMPLES

REPLIES = ["您好，请稍等，我马上为您核实。", "呵呵，都卖完了，我也没办法。"]
TALK = "客户：我昨天买的杯子碎了，订单 A1001。\n客服：非常抱歉，我们会在24小时内为您补发。\n"


def _commands(command: Any, name: str = "") -> list[str]:
    inside = getattr(command, "commands", {})
    return [name, *(found for one, its in inside.items() for found in _commands(its, f"{name} {one}".strip()))]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose only program is replykit, from this environment."""
    folder = tmp_path_factory.mktemp("bin")
    (folder / "replykit").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m replykit "$@"\n')
    (folder / "replykit").chmod(0o755)
    return folder


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A folder with the files that the examples name."""
    (tmp_path / "replies.csv").write_text("\n".join(["回复", *REPLIES, ""]), "utf-8")
    (tmp_path / "talk.txt").write_text(TALK, "utf-8")
    (tmp_path / "replies").mkdir()
    (tmp_path / "replies" / "hello.txt").write_text("\n".join(REPLIES), "utf-8")
    with xlsxwriter.Workbook(tmp_path / "replies.xlsx") as book:
        sheet = book.add_worksheet()
        sheet.write_column(0, 0, ["回复", *REPLIES])
    return tmp_path


def _ran(command: str, program: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    settings = plain_settings()
    settings["PATH"] = f"{program}:{settings['PATH']}"
    return subprocess.run(
        ["bash", "-c", command], cwd=folder, env=settings, capture_output=True, encoding="utf-8", timeout=120
    )


def test_every_command_has_examples() -> None:
    """No command is without an example of its own, and none has been left over."""
    assert set(_commands(get_command(app))) == set(EXAMPLES)
    for name, lines in EXAMPLES.items():
        assert lines
        assert all(f"replykit {name}" in line for line in lines), name


@pytest.mark.parametrize("name", EXAMPLES)
def test_help_shows_the_examples(name: str) -> None:
    """Each example stands in the help of its command on a line of its own, as it is to be typed."""
    shown = CliRunner().invoke(app, [*name.split(), "--help"]).stdout.splitlines()
    assert [line.strip() for line in shown[shown.index("  Examples:") + 1 :]] == list(EXAMPLES[name])


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_run(name: str, program: Path, desk: Path) -> None:
    """Each does what it is for: it ends with 0, or with 1 where it has found something, and never as wrong use."""
    if "shop.toml" in " ".join(EXAMPLES[name]) and "playbook new shop.toml" not in EXAMPLES[name][0]:
        assert _ran("replykit playbook new shop.toml", program, desk).returncode == 0
    for line in EXAMPLES[name]:
        done = _ran(line, program, desk)
        assert done.returncode in (0, 1), f"{line}\n{done.stdout}{done.stderr}"
        assert done.stdout + done.stderr
        for made in ("complaint.csv", "polished.xlsx", "weak.html"):
            assert made not in line or (desk / made).stat().st_size > 0


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        (("replykit", "pol"), {"polish"}),
        (("replykit", "playbook", ""), {"show", "test", "new"}),
        (("replykit", "rewrite", "--stage", "c"), {"clarify"}),
        (("replykit", "rewrite", "--per"), {"--persona"}),
        (("replykit", "check", "replies"), set()),  # files, which bash itself offers
    ],
)
def test_bash_completes(typed: tuple[str, ...], offered: set[str], program: Path, tmp_path: Path) -> None:
    """What `--install-completion` wrote makes bash offer commands, options and their values."""
    words = " ".join(f"'{word}'" for word in typed)
    script = f"""
export HOME={tmp_path}
replykit --install-completion >said.txt || exit 9
grep -q . "$HOME/.bashrc" || exit 8
for file in "$HOME"/.bash_completions/*; do source "$file"; done
COMP_WORDS=({words}) COMP_CWORD={len(typed) - 1}
_replykit_completion replykit
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    done = _ran(script, program, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert set(done.stdout.split()) == offered
    assert "bash completion installed" in (tmp_path / "said.txt").read_text("utf-8")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_get_a_script(shell: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Each shell's script asks the command, and making it is no mistake."""
    monkeypatch.setenv("_REPLYKIT_COMPLETE", f"source_{shell}")
    assert main([]) == 0
    assert "_REPLYKIT_COMPLETE=complete_" in capfd.readouterr().out


def test_an_unknown_shell_is_told(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A shell that cannot be completed is named in one line, and is no success."""
    monkeypatch.setenv("_REPLYKIT_COMPLETE", "source_tcl")
    assert main([]) == 1
    printed = capfd.readouterr()
    assert (printed.out, printed.err) == ("", "Shell tcl not supported.\n")
