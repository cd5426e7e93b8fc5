"""`replykit check`: what replies break, where, and what to say instead."""

from __future__ import annotations

import sys
from collections import Counter
from typing import Annotated, Literal

import typer

import replykit
from replykit.cli.display import count, json_line, note, show_findings, show_line, show_marked
from replykit.cli.options import (
    CustomerOption,
    EncodingOption,
    FactOption,
    HistoryOption,
    LanguageOption,
    PlaybookOption,
)
from replykit.cli.texts import Named, texts, turns
from replykit.records import Report

__all__ = ["check"]

Format = Literal["text", "json"]


def check(
    text: Annotated[
        list[str] | None,
        typer.Argument(metavar="TEXT|FILE", help="A reply, or files of replies; - or nothing reads standard input."),
    ] = None,
    column: Annotated[
        str | None, typer.Option("--column", metavar="NAME", help="The column of a CSV file that holds the replies.")
    ] = None,
    format: Annotated[Format, typer.Option("--format", help="json prints one object a line.")] = "text",
    customer: CustomerOption = None,
    fact: FactOption = None,
    history: HistoryOption = None,
    draft: Annotated[
        str | None, typer.Option("--draft", metavar="TEXT", help="The draft that the reply rewrites.")
    ] = None,
    language: LanguageOption = None,
    playbook: PlaybookOption = "zh",
    encoding: EncodingOption = None,
) -> None:
    """Show what replies break, where, and what to say instead. Asks no chat model.

    An argument that names a file is a file: in a CSV file (.csv, .tsv, or any with --column) each row of the column is
    a reply, in another file each line that is not blank. Any other argument is the reply itself, and standard input is
    one reply.

    A reply's id in JSON is the number of its row, counted as a spreadsheet does (the header is row 1), FILE:line,
    FILE:row where there are several files, text for an argument, or stdin.

    Exit code: 0 no errors, 1 errors, 2 wrong use.
    """
    rules = replykit.load_playbook(playbook)
    turns_before = turns(history or ())
    tally = Counter[str]()
    for named in texts(text or (), column, encoding):
        report = replykit.check(
            named.text,
            playbook=rules,
            customer=customer,
            history=turns_before,
            facts=fact or (),
            draft=draft,
            language=language,
        )
        if format == "json":
            print(_as_json(named, report))
        elif report.violations:
            _show(named, report)
        tally.update(replies=1, fine=report.ok, errors=len(report.errors), warnings=len(report.warnings))
    if format == "text":
        _summarize(tally)
    raise typer.Exit(1 if tally["errors"] else 0)


def _as_json(named: Named, report: Report) -> str:
    violations = [violation.model_dump() for violation in report.violations]
    return json_line({"id": named.id, "text": named.text, "ok": report.ok, "violations": violations})


def _show(named: Named, report: Report) -> None:
    if named.id in ("text", "stdin"):
        show_marked(report.text, report.violations)
        show_findings(report.violations, to=sys.stdout)
        return
    label = f"row {named.id}" if isinstance(named.id, int) else named.id
    show_line(("strong", f"{label}:"))
    show_marked(report.text, report.violations)
    show_findings(report.violations, to=sys.stdout, label=f"{label}: ")
    print()


def _summarize(tally: Counter[str]) -> None:
    found = [count(tally["errors"], "error"), count(tally["warnings"], "warning")]
    style = "error" if tally["errors"] else "warning" if tally["warnings"] else "good"
    summary = (style, ", ".join(filter(None, found)) or "no errors")
    if tally["replies"] == 1:
        note(summary)
    elif tally["replies"]:
        note(("plain", f"{tally['replies']} replies, {tally['fine']} without errors: "), summary)
    else:
        note(("warning", "nothing to check: there is no text"))
