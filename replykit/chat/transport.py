"""What carries the calls beside the SDK's own client, where many are under way at once."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from replykit.errors import UsageError

if TYPE_CHECKING:
    import httpx2
    from openai import AsyncOpenAI

__all__ = ["Transport", "aiohttp_client", "posted"]

Transport = Literal["httpx2", "aiohttp"]


async def posted(http: httpx2.AsyncClient, client: AsyncOpenAI, body: Mapping[str, Any]) -> httpx2.Response:
    """Send a request as the SDK would; where many calls are under way, its own way takes as much CPU as all the rest.

    Raises:
        APIStatusError: the server refused it.
    """
    import httpx2
    import openai

    headers = {name: value for name, value in client.default_headers.items() if isinstance(value, str)}
    answer = await http.send(
        httpx2.Request(
            "POST",
            client.base_url.join("chat/completions"),
            content=json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(),
            headers={**headers, **client.auth_headers},
            extensions={"timeout": http.timeout.as_dict()},
        )
    )
    if answer.is_success:
        return answer
    said: object = answer.text
    with contextlib.suppress(ValueError):
        said = answer.json()
    raise openai.APIStatusError(f"HTTP {answer.status_code}", response=answer, body=said)


def aiohttp_client(timeout: httpx2.Timeout) -> httpx2.AsyncClient:
    """Return the SDK's aiohttp transport, without a bound of its own on how many calls are under way."""
    import httpx2
    import openai

    try:
        # None would mean aiohttp's default of 100; 0 means no bound.
        return openai.DefaultAioHttpClient(limits=httpx2.Limits(max_connections=0), timeout=timeout)
    except RuntimeError:
        raise UsageError("the transport aiohttp is not installed; pip install 'replykit[polish]'") from None
