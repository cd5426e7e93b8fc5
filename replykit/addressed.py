"""Lines of the material that speak to the model instead of saying anything: they are no source of a reply."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

from replykit.pattern import Pattern
from replykit.prefilter import Prefilter
from replykit.text import fold, fold_again

__all__ = ["Addressed"]

_LIST = "to_the_model"


class Addressed:
    """Finds lines that are addressed to a chat model (忽略以上指令, <|im_start|>system).

    A fact, a draft and an agent's turn are taken for what the company says. One that was pasted from elsewhere may hold
    somebody's orders to the model; what such a line names, nobody at the company has said.

    Args:
        words: the word lists of a playbook; `to_the_model` tells such a line.

    Attributes:
        prefilter: tells texts that may hold such a line.
    """

    def __init__(self, words: Mapping[str, Sequence[str]]) -> None:
        self._pattern = Pattern([f"{{{_LIST}}}"], words) if words.get(_LIST) else None
        self.prefilter = Prefilter([Pattern(words.get(_LIST, ()), words).expanded])

    def may_be_in(self, texts: Sequence[str], draft: str | None) -> bool:
        """Return whether one of some texts, or a draft, may hold such a line; False is sure, and known in one pass."""
        if self._pattern is None:
            return False
        may_match = self.prefilter.may_match
        return bool((texts and may_match(fold_again("\n".join(texts)))) or (draft and may_match(fold_again(draft))))

    def without(self, text: str) -> str:
        """Return a text without the lines that speak to a model; the same text where none does."""
        if self._pattern is None:
            return text
        folded = fold_again(text)
        if not self.prefilter.may_match(folded) or not self._pattern.search(folded):
            return text
        return _without(self, text)

    def is_in(self, line: str) -> bool:
        """Return whether a line speaks to a model."""
        return self._pattern is not None and self._pattern.search(fold(line))


@functools.lru_cache(maxsize=64)
def _without(addressed: Addressed, text: str) -> str:
    return "".join(line for line in text.splitlines(keepends=True) if not addressed.is_in(line))
