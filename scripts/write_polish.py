"""Polish a file of canned replies in every way, break it on the way, and write docs/polish.md with a picture.

Usage: python scripts/write_polish.py REPLIES.csv (some minutes). The file has a column 回复; nothing of it is kept. It
needs the dependency group dev, and Chromium for the picture and the time that the report takes to open.
"""

from __future__ import annotations

import csv
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from browser import Browser, NoBrowser
from model import Model

from replykit.batch import Job, PolishedRow
from replykit.batch.report import RunFacts, write_report
from replykit.batch.tally import Tally
from replykit.batch.wording import Wording
from replykit.kit import ReplyKit

__all__ = ["Killed", "principles", "render", "statuses"]

ROOT = Path(__file__).parent.parent
TARGET = ROOT / "docs" / "polish.md"
PICTURE = ROOT / "docs" / "images" / "report.png"
EXAMPLE = ROOT / "examples" / "canned_replies.csv"
COLUMN = "回复"
KILLS = 5
CONCURRENCY = 16
MANY = 20_000  # rows of the report that is timed
_SLIPS, _FAULTS, _DELAY = 0.15, 0.05, 0.05
"""Shares of bad first answers and of failing requests, and seconds for an answer."""


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
    with Model(slips=_SLIPS, faults=_FAULTS, delay=_DELAY) as model:
        subprocess.run(command(source, whole, *_asking(model)), env=_env(), stderr=subprocess.PIPE, check=False)
        undisturbed = len(model.requests)
    dice, at, repeated = random.Random(), [], 0
    with Model(slips=_SLIPS, faults=_FAULTS, delay=_DELAY) as model:
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


def picture(folder: Path) -> None:
    """Polish the example offline, and take a picture of its report."""
    shutil.copy(EXAMPLE, folder)
    made = command(Path(EXAMPLE.name), Path("polished.csv"), "--offline")
    subprocess.run(made, cwd=folder, env=_env(), capture_output=True, check=False)
    with Browser(1180, 1320) as browser:
        browser.open(folder / "polished.report.html")
        browser.wait("document.querySelectorAll('.card').length > 0")
        PICTURE.parent.mkdir(exist_ok=True)
        browser.picture(PICTURE)


def _asking(model: Model) -> tuple[str, ...]:
    return "--model", "test", "--base-url", model.url, "--concurrency", str(CONCURRENCY)


def _env() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith("REPLYKIT_")} | {"OPENAI_API_KEY": "none"}


def _texts(source: Path) -> Iterator[str]:
    with source.open(encoding="utf-8-sig", newline="") as file:
        yield from (row[COLUMN] for row in csv.DictReader(file) if row[COLUMN].strip())


def statuses(tallies: dict[str, Tally]) -> str:
    """Return a table of how many replies have which status."""
    rows = [
        f"| {name} | {tally.rows:,} | {tally.statuses['clean']:,} | {tally.statuses['repaired']:,} "
        f"| {tally.statuses['needs_review']:,} |"
        for name, tally in tallies.items()
    ]
    return "\n".join(["| | replies | clean | repaired | need review |", "|---|---|---|---|---|", *rows]) + "\n"


def principles(tallies: dict[str, Tally]) -> str:
    """Return a table of errors and warnings by principle, before and after."""
    titles = Wording(ReplyKit().playbook)
    first = next(iter(tallies.values()))
    after = {name: {one.principle: one.after for one in tally.principles()} for name, tally in tallies.items()}
    rows = []
    for one in first.principles():
        cells = [f"{one.before.errors} + {one.before.warnings}"]
        for found in after.values():
            errors, warnings = found.get(one.principle, (0, 0))
            cells.append(f"{errors} + {warnings}")
        rows.append(f"| {titles.title(one.principle)} (`{one.principle}`) | {' | '.join(cells)} |")
    totals = [first.totals()[0], *(tally.totals()[1] for tally in tallies.values())]
    rows.append(f"| all | {' | '.join(f'{found.errors} + {found.warnings}' for found in totals)} |")
    head = f"| errors + warnings | before | {' | '.join(f'after, {name}' for name in tallies)} |"
    return "\n".join([head, "|---" * (2 + len(tallies)) + "|", *rows]) + "\n"


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} ({count})" for name, count in counts.most_common())


def render(tallies: dict[str, Tally], run: Killed, opened: tuple[float, float] | None) -> str:
    """Return the page of what was measured."""
    more = run.killed - run.undisturbed
    open_text = "There was no browser here, so the report was not opened.\n"
    if opened:
        seconds, size = opened
        open_text = f"""\
A report of {MANY:,} rows ({size:.1f} MB) opened in Chromium in {seconds:.2f} s (median of three, until the first reply
was on the screen).

![The report of the example: what was wrong before and after, and replies side by side](images/report.png)
"""
    equal = "equal, byte for byte" if run.is_equal else "**not equal**"
    return f"""\
# Polishing a spreadsheet

`python scripts/write_polish.py REPLIES.csv` did everything below and wrote this page; nothing in it is typed by hand.
The file is a public collection of {run.rows:,} canned replies with `[variables]`, in Chinese and English.

## What became of the replies

{statuses(tallies)}
{principles(tallies)}
Offline, the phrasebook mends what it can. The model is a program that plays one (`tests/model.py`): it mends by the
phrasebook too, and at {_SLIPS:.0%} of the replies its first answer is bad on purpose:
{_listed(run.slipped)}.
So the figures show that nothing bad gets through, not how well a real model writes. A reply that needs review keeps its
text, which is why errors are left *after*.

## Killed on the way

The same replies against a server that fails at {_FAULTS:.0%} of the requests when they come for the first time:
{_listed(run.failed)}.
One run was left alone. The other one was killed (`kill -9`) {len(run.at)} times, after
{", ".join(f"{number:,}" for number in run.at)} requests, and started again with the same command each time.

| | undisturbed | killed {len(run.at)} times |
|---|---|---|
| replies | {run.rows:,} | {run.rows:,} |
| requests in all | {run.undisturbed:,} | {run.killed:,} |
| more than undisturbed | | {more:,} ({100 * more / run.undisturbed:.1f}%) |
| at most ({len(run.at)} kills with {CONCURRENCY} requests under way) | | {len(run.at) * CONCURRENCY:,} |
| the two copies | | {equal} |

Nothing that was answered was asked again; only requests under way at a kill were. The last run said in its summary that
{run.repeated:,} of its requests were such.

## The report

{open_text}"""


def main(source: Path) -> None:
    """Do it all, and write the page."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        offline, _ = tallied(source, folder, None)
        (folder / "tally.ledger").unlink()
        with Model(slips=_SLIPS, delay=_DELAY) as model:
            asked, polished = tallied(source, folder, model)
        tallies = {"offline": offline, "with a model": asked}
        run = killed(source, folder)
        try:
            opened = opening(polished, folder)
            picture(folder)
        except NoBrowser as absent:
            print(absent, file=sys.stderr)
            opened = None
        TARGET.write_text(render(tallies, run, opened), "utf-8")
    print(TARGET.read_text("utf-8"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
