"""Where replies are made and judged, with everything that needs no chat model."""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Callable, Mapping, Sequence
from os import PathLike, fspath
from pathlib import Path
from typing import Any, TypeVar, cast, get_args

from replykit.budget import Budget
from replykit.case import Case
from replykit.checker import Checker
from replykit.complaint import ComplaintRecord
from replykit.drivers import Flow
from replykit.errors import TextError, UsageError
from replykit.flow import guarded_reply, reply_flow, reply_of
from replykit.intake import History, facts_of, given_of, is_blank, request_of, text_of, turns_of, voice_of
from replykit.partial import Habit
from replykit.playbook import Playbook
from replykit.privacy import masked, need_privacy, private_of
from replykit.prompts import privacy_note
from replykit.record_flow import record_flow
from replykit.records import Assessment, Channel, Language, Length, Privacy, Reply, Report, Request, Stage
from replykit.rules import Scene
from replykit.sheet_row import sheet_row
from replykit.shelf import Choice, Playbooks, Shelf
from replykit.standby import acknowledgement
from replykit.stream_flow import StreamFlow, stream_flow
from replykit.trace import Trace

__all__ = ["Desk"]

_F = TypeVar("_F")  # a flow of any of the three kinds


class Desk:
    """What both kits share: playbooks with their checkers and fixers, and everything that asks no chat model.

    Attributes:
        playbook: the rules; of several playbooks the first.
        shelf: all of them, with the language that is asked for where a call asks for none.
        budget: what may still be spent.
        offline: True where there is no chat model.
    """

    def __init__(
        self,
        *,
        model: str | None,
        base_url: str | None,
        api_key: str | None,
        playbook: Playbooks,
        language: Language | None,
        chat: object | None,
        max_repairs: int,
        budget: int | None,
        prompts: str | PathLike[str] | None,
        trace_content: bool,
        privacy: Privacy | None,
        voice: Mapping[str, str | None],
    ) -> None:
        if model is not None and chat is not None:
            raise UsageError("give either a model or a chat, not both")
        if chat is not None and (isinstance(chat, type) or not callable(getattr(chat, "complete", None))):
            raise UsageError("chat must be an object with a method complete(request)")
        if model is None and (base_url or api_key):
            raise UsageError("base_url and api_key need a model; without a model the kit works offline")
        if max_repairs < 0:
            raise UsageError(f"max_repairs must be 0 or more, not {max_repairs!r}")
        if prompts is not None and not Path(prompts).is_dir():
            raise UsageError(f"prompts must be a folder of templates, and {fspath(prompts)!r} is none")
        if privacy not in (None, *get_args(Privacy)):
            raise UsageError(f"privacy must be 'mask' or None, not {privacy!r}")
        if privacy:
            need_privacy()
        self.shelf = Shelf(playbook, language)
        self.playbook = self.shelf.first
        self.budget = Budget(budget)
        self.offline = model is None and chat is None
        self._max_repairs = max_repairs
        self._habit = Habit()
        self._prompts = None if prompts is None else fspath(prompts)
        if trace_content and importlib.util.find_spec("opentelemetry") is None:
            raise UsageError("trace_content needs OpenTelemetry; pip install 'replykit[otel]'")
        self._trace_content = trace_content
        self._privacy = privacy
        self._voice = voice_of(voice, self.shelf.bench(self.playbook).checker)

    def check(
        self,
        text: str,
        *,
        customer: str | None = None,
        history: History = (),
        facts: Sequence[str] = (),
        draft: str | None = None,
        language: Language | None = None,
        stage: Stage | None = None,
        channel: Channel | None = None,
        length: Length | None = None,
    ) -> Report:
        """Find what a reply breaks, without a model.

        Args:
            text: the reply.
            customer: the customer's message.
            history: earlier turns, oldest first: `Turn` records, or mappings with `role` and `content`.
            facts: what the reply may state, one fact a line.
            draft: the draft that the reply rewrites.
            language: the language asked for; `auto`: the customer's, else the draft's, else the text's own, by the
                playbook for it. None: the kit's, else as `auto` by the kit's own playbooks.
            stage: where the complaint stands; None leaves the rules about stages out.
            channel: where the reply will be read; None leaves the rules about channels out.
            length: how long it may be; None leaves the rules about lengths out.

        Returns:
            The violations, with their spans in `text` in code points.

        Raises:
            UsageError: an argument cannot be used.
            TextError: the text is too long.
        """
        if not isinstance(text, str):
            raise TextError(f"text must be a str, not {type(text).__name__}")
        given = given_of(
            customer=customer,
            history=history,
            facts=facts,
            draft=draft,
            stage=stage,
            channel=channel,
            length=length,
        )
        return self.shelf.check(text, language, given)

    def fix(
        self,
        text: str,
        *,
        customer: str | None = None,
        history: History = (),
        facts: Sequence[str] = (),
        draft: str | None = None,
        language: Language | None = None,
        stage: Stage | None = None,
        channel: Channel | None = None,
        length: Length | None = None,
    ) -> str:
        """Repair a reply as far as that goes without a model; arguments and errors as for `check`.

        Returns:
            A text with at most as many violations as before; check it, as a person or a model must mend the rest.
        """
        if not isinstance(text, str):
            raise TextError(f"text must be a str, not {type(text).__name__}")
        given = given_of(
            customer=customer,
            history=history,
            facts=facts,
            draft=draft,
            stage=stage,
            channel=channel,
            length=length,
        )
        choice = self.shelf.choose_for(text, language, given)
        return choice.bench.fixer.fix(text, language=choice.language, **given)

    def guard(
        self,
        text: str,
        *,
        customer: str | None = None,
        history: History = (),
        facts: Sequence[str] = (),
        stage: Stage | None = None,
        channel: Channel = "chat",
        length: Length | None = None,
        opening: str | None = None,
        signature: str | None = None,
        instructions: str | None = None,
        language: Language | None = None,
    ) -> Reply:
        """Judge an answer that a model wrote elsewhere and repair what can be repaired, without asking a model.

        What wraps the answer (a preamble, a fence, reasoning) is taken off, and the rest is held to what `draft` holds
        its own answers to: every amount, date, number and address must stand in `facts` or in the conversation.

        Args:
            text: the answer, as the model wrote it.
            customer: the customer's message.
            history: earlier turns, oldest first, as for `check`.
            facts: what the reply may state, one fact a line, such as the passages that the model was given.
            stage: where a complaint stands; None: as the conversation shows.
            channel: where the reply is read.
            length: how long it may be.
            opening: the words that the reply begins with, exactly once.
            signature: the last line of the reply, likewise.
            instructions: the system message that the model was given; a reply that repeats it has an error.
            language: what it is held to; as for `draft`.

        Returns:
            The reply. `needs_review` says that its text must not leave as it is; where there was no text at all in the
            answer, a ready line stands in for it.

        Raises:
            TextError: a text is too long or none; UsageError: an argument cannot be used.
        """
        if not isinstance(text, str):
            raise TextError(f"text must be a str, not {type(text).__name__}")
        answer = "" if is_blank(text) else text_of(text, "text")  # a model may say nothing
        choice, request = self._chosen(
            task="draft",
            # A message that nobody wrote is one all the same: what the answer states must stand somewhere.
            customer="" if customer is None else text_of(customer, "customer"),
            history=history,
            facts=facts,
            stage=stage,
            channel=channel,
            length=length,
            opening=opening,
            signature=signature,
            language=language,
        )
        case = Case.of(request, choice.bench.checker, choice.bench.fixer, is_held=choice.is_held)
        if instructions is not None:
            case.instructions.append(text_of(instructions, "instructions"))
        return guarded_reply(case, answer)

    def assess(self, message: str) -> Assessment:
        """Read a customer's message for distress, complaint, abuse, threat and the like, without a model.

        Args:
            message: what the customer writes.

        Returns:
            The signals, and whether a human should take over.

        Raises:
            TextError: the message is empty, blank or too long.
        """
        said = text_of(message, "message")
        return self.shelf.choose(None, customer=said).bench.checker.assess(said)

    def acknowledge(
        self,
        customer: str | None = None,
        *,
        history: History = (),
        scene: Scene | None = None,
        language: Language | None = None,
    ) -> Reply:
        """Answer at once with ready lines of the phrasebook, without a model (001, 3秒应答).

        Args:
            customer: the customer's message; None: a conversation opens.
            history: earlier turns, oldest first.
            scene: lines of which situation (`busy`, `away`, `rush` …); None: what fits the message.
            language: as for `draft`.

        Returns:
            A reply that promises nothing. `escalate` says whether a human should take over.

        Raises:
            TextError: the message is empty, blank or too long.
            UsageError: an argument cannot be used.
        """
        if scene is not None and scene not in get_args(Scene):
            raise UsageError(f"there is no scene {scene!r}; known: {', '.join(get_args(Scene))}")
        customer = None if customer is None else text_of(customer, "customer")
        turns = turns_of(history)
        choice = self.shelf.choose(language, customer=customer, history=turns)
        request = request_of(task="draft", customer=customer, history=turns, language=choice.language)
        case = Case.of(request, choice.bench.checker, choice.bench.fixer, staged=False, is_held=choice.is_held)
        line = acknowledgement(case, scene)
        return reply_of(case, line.text, (line,), offline=self.offline)

    def sheet_row(self, record: ComplaintRecord) -> dict[str, str]:
        """Return a complaint record as one row of a sheet: headings of the playbook to texts.

        Args:
            record: what `record` returned.

        Returns:
            The columns in the playbook's order; no cell begins a formula.
        """
        return sheet_row(record, self.shelf.playbook_for(record.language))

    def _recording(
        self, conversation: History, language: Language | None, private: Sequence[str] = ()
    ) -> Flow[ComplaintRecord]:
        turns = turns_of(conversation)
        if not any(turn.text.strip() for turn in turns):
            raise UsageError("the conversation is empty; give its turns")
        said = "\n".join(turn.text for turn in turns if turn.role == "customer")
        choice = self.shelf.choose(language, customer=said or None, history=turns)
        checker = choice.bench.checker
        flow = record_flow(
            turns,
            choice.bench.registrar,
            checker.playbook,
            language=checker.given(customer=said or None, language=choice.language).language,
            max_repairs=self._max_repairs,
            prompts=self._prompts,
            offline=self.offline,
        )
        return self._masked(flow, private, checker.playbook)

    def _trace(self, task: str) -> Trace:
        return Trace(task, content=self._trace_content)

    def _rewriting(self, draft: str, customer: str | None, **options: Any) -> Flow[Reply]:
        return self._flow(
            task="rewrite",
            draft=text_of(draft, "draft"),
            customer=None if customer is None else text_of(customer, "customer"),
            **options,
        )

    def _first(self, customer: str, history: History, language: Language | None) -> Callable[[], Reply]:
        """Return what makes the answer that stands in for a draft; what cannot be used has been refused by then."""
        return functools.partial(self.acknowledge, customer, history=turns_of(history), language=language)

    def _drafting(self, customer: str, **options: Any) -> Flow[Reply]:
        return self._flow(task="draft", customer=text_of(customer, "customer"), **options)

    def _streaming(
        self, customer: str, *, history: History, facts: Sequence[str], private: Sequence[str] = (), **fields: Any
    ) -> StreamFlow:
        choice, request = self._chosen(
            task="draft",
            customer=text_of(customer, "customer"),
            history=history,
            facts=facts,
            **fields,
        )
        bench = choice.bench
        flow = stream_flow(
            Case.of(request, bench.checker, bench.fixer, is_held=choice.is_held),
            bench.seams,
            habit=self._habit,
            max_repairs=self._max_repairs,
            prompts=self._prompts,
            offline=self.offline,
        )
        return self._masked(flow, private, bench.playbook)

    def _flow(
        self, *, history: History, facts: Sequence[str], private: Sequence[str] = (), **fields: Any
    ) -> Flow[Reply]:
        choice, request = self._chosen(history=history, facts=facts, **fields)
        flow = reply_flow(
            request,
            checker=choice.bench.checker,
            fixer=choice.bench.fixer,
            max_repairs=self._max_repairs,
            prompts=self._prompts,
            offline=self.offline,
            is_held=choice.is_held,
        )
        return self._masked(flow, private, choice.bench.playbook)

    def _chosen(
        self, *, history: History, facts: Sequence[str], language: Language | None, **fields: Any
    ) -> tuple[Choice, Request]:
        """Return what a request is answered by, and the request in the language that was chosen."""
        customer, turns, draft = fields["customer"], turns_of(history), fields.get("draft")
        choice = self.shelf.choose(language, customer=customer, history=turns, draft=draft)
        voiced = self._voiced(fields, choice.bench.checker)
        return choice, request_of(history=turns, facts=facts_of(facts), language=choice.language, **voiced)

    def _voiced(self, fields: dict[str, Any], checker: Checker) -> dict[str, Any]:
        """Return a call's fields with the kit's own tone, signature and the like where the call names none."""
        own = {name: fields[name] for name in self._voice if fields.get(name) is not None}
        return {**fields, **self._voice, **voice_of(own, checker)}

    def _masked(self, flow: _F, private: Sequence[str], playbook: Playbook) -> _F:
        """Return a flow that keeps personal data in the process where the kit does so; the same flow otherwise."""
        values = private_of(private)
        if not self._privacy:
            if values:
                raise UsageError("private marks what privacy='mask' keeps back; give the kit that as well")
            return flow
        note = functools.partial(privacy_note, folder=self._prompts, playbook=playbook)
        return cast(_F, masked(cast(Any, flow), values, note))
