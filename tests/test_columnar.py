"""Replies by the million: results as columns that say what the check says, and rows that are never lost."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import replykit
from replykit.checker import Checker, checker_for
from replykit.columnar import Columns, check_batch, check_batches, open_replies, result_schema, write_results
from replykit.columnar.checking import ID, TROUBLE
from replykit.errors import UsageError
from replykit.reading import Given

TEXTS = [
    "呵呵，大哥，这个没办法的。",
    "您好，已经为您查到，包裹今天下午送到。",
    "親，這個沒辦法喔",
    "大概明天吧",
    "没 有 办 法",
]
BROKEN = b"\xe5\x91\xb5\xff\xfe"  # no UTF-8


@pytest.fixture(scope="module")
def checker() -> Checker:
    """The checker of the built-in playbook."""
    return checker_for(replykit.load_playbook("zh"))


def _batch(texts: list[str | None], **more: list[Any]) -> Any:
    return pa.record_batch({"text": pa.array(texts, pa.string()), **{k: pa.array(v) for k, v in more.items()}})


def _said(report: replykit.Report) -> dict[str, Any]:
    keys = ("principle", "rule", "severity", "start", "end")
    found = [{key: getattr(violation, key) for key in keys} for violation in report.violations]
    return {"ok": report.ok, "errors": len(report.errors), "warnings": len(report.warnings), "violations": found}


def parquet(path: Path, texts: list[Any], group: int = 1000, **more: list[Any]) -> str:
    """Write a Parquet file with a column of texts."""
    pq.write_table(pa.table({"text": pa.array(texts, pa.string()), **more}), path, row_group_size=group)
    return str(path)


# --- what was found


@settings(max_examples=40, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(TEXTS), st.text("没办法呵 a，。\u200b😀", max_size=12)), max_size=6))
def test_results_are_those_of_the_check(checker: Checker, texts: list[str]) -> None:
    """Each row says what a check of its text says: offsets in code points, severities, rules and counts."""
    results = check_batch(checker, _batch(list(texts)), Columns("text"))
    assert results.schema == result_schema()
    for text, row in zip(texts, results.to_pylist(), strict=True):
        if text.strip():
            assert {name: row[name] for name in _said(checker.check(text))} == _said(checker.check(text))
        assert row["trouble"] is None


def test_what_is_known_beside_the_replies_counts(checker: Checker) -> None:
    """A channel switches its rules on here as in a check; without one they stay off."""
    text = "您好，您的手机号13812345678我们已经登记。"
    counts = []
    for channel in (None, "review"):
        known = checker.given(channel=channel)  # type: ignore[arg-type]
        results = check_batch(checker, _batch([text]), Columns("text"), known)
        assert results.column("errors")[0].as_py() == len(checker.check(text, channel=channel).errors)  # type: ignore[arg-type]
        counts.append(results.column("errors")[0].as_py())
    assert counts[0] < counts[1]


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())], ids=str)
def test_every_type_of_text_is_read(checker: Checker, kind: Any) -> None:
    """Texts are texts however Arrow holds them; a column of another type is refused by name."""
    batch = pa.record_batch({"text": pa.array(TEXTS).cast(kind), "day": pa.array(range(5))})
    Columns("text", keep=("day",)).check(batch.schema, "log.parquet")
    assert check_batch(checker, batch, Columns("text")).column("ok").to_pylist() == [
        checker.check(text).ok for text in TEXTS
    ]
    with pytest.raises(UsageError, match="'day' holds no texts, but int64"):
        Columns("day").check(batch.schema, "log.parquet")


def test_a_poisoned_row_is_told_of_and_ends_nothing(checker: Checker) -> None:
    """Null and blank rows are not checked; what cannot be checked says why; the rows beside them are as ever."""
    data = [TEXTS[0].encode(), None, b" \n", BROKEN, b"x" * 5_000_001, TEXTS[1].encode()]
    texts = pa.Array.from_buffers(pa.string(), len(data), pa.array(data, pa.binary()).buffers())
    results = check_batch(checker, pa.record_batch({"text": texts}), Columns("text")).to_pylist()
    assert [row["ok"] for row in results] == [False, None, None, None, None, True]
    assert [row["violations"] is None for row in results] == [False, True, True, True, True, False]
    troubles = [row["trouble"] for row in results]
    assert troubles[:3] == [None] * 3
    assert troubles[5] is None
    assert "UTF-8" in troubles[3]
    assert "5,000,000" in troubles[4]


def test_columns_are_kept_beside_the_results(checker: Checker) -> None:
    """What is kept stands behind the results as it was; a name of the results cannot be kept."""
    batch = _batch(TEXTS[:2], agent=["a", None], ok=[1, 2], n=[7, 8])
    results = check_batch(checker, batch, Columns("text", "n", ("agent", "n")))
    assert results.schema.names == [*result_schema().names, "agent", "n"]
    assert results.column("id").to_pylist() == ["7", "8"]
    assert results.column("agent").to_pylist() == ["a", None]
    with pytest.raises(UsageError, match="'ok' cannot be kept"):
        Columns("text", keep=("ok",)).check(batch.schema, "log.parquet")


@pytest.mark.parametrize("processes", [1, 2])
def test_processes_change_nothing(checker: Checker, processes: int) -> None:
    """One process or two: the same results in the same order."""
    batches = [_batch([f"{text}{n}" for text in TEXTS]) for n in range(30)]
    whole = [check_batch(checker, batch, Columns("text"), Given()) for batch in batches]
    assert list(check_batches(checker, batches, Columns("text"), processes=processes)) == whole


# --- files


def _read(pieces: Any) -> list[dict[str, Any]]:
    return [row for piece in pieces for batch in piece.batches() for row in batch.to_pylist()]


def test_a_file_is_read_in_pieces_with_its_row_numbers(tmp_path: Path) -> None:
    """Row groups make pieces that can be read apart; rows are counted through all of them."""
    path = parquet(tmp_path / "log.parquet", [f"第{n}" for n in range(2500)], 300)
    pieces = open_replies([path], "text", piece=1000)
    assert [(piece.before, piece.rows) for piece in pieces] == [(0, 1200), (1200, 1200), (2400, 100)]
    assert _read(pieces) == [{ID: str(n + 1), "text": f"第{n}"} for n in range(2500)]
    assert _read([pieces[1]])[0][ID] == "1201"


def test_a_path_that_is_named_twice_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However it is written: relative, absolute, through a link."""
    monkeypatch.chdir(tmp_path)
    path = parquet(tmp_path / "a.parquet", TEXTS)
    (tmp_path / "link.parquet").symlink_to(path)
    pieces = open_replies(["a.parquet", path, "./a.parquet", "link.parquet"], "text")
    assert len(_read(pieces)) == len(TEXTS)
    other = parquet(tmp_path / "b.parquet", TEXTS)
    assert _read(open_replies(["a.parquet", other, "a.parquet"], "text"))[0][ID] == "a.parquet:1"


def test_lines_and_tables_are_read_alike(tmp_path: Path) -> None:
    """JSON Lines and CSV give the same columns; a line that is no JSON is a row with a trouble."""
    lines = ['{"text": "您好", "day": 3}', "", "{broken", '{"other": 1}', '{"text": 5}', '{"text": null}']
    (tmp_path / "a.jsonl").write_text("\n".join(lines), "utf-8")
    rows = _read(open_replies([str(tmp_path / "a.jsonl")], None, ["day"]))
    assert [(row[ID], row["text"], row["day"]) for row in rows] == [
        ("1", "您好", "3"), ("3", None, None), ("4", None, None), ("5", None, None), ("6", None, None)
    ]  # fmt: skip
    troubles = [row[TROUBLE] for row in rows]
    assert troubles[0] is None
    assert "is not valid JSON" in troubles[1]
    assert troubles[2] == "there is no field 'text'"
    assert troubles[3] == "the field 'text' holds no text"
    assert troubles[4] is None
    (tmp_path / "a.csv").write_bytes('编号;回复\n1;您好\n\n2;"呵呵，\n好"\n3\n'.encode("gb18030"))
    rows = _read(open_replies([str(tmp_path / "a.csv")], "回复", ["A"]))
    assert [(row[ID], row["回复"], row["编号"]) for row in rows] == [
        ("2", "您好", "1"),
        ("4", "呵呵，\n好", "2"),
        ("5", None, "3"),
    ]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.parquet", b"PAR1 is not all", "a.parquet cannot be read"),
        ("a.txt", b"x", "is no file of columns"),
        ("none.parquet", None, "none.parquet cannot be read: No such file"),
    ],
)
def test_what_cannot_be_read_is_named(name: str, content: bytes | None, said: str, tmp_path: Path) -> None:
    """One sentence, before anything is checked."""
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(UsageError, match=said):
        open_replies([str(tmp_path / name)], "text")


def test_a_row_group_is_not_held_as_a_whole(tmp_path: Path) -> None:
    """Of a file with one large row group, a few batches are in memory at a time."""
    texts = [f"{n}，您好，已经为您查到，包裹今天下午送到，请您留意查收。" for n in range(300_000)]
    path = parquet(tmp_path / "a.parquet", texts, 300_000)
    pool = pa.default_memory_pool()
    before, most, rows = pool.bytes_allocated(), 0, 0
    for piece in open_replies([path], "text"):
        for batch in piece.batches():
            rows += batch.num_rows
            most = max(most, pool.bytes_allocated() - before)
    assert rows == 300_000
    assert most < 8_000_000  # the texts take 24 million


@pytest.mark.parametrize("suffix", ["parquet", "jsonl", "csv"])
def test_results_are_written_as_their_name_says(suffix: str, checker: Checker, tmp_path: Path) -> None:
    """Every row is in the file, which appears when it is whole; a formula in a table is no formula."""
    batches = [check_batch(checker, _batch(TEXTS, agent=["=1+1"] * 5), Columns("text", keep=("agent",)))] * 3
    path = tmp_path / f"out.{suffix}"
    assert write_results(str(path), batches) == 15
    if suffix == "parquet":
        assert pq.read_table(path) == pa.Table.from_batches(batches)
    elif suffix == "jsonl":
        assert [json.loads(line) for line in path.read_text("utf-8").splitlines()] == 3 * batches[0].to_pylist()
    else:
        assert path.read_text("utf-8-sig").splitlines()[1].endswith(",'=1+1")

    def failing() -> Any:
        yield batches[0]
        raise UsageError("gone")

    with pytest.raises(UsageError, match="gone"):
        write_results(str(tmp_path / f"other.{suffix}"), failing())
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


# --- the command


def test_parquet_is_checked_as_any_other_file(check: Any, tmp_path: Path) -> None:
    """The rows of a column, by the name, letter or number of the column; blank ones are left out."""
    parquet(tmp_path / "a.parquet", [TEXTS[0], None, "", TEXTS[1]], day=[1, 2, 3, 4])
    for column in ("text", "A", "1"):
        ran = check("a.parquet", "--column", column, "--format", "json")
        assert [(json.loads(line)["id"], json.loads(line)["ok"]) for line in ran.out.splitlines()] == [
            (1, False),
            (4, True),
        ]
    assert "name the column of the replies with --column; there are: text, day" in check("a.parquet").err
    assert "'day' holds no texts" in check("a.parquet", "--column", "day").err
    assert "row 1: error" in check("a.parquet", "--column", "text").out
    assert "::error file=a.parquet,title=" in check("a.parquet", "--column", "text", "--format", "github").out


def test_results_go_into_a_file(check: Any, tmp_path: Path) -> None:
    """With --output nothing is printed but the counts; every row of every file is there, with what is kept."""
    parquet(tmp_path / "a.parquet", [TEXTS[0], None], agent=["x", "y"])
    (tmp_path / "b.jsonl").write_text('{"text": "您好", "agent": "z"}\n{"text": 1}\n', "utf-8")
    ran = check("a.parquet", "b.jsonl", "--column", "text", "--keep", "agent", "-o", "out.parquet")
    assert (ran.code, ran.out) == (1, "")
    assert "2 replies, 1 without errors: 3 errors" in ran.err
    assert "not checked: 1 row; the column trouble says why" in ran.err
    rows = pq.read_table(tmp_path / "out.parquet").to_pylist()
    assert [(row["id"], row["ok"], row["agent"]) for row in rows] == [
        ("a.parquet:1", False, "x"), ("a.parquet:2", None, "y"), ("b.jsonl:1", True, "z"), ("b.jsonl:2", None, None)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-o", "out.xlsx"], "end its name in .parquet, .jsonl or .csv"),
        (["-o", "out.parquet", "--format", "json"], "--output takes no --format"),
        (["--keep", "agent"], "name that with --output"),
        (["-o", "out.parquet", "--keep", "who"], "no column 'who'"),
        (["-o", "no/out.parquet"], "no/out.parquet cannot be written"),
    ],
)
def test_wrong_use_is_said_and_nothing_written(arguments: list[str], said: str, check: Any, tmp_path: Path) -> None:
    """One sentence, exit code 2, no file."""
    parquet(tmp_path / "a.parquet", TEXTS)
    ran = check("a.parquet", "--column", "text", *arguments)
    assert ran.code == 2
    assert said in ran.err
    assert [path.name for path in tmp_path.iterdir()] == ["a.parquet"]


def test_without_pyarrow_a_sentence_says_what_to_install(tmp_path: Path) -> None:
    """Exit code 2, and the name of the extra."""
    parquet(tmp_path / "a.parquet", TEXTS)
    code = "import sys; sys.modules['pyarrow'] = None; from replykit.cli import main; sys.exit(main(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", code, "check", str(tmp_path / "a.parquet"), "--column", "text"],
        capture_output=True, encoding="utf-8", timeout=60,
    )  # fmt: skip
    assert done.returncode == 2
    assert "install replykit[parquet]" in done.stderr
