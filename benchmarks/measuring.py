"""Ratios on a machine that does other things as well.

Everything compared is run in turns, medians are taken, and what counts is the time of the processor: what runs for a
thousandth of a second is seldom made to wait for others, what runs for a hundredth is.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

__all__ = ["Compared", "compare", "compare_processes"]


@dataclass(frozen=True, slots=True)
class Compared:
    """What one of several things took.

    Attributes:
        name: what it is.
        seconds: the median of its turns, of processor time where nothing else is said.
        ratio: the median, over the turns, of its time by the first one's in the same turn.
    """

    name: str
    seconds: float
    ratio: float


def _compared(turns: list[dict[str, float]]) -> list[Compared]:
    names = list(turns[0])
    return [
        Compared(
            name,
            statistics.median(turn[name] for turn in turns),
            statistics.median(turn[name] / turn[names[0]] for turn in turns),
        )
        for name in names
    ]


def compare(candidates: Mapping[str, Callable[[], object]], rounds: int) -> list[Compared]:
    """Run each once to warm up, then in turns, and return what each took, the first one being the measure."""
    for run in candidates.values():
        run()
    turns = []
    for _ in range(rounds):
        turn = {}
        for name, run in candidates.items():
            since = _spent()
            run()
            turn[name] = _spent() - since
        turns.append(turn)
    return _compared(turns)


def _spent() -> float:
    """Return the seconds of processor time that this process has spent, and those that it has waited for."""
    others = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + others.ru_utime + others.ru_stime


def compare_processes(programs: Mapping[str, str], rounds: int) -> list[Compared]:
    """Start a Python for each program in turns, and return how long each took from its start to its end."""
    # Installed packages have their bytecode; without it, a cold process would measure the compiler.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return compare(
        {
            name: lambda code=code: subprocess.run([sys.executable, "-c", code], check=True, env=environment)  # type: ignore[misc]
            for name, code in programs.items()
        },
        rounds,
    )
