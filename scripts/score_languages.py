"""Score each language's playbook against its labelled replies, and what is told of a text's language.

    python scripts/score_languages.py [en zh-Hant …] [--held] [--misses 40]

For each language a line for each part of its labelled replies, then one for each principle: how many labels there are
and how many of them are found (recall), how much is found and how much of it is labelled (precision), for errors and
for any severity. A violation meets a label of its principle where they overlap, as in score.py. Then how many of the
labelled texts, conversations and replies in mixed languages are decided rightly. Sentences are printed with --misses
alone, and of a part that is held out only with --held as well.
"""

from __future__ import annotations

import argparse
import sys
import tomllib
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from score import Score, read_labelled, replykit_finds, score, show

import replykit
from replykit import Turn
from replykit.script import languages_of
from replykit.shelf import Shelf

__all__ = ["FILES", "Part", "Told", "decided", "main", "parts"]

LABELLED = Path(__file__).parent.parent / "tests" / "labelled"
# The playbook of each language and its labelled files; what is held out is named so.
FILES: dict[str, tuple[str, tuple[str, ...]]] = {
    "zh": ("zh-Hans", ("zh_a", "zh_b", "zh_c")),
    "zh-Hant": ("zh-Hant", ("zh_hant_dev", "zh_hant_held")),
    "en": ("en", ("en_dev", "en_held")),
}
KINDS = {"text": "texts", "said": "conversations", "reply": "replies, with and without leaks"}


class Part(NamedTuple):
    """The score of one part of a language's labelled replies.

    Attributes:
        playbook: whose rules were scored.
        name: of the part; `heldout` and what begins with it was kept from whoever wrote the rules.
        score: the score.
    """

    playbook: str
    name: str
    score: Score


class Told(NamedTuple):
    """How many labelled cases of one kind are decided rightly.

    Attributes:
        kind: what is decided.
        held: whether they were written before anything was tuned.
        cases: how many there are.
        right: how many of them are right.
        wrong: what was got instead, and why it is wrong.
    """

    kind: str
    held: bool
    cases: int
    right: int
    wrong: tuple[str, ...]


def parts(playbook: str) -> Iterator[Part]:
    """Yield the scores of a language's parts, in the order of its files."""
    _, names = FILES[playbook]
    replies = [reply for name in names for reply in read_labelled(LABELLED / f"{name}.jsonl")]
    for part in dict.fromkeys(reply.part for reply in replies):
        mine = [reply for reply in replies if reply.part == part]
        yield Part(playbook, part, score(mine, partial(replykit_finds, playbook=playbook)))


def decided() -> Iterator[Told]:
    """Yield how the labelled cases of mixed languages are decided, those that were held out first."""
    cases: dict[str, list[dict[str, Any]]] = tomllib.loads((LABELLED / "languages.toml").read_text("utf-8"))
    for held in (True, False):
        for kind, those in cases.items():
            mine = [case for case in those if case.get("held", False) is held]
            wrong = tuple(f"{case}: {got}" for case in mine if (got := _got(kind, case)) != _labelled(kind, case))
            yield Told(KINDS[kind], held, len(mine), len(mine) - len(wrong), wrong)


def _labelled(kind: str, case: dict[str, Any]) -> object:
    return case[{"text": "may", "said": "language", "reply": "leaks"}[kind]]


def _got(kind: str, case: dict[str, Any]) -> object:
    if kind == "text":
        return list(languages_of(case["text"]))
    if kind == "said":
        said = {key: case.get(key) for key in ("customer", "draft", "text")}
        return Shelf("zh").choose("auto", history=[Turn(**turn) for turn in case.get("history", ())], **said).language
    report = replykit.check(case["reply"], language=case["language"])
    return [error.text for error in report.errors if error.principle == "match-script"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures.

    Args:
        arguments: the command line; None: that of the process.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("playbooks", nargs="*", choices=[*FILES, []], metavar="PLAYBOOK", help="default: all of them")
    parser.add_argument("--misses", type=int, default=0, metavar="N", help="print the first N mistakes of each part")
    parser.add_argument("--held", action="store_true", help="print those of parts that are held out, too")
    options = parser.parse_args(arguments)
    for playbook in options.playbooks or FILES:
        for part in parts(playbook):
            print(f"{playbook}, {part.name}: {part.score.replies} replies")
            is_shown = options.held or not part.name.startswith("held")
            show(part.score, options.misses if is_shown else 0)
    for told in decided():
        print(f"{told.kind}{', held out' if told.held else ''}: {told.right} of {told.cases} right")
        for wrong in told.wrong[: options.misses if options.held or not told.held else 0]:
            print(f"  {wrong}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
