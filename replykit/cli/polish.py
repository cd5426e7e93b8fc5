"""`replykit polish`: a spreadsheet of canned replies in, a copy with each of them mended out."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any

import typer

from replykit.batch.job import Job, Via
from replykit.batch.limits import Limits
from replykit.batch.price import Price
from replykit.batch.sheet_columns import SheetColumns
from replykit.batch.wording import Interface
from replykit.cli.columns import column_name, header_doubt, reply_column
from replykit.cli.display import note
from replykit.cli.fleet import polish_on_ray
from replykit.cli.kits import open_kit
from replykit.cli.options import (
    BaseUrlOption,
    ConcurrencyOption,
    EngineOption,
    LanguageOption,
    MaxRepairsOption,
    ModelOption,
    OfflineOption,
    PlaybookOption,
    PriceInOption,
    PriceOutOption,
    PrivacyOption,
    PromptsOption,
    RpmOption,
    TimeoutOption,
    TpmOption,
)
from replykit.cli.results import Results
from replykit.cli.stopping import stopping, typed
from replykit.cli.summary import show_estimate, show_left, show_stop, show_summary
from replykit.cli.targets import Targets
from replykit.cli.watching import Watch
from replykit.errors import BudgetError, ChatError, LedgerError, ReplykitError, UsageError
from replykit.sheets import Sheet, open_sheet
from replykit.sheets.fingerprint import fingerprint_of

__all__ = ["polish"]

_REVIEW, _STOPPED = 1, 3
_COLUMN = "NAME|LETTER|NUMBER"


def polish(
    context: typer.Context,
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="IN.xlsx|IN.csv",
            help="The spreadsheet, or a .parquet or .jsonl file; it is never changed. With --engine ray, any number.",
        ),
    ],
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="OUT", help="The copy with the results, of the same kind.")
    ] = None,
    column: Annotated[
        str | None,
        typer.Option("--column", metavar=_COLUMN, help="The column of the replies; if not given, it proposes one."),
    ] = None,
    sheet: Annotated[
        str | None,
        typer.Option("--sheet", metavar="NAME|NUMBER", help="The sheet of a workbook; if not given, the first."),
    ] = None,
    encoding: Annotated[
        str | None, typer.Option("--encoding", metavar="NAME", help="Of a CSV file; if not given, it is found out.")
    ] = None,
    delimiter: Annotated[
        str | None,
        typer.Option("--delimiter", metavar="CHAR", help="Between its cells; if not given, it is found out."),
    ] = None,
    customer_column: Annotated[
        str | None, typer.Option("--customer-column", metavar=_COLUMN, help="What the customer wrote.")
    ] = None,
    facts_column: Annotated[
        str | None, typer.Option("--facts-column", metavar=_COLUMN, help="What a reply may state, one fact a line.")
    ] = None,
    stage_column: Annotated[
        str | None, typer.Option("--stage-column", metavar=_COLUMN, help="Where a complaint stands.")
    ] = None,
    language_column: Annotated[
        str | None, typer.Option("--language-column", metavar=_COLUMN, help="What a reply is written in.")
    ] = None,
    in_place_column: Annotated[
        bool,
        typer.Option("--in-place-column", help="Replace the replies in their column; add no columns of results."),
    ] = False,
    raw: Annotated[
        bool,
        typer.Option("--raw", help="In CSV, write texts that begin like a formula as they are, with no ' before them."),
    ] = False,
    report: Annotated[
        str | None,
        typer.Option("--report", metavar="FILE.html", help="The report; if not given, beside the output."),
    ] = None,
    no_report: Annotated[bool, typer.Option("--no-report", help="Write no report.")] = False,
    interface: Annotated[
        Interface | None,
        typer.Option("--interface", help="Language of titles and report; if not given, the playbook's."),
    ] = None,
    only_flagged: Annotated[
        bool, typer.Option("--only-flagged", help="Leave rows alone in which a check finds nothing.")
    ] = False,
    limit: Annotated[
        int | None, typer.Option("--limit", metavar="N", min=1, help="Polish the first N replies alone.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what it would do and cost; ask nothing, write nothing.")
    ] = False,
    via: Annotated[
        Via,
        typer.Option(
            "--via",
            help="calls asks the model at once; batch-api posts files of requests, which some servers answer within a "
            "day for half the price.",
        ),
    ] = "calls",
    no_wait: Annotated[
        bool, typer.Option("--no-wait", help="Leave what is posted with the batch API; the same command picks it up.")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a job that was begun, and begin none by mistake.")
    ] = False,
    concurrency: ConcurrencyOption = 16,
    rpm: RpmOption = None,
    tpm: TpmOption = None,
    max_tokens_total: Annotated[
        int | None,
        typer.Option("--max-tokens-total", metavar="N", min=1, help="Tokens in all, at most; then it stops."),
    ] = None,
    price_in: PriceInOption = None,
    price_out: PriceOutOption = None,
    language: LanguageOption = None,
    model: ModelOption = None,
    base_url: BaseUrlOption = None,
    playbook: PlaybookOption = None,
    timeout: TimeoutOption = 30.0,
    max_repairs: MaxRepairsOption = 1,
    prompts: PromptsOption = None,
    privacy: PrivacyOption = None,
    offline: OfflineOption = False,
    engine: EngineOption = "local",
    shards: Annotated[
        int | None,
        typer.Option("--shards", metavar="N", min=1, help="With --engine ray: how many work at once; 2, if not given."),
    ] = None,
) -> None:
    """Polish a column of canned replies, and write a copy of the spreadsheet with the results.

    Four columns go to the right of the data: the polished reply, its status (clean, repaired or needs_review), what was
    wrong, and what changed. A reply that could not be made clean keeps its text and says why. A report of what changed,
    for a browser, lies beside the copy.

    Whatever is answered is kept in OUT.ledger at once. When it is stopped, or the machine fails, run the same command
    again: it goes on where it was. Ctrl-C finishes what is under way; a second Ctrl-C ends at once.

    Exit code: 0 every reply is clean or repaired, 1 some need review, 2 wrong use, 3 it stopped before the end.
    """
    price = Price.of(price_in, price_out)
    settings: dict[str, Any] = {
        "model": model,
        "base_url": base_url,
        "playbook": playbook,
        "timeout": timeout,
        "max_repairs": max_repairs,
        "budget": None,  # the job has one of its own, which lasts over its runs
        "prompts": prompts,
        "privacy": privacy,
        "language": language,
        "offline": offline,
    }
    if engine == "ray":
        refused = {
            "--sheet": sheet, "--delimiter": delimiter, "--in-place-column": in_place_column, "--raw": raw,
            "--report": report, "--limit": limit, "--dry-run": dry_run, "--via": via != "calls", "--no-wait": no_wait,
            "--resume": resume,
        }  # fmt: skip
        for option in filter(refused.get, refused):
            raise UsageError(f"--engine ray takes no {option}; leave one of them out")
        open_kit(**settings).close()
        polish_on_ray(
            sources,
            output,
            {
                "text": column,
                "customer": customer_column,
                "facts": facts_column,
                "stage": stage_column,
                "language": language_column,
            },
            settings,
            encoding=encoding,
            limits=Limits(concurrency, rpm, tpm, max_tokens_total),
            shards=shards or 2,
            only_flagged=only_flagged,
            interface=interface,
            price=price,
            command=typed(context),
        )
    if len(sources) > 1 or shards:
        raise UsageError("give one file, and no --shards; --engine ray takes several")
    (source,) = sources
    opened = open_sheet(source, sheet=sheet, encoding=encoding, delimiter=delimiter)
    targets = None if dry_run and output is None else Targets.of(opened, output, report, no_report=no_report)

    if targets and not dry_run:
        targets.check()
    if resume and not (targets and targets.ledger.exists()):
        missing = f"there is no {targets.ledger}" if targets else "no copy is named with -o"
        raise UsageError(f"there is no job to go on with, as {missing}; leave --resume out to begin one")
    if no_wait and via != "batch-api":
        raise UsageError("--no-wait leaves calls with the batch API; give --via batch-api as well")

    def index(wanted: str | None) -> int | None:
        return None if wanted is None else opened.column(wanted)

    columns = SheetColumns(
        text=reply_column(opened, column),
        customer=index(customer_column),
        facts=index(facts_column),
        stage=index(stage_column),
        language=index(language_column),
    )
    total = min(columns.count(opened), limit or sys.maxsize)
    if not total:
        name = column_name(opened, columns.text)
        raise UsageError(
            f"{opened.name}: there is nothing in the column {name!r}; name that of the replies with --column"
        )
    note(("quiet", f"{opened.path}: {opened.layout}"))
    for said in opened.remarks(columns.text):
        note(("warning", "note"), ("plain", f": {said}"))
    with open_kit(**settings) as kit:
        if doubt := header_doubt(opened, columns.text, kit):
            note(("warning", "note"), ("plain", f": {doubt}"))
        # A dry run leaves nothing behind, not even an empty ledger.
        ledger = targets and (targets.ledger if not dry_run or targets.ledger.exists() else None)
        with Job(
            kit,
            ledger=ledger,
            number="number",
            text="text",
            customer="customer",
            facts="facts",
            stage="stage",
            language="language",
            concurrency=concurrency,
            rpm=rpm,
            tpm=tpm,
            max_tokens_total=max_tokens_total,
            only_flagged=only_flagged,
            limit=limit,
            via=via,
            wait=not no_wait,
        ) as job:
            for said in job.notes:
                note(("warning", "note"), ("plain", f": {said}"))
            rows = columns.rows(opened, kit.playbook, kit.shelf.tongues)
            if targets is None or dry_run:
                show_estimate(job.estimate(rows), price, offline=kit.offline)
                return
            for page in targets.pages:
                job.seals.check(page)
            started = time.monotonic()
            if via == "batch-api" and not no_wait:
                later = "Ctrl-C leaves the job with it, and the same command picks it up"
                note(("quiet", f"the batch API may take a day; {later}"))
            command = typed(context)
            with _as_it_was(opened):
                _run(job, rows, total, price, targets, command)
            results = Results(
                sheet=opened,
                column=columns.text,
                targets=targets,
                playbook=kit.playbook,
                model=None if kit.offline else model,
                price=price,
                in_place=in_place_column,
                raw=raw,
                interface=interface,
            )
            with _as_it_was(opened):
                tally, notes = results.write(job, time.monotonic() - started)
    show_summary(tally, job.progress, price, targets, notes)
    raise typer.Exit(_REVIEW if tally.statuses["needs_review"] else 0)


@contextlib.contextmanager
def _as_it_was(sheet: Sheet) -> Iterator[None]:
    """Say how to go on where the spreadsheet is not any more what was read."""
    try:
        yield
    except UsageError as error:
        with contextlib.suppress(OSError), sheet.path.open("rb") as file:
            if fingerprint_of(file) != sheet.fingerprint:
                kept = "the answers are kept: run the same command again, which asks about what changed alone"
                raise UsageError(f"{error}; {kept}") from None
        raise


def _run(
    job: Job,
    rows: Iterable[Mapping[str, str | int]],
    total: int,
    price: Price | None,
    targets: Targets,
    command: str,
) -> None:
    """Run a job to its end; say how to go on where it does not come to it."""
    ended_by: ReplykitError | None = None
    try:
        with stopping(job.stop), Watch(job, total, price) as watch:
            for _ in job.run(rows):
                watch.look()
    except (ChatError, BudgetError, LedgerError) as error:
        ended_by = error
    if job.is_complete:
        return
    if ended_by is None and job.progress.in_flight:  # calls at once are all at an end now, a batch is not
        show_left(job.progress.in_flight, command)
    else:
        show_stop(ended_by, job.kept, total, targets, command)
    raise typer.Exit(_STOPPED)
