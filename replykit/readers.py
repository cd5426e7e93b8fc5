"""What reads texts for the guards of one playbook."""

from __future__ import annotations

import functools

from replykit.addressed import Addressed
from replykit.claims import ClaimReader
from replykit.placeholders import PlaceholderFinder
from replykit.playbook import Playbook
from replykit.prefilter import share
from replykit.remains import Remains
from replykit.remedies import RemedyReader

__all__ = ["Readers"]


class Readers:
    """The readers of a playbook.

    Args:
        playbook: names what they look for.

    Attributes:
        addressed: knows lines that speak to the model.
        claims: reads claims, conditions and warnings.
        remains: knows what is left of a draft.
        remedies: reads what only the company can give.
    """

    def __init__(self, playbook: Playbook) -> None:
        words = playbook.words
        self._placeholders = playbook.placeholders
        self.addressed = Addressed(words)
        self.claims = ClaimReader(playbook.polarities)
        self.remains = Remains(words, self.claims)
        self.remedies = RemedyReader(words)
        # They look at the same replies, drafts and facts, so that one pass of a text serves them all.
        share(reader.prefilter for reader in (self.addressed, self.claims, self.remains, self.remedies))

    @functools.cached_property
    def placeholders(self) -> PlaceholderFinder:
        """Finds template variables, links and codes."""
        return PlaceholderFinder(self._placeholders)
