"""Copy the tables that docs/comparison.md quotes from the pages that their commands write.

    python scripts/write_comparison.py

A comment `<!-- from PAGE: BEGINNING -->` stands before a table; the table of that page which has a row with that
beginning takes the place of what stands until `<!-- end -->`.
"""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "comparison.md"
QUOTED = re.compile(r"(<!-- from (\S+): (.+?) -->\n).*?(<!-- end -->)", re.DOTALL)


def table(page: str, beginning: str) -> str:
    """Return the first table of a page that has a row with this beginning, whole.

    Raises:
        SystemExit: there is none.
    """
    for block in re.findall(r"(?:^\|.*\n)+", (ROOT / page).read_text("utf-8"), re.MULTILINE):
        if any(row.startswith(beginning) for row in block.splitlines()):
            return str(block)
    raise SystemExit(f"{page} has no table with a row that begins {beginning!r}")


def filled(text: str) -> str:
    """Return the page with its tables as they are now."""
    return QUOTED.sub(lambda quoted: f"{quoted[1]}\n{table(quoted[2], quoted[3])}\n{quoted[4]}", text)


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text("utf-8")), "utf-8")
    print(f"{PAGE.relative_to(ROOT)} written")
