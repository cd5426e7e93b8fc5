"""Write docs/first-hour.md: run its commands in a clean clone, and put down what they print.

python scripts/write_first_hour.py            takes packages from an index, and measures what the first reply takes
python scripts/write_first_hour.py --lend     takes them from this environment, as the test does; the times stay

The text and the commands of the document are written by hand, there; nothing but outputs and times is changed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from first_hour import TARGET, Step, play, rendered

__all__ = ["main", "times"]

_FIRST = "replykit rewrite"


def times(played: list[Step]) -> str:
    """Return a table of what the way to the first rewritten reply takes."""
    first = next(place for place, step in enumerate(played) if step.command.startswith(_FIRST))
    version = [step.command for step in played].index("replykit --version")
    way = [*(step for step in played[:version] if step.seconds >= 0.05), played[first]]
    rows = "\n".join(f"| `{_start(step.command)}` | {step.seconds:.1f} s |" for step in way)
    total = sum(step.seconds for step in way)
    return f"""\
From `git clone` to the first rewritten reply it took **{total:.0f} seconds**, on a machine with two cores that did
other things as well. Nothing was kept from an earlier installation but what pip keeps of its downloads.

| | |
|---|---|
{rows}
"""


def _start(command: str) -> str:
    """Return a command without its first text and what follows."""
    return command.partition(' "')[0]


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the document."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lend", action="store_true", help="take packages from this environment, and leave the times")
    lend = parser.parse_args(arguments).lend
    document = TARGET.read_text("utf-8")
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "stranger"
        place.mkdir()
        played = play(document, place, lend=lend)
    text = rendered(document, played, None if lend else times(played))
    TARGET.write_text(text, "utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
