"""What a job did, or would do, in a few lines on standard error."""

from __future__ import annotations

from collections.abc import Sequence

from replykit.batch.price import Price
from replykit.batch.progress import Estimate, Progress
from replykit.batch.tally import Found, Tally
from replykit.cli.display import count, note
from replykit.cli.targets import Targets
from replykit.errors import (
    BudgetError,
    ChatAuthError,
    ChatConnectionError,
    ChatProtocolError,
    ChatRequestError,
    ReplykitError,
)
from replykit.records import Usage

__all__ = ["first_step", "show_estimate", "show_left", "show_stop", "show_summary"]


def show_summary(tally: Tally, progress: Progress, price: Price | None, targets: Targets, notes: Sequence[str]) -> None:
    """Print what became of the rows, what it cost, and where it is.

    Args:
        tally: the rows.
        progress: the counts of this run.
        price: of tokens; None: no cost is shown.
        targets: what was written.
        notes: what there is to know about the copy.
    """
    replies = f"{tally.rows:,} repl{'y' if tally.rows == 1 else 'ies'}"
    shares = f"share{'s' if tally.shared == 1 else ''}"
    done = f"{tally.statuses['clean']:,} clean, {tally.statuses['repaired']:,} repaired, "
    review = f"{tally.statuses['needs_review']:,} need{'s' if tally.statuses['needs_review'] == 1 else ''} review"
    shared = f"; {tally.shared:,} {shares} the answer of an equal one" if tally.shared else ""
    style = "error" if tally.statuses["needs_review"] else "plain"
    note(("strong", "polished"), ("plain", f": {replies}: {done}"), (style, review), ("plain", shared))
    before, after = tally.totals()
    note(("strong", "found"), ("plain", f": {_found(before)} before, {_found(after)} after"))
    if tally.usage.calls or progress.calls:
        note(("strong", "model"), ("plain", f": {_cost(tally, progress, price)}"))
    if progress.repeated:
        were = "was" if progress.repeated == 1 else "were"
        again = (
            f"{_some(progress.repeated, 'request')} {were} under way when an earlier run ended, and {were} sent again"
        )
        note(("strong", "repeated"), ("plain", f": {again}"))
    for said in notes:
        note(("warning", "note"), ("plain", f": {said}"))
    note(("strong", "output"), ("plain", f": {targets.output}"))
    if targets.report:
        note(("strong", "report"), ("plain", f": {targets.report}"))
    note(("strong", "ledger"), ("plain", f": {targets.ledger} (keeps the answers; delete it when you are done)"))


def show_estimate(estimate: Estimate, price: Price | None, *, offline: bool) -> None:
    """Print what a job would do and cost."""
    rows = f"{estimate.rows:,} with a reply, {estimate.blank:,} blank, {estimate.duplicates:,} equal to an earlier one"
    note(("strong", "rows"), ("plain", f": {rows}"))
    note(("strong", "already clean"), ("plain", f": {estimate.clean:,}"))
    note(("strong", "already in the ledger"), ("plain", f": {estimate.known:,}"))
    if offline:
        return
    calls = f"{estimate.calls:,}, and more for answers that break a rule"
    note(("strong", "calls of the model"), ("plain", f": {calls}"))
    tokens = f"about {estimate.prompt_tokens:,} in and {estimate.completion_tokens:,} out"
    note(("strong", "tokens"), ("plain", f": {tokens}, estimated on {_some(estimate.sampled, 'row')}"))
    if price:
        usage = Usage(prompt_tokens=estimate.prompt_tokens, completion_tokens=estimate.completion_tokens)
        note(("strong", "cost"), ("plain", f": about {price.text(usage)}"))


def show_stop(error: ReplykitError | None, kept: int, total: int, targets: Targets, command: str) -> None:
    """Print that a job ended before its end, and how to go on.

    Args:
        error: what ended it; None: its user.
        kept: rows that the ledger keeps.
        total: rows in all.
        targets: what it is to write.
        command: as its user typed it.
    """
    done = f"{kept:,} of {total:,} rows {'is' if kept == 1 else 'are'} done and kept"
    written = f"{targets.output} is that of an earlier run" if targets.output.exists() else "nothing was written yet"
    note(("warning", "stopped"), ("plain", f": {error or 'as you asked'}; {done}, and {written}"))
    first = first_step(error)
    note(("strong", "to go on"), ("plain", f": {first and f'{first}, then '}run the same command again: {command}"))


def show_left(requests: int, command: str) -> None:
    """Print that a job waits for the server's batch API, and how to pick its answers up."""
    note(("strong", "left with the batch API"), ("plain", f": {_some(requests, 'request')}"))
    note(("strong", "to go on"), ("plain", f": run the same command later to pick them up: {command}"))


def first_step(error: ReplykitError | None) -> str:
    """Return what has to change before the same command can do better; empty where nothing has to."""
    if isinstance(error, BudgetError):
        return "give more with --max-tokens-total"
    if isinstance(error, ChatAuthError):
        if error.is_quota:
            return "top up the account, or take the key of another one"
        return "set REPLYKIT_API_KEY or OPENAI_API_KEY to a key that the server takes"
    if isinstance(error, (ChatRequestError, ChatProtocolError)):
        return "check --model and --base-url"
    if isinstance(error, ChatConnectionError):
        return "check --base-url and that its server is up"
    return ""


def _found(found: Found) -> str:
    parts = [count(found.errors, "error"), count(found.warnings, "warning")]
    return " and ".join(filter(None, parts)) or "nothing"


def _cost(tally: Tally, progress: Progress, price: Price | None) -> str:
    usage = tally.usage
    cost = f", {price.text(usage)}" if price else ""
    again = f", {progress.retries:,} retried" if progress.retries else ""
    tokens = f"{usage.prompt_tokens:,} tokens in, {usage.completion_tokens:,} out{cost}"
    return f"{_some(usage.calls, 'answer')}, {tokens} (this run: {_some(progress.calls, 'request')}{again})"


def _some(number: int, noun: str) -> str:
    return count(number, noun) or f"0 {noun}s"
