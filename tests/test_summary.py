"""The manager's summary: counts by principle, agent, day and channel, and the worst replies without personal data."""

from __future__ import annotations

import csv
import datetime
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest
import write_summary
from hypothesis import given, settings
from hypothesis import strategies as st
from terminal import shown
from test_cli import run

from replykit.checker import checker_for
from replykit.columnar import Columns, check_batch
from replykit.errors import UsageError
from replykit.loader import load_playbook
from replykit.summary import Summary, read_results, summary_schema, summary_table, write_summary_page

BAD, WORSE, GOOD = "这个没办法的。", "呵呵，大哥，这个没办法的。", "您好，很高兴为您服务。"
KEPT = ("agent", "day", "text")


def _results(*rows: tuple[str | None, object, object]) -> Any:
    """The results of replies with their agents and days."""
    texts, agents, days = zip(*rows, strict=True)
    batch = pa.record_batch(
        {"text": pa.array(texts, pa.string()), "agent": pa.array(agents), "day": pa.array(days), "n": range(len(rows))}
    )
    return check_batch(checker_for(load_playbook("zh")), batch, Columns("text", "n", KEPT))


def _summary(batch: Any, **options: Any) -> Summary:
    summary = Summary(("agent",), day="day", **options)
    summary.add(batch)
    return summary


def test_counts() -> None:
    """Replies, those with an error and violations by principle are counted for all, for each agent and for each day."""
    summary = _summary(
        _results((WORSE, "小李", "2026-11-20"), (BAD, "小李", "2026-11-21"), (GOOD, "小王", "2026-11-21"))
    )
    assert (summary.all.replies, summary.all.broken) == (3, 2)
    assert summary.all.errors == Counter({"professional-register": 2, "no-brush-off": 2})
    assert [(name, group.replies, group.broken) for name, group in summary.in_order("agent")] == [
        ("小李", 2, 2),
        ("小王", 1, 0),
    ]
    assert [name for name, _ in summary.in_order("day")] == ["2026-11-20", "2026-11-21"]


@settings(deadline=None, max_examples=25)
@given(st.lists(st.tuples(st.sampled_from([BAD, WORSE, GOOD, "", None]), st.sampled_from(["a", "b"])), min_size=1))
def test_parts_come_to_the_whole(rows: list[tuple[str | None, str]]) -> None:
    """Every reply is in one group of each column, however the batches are cut, and what was not checked in none."""
    batch = _results(*[(text, agent, "2026-11-20") for text, agent in rows])
    summary = Summary(("agent",))
    for start in range(0, batch.num_rows, 3):
        summary.add(batch.slice(start, 3))
    parts = [group for _, group in summary.in_order("agent")]
    assert sum(group.replies for group in parts) == summary.all.replies == sum(bool(text) for text, _ in rows)
    assert summary.rows == summary.all.replies + summary.unchecked
    assert sum((group.errors for group in parts), Counter()) == summary.all.errors


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2026-11-20", "2026-11-20"),
        ("2026-11-20T23:59:59+08:00", "2026-11-20"),
        ("2026/1/5 10:00", "2026-01-05"),
        ("2026.11.20", "2026-11-20"),
        ("yesterday", "(none)"),
        ("2026-13-40", "(none)"),
        ("", "(none)"),
        (None, "(none)"),
    ],
)
def test_days(written: str | None, day: str) -> None:
    """A date or a time is counted by its day, as it is written; what is none, together."""
    summary = _summary(_results((BAD, "a", written)))
    assert [name for name, _ in summary.in_order("day")] == [day]


def test_days_of_arrow() -> None:
    """A column of times is counted by day, too."""
    summary = _summary(_results((BAD, "a", datetime.datetime(2026, 11, 20, 23, 0))))
    assert [name for name, _ in summary.in_order("day")] == ["2026-11-20"]


def test_the_worst_come_first() -> None:
    """Those with most errors come first, of alike ones the earliest; replies without a finding never."""
    summary = _summary(_results(*[(GOOD, "a", "")] * 5, *[(BAD, "a", "")] * 40, (WORSE, "a", "")))
    assert [one.id for one in summary.worst][:3] == ["45", "5", "6"]
    assert len(summary.worst) == 20
    assert summary.worst[0].rules == ("register-laughter", "register-familiar-address", "brush-off-no-way")
    assert all(one.text == "" for one in summary.worst)


def test_no_personal_data() -> None:
    """Of a reply that is shown, phone numbers and mailboxes are masked; an order's number is not."""
    text = "没办法，您打13812345678或写信给 wang@example.com，订单号 20261120001。"
    (worst,) = _summary(_results((text, "a", "")), text="text").worst
    assert "13812345678" not in worst.text
    assert "wang@example.com" not in worst.text
    assert "20261120001" in worst.text


def test_names_as_numbers() -> None:
    """A column whose values are people's shows numbers, the same for the same name, in every output."""
    summary = _summary(_results((BAD, "小李", ""), (BAD, "小王", ""), (BAD, "小李", "")), private=("agent",))
    assert {name: group.replies for name, group in summary.in_order("agent")} == {"agent 1": 2, "agent 2": 1}
    assert "小李" not in json.dumps(summary_table(summary).to_pylist(), ensure_ascii=False)
    assert dict(summary.worst[0].by)["agent"] == "agent 1"
    with pytest.raises(UsageError, match="parted by"):
        Summary((), private=("agent",))


def test_hostile_values(tmp_path: Path) -> None:
    """Markup, formulas and marks of direction in a value stay text on the page and in a table; a long one is cut."""
    values = ["<script>alert(1)</script>", "=HYPERLINK('x')", "\u202eevil", "长" * 500]
    summary = _summary(_results(*[(BAD, value, "") for value in values]), text="text")
    write_summary_page(tmp_path / "page.html", summary, title="<b>", made_at="")
    page = (tmp_path / "page.html").read_text("utf-8")
    assert "<script>" not in page
    assert "\u202e" not in page
    assert "长" * 81 not in page
    assert "default-src 'none'" in page
    done = run("summary", _written(tmp_path, *values), "--by", "agent", "-o", str(tmp_path / "s.csv"))
    assert done.code == 0, done.err
    with (tmp_path / "s.csv").open(encoding="utf-8-sig", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert not any(cell.startswith("=") for cell in cells)


def _written(folder: Path, *agents: str) -> str:
    path = folder / "results.parquet"
    pa.parquet.write_table(pa.Table.from_batches([_results(*[(BAD, agent, "2026-11-20") for agent in agents])]), path)
    return str(path)


def test_many_values() -> None:
    """Of a column with a value for each reply the first 2,000 are told apart, the rest together."""
    summary = _summary(_results(*[(BAD, f"agent {number}", "") for number in range(2100)]))
    groups = dict(summary.in_order("agent"))
    assert len(groups) == 2001
    assert groups["(others)"].replies == 100


def test_the_command(tmp_path: Path) -> None:
    """It reads what check wrote, prints the tables, and writes a page and tables that hold the same numbers."""
    log = tmp_path / "log.jsonl"
    log.write_text("\n".join(json.dumps({"text": text, "agent": "小李"}) for text in (BAD, WORSE, GOOD)), "utf-8")
    results, table, page = (str(tmp_path / name) for name in ("results.jsonl", "summary.parquet", "summary.html"))
    assert run("check", str(log), "-o", results, "--keep", "agent").code == 1
    done = run("summary", results, "--by", "agent", "-o", table, "-o", page)
    assert done.code == 0, done.err
    assert "3 replies, 2 with an error (66.7 of a hundred)" in done.out
    whole = pa.parquet.read_table(table)
    assert whole.schema.names == summary_schema().names
    assert whole.to_pylist()[0] | {"per_100": 0} == {
        "by": None, "value": None, "principle": None, "replies": 3, "with_errors": 2, "errors": 4, "warnings": 0,
        "per_100": 0,
    }  # fmt: skip
    assert "小李" in Path(page).read_text("utf-8")


def test_bad_use(tmp_path: Path) -> None:
    """A file that holds no results, an empty folder, a column that was not kept, an odd ending: one sentence each."""
    log = tmp_path / "log.jsonl"
    log.write_text('{"text": "您好"}\n', "utf-8")
    results = _written(tmp_path, "a")
    (tmp_path / "empty").mkdir()
    for arguments, said in (
        ((str(log),), "line 1: this is no result of a check"),
        ((str(tmp_path / "empty"),), "holds no results"),
        ((results, "--by", "team"), "no column 'team'; keep it with: check … --keep team"),
        ((results, "--as-number", "agent"), "parted by"),
        ((results, "-o", str(tmp_path / "s.doc")), "end its name in"),
    ):
        done = run("summary", *arguments)
        assert (done.code, said in done.err, len(done.lines)) == (2, True, 1), done.err


def test_a_folder_is_read_once(tmp_path: Path) -> None:
    """The folder that an engine wrote is read file by file, and a file that is named beside it is not read again."""
    path = _written(tmp_path, "a", "b")
    assert sum(batch.num_rows for batch in read_results([str(tmp_path), path])) == 2


def test_the_page_shows_what_the_commands_print(tmp_path: Path) -> None:
    """docs/summary.md is what its command wrote: the same log gives the same counts."""
    write_summary.make_log(tmp_path / "log.parquet")
    page = write_summary.TARGET.read_text("utf-8")
    for command in (write_summary.CHECK, write_summary.SUMMARY):
        printed = shown(f'replykit() {{ "{sys.executable}" -m replykit "$@"; }}; {command}', tmp_path).strip()
        assert f"$ {command}\n{printed}\n" in page
