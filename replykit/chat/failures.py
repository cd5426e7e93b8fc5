"""What a failed call means: our error, and whether asking again can help without paying twice."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime

from replykit.chat.answers import error_message
from replykit.errors import (
    ChatAuthError,
    ChatConnectionError,
    ChatError,
    ChatRateLimitError,
    ChatRequestError,
    ChatServerError,
    ChatTimeoutError,
)

__all__ = ["TransientError", "failure_of_status", "failure_of_transport", "retry_after"]

# Nothing was sent, so nothing can have been answered or billed: names of httpx2, then of aiohttp.
_NEVER_SENT = frozenset({"ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError"}) | {
    "ClientConnectorError",
    "ClientConnectorDNSError",
    "ClientConnectorSSLError",
    "ClientConnectorCertificateError",
    "ClientHttpProxyError",
    "ClientProxyConnectionError",
    "UnixClientConnectorError",
    "ConnectionTimeoutError",
}
_TIMED_OUT = frozenset({"ReadTimeout", "WriteTimeout", "TimeoutException", "SocketTimeoutError", "ServerTimeoutError"})
# The server itself says that it made no answer: too many requests, failed on this one, overloaded (529: no standard).
_AGAIN = frozenset({429, 500, 503, 529})
# A gateway says these of a server behind it, which may have answered all the same (520, 522, 524 are Cloudflare's).
_LOST = frozenset({502, 504, 520, 522, 524})
# The account's quota is used up, as OpenAI and DashScope say it with 429 or 400.
_NO_QUOTA = frozenset({"insufficient_quota", "billing_hard_limit_reached", "arrearage"})


class TransientError(Exception):
    """A failure that another call may not meet; it never leaves the package.

    Attributes:
        error: what is raised once the retries are used up.
        wait: how long the server asks to wait, in seconds; None where it does not say.
        status: the HTTP status; None where nothing was sent.
    """

    def __init__(self, error: ChatError, wait: float | None = None, status: int | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.wait = wait
        self.status = status


def failure_of_transport(error: BaseException, server: str) -> ChatError | TransientError:
    """Return what an exception below HTTP means.

    Args:
        error: what the SDK raised, with the transport's exceptions as its causes.
        server: the server's address, for the message.

    Returns:
        A `TransientError` where nothing was sent; our error where the request may have been answered, as asking again
        could be billed twice.
    """
    # The SDK takes every failure of an aiohttp connection for one to connect, so its word does not count there.
    causes = list(_causes(error))
    cause = type(next((one for one in causes if type(one).__module__.startswith("aiohttp")), causes[0])).__name__
    if cause in _NEVER_SENT:
        unreached = ChatConnectionError(f"nobody answers at {server} ({cause})")
        unreached.may_be_billed = False
        return TransientError(unreached)
    if cause in _TIMED_OUT:
        return ChatTimeoutError(f"{server} sent nothing for too long ({cause})")
    return ChatConnectionError(f"the connection to {server} broke before the answer was whole ({cause})")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield what led to an error, the nearest first; the error itself where nothing did."""
    cause = error.__cause__
    if cause is None:
        yield error
    while cause is not None:
        yield cause
        cause = cause.__cause__


def failure_of_status(status: int, body: object, headers: Mapping[str, str]) -> ChatError | TransientError:
    """Return what an HTTP status other than 200 means.

    Args:
        status: the HTTP status.
        body: the decoded body.
        headers: the answer's headers; `x-should-retry` is the server's own word on whether to ask again.

    Returns:
        A `TransientError` where the answer says that the request was not answered; our error where it says that asking
        again is of no use, or leaves open whether the model answered, as asking again could be billed twice.
    """
    said = error_message(body)
    message = f"HTTP {status}" + (f": {said}" if said else "")
    error = body.get("error", body) if isinstance(body, dict) else {}
    codes = {str(error.get(key)).lower() for key in ("code", "type")} if isinstance(error, dict) else set()
    if status in (401, 402, 403) or codes & _NO_QUOTA:
        refused = ChatAuthError(message)
        refused.is_quota = status == 402 or bool(codes & _NO_QUOTA)
        return refused
    if status == 429:
        failure: ChatError = ChatRateLimitError(message)
    elif status >= 500:
        failure = ChatServerError(message)
        failure.may_be_billed = status in _LOST
    else:
        failure = request = ChatRequestError(message)
        request.status = status
    if status in _AGAIN and headers.get("x-should-retry") != "false":
        return TransientError(failure, retry_after(headers, now=time.time()), status)
    return failure


def retry_after(headers: Mapping[str, str], *, now: float) -> float | None:
    """Return how long a server asks to wait.

    Args:
        headers: the answer's headers; `retry-after-ms` in milliseconds, or `retry-after` in seconds or as an HTTP date.
        now: seconds since the epoch.

    Returns:
        Seconds; None where the server asks for nothing, or for nothing that can be read.
    """
    try:
        wait = float(headers["retry-after-ms"]) / 1000
    except (KeyError, ValueError):
        said = headers.get("retry-after", "")
        try:
            wait = float(said)
        except ValueError:
            try:
                wait = parsedate_to_datetime(said).timestamp() - now
            except (ValueError, TypeError, OverflowError):
                return None
    return wait if 0 < wait < float("inf") else None
