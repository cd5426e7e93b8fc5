"""Every error that replykit raises on purpose, as one tree.

ReplykitError
├── UsageError              the caller passed something that cannot be used
│   ├── PlaybookError       a playbook file is wrong; says file, line and id
│   ├── PromptError         a prompt template is missing or does not render
│   └── TextError           a text is empty or too large
├── BudgetError             the next call would pass the token budget
└── ChatError               the chat model gave no answer that could be used
    ├── ChatConnectionError     nobody answered
    ├── ChatTimeoutError        the deadline passed
    ├── ChatAuthError           the key was refused, or the quota is used up
    ├── ChatRateLimitError      429 until the retries were used up
    ├── ChatServerError         5xx until the retries were used up
    ├── ChatRequestError        the server refused this one request (another 4xx)
    └── ChatProtocolError       the answer is not a chat completion
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from replykit.records import Attempt

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
    """

    attempts: tuple[Attempt, ...] = ()


class UsageError(ReplykitError, ValueError):
    """The caller passed something that cannot be used; the message says what to pass instead."""


class PlaybookError(UsageError):
    """A playbook file is wrong; the message names the file, the line and the id."""


class PromptError(UsageError):
    """A prompt template is missing or does not render."""


class TextError(UsageError):
    """A text is empty or too large."""


class BudgetError(ReplykitError):
    """The next call would pass the caller's token budget, so it was not made."""


class ChatError(ReplykitError):
    """The chat model gave no answer that could be used."""


class ChatConnectionError(ChatError):
    """The server could not be reached, or the connection broke before an answer."""


class ChatTimeoutError(ChatError):
    """The wall-clock deadline passed before the answer was whole."""


class ChatAuthError(ChatError):
    """The key was refused, or the account's quota is used up; trying again will not help."""


class ChatRateLimitError(ChatError):
    """The server answered 429 until the retries were used up."""


class ChatServerError(ChatError):
    """The server answered 5xx until the retries were used up."""


class ChatRequestError(ChatError):
    """The server refused this one request; another request may pass."""


class ChatProtocolError(ChatError):
    """The server's answer is not a chat completion (an HTML page, a bare error object, no choices)."""
