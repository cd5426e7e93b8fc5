"""A case as the kit plays it: the same flow as `rewrite` and `draft`."""

from __future__ import annotations

from replykit.async_kit import AsyncReplyKit
from replykit.drivers import Flow
from replykit.errors import UsageError
from replykit.evaluation.eval_case import EvalCase
from replykit.kit import ReplyKit
from replykit.records import Reply

__all__ = ["flow_of"]


def flow_of(kit: ReplyKit | AsyncReplyKit, case: EvalCase) -> Flow[Reply]:
    """Return the flow that makes the reply of a case.

    Args:
        kit: what plays it.
        case: the case.

    Raises:
        UsageError: the case holds something that a kit cannot use; the message names the case.
    """
    options = {
        "history": case.history,
        "facts": case.facts,
        "stage": case.stage,
        "channel": case.channel,
        "tone": case.tone,
        "length": case.length,
        "language": case.language,
    }
    try:
        if case.draft is not None:
            return kit._rewriting(case.draft, case.customer, **options)
        assert case.customer is not None
        return kit._drafting(case.customer, **options)
    except UsageError as error:
        raise UsageError(f"case {case.id!r}: {error}") from None
