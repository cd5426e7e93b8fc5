"""Every way in which a chat server fails that is under test: what it does, the calls that follow, what the caller sees.

One table for the tests (`test_wire.py` runs each row over real HTTP) and for `docs/model-side.md`, which
`scripts/write_model_side.py` writes from what it saw.
"""

from __future__ import annotations

import json
import time
from typing import Any

import server as serve
from server import Handler, Step
from sight import Fault

from replykit.errors import (
    ChatAuthError,
    ChatConnectionError,
    ChatError,
    ChatProtocolError,
    ChatRateLimitError,
    ChatRequestError,
    ChatServerError,
    ChatTimeoutError,
)
from replykit.records import Outcome

__all__ = ["FAULTS", "QUERY"]

# Seconds. The first is waited for where no answer is to come, the second where one has come before.
SHORT, SLOW = 0.3, 1.5

QUERY = "您好，我来为您查询。"
_RUDE = "呵呵，您自己看着办。"
_ENGLISH = "Hello, let me look into your order."
_WRAPPED = f"<think>嗯</think>\n好的，以下是改写后的回复：\n```text\n“{QUERY}”\n```"
_REFUSAL = "I cannot help with that."
_HTML = "<!DOCTYPE html><html><body>502</body></html>"
_NO_GZIP = b"\x1f\x8b\x08" + b"x" * 40
_HALF = json.dumps(serve.body())[:60]

_ok = serve.answer(QUERY)
_cut_off = serve.answer("您好，我来", "length")
_blank = serve.answer(" \n")
_many = 9  # more than any client asks


def _busy(code: int) -> Step:
    return serve.status(code, retry_after="0.01")


def _busy_until_a_date(handler: Handler) -> None:
    serve.status(429, retry_after=serve.date_in(1, time.time()))(handler)


def _answered(name: str, *steps: Step, calls: int = 1) -> Fault:
    """Return a fault that the client gets over."""
    return Fault(name, steps, calls=calls, drafted="clean: the answer")


def _failed(name: str, error: type[ChatError], told: str, *steps: Step, **options: Any) -> Fault:
    """Return a fault that ends in an error; where asking again were wrong, it would be answered."""
    paid = int(error in (ChatTimeoutError, ChatConnectionError, ChatProtocolError))
    return Fault(name, (*steps, _ok), error, told=told, **{"paid": paid, **options})


def _unusable(name: str, outcome: Outcome, reason: str | None, *steps: Step, calls: int = 1) -> Fault:
    """Return a fault that leaves a kit with no answer: a ready line, or the draft mended."""
    told = f"an answer ended with {outcome} (finish reason {reason!r})"
    seen = {"drafted": "needs_review: a ready line", "rewritten": "repaired: the draft, mended"}
    return Fault(name, steps, outcome, told=told, kit_calls=calls, **seen)


def _asked_again(name: str, outcome: Outcome, *steps: Step) -> Fault:
    """Return a fault after which a kit asks once more, as an answer was cut off or blank."""
    return Fault(name, (*steps, _ok), outcome, kit_calls=2, drafted="clean: the answer")


def _broken(name: str, drafted: str, *steps: Step, told: str = "", calls: int = 2, **options: Any) -> Fault:
    """Return a fault of the answer's text, after which a kit asks for a repair."""
    return Fault(name, steps, kit_calls=calls, drafted=drafted, told=told, **options)


_LATE = f"the server gave no whole answer within {SHORT:g} seconds"
_TORN = "the connection to the server broke before the answer was whole"
_SECOND = "repaired: the second answer"
_MENDED = "repaired: the answer, mended"

FAULTS = (
    _answered("answers", _ok),
    _answered("answers after a delay", serve.delayed(_ok, 0.1)),
    _failed("never answers", ChatTimeoutError, _LATE, serve.hang, timeout=SHORT),
    _failed(
        "blank lines that keep the connection alive, for ever", ChatTimeoutError, _LATE, serve.dribble, timeout=SHORT
    ),
    _failed("headers for ever", ChatTimeoutError, _LATE, serve.dribble_headers, timeout=SHORT),
    _failed(
        "half a body, then blank lines for ever", ChatTimeoutError, _LATE, serve.dribble_after(_HALF), timeout=SHORT
    ),
    # Said by the server: not answered. Asked again.
    _answered("429 with `Retry-After` in seconds", serve.status(429, retry_after="0.05"), _ok, calls=2),
    _answered("429 with `Retry-After` as a date", _busy_until_a_date, _ok, calls=2),
    _answered("429 with `retry-after-ms`", serve.status(429, retry_after_ms="30"), _ok, calls=2),
    _answered("429 without `Retry-After`", serve.status(429), _ok, calls=2),
    _answered("500 once", _busy(500), _ok, calls=2),
    _answered("503 twice", _busy(503), _busy(503), _ok, calls=3),
    _answered("529", _busy(529), _ok, calls=2),
    # The same, until there is no more to try.
    _failed("429 for ever", ChatRateLimitError, "HTTP 429: no", *[_busy(429)] * _many, calls=3),
    _failed("500 for ever", ChatServerError, "HTTP 500: no", *[_busy(500)] * _many, calls=3),
    _failed("`Retry-After` past the deadline", ChatRateLimitError, "HTTP 429: no", serve.status(429, retry_after="60")),
    _failed("`x-should-retry: false`", ChatRateLimitError, "HTTP 429: no", serve.status(429, x_should_retry="false")),
    # Not said by the server: it may have been answered, and billed. Never asked again.
    _failed(
        "502 of a gateway, as a page",
        ChatServerError,
        "HTTP 502: an HTML page",
        serve.sent(502, _HTML, "text/html"),
        paid=1,
    ),
    _failed("504 of a gateway", ChatServerError, "HTTP 504: no", _busy(504), paid=1),
    _failed("reset", ChatConnectionError, _TORN, serve.reset),
    _failed("hangs up", ChatConnectionError, _TORN, serve.hang_up),
    _failed("half a body, hangs up", ChatConnectionError, _TORN, serve.half_body),
    _failed("half a body, reset", ChatConnectionError, _TORN, serve.reset_inside),
    _failed(
        "says gzip, and is none",
        ChatConnectionError,
        _TORN,
        serve.sent(200, _NO_GZIP, content_encoding="gzip"),
    ),
    # Refused: asking again is of no use.
    _failed("400", ChatRequestError, "HTTP 400: no", serve.status(400)),
    _failed("400 that is not JSON", ChatRequestError, "HTTP 400: no", serve.sent(400, "no", "text/plain")),
    _failed("404", ChatRequestError, "HTTP 404: no", serve.status(404)),
    _failed("401", ChatAuthError, "HTTP 401: no", serve.status(401)),
    _failed("402", ChatAuthError, "HTTP 402: no", serve.status(402)),
    _failed("429, no quota left", ChatAuthError, "HTTP 429: no", serve.status(429, error="insufficient_quota")),
    _failed("501", ChatServerError, "HTTP 501: no", serve.status(501)),
    # 200, and no chat completion.
    *(
        _failed(f"200 with {name}", ChatProtocolError, f"the server answered with {said}, not a chat completion", step)
        for name, said, step in (
            ("an HTML page", "an HTML page", serve.sent(200, _HTML, "text/html")),
            ("plain text", "a body that is not JSON", serve.sent(200, "hello", "text/plain")),
            ("an empty body", "an empty body", serve.sent(200, "")),
            ("broken JSON", "a body that is not JSON", serve.sent(200, '{"choices": [')),
            ("JSON 100,000 levels deep", "a body that is not JSON", serve.sent(200, "[" * 100_000)),
            ("a JSON list", "a JSON list", serve.sent(200, "[1]")),
        )
    ),
    *(
        _failed(f"200 with {name}", ChatProtocolError, f"the server{said}", step)
        for name, said, step in (
            ('`{"error"}`', " answered 200 with an error: overloaded", serve.status(200, "overloaded")),
            ("empty choices", "'s answer has no choices", serve.sent(200, '{"choices": []}')),
            ("null for choices", "'s answer has no choices", serve.sent(200, '{"choices": null}')),
            ("a null choice", "'s answer has no choices", serve.sent(200, '{"choices": [null]}')),
            ("a null message", "'s answer has a choice without a message", serve.sent(200, '{"choices": [{}]}')),
            ("a number as content", "'s answer has content of type int", serve.answer(7)),
        )
    ),
    # An answer that is not whole, or is none.
    _asked_again("cut off (`length`)", "length", _cut_off),
    _unusable("cut off (`length`), twice", "length", "length", _cut_off, _cut_off, calls=2),
    _asked_again("blank content", "blank", _blank),
    _asked_again("null as content", "blank", serve.answer(None)),
    _asked_again("nothing but `<think>…</think>`", "blank", serve.answer("<think>嗯</think>")),
    _unusable("blank content, twice", "blank", "stop", _blank, _blank, calls=2),
    _unusable("`content_filter`", "content_filter", "content_filter", serve.answer("", "content_filter")),
    _unusable("`sensitive` (GLM)", "content_filter", "sensitive", serve.answer("", "sensitive")),
    *(
        _unusable(f"400 `{code}` ({who})", "content_filter", code, serve.status(400, error=code))
        for code, who in (("data_inspection_failed", "DashScope"), ("content_filter", "Azure"))
    ),
    _unusable("refuses", "refusal", "stop", serve.answer(None, refusal=_REFUSAL)),
    _unusable("calls a tool", "unknown", "tool_calls", serve.answer(None, "tool_calls", tool_calls=[{}])),
    _unusable("an unknown finish reason", "unknown", "network_error", serve.answer(reason="network_error")),
    _unusable("no finish reason", "unknown", None, serve.answer(reason=None)),
    # An answer with something round it.
    _answered("`<think>…</think>` before the answer", serve.answer(f"<think>呵呵，没办法</think>\n{QUERY}")),
    _answered("`…</think>` without its opening tag", serve.answer(f"客户问订单。\n</think>\n\n{QUERY}")),
    _answered("the answer in a code fence", serve.answer(f"```\n{QUERY}\n```")),
    _answered("a preamble before the answer", serve.answer(f"好的，以下是改写后的回复：\n{QUERY}")),
    _answered("quotation marks round the answer", serve.answer(f"“{QUERY}”")),
    _answered("all of these at once", serve.answer(_WRAPPED)),
    _answered("content in parts", serve.answer([{"type": "text", "text": QUERY}])),
    _answered("control characters, and a turned direction of writing", serve.answer(f"\u202e{QUERY}\x00\x1b")),
    _answered("half of a surrogate pair", serve.sent(200, json.dumps(serve.body(f"\ud800{QUERY}")))),
    _answered("a usage that cannot be read", serve.sent(200, json.dumps({**serve.body(), "usage": [1]}))),
    # An answer that breaks a rule, and what the repair meets.
    _broken("the wrong language", _SECOND, serve.answer(_ENGLISH), _ok),
    _broken(
        "the wrong language, twice",
        "needs_review: the answer",
        *[serve.answer(_ENGLISH)] * 2,
        told="still breaks match-script",
    ),
    _broken("the wrong script", _SECOND, serve.answer("您好，我來為您查詢訂單。"), _ok),
    _broken("a forbidden phrase", _SECOND, serve.answer(_RUDE), _ok),
    _broken("a forbidden phrase, twice", _MENDED, serve.answer(_RUDE), serve.answer(_RUDE)),
    _broken(
        "an invented date, twice",
        "needs_review: the answer",
        *[serve.answer("您好，订单11月25日送达。")] * 2,
        told="still breaks grounded-facts",
    ),
    *(
        _broken(f"a forbidden phrase, then {name}", _MENDED, serve.answer(_RUDE), *steps, told=said, **options)
        for name, said, steps, options in (
            (
                "no answer",
                f"the next call failed: ChatTimeoutError: the server gave no whole answer within {SLOW:g} seconds",
                [serve.hang],
                {"timeout": SLOW},
            ),
            (
                "429 for ever",
                "the next call failed: ChatRateLimitError: HTTP 429: no",
                [_busy(429)] * _many,
                {"calls": 4, "paid": 1},
            ),
            (
                "half a body",
                "the next call failed: ChatConnectionError: " + _TORN,
                [serve.half_body],
                {},
            ),
            (
                "a refusal",
                "an answer ended with refusal (finish reason 'stop')",
                [serve.answer(None, refusal=_REFUSAL)],
                {},
            ),
            ("cut off twice", "an answer ended with length (finish reason 'length')", [_cut_off] * 2, {"calls": 3}),
        )
    ),
)
