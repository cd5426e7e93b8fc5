"""Ray as a runner: what it does is what one process does, and no fault of its own loses a row or pays for one twice."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import server as fault
from canned import respond, rows
from server import KEY, Server

from replykit import ReplyKit, load_playbook
from replykit.batch import Job
from replykit.batch.limits import Limits
from replykit.batch.wording import Wording
from replykit.checker import checker_for
from replykit.columnar import Columns, check_batch, result_schema
from replykit.errors import UsageError
from replykit.integrations.ray import check_dataset, check_files, polish_dataset, ray, started

pytestmark = [pytest.mark.ray, pytest.mark.filterwarnings("ignore::DeprecationWarning:ray")]

SMALL: dict[str, Any] = {"num_cpus": 2, "object_store_memory": 80_000_000}
COUNT, AT_ONCE = 60, 4
TEXTS = ["呵呵，大哥，这个没办法的。", "您好，已经为您查到，包裹今天下午送到。", "大概明天吧"]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Ray with two workers on this machine, stopped at the end."""
    with started(**SMALL):
        yield ray()


def _workers(of: int, named: str) -> list[int]:
    """The processes below one whose command line begins so."""
    parents: dict[int, int] = {}
    names: dict[int, str] = {}
    for place in Path("/proc").iterdir():
        if place.name.isdigit():
            with contextlib.suppress(OSError):
                parents[int(place.name)] = int((place / "stat").read_text().rpartition(")")[2].split()[1])
                names[int(place.name)] = (place / "cmdline").read_bytes().decode(errors="replace")
    found = []
    for process in parents:
        above = process
        while above in parents and above != of:
            above = parents[above]
        if above == of and process != of and names[process].startswith(named):
            found.append(process)
    return found


def _alone(server: Server) -> dict[str, tuple[str, str]]:
    """What one process makes of the rows: by their text, the polished text and the status."""
    kit = ReplyKit(model="test", base_url=server.url, api_key=KEY)
    with kit, Job(kit, concurrency=AT_ONCE) as job:
        return {row.original: (row.text, row.status) for row in job.run(rows(COUNT))}


def _polish(engine: Any, server: Server, folder: Path, watch: Callable[[Any], object] | None = None) -> list[Any]:
    ds = engine.data.from_arrow(pa.table({"text": [row["text"] for row in rows(COUNT)], "n": range(COUNT)}))
    kit = {"model": "test", "base_url": server.url, "api_key": KEY}
    found = polish_dataset(ds, folder, kit=kit, limits=Limits(AT_ONCE), watch=watch)
    return list(found.take_all())


def _compare(found: list[Any], alone: dict[str, tuple[str, str]]) -> None:
    """Every row is there once, in its order, with what one process makes of it."""
    text, status, *_ = Wording(load_playbook("zh")).columns
    assert [row["n"] for row in found] == list(range(COUNT))
    assert {row["text"]: (row[text], row[status]) for row in found} == alone


def test_nobody_else_reaches_it(cluster: Any) -> None:
    """What is started for a command listens on loopback alone, as Ray asks nobody for a password."""
    assert [node["NodeManagerAddress"] for node in cluster.nodes()] == ["127.0.0.1"]


# --- checking


def test_a_dataset_is_checked_as_its_rows_are(cluster: Any, tmp_path: Path) -> None:
    """Under the built-in playbook and under a changed one, which reaches the workers as text; kept columns stay."""
    table = pa.table({"text": [f"{text}{n}" for n in range(50) for text in TEXTS], "id": range(150)})
    whole = load_playbook("zh")
    for playbook in (whole, whole.model_copy(update={"rules": whole.rules[:40]})):
        found = check_dataset(cluster.data.from_arrow(table), "text", keep=["text"], playbook=playbook)
        (batch,) = table.combine_chunks().to_batches()
        expected = check_batch(checker_for(playbook), batch, Columns("text", "id", ("text",)))
        assert found.take_all() == expected.to_pylist()
        assert found.schema().names == [*result_schema().names, "text"]


def test_a_killed_worker_costs_no_row(cluster: Any, tmp_path: Path) -> None:
    """The tasks of a process that dies are done again; a poisoned row beside them is a row with a trouble."""
    texts = [f"{TEXTS[n % 3]}{n}" for n in range(24_000)]
    pq.write_table(pa.table({"text": texts}), tmp_path / "a.parquet", row_group_size=1000)
    (tmp_path / "b.jsonl").write_text('{"text": "呵呵"}\n{broken\n', "utf-8")
    paths = [str(tmp_path / name) for name in ("a.parquet", "b.jsonl", "a.parquet")]
    from replykit.columnar import open_replies
    from replykit.integrations.ray import check_pieces
    from replykit.reading import Given

    run = check_pieces(open_replies(paths, "text", piece=2000), load_playbook("zh"), Given(), show="found")
    seen, killed = 0, list[int]()
    for _ in run:
        seen += 1
        if not killed:
            killed = _workers(os.getpid(), "ray::MapBatches")[:1]
            for process in killed:
                os.kill(process, signal.SIGKILL)
    assert killed
    assert run.tally["rows"] == 24_002
    assert run.tally["trouble"] == 1
    assert seen == 16_002
    assert run.tally["fine"] == 8_000


def test_results_are_written_and_counted(cluster: Any, tmp_path: Path) -> None:
    """A folder of files, there when all rows are; nothing is left of a run that failed."""
    texts = [TEXTS[n % 3] for n in range(3000)]
    pq.write_table(pa.table({"text": texts, "day": range(3000)}), tmp_path / "a.parquet")
    out = tmp_path / "out.parquet"
    run = check_files([str(tmp_path / "a.parquet")], "text", keep=["day"], output=str(out))
    assert list(run) == []
    table = pq.read_table(out)
    assert table.column("day").to_pylist() == list(range(3000))
    assert table.column("ok").to_pylist() == [False, True, False] * 1000
    with pytest.raises(UsageError, match="is there already"):
        check_files([str(tmp_path / "a.parquet")], "text", output=str(out))
    remote = check_files([f"file://{tmp_path}/a.parquet"], "text", output=f"file://{tmp_path}/far.jsonl")
    assert list(remote) == []
    assert sorted(path.name for path in (tmp_path / "far.jsonl").iterdir()) == ["_SUCCESS", "part-000000.jsonl"]
    (tmp_path / "b.jsonl").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match=r"b\.jsonl"):
        list(check_files([str(tmp_path / "b.jsonl")], output=str(tmp_path / "no.parquet")))
    assert not list(tmp_path.glob("no.parquet*"))


# --- polishing


def test_a_killed_actor_goes_on_from_its_ledger(cluster: Any, server: Server, tmp_path: Path) -> None:
    """It is started again and asks nothing twice but what was under way; the results are those of one process."""
    server.respond(respond)
    alone = _alone(server)
    server.requests.clear()
    server.respond(lambda body: fault.delayed(respond(body), 0.05))
    killed: list[int] = []

    def kill() -> None:
        killed.extend(_workers(os.getpid(), "ray::_Actor")[:1])
        os.kill(killed[0], signal.SIGKILL)

    killer = threading.Thread(target=_when, args=(lambda: len(server.requests) > 10, kill))
    killer.start()
    _compare(_polish(cluster, server, tmp_path / "job"), alone)
    killer.join()
    assert killed
    twice = {body: times for body, times in server.asked().items() if times > 1}
    assert len(twice) <= AT_ONCE // 2
    assert set(twice.values()) <= {2}


def _when(holds: Callable[[], bool], then: Callable[[], object]) -> None:
    until = time.monotonic() + 200
    while not holds() and time.monotonic() < until:
        time.sleep(0.01)
    then()


def test_a_poisoned_row_and_a_busy_server_lose_nothing(cluster: Any, server: Server, tmp_path: Path) -> None:
    """A row that is always refused keeps its text and says why; after 429 every other is answered, each once."""
    server.respond(respond)
    alone = _alone(server)
    server.requests.clear()
    answered: list[str] = []

    def busy(body: dict[str, Any]) -> fault.Step:
        if len(server.requests) <= 20:
            return fault.status(429, "slow down", retry_after="0.2")
        if "编号17号" in str(body["messages"]):
            return fault.status(400, "maximum context length exceeded")
        answered.append(str(body["messages"]))
        return respond(body)

    server.respond(busy)
    found = _polish(cluster, server, tmp_path / "job")
    poisoned = rows(COUNT)[17]["text"]
    _compare(found, alone | {poisoned: (poisoned, "needs_review")})
    assert "maximum context length exceeded" in found[17]["修改说明"]
    assert len(answered) == len(set(answered))


def test_limits_that_cannot_be_split_are_refused(cluster: Any, tmp_path: Path) -> None:
    """Before anything is asked or made: one call at once for two shards, more shards than cores."""
    ds = cluster.data.from_arrow(pa.table({"text": TEXTS}))
    with pytest.raises(UsageError, match="concurrency 1 cannot be shared by 2 workers"):
        polish_dataset(ds, tmp_path / "a", kit={}, limits=Limits(1))
    with pytest.raises(UsageError, match="8 cores are needed"):
        polish_dataset(ds, tmp_path / "b", kit={}, shards=8)
    assert not list(tmp_path.iterdir())


# --- the driver


def _command(server: Server) -> list[str]:
    return [
        sys.executable, "-m", "replykit", "polish", "rows.parquet", "--column", "text", "-o", "out.parquet",
        "--engine", "ray", "--model", "test", "--base-url", server.url, "--concurrency", str(AT_ONCE),
    ]  # fmt: skip


def test_a_killed_driver_goes_on(server: Server, tmp_path: Path) -> None:
    """`kill -9` of the command, and the same command again: all rows, and nothing twice but what was under way."""
    server.respond(respond)
    alone = _alone(server)
    server.requests.clear()
    server.respond(lambda body: fault.delayed(respond(body), 0.05))
    pq.write_table(
        pa.table({"text": [row["text"] for row in rows(COUNT)], "n": range(COUNT)}), tmp_path / "rows.parquet"
    )
    env = {**os.environ, "REPLYKIT_API_KEY": KEY, "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
    with (tmp_path / "log").open("wb") as log:
        driver = subprocess.Popen(_command(server), cwd=tmp_path, env=env, stdout=log, stderr=log)
    below: list[int] = []
    try:
        _when(lambda: len(server.requests) > 20 or driver.poll() is not None, lambda: None)
        assert driver.poll() is None, (tmp_path / "log").read_text()
        below = _workers(driver.pid, "")
        driver.kill()
        driver.wait()
        assert not (tmp_path / "out.parquet").exists()
        asked = len(server.requests)
        done = subprocess.run(_command(server), cwd=tmp_path, env=env, capture_output=True, timeout=400)
        assert done.returncode in (0, 1), done.stderr.decode()
        assert asked > 20
    finally:
        driver.kill()
        for process in below:  # what Ray started for the driver ends with it; a test leaves nothing behind in any case
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
    _compare(pq.read_table(tmp_path / "out.parquet").to_pylist(), alone)
    twice = {body: times for body, times in server.asked().items() if times > 1}
    assert len(twice) <= AT_ONCE
    assert set(twice.values()) <= {2}


def test_a_cluster_that_is_not_there_is_said(tmp_path: Path) -> None:
    """Exit code 2 and a sentence, where Ray itself would wait for half a minute and end the process."""
    pq.write_table(pa.table({"text": TEXTS}), tmp_path / "a.parquet")
    done = subprocess.run(
        [sys.executable, "-m", "replykit", "check", "a.parquet", "--column", "text", "--engine", "ray"],
        capture_output=True, encoding="utf-8", timeout=120, cwd=tmp_path,
        env={**os.environ, "RAY_ADDRESS": "127.0.0.1:1"},
    )  # fmt: skip
    assert done.returncode == 2
    assert "there is no Ray at 127.0.0.1:1, which RAY_ADDRESS names: " in done.stderr


@pytest.mark.parametrize("command", [["check"], ["polish", "-o", "out.parquet", "--offline"]])
def test_without_ray_a_sentence_says_what_to_install(command: list[str], tmp_path: Path) -> None:
    """Exit code 2, the name of the extra, and nothing written."""
    pq.write_table(pa.table({"text": TEXTS}), tmp_path / "a.parquet")
    code = "import sys; sys.modules['ray'] = None; from replykit.cli import main; sys.exit(main(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", code, *command, "a.parquet", "--column", "text", "--engine", "ray"],
        capture_output=True, encoding="utf-8", timeout=60, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 2
    assert "install replykit[ray]" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["a.parquet"]
