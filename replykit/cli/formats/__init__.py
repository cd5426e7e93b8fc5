"""How the findings of a check are printed."""

from __future__ import annotations

from typing import Literal, Protocol

from replykit.cli.formats.github import GithubFormat
from replykit.cli.formats.plain import JsonFormat, TextFormat
from replykit.cli.formats.sarif import SarifFormat
from replykit.cli.origin import Named
from replykit.playbook import Playbook
from replykit.records import Report

__all__ = ["Format", "FormatName", "format_of"]

FormatName = Literal["text", "json", "github", "sarif"]


class Format(Protocol):
    """Prints reports on standard output."""

    def show(self, named: Named, report: Report) -> None:
        """Take in one report, in the order of the texts."""

    def finish(self) -> None:
        """Print what is left; called once, after the last report."""


def format_of(name: FormatName, playbook: Playbook) -> Format:
    """Return a new format.

    Args:
        name: which one.
        playbook: the rules that are checked.
    """
    if name == "sarif":
        return SarifFormat(playbook)
    if name == "github":
        return GithubFormat()
    return JsonFormat() if name == "json" else TextFormat()
