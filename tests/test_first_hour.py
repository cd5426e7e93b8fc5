"""docs/first-hour.md is what a stranger sees: its commands, run in a clean clone, print what stands there."""

from __future__ import annotations

import re
from pathlib import Path

import clean_clone
import pytest
from first_hour import TARGET, Step, play, rendered, steps, times_aside
from terminal import shown
from write_first_hour import times

DOCUMENT = TARGET.read_text("utf-8")


@pytest.mark.skipif(not clean_clone.has_history(), reason="this is no repository, so there is nothing to clone")
def test_a_stranger_sees_what_the_document_shows(tmp_path: Path) -> None:
    """Built from a clean clone, installed and used line by line, replykit prints what the document says."""
    place = tmp_path / "stranger"
    place.mkdir()
    played = play(DOCUMENT, place, lend=True)
    assert rendered(DOCUMENT, played) == DOCUMENT, "if this is meant: python scripts/write_first_hour.py"


def test_nothing_in_the_document_is_left_out() -> None:
    """Every block is a terminal's or a file that the commands use, and no command stands anywhere else."""
    blocks = re.findall(r"^```(\S*)(.*)$", DOCUMENT, re.MULTILINE)[::2]
    assert {kind for kind, _ in blocks} == {"console", "python", "toml", "yaml"}
    assert all(kind == "console" or title.startswith(' title="') for kind, title in blocks)
    assert (
        len(re.findall(r"^\$ ", DOCUMENT, re.MULTILINE)) == sum("EPOCHREALTIME" in line for line in steps(DOCUMENT)) - 1
    )


SMALL = """\
# Small

<!-- times -->
10 seconds
<!-- end -->

```text title="a file.txt"
it's 1 $HOME
```

```console
$ cat "a file.txt"; false
old
$ echo $?
```
"""


def test_a_document_is_played(tmp_path: Path) -> None:
    """Files are written as they stand, one shell keeps its state, and only what is printed is put into the document."""
    printed = shown("\n".join(steps(SMALL)), tmp_path)
    assert re.sub(r"\x1e\d+ [\d.]+\x1e", "|", printed) == "|it's 1 $HOME\n|1\n|"
    played = [Step('cat "a file.txt"; false', "it's 1 $HOME", 0.5), Step("echo $?", "1", 0.1)]
    assert rendered(SMALL, played) == SMALL.replace("old\n", "it's 1 $HOME\n").replace("$?\n", "$?\n1\n")


def test_times_are_measured_and_not_compared() -> None:
    """The table of times is replaced as a whole, and two documents that differ in it alone are the same."""
    played = [Step("git clone", "", 12.0), Step("replykit --version", "", 9.0), Step('replykit rewrite "x"', "", 1.26)]
    table = times(played)
    assert "**13 seconds**" in table
    assert "| `replykit rewrite` | 1.3 s |" in table
    other = rendered(SMALL, [Step("a", "old", 0), Step("b", "", 0)], table)
    assert table in other
    assert times_aside(other) == times_aside(rendered(SMALL, [Step("a", "old", 0), Step("b", "", 0)]))
