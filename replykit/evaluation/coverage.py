"""What words alone show of the principles that no rule judges: a restatement, a choice, a question, thanks."""

# No postponed annotations, as in every module of records.

import functools
import re
import tomllib
from pathlib import Path
from typing import Any, Literal

import re2
from pydantic import Field, field_validator

from replykit.evaluation.eval_case import EvalCase, Expectation
from replykit.records import Record
from replykit.text import Outline, fold

__all__ = ["CoverageCheck", "CoverageExample", "coverage_checks", "covers"]

_FOLDER = Path(__file__).parent / "coverage"


class CoverageExample(Record):
    """A reply that a check is shown with.

    Attributes:
        text: the reply.
        customer: what it answers, where the check compares with it.
    """

    text: str
    customer: str = ""


class CoverageCheck(Record):
    """One thing that a reply should do, and the words that show it.

    Attributes:
        id: what cases `expect` it by.
        principle: whose; the model is told it, and no rule judges it.
        title: its name for people.
        within: where in the reply it is looked for: all of it, or its first or last sentences.
        sentences: how many of these.
        patterns: RE2, on folded text; one is enough.
        unless: a sentence in which one of these stands does not count.
        unit: what is compared with the customer's message in place of patterns: a `pair` of characters, or a `word`.
        at_least: how many of these both must hold.
        common: those that stand in any message.
        limits: what it cannot tell.
        hits, misses: replies that it finds, and near ones that it does not.
    """

    id: Expectation
    principle: str
    title: str
    within: Literal["reply", "first", "last"] = "reply"
    sentences: int = Field(default=1, ge=1)
    patterns: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    unit: Literal["pair", "word"] | None = None
    at_least: int = Field(default=1, ge=1)
    common: tuple[str, ...] = ()
    limits: str = Field(min_length=1)
    hits: tuple[CoverageExample, ...] = Field(min_length=1)
    misses: tuple[CoverageExample, ...] = Field(min_length=1)

    @field_validator("patterns", "unless")
    @classmethod
    def _compile(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in value:
            re2.compile(pattern)
        return value

    def found_in(self, text: str, customer: str = "") -> bool:
        """Return whether a reply does it, as far as its words show.

        Args:
            text: the reply.
            customer: what it answers.
        """
        folded = fold(text)
        spans = Outline(folded).sentences
        if self.within != "reply":
            spans = spans[: self.sentences] if self.within == "first" else spans[-self.sentences :]
        sentences = [folded[start:end] for start, end in spans]
        if self.unit:
            own = _units(" ".join(sentences), self.unit) & _units(fold(customer), self.unit)
            return len(own - set(self.common)) >= self.at_least
        return any(
            any(re2.search(pattern, sentence) for pattern in self.patterns)
            and not any(re2.search(pattern, sentence) for pattern in self.unless)
            for sentence in sentences
        )


def _units(folded: str, unit: Literal["pair", "word"]) -> set[str]:
    if unit == "word":
        return {re.sub(r"(?:ing|ed|es|s)$", "", word) for word in re.findall(r"[a-z]{4,}", folded)}
    runs = re.findall(r"[㐀-鿿]+", folded)
    return {run[place : place + 2] for run in runs for place in range(len(run) - 1)}


@functools.cache
def coverage_checks(language: str) -> dict[str, CoverageCheck]:
    """Return the checks for a language, by their ids; none where there are no words for it.

    Args:
        language: a language's tag; the checks of `zh` serve both scripts.
    """
    path = _FOLDER / f"{language.split('-')[0]}.toml"
    if not path.is_file():
        return {}
    written: list[dict[str, Any]] = tomllib.loads(path.read_text("utf-8"))["check"]
    return {check.id: check for check in map(CoverageCheck.model_validate, written)}


def covers(case: EvalCase, text: str, language: str | None, id: str) -> bool | None:
    """Return whether a reply does what a case expects; None where it is not expected, or there are no words for it.

    Args:
        case: the case.
        text: the reply.
        language: what it is written in.
        id: the check.
    """
    check = coverage_checks(language or case.language or "zh").get(id)
    if check is None or id not in case.expects:
        return None
    return check.found_in(text, case.customer or "")
