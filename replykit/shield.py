"""The checks against what a customer, or what somebody pasted, plants in the material of a reply."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from replykit.contacts import foreign_contacts, foreign_figures
from replykit.facts.signs import may_state
from replykit.instructions import quoted_instructions
from replykit.playbook import Playbook
from replykit.readers import Readers
from replykit.reading import Given, Reading

__all__ = ["company_sources", "contact_grounded", "promise_grounded", "prompt_kept"]

_SPELLED = "零〇○一二三四五六七八九幺壹贰貳叁參肆伍陆陸柒捌玖"
_LETTER = re.compile(  # no address, number or account is without one, unless it is read digit by digit
    # One class of characters first: found four times faster than a choice.
    f"[0-9a-z{_SPELLED}](?:(?<=[0-9a-z])|[ ·-]?(?:[{_SPELLED}][ ·-]?){{6}})"
)
_Guard = Callable[[Reading], Iterable[tuple[int, int, str]]]


def company_sources(given: Given, playbook: Playbook) -> tuple[str, ...]:
    """Return everything that the company itself says of a case: facts, draft, its own turns, its constants."""
    turns = (turn.text for turn in given.history if turn.role == "agent")
    return (*given.facts, *([given.draft] if given.draft else ()), *turns, *playbook.constants)


def promise_grounded(playbook: Playbook, readers: Readers) -> _Guard:
    """Return the check that a reply gives nothing that only the company can give, and that the company did not."""

    def guard(reading: Reading) -> Iterator[tuple[int, int, str]]:
        text, given = reading.original, reading.given
        if reading.is_draft:
            return
        commitments = readers.remedies.commitments_in(reading.folded)
        may_figure = may_state(reading.folded)
        if not commitments and not may_figure:
            return
        company = company_sources(given, playbook)
        said = company[: len(company) - len(playbook.constants)]
        for found in readers.remedies.ungrounded(commitments, said, playbook.constants, reading.folded):
            yield found.start, found.end, text[found.start : found.end].strip()
        if not may_figure:
            return
        for start, end in foreign_figures(text, ((c.start, c.end) for c in commitments), company):
            yield start, end, text[start:end]

    return guard


def contact_grounded(playbook: Playbook, _: Readers) -> _Guard:
    """Return the check that a reply sends nobody to an address, number or account that the company did not name."""

    def guard(reading: Reading) -> Iterator[tuple[int, int, str]]:
        text, given = reading.original, reading.given
        if reading.is_draft or not _LETTER.search(reading.folded):
            return
        for start, end in foreign_contacts(text, company_sources(given, playbook)):
            yield start, end, text[start:end]

    return guard


def prompt_kept(playbook: Playbook, _: Readers) -> _Guard:
    """Return the check that a reply gives nothing away of the instructions to its model."""

    def guard(reading: Reading) -> Iterator[tuple[int, int, str]]:
        text, given = reading.original, reading.given
        if not given.instructions:
            return
        for start, end in quoted_instructions(text, given.instructions, company_sources(given, playbook)):
            yield start, end, text[start:end]

    return guard
