"""JSON is asked for in the strictest form that a server takes, found out by its own refusal and remembered."""

from __future__ import annotations

import asyncio
import json
import logging
import threading

import pytest
import server as fault
import shapes
from hypothesis import given, settings
from hypothesis import strategies as st
from model_side_forms import section
from server import Server
from write_model_side import TARGET, section_of

from replykit import errors
from replykit.budget import Budget
from replykit.chat import AsyncOpenAIChat, OpenAIChat
from replykit.chat.forms import FormLadder
from replykit.embedded import object_in
from replykit.records import ChatMessage, ChatRequest, Completion, JsonForm

SCHEMA = {
    "type": "object",
    "properties": {"order": {"type": "array", "items": {"type": "string"}}},
    "required": ["order"],
    "additionalProperties": False,
}
FORM = JsonForm(name="record", json_schema=json.dumps(SCHEMA))
ASK = ChatRequest(messages=(ChatMessage(role="user", content="输出 JSON。"),), form=FORM)
PLAIN = ChatRequest(messages=(ChatMessage(role="user", content="输出 JSON。"),))
ANSWER = '{"order": ["A1001"]}'
ok = fault.answer(ANSWER)


def ask(server: Server, times: int = 1) -> list[Completion]:
    """Ask a new client some times."""
    chat = OpenAIChat("test", base_url=server.url, max_retries=2)
    try:
        return [chat.complete(ASK) for _ in range(times)]
    finally:
        chat.close()


@pytest.mark.parametrize("shape", shapes.TAKEN)
def test_a_refusal_steps_down_once_and_is_remembered(server: Server, shape: str) -> None:
    """Each server gets the strictest form that it takes; a refused one is never sent to it again."""
    make, asked = shapes.TAKEN[shape]
    server.always(make(ANSWER))
    assert [completion.text for completion in ask(server, 2)] == [ANSWER, ANSWER]
    assert shapes.forms(server.requests) == asked


def test_the_schema_reaches_the_server_whole(server: Server) -> None:
    """json_schema carries the name, the schema and strictness; a schema beside json_object is the same one."""
    server.always(shapes.llama_cpp(ANSWER))
    ask(server)
    first, second = (request["response_format"] for request in server.requests)
    assert first == {"type": "json_schema", "json_schema": {"name": "record", "schema": SCHEMA, "strict": True}}
    assert second == {"type": "json_object", "schema": SCHEMA}


def test_a_form_taken_and_not_kept_is_given_up(server: Server) -> None:
    """An answer without JSON costs no second call by itself; the next request steps down, to text in the end."""
    server.always(shapes.ollama("好的，记录如下：订单 A1001。"))
    assert len(ask(server, 4)) == 4
    assert shapes.forms(server.requests) == ["json_schema", "json_object", "text", "text"]


@pytest.mark.parametrize(
    "content", [f"好的，记录如下：\n{ANSWER}\n以上。", f"```json\n{ANSWER}\n```", f"<think>{{}}</think>{ANSWER}"]
)
def test_json_with_something_around_it_keeps_the_form(server: Server, content: str) -> None:
    """Where the object can be read, nothing is gained by asking otherwise."""
    server.always(shapes.ollama(content))
    ask(server, 3)
    assert shapes.forms(server.requests) == ["json_schema"] * 3


def test_one_blank_answer_is_forgiven_and_two_running_are_not(server: Server) -> None:
    """A server that leaves an answer blank now and then keeps its form; one that does so twice running loses it."""
    server.always(shapes.deepseek("", ANSWER, " \n ", "\n\n", ANSWER))
    outcomes = [completion.outcome for completion in ask(server, 5)]
    assert outcomes == ["blank", "complete", "blank", "blank", "complete"]
    assert shapes.forms(server.requests) == ["json_schema", *["json_object"] * 4, "text"]


def test_moderation_is_no_refusal_of_the_form(server: Server) -> None:
    """Moderation as HTTP 400 is one call with one outcome, whatever its message speaks of, and gives nothing up."""
    server.script(shapes.moderated)
    server.always(shapes.dashscope(ANSWER))
    first, second = ask(server, 2)
    assert (first.outcome, second.outcome) == ("content_filter", "complete")
    assert shapes.forms(server.requests) == ["json_schema", "json_schema"]


@pytest.mark.parametrize(
    ("status", "message", "error"),
    [
        (400, "This model's maximum context length is 8192 tokens, 120 of them in response_format", "ChatRequestError"),
        (400, "messages.0.content is missing", "ChatRequestError"),
        (401, "key refused for response_format", "ChatAuthError"),
        (403, "response_format is not in your plan", "ChatAuthError"),
    ],
)
def test_another_refusal_is_no_refusal_of_the_form(server: Server, status: int, message: str, error: str) -> None:
    """What is refused for another reason is an error after one call, and gives nothing up."""
    server.script(fault.status(status, message, "invalid_request_error"), ok)
    chat = OpenAIChat("test", base_url=server.url)
    with pytest.raises(getattr(errors, error)):
        chat.complete(ASK)
    chat.complete(ASK)
    chat.close()
    assert shapes.forms(server.requests) == ["json_schema", "json_schema"]


def test_a_busy_server_is_asked_again_in_the_same_form(server: Server) -> None:
    """A rate limit that speaks of the form is a rate limit."""
    server.script(fault.status(429, "too many response_format requests", retry_after="0.01"), ok)
    ask(server)
    assert shapes.forms(server.requests) == ["json_schema", "json_schema"]


def test_a_request_that_never_says_json_is_sent_as_text(server: Server) -> None:
    """Servers refuse or ramble where no message speaks of JSON; such a request gives nothing up."""
    server.always(shapes.dashscope(ANSWER))
    silent = ASK.model_copy(update={"messages": (ChatMessage(role="user", content="输出记录。"),)})
    chat = OpenAIChat("test", base_url=server.url)
    for request in (silent, ASK, PLAIN):
        chat.complete(request)
    chat.close()
    assert shapes.forms(server.requests) == ["text", "json_schema", "text"]


def test_each_client_finds_out_for_itself(server: Server) -> None:
    """What one client learned of its model binds no other client."""
    server.always(shapes.deepseek(ANSWER))
    ask(server)
    ask(server)
    assert shapes.forms(server.requests) == ["json_schema", "json_object"] * 2


def test_calls_at_once_step_down_once(server: Server) -> None:
    """Refusals that arrive together give up one form, not one each."""
    server.always(shapes.deepseek(ANSWER))

    async def many() -> list[Completion]:
        chat = AsyncOpenAIChat("test", base_url=server.url)
        try:
            return list(await asyncio.gather(*(chat.complete(ASK) for _ in range(8))))
        finally:
            await chat.aclose()

    assert [completion.text for completion in asyncio.run(many())] == [ANSWER] * 8
    assert set(shapes.forms(server.requests)) == {"json_schema", "json_object"}
    assert shapes.forms(server.requests).count("json_object") == 8


def test_the_ladder_is_safe_between_threads() -> None:
    """However many threads report the same refusal, one step is taken."""
    ladder = FormLadder()
    together = threading.Barrier(8)

    def refuse() -> None:
        together.wait()
        assert ladder.is_refusal("json_schema", 400, {"message": "response_format is unavailable"})

    threads = [threading.Thread(target=refuse) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ladder.rung(ASK) == "json_object"


def test_a_form_that_was_given_up_is_logged_without_a_word_of_the_answer(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    """The log says what is asked for from now on, and why, and nothing that a customer or a model wrote."""
    caplog.set_level(logging.INFO, "replykit")
    server.always(shapes.ollama("客户 13800001111 的记录"))
    ask(server)
    assert "json_object from now on" in caplog.text
    assert "13800001111" not in caplog.text


def test_a_budget_counts_the_schema() -> None:
    """What a schema may cost is reserved as well."""
    budget = Budget(10_000)
    with budget.reserve(ASK):
        with_form = budget.spent
    budget = Budget(10_000)
    with budget.reserve(PLAIN):
        assert with_form - budget.spent == len(FORM.json_schema)


# --- the object in an answer -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ('{"a": 1}', {"a": 1}),
        (' \n{"a": 1}\n', {"a": 1}),
        ('```json\n{"a": 1}\n```', {"a": 1}),
        ('好的，以下是记录：\n{"a": 1}\n如需修改请告诉我。', {"a": 1}),
        ('记录如下\n```json\n{"a": 1}\n```\n完', {"a": 1}),
        ('<think>{"b": 2}</think>{"a": 1}', {"a": 1}),
        ('想一想 {"b": 2}\n</think>\n{"a": 1}', {"a": 1}),
        ('{"a": [1, 2,], }', {"a": [1, 2]}),
        ('{"a": "1, ]", "b": "x,}"}', {"a": "1, ]", "b": "x,}"}),
        ('{"a": "1,]",}', {"a": "1,]"}),
        ('{"a": "一\n二"}', {"a": "一\n二"}),
        ('例如 {} 或 {"x": 1}，结果：{"a": {"b": [1]}}', {"a": {"b": [1]}}),
        ('{不是} {"a": 1}', {"a": 1}),
        ('{"a": [{"b": 1},]}', {"a": [{"b": 1}]}),
        ('{“a”: {"b": 1}}\n更正：{"a": "}"}', {"a": "}"}),
    ],
)
def test_an_object_is_read_whatever_stands_around_it(answer: str, found: object) -> None:
    """Reasoning, fences, prose and trailing commas do not hide the object, and change nothing inside strings."""
    assert object_in(answer) == found


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "没有",
        "[1, 2]",
        "3",
        '"{"',
        '{"a": 1',
        "{a: 1}",
        "{'a': 1}",
        '{"a": 1, "b": {"c": 2}',
        '{"a": "}", "b": {}',
        "{" * 100_000,
        '{"a":' * 100_000,
    ],
)
def test_what_is_no_object_is_none(answer: str) -> None:
    """A list, prose, half an object and hostile nesting are no object, and raise nothing."""
    assert object_in(answer) is None


def test_an_enormous_answer_is_not_read() -> None:
    """What no record needs is not parsed."""
    assert object_in('{"a": "' + "x" * 1_000_001 + '"}') is None


@given(st.dictionaries(st.text(max_size=5), st.recursive(st.none() | st.booleans() | st.text(max_size=8), st.lists)))
@settings(max_examples=40, deadline=None)
def test_every_object_survives_its_wrapping(value: dict[str, object]) -> None:
    """An object is read as it was written, alone and in a fence."""
    written = json.dumps(value, ensure_ascii=False)
    assert object_in(written) == value
    assert object_in(f"```json\n{written}\n```") == value


@given(st.text())
def test_no_answer_raises(answer: str) -> None:
    """Any text is an answer with an object or without."""
    assert object_in(answer) is None or isinstance(object_in(answer), dict)


# --- the page --------------------------------------------------------------------------------------------------------


def test_the_page_tells_what_servers_are_asked_for() -> None:
    """docs/model-side.md holds the table as it comes out now."""
    assert section_of(TARGET.read_text("utf-8"), "forms") == section()
