"""In which form a server is asked for JSON: the strictest that it has not refused, found out once."""

from __future__ import annotations

import json
import re
import threading
from typing import Any, Literal

from replykit.chat.answers import error_message
from replykit.embedded import object_in
from replykit.records import ChatRequest, Completion, JsonForm
from replykit.trace import log

__all__ = ["FormLadder", "Rung", "response_format"]

Rung = Literal["json_schema", "json_object_schema", "json_object", "text"]

_RUNGS: tuple[Rung, ...] = ("json_schema", "json_object_schema", "json_object", "text")
# What a refusal of the form speaks of, in the words of OpenAI, DeepSeek, DashScope, vLLM, llama.cpp and Ollama.
_FORM = re.compile(r"response.?format|json.?(?:schema|object|mode)|structured.?output|guided.?(?:json|decoding)", re.I)
_TOO_LONG = re.compile(r"context.{0,10}length|maximum.{0,20}tokens|too (?:long|large)", re.I)
# llama.cpp and llama-cpp-python of some versions know no json_schema, and take a schema beside json_object.
_TAKES_SCHEMA = re.compile(r"['\"]?text['\"]? or ['\"]?json_object", re.I)
# Refused for another reason: the key, the quota, the rate; whatever the message holds besides.
_NOT_THE_FORM = frozenset({401, 402, 403, 408, 413, 429})
_MOST_BLANKS = 2  # DeepSeek answers json_object with nothing now and then; twice running is no accident


class FormLadder:
    """The forms of one model behind one client: json_schema, json_object with a schema, json_object, plain text.

    A form is given up when the server refuses it, which costs a call that nobody bills, and when an answer shows that
    the server took it without a word and did not keep to it. Neither is tried again. Used from any thread.
    """

    def __init__(self) -> None:
        self._rung: Rung = _RUNGS[0]
        self._blanks = 0
        self._lock = threading.Lock()

    def rung(self, request: ChatRequest) -> Rung:
        """Return the form in which a request is sent.

        Servers refuse JSON where no message speaks of it, or write white space until the limit (OpenAI, DashScope,
        DeepSeek), so such a request goes as text.
        """
        if request.form is None or not any("json" in message.content.lower() for message in request.messages):
            return "text"
        return self._rung

    def is_refusal(self, rung: Rung, status: int, body: object) -> bool:
        """Return whether an error answer refuses the form; if so, the form is given up.

        Args:
            rung: the form that was asked for.
            status: the HTTP status.
            body: the decoded body. Moderation is no refusal of the form; the caller has sorted it out before.
        """
        if rung == "text" or status in _NOT_THE_FORM:
            return False
        said = f"{error_message(body)} {_parameter(body)}"
        if not _FORM.search(said) or _TOO_LONG.search(said):
            return False
        takes_schema = rung == "json_schema" and _TAKES_SCHEMA.search(said)
        self._give_up(rung, "json_object_schema" if takes_schema else None, f"HTTP {status}")
        return True

    def learn(self, rung: Rung, completion: Completion) -> None:
        """Give a form up where a whole answer in it holds no JSON object, or where two running are blank."""
        if rung == "text" or completion.outcome not in ("complete", "blank"):
            return
        if completion.outcome == "blank":
            with self._lock:
                self._blanks += 1
                kept = self._blanks < _MOST_BLANKS
            if not kept:
                self._give_up(rung, None, "blank answers")
            return
        with self._lock:
            self._blanks = 0
        if object_in(completion.text) is None:
            self._give_up(rung, None, "an answer without JSON")

    def _give_up(self, rung: Rung, to: Rung | None, why: str) -> None:
        """Step down from a form, unless another call has done so meanwhile."""
        if to is None:
            to = "json_object" if rung == "json_schema" else _RUNGS[_RUNGS.index(rung) + 1]
        with self._lock:
            if self._rung == rung:
                self._rung, self._blanks = to, 0
                told = "JSON is asked for as %s from now on, no longer as %s: %s"
                log.info(told, to, rung, why, extra={"event": "form"})


def response_format(rung: Rung, form: JsonForm) -> dict[str, Any] | None:
    """Return the parameter that asks for JSON in one form; None for plain text."""
    schema = json.loads(form.json_schema)
    match rung:
        case "json_schema":
            return {"type": "json_schema", "json_schema": {"name": form.name, "schema": schema, "strict": True}}
        case "json_object_schema":
            return {"type": "json_object", "schema": schema}
        case "json_object":
            return {"type": "json_object"}
    return None


def _parameter(body: object) -> str:
    """Return the parameter and the place that an error body names; FastAPI puts the place into `detail`."""
    error = body.get("error", body) if isinstance(body, dict) else {}
    return f"{error.get('param')} {error.get('detail')}"[:2000] if isinstance(error, dict) else ""
