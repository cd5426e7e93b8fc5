"""Many replies at once: the reports of the loop, in order, whatever shares the work."""

from __future__ import annotations

import gc
import itertools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import replykit
from replykit import many
from replykit.checker import Checker, checker_for
from replykit.crew import Crew
from replykit.errors import TextError, UsageError

TEXTS = [
    "呵呵，大哥，这个没办法的。",
    "您好，已经为您查到，包裹今天下午送到。",
    "親，這個沒辦法喔",
    "",
    "没 有 办 法",
    "大概可能吧\ud800",
]


@pytest.fixture(scope="module")
def checker() -> Checker:
    """The checker of the built-in playbook."""
    return checker_for(replykit.load_playbook("zh"))


@pytest.mark.parametrize(("processes", "chunk"), [(1, 500), (2, 1), (2, 3), (3, 7)])
def test_reports_are_those_of_the_loop(checker: Checker, processes: int, chunk: int) -> None:
    """One process or several, small chunks or large: equal reports in equal order."""
    texts = [f"{text}{number}" for number in range(5) for text in TEXTS]
    assert list(checker.check_many(texts, processes=processes, chunk=chunk)) == [checker.check(t) for t in texts]


def test_a_large_number_goes_to_other_processes_by_itself(monkeypatch: pytest.MonkeyPatch, checker: Checker) -> None:
    """From the number on where they pay, processes are started without being asked for; below, none is."""
    monkeypatch.setattr(many, "WORTH_PROCESSES", 20)
    monkeypatch.setattr(many, "cores", lambda: 2)
    started = []
    start = Crew._start

    def noted(crew: Crew, hand: Any) -> subprocess.Popen[bytes]:
        started.append(crew)
        return start(crew, hand)

    monkeypatch.setattr(Crew, "_start", noted)
    for size in (19, 20, 41):
        texts = [TEXTS[n % len(TEXTS)] for n in range(size)]
        assert list(checker.check_many(texts, chunk=6)) == [checker.check(text) for text in texts]
        assert bool(started) is (size >= 20)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text("没有办法，。 ok大概", max_size=12), max_size=9), st.integers(1, 4))
def test_nothing_is_lost_between_chunks(texts: list[str], size: int) -> None:
    """Reading in parts keeps every text and its place."""
    parts = list(many._parts(iter(texts), size))
    assert [text for part in parts for text in part.texts] == texts
    assert [part.is_last for part in parts] == [False] * (len(parts) - 1) + [True]


@pytest.mark.parametrize("processes", [1, 2, None])
def test_an_endless_iterator_is_read_only_as_far_as_needed(checker: Checker, processes: int | None) -> None:
    """What is read ahead has a bound, however many replies follow; closing the iterator ends the processes."""
    read = itertools.count()
    texts = (f"没办法{next(read)}" for _ in itertools.repeat(None))
    reports = checker.check_many(texts, processes=processes, chunk=10)
    for number, report in enumerate(itertools.islice(reports, 200)):
        assert report.text == f"没办法{number}"
    ahead = next(read) - 200
    assert ahead <= (many.WORTH_PROCESSES if processes is None else 10 * 4 * processes)
    reports.close()  # type: ignore[attr-defined]


@pytest.fixture
def crews(monkeypatch: pytest.MonkeyPatch) -> list[Crew]:
    """The crews that are started."""
    crews: list[Crew] = []
    dismiss = Crew.dismiss

    def noted(crew: Crew) -> None:
        crews.append(crew)
        dismiss(crew)

    monkeypatch.setattr(Crew, "dismiss", noted)
    return crews


def test_processes_end_with_a_consumer_that_raises(checker: Checker, crews: list[Crew]) -> None:
    """When the loop over the reports ends with an error, no process is left."""

    def consume() -> None:
        for number, _ in enumerate(checker.check_many(itertools.repeat("没办法"), processes=2, chunk=5)):
            if number == 50:
                raise KeyError(number)

    with pytest.raises(KeyError):
        consume()
    assert crews
    assert all(process.returncode is not None for crew in crews for process in crew._processes)


def test_a_lost_process_loses_no_report(monkeypatch: pytest.MonkeyPatch, checker: Checker) -> None:
    """Where a process is killed, this one does its work."""
    do = Crew._do

    def killed(crew: Crew, texts: list[str]) -> object:
        found = do(crew, texts)
        for process in crew._processes:
            process.kill()
        return found

    monkeypatch.setattr(Crew, "_do", killed)
    texts = TEXTS * 10
    assert list(checker.check_many(texts, processes=2, chunk=4)) == [checker.check(text) for text in texts]


@pytest.mark.parametrize("ends", ["return", "import sys; sys.stdin.buffer.read(100)", "raise SystemExit(3)"])
def test_a_process_that_ends_before_it_has_read_takes_nothing_along(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ends: str
) -> None:
    """Whatever was on its way is given up with the process: no work is lost, and nothing is written once more later."""
    (tmp_path / "leaver.py").write_text(f"def work():\n    {ends}\n", "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    crew = Crew("leaver", "given " * 100_000, 2)
    try:
        assert [crew.do("work " * 50_000).result(timeout=60) for _ in range(6)] == [None] * 6
    finally:
        crew.dismiss()
    assert all(pipe and pipe.closed for process in crew._processes for pipe in (process.stdin, process.stdout))
    del crew
    gc.collect()  # an error on the way out would be one of this test


def test_no_process_at_all_loses_nothing(monkeypatch: pytest.MonkeyPatch, checker: Checker) -> None:
    """Where none can be started, this one does the work."""
    monkeypatch.setattr(sys, "executable", str(Path(__file__).parent / "none"))
    texts = TEXTS * 3
    assert list(checker.check_many(texts, processes=2, chunk=4)) == [checker.check(text) for text in texts]


def test_a_playbook_of_ones_own_is_sent(tmp_path: Path) -> None:
    """The other processes know it as well as this one does."""
    own = tmp_path / "own.toml"
    own.write_text(
        '[playbook]\nextends = "zh"\n[[rule]]\nid = "own"\nprinciple = "positive-wording"\nseverity = "error"\n'
        'kind = "phrase"\nphrases = ["蓝天"]\nmessage = "m"\nsource = "s"\nbad = ["蓝天"]\ngood = ["天"]\n',
        "utf-8",
    )
    checker = checker_for(replykit.load_playbook(str(own)))
    reports = list(checker.check_many(["蓝天", "没办法", "好的"] * 4, processes=2, chunk=2))
    assert [report.ok for report in reports] == [False, False, True] * 4
    assert reports[0].violations[0].rule == "own"


@pytest.mark.parametrize("processes", [1, 2, None])
def test_what_is_no_text_raises_in_its_turn(checker: Checker, processes: int | None) -> None:
    """The reports before it come first."""
    reports = checker.check_many(["没办法", "好的", 3, "好的"], processes=processes, chunk=4)  # type: ignore[list-item]
    assert [next(reports).ok, next(reports).ok] == [False, True]
    with pytest.raises(TextError, match="int"):
        next(reports)


@pytest.mark.parametrize("processes", [1, 2, None])
def test_what_the_iterator_raises_is_raised_in_its_turn(checker: Checker, processes: int | None) -> None:
    """An error of the caller's own iterator comes after the reports of what it gave."""

    def texts() -> Iterator[str]:
        yield from ("没办法", "好的", "没办法")
        raise LookupError("row 4")

    reports = checker.check_many(texts(), processes=processes, chunk=2)
    assert [next(reports).ok for _ in range(3)] == [False, True, False]
    with pytest.raises(LookupError, match="row 4"):
        next(reports)


@pytest.mark.parametrize("arguments", [{"processes": 0}, {"chunk": 0}])
def test_a_number_below_one_is_refused_at_once(checker: Checker, arguments: dict[str, int]) -> None:
    """Before anything is read."""
    with pytest.raises(UsageError, match="at least 1"):
        checker.check_many([], **arguments)


def test_a_script_needs_no_guard(tmp_path: Path) -> None:
    """A script without `if __name__ == "__main__"` is not run again by the processes."""
    script = tmp_path / "all.py"
    script.write_text(
        "print('once')\nimport replykit\n"
        "texts = ['没办法', '好的'] * 20\n"
        "reports = list(replykit.check_many(texts, processes=2))\n"
        "assert reports == [replykit.check(text) for text in texts]\nprint(len(reports))\n",
        "utf-8",
    )
    done = subprocess.run([sys.executable, script], capture_output=True, encoding="utf-8", timeout=120)
    assert (done.stdout.split(), done.stderr) == (["once", "40"], "")
