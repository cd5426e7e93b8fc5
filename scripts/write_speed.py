"""Run the benchmarks and write docs/speed.md: what was measured here, on which machine, and which bars are met.

Usage: python scripts/write_speed.py (some minutes). It needs the dependency groups dev and bench.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sys
from collections.abc import Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "benchmarks"))

from speed import Bar, Section, Size, sections

__all__ = ["render"]

TARGET = Path(__file__).parent.parent / "docs" / "speed.md"
_PACKAGES = ("replykit", "ahocorasick-rs", "google-re2", "pydantic", "pyahocorasick", "flashtext")
_HEAD = """\
# Speed

`python scripts/write_speed.py` ran everything below and wrote this page; nothing in it is typed by hand. The speed of a
shared machine changes from minute to minute, so the times mean little and the ratios much: what is compared runs in
turns, and each ratio is the median of the ratios of the turns, not the ratio of two medians. Times are of the
processor, so that waiting for other programs does not count; only `check_many` is timed by the clock.
"""


def _time(seconds: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size or unit == "µs":
            return f"{seconds / size:.3g} {unit}"
    raise AssertionError


def _ratio(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"


def _bar(bar: Bar) -> str:
    limit = f"{'at least' if bar.at_least else 'at most'} {bar.limit:g}"
    return f"| {bar.claim} | {_ratio(bar.value)} | {limit} | {'yes' if bar.is_met else '**no**'} |"


def _machine() -> str:
    versions = []
    for package in _PACKAGES:
        try:
            versions.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            versions.append(f"{package} not installed")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return (
        f"Measured on {platform.system()} {platform.machine()}, {cores} cores, Python {platform.python_version()}; "
        f"{', '.join(versions)}.\n"
    )


def render(measured: Iterable[Section]) -> str:
    """Return the page of what was measured."""
    tables, bars = [], []
    for section in measured:
        rows = "\n".join(
            f"| {row.name} | {_time(row.seconds / section.each)} | {_ratio(row.ratio)} |" for row in section.rows
        )
        each = "each" if section.each > 1 else "time"
        tables.append(f"## {section.title}\n\n{section.about}\n\n| | {each} | ratio |\n|---|---|---|\n{rows}\n")
        bars += [_bar(bar) for bar in section.bars]
    summary = "\n".join(["| measured | value | bar | met |", "|---|---|---|---|", *bars]) + "\n"
    return "\n".join([_HEAD, _machine(), "## Bars\n", summary, *tables])


if __name__ == "__main__":
    TARGET.write_text(render(sections(Size())), "utf-8")
    print(TARGET.read_text("utf-8"))
