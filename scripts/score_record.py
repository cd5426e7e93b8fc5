"""Score the readers of complaint records against tests/labelled/record.toml, field by field.

python scripts/score_record.py             the table, one set after the other
python scripts/score_record.py --misses    what was missed, and what was found without being asked for
"""

from __future__ import annotations

import argparse
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from score_guards import Count

from replykit import ReplyKit
from replykit.complaint import ComplaintRecord
from replykit.records import Turn

__all__ = ["FIELDS", "conversations", "main", "read", "score", "turns_of_lines"]

LABELLED = Path(__file__).parent.parent / "tests" / "labelled" / "record.toml"
EXACT = ("who", "contact", "order", "product", "category", "when", "mood", "due")
HOLDING = ("happened", "asked", "promised", "claimed")
FIELDS = (
    "who", "contact", "order", "product", "category", "happened", "when", "asked", "mood", "promised", "due", "claimed",
)  # fmt: skip


def conversations() -> list[dict[str, Any]]:
    """Return the labelled conversations."""
    labelled: list[dict[str, Any]] = tomllib.loads(LABELLED.read_text("utf-8"))["conversation"]
    return labelled


def turns_of_lines(lines: Sequence[str]) -> list[Turn]:
    """Return the turns that lines such as 客户：… and 客服：… stand for."""
    turns = []
    for line in lines:
        who, _, text = line.partition("：")
        turns.append(Turn(role="customer" if who == "客户" else "agent", text=text))
    return turns


def read(record: ComplaintRecord, field: str) -> list[str]:
    """Return what a record holds in a field, each once: two promises may have one time."""
    return list(dict.fromkeys(entry.value for entry in record.entries(field)))


def compare(field: str, found: Sequence[str], wanted: Sequence[str]) -> tuple[list[str], list[str], list[str]]:
    """Return what is right, wrong and missed; each label answers one entry."""
    left = list(found)
    right, missed = [], []
    for label in wanted:
        same = [entry for entry in left if entry == label or (field in HOLDING and (label in entry or entry in label))]
        if same:
            left.remove(same[0])
            right.append(label)
        else:
            missed.append(label)
    return right, left, missed


def score(part: str, *, misses: bool = False) -> dict[str, Count]:
    """Score one set.

    Args:
        part: the first letter of the ids.
        misses: True prints what was missed and what was wrong.
    """
    kit = ReplyKit()
    scores = {field: Count() for field in FIELDS}
    for conversation in conversations():
        if not conversation["id"].startswith(part):
            continue
        record = kit.record(turns_of_lines(conversation["turns"]))
        for field in FIELDS:
            right, wrong, missed = compare(field, read(record, field), conversation.get(field, []))
            scores[field] = scores[field].plus(len(right), len(wrong), len(missed))
            if misses and (wrong or missed):
                print(f"{conversation['id']} {field}: missed {missed}, wrong {wrong}")
    return scores


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--misses", action="store_true", help="print what was missed and what was wrong")
    misses = parser.parse_args(arguments).misses
    for part in ("a", "b", "c", "d", "e", "f", "g"):
        for field, one in score(part, misses=misses).items():
            counts = f"{one.right:3} right {one.wrong:3} wrong {one.missed:3} missed"
            print(f"{part} {field:10} precision {one.precision:5.1%}  recall {one.recall:5.1%}  {counts}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
