"""`replykit eval`: which model, playbook and prompts to trust, by rules and numbers."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from replykit.cli.display import note
from replykit.cli.eval_tables import show_kinds, show_run
from replykit.cli.options import MaxRepairsOption, PlaybookOption, PromptsOption, playbooks
from replykit.errors import UsageError
from replykit.evaluation import Figures, Run, load_answers, load_cases, replay
from replykit.evaluation.case_files import SHIPPED
from replykit.evaluation.saved import save_run
from replykit.sheets.saving import check_place

__all__ = ["evaluate"]

_REVIEW = 1


def evaluate(
    cases: Annotated[
        list[str] | None,
        typer.Argument(metavar="CASES", help="zh, en, held_out, or files of cases, TOML or JSON Lines."),
    ] = None,
    scripted: Annotated[
        str | None,
        typer.Option(
            "--scripted",
            metavar="FILE.jsonl",
            help="Replay recorded or hand-made answers in place of a model; weak_answers are those that come along.",
        ),
    ] = None,
    json: Annotated[
        str | None, typer.Option("--json", metavar="FILE", help="Write everything that was found there.")
    ] = None,
    playbook: PlaybookOption = None,
    max_repairs: MaxRepairsOption = 1,
    prompts: PromptsOption = None,
) -> None:
    """Play cases, and measure what becomes of them by rules and numbers.

    Exit code: 0 every reply leaves, 1 some need review (with --scripted: some leave that never may), 2 wrong use,
    3 it stopped before the end.
    """
    names = cases or list(SHIPPED if scripted else ())
    if not names:
        raise UsageError(f"name the cases: {', '.join(SHIPPED)}, or a file of your own")
    rules = playbooks(playbook)
    if len(rules) > 1:
        raise UsageError(f"a run measures one playbook; give one --playbook, not {', '.join(rules)}")
    loaded = load_cases(*names)
    for path in filter(None, (json,)):
        check_place(path)
    if scripted is None:
        raise UsageError("give --scripted FILE")
    answers = load_answers(scripted, loaded)
    run = replay(
        loaded,
        answers,
        playbook=rules[0],
        prompts=prompts,
        max_repairs=max_repairs,
        names=[os.path.basename(name) for name in names],
        source=Path(scripted).name,
    )
    _finish(run, json)


def _finish(run: Run, json: str | None) -> None:
    figures = Figures.of(run)
    show_kinds(run, figures)
    show_run(run, figures, None)
    if json:
        save_run(json, run)
        note(("strong", "json"), ("plain", f": {json}"))
    raise typer.Exit(_REVIEW if figures.total.wrongly_clean else 0)
