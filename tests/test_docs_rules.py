"""docs/rules.md runs: each TOML block is loaded, and each shell line prints what stands below it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from replykit.lint import CODES, prove
from replykit.loader import read_playbook
from replykit.rules import Rule

PAGE = (Path(__file__).parent.parent / "docs" / "rules.md").read_text("utf-8")
SHELL = f'replykit() {{ "{sys.executable}" -m replykit "$@"; }}; '
BROKEN = "broken.toml"  # shows what the test finds


class Block(NamedTuple):
    """One fenced block of the page."""

    line: int
    language: str
    text: str

    @property
    def file(self) -> str:
        """The file that the first line of a TOML or text block names."""
        return self.text.splitlines()[0].removeprefix("# ").split(",")[0]


BLOCKS = [
    Block(PAGE.count("\n", 0, block.start()) + 1, block[1], block[2])
    for block in re.finditer(r"^```(\w+)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
]


def _of(*languages: str) -> list[pytest.param]:  # type: ignore[valid-type]
    return [pytest.param(block, id=f"line {block.line}") for block in BLOCKS if block.language in languages]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _write_files(folder: Path, until: int) -> None:
    """Write the files of the blocks up to a line; a block that adds to a file says `more`."""
    for block in BLOCKS:
        if block.language in ("toml", "text") and block.line <= until:
            with (folder / block.file).open(
                "a" if ", more" in block.text.splitlines()[0] else "w", encoding="utf-8"
            ) as f:
                f.write(block.text + "\n")


def run_shell_lines(block: Block) -> None:
    """Run the shell lines of a block where we are: all that they print stands below them, … is anything."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("REPLYKIT_", "OPENAI_"))}
    for command, expected in re.findall(r"^\$ (.+)\n((?:(?!\$ ).*\n?)*)", block.text, re.MULTILINE):
        ran = subprocess.run(
            ["bash", "-c", SHELL + command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=env,
            encoding="utf-8",
            timeout=120,
        )
        pattern = ".*".join(map(re.escape, expected.split("…")))
        assert re.fullmatch(pattern, ran.stdout, re.DOTALL), f"{command} prints:\n{ran.stdout}"


def test_every_block_is_run() -> None:
    """The page has no block of a language that nothing here runs, and every file that it writes is tested in it."""
    assert {block.language for block in BLOCKS} == {"toml", "text", "console", "python"}
    for block in BLOCKS:
        if block.language == "toml":
            assert f"$ replykit playbook test {block.file}" in PAGE


@pytest.mark.parametrize("block", _of("toml"))
def test_a_playbook_holds(block: Block, folder: Path) -> None:
    """A TOML block makes a playbook without errors, but for the one that shows errors."""
    _write_files(folder, block.line)
    errors = list(prove(*read_playbook(block.file)))
    assert bool(errors) is (block.file == BROKEN), errors


@pytest.mark.parametrize("block", _of("console"))
def test_a_shell_line_prints_what_is_shown(block: Block, folder: Path) -> None:
    """Standard output and standard error stand below the line as they are; … is anything."""
    _write_files(folder, block.line)
    run_shell_lines(block)


@pytest.mark.parametrize("block", _of("python"))
def test_a_python_block_runs(block: Block, folder: Path) -> None:
    """The Python of the page runs beside its files."""
    _write_files(folder, block.line)
    exec(compile(block.text, f"docs/rules.md:{block.line}", "exec"), {})


def test_every_code_is_explained() -> None:
    """The table of codes is that of the linter, and the page's broken playbook shows several of them."""
    rows = re.findall(r"^\| `([a-z0-9-]+)` \| (error|note) \| (.+) \|$", PAGE, re.MULTILINE)
    assert {code: (level, meaning) for code, level, meaning in rows} == CODES
    assert len({code for code in CODES if re.search(rf"^{BROKEN}:\S+ \w+ {code} ", PAGE, re.MULTILINE)}) >= 4


def test_every_field_is_explained() -> None:
    """The table of fields names every field of a rule, and no other."""
    table = PAGE[PAGE.index("## The fields of a rule") :]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == set(Rule.model_fields)
