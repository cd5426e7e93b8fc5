"""Polish a file of canned replies in every way, break it on the way, and write docs/polish.md with a picture.

Usage: python scripts/write_polish.py REPLIES.csv (some minutes). The file has a column 回复; nothing of it is kept. It
needs the dependency group dev, and Chromium for the picture and the time that the report takes to open. With --speed in
place of the file, only the last section is measured anew.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "benchmarks"))
sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from browser import NoBrowser
from measuring import Compared
from model import Model
from polish_runs import (
    CONCURRENCY,
    DELAY,
    FAULTS,
    MANY,
    SLIPS,
    Killed,
    Posted,
    killed,
    opening,
    picture,
    posted,
    tallied,
)
from polishing import Size, speed_section
from sheets import Growth, csv_growth, xlsx_ratio

import replykit
from replykit.batch.tally import Tally
from replykit.batch.wording import Wording
from replykit.kit import ReplyKit

__all__ = ["principles", "render", "speed", "statuses"]

ROOT = Path(__file__).parent.parent
TARGET = ROOT / "docs" / "polish.md"
PICTURE = ROOT / "docs" / "images" / "report.png"


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


def speed(workbook: Sequence[Compared], growth: Sequence[Growth]) -> str:
    """Return what reading and writing files takes."""
    rows = [f"| {one.name} | {one.seconds:.1f} s | {one.ratio:.2f} |" for one in workbook]
    (few, least), (many, most) = growth
    peak = f"{most / 2**20:.1f} MiB for {many:,} rows, {least / 2**20:.1f} MiB for {few:,}"
    table = "\n".join(rows)
    return f"""\
A workbook of 50,000 rows with six columns, one of them replaced (medians of runs in turns, on a machine that did other
things as well, so the ratios mean more than the times):

| | time | ratio |
|---|---|---|
{table}

A CSV file is read and written row by row: at most {peak}.
"""


def render(
    tallies: dict[str, Tally],
    broken: int,
    run: Killed,
    batched: Posted,
    opened: tuple[float, float] | None,
    speed_text: str,
) -> str:
    """Return the page of what was measured; `broken` replies with an error passed for clean or repaired."""
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
phrasebook too, and at {SLIPS:.0%} of the replies its first answer is bad on purpose:
{_listed(run.slipped)}.
The figures show what is found and mended, not how well a real model writes. A reply that needs review keeps its text,
which is why errors are left *after*. Checked anew against its original, {broken} of the clean and repaired replies had
an error.

## Killed on the way

The same replies against a server that fails at {FAULTS:.0%} of the requests, once or whenever they come:
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

## Half the price

{half_price(batched)}
## Files

{speed_text}
## The report

{open_text}"""


def half_price(run: Posted) -> str:
    """Return what the batch API does to the same replies."""
    equal = "equal, byte for byte" if run.is_equal else "**not equal**"
    return f"""\
The same replies with `--via batch-api`, against a server that keeps files and batches as OpenAI's does. The command was
killed {run.kills} times, once after each step of each batch (upload, create, list, look, read), and started again.
{run.answered:,} requests were answered in {run.batches} batches, {run.twice} of them twice; the copy and that of a run
by calls are {equal}.
"""


def main(source: Path) -> None:
    """Do it all, and write the page."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        offline, mended = tallied(source, folder, None)
        (folder / "tally.ledger").unlink()
        with Model(slips=SLIPS, delay=DELAY) as model:
            asked, polished = tallied(source, folder, model)
        tallies = {"offline": offline, "with a model": asked}
        broken = sum(
            not replykit.check(row.text, draft=row.original).ok
            for row in (*mended, *polished)
            if row.status != "needs_review"
        )
        run, batched = killed(source, folder), posted(source, folder)
        try:
            opened = opening(polished, folder)
            picture(folder, PICTURE)
        except NoBrowser as absent:
            print(absent, file=sys.stderr)
            opened = None
        files = speed(xlsx_ratio(), csv_growth(1_000, 100_000))
        TARGET.write_text(render(tallies, broken, run, batched, opened, files), "utf-8")
    # In a process of its own, as one that is started from here would count this one's memory as its own.
    subprocess.run([sys.executable, __file__, "--speed"], check=True)
    print(TARGET.read_text("utf-8"))


def add_speed() -> None:
    """Measure the speed, and put what was measured at the end of the page."""
    before = TARGET.read_text("utf-8").split("\n## Speed and size")[0].rstrip()
    TARGET.write_text(f"{before}\n\n{speed_section(Size())}", "utf-8")


if __name__ == "__main__":
    if sys.argv[1] == "--speed":
        add_speed()
    else:
        main(Path(sys.argv[1]))
