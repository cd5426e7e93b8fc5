"""Write docs/model-side.md: what becomes of a chat server's faults and of hostile texts, as it was seen.

    python scripts/write_model_side.py              runs every section and writes the document
    python scripts/write_model_side.py NAME ...     runs these sections alone; the others stay as they are

A section is a module beside this one, model_side_NAME.py, with a function

    def section() -> str

that runs what it speaks of (against servers on loopback, with scripted models: no key, no other network) and returns
Markdown: a heading of level 2 first, sentences and tables after it, no figure typed by hand, and the same text for the
same code (no ports, and times only where they are what is shown). To add a section, write the module and put its name
into SECTIONS, where it is to stand in the document. What the tests hold it to, keep in a module under tests/ that both
import (tests/faults.py for the faults), so that a test can compare the committed document without running everything
again: `section_of(document, NAME)` gives the text of one section.
"""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "scripts")]

__all__ = ["SECTIONS", "TARGET", "main", "section_of"]

TARGET = ROOT / "docs" / "model-side.md"
SECTIONS = ("faults", "streaming", "forms", "injection")

INTRODUCTION = """\
# The model's side

Written by `python scripts/write_model_side.py`; do not edit.

A chat model is asked, but never trusted: what it answers is taken out of its wrapping, classified, checked, asked for
again where it breaks a rule, repaired and checked again. This page tells what comes of it when the server, the model or
the texts misbehave. Everything on it was run: the servers are real HTTP on a loopback port, the models are scripted.

Against a server and a model of your own, the same promise is tried by
`REPLYKIT_LIVE_BASE_URL=http://127.0.0.1:8080/v1 pytest tests/live -s` (`tests/live/test_live.py` says more).
"""


def section_of(document: str, name: str) -> str:
    """Return the text of one section of the document; empty where it has none."""
    found = re.search(rf"^<!-- section: {re.escape(name)} -->\n(.*?)(?=^<!-- section: |\Z)", document, re.M | re.S)
    return found[1].strip() + "\n" if found else ""


def main(names: Sequence[str]) -> int:
    """Write the document; return the exit code."""
    unknown = [name for name in names if name not in SECTIONS]
    if unknown:
        print(f"there is no section {unknown[0]!r}; known: {', '.join(SECTIONS)}", file=sys.stderr)
        return 2
    before = TARGET.read_text("utf-8") if TARGET.exists() else ""
    parts = [INTRODUCTION]
    for name in SECTIONS:
        if not names or name in names:
            text = importlib.import_module(f"model_side_{name}").section().strip() + "\n"
        else:
            text = section_of(before, name)
        parts.append(f"<!-- section: {name} -->\n{text}")
    TARGET.write_text("\n".join(parts), "utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
