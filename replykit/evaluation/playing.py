"""A case as the kit plays it: the same flow as `rewrite` and `draft`."""

from __future__ import annotations

from typing import Any

from replykit.async_kit import AsyncReplyKit
from replykit.case import Case
from replykit.drivers import Flow
from replykit.errors import UsageError
from replykit.evaluation.eval_case import EvalCase
from replykit.kit import ReplyKit
from replykit.records import Reply

__all__ = ["case_of", "flow_of"]


def flow_of(kit: ReplyKit | AsyncReplyKit, case: EvalCase) -> Flow[Reply]:
    """Return the flow that makes the reply of a case.

    Args:
        kit: what plays it.
        case: the case.

    Raises:
        UsageError: the case holds something that a kit cannot use; the message names the case.
    """
    try:
        if case.draft is not None:
            return kit._rewriting(case.draft, case.customer, **_options(case))
        assert case.customer is not None
        return kit._drafting(case.customer, **_options(case))
    except UsageError as error:
        raise UsageError(f"case {case.id!r}: {error}") from None


def case_of(kit: ReplyKit | AsyncReplyKit, case: EvalCase) -> Case:
    """Return what the reply of a case is asked for and judged by.

    Args:
        kit: what would play it.
        case: the case.

    Raises:
        UsageError: as for `flow_of`.
    """
    task = "rewrite" if case.is_rewrite else "draft"
    try:
        choice, request = kit._chosen(task=task, customer=case.customer, draft=case.draft, **_options(case))
    except UsageError as error:
        raise UsageError(f"case {case.id!r}: {error}") from None
    return Case.of(request, choice.bench.checker, choice.bench.fixer, is_held=choice.is_held)


def _options(case: EvalCase) -> dict[str, Any]:
    return {
        "history": case.history,
        "facts": case.facts,
        "stage": case.stage,
        "channel": case.channel,
        "tone": case.tone,
        "length": case.length,
        "language": case.language,
    }
