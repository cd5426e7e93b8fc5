"""JSON Lines and Parquet as sheets: what is not edited stays, and what is edited stands where it should."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replykit.cli import main
from replykit.errors import UsageError
from replykit.sheets import Edit, open_sheet
from replykit.sheets.columns import beside
from replykit.sheets.records import value_spans

VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text("好,}{\\\"': \u2028😀", max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2), st.dictionaries(st.text("a}:", max_size=2), inner, max_size=2)
    ),
    max_leaves=4,
)
RECORDS = st.dictionaries(st.text('ab"}{, 文', max_size=3), VALUES, max_size=4)
SPACE = st.sampled_from(["", " ", "  \t"])


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    """A file of JSON Lines as programs write them: with spaces, a blank line, escapes, and no end of the last line."""
    path = tmp_path / "replies.jsonl"
    path.write_bytes(
        '{"n": 1.50, "text": "\\u597d\\"的"}\r\n\n { "text" : null }  \n{"text":"好","n":{"a":[1]}}'.encode()
    )
    return path


# --- JSON Lines


def test_rows_are_lines(lines: Path) -> None:
    """A row has the number of its line; a value that is no text is its JSON, null and what is missing are empty."""
    sheet = open_sheet(lines)
    assert sheet.header == ("n", "text")
    assert [tuple(row) for row in sheet.rows()] == [
        (1, ("1.5", '好"的')), (3, ("", "")), (4, ('{"a": [1]}', "好"))
    ]  # fmt: skip


def test_what_is_not_edited_stays_byte_for_byte(lines: Path, tmp_path: Path) -> None:
    """New fields stand behind those that are there; numbers, escapes, spaces and line ends are as they were."""
    out = tmp_path / "out.jsonl"
    open_sheet(lines).write(out, ("新", "n"), [Edit(1, ("甲", "乙"))])
    before = lines.read_bytes().split(b"\n")
    after = out.read_bytes().split(b"\n")
    assert after[0] == before[0][:-2] + ', "新": "甲", "n 2": "乙"}\r'.encode()
    assert after[1:] == before[1:]
    open_sheet(lines).write(out, (), [Edit(4, replacement="=1\n")], replace=1)
    assert out.read_bytes().split(b"\n")[3] == b'{"text":"=1\\n","n":{"a":[1]}}'


@settings(max_examples=60, deadline=None)
@given(record=RECORDS, gap=SPACE, end=SPACE, value=st.text('好"\\}', max_size=4), ascii=st.booleans())
def test_an_edit_changes_its_fields_alone(
    tmp_path_factory: pytest.TempPathFactory, record: dict[str, Any], gap: str, end: str, value: str, ascii: bool
) -> None:
    """However a line is written: the object is the old one with the new fields, in their order."""
    raw = json.dumps(record, ensure_ascii=ascii, separators=(f"{gap},", f"{gap}:{gap}"))
    raw = f"{gap}{raw[:-1]}{gap}}}{end}"
    assert {name: json.loads(raw[a:b]) for name, (a, b) in value_spans(raw).items()} == record
    path = tmp_path_factory.getbasetemp() / "one.jsonl"
    path.write_text(raw + '\n{"text": ""}', "utf-8", newline="")
    sheet, out = open_sheet(path), path.with_name("out.jsonl")
    place = sheet.header.index("text")
    sheet.write(out, ("新",), [Edit(1, (value,), value)], replace=place)
    line, other = out.read_text("utf-8").split("\n")
    is_same = next(sheet.rows()).cells[place] == value
    assert json.loads(line) == {**record, **({} if is_same else {"text": value}), "新": value}
    assert [name for name in json.loads(line) if name in record] == list(record)
    assert other == '{"text": ""}'


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"a": 1}\n{"a"', "line 2, is not valid JSON"),
        (b"[1]", "line 1, is no JSON object"),
        (b"\n\n", "is empty"),
        (b"[" * 100_000, "nested too deep"),
        (json.dumps({str(n): n for n in range(1001)}).encode(), "more than 1,000 fields by line 1"),
    ],
)
def test_lines_that_are_no_records_are_refused(content: bytes, said: str, tmp_path: Path) -> None:
    """When the file is opened, with the line."""
    (tmp_path / "a.jsonl").write_bytes(content)
    with pytest.raises(UsageError, match=said):
        open_sheet(tmp_path / "a.jsonl")


# --- Parquet


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A Parquet file with columns of many types."""
    columns = {
        "n": pa.array([1, None, 3], pa.int16()),
        "text": pa.array(["呵呵", None, "=好"], pa.large_string()),
        "kind": pa.array(["a", "a", None]).dictionary_encode(),
        "facts": pa.array([["甲", "乙"], None, []]),
        "data": pa.array([b"\xff", b"", None]),
        "day": pa.array([0, 1, 2], pa.date32()),
        "inner": pa.array([{"x": 1}, None, {"x": 2}]),
    }
    pq.write_table(pa.table(columns), tmp_path / "a.parquet", row_group_size=2, compression="gzip")
    return tmp_path / "a.parquet"


def test_values_are_cells(table: Path) -> None:
    """Numbers and dates as Arrow writes them, a list of texts as lines, what is no text at all as an empty cell."""
    sheet = open_sheet(table)
    assert sheet.header == ("n", "text", "kind", "facts", "data", "day", "inner")
    assert [tuple(row) for row in sheet.rows()] == [
        (1, ("1", "呵呵", "a", "甲\n乙", "", "1970-01-01", "")),
        (2, ("", "", "a", "", "", "1970-01-02", "")),
        (3, ("3", "=好", "", "", "", "1970-01-03", "")),
    ]


def test_values_and_types_stay(table: Path, tmp_path: Path) -> None:
    """A copy has every column as it was, and the new ones behind it; a replaced text keeps its type."""
    out, before = tmp_path / "out.parquet", pq.read_table(table)
    open_sheet(table).write(out, ("新", "n"), [Edit(1, ("甲", "\ud800")), Edit(3, ("乙", ""))])
    after = pq.read_table(out)
    assert after.select(before.schema.names) == before
    assert after.schema.names[-2:] == ["新", "n 2"]
    assert after.column("新").to_pylist() == ["甲", None, "乙"]
    assert after.column("n 2").to_pylist() == ["\ufffd", None, ""]
    assert pq.ParquetFile(out).metadata.row_group(0).column(0).compression == "GZIP"
    for place in (1, 2):
        open_sheet(table).write(out, (), [Edit(3, replacement="好")], replace=place)
        replaced = pq.read_table(out)
        assert replaced.schema == before.schema
        assert replaced.column(place).to_pylist() == [*before.column(place).to_pylist()[:2], "好"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"encoding": "utf-8"}, "neither an encoding nor a delimiter"),
        ({"sheet": "1"}, "has no sheets"),
    ],
)
def test_options_of_other_kinds_are_refused(table: Path, arguments: dict[str, str], said: str) -> None:
    """Parquet has no encoding and no sheets."""
    with pytest.raises(UsageError, match=said):
        open_sheet(table, **arguments)


def test_damaged_parquet_is_refused(tmp_path: Path, table: Path) -> None:
    """A file that is none, or is cut off, and a text that is no UTF-8, each with a sentence."""
    (tmp_path / "b.parquet").write_bytes(table.read_bytes()[:-20])
    with pytest.raises(UsageError, match=r"b\.parquet cannot be read"):
        open_sheet(tmp_path / "b.parquet")
    data = pa.array([b"ok", b"\xff"], pa.binary())
    broken = pa.Array.from_buffers(pa.string(), 2, data.buffers())
    pq.write_table(pa.table({"text": broken}), tmp_path / "c.parquet")
    with pytest.raises(UsageError, match=r"c\.parquet, row 2: a text is not valid UTF-8"):
        list(open_sheet(tmp_path / "c.parquet").rows())


@pytest.mark.parametrize("suffix", ["parquet", "jsonl"])
def test_one_row_is_in_memory_at_a_time(suffix: str, tmp_path: Path) -> None:
    """Reading and writing a large file takes no more than a few of its rows."""
    path = tmp_path / f"a.{suffix}"
    texts = [f"第{n}条，" + "您好" * 100 for n in range(20_000)]
    if suffix == "parquet":
        pq.write_table(pa.table({"text": texts}), path, row_group_size=20_000)
    else:
        path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), "utf-8")
    del texts
    tracemalloc.start()
    try:
        sheet = open_sheet(path)
        edits = (Edit(row.number, (row.cells[0],)) for row in sheet.rows())
        sheet.write(tmp_path / f"out.{suffix}", ("新",), edits)
        assert tracemalloc.get_traced_memory()[1] < 6_000_000  # the texts take eight million
    finally:
        tracemalloc.stop()


# --- what both share


def test_titles_that_are_taken_get_a_number() -> None:
    """A second run over its own output adds columns beside the first ones."""
    assert beside(("a", "b", "b 2"), ("b", "c", "a")) == ("b 3", "c", "a 2")


@pytest.mark.parametrize("suffix", ["parquet", "jsonl"])
def test_polish_takes_them(
    suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same columns and statuses as in a spreadsheet; rows without a reply have none."""
    monkeypatch.chdir(tmp_path)
    texts = ["呵呵，好的", None, "您好，请稍等。"]
    if suffix == "parquet":
        pq.write_table(pa.table({"text": texts}), "a.parquet")
    else:
        Path("a.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), "utf-8")
    assert main(["polish", f"a.{suffix}", "-o", f"out.{suffix}", "--column", "text", "--offline"]) == 0
    assert "2 replies: 1 clean, 1 repaired" in capsys.readouterr().err
    rows = (
        pq.read_table("out.parquet").to_pylist()
        if suffix == "parquet"
        else [json.loads(line) for line in Path("out.jsonl").read_text("utf-8").splitlines()]
    )
    assert [row["text"] for row in rows] == texts
    assert [row.get("状态") for row in rows] == ["repaired", None, "clean"]
    assert [row.get("润色后的回复") for row in rows] == ["好的", None, texts[2]]
