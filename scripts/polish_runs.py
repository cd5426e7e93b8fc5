"""What the page about polishing measures: replies polished, a run killed on its way, and a report opened."""

from __future__ import annotations

import csv
import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import server as fault
from batch_server import BatchServer
from browser import Browser
from model import Model

from replykit.batch import Job, PolishedRow
from replykit.batch.report import RunFacts, write_report
from replykit.batch.tally import Tally
from replykit.kit import ReplyKit

__all__ = [
    "CONCURRENCY",
    "DELAY",
    "FAULTS",
    "KILLS",
    "MANY",
    "SLIPS",
    "Killed",
    "Posted",
    "killed",
    "opening",
    "picture",
    "posted",
    "tallied",
]

EXAMPLE = Path(__file__).parent.parent / "examples" / "canned_replies.csv"
COLUMN = "回复"
KILLS = 5
CONCURRENCY = 16
MANY = 20_000  # rows of the report that is timed
SLIPS, FAULTS = 0.15, 0.05  # shares of bad first answers, and of requests that fail
DELAY = 0.05  # seconds for an answer


class Killed(NamedTuple):
    """A run that was killed on its way, beside one that was not.

    Attributes:
        rows: rows with a reply.
        undisturbed: requests that the undisturbed run sent.
        killed: requests that the killed runs sent together.
        at: after how many requests each was killed.
        repeated: requests under way at a kill that were sent again, as the summaries say.
        is_equal: whether the two copies are equal, byte for byte.
        failed: how often the server failed in which way, in the killed runs.
        slipped: how often the model slipped in which way.
    """

    rows: int
    undisturbed: int
    killed: int
    at: list[int]
    repeated: int
    is_equal: bool
    failed: Counter[str]
    slipped: Counter[str]


def command(source: Path, output: Path, *options: str) -> list[str]:
    """Return the command that polishes a file."""
    polish = [sys.executable, "-m", "replykit", "polish", str(source), "-o", str(output), "--column", COLUMN]
    return [*polish, *options]


def tallied(source: Path, folder: Path, model: Model | None) -> tuple[Tally, list[PolishedRow]]:
    """Return what becomes of the replies, with a model or offline."""
    with source.open(encoding="utf-8-sig", newline="") as file:
        rows = [{"text": row[COLUMN], "number": number} for number, row in enumerate(csv.DictReader(file), 2)]
    made = ReplyKit(model="test", base_url=model.url, api_key="none") if model else ReplyKit()
    with made as kit, Job(kit, ledger=folder / "tally.ledger", number="number", concurrency=CONCURRENCY) as job:
        for _ in job.run(rows):
            pass
        polished = list(job.results())
    tally = Tally()
    for row in polished:
        tally.add(row)
    return tally, polished


def killed(source: Path, folder: Path) -> Killed:
    """Polish against the failing server, once undisturbed and once killed on the way."""
    whole, broken = folder / "whole.csv", folder / "broken.csv"
    with Model(slips=SLIPS, faults=FAULTS, delay=DELAY) as model:
        subprocess.run(command(source, whole, *_asking(model)), env=_env(), stderr=subprocess.PIPE, check=False)
        undisturbed = len(model.requests)
    dice, at, repeated = random.Random(), [], 0
    with Model(slips=SLIPS, faults=FAULTS, delay=DELAY) as model:
        for kill in range(1, KILLS + 1):
            end = int(undisturbed * (kill - dice.random()) / (KILLS + 1))
            process = subprocess.Popen(command(source, broken, *_asking(model)), env=_env(), stderr=subprocess.PIPE)
            while len(model.requests) < end and process.poll() is None:
                time.sleep(0.001)
            process.kill()
            process.communicate()
            at.append(len(model.requests))
        done = subprocess.run(
            command(source, broken, *_asking(model)), env=_env(), stderr=subprocess.PIPE, encoding="utf-8", check=False
        )
        assert done.returncode in (0, 1), done.stderr
        found = re.search(r"repeated: ([\d,]+)", done.stderr)
        repeated = int(found[1].replace(",", "")) if found else 0
        return Killed(
            rows=sum(1 for _ in _texts(source)),
            undisturbed=undisturbed,
            killed=len(model.requests),
            at=at,
            repeated=repeated,
            is_equal=whole.read_bytes() == broken.read_bytes(),
            failed=model.failed,
            slipped=model.slipped,
        )


class Posted(NamedTuple):
    """A run through the batch API that was killed at every step, beside one that called the model.

    Attributes:
        answered: requests that the server answered, all of them in batches.
        batches: batches that were created.
        kills: how often the run was killed.
        twice: requests that were answered more than once.
        is_equal: whether the two copies are equal, byte for byte.
    """

    answered: int
    batches: int
    kills: int
    twice: int
    is_equal: bool


def posted(source: Path, folder: Path) -> Posted:
    """Polish through the batch API, killed once after each step of each batch, and by calls."""
    called, batched = folder / "called.csv", folder / "batched.csv"
    with Model(slips=SLIPS) as model:
        subprocess.run(command(source, called, *_asking(model)), env=_env(), stderr=subprocess.PIPE, check=False)
        survived: set[tuple[str, int]] = set()
        process: list[subprocess.Popen[bytes]] = []

        def interrupt(number: int) -> bool:
            step = server.steps[number - 1], len(server.batches)
            if step in survived:
                return True
            survived.add(step)
            process[-1].kill()
            return False

        files = folder / "files"
        files.mkdir()
        with BatchServer(files, lambda body: (200, fault.body(model.text_for(body)))) as server:
            server.interrupt = interrupt
            asking = ("--model", "test", "--base-url", server.url, "--via", "batch-api")
            while not batched.exists():
                process.append(subprocess.Popen(command(source, batched, *asking), env=_env(), stderr=subprocess.PIPE))
                _, said = process[-1].communicate()
                assert process[-1].returncode in (0, 1, -9), said.decode()
    bodies = Counter(json.dumps(body, sort_keys=True) for body in server.answered)
    return Posted(
        answered=len(server.answered),
        batches=len(server.batches),
        kills=len(process) - 1,
        twice=sum(count > 1 for count in bodies.values()),
        is_equal=called.read_bytes() == batched.read_bytes(),
    )


def opening(polished: list[PolishedRow], folder: Path) -> tuple[float, float]:
    """Return the seconds in which a report of many rows opens, and its megabytes."""
    page = folder / "large.html"
    many = (polished[n % len(polished)].model_copy(update={"row": n + 2}) for n in range(MANY))
    write_report(page, many, RunFacts(source=page.name, column=COLUMN, output=page.name), ReplyKit().playbook)
    times = []
    for _ in range(3):
        with Browser(1280, 1000) as browser:
            start = time.monotonic()
            browser.open(page)
            browser.wait("document.querySelectorAll('.card').length > 0")
            times.append(time.monotonic() - start)
    return sorted(times)[1], page.stat().st_size / 1e6


def picture(folder: Path, target: Path) -> None:
    """Polish the example offline, and take a picture of its report."""
    shutil.copy(EXAMPLE, folder)
    made = command(Path(EXAMPLE.name), Path("polished.csv"), "--offline")
    subprocess.run(made, cwd=folder, env=_env(), capture_output=True, check=False)
    with Browser(1180, 1320) as browser:
        browser.open(folder / "polished.report.html")
        browser.wait("document.querySelectorAll('.card').length > 0")
        target.parent.mkdir(exist_ok=True)
        browser.picture(target)


def _asking(model: Model) -> tuple[str, ...]:
    return "--model", "test", "--base-url", model.url, "--concurrency", str(CONCURRENCY)


def _env() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith("REPLYKIT_")} | {"OPENAI_API_KEY": "none"}


def _texts(source: Path) -> Iterator[str]:
    with source.open(encoding="utf-8-sig", newline="") as file:
        yield from (row[COLUMN] for row in csv.DictReader(file) if row[COLUMN].strip())
