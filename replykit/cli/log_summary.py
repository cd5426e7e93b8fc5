"""`replykit summary`: what a manager reads of many checked replies."""

from __future__ import annotations

import datetime
import os
from typing import TYPE_CHECKING, Annotated

import typer

from replykit.cli.display import count, note, show_line
from replykit.cli.files import sources_of
from replykit.cli.tables import show_table
from replykit.errors import UsageError
from replykit.sheets.saving import check_place

if TYPE_CHECKING:
    from replykit.summary import Group, Summary

__all__ = ["log_summary"]

_SHOWN = 15  # groups of a column, and replies, on the terminal


def log_summary(
    results: Annotated[
        list[str],
        typer.Argument(
            metavar="RESULTS",
            help="What check --output wrote: .parquet or .jsonl, patterns of such files, or the folder that Ray wrote.",
        ),
    ],
    by: Annotated[
        list[str] | None,
        typer.Option("--by", metavar="COLUMN", help="Part the replies by a kept column, such as agent or channel."),
    ] = None,
    day: Annotated[
        str | None, typer.Option("--day", metavar="COLUMN", help="A kept column of dates or times, counted by day.")
    ] = None,
    text: Annotated[
        str | None,
        typer.Option(
            "--text",
            metavar="COLUMN",
            help="A kept column with the replies, to show the worst ones; personal data is masked (replykit[privacy]).",
        ),
    ] = None,
    as_number: Annotated[
        list[str] | None,
        typer.Option("--as-number", metavar="COLUMN", help="Show its values as numbers: agent 1, agent 2."),
    ] = None,
    output: Annotated[
        list[str] | None,
        typer.Option(
            "--output", "-o", metavar="OUT", help="A page (.html) or a table (.parquet, .csv, .jsonl); repeat it."
        ),
    ] = None,
) -> None:
    """Sum up what a check of many replies found: by principle, agent, day, channel, and the replies to look at first.

    Write results first, with the columns to part by: replykit check log.parquet --column reply -o results.parquet
    --keep agent --keep date

    Exit code: 0 summed up, 2 wrong use.
    """
    from replykit.columnar import check_target, write_results
    from replykit.summary import Summary, read_results, summary_table, write_summary_page

    for path in output or ():
        if not path.lower().endswith(".html"):
            check_target(path)
        check_place(path)
    summary = Summary(by or (), day=day, text=text, private=as_number or ())
    # A folder is what Ray writes; elsewhere in the command it is a mistake.
    paths = [one for path in results for one in ([path] if os.path.isdir(path) else sources_of([path]))]
    for batch in read_results(paths):
        summary.add(batch)
    if not summary.rows:
        raise UsageError(f"nothing to sum up: there is no row in {', '.join(results[:3])}")
    for path in output or ():
        if path.lower().endswith(".html"):
            made_at = datetime.datetime.now().astimezone().strftime("%Y-%m-%d %H:%M")
            write_summary_page(path, summary, title=f"What {_replies(summary)} break", made_at=made_at)
        else:
            write_results(path, [summary_table(summary)])
    _show(summary)
    for path in output or ():
        note(("strong", "page" if path.lower().endswith(".html") else "summary"), ("plain", f": {path}"))


def _show(summary: Summary) -> None:
    group = summary.all
    unchecked = f"; {count(summary.unchecked, 'row')} not checked" if summary.unchecked else ""
    said = f"{_replies(summary)}, {group.broken:,} with an error ({100 * group.share:.1f} of a hundred)"
    show_line(("strong", said), ("plain", unchecked))
    principles = sorted(group.errors.keys() | group.warnings.keys(), key=lambda id: (-group.errors[id], id))
    rows = [(id, f"{group.errors[id]:,}", f"{group.warnings[id]:,}", _rate(group, id)) for id in principles]
    show_table(("principle", "errors", "warnings", "for a hundred replies"), rows)
    for name in summary.by:
        print()
        groups = summary.in_order(name)
        shown = [(value, f"{one.replies:,}", f"{one.broken:,}", _share(one)) for value, one in groups[:_SHOWN]]
        show_table((name, "replies", "with an error", "of a hundred"), shown)
        if len(groups) > _SHOWN:
            show_line(("quiet", f"… and {len(groups) - _SHOWN:,} more"))
    if summary.worst:
        print()
        show_line(("strong", "to look at first"))
    for worst in summary.worst[:_SHOWN]:
        show_line(("plain", f"{worst.id}: {count(worst.errors, 'error')}, {', '.join(worst.rules)}"))


def _replies(summary: Summary) -> str:
    number = summary.all.replies
    return f"{number:,} {'reply' if number == 1 else 'replies'}"


def _rate(group: Group, id: str) -> str:
    return f"{100 * (group.errors[id] + group.warnings[id]) / group.replies:.2f}"


def _share(group: Group) -> str:
    return f"{100 * group.share:.1f}" + (" (few replies)" if group.is_small else "")
