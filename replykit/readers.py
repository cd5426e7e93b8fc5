"""What reads texts for the guards of one playbook."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, NamedTuple

from replykit.playbook import Playbook

if TYPE_CHECKING:
    from replykit.addressed import Addressed
    from replykit.claims import ClaimReader
    from replykit.placeholders import PlaceholderFinder
    from replykit.remains import Remains
    from replykit.remedies import RemedyReader

__all__ = ["Readers"]


class _Together(NamedTuple):
    addressed: Addressed
    claims: ClaimReader
    remains: Remains
    remedies: RemedyReader


class Readers:
    """The readers of a playbook, made when one is first asked for.

    A check without a draft, facts or a customer asks for none: what they import reads facts and the syntax of patterns.

    Args:
        playbook: names what they look for.
    """

    def __init__(self, playbook: Playbook) -> None:
        self._playbook = playbook

    @functools.cached_property
    def _together(self) -> _Together:
        """Those that look at the same texts, which one pass of a text therefore serves."""
        from replykit.addressed import Addressed
        from replykit.claims import ClaimReader
        from replykit.prefilter import share
        from replykit.remains import Remains
        from replykit.remedies import RemedyReader

        words = self._playbook.words
        claims = ClaimReader(self._playbook.polarities)
        readers = _Together(Addressed(words), claims, Remains(words, claims), RemedyReader(words))
        share(reader.prefilter for reader in readers)
        return readers

    @property
    def addressed(self) -> Addressed:
        """Knows lines that speak to the model."""
        return self._together.addressed

    @property
    def claims(self) -> ClaimReader:
        """Reads claims, conditions and warnings."""
        return self._together.claims

    @property
    def remains(self) -> Remains:
        """Knows what is left of a draft."""
        return self._together.remains

    @property
    def remedies(self) -> RemedyReader:
        """Reads what only the company can give."""
        return self._together.remedies

    @functools.cached_property
    def placeholders(self) -> PlaceholderFinder:
        """Finds template variables, links and codes."""
        from replykit.placeholders import PlaceholderFinder

        return PlaceholderFinder(self._playbook.placeholders)
