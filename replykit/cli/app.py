"""The command and its subcommands."""

from __future__ import annotations

from typing import Annotated

import typer

from replykit import __version__
from replykit.cli.check import check
from replykit.cli.doctor import doctor
from replykit.cli.draft import draft
from replykit.cli.eval import evaluate
from replykit.cli.examples import examples
from replykit.cli.log_summary import log_summary
from replykit.cli.playbook import playbook
from replykit.cli.polish import polish
from replykit.cli.prompt import prompt
from replykit.cli.record import record
from replykit.cli.rewrite import rewrite

__all__ = ["app"]

app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, epilog=examples(""))


@app.callback(invoke_without_command=True)
def _start(
    context: typer.Context, version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False
) -> None:
    """Draft, rewrite and check customer-service replies.

    Each command has its own --help.
    """
    if version:
        typer.echo(f"replykit {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(2)


for _name, _command in (
    ("rewrite", rewrite),
    ("draft", draft),
    ("record", record),
    ("check", check),
    ("polish", polish),
    ("eval", evaluate),
    ("summary", log_summary),
    ("prompt", prompt),
    ("doctor", doctor),
):
    app.command(_name, epilog=examples(_name))(_command)
app.add_typer(playbook, name="playbook", epilog=examples("playbook"))
