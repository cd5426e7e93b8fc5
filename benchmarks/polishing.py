"""What polishing many canned replies takes, beside the SDK's own loop, and how little memory it needs.

Everything runs in processes of their own, in turns: the server in one, the caller in another, on the same cores.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from replies import replies

__all__ = ["Measured", "Size", "canned", "measured", "polish_offline", "polish_online", "sdk_loop", "speed_section"]

DELAY = 0.2  # seconds for an answer
_BESIDE = Path(__file__).parent
_SECTION = """\
## Speed and size

A server of its own answers every call after {delay:g} seconds; it and the caller share this machine's cores with
whatever else it does, so the times mean little and the ratios more: what is compared runs in turns, and the ratio is
the median of those of the turns. *Of* is what the server's time alone allows.

| | at once | rows a second | CPU a row |
|---|---|---|---|
{rows}

| measured | value | bar | met |
|---|---|---|---|
{bars}
"""


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured.

    Attributes:
        seconds: how long each online turn would take if nothing but the server's answers took time.
        rounds: turns.
        rows: rows polished offline.
        few: rows of the run that memory is compared with.
    """

    seconds: float = 10.0
    rounds: int = 3
    rows: int = 100_000
    few: int = 1_000


@dataclass(frozen=True, slots=True)
class Measured:
    """What one run took.

    Attributes:
        rows: rows, or calls of the SDK.
        seconds: by the wall clock, from the first row to the report.
        cpu: seconds of a core, those of its processes included, the server's not.
        memory: the most that the process itself held, in bytes.
    """

    rows: int
    seconds: float
    cpu: float
    memory: int

    @property
    def rate(self) -> float:
        """Rows a second."""
        return self.rows / self.seconds


def canned(count: int) -> Iterator[dict[str, str]]:
    """Yield canned replies: the playbook's own lines and examples, good and bad, each with other words behind it."""
    from replykit.loader import load_playbook

    playbook = load_playbook("zh")
    said = [line.text for line in playbook.lines] + [pair.professional for pair in playbook.pairs]
    said += [pair.habitual for pair in playbook.pairs][:: max(1, len(playbook.pairs) // 12)]
    tails = replies(997, 100)
    for number in range(count):
        yield {"text": said[number % len(said)] + tails[(number + number // len(said)) % len(tails)]}


def _messages(text: str) -> list[dict[str, str]]:
    """Return what polishing asks of a text, so that both sides send the same."""
    from replykit.loader import load_playbook
    from replykit.prompts import messages_for
    from replykit.records import Assessment, Request

    asked = messages_for(Request(task="rewrite", draft=text), load_playbook("zh"), Assessment())
    return [message.model_dump() for message in asked]


def sdk_loop(url: str, at_once: int, count: int) -> None:
    """Make calls with the SDK's `create`, as a script would, and keep the texts."""
    import openai

    texts = replies(count, 140)
    system, user = _messages(texts[0])

    async def work(client: openai.AsyncOpenAI, rows: Iterator[str], kept: list[str | None]) -> None:
        for text in rows:
            asked: Any = [system, {"role": "user", "content": user["content"].replace(texts[0], text)}]
            answer = await client.chat.completions.create(model="m", messages=asked, temperature=0.3)
            kept.append(answer.choices[0].message.content)

    async def run() -> None:
        rows, kept = iter(texts), list[str | None]()
        async with openai.AsyncOpenAI(api_key="k", base_url=url, max_retries=0) as client:
            await asyncio.gather(*(work(client, rows, kept) for _ in range(at_once)))
        assert len(kept) == count

    asyncio.run(run())


def polish_online(url: str, at_once: int, count: int) -> None:
    """Polish as many rows: check before and after, ledger on the disk, and the report."""
    from replykit.batch import Job
    from replykit.batch.report import RunFacts, write_report
    from replykit.kit import ReplyKit

    with (
        ReplyKit(model="m", base_url=url, api_key="k", timeout=60) as kit,
        tempfile.TemporaryDirectory() as name,
        Job(kit, ledger=Path(name) / "ledger", concurrency=at_once) as job,
    ):
        for _ in job.run({"text": text} for text in replies(count, 140)):
            pass
        assert job.progress.done == count
        run = RunFacts(source="", column="", output="")
        write_report(Path(name) / "report.html", job.results(), run, kit.playbook)


def polish_offline(url: str, at_once: int, count: int) -> None:
    """Polish rows without a model, with a ledger on the disk."""
    from replykit.batch import Job
    from replykit.kit import ReplyKit

    with tempfile.TemporaryDirectory() as name, Job(ReplyKit(), ledger=Path(name) / "ledger") as job:
        for _ in job.run(canned(count)):
            pass
        assert job.progress.done == count


def measured(what: str, at_once: int, count: int, url: str = "") -> Measured:
    """Run one of the functions above in a process of its own."""
    call = [sys.executable, str(_BESIDE / "polishing.py"), what, url, str(at_once), str(count)]
    done = subprocess.run(call, check=True, stdout=subprocess.PIPE, text=True)
    return Measured(count, *json.loads(done.stdout))


def _run_here(what: str, url: str, at_once: int, count: int) -> None:
    # What both sides import and derive before their first row is no part of the rate.
    import openai  # noqa: F401

    from replykit.kit import ReplyKit

    _messages("您好")
    kit = ReplyKit()
    for text in [*(row["text"] for row in canned(200)), *replies(100, 140)]:
        kit.check("您好，" + text, draft=text)
    run = {"sdk": sdk_loop, "online": polish_online, "offline": polish_offline}[what]
    since = time.perf_counter()
    before = _cpu()
    run(url, at_once, count)
    seconds, cpu = time.perf_counter() - since, _cpu() - before
    print(json.dumps([seconds, cpu, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024]))


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _beside_each_other(at_once: int, size: Size) -> tuple[list[Measured], list[Measured]]:
    """Run the SDK's loop and the polishing in turns against one server."""
    count = int(size.seconds / DELAY) * at_once
    call = [sys.executable, str(_BESIDE / "answering.py"), str(DELAY)]
    with subprocess.Popen(call, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin
        assert server.stdout
        url = f"http://127.0.0.1:{int(server.stdout.readline())}/v1"
        turns = [
            (measured("sdk", at_once, count, url), measured("online", at_once, count, url)) for _ in range(size.rounds)
        ]
        server.stdin.close()
    return [sdk for sdk, _ in turns], [polished for _, polished in turns]


def speed_section(size: Size) -> str:
    """Measure, and return the section of docs/polish.md about it."""
    rows, bars = [], []
    for at_once, limit in ((16, 1.0), (64, 1.15)):
        sdk, polished = _beside_each_other(at_once, size)
        for name, runs in (("SDK's `create` alone", sdk), ("`polish`, checks, ledger and report", polished)):
            rate = statistics.median(run.rate for run in runs)
            cpu = statistics.median(run.cpu / run.rows for run in runs)
            rows.append(f"| {name} | {at_once} | {rate:,.0f} of {at_once / DELAY:,.0f} | {cpu * 1000:.2f} ms |")
        ratios = [ours.rate / theirs.rate for theirs, ours in zip(sdk, polished, strict=True)]
        ratio = statistics.median(ratios)
        claim = f"`polish` by the SDK's loop, {at_once} at once ({min(ratios):.2f} to {max(ratios):.2f} in the turns)"
        bars.append((claim, f"{ratio:.2f}", f"at least {limit:.2f}", ratio >= limit))
    few, many = (measured("offline", 1, count) for count in (size.few, size.rows))
    free = os.cpu_count() or 1
    rows.append(
        f"| `polish` without a model, {free} cores | | {many.rate:,.0f} | {many.cpu / many.rows * 1000:.2f} ms |"
    )
    claim = (
        f"{size.rows:,} replies without a model, rows a second ({free * many.rows / many.cpu:,.0f} by the CPU taken)"
    )
    bars.append((claim, f"{many.rate:,.0f}", "at least 5,000", many.rate >= 5_000))
    most = 1.3 * few.memory + 100 * size.rows
    claim = f"memory for {size.rows:,} rows, where {size.few:,} take {few.memory / 1e6:.0f} MB"
    bars.append((claim, f"{many.memory / 1e6:.0f} MB", f"at most {most / 1e6:.0f} MB", many.memory <= most))
    table = [f"| {claim} | {value} | {bar} | {'yes' if is_met else '**no**'} |" for claim, value, bar, is_met in bars]
    return _SECTION.format(delay=DELAY, rows="\n".join(rows), bars="\n".join(table))


if __name__ == "__main__":
    _run_here(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
