"""Canned replies in a program: each row polished as it comes, with what was wrong and what became of it.

For a spreadsheet that its owner gets back there is the command `replykit polish`. This is the same in Python, from any
iterable of mappings, here the rows of a CSV file; with a ledger it could be stopped anywhere and started again.

    python examples/canned_replies.py [IN.csv]
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import replykit


def main(source: Path) -> None:
    """Polish the column 回复, offline; with a chat model it is `ReplyKit(model="…")`, and nothing else changes."""
    with source.open(encoding="utf-8-sig", newline="") as file, replykit.ReplyKit() as kit:
        for row in replykit.polish(csv.DictReader(file), kit, text="回复"):
            print(f"{row.status:<12}  {row.original}")
            for violation in row.before:
                print(f"{violation.severity:>12}  {violation.message}")
            if row.text != row.original:
                print(f"{'→':>12}  {row.text}")
            if row.reason:
                print(f"{'':>12}  {row.reason}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("canned_replies.csv"))
