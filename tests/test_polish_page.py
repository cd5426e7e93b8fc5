"""The page about polishing says what its script measured, and what it says holds."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from measuring import Compared
from polish_runs import CONCURRENCY, KILLS, Killed, Posted
from write_polish import principles, render, speed, statuses

import replykit
from replykit.batch import PolishedRow
from replykit.batch.tally import Tally

DOCS = Path(__file__).parent.parent / "docs"
PAGE = (DOCS / "polish.md").read_text("utf-8")


def _number(pattern: str) -> int:
    found = re.search(pattern, PAGE)
    assert found, pattern
    return int(found[1].replace(",", ""))


def test_what_the_page_claims() -> None:
    """Killed on the way, the copy was equal, and no more was repeated than was under way."""
    assert "| the two copies | | equal, byte for byte |" in PAGE
    assert re.search(r"\s0 of the clean and repaired replies had\s+an error", PAGE)
    assert _number(r"\| more than undisturbed \| \| (-?[\d,]+) ") <= KILLS * CONCURRENCY
    assert _number(r"killed \(`kill -9`\) (\d+) times") == KILLS


def test_nothing_was_answered_twice_at_half_the_price() -> None:
    """Killed after every step of every batch, the run through the batch API paid for nothing twice."""
    words = " ".join(PAGE.split())
    found = re.search(
        r"([\d,]+) requests were answered in (\d+) batches, (\d+) of them twice; .* are equal, byte", words
    )
    assert found
    assert int(found[2]) >= 2
    assert found[3] == "0"


def test_the_report_opens_in_time() -> None:
    """The report of 20,000 rows opened within three seconds, and its picture is there and of modest size."""
    assert float(re.findall(r"opened in Chromium in ([\d.]+) s", PAGE)[0]) <= 3
    (picture,) = re.findall(r"!\[[^]]+\]\(([^)]+)\)", PAGE)
    assert (DOCS / picture).read_bytes().startswith(b"\x89PNG")
    assert (DOCS / picture).stat().st_size < 500_000


def test_the_tables_are_the_tallies() -> None:
    """Statuses and principles stand in the tables as they were counted."""
    tally = Tally()
    for number, text in enumerate(("呵呵，您好。", "您好，请您稍候。"), 2):
        found = replykit.check(text).violations
        tally.add(PolishedRow(row=number, original=text, text="您好。", status="repaired", before=found))
    assert "| offline | 2 | 0 | 2 | 0 |" in statuses({"offline": tally})
    assert "| 用语专业 (`professional-register`) | 1 + 0 | 0 + 0 |" in principles({"offline": tally})


@pytest.mark.parametrize(("is_equal", "said"), [(True, "equal, byte for byte"), (False, "**not equal**")])
def test_a_failure_would_be_said(is_equal: bool, said: str) -> None:
    """Where the copies were not equal, the page would say so."""
    run = Killed(10, 10, 12, [3, 6], 1, is_equal, Counter({"500": 1}), Counter({"a formula": 2}))
    files = speed([Compared("openpyxl", 10.0, 1.0), Compared("ours", 2.0, 0.2)], [(1_000, 2**20), (100_000, 2**21)])
    batched = Posted(answered=12, batches=2, kills=10, twice=0, is_equal=is_equal)
    page = render({"offline": Tally()}, 0, run, batched, None, files)
    assert f"a run by calls are {said}" in " ".join(page.split())
    assert "| ours | 2.0 s | 0.20 |" in page
    assert "2.0 MiB for 100,000 rows, 1.0 MiB for 1,000" in page
    assert f"| the two copies | | {said} |" in page
    assert "| more than undisturbed | | 2 (20.0%) |" in page
