"""What tokens cost, at the price and in the currency that the user names."""

from __future__ import annotations

import re
from decimal import Decimal

from replykit.errors import UsageError
from replykit.records import Prices, Usage

__all__ = ["Price"]

_AMOUNT = re.compile(r"(\D*?)(\d{1,9}(?:\.\d{1,9})?)(\D*)")


class Price(Prices):
    """The prices of a model as a user writes them, with what stands round an amount.

    Attributes:
        before: what stands before an amount, such as ¥.
        behind: what stands behind it, such as 元.
    """

    before: str = ""
    behind: str = ""

    @classmethod
    def of(cls, prompt: str | None, completion: str | None) -> Price | None:
        """Return the price that a user writes: amounts for a million tokens, with a currency or none; None where none.

        Args:
            prompt: of tokens sent, such as `2`, `¥2`, `2元` or `0.27 USD`; None: nothing.
            completion: of tokens received.

        Raises:
            UsageError: one of them is no amount, or the two are in different currencies.
        """
        amounts = [_amount(text) for text in (prompt, completion) if text is not None]
        if not amounts:
            return None
        currencies = {(before, behind) for before, _, behind in amounts if before or behind}
        if len(currencies) > 1:
            raise UsageError(f"the prices {prompt!r} and {completion!r} are in different currencies")
        before, behind = currencies.pop() if currencies else ("", "")
        found = [amount for _, amount, _ in amounts]
        return cls(
            prompt=found[0] if prompt is not None else Decimal(0),
            completion=found[-1] if completion is not None else Decimal(0),
            currency=(before or behind).strip(),
            before=before,
            behind=behind,
        )

    def text(self, usage: Usage) -> str:
        """Return what the usage costs, in words: `¥12.35`."""
        cost = usage.cost(self)
        return f"{self.before}{cost:,.2f}{self.behind}" if cost >= 1 or not cost else self._small(cost)

    def _small(self, cost: Decimal) -> str:
        return f"{self.before}{cost:.4f}{self.behind}"


def _amount(text: str) -> tuple[str, Decimal, str]:
    match = _AMOUNT.fullmatch(text.strip())
    if not match:
        raise UsageError(f"{text!r} is no price; write an amount for a million tokens, such as 2, ¥2 or '0.27 USD'")
    return match[1], Decimal(match[2]), match[3]
