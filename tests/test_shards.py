"""A job in shards: limits are split exactly, every row comes back once and in order, and each ledger is its shard's."""

from __future__ import annotations

import dataclasses
import threading
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from canned import respond, rows
from hypothesis import given, settings
from hypothesis import strategies as st
from server import KEY, Server, status

from replykit.batch.limits import Limits, tokens_for
from replykit.batch.shard import LEDGER, POLISHED, ROWS, Outcome, Plan, Shard
from replykit.batch.sharding import Sharding
from replykit.batch.sheet_columns import SheetColumns
from replykit.batch.tally import Tally
from replykit.errors import UsageError
from replykit.records import Prices
from replykit.sheets import Edit, open_sheet

WHOLE = st.integers(1, 10_000)


# --- limits


@given(
    parts=st.integers(1, 40), rates=st.tuples(WHOLE, WHOLE, WHOLE, WHOLE), has=st.tuples(*[st.booleans()] * 3)
)  # fmt: skip
def test_parts_are_the_whole(parts: int, rates: tuple[int, int, int, int], has: tuple[bool, bool, bool]) -> None:
    """Together they are exactly what is to be split, and differ by one at most; else nothing is split."""
    concurrency, *others = rates
    limits = Limits(concurrency, *(value if is_set else None for value, is_set in zip(others, has, strict=True)))
    if any(value is not None and value < parts for value in limits[:4]):
        with pytest.raises(UsageError, match="cannot be shared"):
            limits.split(parts)
        return
    split = limits.split(parts)
    assert len(split) == parts
    for whole, *each in zip(limits[:4], *(part[:4] for part in split), strict=True):
        if whole is None:
            assert each == [None] * parts
        else:
            assert sum(each) == whole  # type: ignore[arg-type]
            assert max(each) - min(each) <= 1  # type: ignore[type-var, operator]
    assert sum(part.share for part in split) == pytest.approx(1)


def test_a_sum_buys_tokens_at_the_dearer_price() -> None:
    """So that whatever is spent on, it is never passed; what buys nothing is refused."""
    prices = Prices(prompt=Decimal(2), completion=Decimal(8))
    assert tokens_for(Decimal("1.50"), prices) == 187_500
    with pytest.raises(UsageError, match="no token can be bought"):
        tokens_for(Decimal("0.000001"), prices)
    with pytest.raises(UsageError, match="no token can be bought"):
        tokens_for(Decimal(1), Prices(prompt=Decimal(0), completion=Decimal(0)))


# --- rows


def _batches(values: list[tuple[str | None, int]], size: int) -> list[Any]:
    table = pa.table({"text": pa.array([text for text, _ in values], pa.string()), "n": [n for _, n in values]})
    return table.to_batches(max_chunksize=size)


def _polished(sharding: Sharding) -> None:
    """Give each shard the results that a run would: a column of its own."""
    for folder in sharding.folders:
        sheet = open_sheet(folder / ROWS)
        sheet.write(folder / POLISHED, ("新",), [Edit(row.number, (row.cells[0] + "!",)) for row in sheet.rows()])


@settings(max_examples=25, deadline=None)
@given(
    texts=st.lists(st.one_of(st.none(), st.text("ab好", max_size=2)), min_size=1, max_size=40),
    shards=st.integers(1, 4),
    size=st.integers(1, 9),
)  # fmt: skip
def test_every_row_comes_back_once_and_in_order(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str | None], shards: int, size: int
) -> None:
    """However the rows come in batches; equal rows are in one shard, and a later run finds each where it was."""
    values = [(text, n % 3) for n, text in enumerate(texts)]
    sharding = Sharding(tmp_path_factory.mktemp("job"), shards)
    sharding.deal(_batches(values, size), ["text"])
    dealt = [pq.read_table(folder / ROWS).to_pylist() for folder in sharding.folders]
    where: dict[str | None, int] = {}
    for number, own in enumerate(dealt):
        for row in own:
            assert where.setdefault(row["text"], number) == number
    _polished(sharding)
    found = [row for batch in sharding.collected() for row in batch.to_pylist()]
    assert found == [
        {"text": text, "n": n, "row": number, "新": (text or "") + "!"} for number, (text, n) in enumerate(values, 1)
    ]
    again = Sharding(sharding.folder, shards)
    again.deal(_batches(values[::-1], 3), ["text"])
    for number, folder in enumerate(again.folders):
        assert {row["text"] for row in pq.read_table(folder / ROWS).to_pylist()} == {
            row["text"] for row in dealt[number]
        }


def test_rows_that_are_missing_or_twice_are_found(tmp_path: Path) -> None:
    """A shard's results without a row of it, or with one of another shard, are no results."""
    sharding = Sharding(tmp_path / "job", 2)
    sharding.deal(_batches([(f"{n}", n) for n in range(50)], 7), ["text"])
    _polished(sharding)
    place = sharding.folders[0] / POLISHED
    whole = pq.read_table(place)
    for wrong in (whole.slice(1), whole.slice(0, 3), pa.concat_tables([whole, whole.slice(whole.num_rows - 1)])):
        pq.write_table(wrong, place)
        with pytest.raises(UsageError, match="run it again"):
            list(sharding.collected())


def test_what_cannot_be_dealt_is_refused_and_leaves_the_rest(tmp_path: Path) -> None:
    """No row, batches with other columns, a folder with another number of shards, or one that cannot be made."""
    sharding = Sharding(tmp_path / "job", 2)
    with pytest.raises(UsageError, match="no row to polish"):
        sharding.deal([], ["text"])
    other = pa.record_batch({"other": ["x"]})
    with pytest.raises(UsageError, match="rows from 3 on have other columns"):
        sharding.deal([*_batches([("a", 1), ("b", 2)], 2), other], ["text"])
    assert [path.name for path in sharding.folders[0].iterdir()] == []
    sharding.deal(_batches([("a", 1)], 1), ["text"])
    with pytest.raises(UsageError, match="has a job of 2 shards"):
        Sharding(tmp_path / "job", 3)
    (tmp_path / "job" / "job.json").write_text("{}")
    with pytest.raises(UsageError, match="has another kind of job"):
        Sharding(tmp_path / "job", 2)
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be made"):
        Sharding(tmp_path / "file" / "job", 2).deal(_batches([("a", 1)], 1), ["text"])
    Sharding(tmp_path / "new", 2)
    assert not (tmp_path / "new").exists()


# --- a shard


def _plan(folder: Path, server: Server | None, **changed: Any) -> Plan:
    kit: dict[str, Any] = {"playbook": ["zh"]}
    if server:
        kit |= {"model": "test", "base_url": server.url, "api_key": KEY}
    plan = Plan(str(folder), kit, SheetColumns(0), 1, Limits(4))
    return dataclasses.replace(plan, **changed)


@pytest.fixture
def shard(tmp_path: Path) -> Path:
    """A folder with the rows of a shard, which are every tenth of a whole; one is blank, one there twice."""
    texts: list[str | None] = [row["text"] for row in rows(12)]
    texts[3:3] = [None, texts[1]]
    table = pa.table({"text": texts, "row": range(10, 150, 10)})
    pq.write_table(table, tmp_path / ROWS)
    return tmp_path


def test_a_shard_is_polished_by_the_engine_of_the_spreadsheets(shard: Path, server: Server) -> None:
    """All of its rows are in its results; what an equal row is called is its number in the whole."""
    server.respond(respond)
    outcome = Shard(_plan(shard, server)).run()
    assert (outcome.rows, outcome.error, outcome.kept) == (14, None, 13)
    assert outcome.tally is not None
    assert outcome.tally.rows == 13
    table = pq.read_table(shard / POLISHED).to_pylist()
    assert [row["row"] for row in table] == list(range(10, 150, 10))
    assert table[3]["状态"] is None
    assert "与第 20 行相同" in table[4]["修改说明"]
    asked = len(server.requests)
    assert Shard(_plan(shard, server)).run().rows == 14
    assert len(server.requests) == asked


def test_a_shard_never_raises(shard: Path, server: Server) -> None:
    """What ends it is told with what is kept; the next run goes on."""
    server.always(status(401, "wrong key"))
    outcome = Shard(_plan(shard, server)).run()
    assert (outcome.rows, outcome.error and outcome.error[0]) == (None, "ChatAuthError")
    missing = Shard(_plan(shard / "none", server)).run()
    assert (missing.error and missing.error[0]) == "LedgerError"
    spent = Shard(_plan(shard, server, limits=Limits(1, max_tokens_total=10))).run()
    assert (spent.error and spent.error[0]) == "BudgetError"
    server.respond(respond)
    assert Shard(_plan(shard, server)).run().rows == 14


def test_a_shard_waits_for_the_process_before_it(shard: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A ledger that is still held is waited for; where nobody lets go of it, the shard says so."""
    from replykit.batch.ledger import Ledger

    held = Ledger(shard / LEDGER)
    ended: list[Outcome] = []
    waiting = threading.Thread(target=lambda: ended.append(Shard(_plan(shard, None)).run()))
    waiting.start()
    waiting.join(0.4)
    assert waiting.is_alive()
    held.close()
    waiting.join(20)
    assert ended[0].rows == 14
    monkeypatch.setattr("replykit.batch.shard._PATIENCE", 0.1)
    held = Ledger(shard / LEDGER)
    error = Shard(_plan(shard, None)).run().error
    held.close()
    assert error is not None
    assert "in use" in error[1]


def test_a_shard_that_is_stopped_goes_on_later(shard: Path, server: Server) -> None:
    """Before its run or during it: nothing is written, and the next run finishes."""
    server.respond(respond)
    early = Shard(_plan(shard, server))
    early.stop()
    assert early.run().rows is None
    during = Shard(_plan(shard, server, limits=Limits(1)))

    def answer(body: dict[str, Any]) -> Any:
        if len(server.requests) == 3:
            during.stop()
        return respond(body)

    server.respond(answer)
    outcome = during.run()
    assert (outcome.rows, outcome.error) == (None, None)
    assert not (shard / POLISHED).exists()
    assert during.progress.calls < 8
    server.respond(respond)
    assert Shard(_plan(shard, server)).run().rows == 14


def test_tallies_add_up(shard: Path) -> None:
    """Two halves counted apart are the whole."""
    whole = Shard(_plan(shard, None)).run().tally
    assert whole is not None
    total = Tally()
    total += whole
    total += whole
    assert (total.rows, total.shared, total.statuses) == (26, 2, whole.statuses + whole.statuses)
    assert [tuple(2 * n for n in one.before) for one in whole.principles()] == [
        one.before for one in total.principles()
    ]
