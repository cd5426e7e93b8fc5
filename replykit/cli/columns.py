"""Which column of a sheet is meant, and whether its title is one."""

from __future__ import annotations

import sys

import typer

from replykit.errors import UsageError
from replykit.intake import is_blank
from replykit.kit import ReplyKit
from replykit.sheets import Sheet
from replykit.sheets.columns import letters_of

__all__ = ["column_name", "header_doubt", "reply_column"]

_LONGEST_TITLE = 40  # code points of the name of a column; what is longer may be a reply


def reply_column(sheet: Sheet, wanted: str | None) -> int:
    """Return the index of the column of the replies.

    Where none is named, the likeliest is proposed: on a terminal the user confirms it or names another one.

    Args:
        sheet: the sheet.
        wanted: its name, letter or number; None: not named.

    Raises:
        UsageError: there is no such column; or none is named, and there is nobody to ask.
    """
    if wanted is not None:
        return sheet.column(wanted)
    likeliest = sheet.likeliest_columns()
    if not likeliest:
        sheet.column("")  # says which there are
    name = column_name(sheet, likeliest[0])
    if not (sys.stdin and sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(f"{sheet.name}: name the column of the replies with --column; the likeliest is {name!r}")
    return _asked(sheet, name, _shown(sheet, likeliest[0]))


def _asked(sheet: Sheet, proposal: str, shown: str) -> int:
    typer.echo(f"{sheet.name}: {proposal!r} looks like the column of the replies: {shown}", err=True)
    while True:
        answer = typer.prompt("Polish this column (Enter), or name another", default=proposal, err=True)
        try:
            return sheet.column(answer)
        except UsageError as error:
            typer.echo(str(error), err=True)


def column_name(sheet: Sheet, index: int) -> str:
    """Return what names a column without doubt: its title, or its letter where that is no title of one column alone."""
    title = sheet.header[index]
    return title if title and sheet.header.count(title) == 1 else letters_of(index)


def header_doubt(sheet: Sheet, index: int, kit: ReplyKit) -> str:
    """Return a sentence about a title that is rather a reply, as in a file without titles; empty where it is none.

    Args:
        sheet: the sheet.
        index: the column of the replies.
        kit: what finds that a text breaks a rule, as no title has reason to.
    """
    title = sheet.header[index]
    if (
        not sheet.header_row
        or is_blank(title)
        or not (len(title) > _LONGEST_TITLE or kit.check(title, draft=title).errors)
    ):
        return ""
    return (
        f"row {sheet.header_row} was taken for the names of the columns, and left alone, but looks like a reply"
        f" ({_line(title)}); if it is one, put a row of names above it"
    )


def _shown(sheet: Sheet, index: int) -> str:
    return _line(next((row.cells[index] for row in sheet.rows() if not is_blank(row.cells[index])), ""))


def _line(text: str) -> str:
    """Return the beginning of a text, as one line."""
    line = " ".join(text.split())
    return line if len(line) <= 60 else line[:59] + "…"
