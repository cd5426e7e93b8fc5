"""What of a report is shown: comments, a baseline and a threshold take violations away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from replykit.cli.baseline import Baseline
from replykit.cli.origin import Named
from replykit.cli.selection import known_ids, names
from replykit.playbook import Playbook
from replykit.records import Report, Severity, Violation

__all__ = ["Findings"]


class Findings:
    """Takes away the violations that comments ignore, that a baseline accepts, or that lie below a threshold.

    Args:
        run: the playbook with the rules that are checked.
        whole: the playbook with all rules.
        baseline: what is accepted; None: nothing.
        severity: the least severity that counts.

    Attributes:
        tally: how many `replies` there were, how many of them `fine`, and how many `errors` and `warnings` are left,
            `ignored` by comments, and `accepted` by the baseline.
        unused: for each comment that ignores nothing, where it stands and which id.
    """

    def __init__(self, run: Playbook, whole: Playbook, baseline: Baseline | None, severity: Severity) -> None:
        self._run, self._whole, self._baseline, self._severity = run, whole, baseline, severity
        self._checked = {id for rule in run.rules for id in (rule.id, rule.principle)}
        self.tally = Counter[str]()
        self.unused: list[tuple[str, str]] = []

    def left(self, named: Named, report: Report) -> Report:
        """Return the report with the violations that are left, and count them.

        Raises:
            UsageError: a comment ignores an unknown rule or principle.
        """
        for id, line in named.ignored:
            known_ids([id], self._whole, f"{named.file}, line {line}")
            if id in self._checked and not any(names([id], violation) for violation in report.violations):
                self.unused.append((f"{named.file}:{line}", id))
        kept = tuple(self._kept(named, report))
        left = report.model_copy(update={"violations": kept})
        self.tally.update(replies=1, fine=left.ok, errors=len(left.errors), warnings=len(left.warnings))
        return left

    def _kept(self, named: Named, report: Report) -> Iterator[Violation]:
        ids = [id for id, _ in named.ignored]
        for violation in report.violations:
            below = self._severity == "error" and violation.severity == "warning"
            if names(ids, violation):
                self.tally["ignored"] += 1
            elif self._is_accepted(named, violation, below):
                self.tally["accepted"] += not below
            elif not below:
                yield violation

    def _is_accepted(self, named: Named, violation: Violation, below: bool) -> bool:
        if self._baseline is None or (below and self._baseline.accepting):
            return False
        return self._baseline.accepts(named.file, violation)
