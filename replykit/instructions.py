"""What a reply gives away of the instructions that its model was given."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable, Iterator
from itertools import compress

from replykit.text import fold

__all__ = ["canary_of", "quoted_instructions"]

# Letters and digits in a row that stand in the instructions too. Of 4,382 replies (labelled, of real agents, canned)
# none shares more than 9 with the built-in prompts, though both speak of one trade.
LONGEST_SHARED = 16
_LATIN = 3  # Latin letters and digits that tell as much as one Chinese character
# Shorter pieces tell, where several different ones stand in one reply.
_PIECE, _PIECES = 10, 3


def canary_of(material: Iterable[str]) -> str:
    """Return a word for the instructions of one request, which stands nowhere else and which no reply may hold.

    The same material gives the same word, so that a request is the same whenever it is made.

    Args:
        material: what the request is made of.
    """
    digest = hashlib.sha256("\0".join(material).encode("utf-8", "surrogatepass")).hexdigest()
    return "ref" + digest[:10]


def quoted_instructions(text: str, instructions: str, material: Iterable[str] = ()) -> Iterator[tuple[int, int]]:
    """Yield the parts of a reply that stand in the instructions: the canary, one long piece, or several shorter ones.

    Letters and digits alone are compared, in one script, width and case: marks and spaces between them hide nothing.

    Args:
        text: the reply; time grows with its length.
        instructions: the system message.
        material: what the reply may repeat, whatever the instructions say of it.
    """
    compact, places = _compact(text)
    if len(compact) < _PIECE:
        return
    known = _letters(instructions)
    free = [_letters(source) for source in material]
    runs: list[tuple[int, int]] = []
    for at in range(len(compact) - _PIECE + 1):
        gram = compact[at : at + _PIECE]
        if gram in known and not any(gram in source for source in free):
            if runs and at <= runs[-1][1] - _PIECE + 1:
                runs[-1] = (runs[-1][0], at + _PIECE)
            else:
                runs.append((at, at + _PIECE))
    if not runs:
        return
    lengths = {run: _length(compact[slice(*run)]) for run in runs}
    telling = [run for run in runs if lengths[run] >= LONGEST_SHARED or _is_canary(compact[slice(*run)])]
    pieces = [run for run in runs if lengths[run] >= _PIECE]
    if len(pieces) >= _PIECES:
        telling = pieces
    for a, b in telling:
        yield places[a], places[b - 1] + 1


def _length(run: str) -> float:
    """Return how much a run tells, in Chinese characters."""
    latin = sum(char < "\u0250" for char in run)
    return len(run) - latin + latin / _LATIN


def _is_canary(run: str) -> bool:
    return any(
        run[at : at + 3] == "ref" and all(char in "0123456789abcdef" for char in run[at + 3 : at + _PIECE])
        for at in range(len(run) - _PIECE + 1)
    )


@functools.lru_cache(maxsize=64)  # one request is checked several times
def _letters(text: str) -> str:
    return "".join(compress(fold(text), map(str.isalnum, text)))


def _compact(text: str) -> tuple[str, list[int]]:
    return _letters(text), list(compress(range(len(text)), map(str.isalnum, text)))
