"""Rows as the report holds them: lines of JSON, in which what many rows share stands once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from replykit.batch.rows import PolishedRow
from replykit.batch.tally import Tally
from replykit.batch.wording import Wording
from replykit.records import Violation
from replykit.text import units

__all__ = ["STATUSES", "Lines", "json_in_script"]

STATUSES = ("needs_review", "repaired", "clean")  # as the page sorts them
_MOST_SHARED = 5_000  # values that are written once; others stand with their rows, so that memory has an end
# A browser ends a script at its closing tag, and reads `<!--` in it as something else.
_MARKUP = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026", 0x2028: "\\u2028", 0x2029: "\\u2029"}


def json_in_script(value: object) -> str:
    """Return JSON that can stand inside a script element."""
    from markupsafe import Markup

    return Markup(json.dumps(value, ensure_ascii=False, separators=(",", ":")).translate(_MARKUP))


class _Shared:
    """Values that many rows have, each written once.

    Attributes:
        values: those that are referred to by their places.
    """

    def __init__(self) -> None:
        self.values: list[Any] = []
        self._places: dict[Any, int] = {}

    def put(self, value: tuple[Any, ...]) -> int | tuple[Any, ...]:
        """Return what stands with the row: the value's place; the value itself where there are too many."""
        place = self._places.get(value)
        if place is None:
            if len(self.values) == _MOST_SHARED:
                return value
            place = self._places[value] = len(self.values)
            self.values.append(value)
        return place


class Lines:
    """Rows as lines of JSON, the words of violations and reasons written once.

    Args:
        wordings: the languages of the page.

    Attributes:
        findings: the words of violations.
        reasons: why rows need review, in each language.
        digest: of all lines; what a reader decides is kept under it.
    """

    def __init__(self, wordings: Sequence[Wording]) -> None:
        self._wordings = wordings
        self.findings, self.reasons = _Shared(), _Shared()
        self.digest = hashlib.sha256()

    def of(self, rows: Iterable[PolishedRow], tally: Tally) -> Iterator[str]:
        """Yield the lines, and count the rows."""
        between = ""
        for row in rows:
            tally.add(row)
            line = json_in_script(self._fields(row))
            self.digest.update(line.encode("utf-8", "backslashreplace"))
            yield between + line
            between = ",\n"

    def _fields(self, row: PolishedRow) -> list[Any]:
        return [
            row.row,
            row.original,
            None if row.text == row.original else row.text,
            STATUSES.index(row.status),
            self.reasons.put(tuple(wording.reason(row.reason) for wording in self._wordings)),
            row.made_by,
            row.same_as,
            row.proposal,
            self._found(row.original, row.before),
            self._found(row.text, row.violations),
        ]

    def _found(self, text: str, violations: Iterable[Violation]) -> list[list[Any]]:
        return [[self.findings.put(_words(v)), units(text[: v.start]), units(text[: v.end])] for v in violations]


def _words(violation: Violation) -> tuple[Any, ...]:
    return violation.principle, violation.rule, violation.severity, violation.message, violation.suggestions
