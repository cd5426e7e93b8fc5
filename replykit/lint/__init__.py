"""The linter of a playbook: whether its rules do what their author says, and what in them is written in vain."""

from __future__ import annotations

from collections.abc import Iterator

from replykit.lint.coverage import coverage_flaws
from replykit.lint.examples import example_flaws, wording_flaws
from replykit.lint.flaw import CODES, Flaw, Level
from replykit.lint.overlap import overlap_flaws
from replykit.lint.registers import register_flaws
from replykit.lint.subject import Subject
from replykit.lint.syntax import sound
from replykit.places import Places
from replykit.playbook import Playbook

__all__ = ["CODES", "Flaw", "Level", "lint", "prove"]


def prove(playbook: Playbook, places: Places | None = None) -> Iterator[Flaw]:
    """Yield what keeps a playbook from doing what it says: patterns, examples and wordings that do not hold.

    Inherited rules are proved as well, since a company's own words and rules bear on them.

    Args:
        playbook: the rules.
        places: where its entries stand, as `read_playbook` returns them; None leaves the places out.
    """
    kept, flaws = sound(playbook, places)
    yield from flaws
    yield from _proof(Subject(kept, places))


def lint(playbook: Playbook, places: Places | None = None) -> Iterator[Flaw]:
    """Yield every flaw of a playbook: those of `prove`, and what in its own rules is superfluous, unproved or unwise.

    A rule whose patterns do not compile is reported as that and left out of every other test. Time grows with the
    number of phrases and of examples; only patterns that no example of their own rule matches are held against all.

    Args:
        playbook: the rules.
        places: as for `prove`; without them every rule counts as the playbook's own.
    """
    kept, flaws = sound(playbook, places)
    yield from flaws
    subject = Subject(kept, places)
    yield from _proof(subject)
    yield from coverage_flaws(subject)
    yield from overlap_flaws(subject)


def _proof(subject: Subject) -> Iterator[Flaw]:
    yield from example_flaws(subject)
    yield from wording_flaws(subject)
    yield from register_flaws(subject)
