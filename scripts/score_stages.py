"""Score the stage that is read off a conversation against tests/labelled/stages.toml, in both scripts.

python scripts/score_stages.py             right out of all, by stage
python scripts/score_stages.py --misses    the conversations that were put elsewhere
"""

from __future__ import annotations

import argparse
import sys
import tomllib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import opencc

from replykit.checker import checker_for
from replykit.loader import load_playbook
from replykit.records import Turn

__all__ = ["SCRIPTS", "conversations", "main", "read"]

LABELLED = Path(__file__).parent.parent / "tests" / "labelled" / "stages.toml"
SCRIPTS = {"simplified": opencc.OpenCC("t2s"), "traditional": opencc.OpenCC("s2tw")}


def conversations() -> list[dict[str, Any]]:
    """Return the labelled conversations."""
    labelled: list[dict[str, Any]] = tomllib.loads(LABELLED.read_text("utf-8"))["case"]
    return labelled


def read(case: dict[str, Any], script: str) -> str:
    """Return the stage that is read off a conversation in a script, `none` where there is none."""
    put = SCRIPTS[script].convert
    history = [
        Turn(role="agent" if number % 2 else "customer", text=put(text))
        for number, text in enumerate(case.get("history", []))
    ]
    checker = checker_for(load_playbook("zh"))
    return checker.stage_of(put(case["customer"]), history, [put(fact) for fact in case.get("facts", [])]) or "none"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the scores."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--misses", action="store_true")
    wish = parser.parse_args(arguments)
    for script in SCRIPTS:
        every: Counter[str] = Counter()
        right: Counter[str] = Counter()
        for case in conversations():
            found = read(case, script)
            every[case["stage"]] += 1
            right[case["stage"]] += found == case["stage"]
            if wish.misses and found != case["stage"]:
                print(f"  {case['stage']}, read as {found}: {case['customer']}")
        shown = ", ".join(f"{stage} {right[stage]}/{count}" for stage, count in every.items())
        print(f"{script}: {right.total()}/{every.total()} ({shown})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
