"""Servers that differ in how they take a request for JSON, after what their users report of them.

Each is one step for `Server.always`: it answers whatever it is asked as a server of its kind does.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import server as fault
from server import Handler, Step

__all__ = [
    "TAKEN",
    "dashscope",
    "deepseek",
    "forms",
    "is_strict",
    "llama_cpp",
    "moderated",
    "official",
    "ollama",
    "vllm",
]


def forms(requests: Sequence[dict[str, Any]]) -> list[str]:
    """The forms that a server was asked for, oldest first."""
    asked = [request.get("response_format", {"type": "text"}) for request in requests]
    return [one["type"] + ("+schema" if "schema" in one else "") for one in asked]


def _asked(handler: Handler) -> str:
    """The type of the response format that was asked for; `text` where none was."""
    kind: str = handler.asked.get("response_format", {}).get("type", "text")
    return kind


def _speaks_of_json(handler: Handler) -> bool:
    return any("json" in message["content"].lower() for message in handler.asked["messages"])


_REFUSED_WORD = "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'."


def official(content: str) -> Step:
    """OpenAI: all forms; every property of a strict schema must be required and no other allowed."""

    def step(handler: Handler) -> None:
        asked = handler.asked.get("response_format", {})
        if asked.get("type") == "json_schema" and not is_strict(asked["json_schema"]["schema"]):
            message = "Invalid schema for response_format 'record': 'additionalProperties' is required to be false."
            return fault.status(400, message, "invalid_request_error")(handler)
        if asked.get("type") == "json_object" and not _speaks_of_json(handler):
            return fault.status(400, _REFUSED_WORD, "invalid_request_error")(handler)
        return fault.answer(content)(handler)

    return step


def is_strict(schema: dict[str, object]) -> bool:
    """Return whether every object of a schema requires all its properties and allows no other."""
    if schema.get("type") == "array":
        return is_strict(schema["items"])  # type: ignore[arg-type]  # a schema of a test
    if schema.get("type") != "object":
        return True
    properties: dict[str, dict[str, object]] = schema["properties"]  # type: ignore[assignment]
    named = set(schema["required"]) == set(properties)  # type: ignore[call-overload]
    return named and schema.get("additionalProperties") is False and all(map(is_strict, properties.values()))


def deepseek(*contents: str) -> Step:
    """DeepSeek: json_object alone, and only where a message says json; one content after the other, the last again."""
    left = list(contents)

    def step(handler: Handler) -> None:
        if _asked(handler) == "json_schema":
            return fault.status(400, "This response_format type is unavailable now", "invalid_request_error")(handler)
        if _asked(handler) == "json_object" and not _speaks_of_json(handler):
            message = "Prompt must contain the word 'json' in some form to use 'response_format' of type 'json_object'"
            return fault.status(400, message, "invalid_request_error")(handler)
        return fault.answer(left.pop(0) if len(left) > 1 else left[0])(handler)

    return step


def deepseek_of_old(content: str) -> Step:
    """DeepSeek before: the refusal is plain text with status 422."""
    said = "Failed to deserialize the JSON body: response_format.type `json_schema` is unavailable now at line 1"

    def step(handler: Handler) -> None:
        refused = fault.sent(422, said, "text/plain")
        (refused if _asked(handler) == "json_schema" else fault.answer(content))(handler)

    return step


def dashscope(content: str) -> Step:
    """DashScope with most Qwen models: json_object, with the word in a message; json_schema is taken for it."""

    def step(handler: Handler) -> None:
        if _asked(handler) != "text" and not _speaks_of_json(handler):
            message = f"<400> InternalError.Algo.InvalidParameter: {_REFUSED_WORD}"
            return fault.status(400, message, "invalid_parameter_error")(handler)
        return fault.answer(content)(handler)

    return step


def dashscope_without_schema(content: str) -> Step:
    """DashScope with a model that knows json_object alone."""

    def step(handler: Handler) -> None:
        if _asked(handler) == "json_schema":
            message = "<400> InternalError.Algo.InvalidParameter: 'response_format.type' json_schema is not supported."
            return fault.status(400, message, "invalid_parameter_error")(handler)
        return dashscope(content)(handler)

    return step


def moderated(handler: Handler) -> None:
    """DashScope's moderation: HTTP 400, and here it even speaks of the form."""
    message = "<400> Input data may contain inappropriate content; response_format was json_schema."
    fault.status(400, message, "data_inspection_failed")(handler)


def ollama(*contents: str) -> Step:
    """Ollama's cloud: any form is taken without a word, and none is kept."""
    left = list(contents)
    return lambda handler: fault.answer(left.pop(0) if len(left) > 1 else left[0])(handler)


def vllm(content: str) -> Step:
    """A vLLM server: json_schema holds; json_object is refused where it was built without a grammar for it."""

    def step(handler: Handler) -> None:
        if _asked(handler) == "json_object":
            body = {"object": "error", "message": "guided decoding of json_object is off", "code": 400}
            return fault.sent(400, json.dumps(body))(handler)
        return fault.answer(content)(handler)

    return step


def llama_cpp(content: str, *, status: int = 400) -> Step:
    """llama.cpp of some versions: no json_schema, a schema beside json_object, and prose for json_object alone."""

    def step(handler: Handler) -> None:
        asked = handler.asked.get("response_format", {})
        if asked.get("type") == "json_schema":
            message = 'response_format type must be one of "text" or "json_object", but got: json_schema'
            return fault.status(status, message, "server_error")(handler)
        kept = asked.get("type") == "json_object" and "schema" in asked
        return fault.answer(content if kept else "好的，这是您要的记录。")(handler)

    return step


def llama_cpp_python(content: str) -> Step:
    """llama-cpp-python: FastAPI's 422 names the place of the wrong type."""

    def step(handler: Handler) -> None:
        if _asked(handler) == "json_schema":
            wrong = {"loc": ["body", "response_format", "type"], "msg": "Input should be 'text' or 'json_object'"}
            return fault.sent(422, json.dumps({"detail": [wrong]}))(handler)
        return fault.answer(content)(handler)

    return step


def text_alone(content: str) -> Step:
    """A server that knows no response_format at all."""
    refused = fault.status(400, "Unknown parameter: response_format")
    return lambda handler: (refused if "response_format" in handler.asked else fault.answer(content))(handler)


# What each server is asked for by two requests of one client.
TAKEN: dict[str, tuple[Callable[[str], Step], list[str]]] = {
    "OpenAI": (official, ["json_schema", "json_schema"]),
    "vLLM": (vllm, ["json_schema", "json_schema"]),
    "DashScope": (dashscope, ["json_schema", "json_schema"]),
    "DashScope, a model without json_schema": (
        dashscope_without_schema,
        ["json_schema", "json_object", "json_object"],
    ),
    "DeepSeek": (deepseek, ["json_schema", "json_object", "json_object"]),
    "DeepSeek of old (422, plain text)": (deepseek_of_old, ["json_schema", "json_object", "json_object"]),
    "llama.cpp without json_schema": (llama_cpp, ["json_schema", "json_object+schema", "json_object+schema"]),
    "llama.cpp of old (500)": (
        lambda content: llama_cpp(content, status=500),
        ["json_schema", "json_object+schema", "json_object+schema"],
    ),
    "llama-cpp-python (422)": (llama_cpp_python, ["json_schema", "json_object+schema", "json_object+schema"]),
    "text alone": (text_alone, ["json_schema", "json_object", "text", "text"]),
}
