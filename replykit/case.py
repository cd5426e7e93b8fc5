"""A case: one request with everything that judges a text for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from replykit.checker import Checker
from replykit.fixer import Fixer
from replykit.playbook import Playbook
from replykit.reading import Given
from replykit.records import Assessment, Attempt, Language, Outcome, Report, Request, Usage

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


@dataclass(frozen=True, slots=True)
class Case:
    """One request with the playbook, the checker and the fixer that it is judged by.

    Attributes:
        request: what is asked for, with its language decided.
        playbook: the principles, ready lines and templates.
        checker: finds violations.
        fixer: repairs without a model.
        assessment: the reading of the customer's message.
        language: the one asked for, else the customer's, else the draft's; None where nothing decides it.
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
    told: Told = field(default_factory=Told)
    instructions: list[str] = field(default_factory=list)
    latest: list[tuple[str, int, Report]] = field(default_factory=list)

    @classmethod
    def of(cls, request: Request, checker: Checker, fixer: Fixer) -> Case:
        """Return the case of a request, with its customer read.

        Args:
            request: what is asked for; without a message, the customer's last turn is read.
            checker: finds violations, by its own playbook.
            fixer: repairs without a model.
        """
        earlier = [turn.text for turn in request.history if turn.role == "customer"]
        message = request.customer or (earlier[-1] if earlier else None)
        assessment = checker.assess(message) if message else Assessment()
        language = checker.given(customer=message, draft=request.draft, language=request.language).language
        decided = request.model_copy(update={"language": language})  # prompts and checks go by the same one
        return cls(decided, checker.playbook, checker, fixer, assessment, language)

    @property
    def given(self) -> Given:
        """What a reply is checked with."""
        request = self.request
        return Given(
            request.customer,
            request.history,
            request.facts,
            request.draft,
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
        self.latest[:] = [(text, len(self.instructions), report)]
        return report

    def fix(self, text: str) -> str:
        """Repair a text without a model, behind what has left already."""
        request = self.request
        return self.fixer.fix(
            text,
            customer=request.customer,
            history=request.history,
            facts=request.facts,
            draft=request.draft,
            language=self.language,
            stage=request.stage,
            channel=request.channel,
            length=request.length,
            keep=len(self.told.text),
        )

    def fits(self, text: str) -> bool:
        """Return whether a text goes on from what has left already."""
        return text.startswith(self.told.text)

    def continued(self, before: str, text: str) -> str:
        """Return what had left before an answer with the answer behind it, which may repeat it or go on from there."""
        if not before or text.startswith(before):
            return text
        return before + (" " if self.language == "en" else "") + text if text else before

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
