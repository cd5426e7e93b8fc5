"""Draft and rewrite customer-service replies with a chat model, and prove that what comes out keeps the rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from importlib import import_module
from os import PathLike, fspath
from typing import TYPE_CHECKING

from replykit.collector import uncollected

with uncollected():
    from replykit.checker import Checker, checker_for
    from replykit.errors import (
        BudgetError,
        ChatAuthError,
        ChatConnectionError,
        ChatError,
        ChatProtocolError,
        ChatRateLimitError,
        ChatRequestError,
        ChatServerError,
        ChatTimeoutError,
        LedgerError,
        PlaybookError,
        PromptError,
        ReplykitError,
        TextError,
        UsageError,
    )
    from replykit.intake import History, given_of, text_of
    from replykit.loader import load_playbook
    from replykit.playbook import Playbook
    from replykit.records import Channel, Language, Length, Report, Stage, Violation

if TYPE_CHECKING:
    from replykit.batch import PolishedRow, polish
    from replykit.complaint import ComplaintRecord, Entry, Promise, Span, Ungrounded
    from replykit.kit import AsyncReplyKit, ReplyKit
    from replykit.records import (
        Assessment,
        Attempt,
        ChatMessage,
        ChatRequest,
        Completion,
        JsonForm,
        Prices,
        Reply,
        Request,
        Signal,
        Turn,
        Usage,
    )
    from replykit.shelf import Playbooks
    from replykit.streams import AsyncReplyStream, ReplyStream
else:
    _LATER = {
        **dict.fromkeys(("AsyncReplyKit", "ReplyKit"), "kit"),
        **dict.fromkeys(("AsyncReplyStream", "ReplyStream"), "streams"),
        **dict.fromkeys(("PolishedRow", "polish"), "batch"),
        **dict.fromkeys(("Assessment", "Attempt", "ChatMessage", "ChatRequest", "Completion", "JsonForm"), "records"),
        **dict.fromkeys(("Prices", "Reply", "Request", "Signal", "Turn", "Usage"), "records"),
        **dict.fromkeys(("ComplaintRecord", "Entry", "Promise", "Span", "Ungrounded"), "complaint"),
    }

    def __getattr__(name: str) -> object:
        # The kits bring the event loop, the retries and, with a model, its SDK; a check needs none of these, and two of
        # the records.
        if name in _LATER:
            return getattr(import_module(f"replykit.{_LATER[name]}"), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "Assessment",
    "AsyncReplyKit",
    "AsyncReplyStream",
    "Attempt",
    "BudgetError",
    "ChatAuthError",
    "ChatConnectionError",
    "ChatError",
    "ChatMessage",
    "ChatProtocolError",
    "ChatRateLimitError",
    "ChatRequest",
    "ChatRequestError",
    "ChatServerError",
    "ChatTimeoutError",
    "ComplaintRecord",
    "Completion",
    "Entry",
    "JsonForm",
    "LedgerError",
    "Playbook",
    "PlaybookError",
    "PolishedRow",
    "Prices",
    "Promise",
    "PromptError",
    "Reply",
    "ReplyKit",
    "ReplyStream",
    "ReplykitError",
    "Report",
    "Request",
    "Signal",
    "Span",
    "TextError",
    "Turn",
    "Ungrounded",
    "Usage",
    "UsageError",
    "Violation",
    "__version__",
    "assess",
    "check",
    "check_many",
    "guard",
    "load_playbook",
    "polish",
]

__version__ = "0.1.0"


def check(
    text: str,
    *,
    playbook: Playbooks = "zh",
    customer: str | None = None,
    history: History = (),
    facts: Sequence[str] = (),
    draft: str | None = None,
    language: Language | None = None,
    stage: Stage | None = None,
    channel: Channel | None = None,
    length: Length | None = None,
) -> Report:
    """Find what a reply breaks. No model, no network: the same text always gives the same report.

    Args:
        text: the reply.
        playbook: the rules: `zh`, the path of a TOML file or a folder, or a loaded playbook; or several of these, of
            which the one for the language judges.
        customer: the customer's message; switches on the rules about answering it.
        history: earlier turns, oldest first: `Turn` records, or mappings with `role` and `content`.
        facts: what the reply may state, one fact a line; with any of `customer`, `history`, `facts` or `draft` given,
            every amount, date, number and address in the reply must stand in one of them.
        draft: the draft that the reply rewrites; switches on the comparison of meaning and placeholders.
        language: the language asked for, which chooses among several playbooks; None: the customer's, else the draft's.
            `auto`: likewise, and where these decide nothing, the text's own, by the playbook for it: a built-in one,
            or one of several that were given.
        stage: where the complaint stands; None leaves the rules about stages out.
        channel: where the reply will be read; None leaves the rules about channels out.
        length: how long it may be; None leaves the rules about lengths out.

    Returns:
        The violations, with their spans in `text` in code points.

    Raises:
        UsageError: an argument cannot be used; a `TextError` where a text is too long or none.
        PlaybookError: the playbook is missing or wrong.
    """
    if not isinstance(text, str):
        raise TextError(f"text must be a str, not {type(text).__name__}")
    given = given_of(
        customer=customer,
        history=history,
        facts=facts,
        draft=draft,
        stage=stage,
        channel=channel,
        length=length,
    )
    if isinstance(playbook, (str, PathLike, Playbook)):
        checker = _checker(playbook)
        if language is None or language in checker.playbook.languages:
            return checker.check(text, language=language, **given)
    from replykit.shelf import Shelf  # which has to find out, and costs as much as a first check

    return Shelf(playbook).check(text, language, given)


def guard(
    text: str,
    *,
    playbook: Playbooks = "zh",
    customer: str | None = None,
    history: History = (),
    facts: Sequence[str] = (),
    instructions: str | None = None,
    language: Language | None = None,
) -> Reply:
    """Judge what your own model wrote and repair what can be repaired, before it is sent; no model is asked.

    The one line for a bot that already calls a model. `ReplyKit.guard` takes more: a stage, a channel, a signature.

    Args:
        text: the model's answer, as it came; a preamble, a fence or reasoning around it is taken off.
        playbook: the rules, as for `check`.
        customer: the customer's message.
        history: earlier turns, oldest first, as for `check`.
        facts: what the reply may state, one fact a line, such as the passages that the model was given. What stands
            neither here nor in the conversation counts as invented.
        instructions: the system message that the model was given; a reply that repeats it has an error.
        language: what it is held to, as for `check`.

    Returns:
        The reply: `clean` as it came, `repaired`, or `needs_review` with the `reason` why it must not leave.

    Raises:
        UsageError: an argument cannot be used; a `TextError` where a text is too long or none.
        PlaybookError: the playbook is missing or wrong.
    """
    from replykit.kit import ReplyKit  # which brings what asks a model, as a check does not need

    return ReplyKit(playbook=playbook, language=language).guard(
        text, customer=customer, history=history, facts=facts, instructions=instructions
    )


def check_many(
    texts: Iterable[str], *, playbook: str | PathLike[str] | Playbook = "zh", processes: int | None = None
) -> Iterator[Report]:
    """Find what each of many replies breaks: the reports of `check`, in order, on every core for a large number.

    Args:
        texts: the replies, read as they are needed, so that they may come from a file of any size.
        playbook: the rules, as for `check`.
        processes: how many other processes share the work, 1: none, this one alone; None: this one alone below 5,000
            replies, one for every core from there on.

    Returns:
        An iterator; the other processes end with it, when it is used up, closed or let go.

    Raises:
        UsageError: `processes` is below 1; in its turn, a `TextError` where a text is too long or none.
        PlaybookError: the playbook is missing or wrong.
    """
    return _checker(playbook).check_many(texts, processes=processes)


def assess(message: str, *, playbook: Playbooks = "zh") -> Assessment:
    """Read a customer's message for distress, complaint, abuse, threat and the like, without a model.

    Args:
        message: what the customer writes.
        playbook: the rules, as for `check`; of several, the one for the message's language reads it.

    Returns:
        The signals, with their spans in `message` in code points, and whether a human should take over.

    Raises:
        TextError: the message is empty, blank or too long.
        PlaybookError: the playbook is missing or wrong.
    """
    said = text_of(message, "message")
    if isinstance(playbook, (str, PathLike, Playbook)):
        return _checker(playbook).assess(said)
    from replykit.shelf import Shelf

    return Shelf(playbook).choose(None, customer=said).bench.checker.assess(said)


def _checker(playbook: str | PathLike[str] | Playbook) -> Checker:
    return checker_for(playbook if isinstance(playbook, Playbook) else load_playbook(fspath(playbook)))
