"""The README runs: its Python, its shell lines with their output, its links and its settings."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from sybil import Example, Sybil
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser
from terminal import shown
from typer.main import get_command

from replykit.cli.app import app

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
SHELL = f'replykit() {{ "{sys.executable}" -m replykit "$@"; }}; '


def _examples() -> list[Example]:
    console = CodeBlockParser(language="console", evaluator=_compare)
    document = Sybil([PythonCodeBlockParser(), console]).parse(README)
    return list(document.examples())


def _compare(example: Example) -> None:
    """Run each line behind `$` on a terminal, and compare what it prints with the lines below; … is anything."""
    for command, expected in re.findall(r"^\$ (.+)\n((?:(?!\$ ).*\n?)*)", example.parsed, re.MULTILINE):
        if not command.startswith("make "):
            pattern = ".*".join(map(re.escape, expected.strip().split("…")))
            printed = _on_a_terminal(command)
            assert re.fullmatch(pattern, printed, re.DOTALL), f"{command} prints:\n{printed}"


def _on_a_terminal(command: str) -> str:
    """What a command prints on a terminal, without colours, in a folder of its own that has the examples in it."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "examples").symlink_to(ROOT / "examples")
        return shown(SHELL + command, Path(folder)).strip()


EXAMPLES = _examples()


@pytest.mark.parametrize("example", EXAMPLES, ids=[f"line {example.line}" for example in EXAMPLES])
def test_readme_runs(example: Example, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every Python block runs, and every shell line prints what stands below it."""
    monkeypatch.chdir(ROOT)
    example.evaluate()


def test_readme_shows_what_make_demo_runs() -> None:
    """The demo in the README is the one in the Makefile."""
    names = dict(re.findall(r"^(\w+) := (.+)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    dry = subprocess.run(
        ["make", "--dry-run", "--old-file", ".venv/installed", "demo"],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    lines = re.findall(r"^echo '(\$ .+)'$", dry.stdout, re.MULTILINE)
    assert len(lines) == 2
    assert f"$ make demo\n{lines[0]}\n" in README.read_text("utf-8")
    assert f"\n{lines[1]}\n" in README.read_text("utf-8")
    assert all(names["DRAFT"] in line for line in lines)


def test_links_lead_somewhere() -> None:
    """Every link of the README to a file has that file."""
    for target in re.findall(r"\]\(([^)#:]+)\)", README.read_text("utf-8")):
        assert (ROOT / target).is_file(), target


def _settings(command: Any) -> set[str]:
    found: set[str] = set()
    for parameter in command.params:
        variables = getattr(parameter, "envvar", None) or ()
        found.update([variables] if isinstance(variables, str) else variables)
    for name in getattr(command, "commands", {}).values():
        found |= _settings(name)
    return found


def test_every_setting_is_in_the_readme() -> None:
    """The settings table names every variable that the command reads, and no other."""
    listed = set(re.findall(r"`((?:REPLYKIT|OPENAI)_\w+)`", README.read_text("utf-8")))
    assert listed == _settings(get_command(app)) | {"REPLYKIT_API_KEY", "OPENAI_API_KEY"}
