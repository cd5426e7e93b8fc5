"""What is measured of the checker's speed, and the bars that it is held to."""

from __future__ import annotations

import importlib
import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ahocorasick_rs import AhoCorasick
from measuring import Compared, compare, compare_processes
from replies import Case, attempts, cases, checker_of, drafts, phrases, replies

from replykit.checker import Checker, checker_for
from replykit.loader import load_playbook

__all__ = ["Bar", "Section", "Size", "engines", "sections"]


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured.

    Attributes:
        replies: replies of 200 code points in one turn; few, as other work on the machine disturbs a short turn less.
        rounds: turns.
        phrases: the phrases of the main comparison; a tenth and five times as many show how the cost grows.
        many: replies of `check_many`.
        longest: code points of the longest text.
    """

    replies: int = 100
    rounds: int = 27
    phrases: int = 10_000
    many: int = 24_000
    longest: int = 1_000_000


@dataclass(frozen=True, slots=True)
class Bar:
    """What was aimed at.

    Attributes:
        claim: in one line.
        value: what was measured.
        limit: the bar.
        at_least: True where more is better.
    """

    claim: str
    value: float
    limit: float
    at_least: bool = False

    @property
    def is_met(self) -> bool:
        """Return whether the bar is met."""
        return self.value >= self.limit if self.at_least else self.value <= self.limit


@dataclass(frozen=True, slots=True)
class Section:
    """One table.

    Attributes:
        title: its heading.
        about: what was run.
        rows: what was compared; the first is the measure of the ratios.
        each: how many replies one run checks; times are given for one of them.
        bars: what it is held to.
    """

    title: str
    about: str
    rows: list[Compared]
    each: int
    bars: tuple[Bar, ...]


def _raw(words: list[str], texts: list[str]) -> Callable[[], object]:
    automaton = AhoCorasick(words)
    return lambda: [automaton.find_matches_as_indexes(text, overlapping=True) for text in texts]


def _checked(checker: Checker, texts: list[str]) -> Callable[[], object]:
    return lambda: [checker.check(text) for text in texts]


def engines(words: list[str], texts: list[str]) -> dict[str, Callable[[], object]]:
    """Return other ways to look for the phrases alone, as far as they are installed."""
    found: dict[str, Callable[[], object]] = {}
    try:
        automaton = importlib.import_module("ahocorasick").Automaton()
    except ImportError:
        pass
    else:
        for word in words:
            automaton.add_word(word, word)
        automaton.make_automaton()
        found["pyahocorasick, the phrases alone"] = lambda: [list(automaton.iter(text)) for text in texts]
    try:
        processor = importlib.import_module("flashtext").KeywordProcessor()
    except ImportError:
        pass
    else:
        processor.add_keywords_from_list(words)
        found["flashtext, the phrases alone"] = lambda: [processor.extract_keywords(t, span_info=True) for t in texts]
    pattern = re.compile("|".join(map(re.escape, words)))
    few = texts[: max(1, len(texts) // 20)]  # it is two hundred times slower; its time is scaled
    found["re, an alternation of the phrases alone"] = lambda: [list(pattern.finditer(text)) for text in few]
    return found


def _scaled(rows: list[Compared], name: str, factor: float) -> list[Compared]:
    return [Compared(r.name, r.seconds * factor, r.ratio * factor) if r.name == name else r for r in rows]


def _clean(size: Size) -> Section:
    words = phrases(size.phrases)
    texts = replies(size.replies, without=words)
    scan, check = "ahocorasick_rs, one raw scan", "replykit, the full check"
    others = engines(words, texts)
    rows = compare({scan: _raw(words, texts), check: _checked(checker_of(words), texts), **others}, size.rounds)
    rows = _scaled(rows, "re, an alternation of the phrases alone", len(texts) / max(1, len(texts) // 20))
    ratio = rows[1].ratio
    return Section(
        f"A clean reply, {size.phrases:,} phrases",
        "200 code points; `check` folds, takes disguises off, scans, and builds a report.",
        rows,
        len(texts),
        (Bar("a full check, by a raw scan for the same phrases", ratio, 5),),
    )


def _guarded(size: Size) -> Section:
    words = phrases(size.phrases)
    texts = replies(size.replies, without=words)
    given = cases(texts)
    again = [attempt for case in given[:4] for attempt in attempts(case, len(given) // 4)]

    def guarded(checker: Checker, given: list[Case]) -> Callable[[], object]:
        return lambda: [checker.check(c.text, customer=c.customer, facts=c.facts, draft=c.draft) for c in given]

    every = checker_of(words, guards=True)
    compared = ("grounded-facts", "keep-placeholders", "keep-meaning", "match-script")
    rows = compare(
        {
            "ahocorasick_rs, one raw scan": _raw(words, texts),
            "replykit, every guard": guarded(every, given),
            "every guard, four conversations with many replies each": guarded(every, again),
            "facts, placeholders, meaning and script alone": guarded(checker_of(words, guards=compared), given),
        },
        size.rounds,
    )
    return Section(
        f"The same with a customer, facts and a draft, {size.phrases:,} phrases and the guards",
        "The draft differs from the reply in eight characters; every customer, fact and draft is another one, so that\n"
        "nothing of an earlier check helps. Every guard: facts, placeholders, meaning and script are compared, and\n"
        "promises, contacts and instructions that a customer may have planted are looked for. In four conversations\n"
        "customer, facts and draft stay, which are remembered as they were read, the last 32 texts of each kind; only\n"
        "the reply is another one each time.",
        rows,
        len(texts),
        (Bar("a check with every guard, by a raw scan", rows[1].ratio, 12),),
    )


def _growth(size: Size) -> Section:
    numbers = (size.phrases // 10, size.phrases, size.phrases * 5)
    texts = replies(size.replies, without=phrases(numbers[-1]))
    checks = {f"{number:,} phrases": _checked(checker_of(phrases(number)), texts) for number in numbers}
    rows = compare(checks, size.rounds)
    return Section(
        "More phrases",
        "The same clean replies of 200 code points.",
        rows,
        len(texts),
        (Bar(f"{numbers[-1]:,} phrases, by {numbers[0]:,}", rows[-1].ratio, 2),),
    )


def _length(size: Size) -> Section:
    words = phrases(size.phrases)
    checker = checker_of(words)
    lengths = (size.longest // 100, size.longest // 10, size.longest)
    texts = {f"{n:,} code points": replies(1, n) for n in lengths}
    rows = compare({name: _checked(checker, text) for name, text in texts.items()}, max(3, size.rounds // 9))
    bars = (Bar("a hundred times the text, by a hundred times the time", rows[-1].ratio / 100, 2),)
    return Section("Longer texts", f"One text, {size.phrases:,} phrases, with what stands in it.", rows, 1, bars)


def _cold(size: Size) -> Section:
    check = "import replykit; replykit.check('{}')"
    rows = compare_processes(
        {
            "import pydantic": "import pydantic",
            "from pydantic import BaseModel": "from pydantic import BaseModel",
            "import replykit": "import replykit",
            "replykit.check, a clean reply": check.format("您好，已经为您查到，包裹今天下午送到。"),
            "replykit.check, a reply with violations": check.format("呵呵，大哥，这个没办法的。"),
        },
        size.rounds,
    )
    return Section(
        "A cold process",
        "From the start of Python to its end: the import, the built-in playbook and the first check.",
        rows,
        1,
        (Bar("a first check, by `import pydantic`", rows[-1].ratio, 3),),
    )


_HALF = (
    "import replykit; from replies import drafts; from replykit.checker import checker_for\n"
    "checker = checker_for(replykit.load_playbook())\n"
    "print(flush=True); input()\n"
    "for text in drafts({}): checker.check(text)\n"
)


def _two_at_once(number: int) -> Callable[[], object]:
    """Half of the work in each of two processes that are ready before: what this machine can gain at most."""

    def run() -> None:
        for process in crew:
            assert process.stdin
            process.stdin.write("\n")
            process.stdin.close()
        for process in crew:
            process.wait()

    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    crew = [
        subprocess.Popen(
            [sys.executable, "-c", _HALF.format(number // 2)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            env=environment,
        )
        for _ in range(2)
    ]
    for process in crew:
        assert process.stdout
        process.stdout.readline()
        process.stdout.close()
    return run


def _many(size: Size) -> Section:
    checker = checker_for(load_playbook("zh"))
    texts = drafts(size.many)
    turns: list[list[Compared]] = []
    for _ in range(max(1, size.rounds // 5)):
        candidates: dict[str, Callable[[], object]] = {
            "a loop over check": lambda: [checker.check(text) for text in texts],
            "check_many with two processes": lambda: list(checker.check_many(texts, processes=2)),
        }
        turns.append([*_once(candidates), *_once({"two loops, half each": _two_at_once(size.many)})])
    rows = _medians(turns)
    _, many, halves = rows
    return Section(
        f"{size.many:,} replies under the built-in playbook",
        "By the clock. The last row is what two processes that run already gain here: no program can gain more.",
        rows,
        size.many,
        (
            Bar("the loop, by check_many with two processes", 1 / many.ratio, 1.6, at_least=True),
            Bar("check_many's gain, by the most that two processes gain here", halves.ratio / many.ratio, 0.8, True),
        ),
    )


def _once(candidates: dict[str, Callable[[], object]]) -> Iterator[Compared]:
    for name, run in candidates.items():
        since = time.perf_counter()
        run()
        yield Compared(name, time.perf_counter() - since, 0)


def _medians(turns: list[list[Compared]]) -> list[Compared]:
    return [
        Compared(
            row.name,
            statistics.median(turn[n].seconds for turn in turns),
            statistics.median(turn[n].seconds / turn[0].seconds for turn in turns),
        )
        for n, row in enumerate(turns[0])
    ]


def sections(size: Size) -> Iterator[Section]:
    """Yield the tables, each measured as it is asked for."""
    for section in (_clean, _guarded, _growth, _length, _cold, _many):
        yield section(size)
