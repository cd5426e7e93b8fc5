"""One row polished: its flow, and what the reply means for the row."""

from __future__ import annotations

from typing import Any, NamedTuple, get_args

from replykit.async_kit import AsyncReplyKit
from replykit.batch.ledger import Kind
from replykit.batch.rows import PolishedRow, Source
from replykit.batch.task import Task
from replykit.drivers import Flow, drive
from replykit.errors import ChatError, ReplykitError, TextError, UsageError
from replykit.kit import ReplyKit
from replykit.records import AUTO, Reply, Report, Stage, Usage, Violation
from replykit.script import only

__all__ = [
    "Begun",
    "begin_row",
    "failed_row",
    "polish_offline",
    "polished_row",
    "reading",
    "rewriting",
    "untouched_row",
]

Kit = ReplyKit | AsyncReplyKit
_SHOWN = 40  # code points of a word that is not known


def rewriting(kit: Kit, task: Task) -> Flow[Reply]:
    """Return the kit's own flow for a row: the same ladder as `rewrite`.

    Raises:
        UsageError: the row holds something that cannot be used; a `TextError` where the text is too long.
    """
    return kit._rewriting(
        task.text,
        task.customer,
        history=(),
        facts=task.facts,
        stage=task.stage,
        channel="chat",
        tone=None,
        length=None,
        language=_language(kit, task),
    )


class Begun(NamedTuple):
    """A row that its flow is yet to make.

    Attributes:
        task: the row.
        before: what a check of its text found.
        flow: the kit's own, as of `rewrite`.
    """

    task: Task
    before: tuple[Violation, ...]
    flow: Flow[Reply]

    def ended(self, made: Reply | ChatError, *, has_failed: bool) -> tuple[PolishedRow, Kind]:
        """Return the row and what kind of result it is.

        Args:
            made: what the flow returned or raised.
            has_failed: whether any of its calls brought no answer, so that another run may do better.
        """
        if isinstance(made, ChatError):
            row = failed_row(self.task, self.before, made)
        else:
            row = polished_row(self.task, self.before, made)
        return row, "failed" if has_failed and row.status == "needs_review" else "final"


def begin_row(kit: Kit, task: Task, *, only_flagged: bool) -> Begun | tuple[PolishedRow, Kind]:
    """Return what a chat model is to make of a row, or the row itself where it is not asked.

    Args:
        kit: what polishes.
        task: the row.
        only_flagged: whether a row without any violation is left alone.
    """
    try:
        _refuse_unknown(kit, task)
        report = reading(kit, task)
        flow = rewriting(kit, task)
    except UsageError as error:
        return _unusable_row(kit, task, error), "final"
    if only_flagged and not report.violations:
        return untouched_row(task, report), "skipped"
    return Begun(task, report.violations, flow)


def reading(kit: Kit, task: Task) -> Report:
    """Return what a check of the row's text finds, with everything that is known of the row.

    Raises:
        UsageError: as for `rewriting`.
    """
    language = _language(kit, task)
    return kit.check(task.text, customer=task.customer, facts=task.facts, draft=task.text, language=language)


def _language(kit: Kit, task: Task) -> str | None:
    """Return what a row is written in: a canned reply's language is its own, whoever it answers."""
    asked = task.language or kit.shelf.language
    return only(kit.shelf.tongues.of(task.text)) if asked in (None, AUTO) else asked


def polish_offline(kit: Kit, task: Task) -> PolishedRow:
    """Polish a row without a chat model."""
    try:
        _refuse_unknown(kit, task)
        reply = drive(rewriting(kit, task), _nobody)
        return polished_row(task, reply.attempts[0].violations, reply)
    except UsageError as error:
        return _unusable_row(kit, task, error)


def _refuse_unknown(kit: Kit, task: Task) -> None:
    """Refuse a word in a column that knows only some."""
    for column, word, known in (
        ("stage", task.stage, get_args(Stage)),
        ("language", None if task.language == AUTO else task.language, kit.shelf.languages),
    ):
        if word is not None and word not in known:
            raise UsageError(f"the {column} column holds {word[:_SHOWN]!r}; known: {', '.join(known)}")


def _unusable_row(kit: Kit, task: Task, error: UsageError) -> PolishedRow:
    """Return a row that cannot be polished, with what a check of its text alone finds."""
    try:
        before = kit.check(task.text, draft=task.text, language=only(kit.shelf.tongues.of(task.text))).violations
    except UsageError:  # it is the text that cannot be used
        before = ()
    return failed_row(task, before, error)


def _nobody(request: object) -> Any:
    raise AssertionError("an offline kit asks nothing")


def untouched_row(task: Task, report: Report) -> PolishedRow:
    """Return the row of a text that is left as it is because nothing is wrong with it."""
    return PolishedRow(
        row=task.number,
        original=task.text,
        text=task.text,
        status="clean",
        violations=report.violations,
        before=report.violations,
        language=report.language,
    )


def polished_row(task: Task, before: tuple[Violation, ...], reply: Reply) -> PolishedRow:
    """Return what a reply means for its row: one that needs review leaves the text as it was.

    Args:
        task: the row.
        before: what a check of the row's text found.
        reply: what the flow made of it.
    """
    is_good = reply.status != "needs_review"
    text = reply.text if is_good else task.text
    made_by: Source = "untouched"
    if text != task.text:
        made_by = next(attempt.made_by for attempt in reversed(reply.attempts) if attempt.text == text)
    return PolishedRow(
        row=task.number,
        original=task.text,
        text=text,
        status="clean" if is_good and made_by == "untouched" else reply.status,
        reason=reply.reason,
        before=before,
        violations=reply.violations if is_good else before,
        proposal=reply.text if not is_good and reply.text.strip() and reply.text != task.text else None,
        made_by=made_by,
        language=reply.language,
        usage=reply.usage,
    )


def failed_row(task: Task, before: tuple[Violation, ...], error: ReplykitError) -> PolishedRow:
    """Return the row of which nothing could be made: its text stays, and its reason says what happened."""
    said = str(error) if isinstance(error, (ChatError, TextError)) else f"the row cannot be used: {error}"
    return PolishedRow(
        row=task.number,
        original=task.text,
        text=task.text,
        status="needs_review",
        reason=f"{'the model gave no answer: ' if isinstance(error, ChatError) else ''}{said}",
        before=before,
        violations=before,
        usage=sum((attempt.usage for attempt in error.attempts), Usage()),
    )
