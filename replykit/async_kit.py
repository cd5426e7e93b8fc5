"""The kit for async code."""

from __future__ import annotations

import functools
import weakref
from collections.abc import Sequence
from os import PathLike
from types import TracebackType
from typing import TYPE_CHECKING, Self

from replykit.complaint import ComplaintRecord
from replykit.desk import Desk
from replykit.drivers import adrive
from replykit.intake import History, awaited_completion
from replykit.later import OnDeadline, first_answer_awaited
from replykit.records import Channel, ChatRequest, Completion, Language, Length, Privacy, Reply, Stage
from replykit.shelf import Playbooks
from replykit.streams import AsyncReplyStream
from replykit.trace import Trace

if TYPE_CHECKING:
    from replykit.chat import AsyncChat

__all__ = ["AsyncReplyKit"]


class AsyncReplyKit(Desk):
    """A kit for async code: arguments and methods are as of `ReplyKit`; `rewrite`, `draft` and `close` are awaited."""

    def __init__(
        self,
        *,
        model: str | None = None,
        base_url: str | None = None,
        api_key: str | None = None,
        playbook: Playbooks = "zh",
        language: Language | None = None,
        chat: AsyncChat | None = None,
        timeout: float = 30.0,
        max_retries: int = 2,
        max_repairs: int = 1,
        budget: int | None = None,
        temperature: float | None = 0.3,
        prompts: str | PathLike[str] | None = None,
        trace_content: bool = False,
        privacy: Privacy | None = None,
        tone: str | None = None,
        length: Length | None = None,
        persona: str | None = None,
        opening: str | None = None,
        signature: str | None = None,
        guidance: str | None = None,
    ) -> None:
        super().__init__(
            model=model,
            base_url=base_url,
            api_key=api_key,
            playbook=playbook,
            language=language,
            chat=chat,
            max_repairs=max_repairs,
            budget=budget,
            prompts=prompts,
            trace_content=trace_content,
            privacy=privacy,
            voice={
                "tone": tone,
                "length": length,
                "persona": persona,
                "opening": opening,
                "signature": signature,
                "guidance": guidance,
            },
        )
        self._own = None
        if model is not None:
            from replykit.chat import AsyncOpenAIChat

            chat = self._own = AsyncOpenAIChat(
                model,
                base_url=base_url,
                api_key=api_key,
                timeout=timeout,
                max_retries=max_retries,
                temperature=temperature,
            )
        self._chat = chat
        self._streams: weakref.WeakSet[AsyncReplyStream] = weakref.WeakSet()

    async def rewrite(
        self,
        draft: str,
        *,
        customer: str | None = None,
        history: History = (),
        facts: Sequence[str] = (),
        stage: Stage | None = None,
        channel: Channel = "chat",
        tone: str | None = None,
        length: Length | None = None,
        persona: str | None = None,
        opening: str | None = None,
        signature: str | None = None,
        guidance: str | None = None,
        language: Language | None = None,
        private: Sequence[str] = (),
    ) -> Reply:
        """Rewrite an agent's draft, as `ReplyKit.rewrite` does."""
        flow = self._rewriting(
            draft,
            customer,
            history=history,
            facts=facts,
            stage=stage,
            channel=channel,
            tone=tone,
            length=length,
            persona=persona,
            opening=opening,
            signature=signature,
            guidance=guidance,
            language=language,
            private=private,
        )
        with self._trace("rewrite") as trace:
            return trace.end(await adrive(flow, functools.partial(self._complete, trace)))

    async def draft(
        self,
        customer: str,
        *,
        history: History = (),
        facts: Sequence[str] = (),
        stage: Stage | None = None,
        channel: Channel = "chat",
        tone: str | None = None,
        length: Length | None = None,
        persona: str | None = None,
        opening: str | None = None,
        signature: str | None = None,
        guidance: str | None = None,
        language: Language | None = None,
        private: Sequence[str] = (),
        deadline: float | None = None,
        on_deadline: OnDeadline = "acknowledge",
    ) -> Reply:
        """Draft a reply to a customer, as `ReplyKit.draft` does."""
        flow = self._drafting(
            customer,
            history=history,
            facts=facts,
            stage=stage,
            channel=channel,
            tone=tone,
            length=length,
            persona=persona,
            opening=opening,
            signature=signature,
            guidance=guidance,
            language=language,
            private=private,
        )

        async def whole() -> Reply:
            with self._trace("draft") as trace:
                return trace.end(await adrive(flow, functools.partial(self._complete, trace)))

        if deadline is None:
            return await whole()
        first = self._first(customer, history, language)
        return await first_answer_awaited(whole(), first, deadline, on_deadline)

    def draft_stream(
        self,
        customer: str,
        *,
        history: History = (),
        facts: Sequence[str] = (),
        stage: Stage | None = None,
        channel: Channel = "chat",
        tone: str | None = None,
        length: Length | None = None,
        persona: str | None = None,
        opening: str | None = None,
        signature: str | None = None,
        guidance: str | None = None,
        language: Language | None = None,
        private: Sequence[str] = (),
    ) -> AsyncReplyStream:
        """Draft a reply that leaves piece by piece, as `ReplyKit.draft_stream` does; it is iterated, not awaited."""
        flow = self._streaming(
            customer,
            history=history,
            facts=facts,
            stage=stage,
            channel=channel,
            tone=tone,
            length=length,
            persona=persona,
            opening=opening,
            signature=signature,
            guidance=guidance,
            language=language,
            private=private,
        )
        stream = AsyncReplyStream(flow, self._chat, self.budget, self._trace("draft"))
        self._streams.add(stream)
        return stream

    async def record(
        self, conversation: History, *, language: Language | None = None, private: Sequence[str] = ()
    ) -> ComplaintRecord:
        """Register a complaint, as `ReplyKit.record` does."""
        flow = self._recording(conversation, language, private)
        with self._trace("record") as trace:
            return trace.done(await adrive(flow, functools.partial(self._complete, trace)))

    async def close(self) -> None:
        """Close the streams and the connections to the model's server; a `chat` of your own stays open."""
        for stream in tuple(self._streams):
            if not stream.is_waiting:  # one that is waited for ends with its connection
                await stream.close()
        if self._own is not None:
            await self._own.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _complete(self, trace: Trace, request: ChatRequest) -> Completion:
        assert self._chat is not None  # an offline flow asks nothing
        with self.budget.reserve(request) as call, trace.call(self._chat, call.request) as told, told.inside():
            told.answer = call.answer = completion = await awaited_completion(self._chat.complete(call.request))
        return completion
