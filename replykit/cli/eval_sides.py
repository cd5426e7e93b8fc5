"""The two sides of an evaluation: what is played with which settings, and how it goes on when it was stopped."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from replykit.batch.price import Price
from replykit.batch.progress import Progress
from replykit.chat.account import NO_KEY, server_of
from replykit.cli.display import note
from replykit.cli.kits import open_kit
from replykit.cli.options import playbooks
from replykit.cli.stopping import stopping
from replykit.cli.summary import first_step
from replykit.cli.watching import Watch
from replykit.errors import BudgetError, ChatError, LedgerError, ReplykitError
from replykit.evaluation import EvalCase, Evaluation, Run, Trial, WeakAnswer, replay
from replykit.records import AUTO

__all__ = ["Shared", "Side", "played", "replayed"]

_STOPPED = 3
_VS_KEY = "REPLYKIT_VS_API_KEY"


@dataclass(frozen=True)
class Side:
    """The settings of one side.

    Attributes:
        model, base_url, prompts, language: as of a kit.
        playbook: the rules; None: what is set, else the built-in ones.
        key: the server's key; None: that of the environment.
        journal: its file; None: nothing is kept.
    """

    model: str | None
    base_url: str | None
    playbook: list[str] | None
    prompts: str | None
    language: str | None
    key: str | None = None
    journal: str | None = None

    @property
    def asked(self) -> str | None:
        """The language that is asked for: of the built-in playbooks the one for each case, as cases are in several."""
        is_named = self.playbook or os.environ.get("REPLYKIT_PLAYBOOK")
        return self.language or (None if is_named else AUTO)

    def other(self, model: str | None, base_url: str | None, playbook: list[str] | None, prompts: str | None) -> Side:
        """Return the side that it is compared with: the same but for what is named.

        The key of one server is never sent to another, which has its own in the environment or gets none.
        """
        is_same = not base_url or (self.base_url and server_of(self.base_url) == server_of(base_url))
        return Side(
            model=model or self.model,
            base_url=base_url or self.base_url,
            playbook=playbook or self.playbook,
            prompts=prompts or self.prompts,
            language=self.language,
            key=None if is_same else os.environ.get(_VS_KEY) or NO_KEY,
            journal=self.journal and f"{self.journal}.vs",
        )


@dataclass(frozen=True)
class Shared:
    """The settings of both sides.

    Attributes:
        runs, concurrency, rpm, tpm, max_tokens_total: as of an `Evaluation`.
        timeout, max_repairs, offline: as of a kit.
        price: of tokens.
    """

    runs: int
    concurrency: int
    rpm: int | None
    tpm: int | None
    max_tokens_total: int | None
    timeout: float
    max_repairs: int
    offline: bool
    price: Price | None


def played(side: Side, shared: Shared, cases: Sequence[EvalCase], names: Sequence[str], command: str) -> Run:
    """Play cases with one side's settings.

    Raises:
        typer.Exit: it was stopped before its end; how to go on is told.
    """
    with (
        open_kit(
            model=side.model,
            base_url=side.base_url,
            playbook=side.playbook,
            timeout=shared.timeout,
            max_repairs=shared.max_repairs,
            budget=None,  # the evaluation has one of its own, which lasts over its runs
            prompts=side.prompts,
            language=side.asked,
            offline=shared.offline,
            key=side.key,
            without_model="the replies come from the phrasebook",
        ) as kit,
        Evaluation(
            kit,
            cases,
            runs=shared.runs,
            journal=side.journal,
            concurrency=shared.concurrency,
            rpm=shared.rpm,
            tpm=shared.tpm,
            max_tokens_total=shared.max_tokens_total,
            names=names,
        ) as evaluation,
    ):
        for said in evaluation.notes:
            note(("warning", "note"), ("plain", f": {said}"))
        ended_by: ReplykitError | None = None
        try:
            with stopping(evaluation.stop), Watch(evaluation, evaluation.total, shared.price, "replies") as watch:
                run = evaluation.run(lambda _: watch.look())
        except (ChatError, BudgetError, LedgerError) as error:
            ended_by = error
        if evaluation.is_complete:
            return run
        _show_stop(evaluation, side.journal, ended_by, command)
    raise typer.Exit(_STOPPED)


@dataclass
class _Replaying:
    """What `Watch` looks at while answers are replayed."""

    progress: Progress


def replayed(
    side: Side,
    shared: Shared,
    cases: Sequence[EvalCase],
    answers: Sequence[WeakAnswer],
    names: Sequence[str],
    source: str,
) -> Run:
    """Replay answers with one side's settings."""
    watched = _Replaying(Progress(rows=len(answers)))
    with Watch(watched, len(answers), None, "answers") as watch:

        def done(trial: Trial) -> None:
            assert trial.reply
            watched.progress.count(trial.reply.status)
            watch.look()

        return replay(
            cases,
            answers,
            playbook=playbooks(side.playbook),
            prompts=side.prompts,
            language=side.asked,
            max_repairs=shared.max_repairs,
            names=names,
            source=Path(source).name,
            done=done,
        )


def _show_stop(evaluation: Evaluation, journal: str | None, error: ReplykitError | None, command: str) -> None:
    """Print that a run ended before its end, and how to go on."""
    done = f"{evaluation.progress.done:,} of {evaluation.total:,} {'reply' if evaluation.total == 1 else 'replies'}"
    kept = f"and kept in {journal}" if journal else "and not kept, as no --journal is named"
    note(("warning", "stopped"), ("plain", f": {error or 'as you asked'}; {done} are done {kept}"))
    first = first_step(error)
    if journal:
        note(("strong", "to go on"), ("plain", f": {first and f'{first}, then '}run the same command again: {command}"))
    elif first:
        note(("strong", "to go on"), ("plain", f": {first}"))
