"""What a job may use, and how several that work for it share that exactly."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple, TypeVar

from replykit.errors import UsageError
from replykit.records import Prices

__all__ = ["Limits", "tokens_for"]

Number = TypeVar("Number", int, float)


class Limits(NamedTuple):
    """What a job may use; the arguments of `Job` of the same names.

    Attributes:
        concurrency: calls at once.
        rpm: requests a minute; None: what the server says.
        tpm: tokens a minute, likewise.
        max_tokens_total: tokens in all; None: no bound.
        share: the part of what the server says of its limits.
    """

    concurrency: int = 16
    rpm: float | None = None
    tpm: float | None = None
    max_tokens_total: int | None = None
    share: float = 1.0

    def split(self, parts: int) -> tuple[Limits, ...]:
        """Return limits for so many that work at once, which together are these: whole numbers differ by one at most.

        Args:
            parts: how many.

        Raises:
            UsageError: there is less than one call at once, or one request or token a minute, for each.
        """
        for name in ("concurrency", "rpm", "tpm", "max_tokens_total"):
            whole = getattr(self, name)
            if whole is not None and whole < parts:
                raise UsageError(f"{name} {whole:,} cannot be shared by {parts} workers; give more, or fewer shards")
        return tuple(
            Limits(
                concurrency=_part(self.concurrency, parts, at),
                rpm=None if self.rpm is None else _part(self.rpm, parts, at),
                tpm=None if self.tpm is None else _part(self.tpm, parts, at),
                max_tokens_total=None if self.max_tokens_total is None else _part(self.max_tokens_total, parts, at),
                share=self.share / parts,
            )
            for at in range(parts)
        )


def _part(whole: Number, parts: int, at: int) -> Number:
    if isinstance(whole, int):
        return whole // parts + (at < whole % parts)
    return whole / parts


def tokens_for(cost: Decimal, prices: Prices) -> int:
    """Return how many tokens can be bought for a sum, whichever they are: at the dearer of the two prices.

    Args:
        cost: the most that may be spent, in the currency of the prices.
        prices: of a million tokens sent, and received.

    Raises:
        UsageError: the sum does not buy one, or tokens cost nothing.
    """
    dearest = max(prices.prompt, prices.completion)
    tokens = int(cost * 1_000_000 / dearest) if dearest else 0
    if tokens < 1:
        raise UsageError(f"no token can be bought for {cost} at {dearest} a million")
    return tokens
