"""A server's answer, classified before anyone reads the text."""

from __future__ import annotations

import json
from typing import Any

from replykit.answer import clean_answer
from replykit.errors import ChatProtocolError
from replykit.invisible import unsteered
from replykit.records import Completion, Outcome, Usage

__all__ = [
    "clean_text",
    "content_text",
    "error_message",
    "filtered_completion",
    "read_choice",
    "read_completion",
    "unusable",
    "usage_of",
]

# The words of OpenAI, and what servers that speak its protocol say instead (TGI eos_token, GLM sensitive).
_OUTCOMES: dict[str, Outcome] = {
    "stop": "complete",
    "eos": "complete",
    "eos_token": "complete",
    "end_turn": "complete",
    "length": "length",
    "max_tokens": "length",
    "content_filter": "content_filter",
    "sensitive": "content_filter",
}
# Error codes of moderation: Azure OpenAI, DashScope (two spellings), GLM, Ark (with Input or Output before it).
_FILTER_CODES = (
    "contentfilter",
    "responsibleaipolicyviolation",
    "datainspectionfailed",
    "1301",
    "sensitivecontentdetected",
)


def read_completion(body: bytes) -> Completion:
    """Return what a server answered with HTTP 200.

    Args:
        body: the whole body as received.

    Returns:
        The first choice, classified. `complete` says that the model stopped by itself after saying something; a tool
        call, and a finish reason that is missing or not known, are `unknown`.

    Raises:
        ChatProtocolError: the body is not a chat completion.
    """
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        raise ChatProtocolError(f"the server answered with {_kind(body)}, not a chat completion") from None
    if not isinstance(answer, dict):
        raise ChatProtocolError(f"the server answered with a JSON {type(answer).__name__}, not a chat completion")
    usage = usage_of(answer.get("usage"))
    choices = answer.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        if answer.get("error"):
            filtered = filtered_completion(answer)
            if filtered:
                return filtered
            raise unusable(f"the server answered 200 with an error: {error_message(answer)}", usage)
        raise unusable("the server's answer has no choices", usage)
    return read_choice(choices[0], usage)


def read_choice(choice: dict[str, Any], usage: Usage) -> Completion:
    """Return one choice of a chat completion, classified.

    Args:
        choice: the decoded choice.
        usage: what the whole completion cost.

    Raises:
        ChatProtocolError: it holds no message, or one that is no text.
    """
    reason = choice.get("finish_reason")
    finish_reason = clean_text(reason) if isinstance(reason, str) else None
    outcome: Outcome = _OUTCOMES.get(finish_reason or "", "unknown")
    message = choice.get("message")
    if not isinstance(message, dict):
        if outcome != "content_filter":
            raise unusable("the server's answer has a choice without a message", usage)
        message = {}
    content = message.get("content")
    text = content_text(content)
    if text is None:
        raise unusable(f"the server's answer has content of type {type(content).__name__}", usage)
    if message.get("tool_calls") or message.get("function_call"):
        outcome = "unknown"
    elif isinstance(message.get("refusal"), str) and message["refusal"].strip():
        outcome, text = "refusal", text or message["refusal"]
    elif outcome == "complete" and not clean_answer(text).strip():
        outcome = "blank"
    return Completion(text=clean_text(text), outcome=outcome, finish_reason=finish_reason, usage=usage)


def filtered_completion(body: object) -> Completion | None:
    """Return the completion that a moderation error stands for; None where the error is another one.

    Args:
        body: the decoded body of an error answer; the error itself, or an object that holds it as `error`.
    """
    error = body.get("error", body) if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return None
    inner = error.get("innererror")
    codes = [error.get("code"), error.get("type"), inner.get("code") if isinstance(inner, dict) else None]
    if not any(str(code).replace("_", "").lower().endswith(_FILTER_CODES) for code in codes):
        return None
    return Completion(text="", outcome="content_filter", finish_reason=clean_text(str(codes[0] or codes[1])))


def error_message(body: object) -> str:
    """Return what an error body says, on one line; of a page that it is one, and empty where it says nothing."""
    error = body.get("error", body) if isinstance(body, dict) else body
    said = (error.get("message") or error.get("code") or _detail(error)) if isinstance(error, dict) else error
    if isinstance(said, str) and _is_page(said.encode(errors="replace")):
        return "an HTML page"
    return " ".join(clean_text(str(said or "")).split())


def _detail(error: dict[str, Any]) -> str:
    """Return what servers made with FastAPI say: which fields they refuse, and why."""
    detail = error.get("detail")
    if not isinstance(detail, list):
        return str(detail or "")
    fields = [one for one in detail if isinstance(one, dict) and isinstance(one.get("loc"), list)]
    return "; ".join(f"{'.'.join(map(str, one['loc']))}: {one.get('msg')}" for one in fields)


def clean_text(text: str) -> str:
    """Return a text that UTF-8 can hold and that steers nobody: surrogate pairs joined, lone ones become U+FFFD."""
    return unsteered(text).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def unusable(message: str, usage: Usage) -> ChatProtocolError:
    """Return the error for an answer that cannot be used, with what it cost all the same."""
    error = ChatProtocolError(message)
    error.usage = usage
    return error


def content_text(content: object) -> str | None:
    """Return a message's text, which some servers send in parts; None where it is something else."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        parts = [part.get("text") for part in content if isinstance(part, dict)]
        return "".join(part for part in parts if isinstance(part, str))
    return None


def usage_of(usage: object) -> Usage:
    """Return what a server says that an answer cost; no tokens where it does not say."""
    counts = usage if isinstance(usage, dict) else {}
    prompt, completion = counts.get("prompt_tokens"), counts.get("completion_tokens")
    return Usage(
        calls=1,
        prompt_tokens=max(0, prompt) if isinstance(prompt, int) else 0,
        completion_tokens=max(0, completion) if isinstance(completion, int) else 0,
    )


def _kind(body: bytes) -> str:
    if not body.strip():
        return "an empty body"
    return "an HTML page" if _is_page(body) else "a body that is not JSON"


def _is_page(body: bytes) -> bool:
    return body[:200].lstrip().lower().startswith((b"<!doctype", b"<html"))
