"""A release: one version, licences that bind nobody, and a guide for contributors whose commands run."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import clean_clone
import pytest
import write_dependencies
from write_dependencies import EXCEPTIONS, Package, is_permissive, licence, refused

import replykit

ROOT = Path(__file__).parent.parent
GUIDE = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
COMMANDS = [
    line
    for block in re.findall(r"^```console\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
    for line in re.findall(r"^\$ (.+)$", block, re.MULTILINE)
]
MADE = [command for command in COMMANDS if command.startswith("make ")]
CHECKED = subprocess.run(
    ["make", "--dry-run", "--old-file", ".venv/tested", "test"],
    cwd=ROOT,
    capture_output=True,
    encoding="utf-8",
    check=True,
).stdout.splitlines()
HERE = [command for command in COMMANDS if command not in MADE + CHECKED]


def test_the_version_stands_in_one_place() -> None:
    """The package, its metadata and the changelog agree, and no other file of the build names a version."""
    assert metadata.version("replykit") == replykit.__version__
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    assert not re.search(r"^version\s*=", project, re.MULTILINE)
    assert "## [Unreleased]" in (ROOT / "CHANGELOG.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("expression", "words", "classifiers", "found"),
    [
        ("MIT OR Apache-2.0", "", [], "MIT OR Apache-2.0"),
        ("MIT", "GPL", [], "MIT"),
        ("", "Apache 2.0", [], "Apache-2.0"),
        ("", "", ["License :: OSI Approved :: BSD License"], "BSD-2-Clause OR BSD-3-Clause"),
        ("", "Copyright (c) 2020\n\nPermission is …", ["License :: OSI Approved :: MIT License"], "MIT"),
        ("", "", ["Programming Language :: Python"], "unknown: nothing is said"),
        ("", "Do what you like", [], "unknown: Do what you like"),
    ],
)
def test_a_licence_is_read(expression: str, words: str, classifiers: list[str], found: str) -> None:
    """An SPDX expression counts first, then a name, then a classifier; what is none of these is unknown."""
    assert licence(expression, words, classifiers) == found


@pytest.mark.parametrize(
    ("expression", "permitted"),
    [
        ("MIT", True),
        ("MIT OR GPL-3.0-only", True),
        ("MIT AND GPL-3.0-only", False),
        ("(MIT OR GPL-2.0-only) AND ISC", True),
        ("GPL-3.0-or-later", False),
        ("AGPL-3.0-only", False),
        ("LGPL-2.1-or-later", False),
        ("GPL-2.0-only WITH Classpath-exception-2.0", False),
        ("unknown: Do what you like", False),
    ],
)
def test_what_binds_its_users_is_not_permissive(expression: str, permitted: bool) -> None:
    """One permissive choice is enough, every part of a whole must be; what is not understood is not permitted."""
    assert is_permissive(expression) is permitted


def test_an_exception_holds_for_its_package_and_licence_alone() -> None:
    """Neither another package under that licence nor that package under another one passes."""
    name, (its, _) = next(iter(EXCEPTIONS.items()))
    assert not refused([Package(name, its, (), ())])
    assert len(refused([Package("another", its, (), ()), Package(name, "GPL-3.0-only", (), ())])) == 2


def test_no_dependency_binds_who_uses_it(capsys: pytest.CaptureFixture[str]) -> None:
    """Every package that replykit brings is permissive or excepted, and the document names what it asks for."""
    assert write_dependencies.main(["--check"]) == 0, capsys.readouterr().err
    assert {one.name for one in write_dependencies.walked()} >= set(write_dependencies.direct())


def test_ci_runs_what_the_guide_makes() -> None:
    """Each `make …` of the guide stands in CI's script as it stands there, and style and types in what that makes."""
    assert set(MADE) <= set((ROOT / ".ci" / "run").read_text("utf-8").splitlines())
    assert MADE
    assert len(HERE) < len(COMMANDS) - len(MADE)


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clean clone with this environment in it."""
    if not clean_clone.has_history():
        pytest.skip("this is no repository, so there is nothing to clone")
    target = tmp_path_factory.mktemp("clean") / "replykit"
    clean_clone.take_clone(target)
    (target / ".venv").symlink_to(sys.prefix)
    return target


@pytest.mark.parametrize("command", HERE)
def test_the_guide_runs(command: str, clone: Path) -> None:
    """Every other command of the guide does its work in a clean clone."""
    program, *arguments = shlex.split(command)
    # The environment's package is the one of the work tree; the clone's own comes first.
    env = {
        name: value for name, value in os.environ.items() if not name.startswith(("REPLYKIT_", "OPENAI_", "PYTEST_"))
    }
    done = subprocess.run(
        [str(clone / program), *arguments],
        cwd=clone,
        env=env | {"PYTHONPATH": str(clone), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_files_named_in_the_guides_are_there() -> None:
    """Every link and every script that the guides name leads somewhere."""
    for text in (GUIDE, (ROOT / "SECURITY.md").read_text("utf-8")):
        for target in re.findall(r"\]\(([^)#:]+)\)", text) + re.findall(r"scripts/\w+\.\w+", text):
            assert (ROOT / target).is_file(), target
