"""Baselines: what is accepted passes, what is new fails, what is gone is named."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def replies(tmp_path: Path) -> Path:
    """A file with three errors."""
    file = tmp_path / "a.txt"
    file.write_text("没办法\n呵呵\n这个没办法的\n", "utf-8")
    return file


def _accepted(tmp_path: Path) -> Any:
    return json.loads((tmp_path / "base.json").read_text("utf-8"))["accepted"]


@pytest.mark.usefixtures("replies")
def test_todays_findings_are_accepted(check: Any, tmp_path: Path) -> None:
    """What is found is written, counted and sorted, passes then, and nothing of it is shown."""
    ran = check("a.txt", "--write-baseline", "base.json")
    assert ran == (0, "", "3 replies, 3 without errors: no errors (3 accepted in base.json)\n")
    assert (tmp_path / "base.json").read_text("utf-8") == (
        '{\n  "accepted": {\n    "a.txt": {\n      "brush-off-no-way": {\n        "没办法": 2\n      },\n'
        '      "register-laughter": {\n        "呵呵": 1\n      }\n    }\n  },\n  "ignore": {},\n  "version": 1\n}\n'
    )
    ran = check("a.txt", "--baseline", "base.json")
    assert ran == (0, "", "3 replies, 3 without errors: no errors (3 accepted by the baseline)\n")


def test_new_findings_fail(check: Any, replies: Path) -> None:
    """One more of a kind fails, and so do other words, another rule or another file; lines and script may change."""
    check("a.txt", "--write-baseline", "base.json")
    before = replies.read_text("utf-8")
    for passes in ("您好\n\n" + before, "呵呵\n這個沒辦法的\n没办法\n"):
        replies.write_text(passes, "utf-8")
        assert check("a.txt", "--baseline", "base.json").code == 0
    for fails in (before + "没办法\n", before + "哈哈\n", before + "是仓库发错了\n"):
        replies.write_text(fails, "utf-8")
        ran = check("a.txt", "--baseline", "base.json")
        assert (ran.code, ran.out.count(" error ")) == (1, 1), ran
    replies.rename(replies.with_name("b.txt"))
    assert check("b.txt", "--baseline", "base.json").code == 1


@pytest.mark.parametrize("format", ["json", "github", "sarif"])
@pytest.mark.usefixtures("replies")
def test_accepted_findings_are_in_no_format(format: str, check: Any) -> None:
    """What is accepted is missing from every format."""
    check("a.txt", "--write-baseline", "base.json")
    assert "没办法把" not in check("a.txt", "--baseline", "base.json", "--format", format).out


def test_stale_entries_are_named(check: Any, replies: Path) -> None:
    """An entry that accepts more than there is stands on standard error, and the exit code stays."""
    check("a.txt", "--write-baseline", "base.json")
    replies.write_text("没办法\n", "utf-8")
    ran = check("a.txt", "--baseline", "base.json")
    assert ran.code == 0
    assert ran.err.splitlines()[:2] == [
        "stale: base.json: a.txt: brush-off-no-way '没办法': 2 accepted, 1 found",
        "stale: base.json: a.txt: register-laughter '呵呵': 1 accepted, 0 found",
    ]


def test_what_was_not_checked_is_not_stale(check: Any, replies: Path) -> None:
    """Entries of other files and of rules that were left out say nothing, but those of a file that is gone do."""
    check("a.txt", "--write-baseline", "base.json")
    replies.with_name("b.txt").write_text("您好\n", "utf-8")
    assert "stale" not in check("b.txt", "--baseline", "base.json").err
    assert "stale" not in check("a.txt", "--baseline", "base.json", "--severity", "error").err
    replies.write_text("没办法\n没办法\n", "utf-8")
    assert "stale" not in check("a.txt", "--baseline", "base.json", "--select", "no-brush-off").err
    replies.unlink()
    assert check("b.txt", "--baseline", "base.json").err.count("stale") == 2


def test_writing_keeps_what_was_not_checked(check: Any, replies: Path, tmp_path: Path) -> None:
    """A second writing renews the entries of its own files and rules, drops files that are gone, and keeps the rest."""
    for name in ("b.txt", "c.txt"):
        (tmp_path / name).write_text("呵呵\n", "utf-8")
    check("*.txt", "--write-baseline", "base.json")
    (tmp_path / "c.txt").unlink()
    replies.write_text("没办法\n", "utf-8")
    check("a.txt", "--select", "no-brush-off", "--write-baseline", "base.json")
    assert _accepted(tmp_path) == {
        "a.txt": {"brush-off-no-way": {"没办法": 1}, "register-laughter": {"呵呵": 1}},
        "b.txt": {"register-laughter": {"呵呵": 1}},
    }
    replies.write_text("您好\n", "utf-8")
    check("a.txt", "--write-baseline", "base.json")
    assert list(_accepted(tmp_path)) == ["b.txt"]


def test_the_threshold_and_the_baseline(check: Any, tmp_path: Path) -> None:
    """With --severity error warnings are not accepted, so they show again without it."""
    (tmp_path / "a.txt").write_text("好的哦\n呵呵\n", "utf-8")
    check("a.txt", "--severity", "error", "--write-baseline", "base.json")
    assert list(_accepted(tmp_path)["a.txt"]) == ["register-laughter"]
    assert "1 warning (1 accepted" in check("a.txt", "--baseline", "base.json").err


def test_what_a_file_may_ignore(check: Any, tmp_path: Path) -> None:
    """The baseline ignores rules and principles in a file or below a folder, there alone, and writing keeps that."""
    (tmp_path / "old").mkdir()
    for name in ("a.txt", "old/b.txt", "older.txt"):
        (tmp_path / name).write_text("呵呵，没办法\n", "utf-8")
    ignored = {"a.txt": ["no-brush-off"], "old/": ["register-laughter", "no-brush-off"]}
    (tmp_path / "base.json").write_text(json.dumps({"version": 1, "ignore": ignored}), "utf-8")
    ran = check("**/*.txt", "--baseline", "base.json", "--format", "github")
    assert [line.split("::")[1].split(",")[0] for line in ran.out.splitlines()] == [
        "error file=a.txt",
        "error file=older.txt",
        "error file=older.txt",
    ]
    check("**/*.txt", "--write-baseline", "base.json")
    assert json.loads((tmp_path / "base.json").read_text("utf-8"))["ignore"] == ignored
    assert list(_accepted(tmp_path)) == ["a.txt", "older.txt"]


def test_files_are_named_from_the_baselines_folder(check: Any, replies: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A baseline holds wherever the command is run."""
    check("a.txt", "--write-baseline", "base.json")
    folder = replies.parent / "deep"
    folder.mkdir()
    monkeypatch.chdir(folder)
    assert check(os.path.join("..", "a.txt"), "--baseline", "../base.json").code == 0
    assert check(str(replies), "--baseline", "../base.json").code == 0


def test_standard_input_and_arguments(check: Any) -> None:
    """A text without a file is accepted as such."""
    check("呵呵", "--write-baseline", "base.json")
    assert check("呵呵", "--baseline", "base.json").code == 0
    assert check("没办法", "--baseline", "base.json").code == 1


BROKEN = {
    "missing": (None, "there is no baseline 'base.json'; write one with --write-baseline"),
    "no JSON": ("<<<<<<< HEAD", "not valid JSON"),
    "no object": ("[]", "the file"),
    "another version": ('{"version": 2}', "version"),
    "an unknown field": ('{"version": 1, "rules": {}}', "rules"),
    "no count": ('{"version": 1, "accepted": {"a.txt": {"x": {"y": 0}}}}', "accepted.a.txt.x.y"),
    "an unknown id": ('{"version": 1, "ignore": {"a.txt": ["no-blam"]}}', "did you mean 'no-blame'?"),
    "nested too deep": ("[" * 200_000, "not valid JSON"),
}


@pytest.mark.usefixtures("replies")
@pytest.mark.parametrize(("content", "words"), BROKEN.values(), ids=BROKEN)
def test_broken_baselines(content: str | None, words: str, check: Any, tmp_path: Path) -> None:
    """A baseline that cannot be used is one line and exit code 2, and is left as it is."""
    if content is not None:
        (tmp_path / "base.json").write_text(content, "utf-8")
    options = ["--baseline"] if content is None else ["--baseline", "--write-baseline"]
    for option in options:
        ran = check("a.txt", option, "base.json")
        assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1), ran
        assert words in ran.err
    assert content is None or (tmp_path / "base.json").read_text("utf-8") == content


@pytest.mark.usefixtures("replies")
def test_a_baseline_that_cannot_be_written(check: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where writing fails, the old baseline stands as it was, and nothing is left beside it."""
    ran = check("a.txt", "--write-baseline", "nowhere/base.json")
    assert (ran.code, ran.out) == (2, "")
    assert "nowhere/base.json cannot be written" in ran.err
    (tmp_path / "base.json").write_text('{"version": 1}', "utf-8")

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    ran = check("a.txt", "--write-baseline", "base.json")
    assert (ran.code, "No space left" in ran.err) == (2, True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.txt", "base.json"]
    assert (tmp_path / "base.json").read_text("utf-8") == '{"version": 1}'


@pytest.mark.usefixtures("replies")
def test_one_baseline_at_a_time(check: Any) -> None:
    """Reading one baseline and writing another is refused."""
    assert check("a.txt", "--baseline", "x", "--write-baseline", "y").code == 2
