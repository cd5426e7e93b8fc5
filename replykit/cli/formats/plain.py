"""Reports for people, and as JSON, one object a line."""

from __future__ import annotations

import sys

from replykit.cli.display import json_line, show_findings, show_line, show_marked
from replykit.cli.origin import Named
from replykit.records import Report

__all__ = ["JsonFormat", "TextFormat"]


class TextFormat:
    """Each text with violations, its violations marked, and one finding after the other."""

    def show(self, named: Named, report: Report) -> None:
        """Print the report where it has violations."""
        if not report.violations:
            return
        if named.id in ("text", "stdin"):
            show_marked(report.text, report.violations)
            show_findings(report.violations, to=sys.stdout)
            return
        label = f"row {named.id}" if isinstance(named.id, int) else named.id
        show_line(("strong", f"{label}:"))
        show_marked(report.text, report.violations)
        show_findings(report.violations, to=sys.stdout, label=f"{label}: ")
        print()

    def finish(self) -> None:
        """Print nothing more."""


class JsonFormat:
    """One object for each text: id, text, ok, violations, and the language where something decided it."""

    def show(self, named: Named, report: Report) -> None:
        """Print the report."""
        violations = [violation.model_dump() for violation in report.violations]
        line = {"id": named.id, "text": named.text, "ok": report.ok, "violations": violations}
        print(json_line(line | ({"language": report.language} if report.language else {})))

    def finish(self) -> None:
        """Print nothing more."""
