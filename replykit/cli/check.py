"""`replykit check`: what replies break, where, and what to say instead."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

import typer

from replykit.cli.baseline import Baseline
from replykit.cli.bulk import Bulk, tell_trouble
from replykit.cli.display import note
from replykit.cli.files import sources_of
from replykit.cli.findings import Findings
from replykit.cli.formats import FormatName, format_of
from replykit.cli.options import (
    CustomerOption,
    EncodingOption,
    EngineOption,
    FactOption,
    HistoryOption,
    LanguageOption,
    LengthOption,
    PlaybookOption,
    StageOption,
    playbooks,
)
from replykit.cli.readers import Inputs
from replykit.cli.selection import selected, united
from replykit.cli.texts import turns
from replykit.cli.wording import counted, told
from replykit.errors import UsageError
from replykit.intake import given_of
from replykit.records import AUTO, Channel, Severity
from replykit.shelf import Shelf

__all__ = ["check"]


def check(
    text: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="TEXT|FILE",
            help="A reply; or files of replies, also patterns such as '**/*.txt'; - or nothing reads standard input.",
        ),
    ] = None,
    column: Annotated[
        str | None,
        typer.Option(
            "--column",
            metavar="NAME|NUMBER",
            help="The column (CSV, workbook, Parquet) or field (JSON Lines) of the replies.",
        ),
    ] = None,
    sheet: Annotated[
        str | None, typer.Option("--sheet", metavar="NAME", help="The sheet of a workbook; if not given, the first.")
    ] = None,
    format: Annotated[
        FormatName,
        typer.Option(
            "--format", help="json prints one object a line; github workflow commands; sarif one SARIF 2.1.0 log."
        ),
    ] = "text",
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="OUT",
            help="Print nothing and write what is found as columns, a row for each reply; end it in .parquet, .jsonl "
            "or .csv.",
        ),
    ] = None,
    engine: EngineOption = "local",
    keep: Annotated[
        list[str] | None,
        typer.Option("--keep", metavar="COLUMN", help="A column that --output keeps beside the results."),
    ] = None,
    select: Annotated[
        list[str] | None,
        typer.Option("--select", metavar="IDS", help="Check these rules or principles alone; parted by commas."),
    ] = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option("--ignore", metavar="IDS", help="Do not check these rules or principles; parted by commas."),
    ] = None,
    severity: Annotated[
        Severity, typer.Option("--severity", help="The least that is reported; error leaves warnings out.")
    ] = "warning",
    exit_zero: Annotated[bool, typer.Option("--exit-zero", help="Exit with 0 even if there are errors.")] = False,
    baseline: Annotated[
        str | None,
        typer.Option("--baseline", metavar="FILE", help="Report only what is not accepted in this file."),
    ] = None,
    write_baseline: Annotated[
        str | None,
        typer.Option("--write-baseline", metavar="FILE", help="Accept everything found now, and write it there."),
    ] = None,
    customer: CustomerOption = None,
    fact: FactOption = None,
    history: HistoryOption = None,
    draft: Annotated[
        str | None, typer.Option("--draft", metavar="TEXT", help="The draft that the reply rewrites.")
    ] = None,
    stage: StageOption = None,
    channel: Annotated[
        Channel | None, typer.Option("--channel", help="Where the reply is read; switches on the rules about it.")
    ] = None,
    length: LengthOption = None,
    language: LanguageOption = None,
    playbook: PlaybookOption = None,
    encoding: EncodingOption = None,
) -> None:
    """Show what replies break, where, and what to say instead. Asks no chat model.

    An argument that names a file, or a pattern that matches files, means those: in .csv, .tsv, .xlsx and .parquet each
    row of the column is a reply, in .jsonl the field (text, if not given), in .txt and other files each line that is
    not blank (with --column, other files are CSV). Any other argument is the reply itself, and standard input is one
    reply. Each reply has an id: the number of its row, counted as a spreadsheet does (the header is row 1, and Parquet
    has none), FILE:line, FILE:row where there are several files, text for an argument, or stdin.

    In a .txt file a comment # replykit: ignore[ID] at the end of a line, or on the line above, ignores a rule or a
    principle there.

    Exit code: 0 no errors, 1 errors, 2 wrong use.
    """
    reached = Shelf(playbooks(playbook)).within_reach(language)
    shelf = Shelf(selected(reached, select or (), ignore or ()), language)
    whole, rules = united(reached), united(shelf.playbooks)
    if baseline and write_baseline:
        raise UsageError("give either --baseline or --write-baseline")
    path = baseline or write_baseline
    accepted = Baseline(path, whole, accepting=bool(write_baseline)) if path else None
    given = given_of(
        customer=customer,
        history=turns(history or ()),
        facts=fact or (),
        draft=draft,
        stage=stage,
        channel=channel,
        length=length,
    )
    if keep and output is None:
        raise UsageError("--keep names columns of a file of results; name that with --output")
    if output is not None and (path or sheet or format != "text" or severity != "warning"):
        raise UsageError("--output takes no --format, --severity, --sheet or baseline; it writes all that is found")
    bulk = None
    if output is not None or engine == "ray":
        if len(shelf.playbooks) > 1 or language == AUTO:
            option = "--output" if output else "--engine ray"
            raise UsageError(f"{option} checks all rows by one playbook; give one --playbook, and no --language auto")
        choice = shelf.choose_for("", language, given)
        known = choice.bench.checker.given(language=choice.language, **given)
        bulk = Bulk(
            sources_of(text or ()), column, keep or (), encoding, rules, known, engine, show_all=format == "json"
        )
    if output is not None and bulk:
        tally = bulk.write(output)
        _summarize(tally, None)
        tell_trouble(tally, output)
        raise typer.Exit(1 if (tally["errors"] or tally["trouble"]) and not exit_zero else 0)
    inputs = bulk or Inputs(text or (), column, sheet, encoding)
    findings, shown = Findings(rules, whole, accepted, severity), format_of(format, rules)
    for named in inputs:
        report = shelf.check(named.text, None, given)
        shown.show(named, findings.left(named, report))
    findings.tally.update(replies=inputs.unseen, fine=inputs.unseen)
    if not findings.tally["replies"]:
        raise UsageError(f"nothing to check: there is no text in {', '.join(inputs.files[:3])}")
    if accepted and write_baseline:
        accepted.write(inputs.files, rules, whole)
    shown.finish()
    for place, id in findings.unused:
        note(("warning", "unused"), ("plain", f": {place}: ignore[{id}] ignores nothing"))
    if accepted and baseline:
        for stale in accepted.stale(inputs.files, rules, whole):
            what = f"{stale.file}: {stale.rule} {stale.text!r}: {stale.accepted} accepted, {stale.found} found"
            note(("warning", "stale"), ("plain", f": {baseline}: {what}"))
    if format != "json":
        _summarize(findings.tally, write_baseline)
    raise typer.Exit(1 if findings.tally["errors"] and not exit_zero else 0)


def _summarize(tally: Counter[str], written: str | None) -> None:
    found = [counted(tally["errors"], "error"), counted(tally["warnings"], "warning")]
    style = "error" if tally["errors"] else "warning" if tally["warnings"] else "good"
    several = "{replies} replies, {fine} without errors: "
    replies = "" if tally["replies"] == 1 else told(several, replies=tally["replies"], fine=tally["fine"])
    beside = [told("{number} ignored by comments", number=tally["ignored"])] if tally["ignored"] else []
    if written:
        beside.append(told("{number} accepted in {file}", number=tally["accepted"], file=written))
    elif tally["accepted"]:
        beside.append(told("{number} accepted by the baseline", number=tally["accepted"]))
    note(
        ("plain", replies),
        (style, ", ".join(filter(None, found)) or told("no errors")),
        ("plain", f" ({', '.join(beside)})" if beside else ""),
    )
