"""The client of OpenAI-compatible servers: one call, its retries, and a deadline for all of it."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import math
import os
import re
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from replykit.chat.account import NO_KEY, OFFICIAL, server_of, usable_key
from replykit.chat.answers import clean_text, error_message, filtered_completion, read_completion
from replykit.chat.events import AnswerReader
from replykit.chat.failures import TransientError, failure_of_status, failure_of_transport
from replykit.chat.forms import FormLadder, Rung, response_format
from replykit.chat.retries import retrying
from replykit.chat.transport import Transport, aiohttp_client, posted
from replykit.errors import ChatError, ChatTimeoutError, UsageError
from replykit.records import ChatRequest, Completion
from replykit.trace import log

if TYPE_CHECKING:
    import httpx2
    from openai import AsyncOpenAI

    from replykit.chat.batches import BatchClient

__all__ = ["AsyncOpenAIChat"]

_T = TypeVar("_T")

_NEW_LIMIT = "max_completion_tokens"
_CONNECT = 5.0  # seconds; a server that takes longer to accept a connection is tried again
_COST_WAIT, _LAST_WAIT = 2.0, 0.1  # seconds; for what an answer that has ended cost, and for the end of its stream
_STREAM = re.compile(r"(?<![A-Za-z])stream", re.IGNORECASE)


class AsyncOpenAIChat:
    """A chat model behind any server that speaks OpenAI's chat completions; used from one event loop at a time.

    Retried are a refused connection and HTTP 429, 500, 503, 529, as these say that nothing was answered; after
    `Retry-After` where the server sends it. A request that may have been answered (a deadline, a broken connection, the
    502 or 504 of a gateway) is not sent again, so that nothing is billed twice.
    Where a request names a form, JSON is asked for in the strictest way that the server has not refused so far.

    Args:
        model: the model's name.
        base_url: the server, with its version path; None: `OPENAI_BASE_URL`, else OpenAI itself.
        api_key: the key; None: `OPENAI_API_KEY`. A server other than OpenAI's may need none.
        timeout: seconds for one answer by the wall clock, with all retries and waits.
        max_retries: calls after the first.
        temperature: how freely the model words its answer; None leaves it to the server. A model that refuses the
            parameter is asked without it.
        transport: what carries the calls; `aiohttp` (the extra `polish`) takes half the CPU of `httpx2`.

    Raises:
        UsageError: an argument cannot be used; the message never holds the key.
    """

    def __init__(
        self,
        model: str,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        timeout: float = 30.0,
        max_retries: int = 2,
        temperature: float | None = 0.3,
        transport: Transport = "httpx2",
    ) -> None:
        if not isinstance(model, str) or not model.strip():
            raise UsageError("model must be the name of a chat model")
        if not 0 < timeout < math.inf:
            raise UsageError(f"timeout must be a number of seconds above 0, not {timeout!r}")
        if max_retries < 0:
            raise UsageError(f"max_retries must be 0 or more, not {max_retries!r}")
        self.model = model
        self.base_url = (base_url or os.environ.get("OPENAI_BASE_URL") or f"{OFFICIAL}/v1").strip()
        self._server = server_of(self.base_url)
        self._key = usable_key(api_key or os.environ.get("OPENAI_API_KEY"), self.base_url)
        self._timeout = float(timeout)
        self._max_retries = max_retries
        self._options: dict[str, Any] = {} if temperature is None else {"temperature": temperature}
        self._temperature = temperature
        self._limit = "max_tokens"
        self._streaming: dict[str, Any] = {"stream": True, "stream_options": {"include_usage": True}}
        self._forms = FormLadder()
        self._transport = transport
        self._client = self._new_client()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False

    def __repr__(self) -> str:
        return f"{type(self).__name__}(model={self.model!r}, server={self._server!r})"

    def _new_client(self) -> AsyncOpenAI:
        import openai

        timeout = openai.Timeout(self._timeout, connect=min(_CONNECT, self._timeout))
        self._http = None if self._transport == "httpx2" else aiohttp_client(timeout)
        return openai.AsyncOpenAI(
            api_key=self._key,
            base_url=self.base_url,
            timeout=timeout,
            max_retries=0,  # ours are the only ones; two layers would multiply
            http_client=self._http,
        )

    @property
    def identity(self) -> tuple[str, str, float | None]:
        """What decides about its answers: the model, its server's address, and the temperature."""
        return self.model, self.base_url, self._temperature

    async def complete(self, request: ChatRequest) -> Completion:
        """Answer a request.

        Args:
            request: the messages, and the bound for the answer.

        Returns:
            The answer, classified.

        Raises:
            ChatError: there is none; which one says why.
            UsageError: the client is closed.
        """
        try:
            async with self._deadline(self._timeout):
                completion: Completion = await retrying(self._max_retries, self._timeout)(self._call, request)
        except TransientError as transient:
            raise transient.error from None
        return completion

    async def stream(self, request: ChatRequest) -> AsyncGenerator[str | Completion, None]:
        """Answer a request while the answer is being written: its pieces, then all of it.

        Asked again is only what was not answered, as by `complete`; nothing is, once the server has begun. The time
        that the caller takes between two pieces does not count. Closing the generator closes the connection.

        Args:
            request: the messages, and the bound for the answer.

        Yields:
            What the server adds to the text, and at the end the answer, classified: `unknown` where the stream ended
            without a finish reason.

        Raises:
            ChatError: there is no answer, or it broke off; which one says why.
            UsageError: the client is closed.
        """
        answer: httpx2.Response | Completion
        try:
            answer, left = await self._within(
                self._timeout, lambda: retrying(self._max_retries, self._timeout)(self._open, request)
            )
        except TransientError as transient:
            raise transient.error from None
        if isinstance(answer, Completion):
            yield answer
            return
        reader = AnswerReader()
        try:
            chunks = answer.aiter_bytes()
            while True:
                try:
                    pieces, left = await self._within(left, lambda: self._heard(chunks, reader))
                except ChatError:
                    if reader.has_ended:
                        break  # what was still to come is only what it cost
                    raise
                if pieces is None:
                    break
                for piece in pieces:
                    yield piece
                if reader.has_ended:
                    left = min(left, _LAST_WAIT if reader.is_over else _COST_WAIT)
            async with self._deadline(self._timeout):
                completion = reader.completion()
        finally:
            await answer.aclose()
        yield completion

    async def attempt(
        self, request: ChatRequest, heed: Callable[[Mapping[str, str]], object] | None = None
    ) -> Completion:
        """Make one call and no retry, for callers that pace many calls themselves.

        Args:
            request: the messages, and the bound for the answer.
            heed: is given the headers of whatever the server answers, for what they say of its limits.

        Returns:
            The answer, classified.

        Raises:
            TransientError: nothing was answered, so that another call pays for nothing twice.
            ChatError: another call may pay twice, or will not help.
            UsageError: the client is closed.
        """
        async with self._deadline(self._timeout):
            return await self._call(request, heed)

    def twin(self, transport: Transport | None = None) -> Self:
        """Return another client with the same settings and connections of its own.

        Args:
            transport: what carries its calls; None: the one that takes least CPU of those installed.
        """
        if transport is None:
            transport = "aiohttp" if importlib.util.find_spec("aiohttp") else "httpx2"
        return type(self)(
            self.model,
            base_url=self.base_url,
            api_key=self._key,  # never another one of the environment
            timeout=self._timeout,
            max_retries=self._max_retries,
            temperature=self._temperature,
            transport=transport,
        )

    def batches(self) -> BatchClient:
        """Return a client of the server's batch API, with the same settings."""
        from replykit.chat.batches import BatchClient

        return BatchClient(self.base_url, self._key, server=self._server, presentable=self._presentable)

    @contextlib.asynccontextmanager
    async def _deadline(self, seconds: float) -> AsyncIterator[None]:
        """Bound what is done inside by the wall clock; what it raises can be shown to anybody."""
        if self._closed:
            raise UsageError("the chat client is closed")
        await self._follow_loop()
        failure: ChatError | TransientError
        try:
            # A server that dribbles keep-alive lines never lets a read time out; only the clock stops it.
            async with asyncio.timeout(seconds):
                yield
        except TimeoutError:
            failure = ChatTimeoutError(f"{self._server} gave no whole answer within {self._timeout:g} seconds")
        except TransientError as transient:
            failure = TransientError(self._presentable(transient.error), transient.wait, transient.status)
        except ChatError as error:
            failure = self._presentable(error)
        else:
            return
        raise failure from None

    async def _within(self, seconds: float, work: Callable[[], Awaitable[_T]]) -> tuple[_T, float]:
        """Do a part of a call in the time that is left for it; return what it gives and what is left then."""
        begun = time.monotonic()
        async with self._deadline(seconds):
            result = await work()
        return result, seconds - (time.monotonic() - begun)

    def _presentable(self, failure: ChatError) -> ChatError:
        """Return a failure whose message holds no key, which some servers send back, and no page of text."""
        message = str(failure).replace(self._key, "***") if self._key != NO_KEY else str(failure)
        failure.args = (message if len(message) <= 300 else message[:299] + "…",)
        return failure

    async def aclose(self) -> None:
        """Close the connections; the client cannot be used afterwards."""
        self._closed = True
        await self._leave()

    async def _follow_loop(self) -> None:
        """Take a new client in a new event loop, as connections live and die with theirs."""
        if self._loop not in (None, asyncio.get_running_loop()):
            await self._leave()
            self._client = self._new_client()
        self._loop = asyncio.get_running_loop()

    async def _leave(self) -> None:
        """Close the connections; those of a closed loop are dropped, and those of another running loop stay."""
        if self._loop is None or self._loop is asyncio.get_running_loop() or self._loop.is_closed():
            with contextlib.suppress(RuntimeError):  # the loop of the connections is closed
                await self._client.close()

    async def _call(
        self, request: ChatRequest, heed: Callable[[Mapping[str, str]], object] | None = None
    ) -> Completion:
        """Make one call.

        Raises:
            TransientError: another call may help.
            ChatError: it will not.
        """
        answer, rung = await self._answer(request, heed)
        if isinstance(answer, Completion):
            return answer
        completion = read_completion(answer.content)
        self._forms.learn(rung, completion)
        return completion

    async def _open(self, request: ChatRequest) -> httpx2.Response | Completion:
        """Begin a streamed answer; raises as `_call`."""
        return (await self._answer(request, is_streamed=True))[0]

    async def _heard(self, chunks: AsyncIterator[bytes], reader: AnswerReader) -> list[str] | None:
        """Return what the next bytes of a streamed answer add to its text; None where no more come."""
        if reader.failure:  # told here, as what came before it has been given out
            raise reader.failure
        try:
            chunk = await anext(chunks, None)
        except Exception as error:
            failure = failure_of_transport(error, self._server)
            raise failure.error if isinstance(failure, TransientError) else failure from None
        return None if chunk is None else list(reader.feed(chunk))

    async def _answer(
        self,
        request: ChatRequest,
        heed: Callable[[Mapping[str, str]], object] | None = None,
        *,
        is_streamed: bool = False,
    ) -> tuple[httpx2.Response | Completion, Rung]:
        """Return what the server answers with status 200, or what moderation stands for; and the form's rung."""
        import httpx2
        import openai

        body = self.body(request)
        rung = self._forms.rung(request)
        if request.form is not None and (asked := response_format(rung, request.form)):
            body["response_format"] = asked
        if is_streamed:
            body |= self._streaming
        try:
            # Not `chat.completions.create`, which spends a third of a call's CPU on rewriting its parameters.
            if "stream" in body:
                # The SDK's own reading of a stream takes a page or an error for an empty one, and a cut for an end.
                stream: openai.AsyncStream[object] = await self._client.post(
                    "/chat/completions",
                    body=body,
                    cast_to=object,
                    stream=True,
                    stream_cls=openai.AsyncStream[object],
                )
                _answered(stream.response.status_code, stream.response.headers, heed)
                return stream.response, rung
            if self._http:
                answer = await posted(self._http, self._client, body)
            else:
                answer = await self._client.post("/chat/completions", body=body, cast_to=httpx2.Response)
            _answered(answer.status_code, answer.headers, heed)
            return answer, rung
        except openai.APIStatusError as error:
            status = error.status_code
            _answered(status, error.response.headers, heed)
            if status == 400 and (filtered := filtered_completion(error.body)):
                return filtered, rung
            is_given_up = status in (400, 422) and self.gives_up(body, error_message(error.body))
            if not is_given_up and not self._forms.is_refusal(rung, status, error.body):
                raise failure_of_status(status, error.body, error.response.headers) from None
        except Exception as error:  # beside its own errors the SDK lets some of its transport's through
            raise failure_of_transport(error, self._server) from None
        return await self._answer(request, heed, is_streamed=is_streamed)

    def body(self, request: ChatRequest) -> dict[str, Any]:
        """Return a request as it is sent: the model, the messages, and the parameters that the model takes."""
        options: dict[str, Any] = dict(self._options)
        if request.max_tokens is not None:
            options[self._limit] = request.max_tokens
        messages = [{"role": m.role, "content": clean_text(m.content)} for m in request.messages]
        return {"model": self.model, "messages": messages, **options}

    def gives_up(self, options: Mapping[str, Any], refusal: str) -> bool:
        """Give up an optional parameter that the model refuses, as reasoning models do.

        Args:
            options: the parameters that a refused request had.
            refusal: what the server said.

        Returns:
            Whether one is given up, so that the same request can be made without it.
        """
        if "temperature" in options and "temperature" in refusal:
            self._options = {}
            return True
        if "stream_options" in options and "stream_options" in refusal:
            self._streaming = {"stream": True}
            return True
        if "stream" in options and _STREAM.search(refusal):
            self._streaming = {}  # the answer comes as a whole
            return True
        if self._limit in options and self._limit != _NEW_LIMIT and _NEW_LIMIT in refusal:
            self._limit = _NEW_LIMIT
            return True
        return False


def _answered(status: int, headers: Mapping[str, str], heed: Callable[[Mapping[str, str]], object] | None) -> None:
    """Log that a server answered, with the id by which it knows the request, and hand its headers on."""
    known = clean_text(headers.get("x-request-id", ""))[:128]
    log.debug("HTTP %d", status, extra={"event": "http", "http_status": status, "server_request_id": known})
    if heed:
        heed(headers)
