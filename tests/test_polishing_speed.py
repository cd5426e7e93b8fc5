"""The benchmarks of polishing: what they compare does the same work, and their page says what was measured."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import polishing
import pytest
from polishing import DELAY, Size, canned, measured, speed_section


@pytest.mark.parametrize("at_once", [4])
def test_both_sides_ask_the_same(at_once: int) -> None:
    """The SDK's loop and the polishing make as many calls of one server, and all come back."""
    call = [sys.executable, str(Path(polishing.__file__).with_name("answering.py")), "0.01"]
    with subprocess.Popen(call, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin
        assert server.stdout
        url = f"http://127.0.0.1:{int(server.stdout.readline())}/v1"
        for what in ("sdk", "online"):
            run = measured(what, at_once, 12, url)
            assert run.rows == 12
            assert run.seconds > 0
            assert run.cpu > 0
        server.stdin.close()


def test_canned_replies_differ_and_some_are_flagged() -> None:
    """What is polished offline is no thousand copies of one reply, and not all of it is clean."""
    from replykit import check

    texts = [row["text"] for row in canned(2_000)]
    assert len(set(texts)) == 2_000
    flagged = sum(not check(text).ok for text in texts[:200])
    assert 5 < flagged < 150


def test_the_section_says_what_was_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every figure of the section comes from the runs, and a bar that is missed says so."""

    def made_up(what: str, at_once: int, count: int, url: str = "") -> polishing.Measured:
        rate = {"sdk": 200.0, "online": 240.0, "offline": 4_000.0}[what]
        return polishing.Measured(count, count / rate, count * 0.001, 100_000_000 + count)

    monkeypatch.setattr(polishing, "measured", made_up)
    text = speed_section(Size(seconds=2 * DELAY, rounds=1, rows=10_000, few=100))
    assert "| 1.20 | at least 1.00 | yes |" in text
    assert "| 1.20 | at least 1.15 | yes |" in text
    assert "| 4,000 | at least 5,000 | **no** |" in text
    assert "| 100 MB | at most 131 MB | yes |" in text
