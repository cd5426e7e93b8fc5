"""Polishing through the batch API: what calls at once would make, for no answer paid twice, whatever ends the run."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import server as fault
from batch_server import Answer, BatchServer, Ending
from canned import Model, answer_to, by_row, finished, rows
from server import KEY

from replykit import PolishedRow, ReplyKit, errors
from replykit.batch import Job, outbox, posted
from replykit.chat import batches
from replykit.cli import main

COUNT = 12
STEPS = ("upload", "create", "retrieve", "retrieve", "content")  # of one batch that ends at the second look


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for a batch longer than needed."""
    monkeypatch.setattr(posted, "FIRST_LOOK", 0.01)
    monkeypatch.setattr(posted, "_WAITS", (0.01, 0.01, 0.01, None))
    monkeypatch.setattr(batches, "_FIRST_PAUSE", 0.001)


def answered(body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Answer as the model of the other tests does, with its tokens counted."""
    text = answer_to([message["content"] for message in body["messages"]])
    return 200, {**fault.body(text), "usage": {"prompt_tokens": 100, "completion_tokens": 20}}


def failing(status: int, error: dict[str, Any], times: int = 10**9) -> Answer:
    """Answer the first so many requests of row 1 with an error."""
    left = [times]

    def answer(body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if "编号1号" in body["messages"][1]["content"] and left[0]:
            left[0] -= 1
            return status, {"error": error}
        return answered(body)

    return answer


def job(server: BatchServer, ledger: Path, **options: Any) -> Job:
    """Return a job that posts its calls."""
    kit = ReplyKit(model="test", base_url=server.url, api_key=KEY)
    return Job(kit, ledger=ledger, **{"via": "batch-api", **options})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the server keeps its files."""
    (tmp_path / "server").mkdir()
    return tmp_path / "server"


def expected() -> list[PolishedRow]:
    """Return what calls at once make of the rows."""
    with Job(ReplyKit(chat=Model())) as usual:
        return by_row(list(usual.run(rows(COUNT))))


def assert_paid_once(server: BatchServer) -> None:
    """Assert that no request was answered twice."""
    bodies = Counter(json.dumps(body, sort_keys=True) for body in server.answered)
    assert set(bodies.values()) == {1}


def test_rows_are_what_calls_at_once_make_of_them(folder: Path, tmp_path: Path) -> None:
    """First calls and re-asks go out in a batch each, and the rows are those of calls made one by one."""
    with BatchServer(folder, answered) as server:
        done = finished(job(server, tmp_path / "ledger"), COUNT)
    assert done == expected()
    assert len({row.status for row in done}) > 1
    assert server.steps == [*STEPS, *STEPS]
    assert_paid_once(server)


def test_usage_and_calls_are_counted(folder: Path, tmp_path: Path) -> None:
    """The progress counts what was posted, what it cost, and nothing in flight at the end."""
    with BatchServer(folder, answered) as server:
        running = job(server, tmp_path / "ledger")
        finished(running, COUNT)
    assert running.progress.calls == len(server.answered)
    assert running.progress.prompt_tokens == 100 * len(server.answered)
    assert running.progress.in_flight == running.progress.repeated == 0


def test_a_file_holds_no_more_than_a_batch_may(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls beyond what one batch takes go into further ones, by number and by size."""
    monkeypatch.setattr(outbox, "MOST_REQUESTS", 5)
    with BatchServer(folder, answered) as server:
        assert finished(job(server, tmp_path / "a"), COUNT) == expected()
        assert [len((folder / one.input_file_id).read_bytes().splitlines()) for one in server.batches[:3]] == [5, 5, 2]
        monkeypatch.setattr(outbox, "MOST_BYTES", 7000)
        before = len(server.batches)
        assert finished(job(server, tmp_path / "b"), COUNT) == expected()
        sizes = [(folder / one.input_file_id).stat().st_size for one in server.batches[before:]]
    assert max(sizes) <= 7000
    assert len(sizes) > 4


def test_a_batch_is_known_by_its_job(folder: Path, tmp_path: Path) -> None:
    """The metadata of a batch names the job and the chunk, and a request's custom id is the key in the ledger."""
    with BatchServer(folder, answered) as server:
        finished(job(server, tmp_path / "ledger"), COUNT)
    assert len({one.metadata["replykit_job"] for one in server.batches}) == 1
    assert [one.metadata["replykit_chunk"] for one in server.batches] == ["1", "2"]
    lines = [json.loads(line) for line in (folder / server.batches[0].input_file_id).read_bytes().splitlines()]
    assert all(len(line["custom_id"]) == 34 and line["custom_id"].endswith("-0") for line in lines)
    assert len({line["custom_id"] for line in lines}) == COUNT


@pytest.mark.parametrize("status", ["expired", "cancelled", "completed"])
def test_what_a_batch_left_unanswered_is_posted_again(folder: Path, tmp_path: Path, status: str) -> None:
    """A batch that ends before its time is read all the same, and the rest of it goes on by itself."""
    with BatchServer(folder, answered, [Ending(status, answered=5)]) as server:
        assert finished(job(server, tmp_path / "ledger"), COUNT) == expected()
    assert len(server.batches) == 3
    assert_paid_once(server)


def test_a_batch_with_nothing_but_errors_is_read(folder: Path, tmp_path: Path) -> None:
    """A completed batch without an output file has its error file read, and its rows go on."""
    with BatchServer(folder, answered, [Ending("completed", answered=0)]) as server:
        assert finished(job(server, tmp_path / "ledger"), COUNT) == expected()
    assert server.batches[0].files.keys() == {"error"}
    assert_paid_once(server)


def test_a_refused_request_is_its_rows_own_error(folder: Path, tmp_path: Path) -> None:
    """A 400 in the error file is asked no second time, in no run; its row keeps its text and says why."""
    with BatchServer(folder, failing(400, {"message": "too odd", "code": "bad"})) as server:
        done = finished(job(server, tmp_path / "ledger"), COUNT)
        assert finished(job(server, tmp_path / "ledger"), COUNT) == done
    assert done[1].status == "needs_review"
    assert done[1].text == rows(COUNT)[1]["text"]
    assert "too odd" in done[1].reason
    assert [row for row in done if row.row != 2] == [row for row in expected() if row.row != 2]
    assert len(server.batches) == 2


def test_moderation_is_its_rows_own_error(folder: Path, tmp_path: Path) -> None:
    """A filter that answers with an error code is a filtered answer, as it is in a call at once."""
    with BatchServer(folder, failing(400, {"message": "no", "code": "data_inspection_failed"})) as server:
        done = finished(job(server, tmp_path / "ledger"), COUNT)
    assert done[1].status == "needs_review" or done[1].made_by in ("fixer", "phrasebook")


@pytest.mark.parametrize("status", [429, 500])
def test_a_passing_failure_goes_on_by_itself(folder: Path, tmp_path: Path, status: int) -> None:
    """A request that the server had no time for is posted again."""
    with BatchServer(folder, failing(status, {"message": "busy"}, times=2)) as server:
        assert finished(job(server, tmp_path / "ledger"), COUNT) == expected()
    assert_paid_once(server)


def test_a_failure_that_does_not_pass_ends_at_its_row(folder: Path, tmp_path: Path) -> None:
    """A request that nobody answers in three batches is given up, and its row says so."""
    with BatchServer(folder, failing(500, {"message": "broken"})) as server:
        done = finished(job(server, tmp_path / "ledger"), COUNT)
    assert done[1].status == "needs_review"
    assert "no answer in 3 batches" in done[1].reason
    assert len(server.batches) == 3


def test_a_key_that_is_refused_ends_the_job(folder: Path, tmp_path: Path) -> None:
    """A result that says that the quota is used up ends the run, and what was answered is kept."""
    quota = {"message": "no more", "code": "insufficient_quota"}
    with BatchServer(folder, failing(429, quota, times=1)) as server:
        with job(server, tmp_path / "ledger") as first, pytest.raises(errors.ChatAuthError, match="no more"):
            list(first.run(rows(COUNT)))
        assert finished(job(server, tmp_path / "ledger"), COUNT) == expected()
    assert_paid_once(server)


def test_a_parameter_that_the_model_refuses_is_given_up(folder: Path, tmp_path: Path) -> None:
    """A model that takes no temperature is asked again without it."""

    def answer(body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if "temperature" in body:
            return 400, {"error": {"message": "temperature is not supported", "code": "unsupported_value"}}
        return answered(body)

    with BatchServer(folder, answer) as server:
        assert finished(job(server, tmp_path / "ledger"), COUNT) == expected()
    assert len(server.batches) == 3


def test_a_batch_that_is_refused_as_a_whole_says_why(folder: Path, tmp_path: Path) -> None:
    """A failed batch ends the run with the server's reason, and the same run again goes on."""
    with BatchServer(folder, answered, [Ending("failed")]) as server:
        with job(server, tmp_path / "ledger") as first:
            with pytest.raises(errors.ChatRequestError, match="too many tokens in the queue"):
                list(first.run(rows(COUNT)))
            assert not first.is_complete
        assert finished(job(server, tmp_path / "ledger"), COUNT) == expected()
    assert_paid_once(server)


def test_a_job_is_left_with_the_server_and_picked_up(folder: Path, tmp_path: Path) -> None:
    """Without waiting a run ends once everything is posted; the same run again reads what has come."""
    with BatchServer(folder, answered, [Ending(polls=1), Ending(polls=1)]) as server:
        looks = 0
        while True:
            with job(server, tmp_path / "ledger", wait=False) as part:
                list(part.run(rows(COUNT)))
                looks += 1
                if part.is_complete:
                    assert list(part.results()) == expected()
                    break
                assert part.is_stopped
        assert looks == 3
    assert_paid_once(server)


def test_calls_at_once_do_not_pass_what_is_with_the_server(folder: Path, tmp_path: Path) -> None:
    """A job whose calls are with the batch API is refused another way, as they would be paid for twice."""
    with BatchServer(folder, answered, [Ending(polls=9)]) as server:
        with job(server, tmp_path / "ledger", wait=False) as part:
            list(part.run(rows(COUNT)))
        with (
            job(server, tmp_path / "ledger", via="calls") as other,
            pytest.raises(errors.UsageError, match="batch API"),
        ):
            list(other.run(rows(COUNT)))
    assert not server.answered


def test_rows_taken_out_meanwhile_are_read_and_dropped(folder: Path, tmp_path: Path) -> None:
    """A row that is gone when its answer comes costs nothing more, and the others are there."""
    with BatchServer(folder, answered, [Ending(polls=1)]) as server:
        with job(server, tmp_path / "ledger", wait=False) as part:
            list(part.run(rows(COUNT)))
        done = finished(job(server, tmp_path / "ledger"), COUNT - 2)
    assert done == expected()[:-2]
    assert_paid_once(server)


def test_the_budget_bounds_what_is_posted(folder: Path, tmp_path: Path) -> None:
    """No more is posted than the budget bears; what is left is posted as answers give back, else the run ends."""
    with BatchServer(folder, answered) as server:
        with job(server, tmp_path / "ledger", max_tokens_total=30_000) as running:
            done = list(running.run(rows(COUNT)))
            assert running.is_complete
        assert by_row(done) == expected()
        assert len(server.batches) > 2
        with job(server, tmp_path / "tight", max_tokens_total=3_000) as tight, pytest.raises(errors.BudgetError):
            list(tight.run(rows(COUNT)))


@pytest.mark.parametrize("kit", [ReplyKit(), ReplyKit(chat=Model())], ids=["offline", "own chat"])
def test_it_needs_a_server(kit: ReplyKit, tmp_path: Path) -> None:
    """A kit without a model behind a server is refused before anything is written."""
    with pytest.raises(errors.UsageError, match="needs a model"):
        list(Job(kit, via="batch-api").run(rows(1)))


def test_a_server_without_batches_is_told_in_one_sentence(tmp_path: Path) -> None:
    """A server that has no batch API, or none worth the name, ends the run with one of our errors."""
    with fault.Server() as server:
        server.script(*[fault.status(404, "no such path")] * 3)
        kit = ReplyKit(model="test", base_url=server.url, api_key=KEY)
        with Job(kit, ledger=tmp_path / "ledger", via="batch-api") as running, pytest.raises(errors.ChatError):
            list(running.run(rows(1)))


@pytest.mark.parametrize("step", range(1, 2 * len(STEPS) + 1))
def test_a_lost_answer_of_the_server_loses_nothing(folder: Path, tmp_path: Path, step: int) -> None:
    """Whatever call to the server is done and not heard of, no batch is created twice and no request paid twice."""
    with BatchServer(folder, answered) as server:
        server.interrupt = lambda number: number != step
        try:
            done = finished(job(server, tmp_path / "ledger"), COUNT)
        except errors.ChatError:
            server.interrupt = lambda number: True
            done = finished(job(server, tmp_path / "ledger"), COUNT)
    assert done == expected()
    assert len(server.batches) == 2
    assert_paid_once(server)


def test_the_command_posts_leaves_and_picks_up(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Three runs of one command post, look and write; --resume refuses where nothing was begun."""
    monkeypatch.chdir(tmp_path)
    Path("in.csv").write_text("回复\n" + "".join(f"{row['text']}\n" for row in rows(COUNT)), "utf-8")
    with BatchServer(folder, answered) as server:
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        command = ["polish", "in.csv", "-o", "out.csv", "--column", "回复", "--model", "test", "--base-url", server.url]
        command += ["--via", "batch-api", "--no-wait"]
        assert main([*command, "--resume"]) == 2
        assert "no job to go on with" in capsys.readouterr().err
        assert main(command) == 3
        said = capsys.readouterr().err
        assert f"left with the batch API: {COUNT} requests\n" in said
        assert "run the same command later to pick them up: replykit polish" in said
        assert "stopped" not in said
        assert main([part for part in command if part not in ("--via", "batch-api", "--no-wait")]) == 2
        assert "--via batch-api" in capsys.readouterr().err
        assert main([*command, "--resume"]) == 3
        assert not Path("out.csv").exists()
        assert main([*command, "--resume"]) in (0, 1)
    with open("out.csv", encoding="utf-8", newline="") as file:
        texts = [row["润色后的回复"] for row in csv.DictReader(file)]
    assert texts == [row.text for row in expected()]
    assert_paid_once(server)


def test_no_wait_is_for_the_batch_api(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """--no-wait without --via batch-api is refused in one sentence."""
    (tmp_path / "in.csv").write_text("回复\n您好\n", "utf-8")
    assert main(["polish", str(tmp_path / "in.csv"), "-o", str(tmp_path / "out.csv"), "--no-wait"]) == 2
    assert "--via batch-api" in capsys.readouterr().err


RUN = """
import sys, json
from replykit import ReplyKit
from replykit.batch import Job, outbox, posted
from canned import rows
posted.FIRST_LOOK = 0.01
kit = ReplyKit(model="test", base_url=sys.argv[1], api_key="sk-secret-0123456789")
with Job(kit, ledger=sys.argv[2], via="batch-api") as job:
    for row in job.run(rows(int(sys.argv[3]))):
        pass
    print(json.dumps([row.model_dump(mode="json") for row in job.results()]))
"""


def _run(server: BatchServer, ledger: Path) -> subprocess.Popen[str]:
    path = os.pathsep.join([str(Path(__file__).parent), *filter(None, sys.path)])
    return subprocess.Popen(
        [sys.executable, "-c", RUN, server.url, str(ledger), str(COUNT)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": path},
        text=True,
    )


def test_killed_between_every_two_steps(folder: Path, tmp_path: Path) -> None:
    """A process killed after each step of each batch ends with the same rows, and nothing was created or paid twice."""
    victims: list[subprocess.Popen[str]] = []
    survived: set[tuple[str, int]] = set()

    def interrupt(number: int) -> bool:
        step = server.steps[number - 1], len(server.batches)
        if step in survived:
            return True
        survived.add(step)
        victims[-1].send_signal(signal.SIGKILL)
        return False

    with BatchServer(folder, answered) as server:
        server.interrupt = interrupt
        output = ""
        while not output:
            victims.append(_run(server, tmp_path / "ledger"))
            output, _ = victims[-1].communicate(timeout=60)
            assert victims[-1].returncode in (0, -signal.SIGKILL)
        done = [PolishedRow.model_validate(row) for row in json.loads(output)]
    assert done == expected()
    assert survived == {
        *(("upload", 0), ("create", 1), ("list", 1), ("retrieve", 1), ("content", 1)),
        *(("upload", 1), ("create", 2), ("list", 2), ("retrieve", 2), ("content", 2)),
    }
    assert len(server.batches) == 2
    assert_paid_once(server)
