"""Score a checker against labelled replies, by principle and severity.

    python scripts/score.py FILE... [--part dev] [--playbook zh] [--mistakes 40]

A labelled reply is one JSON object a line: {"id", "text", "labels": [{"principle", "severity", "span"}]}, with "part"
where the file has parts. A reply was read in full, so what carries no label is no violation. Two levels are counted:

any      a label is found where a violation of its principle, whatever the severity, overlaps its span; a violation is
         right where it overlaps a label of its principle
error    the same among labels and violations of severity "error" alone, so that an error found where the label says
         warning is wrong here and right under "any"
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal

import replykit

__all__ = [
    "LEVELS",
    "SCORED",
    "Found",
    "Label",
    "Labelled",
    "Mistake",
    "Score",
    "Tally",
    "main",
    "read_labelled",
    "replykit_finds",
    "score",
    "show",
]

Level = Literal["error", "any"]
LEVELS: tuple[Level, ...] = ("error", "any")

# The principles that can be judged from the reply alone.
SCORED = (
    "professional-register",
    "no-brush-off",
    "no-vague-answers",
    "no-blame",
    "no-accusing-customer",
    "manage-expectations",
    "policy-not-a-wall",
    "positive-wording",
    "no-leading-questions",
)


@dataclass(frozen=True, slots=True)
class Label:
    """What a reader marked in a reply.

    Attributes:
        principle: the principle that is broken.
        severity: `error` or `warning`.
        span: the words that break it.
    """

    principle: str
    severity: str
    span: str


@dataclass(frozen=True, slots=True)
class Labelled:
    """A reply that was read in full.

    Attributes:
        id: its name.
        text: the reply.
        labels: everything in it that is a violation.
        part: the part of the file that it belongs to; empty where there are none.
        note: why it stands there.
    """

    id: str
    text: str
    labels: tuple[Label, ...]
    part: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """What a checker found: a principle, a severity, and a span in code points."""

    principle: str
    severity: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Mistake:
    """A label that was not found, or a violation that is none.

    Attributes:
        level: the level at which it counts.
        kind: `missed` or `false alarm`.
        principle: the principle.
        reply: the reply.
        text: the words in question.
    """

    level: Level
    kind: Literal["missed", "false alarm"]
    principle: str
    reply: Labelled
    text: str


@dataclass(slots=True)
class Tally:
    """How many labels there are, how many of them were found, how many violations were found, how many were right."""

    labels: int = 0
    caught: int = 0
    found: int = 0
    right: int = 0

    @property
    def recall(self) -> float:
        """Caught labels among all labels; 1 where there are none."""
        return self.caught / self.labels if self.labels else 1.0

    @property
    def precision(self) -> float:
        """Right violations among all found; 1 where nothing was found."""
        return self.right / self.found if self.found else 1.0

    def add(self, other: Tally) -> None:
        """Add another tally to this one."""
        self.labels += other.labels
        self.caught += other.caught
        self.found += other.found
        self.right += other.right


@dataclass(slots=True)
class Score:
    """The tallies of one checker on one set of replies.

    Attributes:
        replies: how many replies were read.
        tallies: by level and principle; only what has a label or a violation.
        mistakes: in the order of the replies.
    """

    replies: int = 0
    tallies: dict[Level, dict[str, Tally]] = field(default_factory=lambda: {"error": {}, "any": {}})
    mistakes: list[Mistake] = field(default_factory=list)

    def total(self, level: Level) -> Tally:
        """Return the tally over all principles."""
        total = Tally()
        for tally in self.tallies[level].values():
            total.add(tally)
        return total


Finder = Callable[[str], Iterable[Found]]


def replykit_finds(text: str, playbook: str = "zh") -> Iterator[Found]:
    """Yield what `replykit.check` finds in a reply, of the principles that are scored."""
    for violation in replykit.check(text, playbook=playbook).violations:
        if violation.principle in SCORED:
            yield Found(violation.principle, violation.severity, violation.start, violation.end)


def read_labelled(path: Path, part: str | None = None) -> list[Labelled]:
    """Read labelled replies.

    Args:
        path: a file with one JSON object a line.
        part: only this part; None: all.

    Raises:
        ValueError: a label's words do not stand in its reply, or a principle or severity is not known.
    """
    replies = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        row = json.loads(line)
        labels = tuple(Label(label["principle"], label["severity"], label["span"]) for label in row["labels"])
        for label in labels:
            if label.principle not in SCORED or label.severity not in ("error", "warning"):
                raise ValueError(f"{path.name}:{number}: {label.principle!r} with {label.severity!r} is no label")
            if not label.span or label.span not in row["text"]:
                raise ValueError(f"{path.name}:{number}: {label.span!r} does not stand in the reply")
        if part is None or row.get("part") == part:
            replies.append(Labelled(row["id"], row["text"], labels, row.get("part", ""), row.get("note", "")))
    return replies


def score(replies: Sequence[Labelled], finds: Finder = replykit_finds) -> Score:
    """Run a checker over labelled replies.

    Args:
        replies: what was read.
        finds: the checker.
    """
    result = Score(replies=len(replies))
    for reply in replies:
        violations = list(finds(reply.text))
        for level in LEVELS:
            labels = [label for label in reply.labels if level == "any" or label.severity == "error"]
            found = [violation for violation in violations if level == "any" or violation.severity == "error"]
            _count(result, level, reply, labels, found)
    return result


def _count(result: Score, level: Level, reply: Labelled, labels: list[Label], found: list[Found]) -> None:
    tallies = result.tallies[level]
    for label in labels:
        tally = tallies.setdefault(label.principle, Tally())
        tally.labels += 1
        if any(_meet(label, violation, reply.text) for violation in found):
            tally.caught += 1
        else:
            result.mistakes.append(Mistake(level, "missed", label.principle, reply, label.span))
    for violation in found:
        tally = tallies.setdefault(violation.principle, Tally())
        tally.found += 1
        if any(_meet(label, violation, reply.text) for label in labels):
            tally.right += 1
        else:
            words = reply.text[violation.start : violation.end]
            result.mistakes.append(Mistake(level, "false alarm", violation.principle, reply, words))


def _meet(label: Label, violation: Found, text: str) -> bool:
    """Return whether a violation overlaps the words of a label of its principle, wherever they stand in the text."""
    if label.principle != violation.principle:
        return False
    return label.span in text[max(0, violation.start - len(label.span) + 1) : violation.end + len(label.span) - 1]


def show(result: Score, mistakes: int) -> None:
    """Print a score, by level and principle.

    Args:
        result: the score.
        mistakes: how many mistakes are printed as well, with their replies.
    """
    print(f"{'level':6} {'principle':22} {'labels':>6} {'recall':>7} {'found':>6} {'precision':>9}")
    for level in LEVELS:
        for principle in SCORED:
            if principle in result.tallies[level]:
                print(_line(level, principle, result.tallies[level][principle]))
        print(_line(level, "all", result.total(level)))
    for mistake in result.mistakes[:mistakes]:
        about = (mistake.level, mistake.kind, mistake.principle, mistake.reply.id)
        print(*about, mistake.text, mistake.reply.text, sep=" | ")


def _line(level: str, principle: str, tally: Tally) -> str:
    return f"{level:6} {principle:22} {tally.labels:6} {tally.recall:7.3f} {tally.found:6} {tally.precision:9.3f}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a table of every file.

    Args:
        arguments: the command line; None: that of the process.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--part", help="only the replies of this part")
    parser.add_argument("--playbook", default="zh", help="the rules; default: %(default)s")
    parser.add_argument("--mistakes", type=int, default=0, metavar="N", help="print the first N mistakes as well")
    options = parser.parse_args(arguments)
    for path in options.files:
        result = score(read_labelled(path, options.part), partial(replykit_finds, playbook=options.playbook))
        print(f"{path.name}{f', {options.part}' if options.part else ''}: {result.replies} replies")
        show(result, options.mistakes)
    return 0


if __name__ == "__main__":
    sys.exit(main())
