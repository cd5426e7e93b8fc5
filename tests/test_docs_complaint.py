"""docs/complaint.md is what its script writes, and the complaint that it plays goes as it says."""

from __future__ import annotations

import pytest
import write_complaint


def test_the_page_is_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    """The prompts, findings and record are those of the playbook and the templates as they are."""
    assert write_complaint.main(["--check"]) == 0, capsys.readouterr().err


def test_every_weak_answer_is_found_and_mended() -> None:
    """At each stage, as it is read off, a first answer with errors is mended; once by the fixer, as asking did not."""
    stages, makers = [], []
    for _, _, reply, _ in write_complaint.played():
        first, *_, last = reply.attempts
        assert any(violation.severity == "error" for violation in first.violations)
        assert (reply.status, reply.text) == ("repaired", last.text)
        stages.append(reply.stage)
        makers.append(last.made_by)
    assert stages == ["accept", "clarify", "propose", "follow_up"]
    assert makers == ["model", "model", "model", "fixer"]
