"""A case: one request with everything that judges a text for it."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import Literal

from replykit.brand import Brand, greeting_end
from replykit.checker import Checker
from replykit.fixer import Fixer
from replykit.playbook import Playbook
from replykit.reading import Given
from replykit.records import Assessment, Attempt, Language, Outcome, Report, Request, Usage
from replykit.records.terms import UNKNOWN
from replykit.script import tongues_of

__all__ = ["Case", "Told"]

_NOTHING = Report(text="")


@dataclass(slots=True)
class Told:
    """What of a reply has left already, and cannot be taken back.

    Attributes:
        text: it; every text for the case begins with it. Empty where nothing is streamed.
        heard: what the model has written so far in the call that is under way, as received.
    """

    text: str = ""
    heard: str = ""


@dataclass(frozen=True)
class Case:
    """One request with the playbook, the checker and the fixer that it is judged by.

    Attributes:
        request: what is asked for, with its language and the stage of a complaint decided.
        playbook: the principles, ready lines and templates.
        checker: finds violations.
        fixer: repairs without a model.
        assessment: the reading of the customer's message.
        language: the one asked for, else the customer's, else the draft's; None where nothing decides it.
        is_held: False where no playbook at hand holds the language, so that no rule can judge a text.
        told: what has left already.
        instructions: the system messages that the model was given; empty until it is asked.
        latest: the latest check, with what it was of: a text is judged as an attempt, then as what leaves.
    """

    request: Request
    playbook: Playbook
    checker: Checker
    fixer: Fixer
    assessment: Assessment
    language: Language | None
    is_held: bool = True
    told: Told = field(default_factory=Told)
    instructions: list[str] = field(default_factory=list)
    latest: list[tuple[str, int, Report]] = field(default_factory=list)

    @classmethod
    def of(cls, request: Request, checker: Checker, fixer: Fixer, *, staged: bool = True, is_held: bool = True) -> Case:
        """Return the case of a request, with its customer read.

        Args:
            request: what is asked for; without a message, the customer's last turn is read.
            checker: finds violations, by its own playbook.
            fixer: repairs without a model.
            staged: False leaves the stage of a complaint open, as for a line that only says that one is there.
            is_held: False where no playbook at hand holds the language of the request.
        """
        earlier = [turn.text for turn in request.history if turn.role == "customer"]
        message = request.customer or (earlier[-1] if earlier else None)
        assessment = checker.assess(message) if message else Assessment()
        language = checker.given(
            customer=message, history=request.history, draft=request.draft, language=request.language
        ).language
        stage = request.stage
        if (
            stage is None and staged and request.task == "draft"
        ):  # a rewrite says what its draft says, whatever the stage
            stage = checker.stage_of(request.customer, request.history, request.facts)
        # Prompts and checks go by the same language and stage.
        decided = request.model_copy(update={"language": language, "stage": stage})
        return cls(decided, checker.playbook, checker, fixer, assessment, language, is_held)

    @functools.cached_property
    def brand(self) -> Brand:
        """The opening and the signature."""
        request = self.request
        return Brand(
            opening=request.opening or "",
            signature=request.signature or "",
            apart=request.channel == "email",
            space=self.space,
            greeting=functools.partial(greeting_end, self.playbook),
        )

    @property
    def language_name(self) -> str:
        """What the language of the reply is called."""
        return tongues_of(self.playbook).name(self.language or UNKNOWN)

    @functools.cached_property
    def space(self) -> str:
        """What stands between two sentences of a reply."""
        return tongues_of(self.playbook).space(self.language)

    @functools.cached_property
    def kept(self) -> str | None:
        """The draft that a reply is compared with: as it would leave, and without what its channel lets nobody say."""
        draft, channel = self.request.draft, self.request.channel
        if draft is None:
            return None
        if self.checker.has_errors_for(channel):
            for finding in reversed(self.checker.findings(draft, Given(channel=channel))):
                if finding.severity == "error" and any(one.within == "channel" for one in finding.rule.when):
                    draft = draft[: finding.start] + draft[finding.end :]
        return self.brand.on(draft)

    @property
    def given(self) -> Given:
        """What a reply is checked with."""
        request = self.request
        # What the company says of itself holds.
        return Given(
            request.customer,
            request.history,
            (*request.facts, *self.brand.texts, *([request.persona] if request.persona else ())),
            self.kept,
            self.language,
            "\n".join(self.instructions) or None,
            request.stage,
            request.channel,
            request.length,
            self.checker.signals_of(request.customer),
        )

    def check(self, text: str) -> Report:
        """Check a text with everything that is known of the case; an empty text has no violations, and is no reply."""
        given = self.given
        if not text:
            return _NOTHING
        if self.latest and self.latest[0][:2] == (text, len(self.instructions)):
            return self.latest[0][2]
        report = self.checker.check(
            text,
            customer=given.customer,
            history=given.history,
            facts=given.facts,
            draft=given.draft,
            language=given.language,
            instructions=given.instructions,
            stage=given.stage,
            channel=given.channel,
            length=given.length,
        )
        if not self.is_held:
            report = self.checker.reporter.unjudged(report)
        self.latest[:] = [(text, len(self.instructions), report)]
        return report

    def fix(self, text: str) -> str:
        """Repair a text without a model, behind what has left already."""
        given = self.given
        opening = len(self.brand.opening) if text.startswith(self.brand.opening) else 0
        fixed = self.fixer.fix(
            text,
            customer=given.customer,
            history=given.history,
            facts=given.facts,
            draft=given.draft,
            language=given.language,
            stage=given.stage,
            channel=given.channel,
            length=given.length,
            keep=max(len(self.told.text), opening),
        )
        return self.brand.on(fixed)

    def fits(self, text: str) -> bool:
        """Return whether a text goes on from what has left already."""
        return text.startswith(self.told.text)

    def continued(self, before: str, text: str, *, is_whole: bool = True) -> str:
        """Return what had left before an answer with the answer behind it, which may repeat it or go on from there.

        Args:
            before: what had left.
            text: the answer.
            is_whole: False for the beginning of one that is still being written.
        """
        branded = self.brand.on if is_whole else self.brand.begun
        if not before or branded(text).startswith(before):
            return branded(text)
        return branded(before + self.space + text) if text else before

    def attempt(
        self,
        made_by: Literal["model", "fixer", "phrasebook"],
        text: str,
        outcome: Outcome | Literal["lost"] | None = None,
        usage: Usage | None = None,
    ) -> Attempt:
        """Return a text as an attempt, with the violations of exactly that text."""
        violations = self.check(text).violations
        return Attempt(made_by=made_by, text=text, outcome=outcome, violations=violations, usage=usage or Usage())
