"""A summary as one HTML page: figures, bars by principle and group, the worst replies."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from replykit.batch.pages import PAGE, policy_hash, style_of, template_of
from replykit.sheets import saving
from replykit.summary.counts import ALL, Summary

__all__ = ["write_summary_page"]

_FOLDER = Path(__file__).parent / "page_parts"
_SHOWN = 60  # groups of a column; a file has them all


def write_summary_page(path: str | PathLike[str], summary: Summary, *, title: str, made_at: str = "") -> None:
    """Write a page that needs nothing but itself: no server, no network, no script. It appears whole or not at all.

    Args:
        path: the page; one that is there is replaced.
        summary: the counts.
        title: what was checked.
        made_at: when, in words.

    Raises:
        UsageError: it cannot be written.
    """
    group = summary.all
    principles = sorted(
        group.errors.keys() | group.warnings.keys(), key=lambda id: (-group.errors[id], -group.warnings[id], id)
    )
    style = style_of(PAGE / "report.css", _FOLDER / "summary.css")
    page = template_of(_FOLDER / "summary.html.j2").generate(
        summary=summary,
        all=group,
        principles=principles,
        most=max((group.errors[id] + group.warnings[id] for id in principles), default=1),
        columns=[(name, summary.in_order(name)) for name in summary.groups if name != ALL],
        shown=_SHOWN,
        title=title,
        made_at=made_at,
        style=style,
        style_hash=policy_hash(style),
    )
    with saving(path) as file:
        for part in page:
            file.write(part.encode("utf-8"))
