"""How far a job is, and what it will take."""

from __future__ import annotations

from dataclasses import dataclass

from replykit.records import Status

__all__ = ["Estimate", "Progress"]


@dataclass(slots=True)
class Progress:
    """Live counts of one run.

    Attributes:
        rows: rows read that say something.
        blank: rows without a text; nothing is made of them.
        done: rows with a result.
        clean: of these, those that were or became clean at the first attempt.
        repaired: those that were repaired.
        needs_review: those that a person must see; they keep their text.
        shared: rows with the same input as an earlier one, which cost nothing.
        known: rows whose result the ledger held from an earlier run.
        calls: calls of the chat model in this run.
        retries: of these, those made again because the one before brought no answer.
        doubtful: of these, those where the one before may have been answered and billed (a broken connection, a
            deadline passed); each call is asked again at most once for that.
        repeated: calls that were under way when an earlier run ended, and were made again.
        in_flight: calls that are under way.
        prompt_tokens: sent, as the server counts.
        completion_tokens: received.
        waiting_until: when the next call may be made, in seconds since the epoch, while the server asks to wait.
        concurrency: calls that may be under way at once, as the server bears them.
    """

    rows: int = 0
    blank: int = 0
    done: int = 0
    clean: int = 0
    repaired: int = 0
    needs_review: int = 0
    shared: int = 0
    known: int = 0
    calls: int = 0
    retries: int = 0
    doubtful: int = 0
    repeated: int = 0
    in_flight: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    waiting_until: float | None = None
    concurrency: int = 0

    @property
    def tokens(self) -> int:
        """Tokens sent and received."""
        return self.prompt_tokens + self.completion_tokens

    def count(self, status: Status) -> None:
        """Count a row that is done, by its status."""
        self.done += 1
        if status == "clean":
            self.clean += 1
        elif status == "repaired":
            self.repaired += 1
        else:
            self.needs_review += 1


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a job will take; nothing was asked.

    Attributes:
        rows: rows that say something.
        blank: rows without a text.
        duplicates: rows with the same input as an earlier one.
        clean: of the others, those without any violation; skipped where only flagged rows are polished.
        known: of the others, those whose result the ledger holds.
        calls: calls of the chat model, without those that ask again.
        prompt_tokens: what these send, estimated.
        completion_tokens: what these receive, estimated.
        sampled: rows whose prompt was made for the estimate; 0: nothing will be asked.
    """

    rows: int = 0
    blank: int = 0
    duplicates: int = 0
    clean: int = 0
    known: int = 0
    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    sampled: int = 0

    @property
    def tokens(self) -> int:
        """Tokens sent and received, estimated."""
        return self.prompt_tokens + self.completion_tokens
