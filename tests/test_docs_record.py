"""docs/record.md is what its script writes."""

from __future__ import annotations

import pytest
import write_record


def test_the_page_is_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    """The fields, the example and the figures are those of the playbook as it is."""
    assert write_record.main(["--check"]) == 0, capsys.readouterr().err
