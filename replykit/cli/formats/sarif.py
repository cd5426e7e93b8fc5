"""Violations as a SARIF 2.1.0 log, for code scanning and editors."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import quote

import replykit
from replykit.cli.formats.paths import inside
from replykit.cli.origin import Named
from replykit.playbook import Playbook, Principle
from replykit.records import Report, Violation
from replykit.rules import Rule
from replykit.script import tongues_of
from replykit.text import fold

__all__ = ["SarifFormat"]

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


class SarifFormat:
    """One log with one run, printed at the end, so that it is whole or missing; the findings are held until then.

    Columns and offsets are in UTF-16 code units (`columnKind`), as the viewers of such logs count. A finding's
    fingerprint comes from its file, rule, reply and words, and not from its line.

    Args:
        playbook: the rules that are checked; each is described in the log.
    """

    def __init__(self, playbook: Playbook) -> None:
        self._playbook = playbook
        self._numbers = {rule.id: number for number, rule in enumerate(playbook.rules)}
        self._results: list[dict[str, Any]] = []
        self._seen = Counter[str]()

    def show(self, named: Named, report: Report) -> None:
        """Keep the findings of one report."""
        self._results += [self._result(named, violation) for violation in report.violations]

    def finish(self) -> None:
        """Print the log."""
        principles = {principle.id: principle for principle in self._playbook.principles}
        language = tongues_of(self._playbook).locale(self._playbook.languages[0])
        driver = {
            "name": "replykit",
            "version": replykit.__version__,
            "language": language,
            "rules": [_described(rule, principles.get(rule.principle)) for rule in self._playbook.rules],
        }
        run = {
            "tool": {"driver": driver},
            "language": language,
            "columnKind": "utf16CodeUnits",
            "newlineSequences": ["\r\n", "\n", "\r"],
            "results": self._results,
        }
        print(json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, ensure_ascii=False, indent=2))

    def _result(self, named: Named, violation: Violation) -> dict[str, Any]:
        suggestions = "".join(f"\n→ {suggestion}" for suggestion in violation.suggestions)
        row = f"{named.cell}: " if named.cell else ""
        return {
            "ruleId": violation.rule,
            "ruleIndex": self._numbers[violation.rule],
            "level": violation.severity,
            "message": {"text": row + violation.message + suggestions},
            "locations": [_location(named, violation)],
            "partialFingerprints": {"replykitReply/v1": self._fingerprint(named, violation)},
            "properties": {"principle": violation.principle, "suggestions": list(violation.suggestions)},
        }

    def _fingerprint(self, named: Named, violation: Violation) -> str:
        parts = [inside(named.file) or named.file, violation.rule, fold(named.text), fold(violation.text)]
        digest = hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]
        self._seen[digest] += 1
        return f"{digest}:{self._seen[digest]}"


def _location(named: Named, violation: Violation) -> dict[str, Any]:
    relative = inside(named.file)
    if relative is None:
        artifact = {"uri": Path(named.file).resolve().as_uri()}
    else:
        artifact = {"uri": quote(relative, errors="replace"), "uriBaseId": "%SRCROOT%"}
    physical: dict[str, Any] = {"artifactLocation": artifact}
    start, end = named.place(violation.start), named.place(violation.end)
    if start and end:
        region: dict[str, Any] = {"startLine": start.line}
        if start.column and end.column and start.offset is not None and end.offset is not None:
            region |= {"startColumn": start.column, "endLine": end.line, "endColumn": end.column}
            region |= {"charOffset": start.offset, "charLength": end.offset - start.offset}
        physical["region"] = region
    location: dict[str, Any] = {"physicalLocation": physical}
    if named.cell:
        location["logicalLocations"] = [{"fullyQualifiedName": named.cell, "kind": "row"}]
    return location


def _described(rule: Rule, principle: Principle | None) -> dict[str, Any]:
    title = principle.title if principle else rule.principle
    why = [principle.why] if principle else []
    source = "; ".join(dict.fromkeys([rule.source, *(principle.sources if principle else ())]))
    paragraphs = [*why, *([rule.reason] if rule.reason else []), *(principle.guidance if principle else ()), source]
    return {
        "id": rule.id,
        "name": "".join(word.capitalize() for word in rule.id.replace(".", "-").split("-")),
        "shortDescription": {"text": title},
        "fullDescription": {"text": why[0] if why else rule.reason or title},
        "help": {"text": "\n\n".join(paragraphs), "markdown": "\n\n".join(paragraphs)},
        "defaultConfiguration": {"level": rule.severity},
        "properties": {"principle": rule.principle, "tags": [rule.principle], "source": source},
    }
