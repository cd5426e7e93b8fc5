"""What may leave of a reply that is still being written."""

from __future__ import annotations

from collections.abc import Iterator

from replykit.case import Case
from replykit.seams import Seams

__all__ = ["LONG", "Gate"]

# Code points. A longer answer is read again only when it has grown by a twentieth, and then leaves up to its last seam
# or not at all, so that what it costs grows little faster than its length.
LONG = 1000


class Gate:
    """Lets the beginning of one answer through, sentence by sentence, as soon as it is proven.

    A sentence leaves where the text up to its end, as exactly that string, keeps every rule, where no later text can
    make an error of something in it, and where nothing known of what follows reads across its end. One with an error
    that a later sentence may excuse waits for that sentence.

    Args:
        case: what the answer is judged by; what leaves is written into its `told`.
        seams: where it may be cut.
    """

    def __init__(self, case: Case, seams: Seams) -> None:
        self._case = case
        self._seams = seams
        self._refused: set[int] = set()

    def pieces(self, text: str) -> Iterator[str]:
        """Yield what may leave now.

        Args:
            text: the settled part of the reply; each time the one before and more.
        """
        told = self._case.told
        if text == told.text or not text.startswith(told.text):
            return
        first_error: int | None = None
        seams = (seam.end for seam in self._seams.find(text, len(told.text), self._case.language) if seam.decided)
        for end in seams if len(text) < LONG else list(seams)[-1:]:
            if end in self._refused:
                continue
            if not self._is_proven(text[:end]):
                self._refused.add(end)
                continue
            if first_error is None:
                first_error = min((error.start for error in self._case.check(text).errors), default=len(text))
            if first_error >= end:
                piece = text[len(told.text) : end]
                told.text = text[:end]
                yield piece

    def _is_proven(self, text: str) -> bool:
        return self._case.check(text).ok and self._seams.is_safe(text, self._case.given)
