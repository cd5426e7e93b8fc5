"""What `replykit check` reads: patterns, lines, tables, JSON Lines and workbooks, each reply with its place."""

from __future__ import annotations

import builtins
import contextlib
import io
import json
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from workbook import write_workbook

from replykit.cli import main
from replykit.cli.readers import Inputs
from replykit.cli.readers.lines import replies_in_lines
from replykit.cli.readers.records import replies_in_records
from replykit.cli.readers.tables import replies_in_table
from replykit.text import units


def _ids(ran: Any) -> list[str | int]:
    assert ran.code in (0, 1), ran
    return [json.loads(line)["id"] for line in ran.out.splitlines()]


def _texts(ran: Any) -> list[str]:
    assert ran.code in (0, 1), ran
    return [json.loads(line)["text"] for line in ran.out.splitlines()]


# --- files and patterns ------------------------------------------------------------------------------------------


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder with replies at two depths."""
    (tmp_path / "old" / "deep").mkdir(parents=True)
    for name in ("b.txt", "a.txt", "old/c.txt", "old/deep/d.txt", ".hidden.txt"):
        (tmp_path / name).write_text("您好\n", "utf-8")
    return tmp_path


@pytest.mark.usefixtures("tree")
@pytest.mark.parametrize(
    ("arguments", "files"),
    [
        (["*.txt"], ["a.txt", "b.txt"]),
        (["**/*.txt"], ["a.txt", "b.txt", "old/c.txt", "old/deep/d.txt"]),
        (["old/**/[cd].txt"], ["old/c.txt", "old/deep/d.txt"]),
        (["b.txt", "*.txt", "./a.txt"], ["b.txt", "a.txt"]),
    ],
)
def test_patterns(arguments: list[str], files: list[str], check: Any) -> None:
    """A pattern stands for the files that it matches, sorted, hidden ones left out, each once."""
    assert _ids(check(*arguments, "--format", "json")) == [f"{file}:1" for file in files]


@pytest.mark.usefixtures("tree")
@pytest.mark.parametrize(
    "text", ["您好?", "满 100 * 2 件", "[图片] 您好", "a.txt 您好", "**您好**", "满减**/券", "5*.5"]
)
def test_a_text_with_a_patterns_characters_is_a_text(text: str, check: Any) -> None:
    """A reply that holds a question mark, a star or brackets is no pattern."""
    assert _texts(check(text, "--format", "json")) == [text]


def test_a_file_whose_name_is_a_pattern(check: Any, tmp_path: Path) -> None:
    """A file that has the very name of a pattern is meant before what the pattern matches."""
    (tmp_path / "[a].txt").write_text("您好\n", "utf-8")
    (tmp_path / "a.txt").write_text("您好\n", "utf-8")
    assert _ids(check("[a].txt", "--format", "json")) == ["[a].txt:1"]


def test_a_named_pipe(tmp_path: Path) -> None:
    """A pipe may stand where a file does, as a shell's <(…) puts it there."""
    command = f'"{sys.executable}" -m replykit check <(printf "您好\\n呵呵\\n") --format github'
    done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=60)
    assert (done.returncode, done.stderr) == (1, "2 replies, 1 without errors: 1 error\n")
    assert ",line=2," in done.stdout


# --- tables ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_tables_delimiter_is_found(encoding: str, delimiter: str, check: Any, tmp_path: Path) -> None:
    """The delimiter is the one under which the header has the column, also where another is more frequent."""
    other = ";" if delimiter != ";" else ","
    (tmp_path / "a.csv").write_text(f'"a{other}b{other}c{other}d"{delimiter}回复\n1{delimiter}呵呵\n', encoding)
    for column in ("回复", "2"):
        assert _texts(check("a.csv", "--column", column, "--format", "json")) == ["呵呵"]


def test_a_column_by_number(check: Any, tmp_path: Path) -> None:
    """A number counts columns from 1, but a header of that name comes first; the header row is never a reply."""
    (tmp_path / "a.csv").write_text("2,回复\n呵呵,您好\n", "utf-8")
    assert _texts(check("a.csv", "--column", "2", "--format", "json")) == ["呵呵"]
    assert _texts(check("a.csv", "--column", "1", "--format", "json")) == ["呵呵"]
    (tmp_path / "b.csv").write_text("编号,回复\n1,您好\n", "utf-8")
    assert _texts(check("b.csv", "--column", "2", "--format", "json")) == ["您好"]
    for number in ("0", "3", "²", "-1", "9" * 30):
        assert "there are: 编号, 回复" in check("b.csv", "--column", number).err


CELL = st.text('a呵"，,;👍\n\r\t ', max_size=8)


def _written(cell: str, quoted: bool) -> str:
    return '"' + cell.replace('"', '""') + '"' if quoted or set(cell) & set('",;\r\n') else cell


@given(
    st.lists(st.tuples(CELL, CELL, st.booleans()), max_size=4),
    st.sampled_from(",;"),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_every_cell_is_found_in_its_file(tmp_path_factory: Any, rows: Any, delimiter: str, end: str) -> None:
    """Whatever is quoted or doubled, each character of a cell stands at the line, column and offset that are given."""
    written = [delimiter.join(_written(cell, quoted) for cell in cells) for *cells, quoted in rows]
    whole = end.join([f"id{delimiter}reply", *written])
    file = tmp_path_factory.mktemp("cells") / "a.csv"
    file.write_bytes(whole.encode("utf-8-sig"))
    coded = whole.encode("utf-16-le")
    lines = whole.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    found = list(replies_in_table(str(file), "reply"))
    assert [named.text for named in found] == [cell for _, cell, _ in rows if cell.strip()]
    for named in found:
        for index, char in enumerate(named.text):
            place = named.place(index)
            assert place
            assert place.offset is not None
            assert place.column is not None
            assert coded[place.offset * 2 :].decode("utf-16-le")[0] == char
            if char not in "\r\n":
                assert lines[place.line - 1].encode("utf-16-le")[place.column * 2 - 2 :].decode("utf-16-le")[0] == char
        after = named.place(len(named.text))
        assert after
        assert coded[(after.offset or 0) * 2 :].decode("utf-16-le")[:1] in ("", '"', delimiter, end[0])


@pytest.mark.parametrize("encoding", ["utf-8", "UTF8", "utf-8-sig", None])
def test_a_byte_order_mark_is_no_text(encoding: str | None, check: Any, tmp_path: Path) -> None:
    """A byte order mark is no part of the first column's name, also where UTF-8 is named."""
    (tmp_path / "a.csv").write_text("text\n呵呵\n", "utf-8-sig")
    options = ["--encoding", encoding] if encoding else []
    assert _texts(check("a.csv", "--column", "text", "--format", "json", *options)) == ["呵呵"]


# --- JSON Lines --------------------------------------------------------------------------------------------------


def test_json_lines(check: Any, tmp_path: Path) -> None:
    """The field is `text` unless another is named; blank lines count, null and blank texts are no replies."""
    lines = ['{"text": "呵呵", "x": "您好"}', "", '{"text": null, "x": " "}', '{"text": "\\u5475\\u5475", "x": "好"}']
    (tmp_path / "a.jsonl").write_text("\n".join(lines), "utf-8")
    assert _ids(check("a.jsonl", "--format", "json")) == [1, 4]
    assert _texts(check("a.jsonl", "--column", "x", "--format", "json")) == ["您好", "好"]


@given(st.text('呵"\\👍\n\x00a', min_size=1).filter(str.strip), st.booleans())
def test_a_field_is_found_in_its_line(tmp_path_factory: Any, text: str, escaped: bool) -> None:
    """A column is given only where it is right; the line always is."""
    file = tmp_path_factory.mktemp("fields") / "a.jsonl"
    raw = json.dumps({"id": "👍", "text": text}, ensure_ascii=escaped)
    file.write_text(f"\n{raw}\n", "utf-8")
    (named,) = replies_in_records(str(file), None)
    place = named.place(0)
    assert place
    assert (named.text, place.line) == (text, 2)
    if place.column is not None:
        assert raw.encode("utf-16-le")[place.column * 2 - 2 :].decode("utf-16-le")[0] == text[0]
    assert place.column is not None or json.dumps(text, ensure_ascii=escaped) != f'"{text}"' or text == "👍"


# --- workbooks ---------------------------------------------------------------------------------------------------


def test_a_workbooks_rows(check: Any, tmp_path: Path) -> None:
    """Rows are numbered as the sheet shows them, wherever its first cell stands, and columns from A."""
    cells = {"B3": "编号", "C3": " 回复 ", "B5": 1, "C5": "呵呵", "B6": 2, "C8": "您好", "C9": 12}
    write_workbook(tmp_path / "a.xlsx", {"首页": {"A1": "说明"}, "话术": cells})
    for column in ("回复", "3"):
        ran = check("a.xlsx", "--sheet", "话术", "--column", column, "--format", "json")
        assert (_ids(ran), _texts(ran)) == ([5, 8, 9], ["呵呵", "您好", "12"])
    assert "there are: 说明" in check("a.xlsx", "--column", "回复").err


def test_a_workbook_beside_other_files(check: Any, tmp_path: Path) -> None:
    """Files of several kinds are read together, and each id names its file."""
    write_workbook(tmp_path / "a.xlsx", {"1": {"A1": "text", "A2": "呵呵"}})
    (tmp_path / "b.csv").write_text("text\n呵呵\n", "utf-8")
    (tmp_path / "c.jsonl").write_text('{"text": "呵呵"}', "utf-8")
    (tmp_path / "d.txt").write_text("呵呵", "utf-8")
    ran = check("*.*", "--column", "text", "--format", "json")
    assert _ids(ran) == ["a.xlsx:2", "b.csv:2", "c.jsonl:1", "d.txt:1"]


def test_without_the_extra(check: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where python-calamine is missing, one line says what to install."""
    write_workbook(tmp_path / "a.xlsx", {"1": {"A1": "text"}})
    plain = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("python_calamine"):
            raise ModuleNotFoundError(name)
        return plain(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    ran = check("a.xlsx", "--column", "text")
    assert (ran.code, ran.out) == (2, "")
    assert "install replykit[xlsx], or save the replies as CSV" in ran.err


def test_damaged_workbooks(check: Any, tmp_path: Path) -> None:
    """A workbook that is cut off anywhere, or overwritten, is one line and exit code 2, never a traceback."""
    write_workbook(tmp_path / "whole.xlsx", {"1": {"A1": "text", "A2": "呵呵"}})
    data = (tmp_path / "whole.xlsx").read_bytes()
    middle = len(data) // 2
    for damaged in (b"", b"PK", *(data[:cut] for cut in range(0, len(data), 97)), data[:middle] + b"\xff" * 64):
        (tmp_path / "a.xlsx").write_bytes(damaged)
        ran = check("a.xlsx", "--column", "text")
        assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1), ran
        assert "save the replies as CSV" in ran.err


# --- lines and comments ------------------------------------------------------------------------------------------


@given(st.lists(st.text("呵👍 ｏ\x0b\u2028", max_size=6), max_size=5), st.sampled_from(["\n", "\r\n", "\r"]))
def test_lines_keep_their_places(tmp_path_factory: Any, lines: list[str], end: str) -> None:
    """Each line that is not blank is a reply at its number and offset, whatever ends it."""
    file = tmp_path_factory.mktemp("lines") / "a.txt"
    file.write_bytes(end.join(lines).encode("utf-8-sig"))
    found = [(named.text, *(named.place(0) or ())) for named in replies_in_lines(str(file))]
    starts = [units(end.join([*lines[:number], ""])) for number in range(len(lines))]
    expected = [(line, n + 1, 1, starts[n]) for n, line in enumerate(lines) if line.strip()]
    assert found == expected


def test_comments_ignore_rules(check: Any, tmp_path: Path) -> None:
    """A comment behind a reply or on the line above ignores a rule or a principle, and is no part of the reply."""
    lines = [
        "呵呵，没办法。  # replykit: ignore[professional-register]",
        "# replykit: ignore[register-laughter]",
        "# replykit:ignore[ no-brush-off , no-blame ]",
        "呵呵，没办法，是仓库发错了。",
        "呵呵",
    ]
    (tmp_path / "a.txt").write_text("\n".join(lines), "utf-8")
    records = [json.loads(line) for line in check("a.txt", "--format", "json").out.splitlines()]
    found = {r["id"]: (r["text"], [v["rule"] for v in r["violations"]]) for r in records}
    assert found == {
        "a.txt:1": ("呵呵，没办法。", ["brush-off-no-way"]),
        "a.txt:4": ("呵呵，没办法，是仓库发错了。", []),
        "a.txt:5": ("呵呵", ["register-laughter"]),
    }
    ran = check("a.txt")
    assert (ran.code, ran.err) == (1, "3 replies, 1 without errors: 2 errors (4 ignored by comments)\n")


@pytest.mark.parametrize(
    "text", ["回复1#replykit: ignore[x]", "# 号键 replykit", "请按 # 键", "http://a.cn/# replykit"]
)
def test_no_comments(text: str, check: Any, tmp_path: Path) -> None:
    """A hash sign alone begins no comment, nor does one inside a word."""
    (tmp_path / "a.txt").write_text(text, "utf-8")
    assert _texts(check("a.txt", "--format", "json")) == [text]


def test_a_comment_in_a_table_is_text(check: Any, tmp_path: Path) -> None:
    """Only text files have comments; in a cell it is part of the reply."""
    (tmp_path / "a.csv").write_text("text\n呵呵 # replykit: ignore[professional-register]\n", "utf-8")
    assert check("a.csv", "--column", "text").code == 1


def test_unused_comments_are_reported(check: Any, tmp_path: Path) -> None:
    """A comment that ignores nothing is named, unless its rule was not checked."""
    (tmp_path / "a.txt").write_text("您好 # replykit: ignore[no-blame]\n", "utf-8")
    ran = check("a.txt")
    assert (ran.code, ran.err) == (0, "unused: a.txt:1: ignore[no-blame] ignores nothing\nno errors\n")
    assert check("a.txt", "--select", "no-brush-off").err == "no errors\n"


# --- wrong use ---------------------------------------------------------------------------------------------------

WRONG: dict[str, tuple[list[str], str]] = {
    "a folder": (["folder"], "'folder/**/*.txt'"),
    "a pattern that matches nothing": (["*.nope"], "no file matches '*.nope'"),
    "a deep pattern that matches nothing": (["nowhere/**/*.txt"], "no file matches"),
    "no such column": (["good.csv", "--column", "x"], "no column 'x'; there are: id, text"),
    "no column at all": (["empty.csv", "--column", "text"], "there are: none"),
    "an empty file": (["empty.txt"], "there is no text in empty.txt"),
    "a blank file": (["blank.txt"], "there is no text in blank.txt"),
    "no replies below the header": (["header.csv", "--column", "text"], "there is no text in header.csv"),
    "an empty sheet": (["good.xlsx", "--column", "text", "--sheet", "empty"], "'empty' is empty"),
    "no such sheet": (["good.xlsx", "--column", "text", "--sheet", "x"], "there are: 1, empty"),
    "a sheet of no workbook": (["good.csv", "--sheet", "x"], "none is given"),
    "no column named in a workbook": (["good.xlsx"], "--column; there are: text"),
    "an unreadable encoding": (["binary.csv", "--column", "text"], "binary.csv is no text in UTF-8 or GB18030"),
    "another encoding": (["good.csv", "--column", "text", "--encoding", "utf-16"], "no text in utf-16"),
    "a column of lines": (["blank.txt", "--column", "text"], "blank.txt has one reply a line"),
    "a field that is missing": (["good.jsonl", "--column", "x"], "line 1, has no field 'x'"),
    "no JSON": (["broken.jsonl"], "broken.jsonl, line 1, is not valid JSON"),
    "no object": (["list.jsonl"], "is no JSON object"),
    "nested too deep": (["deep.jsonl"], "nested too deep"),
    "no text": (["number.jsonl"], "'text' holds no text"),
    "a JSON file": (["good.json"], "JSON Lines"),
    "another spreadsheet": (["good.ods"], "save the replies as CSV"),
    "standard input among files": (["good.jsonl", "-"], "standard input"),
    "a cell without end": (["open.csv", "--column", "text"], "open.csv, line 3, is not valid CSV"),
    "a comment without ids": (["comment.txt"], "comment.txt, line 2: write # replykit: ignore[ID]"),
    "a comment about nothing": (["last.txt"], "ends with a comment"),
    "a comment above a blank line": (["above.txt"], "line 2, is blank"),
    "a comment with an unknown id": (["typo.txt"], "typo.txt, line 1: no rule or principle 'no-blam'"),
}
FILES: dict[str, bytes] = {
    "good.csv": "id,text\n1,您好\n".encode(),
    "empty.csv": b"",
    "empty.txt": b"",
    "blank.txt": b"\n \n",
    "header.csv": b"text\n",
    "binary.csv": b"text\n\xff\xff\x80\x00\n",
    "good.jsonl": '{"text": "您好"}\n'.encode(),
    "broken.jsonl": b"{",
    "list.jsonl": b"[]",
    "deep.jsonl": b"[" * 200_000,
    "number.jsonl": b'{"text": 1}',
    "good.json": b"[]",
    "good.ods": b"",
    "open.csv": 'text\n"您好\n\n'.encode(),
    "comment.txt": "\n您好 # replykit: ignore\n".encode(),
    "last.txt": "您好\n# replykit: ignore[no-blame]".encode(),
    "above.txt": "# replykit: ignore[no-blame]\n\n您好".encode(),
    "typo.txt": "您好 # replykit: ignore[no-blam]\n".encode(),
}


@pytest.mark.parametrize(("arguments", "words"), WRONG.values(), ids=WRONG)
def test_wrong_inputs(arguments: list[str], words: str, check: Any, tmp_path: Path) -> None:
    """What cannot be read is one line on standard error that names it, exit code 2, and no baseline is written."""
    (tmp_path / "folder").mkdir()
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    write_workbook(tmp_path / "good.xlsx", {"1": {"A1": "text", "A2": "您好"}, "empty": {}})
    before = sorted(tmp_path.iterdir())
    ran = check(*arguments, "--format", "sarif", "--write-baseline", "baseline.json")
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1), ran
    assert ran.err.startswith("replykit: ")
    assert words in ran.err
    assert sorted(tmp_path.iterdir()) == before


PIECES = st.sampled_from(
    [b"text", b"\n", b"\r", b'"', b",", b";", b"{", b"}", b":", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\xa1",
     "呵呵".encode(), "👍没办法".encode(), b"# replykit: ", b"ignore[no-blame]", b"\\ud800", b"null"]
)  # fmt: skip


@settings(deadline=None)
@given(st.lists(PIECES | st.binary(max_size=3), max_size=12), st.sampled_from([".txt", ".csv", ".jsonl"]))
def test_any_bytes_are_read_or_refused(tmp_path_factory: Any, pieces: list[bytes], suffix: str) -> None:
    """Whatever a file holds, the command ends with 0, 1 or 2, and what it prints then is whole."""
    file = tmp_path_factory.mktemp("bytes") / f"a{suffix}"
    file.write_bytes((b"text\n" if suffix == ".csv" else b"") + b"".join(pieces))
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8", "backslashreplace"), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(["check", str(file), "--format", "sarif", *(["--column", "text"] if suffix != ".txt" else [])])
    out.flush()
    printed = out.buffer.getvalue()  # type: ignore[attr-defined]
    assert code in (0, 1, 2)
    assert (code == 2) == (printed == b"")
    assert code == 2 or json.loads(printed)["runs"]


def test_a_line_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, check: Any) -> None:
    """A line that is longer than any reply is refused before it fills the memory."""
    monkeypatch.setattr("replykit.sheets.lines._LONGEST_LINE", 10)
    (tmp_path / "a.txt").write_text("您" * 10 + "\n", "utf-8")
    assert "line 1, has more than 10 code points" in check("a.txt").err
    (tmp_path / "a.txt").write_text("您" * 9 + "\n", "utf-8")
    assert check("a.txt").code == 0


@pytest.mark.parametrize("suffix", [".txt", ".csv", ".jsonl"])
def test_files_are_not_held_in_memory(suffix: str, tmp_path: Path) -> None:
    """A file of 12 MB is read with less than 5 MB in memory, also where its encoding has to be found out."""
    row = "您好，" * 1000
    line = {".txt": row, ".csv": row, ".jsonl": json.dumps({"text": row}, ensure_ascii=False)}[suffix]
    file = tmp_path / f"a{suffix}"
    with file.open("w", encoding="gb18030") as out:
        out.write("text\n" if suffix == ".csv" else "")
        out.writelines(f"{line}\n" for _ in range(2000))
    tracemalloc.start()
    try:
        count = sum(1 for _ in Inputs([str(file)], None if suffix == ".txt" else "text"))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 2000
    assert peak < 5_000_000
