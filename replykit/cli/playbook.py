"""`replykit playbook`: what a playbook holds, and whether it keeps its word."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import typer

from replykit.cli.display import note, say, show_line
from replykit.playbook import Playbook, Principle, load_playbook
from replykit.proof import flaws_in
from replykit.rules import Rule

__all__ = ["playbook"]

NameArgument = Annotated[
    str,
    typer.Argument(
        metavar="NAME|PATH", envvar="REPLYKIT_PLAYBOOK", help="A built-in playbook, a TOML file or a folder of them."
    ),
]

playbook = typer.Typer(rich_markup_mode=None)


@playbook.callback()
def _about() -> None:
    """Show or test a playbook."""


@playbook.command()
def show(name: NameArgument = "zh") -> None:
    """Print the principles, their rules with examples, and where each comes from."""
    rules = load_playbook(name)
    languages = ", ".join(rules.languages)
    show_line(("strong", rules.name), ("plain", f"  {rules.description}"), ("quiet", f"  ({languages})"))
    for principle in rules.principles:
        say("")
        for line in _principle(rules, principle):
            show_line(*line)


@playbook.command("test")
def run_examples(name: NameArgument = "zh") -> None:
    """Run every example of every rule, and check everything that the playbook says itself.

    Exit code: 0 all hold, 1 some do not, 2 the playbook is missing or wrong.
    """
    rules = load_playbook(name)
    flaws = list(flaws_in(rules))
    for flaw in flaws:
        show_line(("error", flaw.id), ("plain", f"  {flaw.problem}: {flaw.text}"))
    examples = sum(len(rule.bad) + len(rule.softened) + len(rule.good) for rule in rules.rules)
    summary = f"{len(rules.rules)} rules, {examples} examples: "
    note(("plain", summary), ("error", f"{len(flaws)} fail") if flaws else ("good", "all hold"))
    raise typer.Exit(1 if flaws else 0)


def _principle(rules: Playbook, principle: Principle) -> Iterator[list[tuple[str, str]]]:
    yield [("strong", principle.id), ("plain", f"  {principle.title}"), ("quiet", f"  {'; '.join(principle.sources)}")]
    for guidance in principle.guidance:
        yield [("plain", f"  - {guidance}")]
    for rule in rules.rules:
        if rule.principle == principle.id:
            yield from _rule(rule)


def _rule(rule: Rule) -> Iterator[list[tuple[str, str]]]:
    yield [(rule.severity, f"  {rule.severity:<8}"), ("plain", rule.id), ("quiet", f"  {rule.source}")]
    yield [("plain", f"          {rule.message}")]
    for style, mark, examples in (("error", "✗", rule.bad), ("warning", "~", rule.softened), ("good", "✓", rule.good)):
        for example in examples:
            yield [(style, f"          {mark} "), ("plain", " ".join(example.text.split()))]
