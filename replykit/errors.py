"""Every error that replykit raises on purpose, as one tree.

ReplykitError
├── UsageError              the caller passed something that cannot be used
│   ├── LedgerError         the ledger of a job is in use, is none, or cannot be written
│   ├── PlaybookError       a playbook file is wrong; says file, line and id
│   ├── PromptError         a prompt template is missing or does not render
│   └── TextError           a text is empty or too large
├── BudgetError             the next call would pass the token budget
└── ChatError               the chat model gave no answer that could be used
    ├── ChatConnectionError     nobody answered
    ├── ChatTimeoutError        the deadline passed
    ├── ChatAuthError           the key was refused, or the quota is used up
    ├── ChatRateLimitError      429 until the retries were used up
    ├── ChatServerError         5xx: until the retries were used up, or a gateway that lost the answer
    ├── ChatRequestError        the server refused this one request (another 4xx)
    └── ChatProtocolError       the answer is not a chat completion
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from replykit.records import Attempt, Usage

__all__ = [
    "BudgetError",
    "ChatAuthError",
    "ChatConnectionError",
    "ChatError",
    "ChatProtocolError",
    "ChatRateLimitError",
    "ChatRequestError",
    "ChatServerError",
    "ChatTimeoutError",
    "LedgerError",
    "PlaybookError",
    "PromptError",
    "ReplykitError",
    "TextError",
    "UsageError",
]


class ReplykitError(Exception):
    """The root: `except ReplykitError` catches everything that replykit raises on purpose.

    Attributes:
        attempts: what was tried before the error, oldest first, each with its violations and usage.
        reply_id: the id of the reply that was being made, as in the log; empty where none was.
    """

    attempts: tuple[Attempt, ...] = ()
    reply_id: str = ""


class UsageError(ReplykitError, ValueError):
    """The caller passed something that cannot be used; the message says what to pass instead."""


class LedgerError(UsageError):
    """The ledger of a job is in use, is no ledger, or cannot be written; what it holds is intact.

    Attributes:
        is_in_use: True where another job has it, so that it may be free later.
    """

    is_in_use: bool = False


class PlaybookError(UsageError):
    """A playbook file is wrong; the message names the file, the line and the id."""


class PromptError(UsageError):
    """A prompt template is missing or does not render."""


class TextError(UsageError):
    """A text is empty or too large."""


class BudgetError(ReplykitError):
    """The next call would pass the caller's token budget, so it was not made."""


class ChatError(ReplykitError):
    """The chat model gave no answer that could be used.

    Attributes:
        may_be_billed: False where the error itself says that nothing was answered, so that asking again cannot be paid
            twice; True where the answer may have been made, and lost on the way.
        usage: what the server says that the lost answer cost; None where it does not say.
    """

    may_be_billed: bool = True
    usage: Usage | None = None


class ChatConnectionError(ChatError):
    """The server could not be reached (`may_be_billed` is False), or the connection broke before an answer."""


class ChatTimeoutError(ChatError):
    """The wall-clock deadline passed before the answer was whole."""


class ChatAuthError(ChatError):
    """The key was refused, or the account's quota is used up; trying again will not help.

    Attributes:
        is_quota: True where the account has nothing left, False where it is the key.
    """

    may_be_billed = False
    is_quota: bool = False


class ChatRateLimitError(ChatError):
    """The server answered 429 until the retries were used up."""

    may_be_billed = False


class ChatServerError(ChatError):
    """The server answered 5xx: until the retries were used up, or once where a gateway lost what stands behind it.

    `may_be_billed` is True for the latter: 502, 504 and their like leave open whether the model answered.
    """

    may_be_billed = False


class ChatRequestError(ChatError):
    """The server refused this one request; another request may pass.

    Attributes:
        status: the HTTP status; None where there was none.
    """

    may_be_billed = False
    status: int | None = None


class ChatProtocolError(ChatError):
    """The server's answer is not a chat completion (an HTML page, a bare error object, no choices)."""
