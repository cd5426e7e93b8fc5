"""The section on faults: each one of the table in tests/faults.py is run, and what was seen is written down."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from faults import FAULTS
from sight import Row, seen

__all__ = ["render", "section"]

_HEAD = """\
## Faults of the server

Each row is one conversation over HTTP with a server that does what stands in the first column, in this order; after
it, the server answers well. *Calls* is how many requests it got, *billed* how many of them may be billed at the most,
as the kit tells it. `kit.draft` answers a customer; `kit.rewrite` is given a draft that breaks a rule which the
playbook can mend. Retries are 2, repairs 1, and the deadline holds in every row: a server that never ends its answer
is left when the time is up.

A request that may have been answered is not sent again, so that nothing is billed twice. It is sent again where no
connection was made, and where the server itself says that there is no answer: 429, 500, 503, 529. The deadline, a
reset, half a body and the 502 or 504 of a gateway leave open what was answered, so they are errors (`may_be_billed`),
stand among the `attempts` as `lost`, and count in `budget`.
"""


def render(rows: Iterable[Row]) -> str:
    """Return the section that tells what the rows say."""
    lines = ["| the server | calls | billed | `draft` | `rewrite` | what is told |", "|---|---:|---:|---|---|---|"]
    lines += [
        f"| {row.name} | {row.calls} | {row.paid} | {row.drafted} | {row.rewritten} | {row.told} |" for row in rows
    ]
    return _HEAD + "\n" + "\n".join(lines) + "\n"


def section() -> str:
    """Run every fault and return what was seen; say on standard error where the table expects something else."""
    rows = [seen(fault) for fault in FAULTS]
    for row, fault in zip(rows, FAULTS, strict=True):
        if row != fault.row:
            print(f"not what tests/faults.py expects:\n  {row}\n  {fault.row}", file=sys.stderr)
    return render(rows)
