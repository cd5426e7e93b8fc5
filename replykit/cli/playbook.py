"""`replykit playbook`: what a playbook holds, whether it keeps its word, and a first one of one's own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

import typer

from replykit.cli.display import json_line, note, show_line
from replykit.cli.examples import examples
from replykit.cli.rulebook import rulebook
from replykit.cli.wording import counted, told
from replykit.lint import Flaw, lint
from replykit.loader import read_playbook
from replykit.starter import write_starter

__all__ = ["playbook"]

Format = Literal["text", "json"]
NameArgument = Annotated[
    str,
    typer.Argument(
        metavar="NAME|PATH", envvar="REPLYKIT_PLAYBOOK", help="A built-in playbook, a TOML file or a folder of them."
    ),
]
_LONGEST = 60  # code points of an example on one line
_MOST_ALIKE = 3  # notes of one kind about one rule that are shown one by one

playbook = typer.Typer(rich_markup_mode=None)


@playbook.callback()
def _about() -> None:
    """Show, test or begin a playbook."""


@playbook.command(epilog=examples("playbook show"))
def show(
    name: NameArgument = "zh",
    principle: Annotated[
        str | None, typer.Option("--principle", metavar="ID", help="Only this principle and its rules.")
    ] = None,
    rule: Annotated[str | None, typer.Option("--rule", metavar="ID", help="Only this rule, with all it holds.")] = None,
) -> None:
    """Print the principles, their rules with examples, and where each comes from.

    Exit code: 0 printed, 2 there is no such playbook, principle or rule.
    """
    for line in rulebook(*read_playbook(name), principle=principle, rule=rule):
        show_line(*line)


@playbook.command("test", epilog=examples("playbook test"))
def run_test(
    name: NameArgument = "zh",
    format: Annotated[Format, typer.Option("--format", help="json prints one object a line.")] = "text",
    strict: Annotated[bool, typer.Option("--strict", help="Notes fail as well.")] = False,
) -> None:
    """Run every example, and report what is wrong, superfluous or unproved, with file and line.

    An error means that the playbook does not do what it says: an example that does not hold, a rule that never fires,
    an exception that excuses too much, a pattern that RE2 cannot read, a suggestion that breaks a rule. A note is about
    the playbook's own rules, not about those it inherits. Each line names a code that does not change. Where more than
    three notes of one kind are about one rule, the first one says how many more there are; JSON has them all.

    Exit code: 0 no errors, 1 errors (with --strict, notes), 2 the playbook is missing or cannot be read.
    """
    rules, places = read_playbook(name)
    flaws = sorted(lint(rules, places), key=_by_place)
    alike = Counter((flaw.code, flaw.id) for flaw in flaws if flaw.level == "note")
    shown: Counter[tuple[str, str]] = Counter()
    for flaw in flaws:
        kind = flaw.code, flaw.id
        shown[kind] += 1
        if format == "json":
            print(_as_json(flaw))
        elif alike[kind] <= _MOST_ALIKE or shown[kind] == 1:
            show_line(*_line(flaw))
        elif shown[kind] == 2:  # so that many notes of one kind hide no other
            more = f"  and {alike[kind] - 1} more like it; --format json shows each"
            show_line(("quiet", f"{flaw.place}: note {flaw.code}"), ("strong", f"  {flaw.id}"), ("plain", more))
    levels = Counter(flaw.level for flaw in flaws)
    if format == "text":
        examples = sum(len(rule.bad) + len(rule.softened) + len(rule.good) for rule in rules.rules)
        found = ", ".join(filter(None, (counted(levels["error"], "error"), counted(levels["note"], "note"))))
        style = "error" if levels["error"] else "warning" if levels["note"] else "good"
        held = counted(len(rules.rules), "rule") or told("no rules")
        tried = counted(examples, "example") or told("no examples")
        read = told("{rules}, {examples}: ", rules=held, examples=tried)
        note(("plain", read), (style, found or told("all hold")))
    raise typer.Exit(1 if levels["error"] or (strict and flaws) else 0)


@playbook.command(epilog=examples("playbook new"))
def new(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="The file to write; its name ends in .toml.")],
    extends: Annotated[
        str,
        typer.Option(
            "--extends", metavar="NAME|PATH", help="The playbook that it adds to: zh, or one that extends it."
        ),
    ] = "zh",
) -> None:
    """Write a commented playbook of your own to begin with. It passes its test as it stands.

    Exit code: 0 written, 2 the file is there already, cannot be written, or there is no such base.
    """
    write_starter(path, extends)
    next_step = told(": {path}; change it, then run: replykit playbook test {path}", path=path)
    note(("good", told("written")), ("plain", next_step))


def _by_place(flaw: Flaw) -> tuple[str, int, int]:
    return (str(flaw.place.file), flaw.place.line, flaw.place.column) if flaw.place else ("", 0, 0)


def _line(flaw: Flaw) -> Iterable[tuple[str, str]]:
    about = " ".join(flaw.text.split())
    if len(about) > _LONGEST:
        about = about[:_LONGEST] + "…"
    shown = f": {about}" if about and about not in flaw.message else ""
    style = "error" if flaw.level == "error" else "quiet"
    return (
        ("quiet", f"{flaw.place}: "),
        (style, f"{flaw.level} {flaw.code}"),
        ("strong", f"  {flaw.id}"),
        ("plain", f"  {flaw.message}{shown}"),
    )


def _as_json(flaw: Flaw) -> str:
    place = flaw.place
    where = {"file": str(place.file), "line": place.line, "column": place.column} if place else {}
    said = {"level": flaw.level, "code": flaw.code, "table": flaw.table, "id": flaw.id}
    return json_line({**where, **said, "message": flaw.message, "text": flaw.text})
