"""Spans of OpenTelemetry, where the program uses it: one for each reply, and below it one for each call of the model.

Calls follow the semantic conventions for generative AI (https://opentelemetry.io/docs/specs/semconv/gen-ai/). What
customers, agents and models write is on a span only where the caller asks for it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from replykit.records import ChatRequest, Completion, Reply

if TYPE_CHECKING:
    from opentelemetry.trace import Span

__all__ = [
    "end_call_span",
    "end_reply_span",
    "fail_span",
    "in_span",
    "leave_span",
    "start_call_span",
    "start_reply_span",
]

# What the conventions call a provider tells which format is spoken: OpenAI's, unless a server is known by another name.
_PROVIDERS = {
    "api.deepseek.com": "deepseek",
    "api.groq.com": "groq",
    "api.mistral.ai": "mistral_ai",
    "api.perplexity.ai": "perplexity",
    "api.x.ai": "x_ai",
}
_PORTS = {"http": 80, "https": 443}


def _telemetry() -> Any:
    """Return OpenTelemetry's module of traces; None where the program has not imported it, as nothing here does."""
    return sys.modules.get("opentelemetry.trace")


def start_reply_span(task: str, id: str) -> Span | None:
    """Start the span of a reply, below the caller's own.

    Args:
        task: `rewrite` or `draft`.
        id: the reply's id.

    Returns:
        The span; None where OpenTelemetry is not in use.
    """
    telemetry = _telemetry()
    if telemetry is None:
        return None
    span: Span = telemetry.get_tracer("replykit").start_span(
        f"replykit.{task}", attributes={"replykit.reply.id": id, "replykit.task": task}
    )
    return span


def start_call_span(
    parent: Span | None, chat: object, request: ChatRequest, id: str, *, stream: bool, content: bool
) -> Span | None:
    """Start the span of a call of the model, below the span of its reply.

    Args:
        parent: the span of the reply.
        chat: the chat model; its `model` and `base_url` are told where it has them.
        request: what is asked.
        id: the call's id.
        stream: True where the answer comes in pieces.
        content: True puts the messages on the span.

    Returns:
        The span; None where there is no parent.
    """
    telemetry = _telemetry()
    if parent is None or telemetry is None:
        return None
    model = getattr(chat, "model", None)
    address = getattr(chat, "base_url", None)
    attributes: dict[str, Any] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "custom",
        "replykit.call.id": id,
    }
    if isinstance(model, str):
        attributes["gen_ai.request.model"] = model
    if isinstance(address, str):
        attributes |= _server(address)
    if request.max_tokens is not None:
        attributes["gen_ai.request.max_tokens"] = request.max_tokens
    if request.form is not None:
        attributes["gen_ai.output.type"] = "json"
    if stream:
        attributes["gen_ai.request.stream"] = True
    if content:
        attributes["gen_ai.input.messages"] = _messages([(m.role, m.content, {}) for m in request.messages])
    span: Span = telemetry.get_tracer("replykit").start_span(
        f"chat {model}" if isinstance(model, str) else "chat",
        context=telemetry.set_span_in_context(parent),
        kind=telemetry.SpanKind.CLIENT,
        attributes=attributes,
    )
    return span


def end_call_span(span: Span | None, completion: Completion, *, content: bool) -> None:
    """End the span of a call that was answered.

    Args:
        span: the span.
        completion: the answer.
        content: True puts its text on the span.
    """
    if span is None:
        return
    reason = completion.finish_reason
    span.set_attribute("replykit.outcome", completion.outcome)
    span.set_attribute("gen_ai.usage.input_tokens", completion.usage.prompt_tokens)
    span.set_attribute("gen_ai.usage.output_tokens", completion.usage.completion_tokens)
    if reason is not None:
        span.set_attribute("gen_ai.response.finish_reasons", [reason])
    if content:
        finish = {"finish_reason": reason or "unknown"}
        span.set_attribute("gen_ai.output.messages", _messages([("assistant", completion.text, finish)]))
    span.end()


def end_reply_span(span: Span | None, reply: Reply) -> None:
    """End the span of a reply that was made."""
    if span is None:
        return
    span.set_attribute("replykit.status", reply.status)
    span.set_attribute("replykit.attempts", len(reply.attempts))
    span.set_attribute("replykit.violations", len(reply.violations))
    span.set_attribute("replykit.escalate", reply.escalate)
    span.end()


def fail_span(span: Span | None, error: BaseException) -> None:
    """End the span of what an exception ended; its message may repeat a text, so only its type is told."""
    telemetry = _telemetry()
    if span is None or telemetry is None:
        return
    span.set_attribute("error.type", f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins."))
    span.set_status(telemetry.StatusCode.ERROR)
    span.end()


def leave_span(span: Span | None) -> None:
    """End the span of what nobody waited for."""
    if span is not None:
        span.end()


@contextmanager
def in_span(span: Span | None) -> Iterator[None]:
    """Make a span the current one, so that the spans of the HTTP client stand below it."""
    telemetry = _telemetry()
    if span is None or telemetry is None:
        yield
        return
    with telemetry.use_span(span, end_on_exit=False, record_exception=False, set_status_on_exception=False):
        yield


def _server(address: str) -> Mapping[str, Any]:
    url = urlsplit(address)
    host = url.hostname or ""
    azure = host.endswith(".openai.azure.com")
    return {
        "gen_ai.provider.name": "azure.ai.openai" if azure else _PROVIDERS.get(host, "openai"),
        "server.address": host,
        "server.port": url.port or _PORTS.get(url.scheme, 443),
    }


def _messages(messages: list[tuple[str, str, dict[str, str]]]) -> str:
    """Return messages as the conventions' JSON schemas want them; a span takes them as one string."""
    return json.dumps(
        [{"role": role, "parts": [{"type": "text", "content": text}], **more} for role, text, more in messages],
        ensure_ascii=False,
    )
