"""How fast calls are made: by a clock of the test's own, and against a server that is too busy, broken or gone."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import server as fault
from canned import Model, SlowModel, finished, respond, rows
from hypothesis import given
from hypothesis import strategies as st
from server import KEY, Server

from replykit import AsyncReplyKit, ReplyKit, errors
from replykit.batch import Job
from replykit.batch.pace import Bucket, Pace
from replykit.records import ChatRequest, Completion


@given(
    rate=st.integers(1, 6_000),
    calls=st.lists(st.tuples(st.floats(0, 3), st.integers(1, 3_000)), min_size=1, max_size=60),
)
def test_no_minute_sees_more_than_its_share(rate: int, calls: list[tuple[float, int]]) -> None:
    """In every minute a bucket lets through a minute's worth, one second's, and what was begun on credit."""
    bucket, now, let = Bucket(rate), 0.0, list[tuple[float, int]]()
    for idle, amount in calls:
        now += idle
        now += bucket.wait(amount, now)
        assert bucket.wait(amount, now) == pytest.approx(0, abs=1e-6)
        bucket.take(amount)
        let.append((now, amount))
    for start, _ in let:
        inside = [amount for at, amount in let if start <= at < start + 60]
        assert sum(inside[:-1]) <= rate + max(1, rate / 60) + max(inside) + 1e-6


def test_a_bucket_takes_over_a_servers_limits() -> None:
    """What is left on the server's side, less what is on its way there, is what may still be sent."""
    bucket = Bucket(None)
    assert bucket.wait(1_000, 0) == 0
    bucket.heed(limit=60, remaining=3, reset=None, under_way=1, now=0)
    assert [round(bucket.wait(n, 0), 3) for n in (1, 2, 3)] == [0, 0, 1]
    bucket.take(2)
    assert bucket.wait(1, 0) == pytest.approx(1)
    assert bucket.wait(1, 1) == pytest.approx(0)
    bucket.heed(limit=60, remaining=0, reset=2, under_way=0, now=1)  # as good as new in two seconds
    assert bucket.wait(60, 1) == pytest.approx(2)


@pytest.mark.parametrize("limit", [0, -1, 0.5, float("inf"), float("nan")])
def test_a_senseless_limit_is_none(limit: float) -> None:
    """A server that says it allows nothing at all does not stop the job for ever."""
    bucket = Bucket(None)
    bucket.heed(limit=limit, remaining=0, reset=None, under_way=0, now=0)
    assert bucket.wait(1, 0) == 0


def test_an_own_bound_is_never_raised_by_the_server() -> None:
    """A server that allows more than its user wants changes nothing; one that allows less is heeded."""
    bucket = Bucket(60)
    bucket.heed(limit=6_000, remaining=6_000, reset=None, under_way=0, now=0)
    bucket.take(1)
    assert bucket.wait(1, 0) == pytest.approx(1)
    bucket.heed(limit=6, remaining=6, reset=None, under_way=0, now=0)
    assert bucket.wait(1, 0) == pytest.approx(10)


@pytest.mark.parametrize(
    ("headers", "waits"),
    [
        ({}, 0),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-limit-requests": "60"}, 1),
        (
            {
                "x-ratelimit-remaining-requests": "0",
                "x-ratelimit-limit-requests": "1",
                "x-ratelimit-reset-requests": "10ms",
            },
            0.01,
        ),
        (
            {
                "x-ratelimit-remaining-requests": "0",
                "x-ratelimit-limit-requests": "2",
                "x-ratelimit-reset-requests": "1m2s",
            },
            30,
        ),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-limit-tokens": "6000"}, 1),
        ({"x-ratelimit-remaining-tokens": "100", "x-ratelimit-limit-tokens": "6000"}, 0),
        ({"x-ratelimit-remaining-requests": "many", "x-ratelimit-limit-requests": "few"}, 0),
        ({"x-ratelimit-remaining-requests": "nan", "x-ratelimit-limit-requests": "60"}, 0),
    ],
)
def test_limits_are_read_from_headers(headers: dict[str, str], waits: float) -> None:
    """The headers of an answer say when the next call may be made; what cannot be read says nothing."""
    now = 100.0
    pace = Pace(4, clock=lambda: now)

    async def ask() -> float:
        assert await pace.begin(100, lambda: False) == 1
        pace.end(100, 100)
        pace.heed(headers)
        return pace._wait(100)

    assert asyncio.run(ask()) == pytest.approx(waits, abs=1e-6)


@pytest.mark.parametrize(("share", "waits"), [(1.0, 1.0), (0.25, 4.0)])
def test_a_part_of_the_servers_limit_is_ones_own(share: float, waits: float) -> None:
    """Where four call under one key, each takes a quarter of what the headers of an answer say."""
    now = 100.0
    pace = Pace(4, share=share, clock=lambda: now)

    async def ask() -> float:
        await pace.begin(100, lambda: False)
        pace.end(100, 100)
        pace.heed({"x-ratelimit-remaining-requests": "0", "x-ratelimit-limit-requests": "60"})
        return pace._wait(100)

    assert asyncio.run(ask()) == pytest.approx(waits, abs=1e-6)


def test_concurrency_falls_by_half_and_grows_by_one() -> None:
    """Calls that fail together halve it once; as many answers as there are calls at once add one."""
    pace = Pace(16)

    async def run() -> list[int]:
        seen = []
        calls = [await pace.begin(1, lambda: False) for _ in range(16)]
        for call in calls:
            pace.is_too_fast(call)
            pace.end(1, 1)
        seen.append(pace.concurrency)
        for _ in range(8):
            pace.went_well()
        seen.append(pace.concurrency)
        later = await pace.begin(1, lambda: False)
        pace.is_too_fast(later)
        pace.end(1, 1)
        seen.append(pace.concurrency)
        for _ in range(9):
            pace.is_too_fast(await pace.begin(1, lambda: False))
            pace.end(1, 1)
        seen.append(pace.concurrency)
        for _ in range(500):
            pace.went_well()
        seen.append(pace.concurrency)
        return seen

    assert asyncio.run(run()) == [8, 8, 4, 1, 16]


def test_a_pause_is_everyones() -> None:
    """What the server asks for is waited for by all; without its word, each pause that nothing follows doubles."""
    now = 0.0
    pace = Pace(4, clock=lambda: now, jitter=lambda: 1.0)
    assert pace.pause(7) == 7
    assert pace.pause(3) == 7  # the longer one counts
    assert pace._wait(1) == 7
    now = 7.0
    assert pace._wait(1) == 0
    waits = []
    for _ in range(8):
        waits.append(pace.pause(None))
        assert pace.pause(None) == waits[-1]  # those that failed together wait together
        now += waits[-1]
    assert waits == [0.5, 1, 2, 4, 8, 16, 30, 30]
    pace.went_well()
    assert pace.pause(None) == 0.5


class Gauge:
    """How many calls a server had at once."""

    def __init__(self) -> None:
        self.now = self.most = 0
        self._lock = threading.Lock()

    def __call__(self, body: dict[str, Any]) -> fault.Step:
        """Answer after a while."""

        def step(handler: fault.Handler) -> None:
            with self._lock:
                self.now += 1
                self.most = max(self.most, self.now)
            time.sleep(0.01)
            with self._lock:
                self.now -= 1
            respond(body)(handler)

        return step


def kit_of(server: Server, **options: Any) -> ReplyKit:
    """Return a kit that asks the server."""
    return ReplyKit(**{"model": "m", "base_url": server.url, "api_key": KEY, "timeout": 10.0, **options})


def test_no_more_calls_at_once_than_asked_for(server: Server) -> None:
    """`concurrency` is the most that the server sees, and that much is used."""
    gauge = Gauge()
    server.respond(gauge)
    with Job(kit_of(server), concurrency=6) as job:
        assert len(list(job.run(rows(60)))) == 60
    assert 3 <= gauge.most <= 6


def test_a_busy_server_is_given_time(server: Server, tmp_path: Path) -> None:
    """429 and 503 cost nothing but time: every row has its result, every answer is asked for once more at most."""
    server.script(
        *[fault.status(429, retry_after="0.05")] * 3,
        *[fault.status(503, retry_after="0.02")] * 3,
        fault.status(529, retry_after_ms="5"),
    )
    server.respond(respond)
    with Job(kit_of(server), ledger=tmp_path / "l", concurrency=8) as job:
        polished, at_once = zip(*((row, job.progress.concurrency) for row in job.run(rows(30))), strict=True)
    assert min(at_once) < 8
    assert not [row for row in polished if "no answer" in row.reason]
    assert job.progress.retries == 7
    assert job.progress.doubtful == 0
    assert len(server.requests) == job.progress.calls


@pytest.mark.parametrize("step", [fault.hang_up, fault.reset, fault.half_body, fault.status(502), fault.status(504)])
def test_a_lost_answer_is_asked_for_once_more(server: Server, step: fault.Step) -> None:
    """A call that may have been answered is made once more, not twice, and counted."""
    server.respond(respond)
    server.script(step)
    with Job(kit_of(server), concurrency=1) as job:
        (row,) = job.run(rows(2)[1:])
    assert (row.status, job.progress.doubtful, job.progress.retries, len(server.requests)) == ("clean", 1, 1, 2)
    server.requests.clear()
    server.script(step, step)
    with Job(kit_of(server), concurrency=1) as job:
        (row,) = job.run(rows(2)[1:])
    assert (row.status, row.text, len(server.requests)) == ("needs_review", row.original, 2)
    assert row.reason.startswith("the model gave no answer: ")


def test_late_answers_slow_the_run_down(server: Server) -> None:
    """A deadline that passes halves the calls at once and is that row's own failure, after one more try."""
    server.respond(lambda body: fault.hang if "编号1号" in json.dumps(body, ensure_ascii=False) else respond(body))
    with Job(kit_of(server, timeout=0.3), concurrency=2) as job:
        polished, at_once = zip(*((row, job.progress.concurrency) for row in job.run(rows(3))), strict=True)
    assert [row.row for row in polished if "within 0.3 seconds" in row.reason] == [2]
    assert (job.progress.doubtful, min(at_once)) == (1, 1)


ROW_FAULTS = {
    "400": (fault.status(400, "context too long"), "HTTP 400: context too long"),
    "422": (fault.status(422), "HTTP 422"),
    "page": (fault.sent(200, "<html>", "text/html"), "an HTML page"),
    "moderation": (fault.status(400, error="data_inspection_failed"), "content_filter"),
    "filter": (fault.answer("", "content_filter"), "content_filter"),
    "refusal": (fault.answer(None, refusal="I can't."), "refusal"),
}


@pytest.mark.parametrize("name", ROW_FAULTS)
def test_one_bad_row_stops_nobody(server: Server, name: str, tmp_path: Path) -> None:
    """What the server says of one row is that row's error: its text stays, the reason says why, the others go on."""
    step, reason = ROW_FAULTS[name]
    table = rows(12)
    table[5]["text"] = hopeless = "编号5号：爱买不买，太贵了就不要用，你自己看着办吧，呵呵。"
    server.respond(lambda body: step if "编号5号" in json.dumps(body, ensure_ascii=False) else respond(body))
    with Job(kit_of(server), ledger=tmp_path / "l", concurrency=3) as job:
        list(job.run(table))
        assert job.is_complete
        polished = list(job.results())
    bad = polished.pop(5)
    assert (bad.status, bad.text, bad.original) == ("needs_review", hopeless, hopeless)
    assert reason in bad.reason
    assert not [row for row in polished if "no answer" in row.reason]


def test_a_row_that_the_server_fails_at_is_given_up(server: Server) -> None:
    """Where one row makes the server fail and the others do not, it is tried some times, and the run ends well."""
    server.respond(
        lambda body: (
            fault.status(500, retry_after="0.01")
            if "编号5号" in json.dumps(body, ensure_ascii=False)
            else respond(body)
        )
    )
    with Job(kit_of(server), concurrency=3) as job:
        polished = list(job.run(rows(12)))
        assert job.is_complete
    assert [row.row for row in polished if "HTTP 500" in row.reason] == [6]
    assert 3 <= job.progress.retries <= 8


@pytest.mark.parametrize("step", [fault.status(401, f"bad key {KEY}"), fault.status(429, error="insufficient_quota")])
def test_a_wrong_key_stops_at_the_first_rows(server: Server, step: fault.Step, tmp_path: Path) -> None:
    """A refused key or an empty account ends the run with the first calls, without the key in the message."""
    server.respond(lambda _: step)
    with Job(kit_of(server), ledger=tmp_path / "l", concurrency=4) as job:
        with pytest.raises(errors.ChatAuthError) as caught:
            list(job.run(rows(1_000)))
        assert job.is_stopped
    assert len(server.requests) <= 4
    assert KEY not in str(caught.value)
    server.respond(respond)
    finished(Job(kit_of(server), ledger=tmp_path / "l", concurrency=4), 20)  # nothing of it stays


def test_a_wrong_model_stops_at_the_first_rows(server: Server, tmp_path: Path) -> None:
    """Where every one of the first rows is refused, the job is at fault: it ends, and they are tried again later."""
    server.respond(lambda _: fault.status(404, "no such model"))
    with (
        Job(kit_of(server), ledger=tmp_path / "l", concurrency=4) as job,
        pytest.raises(errors.ChatRequestError, match="first 8 rows"),
    ):
        list(job.run(rows(1_000)))
    assert len(server.requests) <= 12
    server.respond(respond)
    polished = finished(Job(kit_of(server), ledger=tmp_path / "l", concurrency=4), 20)
    assert not [row for row in polished if "HTTP 404" in row.reason]


def test_failed_rows_are_tried_again_by_the_next_run(server: Server, tmp_path: Path) -> None:
    """A run that came to its end leaves failed rows to the next one, which asks these and no other."""
    server.respond(
        lambda body: (
            fault.sent(200, "<html>", "text/html")
            if "编号5号" in json.dumps(body, ensure_ascii=False)
            else respond(body)
        )
    )
    finished(Job(kit_of(server), ledger=tmp_path / "l"), 12)
    before = server.asked()
    server.respond(respond)
    job = Job(kit_of(server), ledger=tmp_path / "l")
    polished = finished(job, 12)
    assert "HTTP" not in polished[5].reason
    assert all("编号5号" in request for request in server.asked() - before)


_BAD = re.compile(r"编号(\d+)号")


def _refusing(bad: Callable[[int], bool], said: str) -> Callable[[dict[str, Any]], fault.Step]:
    """Return what refuses rows by their number, `said` with a letter of the row in it, and answers the others."""

    def step(body: dict[str, Any]) -> fault.Step:
        number = int(_BAD.findall(json.dumps(body, ensure_ascii=False))[0])
        return fault.status(400, said.format(letter=chr(ord("a") + number))) if bad(number) else respond(body)

    return step


@pytest.mark.parametrize("said", ["bad row", "context too long"])
def test_a_finished_job_with_many_bad_rows_stays_finished(server: Server, tmp_path: Path, said: str) -> None:
    """Ten rows refused for good do not stop the job's next run, and are not asked again; a new row is."""
    server.respond(_refusing(lambda number: number >= 20, said))
    for count, new in ((30, range(30)), (30, range(0)), (31, range(30, 31))):
        before = server.asked()
        polished = finished(Job(kit_of(server), ledger=tmp_path / "l", concurrency=4), count)
        assert {int(_BAD.findall(request)[0]) for request in server.asked() - before} == set(new)
        assert sum("HTTP 400" in row.reason for row in polished) >= 7  # a forbidden word may be mended without a model


@pytest.mark.parametrize(
    "said", ["cannot read {letter}", "bad row", "this model's maximum context length is 512 tokens"]
)
def test_bad_rows_at_the_beginning_stop_nobody(server: Server, tmp_path: Path, said: str) -> None:
    """Refusals that differ, or do not speak of how it was asked, are the rows' own, though no answer came before."""
    server.respond(_refusing(lambda number: number < 20, said))
    finished(Job(kit_of(server), ledger=tmp_path / "l", concurrency=1), 24)
    before = server.asked()
    polished = finished(Job(kit_of(server), ledger=tmp_path / "l", concurrency=1), 24)
    assert server.asked() == before
    assert sum("HTTP 400" in row.reason for row in polished) == 20


def test_one_refusal_of_every_row_is_the_jobs(server: Server, tmp_path: Path) -> None:
    """A parameter that the server does not know ends the run at the first rows, however it numbers its errors."""
    numbers = itertools.count(1)
    server.respond(lambda _: fault.status(400, f"Unknown parameter: 'seed' (request id: req-{next(numbers)}f)"))
    with Job(kit_of(server), ledger=tmp_path / "l", concurrency=4) as job:
        with pytest.raises(errors.ChatRequestError, match="first 8 rows"):
            list(job.run(rows(1_000)))
        assert not list(job.results())
    assert len(server.requests) <= 12


def test_a_refusal_without_a_reason_ends_the_run_later(server: Server, tmp_path: Path) -> None:
    """Where the same 400 says nothing that could be used, sixty-four rows end the run."""
    server.respond(lambda _: fault.status(400, "bad request"))
    with (
        Job(kit_of(server), ledger=tmp_path / "l", concurrency=4) as job,
        pytest.raises(errors.ChatRequestError, match="first 64 rows"),
    ):
        list(job.run(rows(1_000)))
    assert len(server.requests) <= 68


def test_a_model_that_is_gone_stops_a_job_that_was_right(server: Server, tmp_path: Path) -> None:
    """Answers of an earlier run prove nothing of an address where nothing is any more."""
    server.respond(respond)
    finished(Job(kit_of(server), ledger=tmp_path / "l"), 12)
    server.respond(lambda _: fault.status(404, "no such model"))
    with (
        Job(kit_of(server), ledger=tmp_path / "l", concurrency=4) as job,
        pytest.raises(errors.ChatRequestError, match="first 8 rows"),
    ):
        list(job.run(rows(100)))
    server.respond(respond)
    polished = finished(Job(kit_of(server), ledger=tmp_path / "l"), 30)
    assert not [row for row in polished if "HTTP 404" in row.reason]


def test_a_server_that_is_gone_is_waited_for_and_then_given_up(tmp_path: Path) -> None:
    """Where nobody answers, the run pauses, gives up after its patience, and goes on when there is a server again."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
        kit = ReplyKit(model="m", base_url=url)
        with Job(kit, ledger=tmp_path / "l", concurrency=4, patience=0.8) as job:
            with pytest.raises(errors.ChatConnectionError, match=r"nobody answers at .* no answer for"):
                list(job.run(rows(50)))
            assert job.progress.done == 0
            assert job.progress.retries < 20


def test_a_longer_pause_than_its_patience_ends_the_run(server: Server) -> None:
    """A server that wants an hour is not waited for."""
    server.respond(lambda _: fault.status(429, "come back later", retry_after="3600"))
    with (
        Job(kit_of(server), concurrency=2) as job,
        pytest.raises(errors.ChatRateLimitError, match="3,600 more to wait"),
    ):
        list(job.run(rows(50)))
    assert len(server.requests) <= 2


def test_headers_pace_the_run(server: Server) -> None:
    """A server that allows twenty requests, and one more every 50 ms, never has to refuse one."""
    left, since, lock, refused = [20.0], [time.monotonic()], threading.Lock(), Counter[str]()

    def bounded(body: dict[str, Any]) -> fault.Step:
        with lock:
            now = time.monotonic()
            left[0] = min(20.0, left[0] + (now - since[0]) * 20)
            since[0] = now
            left[0] -= 1
            refused["no" if left[0] >= 0 else "yes"] += 1
            text = json.dumps(fault.body(Completion.model_validate_json(answer_of(body)).text))
            said = {"x_ratelimit_limit_requests": "1200", "x_ratelimit_remaining_requests": str(int(max(0, left[0])))}
        return fault.sent(200, text, **said)

    server.respond(bounded)
    with Job(kit_of(server), concurrency=4) as job:
        assert len(list(job.run(rows(30)))) == 30
    assert refused["yes"] <= 3


def answer_of(body: dict[str, Any]) -> str:
    """Return the answer to a body as a completion."""
    request = ChatRequest.model_validate({"messages": body["messages"]})
    return Model().complete(request).model_dump_json()


def test_requests_a_minute_are_kept() -> None:
    """`rpm` bounds how often an own chat is asked as well."""
    times: list[float] = []

    class Clocked(SlowModel):
        async def complete(self, request: ChatRequest) -> Completion:
            times.append(time.monotonic())
            return await super().complete(request)

    with Job(AsyncReplyKit(chat=Clocked()), rpm=1_200, concurrency=16) as job:
        list(job.run(rows(20)))
    assert len(times) > 20
    for start, later in zip(times, times[25:], strict=False):  # 20 a second's worth, and 20 that run in meanwhile
        assert later - start > 0.2


def test_own_chats_that_are_busy_are_given_time() -> None:
    """A chat of one's own may say the same with the same errors."""
    failing = iter([errors.ChatRateLimitError("429"), errors.ChatServerError("500"), errors.ChatConnectionError("cut")])

    def now_and_then(calls: int) -> None:
        if calls % 5 == 0 and (error := next(failing, None)):
            raise error

    job = Job(ReplyKit(chat=Model(now_and_then)), concurrency=2)
    polished = finished(job, 20)
    assert not [row for row in polished if "no answer" in row.reason]
    assert (job.progress.retries, job.progress.doubtful) == (3, 1)
