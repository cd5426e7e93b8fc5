"""`replykit eval`: which model, playbook and prompts to trust, by rules and numbers."""

from __future__ import annotations

import datetime
import os
from collections.abc import Sequence
from typing import Annotated

import typer

from replykit.batch.price import Price
from replykit.cli.display import count, note
from replykit.cli.eval_messages import show_messages
from replykit.cli.eval_sides import Shared, Side, played, replayed
from replykit.cli.eval_tables import show_comparison, show_kinds, show_run
from replykit.cli.options import (
    BaseUrlOption,
    ConcurrencyOption,
    LanguageOption,
    MaxRepairsOption,
    ModelOption,
    OfflineOption,
    PlaybookOption,
    PriceInOption,
    PriceOutOption,
    PromptsOption,
    RpmOption,
    TimeoutOption,
    TpmOption,
    playbooks,
)
from replykit.cli.stopping import typed
from replykit.errors import UsageError
from replykit.evaluation import Comparison, Figures, Run, compare, load_answers, load_cases, measure_messages
from replykit.evaluation.case_files import SHIPPED
from replykit.evaluation.comparison import need_scipy, shared_cases
from replykit.evaluation.report import write_page
from replykit.evaluation.saved import load_run, save_recording, save_run
from replykit.sheets.saving import check_place

__all__ = ["evaluate"]

_REVIEW = 1


def evaluate(
    context: typer.Context,
    cases: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="CASES",
            help="zh, en, held_out, or files of cases, TOML or JSON Lines. With --scripted, all three if not given.",
            show_default=False,
        ),
    ] = None,
    runs: Annotated[int, typer.Option("--runs", metavar="N", min=1, help="How often each case is played.")] = 1,
    vs: Annotated[
        str | None,
        typer.Option(
            "--vs", metavar="MODEL|FILE.json", help="Compare with another model, or with a run that was saved."
        ),
    ] = None,
    vs_base_url: Annotated[
        str | None,
        typer.Option(
            "--vs-base-url", metavar="URL", help="The server of the other model; its key is REPLYKIT_VS_API_KEY."
        ),
    ] = None,
    vs_playbook: Annotated[
        list[str] | None,
        typer.Option("--vs-playbook", metavar="NAME|PATH", help="Compare with other rules; repeat it for several."),
    ] = None,
    vs_prompts: Annotated[
        str | None, typer.Option("--vs-prompts", metavar="FOLDER", help="Compare with other prompt templates.")
    ] = None,
    scripted: Annotated[
        str | None,
        typer.Option(
            "--scripted",
            metavar="FILE.jsonl",
            help="Replay recorded or hand-made answers in place of a model; weak_answers are those that come along.",
        ),
    ] = None,
    record: Annotated[
        str | None,
        typer.Option("--record", metavar="FILE.jsonl", help="Write what the model said, for --scripted."),
    ] = None,
    messages: Annotated[
        bool,
        typer.Option("--messages", help="Only measure what a model would be sent for each case; none is asked."),
    ] = False,
    journal: Annotated[
        str | None,
        typer.Option(
            "--journal",
            metavar="FILE",
            help="Keep every answer there as it comes; the same command goes on. FILE.vs is the other side's.",
        ),
    ] = None,
    json: Annotated[
        str | None, typer.Option("--json", metavar="FILE", help="Write everything that was found, for --vs as well.")
    ] = None,
    html: Annotated[
        str | None, typer.Option("--html", metavar="FILE", help="Write a page with every reply side by side.")
    ] = None,
    concurrency: ConcurrencyOption = 16,
    rpm: RpmOption = None,
    tpm: TpmOption = None,
    max_tokens_total: Annotated[
        int | None,
        typer.Option("--max-tokens-total", metavar="N", min=1, help="Tokens for each side, at most; then it stops."),
    ] = None,
    price_in: PriceInOption = None,
    price_out: PriceOutOption = None,
    model: ModelOption = None,
    base_url: BaseUrlOption = None,
    playbook: PlaybookOption = None,
    language: LanguageOption = None,
    timeout: TimeoutOption = 30.0,
    max_repairs: MaxRepairsOption = 1,
    prompts: PromptsOption = None,
    offline: OfflineOption = False,
) -> None:
    """Play cases with a model, and measure what becomes of them by rules and numbers; compare two models case by case.

    A difference is told only where chance alone would hardly give it: the sides are exchanged within each case, and how
    many measures are compared is heeded. Elsewhere it says that it cannot tell.

    Without --playbook and --language each case is judged by the built-in playbook for its language.

    With --journal, whatever stops it, run the same command again: it goes on where it was. Ctrl-C finishes what is
    under way; a second Ctrl-C ends at once.

    Exit code: 0 every reply leaves and says what it must, 1 some do not (with --scripted: some leave that never may),
    2 wrong use, 3 it stopped before the end.
    """
    files = cases or list(SHIPPED if scripted else ())
    if not files:
        raise UsageError(f"name the cases: {', '.join(SHIPPED)}, or a file of your own")
    side = Side(model, base_url, playbook, prompts, language, journal=journal)
    if messages:
        loaded = load_cases(*files)
        show_messages(
            measure_messages(loaded, playbook=playbooks(side.playbook), language=side.asked, prompts=side.prompts)
        )
        raise typer.Exit
    saved = vs if vs and vs.lower().endswith(".json") else None
    other_model = None if saved else vs
    is_compared = bool(vs or vs_base_url or vs_playbook or vs_prompts)
    _refuse_mixtures(
        scripted,
        saved,
        {
            "--vs": other_model,
            "--vs-base-url": vs_base_url,
            "--record": record,
            "--journal": journal,
            "--offline": offline,
        },
        {"--vs-base-url": vs_base_url, "--vs-playbook": vs_playbook, "--vs-prompts": vs_prompts},
        runs,
    )
    if offline and (other_model or vs_base_url):
        raise UsageError("--vs names a model, and --offline asks none; leave one of them out")
    if is_compared:
        need_scipy()
    loaded = load_cases(*files)
    answers = load_answers(scripted, loaded) if scripted else ()
    saved_run = load_run(saved) if saved else None
    if saved_run:
        shared_cases(loaded, saved_run.cases)  # before anything is paid for
    price = Price.of(price_in, price_out)
    written = {"--json": json, "--html": html, "--record": record, "--journal": journal}
    _refuse_twins(written, [*files, scripted, saved])
    for path in filter(None, (json, html, record)):
        check_place(path)
    held = sum(case.held_out for case in loaded)
    if held and not scripted:
        note(("warning", "note"), ("plain", f": {count(held, 'case')} held out; tune nothing by what is seen of them"))
    names = [os.path.basename(name) for name in files]
    shared = Shared(runs, concurrency, rpm, tpm, max_tokens_total, timeout, max_repairs, offline, price)
    command = typed(context)

    def one(settings: Side) -> Run:
        if scripted:
            return replayed(settings, shared, loaded, answers, names, scripted)
        return played(settings, shared, loaded, names, command)

    run = one(side)
    other = saved_run
    if is_compared and other is None:
        other = one(side.other(other_model, vs_base_url, vs_playbook, vs_prompts))
    comparison = compare(run, other) if other else None
    # Files before tables, which somebody may read the first lines of and leave.
    recorded = save_recording(record, run) if record else 0
    if json:
        save_run(json, run, other, comparison)
    if html:
        made_at = datetime.datetime.now().astimezone().strftime("%Y-%m-%d %H:%M")
        write_page(html, run, other, comparison, price=price, made_at=made_at)
    _show(run, other, comparison, price)
    for name, said in (("record", record and f"{record} ({recorded:,} replies)"), ("json", json), ("page", html)):
        if said:
            note(("strong", name), ("plain", f": {said}"))
    raise typer.Exit(_code(run))


def _refuse_mixtures(
    scripted: str | None, saved: str | None, of_model: dict[str, object], of_other: dict[str, object], runs: int
) -> None:
    """Refuse options that would be of no account beside others."""
    if scripted:
        if useless := [name for name, value in of_model.items() if value]:
            raise UsageError(f"{useless[0]} is for a model, and --scripted asks none; leave one of them out")
        if runs != 1:
            raise UsageError("--runs is for a model, and --scripted plays each answer once; leave one of them out")
    if saved and (useless := [name for name, value in of_other.items() if value]):
        raise UsageError(f"{useless[0]} is for a run that is made, and --vs {saved} names one that was; leave one out")


def _refuse_twins(written: dict[str, str | None], read: Sequence[str | None]) -> None:
    """Refuse to write two things into one file, or over what is read."""
    taken = {os.path.realpath(path): path for path in read if path and os.path.exists(path)}
    for name, path in written.items():
        if path is None:
            continue
        if (place := os.path.realpath(path)) in taken:
            raise UsageError(f"{name} would write over {taken[place]}; name another file")
        taken[place] = f"what {name} names"


def _show(run: Run, other: Run | None, comparison: Comparison | None, price: Price | None) -> None:
    for place, side in enumerate(filter(None, (run, other))):
        if place:
            print()
        figures = Figures.of(side)
        if figures.kinds:
            show_kinds(side, figures)
        show_run(side, figures, price)
    if comparison:
        print()
        show_comparison(comparison)


def _code(run: Run) -> int:
    figures = Figures.of(run)
    if figures.kinds:
        return _REVIEW if figures.total.wrongly_clean else 0
    return _REVIEW if figures.measure("good").count != figures.trials else 0
