"""The snapshot of the built-in playbooks: the same records and literals as the files give, or none at all."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import write_snapshot

from replykit import snapshot
from replykit.checker import Checker
from replykit.loader import BUILT_IN, load_playbook, read_playbook
from replykit.pattern import Pattern
from replykit.playbook import Playbook
from replykit.snapshot import PatternKeys


def test_the_snapshot_is_up_to_date() -> None:
    """It is what scripts/write_snapshot.py writes now; if not, run that."""
    assert snapshot.PATH.read_text("utf-8") == write_snapshot.render()


def test_a_playbook_from_the_snapshot_is_the_one_from_the_files() -> None:
    """Records built without validation equal the validated ones, and dump as they do."""
    fast, read = load_playbook("zh"), read_playbook("zh")[0]
    assert fast == read
    assert fast.model_dump() == read.model_dump()
    assert Playbook.model_validate_json(fast.model_dump_json()) == read


def test_a_changed_file_makes_the_snapshot_void(tmp_path: Path) -> None:
    """One character more in one file, and the files are read."""
    folder = tmp_path / "zh"
    shutil.copytree(BUILT_IN / "zh", folder)
    assert snapshot.digest(folder) == snapshot.digest(BUILT_IN / "zh")
    (folder / "words.toml").write_text((folder / "words.toml").read_text("utf-8") + "\n", "utf-8")
    assert snapshot.digest(folder) != snapshot.digest(BUILT_IN / "zh")
    assert snapshot.playbook_fields(folder) is None


def _forget() -> None:
    snapshot._index.cache_clear()
    snapshot._line.cache_clear()


def test_without_a_snapshot_everything_is_derived(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reports are the same where the file is missing."""
    text = "呵呵，大哥，这个没办法的。"
    expected = Checker(load_playbook("zh")).check(text)
    monkeypatch.setattr(snapshot, "PATH", tmp_path / "none.json")
    _forget()
    try:
        assert Checker(read_playbook("zh")[0]).check(text) == expected
    finally:
        _forget()


def test_literals_are_stored_by_pattern_and_word_lists() -> None:
    """A pattern of the playbook is found; one whose word list has grown is not, and is derived."""
    playbook = load_playbook("zh")
    source = next(
        s for rule in playbook.rules if rule.kind == "pattern" for s in rule.patterns if snapshot.REFERENCE.search(s)
    )
    stored = PatternKeys(playbook.words, ["zh"]).literals(source)
    assert stored == Pattern([source], playbook.words).derived_literals(source)
    name = snapshot.REFERENCE.findall(source)[0]
    words = {**playbook.words, name: (*playbook.words[name], "某某某某")}
    assert PatternKeys(words, ["zh"]).literals(source) is None
    own = Pattern([source], words, PatternKeys(words, ["zh"]))
    assert own.literals == Pattern([source], words).literals


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": ["b"]}, {"a": ["b", "c"]}),
        ({"a": ["{b}"], "b": ["c"]}, {"a": ["{b}"], "b": ["d"]}),
        ({"a": ["b"]}, {}),
        ({"a": ["bc"]}, {"a": ["b", "c"]}),
    ],
)
def test_the_key_of_a_pattern_changes_with_every_list_that_it_reaches(
    one: dict[str, list[str]], other: dict[str, list[str]]
) -> None:
    """Lists inside lists count; a list that refers to itself ends."""
    assert PatternKeys(one).key("x{a}") != PatternKeys(other).key("x{a}")
    assert PatternKeys(one).key("x") == PatternKeys(other).key("x")
    assert PatternKeys({"a": ["{a}"]}).key("{a}")


def test_what_is_stored_of_a_condition_is_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pattern that no literal in a text calls for is not compiled, and finds nothing when it is."""
    playbook = load_playbook("zh")
    source = "{next_step}"
    stored = PatternKeys(playbook.words, ["zh"]).needs(source)
    assert stored is not None
    assert frozenset(stored) == Pattern([source], playbook.words).literals.triggers
    pattern = Pattern([source], playbook.words, PatternKeys(playbook.words, ["zh"]))
    text = "这个没办法的。"
    assert not pattern.search(text)
    assert not list(pattern.spans(text))
    assert not pattern.covers(text, 0, 1)
    assert "_compiled" not in vars(pattern)
    assert pattern.search("我马上联系站点核实")
    assert "_compiled" in vars(pattern)
    assert not pattern.search(text)


@pytest.mark.parametrize("line", range(5))
def test_every_line_is_where_the_index_says(line: int) -> None:
    """The index holds where each line begins and ends, whatever its own length."""
    content = snapshot.PATH.read_bytes().split(b"\n")
    index = json.loads(content[0])
    if line < len(index["lines"]):
        name, (start, size) = list(index["lines"].items())[line]
        assert content[line + 1] + b"\n" == b"".join(part + b"\n" for part in content[1:-1])[start : start + size]
        assert snapshot._line(name) == json.loads(content[line + 1])
