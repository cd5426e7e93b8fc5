"""The ledger: what it holds survives whatever ends the run, and nothing else is taken for it."""

from __future__ import annotations

import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from replykit.batch.ledger import Ledger
from replykit.errors import LedgerError
from replykit.records import Completion

ANSWER = Completion(text="您好", outcome="complete", finish_reason="stop")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a ledger may be."""
    return tmp_path / "polished.xlsx.ledger"


def filled(path: Path, count: int) -> None:
    """Write a ledger with so many answered calls and results."""
    ledger = Ledger(path)
    ledger.begin(keep_skipped=False)
    for number in range(count):
        key = number.to_bytes(16, "big")
        ledger.enter([(number, number + 2, key)])
        attempt, _ = ledger.sent(key, 0, b"asked", 100)
        ledger.done(attempt, ANSWER, 20)
        if number % 2:
            ledger.finish([(key, f'{{"number": {number}}}', "final")])
    ledger.close()


def test_what_was_written_is_read_again(path: Path) -> None:
    """Answers, costs and results are there after the ledger was closed and opened."""
    filled(path, 4)
    ledger = Ledger(path)
    assert ledger.answer((0).to_bytes(16, "big"), 0, b"asked") == ANSWER
    assert ledger.answer((0).to_bytes(16, "big"), 1, b"asked") is None
    assert ledger.answer((0).to_bytes(16, "big"), 0, b"another") is None
    assert ledger.tokens() == 80
    assert list(ledger.results()) == [(3, None, '{"number": 1}'), (5, None, '{"number": 3}')]
    ledger.close()


def test_answers_behind_a_final_result_are_dropped(path: Path) -> None:
    """The ledger keeps no text longer than the job needs it."""
    filled(path, 4)
    ledger = Ledger(path)
    assert ledger.answer((1).to_bytes(16, "big"), 0, b"asked") is None
    assert ledger.tokens() == 80
    ledger.close()


def test_it_is_its_owners_alone(path: Path) -> None:
    """Other users of the machine cannot read a ledger."""
    filled(path, 1)
    ledger = Ledger(path)
    for file in path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    ledger.close()
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("elsewhere", [False, True])
def test_one_run_at_a_time(path: Path, elsewhere: bool) -> None:
    """A second start is refused in words, here as in another process, and nothing happens to the first."""
    ledger = Ledger(path)
    ledger.begin(keep_skipped=False)
    if elsewhere:
        code = f"from replykit.batch.ledger import Ledger; Ledger({str(path)!r})"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
        assert "is in use: the same job is running" in done.stderr
    else:
        with pytest.raises(LedgerError, match="is in use: the same job is running"):
            Ledger(path)
    ledger.enter([(0, 1, b"key")])
    ledger.close()
    Ledger(path).close()


@pytest.mark.parametrize("content", [b"editing a file\n" * 500, b"PK\x03\x04", b"SQLite format 3\0" + b"\xff" * 2000])
def test_other_files_are_left_alone(path: Path, content: bytes) -> None:
    """A file that is no ledger is refused and stays what it is."""
    path.write_bytes(content)
    with pytest.raises(LedgerError, match="is no ledger"):
        Ledger(path)
    assert path.read_bytes() == content
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_other_databases_are_left_alone(path: Path) -> None:
    """So is another program's database."""
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE mine (x)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(LedgerError, match="no ledger of replykit"):
        Ledger(path)
    assert path.read_bytes() == before


def test_newer_ledgers_are_left_alone(path: Path) -> None:
    """A ledger of a later version is not guessed at."""
    filled(path, 1)
    newer = sqlite3.connect(path)
    newer.execute("PRAGMA user_version = 99")
    newer.close()
    with pytest.raises(LedgerError, match="newer replykit"):
        Ledger(path)


@pytest.mark.parametrize("name", ["", "missing/polished.ledger"])
def test_impossible_places_are_refused(tmp_path: Path, name: str) -> None:
    """A folder, or a file in no folder, is refused in one sentence."""
    with pytest.raises(LedgerError, match="cannot be opened"):
        Ledger(tmp_path / name)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger of some hundred pages."""
    path = tmp_path_factory.mktemp("large") / "ledger"
    filled(path, 300)
    return path


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.floats(0.05, 0.999))
def test_a_cut_off_ledger_is_rescued(large: Path, tmp_path: Path, cut: float) -> None:
    """Of a ledger whose tail is gone, what can be read is kept, and the damaged file as well."""
    path = tmp_path / "cut"
    for left in tmp_path.iterdir():
        left.unlink()
    path.write_bytes(large.read_bytes()[: int(large.stat().st_size * cut)])
    ledger = Ledger(path)
    ledger.begin(keep_skipped=False)
    answers = [ledger.answer(n.to_bytes(16, "big"), 0, b"asked") for n in range(0, 300, 2)]
    assert set(answers) <= {ANSWER, None}
    if cut > 0.9:
        assert answers.count(ANSWER) > 75
        assert ledger.run == 2
    assert ("was damaged" in " ".join(ledger.notes)) == (tmp_path / "cut.damaged").exists()
    ledger.close()


def test_nothing_of_a_whole_ledger_is_lost_in_a_rescue(large: Path, tmp_path: Path) -> None:
    """Where only an index is damaged, every answer and result is rescued."""
    path = tmp_path / "index"
    shutil.copy(large, path)
    db = sqlite3.connect(path)
    root = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'attempts_by_key'").fetchone()[0]
    size = db.execute("PRAGMA page_size").fetchone()[0]
    db.close()
    content = bytearray(path.read_bytes())
    content[(root - 1) * size : root * size] = b"\xee" * size
    path.write_bytes(content)
    ledger = Ledger(path)
    assert "300 answers were rescued" in ledger.notes[0]
    assert ledger.tokens() == 6000
    ledger.close()


def test_a_full_disk_takes_what_is_under_way(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the disk is full, what was answered is written in the room kept for it, and nothing new may leave."""
    ledger = Ledger(path)
    ledger.begin(keep_skipped=False)
    attempt, _ = ledger.sent(b"key", 0, b"asked", 100)
    spare = path.with_name(path.name + "-spare")
    assert spare.stat().st_blocks * 512 >= 1 << 20
    commit = Ledger._commit

    def full(self: Ledger, work: object) -> object:
        if spare.exists():
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorname = "SQLITE_FULL"
            raise error
        return commit(self, work)  # type: ignore[arg-type]

    monkeypatch.setattr(Ledger, "_commit", full)
    ledger.done(attempt, ANSWER, 20)
    assert not spare.exists()
    with pytest.raises(LedgerError, match="disk is full"):
        ledger.sent(b"other", 0, b"asked", 100)
    ledger.close()
    monkeypatch.undo()
    again = Ledger(path)
    assert again.answer(b"key", 0, b"asked") == ANSWER
    again.close()


def test_a_disk_without_any_room_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where even the kept room does not help, the error says what to do."""
    ledger = Ledger(path)

    def full(self: Ledger, work: object) -> Iterator[None]:
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorname = "SQLITE_FULL"
        raise error

    monkeypatch.setattr(Ledger, "_commit", full)
    with pytest.raises(LedgerError, match="make room, then run the same again"):
        ledger.begin(keep_skipped=False)
    ledger.close()


def test_a_temporary_ledger_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a path there is no file."""
    monkeypatch.chdir(tmp_path)
    ledger = Ledger()
    ledger.begin(keep_skipped=False)
    ledger.enter([(0, 1, b"key")])
    ledger.finish([(b"key", "{}", "final")])
    assert list(ledger.results()) == [(1, None, "{}")]
    ledger.close()
    assert list(tmp_path.iterdir()) == []
