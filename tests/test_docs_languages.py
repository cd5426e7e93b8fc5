"""docs/languages.md holds what its command measures, and the command shows no sentence that was held out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import score_languages
import write_languages

from replykit.loader import BUILT_IN

PAGE = (Path(__file__).parent.parent / "docs" / "languages.md").read_text("utf-8")
_ROW = re.compile(r"^\| `([\w-]+)`, ([\w-]+) \| (\d+) \| \d+ \| ([\d.]+|–) \| \d+ \| ([\d.]+|–) \|", re.MULTILINE)
_SLACK = 0.05  # what a change of rules may cost before the page has to say so


def test_how_mixed_texts_are_decided_is_up_to_date() -> None:
    """The last part of the page is what the script writes now."""
    assert PAGE.endswith(write_languages._told())


def test_every_built_in_playbook_is_on_the_page() -> None:
    """A language that is built in has labelled replies, and a column."""
    names = {path.name for path in BUILT_IN.iterdir() if path.is_dir()}
    assert names == set(score_languages.FILES)
    assert all(f"| `{name}`" in PAGE for name in names)


@pytest.mark.parametrize("playbook", ["zh-Hant", "en"])
def test_the_rules_are_as_exact_as_the_page_says(playbook: str) -> None:
    """What is measured now is no worse than what is written, part by part."""
    written = {(row[1], row[2]): row for row in _ROW.finditer(PAGE)}
    for part in score_languages.parts(playbook):
        row, total = written[playbook, part.name], part.score.total("error")
        assert part.score.replies == int(row[3])
        assert total.recall >= (0 if row[4] == "–" else float(row[4]) - _SLACK)
        assert total.precision >= (0 if row[5] == "–" else float(row[5]) - _SLACK)


def test_held_out_sentences_are_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """With --misses, sentences of the parts that rules were written with are shown, and no others."""
    score_languages.main(["en", "--misses", "1000"])
    shown = capsys.readouterr().out
    assert re.search(r"^(?:error|any) \| (?:missed|false alarm) \| \S+ \| en-d", shown, re.MULTILINE)
    assert not re.search(r"\| en-[^d]", shown)
