"""A run: cases played some times with one model, playbook and set of prompts, and what it was made with."""

# No postponed annotations, as in every module of records.

import hashlib
import importlib.metadata
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Self

from pydantic import Field, model_validator

from replykit.async_kit import AsyncReplyKit
from replykit.evaluation.case_files import cases_digest
from replykit.evaluation.eval_case import EvalCase
from replykit.evaluation.measures import Judged
from replykit.evaluation.trial import Trial
from replykit.kit import ReplyKit
from replykit.prompts import prompts_digest
from replykit.records import Record

__all__ = ["MadeWith", "Run"]


class MadeWith(Record):
    """Everything that decides what comes of a case.

    Attributes:
        model: the chat model; None where none was asked.
        server: its server's address.
        temperature: how freely it words its answers; None: as the server likes.
        answers: the file of the answers that were replayed in place of a model; empty otherwise.
        max_repairs: how often an answer that breaks a rule is asked for again.
        playbook: the names of all of them.
        playbook_digest: of everything in them.
        language: what is asked for where a case asks for none; empty: what the kit decides by itself.
        prompts_digest: of the templates.
        cases: the names of their files.
        cases_digest: of everything in them.
        version: of replykit.
    """

    model: str | None = None
    server: str = ""
    temperature: float | None = None
    answers: str = ""
    max_repairs: int = 1
    playbook: str
    playbook_digest: str
    language: str = ""
    prompts_digest: str
    cases: tuple[str, ...] = ()
    cases_digest: str
    version: str

    @classmethod
    def of(
        cls,
        kit: ReplyKit | AsyncReplyKit,
        cases: Sequence[EvalCase],
        *,
        names: Sequence[str] = (),
        answers: str = "",
    ) -> Self:
        """Return what a run with a kit would be made with.

        Args:
            kit: what plays the cases.
            cases: the cases.
            names: those of their files.
            answers: the file of the answers that are replayed.

        Raises:
            PromptError: the kit's templates are missing.
        """
        chat = None if answers else kit._chat
        model, server, temperature = getattr(chat, "identity", (getattr(chat, "model", None), "", None))
        if chat is not None and not model:
            model = type(chat).__name__
        playbooks = kit.shelf.within_reach(kit.shelf.language)
        return cls(
            model=model,
            server=server,
            temperature=temperature,
            answers=answers,
            max_repairs=kit._max_repairs,
            playbook=", ".join(playbook.name for playbook in playbooks),
            playbook_digest=_digest(playbook.model_dump_json() for playbook in playbooks),
            language=kit.shelf.language or "",
            prompts_digest=_digest(prompts_digest(playbook, kit._prompts) for playbook in playbooks),
            cases=tuple(names),
            cases_digest=cases_digest(cases),
            version=importlib.metadata.version("replykit"),
        )

    @property
    def title(self) -> str:
        """What answered, for people."""
        return self.model or (f"answers of {self.answers}" if self.answers else "offline, no model")

    def changes(self, other: "MadeWith") -> list[str]:
        """Return what differs in the other one, in words."""
        digests = {"playbook_digest": "other rules", "prompts_digest": "other prompts", "cases_digest": "other cases"}
        return [
            digests.get(field) or f"{field.replace('_', ' ')}: {_named(own)} → {_named(getattr(other, field))}"
            for field, own in self
            if own != getattr(other, field) and field != "cases"
        ]


def _named(value: object) -> str:
    return "none" if value in (None, "") else str(value)


def _digest(parts: Iterable[str]) -> str:
    whole = hashlib.sha256()
    for part in parts:
        whole.update(f"{len(part)}:{part}".encode("utf-8", "backslashreplace"))
    return whole.hexdigest()


class Run(Record):
    """Cases, and what came of each.

    Attributes:
        made_with: what it was made with.
        cases: the cases, in order.
        trials: what came of them, in the order of the cases and their runs.
    """

    made_with: MadeWith
    cases: tuple[EvalCase, ...]
    trials: tuple[Trial, ...] = Field(default=())

    @model_validator(mode="after")
    def _fits(self) -> Self:
        known = {case.id for case in self.cases}
        for trial in self.trials:
            if trial.case not in known:
                raise ValueError(f"there is a reply to {trial.case!r}, which is none of the cases")
        return self

    @cached_property
    def judged(self) -> tuple[Judged, ...]:
        """The trials, each beside its case."""
        by_id = {case.id: case for case in self.cases}
        return tuple(Judged(by_id[trial.case], trial) for trial in self.trials)

    def by_case(self) -> Iterator[tuple[EvalCase, list[Judged]]]:
        """Yield each case with its trials."""
        of: dict[str, list[Judged]] = {case.id: [] for case in self.cases}
        for judged in self.judged:
            of[judged.case.id].append(judged)
        for case in self.cases:
            yield case, of[case.id]
