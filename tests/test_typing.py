"""Whoever types their program gets right types from the package, by mypy and by pyright, and is told of mistakes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAMS = Path(__file__).parent / "typing"
GOOD = ("bot.py", "sheet.py")


def _mypy(*names: str) -> set[tuple[str, int]]:
    """Where mypy finds something wrong, as a user runs it: strict, without this project's settings and plugin."""
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file=", *names],
        cwd=PROGRAMS,
        capture_output=True,
        encoding="utf-8",
        timeout=600,
    )
    assert done.returncode in (0, 1), done.stderr
    return {(name, int(line)) for name, line in re.findall(r"^(\w+\.py):(\d+): error:", done.stdout, re.MULTILINE)}


def _pyright(folder: Path) -> set[tuple[str, int]]:
    """Where pyright does, in its strict mode; it comes as basedpyright, which has its own JavaScript runtime."""
    settings = {
        "include": [str(PROGRAMS)],
        "typeCheckingMode": "strict",
        "pythonVersion": "3.11",
    }
    project = folder / "pyrightconfig.json"
    project.write_text(json.dumps(settings), "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "basedpyright", "--outputjson", "--pythonpath", sys.executable],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        timeout=600,
    )
    assert done.returncode in (0, 1), done.stderr
    found = json.loads(done.stdout)["generalDiagnostics"]
    return {(Path(one["file"]).name, one["range"]["start"]["line"] + 1) for one in found}


def _marked() -> set[tuple[str, int]]:
    lines = (PROGRAMS / "mistakes.py").read_text("utf-8").splitlines()
    return {("mistakes.py", number) for number, line in enumerate(lines, 1) if line.endswith("# wrong")}


def test_mypy() -> None:
    """`mypy --strict` finds nothing in what users write, and every mistake in what they should not."""
    marked = _marked()
    assert len(marked) >= 10
    assert _mypy(*GOOD, "mistakes.py") == marked


def test_pyright(tmp_path: Path) -> None:
    """Pyright in its strict mode finds the same."""
    assert _pyright(tmp_path) == _marked()


@pytest.mark.parametrize("name", [*GOOD, "mistakes.py"])
def test_the_programs_are_for_users(name: str) -> None:
    """The programs import public names alone."""
    modules = re.findall(r"^(?:from|import) (replykit[\w.]*)", (PROGRAMS / name).read_text("utf-8"), re.MULTILINE)
    assert set(modules) <= {"replykit", "replykit.testing"}
