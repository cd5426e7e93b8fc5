"""The page about speed: what it says follows from what was measured. Nothing here is timed against a bar."""

from __future__ import annotations

import write_speed
from measuring import Compared
from replies import cases, checker_of, phrases, replies
from sheets import csv_growth, xlsx_ratio
from speed import Bar, Section, Size, engines, sections

SMALL = Size(replies=6, rounds=2, phrases=100, many=40, longest=2_000)


def test_a_small_run_makes_the_whole_page() -> None:
    """Every section is measured and rendered, with a row for every bar."""
    measured = list(sections(SMALL))
    page = write_speed.render(measured)
    assert page.count("\n## ") == len(measured) + 1
    assert all(row.seconds > 0 for section in measured for row in section.rows)
    assert all(f"| {row.name} |" in page for section in measured for row in section.rows)
    assert all(f"| {bar.claim} |" in page for section in measured for bar in section.bars)


def test_the_page_says_which_bars_are_met() -> None:
    """A bar that is missed says so, in either direction; times have a fitting unit."""
    section = Section(
        "Some",
        "What ran.",
        [Compared("one", 0.002, 1.0), Compared("other", 3.0, 1500.0)],
        2,
        (Bar("low", 4.5, 5), Bar("high", 5.5, 5), Bar("gain", 1.7, 1.6, True), Bar("loss", 1.5, 1.6, True)),
    )
    page = write_speed.render([section])
    for line in (
        "| one | 1 ms | 1.00 |",
        "| other | 1.5 s | 1,500 |",
        "| low | 4.50 | at most 5 | yes |",
        "| high | 5.50 | at most 5 | **no** |",
        "| gain | 1.70 | at least 1.6 | yes |",
        "| loss | 1.50 | at least 1.6 | **no** |",
    ):
        assert line in page.splitlines()


def test_clean_replies_are_clean() -> None:
    """What the clean replies are measured with finds nothing in them, guards included."""
    words = phrases(200)
    texts = replies(20, without=words)
    assert not any(checker_of(words).check(text).violations for text in texts)
    checker = checker_of(words, guards=True)
    for case in cases(texts):
        assert not checker.check(case.text, customer=case.customer, facts=case.facts, draft=case.draft).violations


def test_the_engines_find_what_the_checker_finds() -> None:
    """The phrases that stand in a text: as many for every engine, where none overlaps another."""
    words = ["没办法", "不清楚", "大概"]
    texts = ["这个没办法，大概吧。", "好的", "不清楚"]
    found = {len(hits[0]) for run in engines(words, texts).values() if isinstance(hits := run(), list)}
    assert found == {2}
    assert len(checker_of(words).check(texts[0]).violations) == 2


def test_what_is_measured_of_spreadsheets() -> None:
    """A workbook goes through openpyxl and through us, and a table through a process that tells its memory."""
    assert all(found.seconds > 0 for found in xlsx_ratio(rows=20, rounds=1))
    assert [(rows, peak > 0) for rows, peak in csv_growth(20)] == [(20, True)]
