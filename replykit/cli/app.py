"""The command and its subcommands."""

from __future__ import annotations

from typing import Annotated

import typer

from replykit import __version__
from replykit.cli.check import check
from replykit.cli.doctor import doctor
from replykit.cli.draft import draft
from replykit.cli.eval import evaluate
from replykit.cli.playbook import playbook
from replykit.cli.polish import polish
from replykit.cli.prompt import prompt
from replykit.cli.record import record
from replykit.cli.rewrite import rewrite

__all__ = ["app"]

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


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


app.command()(rewrite)
app.command()(draft)
app.command()(record)
app.command()(check)
app.command()(polish)
app.command("eval")(evaluate)
app.command()(prompt)
app.add_typer(playbook, name="playbook")
app.command()(doctor)
