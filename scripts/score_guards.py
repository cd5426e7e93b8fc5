"""Score the guards against labelled pairs of a reply and what was known when it was written.

python scripts/score_guards.py
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import replykit
from replykit.claims import ClaimReader
from replykit.facts import ungrounded
from replykit.loader import load_playbook
from replykit.meaning import contradictions
from replykit.placeholders import PlaceholderFinder, differences
from replykit.script import detect_language, leaks

__all__ = ["Count", "count_guards", "main"]

LABELLED = Path(__file__).parent.parent / "tests" / "labelled"


class Count(NamedTuple):
    """What a guard reported rightly and wrongly, and what it missed."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    @property
    def precision(self) -> float:
        """Right reports among all; 1 where nothing was reported."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def recall(self) -> float:
        """Reported labels among all; 1 where there are none."""
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0

    def plus(self, right: int, wrong: int, missed: int) -> Count:
        """Return the count with more of each."""
        return Count(self.right + right, self.wrong + wrong, self.missed + missed)


def _matched(labels: list[Any], found: list[Any], same: Callable[[Any, Any], bool]) -> tuple[int, int, int]:
    """Pair each label with one finding: right, wrong and missed."""
    left = list(found)
    right = 0
    for label in labels:
        partner = next((one for one in left if same(label, one)), None)
        if partner is not None:
            left.remove(partner)
            right += 1
    return right, len(left), len(labels) - right


def _touches(reply: str, words: str, start: int, end: int) -> bool:
    at = reply.index(words)
    return start < at + len(words) and at < end


def _count_facts(cases: list[dict[str, Any]]) -> Count:
    count = Count()
    for case in cases:
        reply, found = case["reply"], ungrounded(case["reply"], case["sources"])
        wrong = sum(not any(_touches(reply, w, f.start, f.end) for w in case["ungrounded"]) for f in found)
        right = sum(any(_touches(reply, w, f.start, f.end) for f in found) for w in case["ungrounded"])
        count = count.plus(right, wrong, len(case["ungrounded"]) - right)
    return count


def _count_placeholders(cases: list[dict[str, Any]]) -> Count:
    finder, count = PlaceholderFinder(load_playbook("zh").placeholders), Count()
    for case in cases:
        reply = case["reply"]
        found = [(d.kind, d.text, reply[d.start : d.end]) for d in differences(finder, case["draft"], reply)]
        labels = [(hit["kind"], hit["text"], hit["span"]) for hit in case.get("hits", ())]
        count = count.plus(*_matched(labels, found, lambda a, b: a == b))
    return count


def _count_meaning(cases: list[dict[str, Any]]) -> Count:
    reader, count = ClaimReader(load_playbook("zh").polarities), Count()
    for case in cases:
        reply = case["reply"]
        found = list(contradictions(reader, case["draft"], reply))

        def same(label: dict[str, Any], one: Any, reply: str = reply) -> bool:
            place = not label["span"] or _touches(reply, label["span"], one.start, one.end)
            return bool(one.kind == label["kind"] and place)

        count = count.plus(*_matched(list(case.get("hits", ())), found, same))
    return count


def _count_leaks(cases: list[Any]) -> Count:
    count = Count()
    for language, reply, spans in cases:
        found = [reply[start:end] for start, end in leaks(reply, language)]
        count = count.plus(*_matched(list(spans), found, lambda a, b: a == b))
    return count


def _count_detected(cases: list[Any]) -> Count:
    count = Count()
    for text, language in cases:
        found = detect_language(text) or ""
        count = count.plus(*_matched([language] if language else [], [found] if found else [], lambda a, b: a == b))
    return count


def _count_context(cases: list[dict[str, Any]]) -> Count:
    principles, count = {"empathy-first", "apology-in-measure", "next-step"}, Count()
    for case in cases:
        report = replykit.check(case["reply"], customer=case.get("customer"), facts=case.get("facts", ()))
        found = sorted({v.principle for v in report.violations} & principles)
        count = count.plus(*_matched(case["hits"], found, lambda a, b: a == b))
    return count


def _count_assess(cases: list[dict[str, Any]]) -> Count:
    count = Count()
    for case in cases:
        assessment = replykit.assess(case["text"])
        found = sorted({signal.kind for signal in assessment.signals}) + ["escalate"] * assessment.escalate
        labels = [*case["kinds"], *["escalate"] * case["escalate"]]
        count = count.plus(*_matched(labels, found, lambda a, b: a == b))
    return count


def count_guards() -> Iterator[tuple[str, str, int, Count]]:
    """Yield each guard with the part of its file, how many cases that holds, and the count."""
    facts, placeholders, meaning, script, context, assess = (
        tomllib.loads((LABELLED / f"{name}.toml").read_text("utf-8"))
        for name in ("facts", "placeholders", "meaning", "script", "context", "assess")
    )
    for part, name in (("dev", "dev"), ("heldout", "held-out")):
        cases = [case for case in facts["case"] if case["part"] == part]
        yield "grounded-facts", name, len(cases), _count_facts(cases)
    cases = placeholders["case"]
    yield "keep-placeholders", "dev", len(cases), _count_placeholders(cases)
    for part, name in (("development", "dev"), ("held_out", "held-out")):
        yield "keep-meaning", name, len(meaning[part]), _count_meaning(meaning[part])
    yield "match-script, what leaks", "dev", len(script["leaks"]), _count_leaks(script["leaks"])
    yield "match-script, which language", "dev", len(script["detect"]), _count_detected(script["detect"])
    yield "empathy, apology, next step", "dev", len(context["case"]), _count_context(context["case"])
    for part, name in (("dev", "dev"), ("heldout", "held-out")):
        cases = [case for case in assess["case"] if case["part"] == part]
        yield "assess", name, len(cases), _count_assess(cases)


def main() -> int:
    """Print a line for each."""
    for name, part, cases, count in count_guards():
        print(f"{name:30} {part:9} {cases:4} cases  recall {count.recall:.3f}  precision {count.precision:.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
