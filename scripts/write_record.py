"""Write docs/record.md: what a complaint record holds, one of examples/complaint.txt, and how exact the readers are.

python scripts/write_record.py            writes the document
python scripts/write_record.py --check    exits 1 where it is not up to date
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from score_guards import Count
from score_record import FIELDS, conversations, score

from replykit import ReplyKit
from replykit.cli.conversation import turns_of_lines

__all__ = ["TARGET", "main", "render"]

ROOT = Path(__file__).parent.parent
TARGET = ROOT / "docs" / "record.md"
EXAMPLE = ROOT / "examples" / "complaint.txt"
SETS = {"at hand": "abcdef", "held out": "g"}

INTRODUCTION = """\
# Complaint records

Written by `python scripts/write_record.py`; do not edit.

`kit.record(conversation)` and `replykit record FILE` register a complaint: who complains, how to reach him, what was
bought, what went wrong, what is asked for, and what was promised by whom and by when. Every entry is words of the
conversation with the turn and the place in it. Nothing is summed up, by nobody: what no one said is empty, and what the
complaint still needs is in `missing`.

- **Readers first.** The playbook's patterns fill the record without a model, the same conversation always alike.
- **A model adds, and replaces nothing.** It is asked once for quotations, each with the number of its turn. One counts
  where it stands in a turn of the right speaker, letter by letter or after folding script, width and case; cuts no
  number or word in two; and holds what its field must hold. A promise counts only from an agent, and not out of a
  refusal, a question or a condition. The rest is in `ungrounded`, with the reason.
- **Where the model fails**, the readers' record is returned and `trouble` says why; the command exits with 3.
- **What a customer says that was promised** is `claimed`, never `promised`.
"""
AFTER_TABLE = """\
A conversation is a list of turns, `Turn` records or messages as chat APIs hold them (`user` is the customer,
`assistant` the agent), with `name` and `time` where they are known; or a file of that in JSON; or lines as below.
"""
EXACTNESS = """\
## How exact the readers are

Of {count} labelled conversations (`tests/labelled/record.toml`), {at_hand} were at hand while the readers were written;
{held_out} were written when they were done, scored once, and no pattern was changed for them. *Recall* is the share of
labels that are found, *precision* the share of what is found that is labelled. Names, numbers, products, times,
categories and moods are held to the letter; of clauses, a label must stand in what is found. A conversation in which a
field carries no label is a near-miss for it.
"""
LIMITS = """\
What the held-out figures say, though they are few: names, numbers and promises are read well, as few words carry them;
what went wrong, the product and the category are told in the words of every trade, and patterns know the common ones.
A model fills those, with the same proof. A company adds its products to `[words]` as `goods`, and its own categories.
"""


def _fields(kit: ReplyKit) -> Iterator[str]:
    yield "| field | heading | whose words | needed |"
    yield "|---|---|---|---|"
    categories = kit.playbook.categories
    for field in kit.playbook.fields:
        needed = [category.title for category in categories if field.id in category.needs]
        when = "always" if field.required else "、".join(needed) or ""
        worked_out = field.id in ("by", "due", "missing")
        whose = "worked out" if worked_out else {"either": "either"}.get(field.role, field.role)
        yield f"| `{field.id}` | {field.title} | {whose} | {when} |"


def _example(kit: ReplyKit) -> Iterator[str]:
    lines = EXAMPLE.read_text("utf-8")
    yield "```text"
    yield lines.rstrip()
    yield "```"
    yield ""
    record = kit.record(turns_of_lines(lines, EXAMPLE.name))
    yield "As one row of a sheet (`kit.sheet_row(record)`, `replykit record --csv`):"
    yield ""
    yield "| heading | cell |"
    yield "|---|---|"
    yield from (f"| {heading} | {cell} |" for heading, cell in kit.sheet_row(record).items())


def _scores(part: str) -> dict[str, Count]:
    """The scores of several sets, added up."""
    total = {field: Count() for field in FIELDS}
    for one in part:
        for field, scored in score(one).items():
            total[field] = total[field].plus(*scored)
    return total


def _table() -> Iterator[str]:
    by_set = {name: _scores(part) for name, part in SETS.items()}
    yield "| field | labels | precision | recall | held-out labels | precision | recall |"
    yield "|---|--:|--:|--:|--:|--:|--:|"
    for field in (*FIELDS, "all"):
        cells = [f"`{field}`" if field != "all" else "**all**"]
        for scores in by_set.values():
            every = Count(*map(sum, zip(*scores.values(), strict=True)))
            one = every if field == "all" else scores[field]
            found = f"{one.precision:.0%}" if one.right + one.wrong else "–"
            cells += [str(one.right + one.missed), found, f"{one.recall:.0%}" if one.right + one.missed else "–"]
        yield "| " + " | ".join(cells) + " |"


def render() -> str:
    """Return the document."""
    kit = ReplyKit()
    ids = [conversation["id"] for conversation in conversations()]
    counts = {
        "count": len(ids),
        "at_hand": sum(id[0] in SETS["at hand"] for id in ids),
        "held_out": sum(id[0] in SETS["held out"] for id in ids),
    }
    parts = (
        INTRODUCTION,
        "\n".join(_fields(kit)),
        AFTER_TABLE,
        "\n".join(_example(kit)),
        EXACTNESS.format(**counts),
        "\n".join(_table()),
        LIMITS,
    )
    return "\n\n".join(part.rstrip() for part in parts) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the document, or with `--check` only compare it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where it is not up to date")
    check = parser.parse_args(arguments).check
    text = render()
    if not check:
        TARGET.write_text(text, "utf-8", newline="\n")
        return 0
    if TARGET.is_file() and TARGET.read_text("utf-8") == text:
        return 0
    print(f"{TARGET} is not up to date; run: python scripts/write_record.py", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
