"""The page about evaluation says what its script found, and what it says holds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from eval_models import STRONG, WEAK
from eval_runs import run_of, trial
from write_eval import AT, CONCURRENCY, EXAMPLE, Killed, Ran, claim, coverage, least_cases, measures, render, sections

from replykit.evaluation import WeakAnswer, load_cases, measure_messages
from replykit.evaluation.measures import MEASURES

DOCS = Path(__file__).parent.parent / "docs"
PAGE = (DOCS / "eval.md").read_text("utf-8")
WORDS = " ".join(PAGE.split())
MESSAGES = measure_messages(load_cases("zh", "en"), language="auto")


def _number(pattern: str) -> int:
    found = re.search(pattern, PAGE)
    assert found, pattern
    return int(found[1].replace(",", ""))


def test_no_figure_looks_like_a_real_models() -> None:
    """The page says at its beginning that no model was asked, and again where the two that are none are compared."""
    assert "**No real model was asked**" in PAGE.split("\n## ")[0]
    assert f"`{WEAK}` and `{STRONG}` are no models" in WORDS


def test_every_measure_is_listed() -> None:
    """The table is made from the list of measures."""
    assert measures() in PAGE
    assert len(measures().splitlines()) == len(MEASURES) + 2


def test_what_is_sent_and_covered_is_as_now() -> None:
    """The sections of the messages, and the checks of coverage with their limits, are those of today."""
    assert sections(MESSAGES) in PAGE
    assert coverage() in PAGE


def test_fewer_cases_can_tell_nothing() -> None:
    """The page names the number of cases from which on a difference may be told, and the comparison holds to it."""
    assert f"fewer than {least_cases()} cases that differ" in WORDS
    count = sum(bool(one.better) for one in MEASURES if one.id not in ("expected", "wrongly_clean"))
    assert 2 * count / 2 ** least_cases() < 0.05 <= 2 * count / 2 ** (least_cases() - 1)


def test_the_example_is_a_file_of_cases(tmp_path: Path) -> None:
    """What the page shows can be played: a draft of a reply, and a rewrite."""
    assert EXAMPLE in PAGE
    (tmp_path / "cases.toml").write_text(EXAMPLE, "utf-8")
    assert [case.is_rewrite for case in load_cases(str(tmp_path / "cases.toml"))] == [False, True]


def test_what_was_replayed_adds_up() -> None:
    """The sentence, the table of kinds and the list of what leaves wrongly name the same numbers."""
    answers, clean, repaired, review = (
        int(found)
        for found in re.search(  # type: ignore[union-attr]
            r"Of (\d+) answers (\d+) leave clean, (\d+) repaired, (\d+) need review", WORDS
        ).groups()
    )
    assert answers == clean + repaired + review == 325
    wrong = _number(r"\*\*(\d+) leave with something in them that never may")
    (total,) = re.findall(r"^all +(.+)$", PAGE, re.MULTILINE)
    assert [int(one) for one in total.split()][:4] == [answers, clean, repaired, review]
    assert int(total.split()[-1]) == wrong == len(re.findall(r"^\| `[\w-]+/[\w-]+` \|", PAGE, re.MULTILINE))


def test_nothing_was_asked_twice_but_what_was_under_way() -> None:
    """Killed on the way, the run came to the same, with at most as many requests more as were under way."""
    calm, killed = re.search(r"\| requests in all \| ([\d,]+) \| ([\d,]+) \|", PAGE).groups()  # type: ignore[union-attr]
    assert int(calm) <= int(killed) <= int(calm) + len(AT) * CONCURRENCY
    assert "| what came of it | | the same |" in PAGE


def test_the_pictures_are_there() -> None:
    """Both are pictures, and of modest size."""
    pictures = re.findall(r"!\[[^]]+\]\(([^)]+)\)", PAGE)
    assert len(pictures) == 2
    for picture in pictures:
        assert (DOCS / picture).read_bytes().startswith(b"\x89PNG")
        assert (DOCS / picture).stat().st_size < 500_000


@pytest.mark.parametrize(("is_equal", "said"), [(True, "the same"), (False, "**not the same**")])
def test_a_failure_would_be_said(is_equal: bool, said: str) -> None:
    """Where the runs were not equal, or something left that never may, the page would say so."""
    script = WeakAnswer.model_validate({"case": "case-1", "id": "a/1", "answers": ["…"], "never": ["在路上"]})
    run = run_of([trial("case-1", script=script)])
    page = render(
        Ran("replykit eval", "table\n", ""), run, Ran("x", "y\n", ""), Killed(10, 12, is_equal), MESSAGES, False
    )
    assert f"| what came of it | | {said} |" in page
    assert "| requests in all | 10 | 12 |" in page
    assert claim(run) in page
    assert "| `a/1` | first | 在路上 |" in page
    assert "There was no browser here" in page
