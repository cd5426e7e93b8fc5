"""Reads a complaint record off a conversation without a model: every entry is a span of a turn."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from replykit.checker import Checker
from replykit.complaint import Entry
from replykit.heard import Heard
from replykit.pattern import Pattern
from replykit.reading import CompiledCondition, Reading
from replykit.records import Turn
from replykit.register import Category, FieldReader, RecordField
from replykit.rules import Condition
from replykit.snapshot import PatternKeys, stored_names

__all__ = ["Found", "Registrar"]

Found = dict[str, list[Entry]]
"""Entries by the name of their field, in the order of the conversation."""

_EDGES = " \t\n\r,，。.!！?？;；:：、~～…—()（）"


@dataclass(frozen=True, slots=True)
class _Limits:
    """What keeps words from filling a field, compiled."""

    exceptions: Pattern | None
    unless: tuple[CompiledCondition, ...]

    def forbid(self, reading: Reading, start: int, end: int) -> bool:
        if self.exceptions and reading.is_covered(self.exceptions, start, end):
            return True
        return any(reading.holds(condition, start, end) for condition in self.unless)


class Registrar:
    """Reads conversations by one playbook; used from any number of threads.

    Args:
        checker: reads signals, by its own playbook, whose fields, readers and categories are read by.

    Attributes:
        fields: the fields of the playbook by their ids.
    """

    def __init__(self, checker: Checker) -> None:
        playbook = checker.playbook
        self.fields: dict[str, RecordField] = {field.id: field for field in playbook.fields}
        self._checker = checker
        self._words = playbook.words
        self._keys = PatternKeys(playbook.words, stored_names(playbook, playbook.extends))
        self._readers = [reader for reader in playbook.readers if reader.field in self.fields]
        self._categories = playbook.categories
        self._patterns: dict[tuple[str, ...], Pattern] = {}
        self._field_limits: dict[str, _Limits] = {field.id: self._limits(field) for field in playbook.fields}
        self._reader_limits: dict[str, _Limits] = {reader.id: self._limits(reader) for reader in self._readers}
        self._evidence: dict[str, Pattern] = {
            field.id: self._pattern_for(field.evidence) for field in playbook.fields if field.evidence
        }

    def _pattern_for(self, sources: Sequence[str]) -> Pattern:
        return self._patterns.setdefault(tuple(sources), Pattern(sources, self._words, self._keys))

    def _limits(self, owner: RecordField | FieldReader) -> _Limits:
        conditions: tuple[Condition, ...] = owner.unless
        return _Limits(
            self._pattern_for(owner.exceptions) if owner.exceptions else None,
            tuple(CompiledCondition(condition, self._pattern_for) for condition in conditions),
        )

    def hear(self, turns: Sequence[Turn]) -> list[Heard]:
        """Return the turns of a conversation, ready to be read."""
        return [Heard(index, turn, self._checker) for index, turn in enumerate(turns)]

    def read(self, conversation: Sequence[Heard]) -> Found:
        """Return what the readers find, by field; `category` among them."""
        found: Found = {}
        for field in self.fields.values():
            by_reader: list[list[Entry]] = []
            for reader in self._readers:
                # Of a field that holds one entry, the reader that stands first knows best.
                if reader.field == field.id and not (any(by_reader) and (reader.last_resort or not field.many)):
                    by_reader.append(self._read_all(reader, conversation))
            entries = sorted(
                itertools.chain.from_iterable(by_reader),
                key=lambda entry: (entry.span.turn, entry.span.start, -entry.span.end),
            )
            if field.joined:
                entries = _joined(entries, conversation)
            entries = _distinct(entries, repeated=field.repeated)
            found[field.id] = entries if field.many else entries[:1]
        if "category" in self.fields:
            category = self.category(conversation)
            found["category"] = [category] if category else []
        return found

    def category(self, conversation: Sequence[Heard]) -> Entry | None:
        """Return what most of the customer's words speak of, with the first of them; None where nothing says."""
        best: list[Entry] = []
        for category in self._categories:
            hits = [entry for heard in conversation for entry in self._spoken_of(category, heard)]
            if len(hits) > len(best):
                best = hits
        return best[0] if best else None

    def read_by(self, reader: FieldReader, turns: Sequence[Turn], index: int) -> list[Entry]:
        """Return what one reader finds in one of some turns, for the proof of its examples."""
        return [entry for entry in self._read_all(reader, self.hear(turns)) if entry.span.turn == index]

    def accepts(self, field: str, heard: Heard, start: int, end: int) -> tuple[int, int] | None:
        """Return the span that words fill a field with, or None where they must not.

        Args:
            field: the field's id.
            heard: the turn.
            start: the first code point of the words.
            end: one past the last.
        """
        return self._within(self.fields[field], self._field_limits[field], heard, start, end)

    def is_evident(self, field: str, heard: Heard, start: int, end: int) -> bool:
        """Return whether words hold what a quotation for a field must hold."""
        pattern = self._evidence.get(field)
        return pattern is None or pattern.search(heard.reading.text[start:end])

    def _read_all(self, reader: FieldReader, conversation: Sequence[Heard]) -> list[Entry]:
        return [
            entry
            for index, heard in enumerate(conversation)
            if self._is_placed(reader, conversation, index)
            for entry in self._entries(reader, heard)
        ]

    def _is_placed(self, reader: FieldReader, conversation: Sequence[Heard], index: int) -> bool:
        """Return whether a reader reads a turn, by who speaks and by what the other side says before and behind it."""
        role = conversation[index].turn.role
        if reader.role not in ("either", role) or not conversation[index].turn.text:
            return False
        for patterns, other in ((reader.after, index - 1), (reader.answered, index + 1)):
            if patterns:
                if not 0 <= other < len(conversation) or conversation[other].turn.role == role:
                    return False
                if not self._pattern_for(patterns).search(conversation[other].reading.text):
                    return False
        return True

    def _entries(self, reader: FieldReader, heard: Heard) -> Iterator[Entry]:
        field, limits = self.fields[reader.field], self._reader_limits[reader.id]
        for start, end, value in self._hits(reader, heard, labelled=bool(field.labels)):
            if limits.forbid(heard.reading, start, end):
                continue
            span = self._within(field, self._field_limits[field.id], heard, start, end)
            if span is not None:
                yield heard.entry(*span, value)

    def _hits(self, reader: FieldReader, heard: Heard, *, labelled: bool) -> Iterator[tuple[int, int, str | None]]:
        if reader.patterns:
            pattern = self._pattern_for(reader.patterns)
            for first, last in heard.reading.outline.sentences:
                for start, end in pattern.spans(heard.reading.text[first:last]):
                    yield first + start, first + end, None
        for fact in heard.facts if reader.facts else ():
            if fact.kind in reader.facts:
                yield fact.start, fact.end, None
        for signal in heard.assessment.signals if reader.signals else ():
            if signal.kind in reader.signals:
                yield signal.start, signal.end, signal.kind if labelled else None

    def _within(
        self, field: RecordField, limits: _Limits, heard: Heard, start: int, end: int
    ) -> tuple[int, int] | None:
        text = heard.turn.text
        if field.widen == "clause":
            start, end = heard.clause(start, end)
        while start < end and text[start] in _EDGES:
            start += 1
        while start < end and text[end - 1] in _EDGES:
            end -= 1
        if start >= end or limits.forbid(heard.reading, start, end):
            return None
        return start, end

    def _spoken_of(self, category: Category, heard: Heard) -> Iterator[Entry]:
        if heard.turn.role != "customer":
            return
        pattern = self._pattern_for(category.patterns)
        exceptions = self._pattern_for(category.exceptions) if category.exceptions else None
        for first, last in heard.reading.outline.sentences:
            for start, end in pattern.spans(heard.reading.text[first:last]):
                if end > start and not (
                    exceptions and heard.reading.is_covered(exceptions, first + start, first + end)
                ):
                    yield heard.entry(first + start, first + end, category.id)


def _joined(entries: Sequence[Entry], conversation: Sequence[Heard]) -> list[Entry]:
    """Make one entry of those that touch or have only spaces between them."""
    joined: list[Entry] = []
    for entry in entries:
        before = joined[-1].span if joined else None
        if before is not None and before.turn == entry.span.turn:
            heard = conversation[before.turn]
            if not heard.turn.text[before.end : max(before.end, entry.span.start)].strip():
                joined[-1] = heard.entry(before.start, max(before.end, entry.span.end))
                continue
        joined.append(entry)
    return joined


def _distinct(entries: Sequence[Entry], *, repeated: bool) -> list[Entry]:
    """Leave out what says the same again, and what stands inside an entry before it."""
    kept: list[Entry] = []
    values: set[str] = set()
    for entry in entries:
        inside = kept and kept[-1].span.turn == entry.span.turn and kept[-1].span.end >= entry.span.end
        if (repeated or entry.value not in values) and not (inside and entry.value == entry.span.text):
            kept.append(entry)
            values.add(entry.value)
    return kept
