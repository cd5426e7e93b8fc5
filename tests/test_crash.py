"""The promise: nothing completed is lost or asked for again; at most what was under way at a crash is asked twice."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import server as fault
from canned import SlowModel, by_row, finished, respond, rows
from hypothesis import given, settings
from hypothesis import strategies as st
from server import Server

from replykit import AsyncReplyKit, PolishedRow, ReplyKit, errors
from replykit.batch import Job
from replykit.batch.ledger import Ledger

COUNT, AT_ONCE = 30, 4


class Moment(NamedTuple):
    """The files of a ledger at one moment of a run.

    Attributes:
        ledger: the database.
        wal: its log.
        done: rows whose result had been handed over.
        asked: how often each request had been asked.
    """

    ledger: bytes
    wal: bytes
    done: frozenset[int]
    asked: dict[str, int]


class Run(NamedTuple):
    """An undisturbed run.

    Attributes:
        rows: what became of the rows.
        asked: every request.
        moments: the ledger before and after every commit.
    """

    rows: list[PolishedRow]
    asked: dict[str, int]
    moments: list[Moment]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Polish some rows, and keep the ledger's files as they are before and after each commit."""
    path = tmp_path_factory.mktemp("run") / "ledger"
    model, moments, done = SlowModel(), list[Moment](), set[int]()
    commit = Ledger._commit

    def noted(self: Ledger, work: Callable[[Any], Any]) -> Any:
        keep()
        result = commit(self, work)
        keep()
        return result

    def keep() -> None:
        wal = path.with_name("ledger-wal")
        moments.append(Moment(path.read_bytes(), wal.read_bytes(), frozenset(done), dict(model.asked)))

    polished = []
    with pytest.MonkeyPatch.context() as patch, Job(AsyncReplyKit(chat=model), ledger=path, concurrency=AT_ONCE) as job:
        patch.setattr(Ledger, "_commit", noted)
        for row in job.run(rows(COUNT)):
            done.add(row.row)
            polished.append(row)
    assert len(moments) > 80
    return Run(by_row(polished), dict(model.asked), moments)


def gone_on_with(folder: Path, ledger: bytes, wal: bytes) -> tuple[list[PolishedRow], SlowModel, Job]:
    """Run the job to its end from a ledger's files."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / "ledger").write_bytes(ledger)
    (folder / "ledger-wal").write_bytes(wal)
    model = SlowModel()
    job = Job(AsyncReplyKit(chat=model), ledger=folder / "ledger", concurrency=AT_ONCE)
    return finished(job, COUNT), model, job


@settings(max_examples=30, deadline=None)
@given(at=st.floats(0, 1, exclude_max=True))
def test_from_any_moment_it_goes_on(run: Run, tmp_path_factory: pytest.TempPathFactory, at: float) -> None:
    """Ended before or after any commit: equal results, and nothing twice but what was under way, which is counted."""
    moment = run.moments[int(at * len(run.moments))]
    polished, model, job = gone_on_with(tmp_path_factory.getbasetemp() / "moment", moment.ledger, moment.wal)
    assert polished == run.rows
    assert set(model.asked) <= set(run.asked)
    twice = [request for request in model.asked if request in moment.asked]
    assert len(twice) <= job.progress.repeated <= AT_ONCE
    assert all(times == 1 for times in model.asked.values())
    for row in moment.done:  # what was handed over is never asked again
        assert not [request for request in model.asked if run.rows[row - 1].original in request]


@settings(max_examples=25, deadline=None)
@given(at=st.floats(0.1, 1, exclude_max=True), cut=st.floats(0, 1), noise=st.booleans())
def test_a_torn_log_costs_its_tail_only(
    run: Run, tmp_path_factory: pytest.TempPathFactory, at: float, cut: float, noise: bool
) -> None:
    """A log that is cut off or overwritten from some byte on, as after a power cut: equal results."""
    moment = run.moments[int(at * len(run.moments))]
    place = int(cut * len(moment.wal))
    wal = moment.wal[:place] + (random.Random(place).randbytes(len(moment.wal) - place) if noise else b"")
    polished, model, _ = gone_on_with(tmp_path_factory.getbasetemp() / "torn", moment.ledger, wal)
    assert polished == run.rows
    assert all(times == 1 for times in model.asked.values())
    assert set(model.asked) <= set(run.asked)


# Imports take seconds, so that one process makes them and each run is a fork of it, to be killed by its own id.
NURSERY = f"""
import json, os, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
import openai
from canned import rows
from replykit import ReplyKit
from replykit.batch import Job
ReplyKit(model="m", base_url="http://localhost/v1").check("没办法")
for line in sys.stdin:
    url, ledger, count, told = json.loads(line)
    child = os.fork()
    if child:
        print(child, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
        continue
    with open(told, "w", buffering=1) as out:
        kit = ReplyKit(model="m", base_url=url, api_key="k", timeout=20.0)
        with Job(kit, ledger=ledger, concurrency={AT_ONCE}) as job:
            for row in job.run(rows(count)):
                print(row.row, file=out)
            print("end", job.is_complete, job.progress.repeated, file=out)
    os._exit(0)
"""
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")


class Nursery:
    """Starts jobs in processes of their own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process = subprocess.Popen(
            [sys.executable, "-c", NURSERY], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def start(self, server: Server, ledger: Path, count: int) -> int:
        """Start a job and return the process's id."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps([server.url, str(ledger), count, str(self._folder / "told")]) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def end(self) -> tuple[int, str]:
        """Wait for its end, and return its exit code and what it told."""
        assert self._process.stdout
        code = int(self._process.stdout.readline())
        return code, (self._folder / "told").read_text()

    def close(self) -> None:
        """End the nursery."""
        self._process.communicate(timeout=60)


@pytest.fixture(scope="module")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    """Where jobs are started."""
    nursery = Nursery(tmp_path_factory.mktemp("nursery"))
    yield nursery
    nursery.close()


@needs_fork
def test_kill_minus_nine_at_random_moments(server: Server, nursery: Nursery, tmp_path: Path) -> None:
    """A process killed at eight random moments: no more repeats than were under way, and the results are equal."""
    count, draw = 120, random.Random()

    def slowly(body: dict[str, Any]) -> fault.Step:
        answer = respond(body)

        def step(handler: fault.Handler) -> None:
            server.stopping.wait(draw.random() * 0.02)
            answer(handler)

        return step

    server.respond(slowly)
    ledger, kills, settled = tmp_path / "ledger", 8, dict[str, int]()
    for _ in range(kills):
        process = nursery.start(server, ledger, count)
        until = len(server.requests) + draw.randint(1, 18)  # not before it asks, and then at any moment
        while len(server.requests) < until:
            time.sleep(0.001)
        time.sleep(draw.random() * 0.02)
        os.kill(process, signal.SIGKILL)
        code, told = nursery.end()
        assert code == -signal.SIGKILL
        done = [f"编号{int(word) - 1}号" for word in told.split()]
        asked = server.asked()
        settled.update((request, asked[request]) for request in asked if any(name in request for name in done))
    nursery.start(server, ledger, count)
    assert "end True" in nursery.end()[1]
    asked = server.asked()
    assert len(settled) > 2 * kills
    assert {request: asked[request] for request in settled} == settled  # what was handed over is never asked again
    assert asked.total() - len(asked) <= kills * AT_ONCE
    assert max(asked.values()) <= 1 + kills
    # Equal to a run that nothing disturbed, with the same answers.
    kit = ReplyKit(model="m", base_url=server.url, api_key="k")
    with Job(kit, ledger=ledger) as job:
        polished = list(job.run(rows(count)))
        assert job.progress.calls == 0
    with Job(kit) as job:
        assert by_row(list(job.run(rows(count)))) == by_row(polished)
        assert job.progress.calls == len(asked)


@needs_fork
def test_a_kill_repeats_no_more_than_it_says(server: Server, nursery: Nursery, tmp_path: Path) -> None:
    """Killed with every call under way and none answered, the next run asks these again, and says how many."""
    server.script(*[fault.hang] * AT_ONCE)
    server.respond(respond)
    process = nursery.start(server, tmp_path / "l", 12)
    while len(server.requests) < AT_ONCE:
        time.sleep(0.001)
    os.kill(process, signal.SIGKILL)
    nursery.end()
    nursery.start(server, tmp_path / "l", 12)
    assert f"end True {AT_ONCE}" in nursery.end()[1]
    assert sorted(server.asked().values())[-AT_ONCE - 1 :] == [1] + [2] * AT_ONCE


@needs_fork
def test_control_c_in_another_process(server: Server, nursery: Nursery, tmp_path: Path) -> None:
    """Ctrl-C lets the calls under way end; the next run repeats nothing."""
    server.respond(respond)
    process = nursery.start(server, tmp_path / "l", 60)
    while len(server.requests) < 10:
        time.sleep(0.001)
    os.kill(process, signal.SIGINT)
    code, told = nursery.end()
    assert code != 0
    assert "end" not in told
    nursery.start(server, tmp_path / "l", 60)
    assert "end True 0" in nursery.end()[1]
    assert set(server.asked().values()) == {1}


@needs_fork
def test_a_second_control_c_ends_at_once(server: Server, nursery: Nursery, tmp_path: Path) -> None:
    """A second Ctrl-C does not wait for calls that never end; the next run asks them again."""
    server.script(*[fault.hang] * AT_ONCE)
    server.respond(respond)
    process = nursery.start(server, tmp_path / "l", 12)
    while len(server.requests) < AT_ONCE:
        time.sleep(0.001)
    os.kill(process, signal.SIGINT)
    time.sleep(0.5)
    os.kill(process, signal.SIGINT)
    code, _ = nursery.end()
    assert code != 0
    nursery.start(server, tmp_path / "l", 12)
    assert f"end True {AT_ONCE}" in nursery.end()[1]


def test_a_first_answer_is_not_paid_for_again(tmp_path: Path) -> None:
    """A row that was ended between its answer and its re-ask goes on with the answer that it has."""

    class Ending(SlowModel):
        async def complete(self, request: Any) -> Any:
            if len(request.messages) > 2:
                raise ConnectionAbortedError
            return await super().complete(request)

    first, second = Ending(), SlowModel()
    job = Job(AsyncReplyKit(chat=first), ledger=tmp_path / "l")
    job._digest = b"one job"
    with job, pytest.raises(ConnectionAbortedError):
        list(job.run(rows(1)))
    job = Job(AsyncReplyKit(chat=second), ledger=tmp_path / "l")
    job._digest = b"one job"
    (row,) = finished(job, 1)
    assert (row.status, row.made_by, row.usage.calls) == ("repaired", "model", 2)
    assert first.asked.total() == second.asked.total() == 1
    assert not first.asked & second.asked
    assert job.progress.repeated == 1


def test_a_closed_iterator_keeps_what_is_under_way(tmp_path: Path) -> None:
    """Leaving the loop early lets the calls under way end, and their answers are kept."""
    model = SlowModel()
    with Job(AsyncReplyKit(chat=model), ledger=tmp_path / "l", concurrency=AT_ONCE) as job:
        for _ in job.run(rows(COUNT)):
            break
    assert not [thread for thread in threading.enumerate() if thread.name == "replykit-polish"]
    with Job(AsyncReplyKit(chat=model), ledger=tmp_path / "l") as job:
        assert len(list(job.run(rows(COUNT)))) == COUNT
        assert job.progress.repeated == 0
    assert set(model.asked.values()) == {1}


def test_a_full_disk_loses_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the disk is full in the middle, the run ends with what to do, and what was answered is not asked again."""
    import sqlite3

    path, model = tmp_path / "l", SlowModel()
    spare, commit, commits = tmp_path / "l-spare", Ledger._commit, iter(range(10_000))

    def full(self: Ledger, work: Callable[[Any], Any]) -> Any:
        if next(commits) > 40 and spare.exists():
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorname = "SQLITE_FULL"
            raise error
        return commit(self, work)

    with Job(AsyncReplyKit(chat=model), ledger=path, concurrency=AT_ONCE) as job:
        monkeypatch.setattr(Ledger, "_commit", full)
        done = []
        with pytest.raises(errors.LedgerError, match="make room"):
            done.extend(job.run(rows(COUNT)))
        assert job.is_stopped
    monkeypatch.undo()
    asked = model.asked.total()
    job = Job(AsyncReplyKit(chat=model), ledger=path, concurrency=AT_ONCE)
    assert len(finished(job, COUNT)) == COUNT
    assert job.progress.repeated == 0
    assert model.asked.total() > asked
    assert set(model.asked.values()) == {1}
