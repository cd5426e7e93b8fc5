"""Write docs/exactness.md: how exact the checker and its guards are, beside what a list of phrases alone finds.

    python scripts/write_exactness.py [--gold FILE]...      writes the document
    python scripts/write_exactness.py --check               exits 1 where it is not up to date, the real replies aside

A gold file holds replies in the format of score.py. Of its replies only counts are written, no text. One of the
baselines needs jieba: pip install --group bench.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "benchmarks")]

from baselines import BASELINES, PHRASES, Baseline  # noqa: E402  # a folder of scripts, not a package
from score import (  # noqa: E402
    LEVELS,
    SCORED,
    Labelled,
    Mistake,
    Score,
    Tally,
    read_labelled,
    replykit_finds,
    score,
)
from score_guards import count_guards  # noqa: E402

from replykit.checker import checker_for  # noqa: E402
from replykit.loader import load_playbook  # noqa: E402

__all__ = ["TARGET", "main", "sections"]

TARGET = ROOT / "docs" / "exactness.md"
LABELLED = ROOT / "tests" / "labelled"
PARTS = {"dev": "dev", "heldout": "held-out"}
GOLD_HEADING = "## Real replies"

INTRODUCTION = """\
# How exact the checker is

Written by `python scripts/write_exactness.py`; do not edit.

*Recall* is the share of labelled violations that are found; *precision* is the share of what is found that is labelled.
A violation meets a label where it is of the same principle and overlaps the labelled words. *Error* counts labels and
violations of severity error alone, so that an error found where the label says warning is wrong; *any* counts both.
Every reply was read in full, so whatever carries no label is a near-miss.
"""

# Uses that are not found, each with the reason; one that is found after all is left out of the document.
LIMITS = (
    (
        "這筆賠償金額大，概一半。",
        "no-vague-answers",
        "two characters across a comma: 许可，能够 looks the same and is honest",
    ),
    (
        "这个 O K。",
        "professional-register",
        "single Latin letters are codes and sizes more often than a word pulled apart",
    ),
    ("这个梅办法。", "no-brush-off", "another character of the same sound; only look-alikes fold"),
    ("这个 mei ban fa。", "no-brush-off", "pinyin is not read"),
    ("您说呢？我能怎么办？", "no-brush-off", "the tone alone; no word of a list or pattern stands there"),
    ("这种问题，一般人看说明就懂了。", "no-accusing-customer", "an insult by comparison, without a word of blame"),
    ("下周？看运气吧。", "no-vague-answers", "a hedge in a picture; hedging words are found, not every way to say one"),
)

# One phrase, written in the ways in which it is met, and texts that only hold its characters.
PROBES = (
    ("我没有办法。", True),
    ("我沒有辦法。", True),
    ("我没 有 办 法。", True),
    ("真的没，有办法。", True),
    ("没\u200b有办法。", True),
    ("ＯＫ，好的。", True),
    ("我们会尽可能安排靠窗座位。", False),
    ("TOKEN 失效后请重新登录。", False),
    ("喂养时请按体重减量。", False),
    ("您有没有办法拍一张照片？", False),
)


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; a column of figures stands to the right."""
    cells = [[str(cell) for cell in row] for row in rows]
    figures = [all(row[n].replace(".", "").isdigit() for row in cells) for n in range(len(head))]
    lines = ["| " + " | ".join(row) + " |" for row in (head, *cells)]
    lines.insert(1, "|" + "|".join("---:" if is_figure else "---" for is_figure in figures) + "|")
    return "\n".join(lines) + "\n"


def _figures(tally: Tally) -> tuple[object, ...]:
    return tally.labels, f"{tally.recall:.3f}", tally.found, f"{tally.precision:.3f}"


def _by_principle(results: Sequence[tuple[str, Score]]) -> str:
    """A table of every principle at both levels, with the results side by side."""
    head = [
        "principle",
        *(f"{name}{what}" for name, _ in results for what in ("labels", "recall", "found", "precision")),
    ]
    text = ""
    for level in LEVELS:
        names = [p for p in SCORED if any(p in result.tallies[level] for _, result in results)]
        rows = [
            [name, *(figure for _, result in results for figure in _figures(result.tallies[level].get(name, Tally())))]
            for name in names
        ]
        rows.append(["**all**", *(figure for _, result in results for figure in _figures(result.total(level)))])
        text += f"\nSeverity {level}:\n\n{_table(head, rows)}"
    return text


def _sentence(text: str) -> str:
    return text.replace("\u200b", "<ZWSP>").replace("|", "\\|").replace("\n", " ⏎ ")


# --- the sections ----------------------------------------------------------------------------------------------------


def _own(replies: dict[str, list[Labelled]]) -> str:
    results = [(f"{PARTS[part]} ", score(rows)) for part, rows in replies.items()]
    counts = " and ".join(f"{len(rows):,} {PARTS[part]}" for part, rows in replies.items())
    return f"""\
## The project's own sentences

{counts} replies, written for this project from the specification and labelled as they were written
(`tests/labelled/zh_?.jsonl`). The rules were written with the dev part in view; the held-out part is only counted.
{_by_principle(results)}"""


def _gold(golds: Sequence[Path]) -> str:
    text = f"{GOLD_HEADING}\n"
    if not golds:
        return f"""\
{text}
Replies of real agents are not part of the project. `python scripts/write_exactness.py --gold FILE` adds the figures for
a file of them, in the format that `scripts/score.py` describes.
"""
    for gold in golds:
        replies = read_labelled(gold)
        text += f"""
{len(replies):,} real agent replies (cloud-support tickets and CrossWOZ), each read in full by one reader. The replies
are not part of the project; the rules were tried on them while they were written.
{_by_principle([("", score(replies))])}"""
    return text


def _compared(replies: dict[str, list[Labelled]], golds: Sequence[Path]) -> str:
    """What the ways of matching a list of phrases find, and where each fails."""
    sets = {PARTS[part]: rows for part, rows in replies.items()} | {
        "real replies" if len(golds) == 1 else f"real replies {number}": read_labelled(gold)
        for number, gold in enumerate(golds, 1)
    }
    finders = [("replykit", replykit_finds), *((baseline.name, baseline.finds) for baseline in BASELINES)]
    scores = {name: [score(rows, finds) for rows in sets.values()] for name, finds in finders}
    text = f"""\
## What a list of phrases alone finds

The {len(PHRASES)} phrases that the source documents themselves forbid (001, 003) or replace (000), matched in the ways
of other tools: re-implementations of the matching in `benchmarks/baselines.py`, not the tools. The documents name no
phrase for `manage-expectations` and `no-leading-questions`, and most labelled uses are in other words than theirs: what
a list does not hold, it does not find.

"""
    for level in LEVELS:
        head = [f"severity {level}", *(f"{name} {what}" for name in sets for what in ("precision", "recall"))]
        rows = []
        for name, results in scores.items():
            totals = [result.total(level) for result in results]
            rows.append([name, *(f"{value:.3f}" for t in totals for value in (t.precision, t.recall))])
        text += _table(head, rows) + "\n"
    text += (
        "A phrase in several spellings, and texts that only hold its characters (● found, ○ not found, ✗ wrong):\n\n"
    )
    text += _table(["", *(name for name, _ in finders)], _probed([finds for _, finds in finders]))
    for baseline, result in zip(BASELINES, list(scores.values())[1:], strict=True):
        text += _failures(baseline, result[0])
    return text


def _probed(finders: Sequence[Callable[[str], Iterable[Any]]]) -> Iterator[list[str]]:
    for sentence, wrong in PROBES:
        found = [any(one.severity == "error" for one in finds(sentence)) for finds in finders]
        yield [_sentence(sentence), *(("●" if one else "○") + ("" if one == wrong else " ✗") for one in found)]


def _failures(baseline: Baseline, result: Score) -> str:
    """Up to three sentences each that a baseline misses and that it flags by mistake, of different principles."""
    text = f"\n**{baseline.name}** ({baseline.about}) fails on:\n\n"
    for kind in ("missed", "false alarm"):
        seen: dict[str, Mistake] = {}
        for mistake in result.mistakes:
            if mistake.level == "error" and mistake.kind == kind and mistake.principle != "manage-expectations":
                seen.setdefault(mistake.principle, mistake)
        for mistake in list(seen.values())[:3]:
            text += f"- {kind}, `{mistake.principle}`, “{_sentence(mistake.text)}”: {_sentence(mistake.reply.text)}\n"
    return text


def _guards() -> str:
    head = ["guard", "part", "cases", "labels", "recall", "found", "precision"]
    rows = [
        [name, part, cases, n.right + n.missed, f"{n.recall:.3f}", n.right + n.wrong, f"{n.precision:.3f}"]
        for name, part, cases, n in count_guards()
    ]
    return f"""\
## The guards

What the guards, the rules on a reply as an answer, and the reading of a customer's message (`assess`) report
against labelled pairs of a text and what was known when it was written
(`tests/labelled/*.toml`); a good half of the cases are near-misses.

{_table(head, rows)}"""


def _missed(replies: dict[str, list[Labelled]]) -> str:
    checker = checker_for(load_playbook("zh"))
    limits = [
        [_sentence(text), f"`{principle}`", reason]
        for text, principle, reason in LIMITS
        if principle not in {violation.principle for violation in checker.check(text).violations}
    ]
    mistakes = [mistake for mistake in score(replies["dev"]).mistakes if mistake.level == "any"]
    rows = [
        [m.kind, f"`{m.principle}`", f"“{_sentence(m.text)}”", _sentence(m.reply.text), _sentence(m.reply.note)]
        for m in mistakes
    ]
    text = f"""\
## What is still missed

Kinds of use that the checker does not see, each with the reason:

{_table(["reply", "principle", "reason"], limits)}
Of the dev sentences, these are wrong at severity any:

"""
    if rows:
        text += _table(["", "principle", "words", "reply", "what it tests"], rows)
    else:
        text += "None.\n"
    return text + "\nWhere the held-out sentences go wrong is not shown, so that they stay held out.\n"


def sections(golds: Sequence[Path] = ()) -> Iterator[tuple[str, Callable[[], str]]]:
    """Yield the parts of the document, each with the function that writes it.

    Args:
        golds: files of labelled real replies.
    """
    files = sorted(LABELLED.glob("zh_?.jsonl"))
    replies = {part: [reply for file in files for reply in read_labelled(file, part)] for part in PARTS}
    yield "introduction", lambda: INTRODUCTION
    yield "own", lambda: _own(replies)
    yield "gold", lambda: _gold(golds)
    yield "guards", _guards
    yield "missed", lambda: _missed(replies)
    yield "compared", lambda: _compared(replies, golds)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the document, or with `--check` only compare it.

    Args:
        arguments: the command line; None: that of the process.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gold", action="append", type=Path, default=[], metavar="FILE", help="labelled real replies")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where a part is not up to date")
    options = parser.parse_args(arguments)
    lacking = [
        baseline.needs for baseline in BASELINES if baseline.needs and not importlib.util.find_spec(baseline.needs)
    ]
    if not options.check:
        if lacking:
            parser.error(f"{lacking[0]} is not installed: pip install --group bench")
        TARGET.parent.mkdir(exist_ok=True)
        TARGET.write_text("\n".join(write() for _, write in sections(options.gold)), "utf-8", newline="\n")
        return 0
    text = TARGET.read_text("utf-8") if TARGET.is_file() else ""
    for name, write in sections():
        if name in ("introduction", "own", "guards", "missed") and write() not in text:
            print(f"{TARGET}: the part {name!r} is not up to date; run {Path(__file__).name}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
