"""The client's parts: what an answer is, what a failure means, what goes over the wire."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
import respx
import server as fault
from hypothesis import given
from hypothesis import strategies as st
from server import KEY

from replykit import errors
from replykit.chat import AsyncChat, AsyncOpenAIChat, Chat, OpenAIChat
from replykit.chat.answers import clean_text, error_message, filtered_completion, read_completion
from replykit.chat.failures import TransientError, failure_of_status, failure_of_transport, retry_after
from replykit.errors import ChatError, ChatProtocolError
from replykit.records import ChatMessage, ChatRequest, Completion, Outcome
from replykit.testing import AsyncFakeChat, FakeChat

ASK = ChatRequest(messages=(ChatMessage(role="system", content="简短。"), ChatMessage(role="user", content="您好")))
URL = "https://chat.test/v1/chat/completions"


def read(text: object = "您好", reason: str | None = "stop", **message: Any) -> Completion:
    """Read the body of a chat completion."""
    return read_completion(json.dumps(fault.body(text, reason, **message)).encode())


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [
        ("stop", "complete"),
        ("eos_token", "complete"),
        ("end_turn", "complete"),
        ("length", "length"),
        ("max_tokens", "length"),
        ("content_filter", "content_filter"),
        ("sensitive", "content_filter"),
        ("tool_calls", "unknown"),
        ("error", "unknown"),
        ("STOP", "unknown"),
        ("", "unknown"),
        (None, "unknown"),
    ],
)
def test_finish_reason_decides_the_outcome(reason: str | None, outcome: Outcome) -> None:
    """Only a reason that is known to mean it counts as an end by the model's own will."""
    completion = read(reason=reason)
    assert (completion.text, completion.outcome, completion.finish_reason) == ("您好", outcome, reason)


@pytest.mark.parametrize("text", ["", None, " \n", "<think>a</think>", "```\n```", "改写后："])
def test_answer_without_a_reply_is_blank(text: str | None) -> None:
    """What holds no reply once its wrapping is off is blank, unless it was cut off or filtered."""
    assert read(text).outcome == "blank"
    assert read(text, "length").outcome == "length"
    assert read(text, "content_filter").outcome == "content_filter"
    assert read(text, None).outcome == "unknown"


def test_refusal_is_told_from_an_answer() -> None:
    """A refusal field decides, an empty one does not."""
    assert read(None, refusal="不能回答").outcome == "refusal"
    assert read(None, refusal="不能回答").text == "不能回答"
    assert read("您好", refusal="").outcome == "complete"
    assert read("您好", refusal=None).outcome == "complete"


def test_tool_call_is_no_answer() -> None:
    """A message that calls a tool is unknown, whatever it says beside it; an empty list calls none."""
    assert read("您好", tool_calls=[{"id": "1"}]).outcome == "unknown"
    assert read("您好", function_call={"name": "f"}).outcome == "unknown"
    assert read("您好", tool_calls=[]).outcome == "complete"


def test_usage_is_read_where_it_is_sane() -> None:
    """Missing, negative and odd counts are zero; the call itself always counts."""
    assert read().usage.model_dump() == {"calls": 1, "prompt_tokens": 10, "completion_tokens": 5}
    odd: list[object] = [None, [], "x", {}, {"prompt_tokens": None}, {"prompt_tokens": "7"}, {"completion_tokens": -3}]
    for usage in odd:
        body = json.dumps({**fault.body(), "usage": usage}).encode()
        assert read_completion(body).usage.model_dump() == {"calls": 1, "prompt_tokens": 0, "completion_tokens": 0}


def test_filtered_choice_may_lack_a_message() -> None:
    """Azure leaves out the message of a filtered choice."""
    body = json.dumps({"choices": [{"finish_reason": "content_filter"}]}).encode()
    assert read_completion(body).outcome == "content_filter"


_KEYS = ["choices", "message", "content", "finish_reason", "refusal", "usage", "error", "code", "text"]
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_KEYS), inner),
    max_leaves=12,
)


@given(st.binary(max_size=40) | _JSON.map(lambda value: json.dumps(value).encode()))
def test_any_body_is_a_completion_or_a_protocol_error(body: bytes) -> None:
    """No body, however odd, leads to another exception, or to a text that cannot be sent on."""
    try:
        completion = read_completion(body)
    except ChatProtocolError as error:
        str(error).encode()
    else:
        completion.text.encode()
        Completion.model_validate_json(completion.model_dump_json())


@pytest.mark.parametrize(
    "error",
    [
        {"code": "data_inspection_failed", "message": "Input data may contain inappropriate content."},
        {"code": "DataInspectionFailed"},
        {"code": None, "type": "data_inspection_failed"},
        {"code": "content_filter", "innererror": {"code": "ResponsibleAIPolicyViolation"}},
        {"code": "BadRequest", "innererror": {"code": "ResponsibleAIPolicyViolation"}},
        {"code": "1301"},
        {"code": "InputTextSensitiveContentDetected"},
    ],
)
def test_moderation_errors_are_filtered_completions(error: dict[str, Any]) -> None:
    """A server's moderation is an outcome, with or without the object around it."""
    for body in (error, {"error": error}):
        completion = filtered_completion(body)
        assert completion is not None
        assert (completion.text, completion.outcome) == ("", "content_filter")


@pytest.mark.parametrize("body", [None, "x", [], {}, {"error": "content_filter"}, {"code": "invalid"}, {"code": 1302}])
def test_other_errors_are_not(body: object) -> None:
    """Any other error body is no moderation."""
    assert filtered_completion(body) is None


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"error": {"message": "no\n  such model"}}, "no such model"),
        ({"message": "m"}, "m"),
        ({"error": {"code": "c"}}, "c"),
        ({"error": "plain"}, "plain"),
        (None, ""),
        ("page", "page"),
        ([1], "[1]"),
    ],
)
def test_error_body_is_told_on_one_line(body: object, said: str) -> None:
    """What an error body says is found wherever servers put it."""
    assert error_message(body) == said


def test_surrogates_are_joined_or_replaced() -> None:
    """A pair becomes its character, a lone half U+FFFD, all else stays."""
    assert clean_text("a\ud83d\ude00b\ud800c您") == "a😀b\ufffdc您"


NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"retry-after": "3"}, 3),
        ({"retry-after": "0.25"}, 0.25),
        ({"retry-after": fault.date_in(7, NOW)}, 7),
        ({"retry-after-ms": "250"}, 0.25),
        ({"retry-after-ms": "x", "retry-after": "3"}, 3),
        ({}, None),
        ({"retry-after": "0"}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": fault.date_in(-7, NOW)}, None),
        ({"retry-after": "Mon, 99 Foo 99999 00:00:00 GMT"}, None),
    ],
)
def test_retry_after_is_read(headers: dict[str, str], wait: float | None) -> None:
    """Seconds, fractions, milliseconds and dates are understood; what asks for nothing is None."""
    assert retry_after(headers, now=NOW) == wait


@pytest.mark.parametrize(
    ("status", "code", "kind", "again"),
    [
        (401, "x", errors.ChatAuthError, False),
        (402, "x", errors.ChatAuthError, False),
        (403, "x", errors.ChatAuthError, False),
        (429, "insufficient_quota", errors.ChatAuthError, False),
        (400, "Arrearage", errors.ChatAuthError, False),
        (429, "x", errors.ChatRateLimitError, True),
        (500, "x", errors.ChatServerError, True),
        (502, "x", errors.ChatServerError, False),
        (503, "x", errors.ChatServerError, True),
        (504, "x", errors.ChatServerError, False),
        (524, "x", errors.ChatServerError, False),
        (529, "x", errors.ChatServerError, True),
        (505, "x", errors.ChatServerError, False),
        (404, "x", errors.ChatRequestError, False),
        (408, "x", errors.ChatRequestError, False),
        (409, "x", errors.ChatRequestError, False),
        (422, "x", errors.ChatRequestError, False),
    ],
)
def test_status_is_mapped(status: int, code: str, kind: type[ChatError], again: bool) -> None:
    """Each status has its error, and only those that leave nothing answered are tried again."""
    failure = failure_of_status(status, {"code": code, "message": "m"}, {})
    assert isinstance(failure, TransientError) == again
    assert type(failure.error if isinstance(failure, TransientError) else failure) is kind
    assert f"HTTP {status}: m" in str(failure)


@pytest.mark.parametrize("status", range(400, 600))
def test_what_may_be_billed_is_never_sent_again(status: int) -> None:
    """A status is tried again only where it says that nothing was answered, and a server may forbid even that."""
    failure = failure_of_status(status, None, {})
    if isinstance(failure, TransientError):
        assert not failure.error.may_be_billed
        assert status in (429, 500, 503, 529)
    else:
        assert failure.may_be_billed == (status in (502, 504, 520, 522, 524))
    assert isinstance(failure_of_status(status, None, {"x-should-retry": "false"}), ChatError)


def test_every_transport_error_is_mapped() -> None:
    """Each exception of the transport becomes one of ours, and only where nothing was sent is it tried again."""
    import httpx2

    kinds = [
        kind
        for kind in vars(httpx2).values()
        if isinstance(kind, type) and issubclass(kind, Exception) and not issubclass(kind, httpx2.HTTPStatusError)
    ]
    assert len(kinds) > 15
    again = set()
    for kind in kinds:
        wrapped = RuntimeError("sdk")
        wrapped.__cause__ = kind.__new__(kind)
        failure = failure_of_transport(wrapped, "https://chat.test")
        assert isinstance(failure, (errors.ChatConnectionError, errors.ChatTimeoutError, TransientError))
        error = failure.error if isinstance(failure, TransientError) else failure
        assert error.may_be_billed == (error is failure)
        if isinstance(failure, TransientError):
            again.add(kind.__name__)
    assert again == {"ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError"}


def test_every_aiohttp_error_is_mapped() -> None:
    """Over aiohttp too, an error is tried again only where nothing was sent, whatever the SDK took it for."""
    import aiohttp
    import httpx2

    again = set()
    for kind in vars(aiohttp.client_exceptions).values():
        if not isinstance(kind, type) or not issubclass(kind, aiohttp.ClientError):
            continue
        wrapped = RuntimeError("sdk")
        wrapped.__cause__ = httpx2.ConnectTimeout("as the SDK maps every ClientConnectionError")
        wrapped.__cause__.__cause__ = kind.__new__(kind)
        failure = failure_of_transport(wrapped, "https://chat.test")
        assert isinstance(failure, (errors.ChatConnectionError, errors.ChatTimeoutError, TransientError))
        if isinstance(failure, TransientError):
            again.add(kind.__name__)
    assert again == {
        "ClientConnectorCertificateError",
        "ClientConnectorDNSError",
        "ClientConnectorError",
        "ClientConnectorSSLError",
        "ClientHttpProxyError",
        "ClientProxyConnectionError",
        "ConnectionTimeoutError",
        "UnixClientConnectorError",
    }


def test_protocols_are_met() -> None:
    """The clients and the fakes are what the kits ask for."""
    assert isinstance(OpenAIChat("m", base_url="http://localhost/v1"), Chat)
    assert isinstance(AsyncOpenAIChat("m", base_url="http://localhost/v1"), AsyncChat)
    assert isinstance(FakeChat([]), Chat)
    assert isinstance(AsyncFakeChat([]), AsyncChat)


def test_settings_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key and the server are OpenAI's variables, where arguments do not say otherwise."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    assert repr(AsyncOpenAIChat("m")) == "AsyncOpenAIChat(model='m', server='https://api.openai.com')"
    monkeypatch.setenv("OPENAI_BASE_URL", "http://[::1]:8000/v1")
    assert repr(OpenAIChat("m")) == "OpenAIChat(model='m', server='http://[::1]:8000')"
    assert "chat.test" in repr(OpenAIChat("m", base_url="https://chat.test/v1"))


def sync_complete(**options: Any) -> Completion:
    """Ask the mocked server, waiting."""
    chat = OpenAIChat("qwen", base_url="https://chat.test/v1", api_key=KEY, **options)
    try:
        return chat.complete(ASK.model_copy(update={"max_tokens": 50}))
    finally:
        chat.close()


def async_complete(**options: Any) -> Completion:
    """Ask the mocked server, awaiting."""

    async def ask() -> Completion:
        chat = AsyncOpenAIChat("qwen", base_url="https://chat.test/v1", api_key=KEY, **options)
        try:
            return await chat.complete(ASK.model_copy(update={"max_tokens": 50}))
        finally:
            await chat.aclose()

    return asyncio.run(ask())


@pytest.mark.parametrize("complete", [sync_complete, async_complete])
@pytest.mark.parametrize(("temperature", "sent"), [(0.3, {"temperature": 0.3}), (None, {})])
def test_request_is_plain_chat_completions(
    httpx2_mock: respx.Router, complete: Any, temperature: float | None, sent: dict[str, float]
) -> None:
    """What goes over the wire is a model, messages, a bound and a temperature: nothing that servers differ about."""
    route = httpx2_mock.post(URL).respond(json=fault.body())
    assert complete(temperature=temperature).outcome == "complete"
    request = route.calls.last.request
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert json.loads(request.content) == {
        "model": "qwen",
        "messages": [{"role": "system", "content": "简短。"}, {"role": "user", "content": "您好"}],
        "max_tokens": 50,
        **sent,
    }


@pytest.mark.parametrize("complete", [sync_complete, async_complete])
def test_the_only_retries_are_ours(httpx2_mock: respx.Router, complete: Any) -> None:
    """Two retries are two retries: the SDK adds none of its own."""
    route = httpx2_mock.post(URL).respond(500, headers={"retry-after": "0.01"})
    with pytest.raises(errors.ChatServerError):
        complete(max_retries=2)
    assert route.call_count == 3
