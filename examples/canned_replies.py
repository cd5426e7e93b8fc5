"""A spreadsheet of canned replies: each one checked and mended offline, with the result in new columns.

The placeholders ({订单号}, {姓名}) come out as they went in, or the row says that it needs review.

    python examples/canned_replies.py [IN.csv [OUT.csv]]
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

from replykit import ReplyKit

COLUMN = "回复"
ADDED = ("状态", "改写", "问题")


def main(source: Path, target: Path | None) -> None:
    """Read the replies of one column, and write every row with three more."""
    with source.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    with ReplyKit() as kit:
        for row in rows:
            reply = kit.rewrite(row[COLUMN])
            found = reply.attempts[0].violations
            row |= dict(zip(ADDED, (reply.status, reply.text, "；".join(v.message for v in found)), strict=True))
    if target:
        with target.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=[*(reader.fieldnames or ()), *ADDED])
            writer.writeheader()
            writer.writerows(rows)
    for row in rows:
        print(f"{row['状态']:<12}  {row[COLUMN]}")
        if row["改写"] != row[COLUMN]:
            print(f"{'→':>12}  {row['改写']}")


if __name__ == "__main__":
    paths = [Path(argument) for argument in sys.argv[1:3]]
    main(paths[0] if paths else Path(__file__).with_name("canned_replies.csv"), paths[1] if len(paths) > 1 else None)
