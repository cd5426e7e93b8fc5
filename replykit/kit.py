"""The front door: a kit that rewrites, drafts, checks and acknowledges, for callers that wait and for async code."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from os import PathLike
from types import TracebackType
from typing import TYPE_CHECKING, Self

from replykit.async_kit import AsyncReplyKit
from replykit.complaint import ComplaintRecord
from replykit.desk import Desk
from replykit.drivers import drive
from replykit.intake import History, completion_of
from replykit.later import OnDeadline, first_answer
from replykit.records import Channel, ChatRequest, Completion, Language, Length, Privacy, Reply, Stage
from replykit.shelf import Playbooks
from replykit.streams import ReplyStream
from replykit.trace import Trace

if TYPE_CHECKING:
    from replykit.chat import Chat

__all__ = ["AsyncReplyKit", "ReplyKit"]


class ReplyKit(Desk):
    """Rewrites and drafts customer-service replies, and says how far each can be trusted. Usable from any thread.

    Args:
        model: the chat model's name; None, with no `chat` either: offline, phrasebook and fixer only.
        base_url: the model's server, with its version path; None: `OPENAI_BASE_URL`, else OpenAI.
        api_key: its key; None: `OPENAI_API_KEY`.
        playbook: the rules: `zh`, the path of a TOML file or a folder, or a loaded playbook; or several of these, each
            for its own languages, the first for whatever decides none.
        language: what calls ask for that name none; `auto` follows the customer, by the playbook for the language: one
            of those given, or, where these are built in, any that is.
        chat: a chat model of your own, in place of `model`; it stays yours to close.
        timeout: seconds for one answer of the model by the wall clock, with its retries.
        max_retries: calls after the first where the server was not reached or too busy.
        max_repairs: how often an answer that breaks a rule is asked for again.
        budget: tokens that this kit may spend in all; None has no end.
        temperature: how freely the model words its answer; None leaves it to the server.
        prompts: a folder of own prompt templates.
        trace_content: True puts the messages to and from the model on OpenTelemetry's spans; it needs the extra `otel`.
        privacy: "mask" sends tokens in place of phone numbers, mailboxes, identity and bank cards, plates, and what a
            call marks as `private`, and puts them back into the answer; it needs the extra `privacy`.
        tone: as for `rewrite`, for each call that names none of its own; an empty text in a call is none.
        length: likewise.
        persona: likewise.
        opening: likewise.
        signature: likewise.
        guidance: likewise.

    Raises:
        UsageError: an argument cannot be used.
        PlaybookError: the playbook is missing or wrong.
    """

    def __init__(
        self,
        *,
        model: str | None = None,
        base_url: str | None = None,
        api_key: str | None = None,
        playbook: Playbooks = "zh",
        language: Language | None = None,
        chat: Chat | None = None,
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
            from replykit.chat import OpenAIChat

            chat = self._own = OpenAIChat(
                model,
                base_url=base_url,
                api_key=api_key,
                timeout=timeout,
                max_retries=max_retries,
                temperature=temperature,
            )
        self._chat = chat

    def rewrite(
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
        """Rewrite an agent's draft so that it keeps every rule and says the same.

        Every exception that comes out, an interruption (`KeyboardInterrupt`, `CancelledError`) too, carries as
        `attempts` what was tried and may have to be paid for.

        Args:
            draft: the draft.
            customer: the message that it answers.
            history: earlier turns, oldest first: `Turn` records, or mappings with `role` (`user` is the customer,
                `assistant` the agent) and `content`.
            facts: what the reply may state beside the draft, one fact a line.
            stage: where a complaint stands (000, 客户投诉处理的四个阶段).
            channel: where the reply is read.
            tone: how it should sound, in your own words.
            length: how long it may be; a longer reply is a warning. None: the kit's, else not held to any.
            persona: who speaks, such as 小蓝，蓝鲸商城客服.
            opening: the words that the reply begins with, exactly once, whatever the model wrote.
            signature: the last line of the reply, likewise; both may hold what no fact does; in its script.
            guidance: what the model is told besides; it switches no rule off, and states no facts.
            language: what it is written in; `auto`: the customer's language, else the draft's, by the playbook for it.
                None: the kit's, else the customer's, else the draft's.
            private: names, addresses and whatever else is personal, as written; only with `privacy="mask"`.

        Returns:
            The reply with its status; `original` is the draft, untouched.

        Raises:
            TextError: a text is empty, blank or longer than 1,000,000 code points.
            UsageError: an argument cannot be used.
            ChatError: the model's first call failed; a later failure ends in a reply that tells it as `trouble`.
            BudgetError: the budget does not allow the first call.
        """
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
            return trace.end(drive(flow, functools.partial(self._complete, trace)))

    def draft(
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
        """Draft a reply to a customer. Offline it is a holding reply, which uses no facts.

        Args:
            customer: the customer's message.
            history: earlier turns, oldest first, as for `rewrite`.
            facts: what the reply may state, one fact a line.
            stage: where a complaint stands.
            channel: where the reply is read.
            tone: how it should sound, in your own words.
            length: how long it may be; a longer reply is a warning. None: the kit's, else not held to any.
            persona: who speaks, such as 小蓝，蓝鲸商城客服.
            opening: the words that the reply begins with, exactly once, whatever the model wrote.
            signature: the last line of the reply, likewise; both may hold what no fact does.
            guidance: what the model is told besides; it switches no rule off, and states no facts.
            language: what it is written in; `auto`: the customer's language, by the playbook for it. None: the kit's,
                else the customer's.
            private: names, addresses and whatever else is personal, as written; only with `privacy="mask"`.
            deadline: seconds by the wall clock until something is answered (001, 3秒应答); None: as long as it takes.
            on_deadline: `acknowledge` answers with what `acknowledge` says where the reply is not there by then, or
                where making it failed; its `later` is the reply, which goes on being made. `raise` raises.

        Returns:
            The reply with its status; or, at the deadline, a holding reply with `later`.

        Raises:
            TextError, UsageError, ChatError, BudgetError: as for `rewrite`.
        """
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

        def whole() -> Reply:
            with self._trace("draft") as trace:
                return trace.end(drive(flow, functools.partial(self._complete, trace)))

        if deadline is None:
            return whole()
        return first_answer(whole, self._first(customer, history, language), deadline, on_deadline)

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
    ) -> ReplyStream:
        """Draft a reply to a customer and let it leave piece by piece, each as soon as it is proven.

        A piece is one or more whole sentences. What has left is, at every moment, a text in which a check finds no
        error, and cannot be taken back: where the model goes on with one, the rest is asked for again or repaired, and
        where that fails, or the answer breaks off, the stream ends with a reply that needs review. Where nothing could
        leave at all, a ready line does, and needs review as well.

        Args:
            customer: the customer's message.
            history: earlier turns, oldest first, as for `rewrite`.
            facts: what the reply may state, one fact a line.
            stage: where a complaint stands.
            channel: where the reply is read.
            tone: how it should sound, in your own words.
            length: how long it may be; a longer reply is a warning. None: the kit's, else not held to any.
            persona: who speaks, such as 小蓝，蓝鲸商城客服.
            opening: the words that the reply begins with, exactly once, whatever the model wrote.
            signature: the last line of the reply, likewise; both may hold what no fact does.
            guidance: what the model is told besides; it switches no rule off, and states no facts.
            language: what it is written in; `auto`: the customer's language, by the playbook for it. None: the kit's,
                else the customer's.
            private: names, addresses and whatever else is personal, as written; only with `privacy="mask"`.

        Returns:
            The pieces; its `reply`, once it has ended, is what `draft` returns. Close it to end the call early.

        Raises:
            TextError, UsageError: at once, as for `draft`.
            ChatError, BudgetError: from the first step, as for `draft`; once a piece has left, `reply` tells instead.
        """
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
        return ReplyStream(flow, self._chat, self.budget, self._trace("draft"))

    def record(
        self, conversation: History, *, language: Language | None = None, private: Sequence[str] = ()
    ) -> ComplaintRecord:
        """Register a complaint: who, what, when, what is asked and promised, each in the words of the conversation.

        The playbook's readers work without a model. A model adds quotations; what it says beyond the conversation is
        in no field, and is listed in `ungrounded`.

        Args:
            conversation: the turns, oldest first, as `history` for `rewrite`; names and times are used where given.
            language: the script of labels and headings; `auto`: the customer's, by the playbook for it. None: the
                kit's, else the customer's.
            private: names, addresses and whatever else is personal, as written; only with `privacy="mask"`.

        Returns:
            The record; `missing` says what is still to be asked. Where the model gave no answer, `trouble` says why,
            and the record is the readers' own.

        Raises:
            UsageError: the conversation is empty or cannot be read.
            PromptError: a prompt template is missing or does not render.
        """
        flow = self._recording(conversation, language, private)
        with self._trace("record") as trace:
            return trace.done(drive(flow, functools.partial(self._complete, trace)))

    def close(self) -> None:
        """Close the connections to the model's server; a `chat` of your own stays open."""
        if self._own is not None:
            self._own.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _complete(self, trace: Trace, request: ChatRequest) -> Completion:
        assert self._chat is not None  # an offline flow asks nothing
        with self.budget.reserve(request) as call, trace.call(self._chat, call.request) as told, told.inside():
            told.answer = call.answer = answer = completion_of(self._chat.complete(call.request))
        return answer
