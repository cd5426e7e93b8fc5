"""Make a log of replies, check it in every way, and write docs/scale.md: what was measured, and a plan made of that.

Usage: python scripts/write_scale.py [--rows 2000000] [--core-hour 0.04] [--out docs/scale.md]
Two million rows take about eight minutes on two cores that do nothing else. It needs the dependency group dev.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import math
import os
import platform
import tempfile
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scale_runs import AGAIN, GROUP, WAYS, Run, log_size, same_results, watched, write_log

__all__ = ["Measured", "measure", "render"]

TARGET = Path(__file__).parent.parent / "docs" / "scale.md"
SIZES = (100_000_000, 10_000_000_000)  # replies that are planned for
CORES = (2, 16, 128)
CORE_HOUR = 0.04  # US dollars; about the list price of a core of a general-purpose machine, on demand
DAY = 24.0
WIDTH = 120


@dataclass(frozen=True)
class Measured:
    """What one run of this script found.

    Attributes:
        rows: replies in the log.
        characters: of one reply, on the average.
        log_bytes: the log.
        result_bytes: the results of one process, and with Ray in all.
        runs: the ways, in the order of `WAYS`.
        is_same: whether Ray's results are those of one process, row by row.
        pieces: how many pieces Ray worked on.
        machine: what it was measured on.
    """

    rows: int
    characters: float
    log_bytes: int
    result_bytes: tuple[int, int]
    runs: Sequence[Run]
    is_same: bool
    pieces: int
    machine: str


def measure(rows: int, folder: Path) -> Measured:
    """Make a log of so many replies in a folder, and check it in every way."""
    log = folder / "log.parquet"
    write_log(log, rows)
    write_log(folder / "small.parquet", 1000)
    log_bytes, characters = log_size(log)
    outs = {name: folder / f"results-{number}.parquet" for number, name in enumerate(WAYS)}
    runs = [watched(name, log, outs[name]) for name in WAYS]
    for run in runs:
        counts = {name: run.tally[name] for name in ("rows", "fine", "errors", "warnings")}
        first = {name: runs[0].tally[name] for name in counts}
        if counts != first or counts["rows"] != rows:
            raise SystemExit(f"{run.name} counted {counts}, and one process {first} of {rows} rows")
    one, many = outs["one process"], outs["Ray, two workers"]
    parts = sorted(many.glob("part-*"))
    return Measured(
        rows=rows,
        characters=characters,
        log_bytes=log_bytes,
        result_bytes=(one.stat().st_size, sum(part.stat().st_size for part in parts)),
        runs=runs,
        is_same=same_results(one, many),
        pieces=len(parts),
        machine=_machine(),
    )


def _machine() -> str:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("replykit", "ray", "pyarrow"))
    return f"{platform.system()} {platform.machine()}, {cores} cores, Python {platform.python_version()}; {versions}"


def _seconds(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def _mib(size: float) -> str:
    return f"{size / 2**20:,.0f} MiB"


def _hours(value: float) -> str:
    if value >= 2 * DAY:
        return f"{value / DAY:,.1f} days"
    return f"{value:,.1f} h" if value >= 1 else f"{60 * value:,.0f} min"


def _plan(run: Run, core_hour: float) -> str:
    """Return the table of what larger logs take, by the rate of a way that used two cores."""
    rows = []
    for size in SIZES:
        core_hours = size / (run.rate / 2) / 3600
        cells = [_hours(core_hours / cores) for cores in CORES]
        within = math.ceil(core_hours / DAY)
        money = f"{core_hours * core_hour:,.2f} $"
        rows.append(f"| {size:,} | {core_hours:,.1f} | {' | '.join(cells)} | {within:,} | {money} |")
    head = f"| replies | core hours | {' | '.join(f'{cores} cores' for cores in CORES)} | cores for a day | money |"
    return "\n".join([head, "|---" * (len(CORES) + 4) + "|", *rows]) + "\n"


def render(found: Measured, core_hour: float) -> str:
    """Return the page of what was measured."""
    one, _, columns, ray = found.runs
    rows = "\n".join(
        f"| {letter} | {run.name} | {_seconds(run.seconds)} | {run.rate:,.0f} | {run.rate / one.rate:.2f} "
        f"| {_seconds(run.cpu)} | {_mib(run.memory)} in {run.processes} |"
        for letter, run in zip("abcd", found.runs, strict=True)
    )
    parts = "\n".join(f"| {name} | {_seconds(seconds)} |" for name, seconds in ray.parts.items())
    per_row = 2e6 / ray.rate - 2e6 / columns.rate
    bad = one.tally["rows"] - one.tally["fine"]
    is_same = "are those of (a) in every row" if found.is_same else "**differ from those of (a)**"
    start = sum(seconds for name, seconds in ray.parts.items() if name != AGAIN)
    each = ray.rate / 2
    log, results = found.log_bytes / found.rows, found.result_bytes[1] / found.rows
    fewer, more = SIZES
    return _filled(f"""\
# Scale

`python scripts/write_scale.py` made the log, ran everything below in one go and wrote this page; nothing in it is
typed by hand. {found.machine}.

## Measured

A Parquet log of {found.rows:,} replies, made up by the script ({found.characters:.0f} characters each on the average,
{_mib(found.log_bytes)} in all), was checked from end to end in each way, in a process of its own. All ways counted the
same: {bad:,} replies with errors, {one.tally["errors"]:,} errors, {one.tally["warnings"]:,} warnings. The results of
(d) {is_same}.

| | way | seconds | rows/s | by (a) | seconds of a core | peak memory, in processes |
|---|---|---|---|---|---|---|
{rows}

(a) and (c) are what `replykit check log.parquet --column text -o results.parquet` does, on one core and on two; (b)
yields a report for each reply, with messages and suggestions, and writes nothing; (d) is the command with
`--engine ray`. Seconds are from the first reply that is read to the last result; those of a core are of all processes
together, with their start. Memory is the most that all processes of a way had at once, shared pages counted once.

Ray's own time, in seconds, which those of (d) do not hold:

| | seconds |
|---|---|
{parts}

While it runs, Ray takes {abs(per_row):.1f} µs of a core {"more" if per_row >= 0 else "less"} for each row than (c), by
the rates of both. To start it and its workers and to stop it took {_seconds(start)} s, in which (c) checks
{start * columns.rate:,.0f} rows: a smaller log is never checked sooner with it.

## Plan

By (d): {ray.rate:,.0f} rows/s on two cores are {each:,.0f} for each core. Core hours are replies ÷ {each:,.0f} ÷ 3,600,
hours are core hours ÷ cores, and money is core hours × {core_hour:g} $, which is an assumption (`--core-hour`). More
than two cores were not measured: pieces do not speak with one another, so they should add up as long as the storage
keeps pace.

{_plan(ray, core_hour)}
The log of {more:,} replies takes {log * more / 1e12:.2f} TB at {log:.0f} bytes for a reply, as measured, and its
results {results * more / 1e12:.2f} TB at {results:.1f} bytes; 128 cores read {log * each * 128 / 1e6:,.0f} MB/s of it.
Made-up replies repeat one another, and compress better than real ones: without compression each takes about
{3 * found.characters:.0f} bytes.

One machine first: by (c), two cores check {fewer:,} replies in {_hours(fewer / columns.rate / 3600)}, with
{_mib(columns.memory)} and no engine.

Polishing is another matter. It is as fast as the model's server allows and costs what that costs, once for each
different reply; more cores help only above the calls that one process can make in a second ([polish.md](polish.md)).

## What breaks first

1. **The number of files.** A piece is about {GROUP:,} rows and leaves one file of results: {found.pieces:,} here, and
{-(-more // GROUP):,} for {more:,} replies, all handed out by one driver and listed at the end. Run by day, not by year.

2. **Large row groups, and large files of text.** A piece is never less than a row group of Parquet, or than a whole
.jsonl or .csv: a log in one such file is checked on one core. Where a worker dies, its piece is done again:
{GROUP:,} rows are {_seconds(GROUP / each)} s.

3. **A folder that not all machines see.** Results go where the workers write them, and polishing keeps a ledger for
each shard there, in a file that needs locks. An object store has none: polish on a shared file system.

4. **Memory.** {_mib(ray.memory)} with two workers here, where one process takes {_mib(one.memory)} (a); the rest is
Ray's own.
""")


def _filled(page: str) -> str:
    """Return a page with the lines of its paragraphs as long as they may be."""
    blocks = page.strip().split("\n\n")
    return "\n\n".join(block if block[0] in "|#" else _paragraph(block) for block in blocks) + "\n"


def _paragraph(block: str) -> str:
    indent = "   " if block[1:3] == ". " else ""
    return textwrap.fill(block, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=2_000_000, help="replies in the log")
    parser.add_argument("--core-hour", type=float, default=CORE_HOUR, help="dollars for a core and hour")
    parser.add_argument("--out", type=Path, default=TARGET, help="the page")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        page = render(measure(arguments.rows, Path(folder)), arguments.core_hour)
    arguments.out.write_text(page, "utf-8")
    print(page)


if __name__ == "__main__":
    main()
