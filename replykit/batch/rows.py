"""What became of one canned reply."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from replykit.records import Language, Record, Status, Usage, Violation

__all__ = ["PolishedRow"]

Source = Literal["untouched", "model", "fixer", "phrasebook"]


class PolishedRow(Record):
    """One canned reply and what it became.

    Attributes:
        row: its number, counted as the file's user counts (the header is row 1); from 1 where there is no file.
        original: the text as it was given.
        text: the polished text; the original, untouched, where `status` is `needs_review`.
        status: as of a `Reply`.
        reason: why it needs review; empty otherwise.
        before: what a check of the original found.
        violations: what a check of `text` found; without errors unless `status` is `needs_review`.
        proposal: the best that was reached where `status` is `needs_review` and something was; for a reviewer, never
            to be sent as it stands.
        made_by: who wrote `text`.
        language: the language that the row was held to.
        usage: what it cost; nothing for a row that shares the answer of an earlier one.
        same_as: the row with the same input that it shares its answer with; None where it has its own.
    """

    row: int
    original: str
    text: str
    status: Status
    reason: str = ""
    before: tuple[Violation, ...] = ()
    violations: tuple[Violation, ...] = ()
    proposal: str | None = None
    made_by: Source = "untouched"
    language: Language | None = None
    usage: Usage = Field(default_factory=Usage)
    same_as: int | None = None
