"""Whom a client asks, and with which key: checked before anything is sent."""

from __future__ import annotations

from urllib.parse import urlsplit

from replykit.errors import UsageError

__all__ = ["NO_KEY", "OFFICIAL", "server_of", "usable_key"]

OFFICIAL = "https://api.openai.com"
NO_KEY = "none"  # the SDK wants one, and a local server asks for none


def server_of(base_url: str) -> str:
    """Return the address of a server without its path, as it may be shown and logged.

    Args:
        base_url: the server, with its version path.

    Raises:
        UsageError: it is no address, or holds a user or a password.
    """
    try:
        url = urlsplit(base_url)
        host, port = url.hostname, url.port
    except ValueError:
        raise UsageError("base_url must be an address such as https://host/v1") from None
    if url.username or url.password:  # addresses are logged
        raise UsageError("base_url must hold no user or password; pass api_key")
    if not host or url.scheme not in ("http", "https"):
        raise UsageError("base_url must be an address such as https://host/v1")
    return f"{url.scheme}://{f'[{host}]' if ':' in host else host}" + (f":{port}" if port else "")


def usable_key(key: str | None, base_url: str) -> str:
    """Return the key to send; `NO_KEY` where a server other than OpenAI's is asked without one.

    Args:
        key: what the caller or the environment gives.
        base_url: the server.

    Raises:
        UsageError: there is none and OpenAI wants one, or it holds what no key does; the message never holds the key.
    """
    key = (key or "").strip()
    if not key:
        if base_url.startswith(OFFICIAL):
            raise UsageError("no API key: set OPENAI_API_KEY (for the command, or REPLYKIT_API_KEY), or pass api_key")
        return NO_KEY
    if not key.isascii() or not key.isprintable() or " " in key:
        raise UsageError("api_key holds a character that no key has; copy it again")
    return key
