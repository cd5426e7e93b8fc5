"""Whatever the pages show as code runs: no block is left untried without a reason that stands here."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser
from terminal import shown

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
BLOCK = re.compile(r"^```([\w-]*)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SHELL = f'set -o pipefail; replykit() {{ "{sys.executable}" -m replykit "$@"; }}; '

# What is data, and runs nowhere; what it holds is read by the test of its page where there is one.
DATA = {"json", "jsonl", "toml", "yaml", "ini", "csv", "markdown", "text", "xml", "sql"}
# Pages whose blocks another test runs, or compares with what a command writes.
ELSEWHERE = {
    "README.md": "test_docs.py",
    "CONTRIBUTING.md": "test_release.py",
    "docs/adding-a-language.md": "test_adding_a_language.py",
    "docs/bots.md": "test_bots.py",
    "docs/check.md": "test_check_docs.py",
    "docs/eval.md": "test_docs_eval.py",
    "docs/first-hour.md": "test_first_hour.py",
    "docs/operating.md": "test_docs_operating.py",
    "docs/rules.md": "test_docs_rules.py",
    "docs/summary.md": "test_summary.py",
}
# Lines of a shell that run nowhere, and why.
EXCUSED = {
    "replykit eval zh --model … --vs … --runs 3 --journal eval.journal --html eval.html": "asks two models",
    "replykit eval --scripted weak_answers": "tests/test_docs_eval.py has it with what it prints",
}


class Block(NamedTuple):
    """A fenced block: its page, the line that it begins in, its kind and its text."""

    page: str
    line: int
    kind: str
    text: str


def _blocks() -> Iterator[Block]:
    for page in PAGES:
        text = page.read_text("utf-8")
        for found in BLOCK.finditer(text):
            line = text.count("\n", 0, found.start()) + 1
            yield Block(page.relative_to(ROOT).as_posix(), line, found[1], found[2])


BLOCKS = list(_blocks())


def _runs(block: Block) -> bool:
    return block.kind in ("python", "console", "bash", "sh", "shell")


OWN = sorted({block.page for block in BLOCKS if _runs(block)} - ELSEWHERE.keys())


@pytest.mark.parametrize("page", OWN)
def test_the_page_runs(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From top to bottom in one folder: each Python block holds, and each shell line prints what stands below it."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    python = {one.line: one for one in Sybil([PythonCodeBlockParser()]).parse(ROOT / page).examples()}
    for block in (one for one in BLOCKS if one.page == page and _runs(one)):
        if block.kind == "python":
            python[block.line].evaluate()
            continue
        assert block.kind == "console", f"{page}:{block.line}: write it as console, with $ before each line"
        for command, expected in re.findall(r"^\$ (.+)\n((?:(?!\$ ).*\n?)*)", block.text, re.MULTILINE):
            if command not in EXCUSED:
                pattern = ".*".join(map(re.escape, expected.strip().split("…")))
                printed = shown(SHELL + command, tmp_path).strip()
                assert re.fullmatch(pattern, printed, re.DOTALL), f"{page}: {command} prints:\n{printed}"


@pytest.mark.parametrize(("page", "test"), ELSEWHERE.items())
def test_another_test_runs_the_page(page: str, test: str) -> None:
    """A page that is run elsewhere is named there, and has something to run."""
    assert Path(page).name in (Path(__file__).parent / test).read_text("utf-8").replace('" / "', "/")
    assert any(_runs(block) for block in BLOCKS if block.page == page)


def test_every_kind_is_known() -> None:
    """A block is run, or is data; an unmarked one is what something printed, a picture or a command that is excused."""
    known = DATA | {"", "python", "console", "bash"}
    assert {block.kind for block in BLOCKS} <= known


def test_no_command_hides_in_an_unmarked_block() -> None:
    """A line for the shell stands in a block that is run, or in the list of those that are not."""
    hidden = {
        (block.page, line.strip())
        for block in BLOCKS
        if block.kind == ""
        for line in block.text.splitlines()
        if re.match(r"\s*(\$ |replykit |python |pip )", line)
    }
    assert {line for _, line in hidden} <= EXCUSED.keys(), hidden
