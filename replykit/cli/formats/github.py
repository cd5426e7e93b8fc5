"""Violations as the workflow commands of GitHub Actions, which become annotations."""

from __future__ import annotations

import os

from replykit.cli.formats.paths import inside
from replykit.cli.origin import NO_FILE, Named
from replykit.records import Report, Violation

__all__ = ["GithubFormat"]

_DATA = {ord("%"): "%25", ord("\r"): "%0D", ord("\n"): "%0A"}
_PROPERTY = _DATA | {ord(":"): "%3A", ord(","): "%2C"}


class GithubFormat:
    """One command for each violation; a row of a workbook has no line, so the message names it."""

    def show(self, named: Named, report: Report) -> None:
        """Print the commands of one report."""
        for violation in report.violations:
            print(_command(named, violation))

    def finish(self) -> None:
        """Print nothing more."""


def _command(named: Named, violation: Violation) -> str:
    properties: dict[str, object] = {}
    if named.file not in NO_FILE.values():
        properties["file"] = inside(named.file) or os.path.abspath(named.file)
        start, end = named.place(violation.start), named.place(violation.end)
        if start and end:
            properties |= {"line": start.line, "endLine": end.line}
            if start.column and end.column and start.line == end.line:
                properties |= {"col": start.column, "endColumn": max(end.column - 1, start.column)}
    properties["title"] = f"{violation.principle}/{violation.rule}"
    given = ",".join(f"{name}={str(value).translate(_PROPERTY)}" for name, value in properties.items())
    suggestions = "".join(f"\n→ {suggestion}" for suggestion in violation.suggestions)
    message = f"{f'{named.cell}: ' if named.cell else ''}{violation.message}{suggestions}"
    return f"::{violation.severity} {given}::{message.translate(_DATA)}"
