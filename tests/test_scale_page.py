"""The page about scale says what its script measured, and its plan follows from its table."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest
from scale_runs import AGAIN, WAYS, Run, log_size, same_results, write_log
from write_scale import Measured, render

from replykit.checker import checker_for
from replykit.columnar import check_batches, open_replies, write_results
from replykit.loader import load_playbook

PAGE = (Path(__file__).parent.parent / "docs" / "scale.md").read_text("utf-8")

TALLY = {"rows": 2_000_000, "fine": 1_900_000, "errors": 120_000, "warnings": 5_000}
PARTS = {"to import it": 1.0, "to start it": 3.0, AGAIN: 0.5, "to stop it": 1.0}
MADE_UP = Measured(
    rows=2_000_000,
    characters=50.0,
    log_bytes=40_000_000,
    result_bytes=(10_000_000, 12_000_000),
    runs=[
        Run(name, seconds, PARTS if "Ray" in name else {}, TALLY, 2**28, 3, 200.0)
        for name, seconds in zip(WAYS, (200.0, 125.0, 100.0, 110.0), strict=True)
    ],
    is_same=True,
    pieces=31,
    machine="a machine",
)


def test_the_plan_follows_from_what_was_measured() -> None:
    """Two million rows in 110 seconds on two cores: 9,091 for a core, and core hours, hours and money from that."""
    page = render(MADE_UP, 0.5)
    assert "| d | Ray, two workers | 110 | 18,182 | 1.82 | 200 | 256 MiB in 3 |" in page
    assert "| 100,000,000 | 3.1 | 1.5 h | 11 min | 1 min | 1 | 1.53 $ |" in page
    assert "| 10,000,000,000 | 305.6 | 6.4 days | 19.1 h | 2.4 h | 13 | 152.78 $ |" in page
    assert "took 5.0 s, in which (c) checks 100,000" in page
    assert "takes 10.0 µs of a core more for each row" in page
    assert "two cores check 100,000,000 replies in 1.4 h" in page
    assert "0.20 TB at 20 bytes" in page
    other = render(dataclasses.replace(MADE_UP, is_same=False), 0.5)
    assert "**differ from those of (a)**" in other


def test_the_page_is_of_one_run_and_its_plan_adds_up() -> None:
    """Core hours are replies by the rate of Ray for a core; every way counted the same, row by row."""
    assert "are those of (a) in every row" in " ".join(PAGE.split())
    rate = float(re.search(r"\| d \| Ray, two workers \| [\d.,]+ \| ([\d,]+) ", PAGE)[1].replace(",", ""))  # type: ignore[index]
    for replies, hours in re.findall(r"\| ([\d,]{11,}) \| ([\d.,]+) \|", PAGE):
        wanted = float(replies.replace(",", "")) / (rate / 2) / 3600
        assert float(hours.replace(",", "")) == pytest.approx(wanted, rel=0.01, abs=0.06)


def test_the_log_is_the_same_every_time_and_can_be_checked(tmp_path: Path) -> None:
    """So that two runs compare; its good replies are good, and about one reply in twelve is not."""
    write_log(tmp_path / "a.parquet", 3000)
    write_log(tmp_path / "b.parquet", 3000)
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()
    size, characters = log_size(tmp_path / "a.parquet")
    assert size > 1000
    assert 30 < characters < 90
    pieces = open_replies([str(tmp_path / "a.parquet")], "text", ["agent", "day", "channel"])
    results = list(check_batches(checker_for(load_playbook("zh")), pieces[0].batches(), pieces[0].out))
    bad = sum(batch.column("ok").false_count for batch in results)
    assert 0.05 < bad / 3000 < 0.11
    for name in ("one", "other"):
        write_results(str(tmp_path / f"{name}.parquet"), results)
    assert same_results(tmp_path / "one.parquet", tmp_path / "other.parquet")
    write_results(str(tmp_path / "other.parquet"), [batch.slice(1) for batch in results])
    assert not same_results(tmp_path / "one.parquet", tmp_path / "other.parquet")
