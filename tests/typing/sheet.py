"""What the author of a script over a sheet writes."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import assert_type

from replykit import PolishedRow, ReplyKit, polish

with Path("replies.csv").open(encoding="utf-8", newline="") as file:
    rows = polish(csv.DictReader(file), ReplyKit(model="…"), text="回复", customer="客户", ledger=Path("replies.db"))
    assert_type(rows, Iterator[PolishedRow])
    for row in rows:
        assert_type(row.text, str)
        assert_type(row.proposal, str | None)
        if row.status == "needs_review":
            print(row.row, row.reason)
