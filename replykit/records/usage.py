"""What was billed, and what it costs."""

# No postponed annotations: pydantic would compile each of them anew, a fifth of the time of an import.

from decimal import Context, Decimal, Inexact, localcontext

from pydantic import Field

from replykit.records.record import Record

__all__ = ["Prices", "Usage"]


_EXACT = Context(prec=100, traps=[Inexact])  # digits; a sum of money is never rounded behind the caller's back


class Prices(Record):
    """What a model's tokens cost, as its provider lists it; replykit knows no price by itself.

    Attributes:
        prompt: for a million tokens sent.
        completion: for a million tokens received.
        currency: of both, such as `CNY`.
    """

    prompt: Decimal = Field(ge=0, le=1_000_000_000, decimal_places=12)
    completion: Decimal = Field(ge=0, le=1_000_000_000, decimal_places=12)
    currency: str = ""


class Usage(Record):
    """What was billed.

    Attributes:
        calls: answers received, and answers lost on the way that may have been billed.
        prompt_tokens: tokens sent.
        completion_tokens: tokens received.
    """

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0

    @property
    def total_tokens(self) -> int:
        """Tokens sent and received."""
        return self.prompt_tokens + self.completion_tokens

    def cost(self, prices: Prices) -> Decimal:
        """Return what the tokens cost, exactly: to the last digit, in the currency of the prices.

        Args:
            prices: what a million tokens cost.
        """
        with localcontext(_EXACT):
            total = self.prompt_tokens * prices.prompt + self.completion_tokens * prices.completion
            return total.scaleb(-6)

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            calls=self.calls + other.calls,
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
        )
