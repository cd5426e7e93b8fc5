"""The same measurements one by one: `pytest benchmarks/bench_speed.py --benchmark-enable`. No bar is asserted here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ahocorasick_rs import AhoCorasick
from replies import cases, checker_of, drafts, phrases, replies
from speed import engines

from replykit.checker import checker_for
from replykit.loader import load_playbook

PHRASES = phrases(10_000)
TEXTS = replies(100, without=PHRASES)
Benchmark = Callable[..., Any]


@pytest.mark.benchmark(group="clean")
def test_raw_scan(benchmark: Benchmark) -> None:
    """The measure of the others: one scan of each reply."""
    automaton = AhoCorasick(PHRASES)
    benchmark(lambda: [automaton.find_matches_as_indexes(text, overlapping=True) for text in TEXTS])


@pytest.mark.benchmark(group="clean")
def test_full_check(benchmark: Benchmark) -> None:
    """Every part of a check but the guards."""
    checker = checker_of(PHRASES)
    benchmark(lambda: [checker.check(text) for text in TEXTS])


@pytest.mark.benchmark(group="clean")
@pytest.mark.parametrize("engine", ["pyahocorasick", "flashtext", "re"])
def test_other_engines(benchmark: Benchmark, engine: str) -> None:
    """The phrases alone, without fold, disguises or a report; `re` reads five replies of the hundred."""
    found = [run for name, run in engines(PHRASES, TEXTS).items() if name.startswith(engine)]
    if not found:
        pytest.skip(f"{engine} is not installed: pip install --group bench")
    benchmark(found[0])


@pytest.mark.benchmark(group="clean")
def test_check_with_guards(benchmark: Benchmark) -> None:
    """With a customer, facts and a draft."""
    checker = checker_of(PHRASES, guards=True)
    given = cases(TEXTS)
    benchmark(lambda: [checker.check(c.text, customer=c.customer, facts=c.facts, draft=c.draft) for c in given])


@pytest.mark.benchmark(group="growth")
@pytest.mark.parametrize("number", [1_000, 10_000, 50_000])
def test_more_phrases(benchmark: Benchmark, number: int) -> None:
    """A reply costs about the same whatever the number of phrases."""
    checker = checker_of(phrases(number))
    benchmark(lambda: [checker.check(text) for text in TEXTS])


@pytest.mark.benchmark(group="length")
@pytest.mark.parametrize("length", [10_000, 100_000, 1_000_000])
def test_longer_texts(benchmark: Benchmark, length: int) -> None:
    """Ten times the text, ten times the time."""
    checker = checker_of(PHRASES)
    text = replies(1, length)[0]
    benchmark(lambda: checker.check(text))


@pytest.mark.benchmark(group="built-in")
@pytest.mark.parametrize("processes", [1, 2])
def test_many(benchmark: Benchmark, processes: int) -> None:
    """Twenty thousand replies under the built-in playbook."""
    checker = checker_for(load_playbook("zh"))
    texts = drafts(20_000)
    benchmark.pedantic(lambda: list(checker.check_many(texts, processes=processes)), rounds=3)  # type: ignore[attr-defined]
