"""Spreadsheets in, and copies of them with results out: what holds for every kind of file, and CSV."""

from __future__ import annotations

import contextlib
import csv
import json
import tracemalloc
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import replykit
from replykit.errors import TextError, UsageError
from replykit.sheets import Edit, Sheet, SheetRow, Written, open_sheet
from replykit.sheets.encodings import decode

ROWS = "编号,客户,回复\r\n1,怎么还没到？,您好，已经寄出。\r\n2,退款呢,抱歉，我帮您核实。\r\n"
TRADITIONAL = "編號,客戶,回覆\r\n1,怎麼還沒到？,您好，已經寄出。\r\n2,退款呢,抱歉，我幫您核實。\r\n"


def _sheet(folder: Path, data: str | bytes, name: str = "a.csv", **options: Any) -> Sheet:
    (folder / name).write_bytes(data if isinstance(data, bytes) else data.encode())
    return open_sheet(folder / name, **options)


def _copy(
    sheet: Sheet, titles: Sequence[str] = (), edits: Sequence[Edit] = (), **options: Any
) -> tuple[bytes, Written]:
    written = sheet.write(sheet.path.with_name(f"copy{sheet.path.suffix}"), titles, edits, **options)
    return written.path.read_bytes(), written


# --- reading a CSV file ------------------------------------------------------------------------------------------


def test_a_table_is_read(tmp_path: Path) -> None:
    """Rows have the numbers that a spreadsheet shows, and as many cells as the longest row."""
    sheet = _sheet(tmp_path, '\r\nid,回复\r\n1,您好\r\n,,\r\n\r\n3,"再见\n保重",x\r\n4\r\n')
    assert sheet.header == ("id", "回复", "")
    assert list(sheet.rows()) == [
        SheetRow(3, ("1", "您好", "")),
        SheetRow(6, ("3", "再见\n保重", "x")),
        SheetRow(7, ("4", "", "")),
    ]
    assert sheet.name == str(tmp_path / "a.csv")


@pytest.mark.parametrize(
    ("encoding", "layout"),
    [
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "UTF-8 with BOM"),
        ("gb18030", "GB18030, found out by its characters"),
        ("big5", "Big5, found out by its characters"),
        ("utf-16", "UTF-16 with BOM"),
        ("utf-16-le", "UTF-16"),
        ("utf-16-be", "UTF-16"),
    ],
)
@pytest.mark.parametrize(
    ("delimiter", "words"), [(",", "commas"), ("\t", "tabs"), (";", "semicolons"), ("|", "vertical bars")]
)
def test_encoding_and_delimiter_are_found(
    encoding: str, layout: str, delimiter: str, words: str, tmp_path: Path
) -> None:
    """Each encoding with each delimiter is read rightly, and the layout says so; both can be named as well."""
    text = (TRADITIONAL if encoding == "big5" else ROWS).replace(",", delimiter)
    for named in ({}, {"encoding": encoding, "delimiter": delimiter}):
        sheet = _sheet(tmp_path, text.encode(encoding), **named)
        assert [row.cells for row in sheet.rows()] == [tuple(row.split(delimiter)) for row in text.split("\r\n")[1:-1]]
        shown = layout.replace(", found out by its characters", "") if named else layout
        assert sheet.layout == f"{shown}, parted by {words}, CRLF"


@pytest.mark.parametrize("text", [ROWS, TRADITIONAL, "回复\n上不一\n", "回复,a\n,\n不,上\n一一一一,丁七万丈\n"])
@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_wide_characters_without_a_mark(text: str, codec: str, tmp_path: Path) -> None:
    """UTF-16 is seen by its NULs, also where characters such as 一, 上 and 不 hold a NUL or the byte of a line end."""
    assert _sheet(tmp_path, text.encode(codec)).layout.startswith("UTF-16,")


@pytest.mark.parametrize("text", ["回复\n您好\x00\n", "a,回复\n\x00,您好\n", "reply\nhello\x00\n"])
def test_a_nul_makes_no_wide_characters(text: str, tmp_path: Path) -> None:
    """A stray NUL in a UTF-8 file is a character of a cell."""
    assert _sheet(tmp_path, text).layout.startswith("UTF-8,")


@pytest.mark.parametrize(
    "text", [ROWS, TRADITIONAL, "回复\n您好\n", "答覆\n感謝您的來信\n", "reply\nThe café is open…\n"]
)
def test_simplified_and_traditional_in_gb18030(text: str, tmp_path: Path) -> None:
    """What is written in GB18030 is not taken for Big5, in either script."""
    if not text.isascii():
        assert _sheet(tmp_path, text.encode("gb18030")).layout.startswith("GB18030, found out by its characters")


def test_a_broken_character(tmp_path: Path) -> None:
    """A file that is UTF-8 but for one byte is refused with its line, and never read as what it is not."""
    data = (ROWS * 3).encode()
    for broken in (data[:-4], data[:-4] + b"\r\n", data[:-4] + b'","\r\n'):
        with pytest.raises(TextError, match="is UTF-8, but for a broken character in line 9"):
            _sheet(tmp_path, broken)
    assert _sheet(tmp_path, "回复,a\n您好\n".encode("gb18030")).layout.startswith("GB18030")


def test_big5_is_told_from_gb18030() -> None:
    """Every line that the phrasebook has in both scripts is told rightly in Big5, and in GB18030 in either script."""
    pairs = json.loads((resources.files(replykit) / "playbooks/zh/traditional.json").read_text("utf-8"))
    lines = [pair for pair in pairs.items() if len(pair[0]) > 8 and isinstance(pair[1], str)]
    assert len(lines) > 100
    for simplified, traditional in lines:
        for text in (simplified, traditional):
            assert decode(text.encode("gb18030"), "a")[1].codec == "gb18030", text
        with contextlib.suppress(UnicodeEncodeError):
            assert decode(traditional.encode("big5"), "a")[0] == traditional


# --- writing a CSV file ------------------------------------------------------------------------------------------

CELL = st.text('a呵"，,;👍\n\r\t =', max_size=6)
TABLE = st.lists(st.lists(st.tuples(CELL, st.booleans()), min_size=1, max_size=4), max_size=5)


def _written(cells: Sequence[tuple[str, bool]], delimiter: str) -> str:
    return delimiter.join(
        '"' + text.replace('"', '""') + '"' if quoted or set(text) & set(f'{delimiter}"\r\n') else text
        for text, quoted in cells
    )


@settings(deadline=None)
@given(
    rows=TABLE,
    delimiter=st.sampled_from(",;\t|"),
    end=st.sampled_from(["\r\n", "\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "gb18030"]),
    last=st.booleans(),
)
def test_without_edits_a_copy_is_the_original(
    rows: Any, delimiter: str, end: str, encoding: str, last: bool, tmp_path_factory: Any
) -> None:
    """Whatever is quoted, blank or ragged, a copy without edits has the same bytes."""
    text = end.join(["id,回复".replace(",", delimiter), *(_written(row, delimiter) for row in rows)]) + end * last
    sheet = _sheet(tmp_path_factory.mktemp("copies"), text.encode(encoding))
    assert _copy(sheet)[0] == text.encode(encoding)


PIECES = st.sampled_from(
    [b"id", b"\n", b"\r", b"\r\n", b'"', b'""', b",", b";", b"\t", b"|", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\xa1",
     b"sep=;", b"\xa2\xcc", b"\x84\x31\x95\x33", "您好".encode(), "您好，".encode("gb18030"),
     "您好，謝謝".encode("big5"),
     "好,\n".encode("utf-16-le"), "👍".encode()]
)  # fmt: skip


@settings(deadline=None)
@given(pieces=st.lists(PIECES | st.binary(max_size=3), max_size=12))
def test_any_bytes_are_refused_or_kept(pieces: list[bytes], tmp_path_factory: Any) -> None:
    """Whatever bytes a file holds, it is refused, or a copy has the same ones, and its cells can be written beside."""
    data = b"".join(pieces)
    with contextlib.suppress(UsageError):
        sheet = _sheet(tmp_path_factory.mktemp("bytes"), data)
        assert _copy(sheet)[0] == data
        rows = list(sheet.rows())
        _, written = _copy(sheet, ["新"], [Edit(row.number, ("好",)) for row in rows])
        width = len(sheet.header)
        copied = open_sheet(written.path, encoding=sheet._encoding.codec, delimiter=sheet._delimiter)  # type: ignore[attr-defined]
        assert [row.cells[:width] for row in copied.rows()] == [row.cells for row in rows]
        assert {row.cells[width] for row in copied.rows()} <= {"好"}


@settings(deadline=None)
@given(
    rows=TABLE, texts=st.lists(st.tuples(CELL, CELL, CELL), min_size=5, max_size=5), end=st.sampled_from(["\r\n", "\n"])
)
def test_edits_are_read_back(rows: Any, texts: Any, end: str, tmp_path_factory: Any) -> None:
    """New cells and replaced ones are read back as they were given, by us and by Python's csv; all others stay."""
    text = end.join(["id,回复", *(_written(row, ",") for row in rows)])
    sheet = _sheet(tmp_path_factory.mktemp("edits"), text, encoding="utf-8", delimiter=",")
    before = list(sheet.rows())
    edits = [Edit(row.number, new[:2], new[2]) for row, new in zip(before, texts, strict=False)]
    data, written = _copy(sheet, ["润色", "状态"], edits, replace=1, raw=True)
    assert written.rows == len(edits)
    after = open_sheet(written.path, encoding="utf-8", delimiter=",")
    assert after.header == (*sheet.header, "润色", "状态")
    expected = {
        row.number: (*row.cells[:1], new[2], *row.cells[2:], *new[:2]) for row, new in zip(before, texts, strict=False)
    }
    assert {row.number: row.cells for row in after.rows()} == {
        n: c for n, c in expected.items() if any(map(str.strip, c))
    }
    parsed = dict(enumerate(csv.reader(data.decode().splitlines(keepends=True), strict=True), 1))
    assert all(tuple(parsed[number]) == cells for number, cells in expected.items())


def test_only_what_is_edited_changes(tmp_path: Path) -> None:
    """Quotation marks and line ends of other cells stay; a short row is filled up, a row without an edit is not."""
    sheet = _sheet(tmp_path, '"id",回复,x\r\n1,"您好",\n2\r\n"3",您好,"y"')
    data, written = _copy(sheet, ["新"], [Edit(2, ("a",), "再见"), Edit(3, ('b"',), "谢谢")], replace=1)
    assert data.decode() == '"id",回复,x,新\r\n1,"再见",,a\n2,谢谢,,"b"""\r\n"3",您好,"y"'
    assert (written.rows, written.notes) == (2, ())


def test_the_style_of_quotation_is_kept(tmp_path: Path) -> None:
    """Where every cell of the header stands in quotation marks, new cells do; an empty cell alone is no blank line."""
    data, _ = _copy(_sheet(tmp_path, '"id","回复"\n"1","您好"\n'), ["新"], [Edit(2, ("a",))])
    assert data.decode() == '"id","回复","新"\n"1","您好","a"\n'
    data, _ = _copy(_sheet(tmp_path, "回复\n您好\n您好\n"), [], [Edit(3, (), "")], replace=0)
    assert data.decode() == '回复\n您好\n""\n'


@pytest.mark.parametrize("mark", ["=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n", "\x00"])
def test_no_text_becomes_a_formula(mark: str, tmp_path: Path) -> None:
    """What begins like a formula gets an apostrophe, unless that is not wanted; what stood there before stays."""
    sheet = _sheet(tmp_path, "id,回复\n=1,-您好\n-2,好\n")
    for raw, before in ((False, "'"), (True, "")):
        _, written = _copy(
            sheet, [mark], [Edit(2, (f"{mark}1",), f"{mark}x"), Edit(3, (f"a{mark}",), "好")], replace=1, raw=raw
        )
        rows = list(open_sheet(written.path, delimiter=",").rows())
        assert [row.cells for row in rows] == [("=1", f"{before}{mark}x", f"{before}{mark}1"), ("-2", "好", f"a{mark}")]


def test_an_encoding_without_emoji(tmp_path: Path) -> None:
    """GBK becomes GB18030 and Big5 becomes UTF-8 where a new text needs it, the whole of the file and with a note."""
    sheet = _sheet(tmp_path, ROWS.encode("gbk"))
    data, written = _copy(sheet, ["新"], [Edit(2, ("好",)), Edit(3, ("好👍",))])
    assert data.decode("gb18030") == ROWS.replace("回复", "回复,新").replace("寄出。", "寄出。,好").replace(
        "核实。", "核实。,好👍"
    )
    assert written.notes == ("written as GB18030, as GBK holds no '👍'",)
    assert _copy(sheet, ["新"], [Edit(2, ("好",))])[1].notes == ()
    sheet = _sheet(tmp_path, TRADITIONAL.encode("big5"))
    data, written = _copy(sheet, ["新"], [Edit(2, ("好👍",))])
    assert data.decode("utf-8-sig") == TRADITIONAL.replace("回覆", "回覆,新").replace("寄出。", "寄出。,好👍")
    assert data.startswith(b"\xef\xbb\xbf")
    assert written.notes == ("written as UTF-8 with BOM, as Big5 holds no '👍'",)


def test_characters_with_two_spellings(tmp_path: Path) -> None:
    """A character that Big5 has twice keeps its bytes, in a row that is edited as well."""
    data = "id,回覆\n".encode("big5") + b"\xa2\xcc,\xa6n\xa2\xce,\n"
    assert b"\xa2\xcc".decode("cp950").encode("cp950") != b"\xa2\xcc"
    sheet = _sheet(tmp_path, data, encoding="big5")
    head, row = data.split(b"\n")[:2]
    assert _copy(sheet, ["x"], [Edit(2, ("y",))])[0] == head + b",,x\n" + row + b",y\n"
    written = _copy(sheet, [], [Edit(2, (), "z")], replace=1)[0]
    assert written == data.replace(b"\xa6n\xa2\xce", b"z")


# --- delimiters and columns --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "delimiter", "header"),
    [
        ("回复\n您好，请稍候。\n", "one column", ("回复",)),
        ("reply\nHello, please wait.\nThanks; bye\n", "one column", ("reply",)),
        ("a;b\n1,5;2,5\n3,5;4,5\n", "semicolons", ("a", "b")),
        ("a,b\n1;2,您好；再见|x\n", "commas", ("a", "b")),
        ('"a;b;c;d",回复\n1,您好\n', "commas", ("a;b;c;d", "回复")),
        ("a|b\n1|您好, 请稍候\n2|您好\n", "vertical bars", ("a", "b")),
        ("sep=;\n回复\n您好\n", "one column", ("回复",)),
        ('"sep=|"\na|b\n1|2\n', "vertical bars", ("a", "b")),
        ('a,"b\nc"\n1,"2\n3"\n', "commas", ("a", "b\nc")),
    ],
)
def test_delimiters_are_found(text: str, delimiter: str, header: tuple[str, ...], tmp_path: Path) -> None:
    """The delimiter is the one under which the rows are as long as the header; a copy keeps the line that names it."""
    sheet = _sheet(tmp_path, text)
    assert sheet.header == header
    assert f", {'' if delimiter == 'one column' else 'parted by '}{delimiter}, " in sheet.layout
    assert _copy(sheet)[0] == text.encode()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("id,回复\n1,您好\n2,a,\n", "LF"),
        ("id,回复\n1,您好, 请稍候\n", "LF; row 2 has more cells than the header"),
        ("id,回复\n1,您好\n2,a,b\n3,c,,d\n4,e,f\n", "LF; row 3 and 2 more have more cells than the header"),
    ],
)
def test_rows_that_are_too_long(text: str, words: str, tmp_path: Path) -> None:
    """The layout says where a row has more cells than the header, as of a reply with a comma that nobody quoted."""
    assert _sheet(tmp_path, text).layout == f"UTF-8, parted by commas, {words}"


def test_a_delimiter_by_name(tmp_path: Path) -> None:
    """A delimiter is named by itself or in words; a .tsv file has tabs unless another is named."""
    for named in ("\t", "\\t", "tab", "TAB"):
        assert _sheet(tmp_path, "a,b\tc\n", delimiter=named).header == ("a,b", "c")
    assert _sheet(tmp_path, "a,b\tc\n", "a.tsv").header == ("a,b", "c")
    assert _sheet(tmp_path, "a,b\tc\n", "a.tsv", delimiter="comma").header == ("a", "b\tc")
    assert _sheet(tmp_path, "a^b\n", delimiter="^").header == ("a", "b")


LIKELY: dict[str, tuple[str, Sequence[str]]] = {
    "by their sentences": ("A,B,C\n1,物流,您好，已经寄出。\n2,退款,抱歉，我帮您核实。\n", ["C"]),
    "by their name": (
        "客户问题,回复\n我的订单怎么还没到，都三天了？,您好，已经寄出。\n能退款吗，我不想要了？,抱歉，我帮您核实。\n",
        ["回复"],
    ),
    "beside links and ids": (
        "id,链接,话术\nA-1,https://a.cn/1,亲，我们会尽快为您处理。\nA-2,https://a.cn/2,感谢您的支持，欢迎再来。\n",
        ["话术"],
    ),
    "in English": (
        "ticket,question,reply\n1,Where is my order?,Hello! It was sent today.\n2,Refund?,Sorry. We check it.\n",
        ["reply"],
    ),
    "in traditional script": (
        "編號,客戶,回覆\n1,怎麼還沒到？,您好，已經寄出。\n2,退款呢？,抱歉，我幫您核實。\n",
        ["回覆"],
    ),
    "none of names and numbers": ("姓名,电话,数量\n李雷,13800138000,2\n韩梅梅,13900139000,3\n", []),
    "none of one category": ("a\n退款，物流\n退款，物流\n退款，物流\n退款，物流\n", []),
}


@pytest.mark.parametrize(("text", "names"), LIKELY.values(), ids=LIKELY)
def test_likeliest_columns(text: str, names: list[str], tmp_path: Path) -> None:
    """The column of the replies comes first; ids, links, numbers, names and categories are none."""
    sheet = _sheet(tmp_path, text)
    assert [sheet.header[place] for place in sheet.likeliest_columns()][: max(1, len(names))] == names


def test_many_rows_are_not_held_in_memory(tmp_path: Path) -> None:
    """A table of 12 MB is opened, read and written with less than 5 MB in memory."""
    row = "您好，" * 1000
    with (tmp_path / "a.csv").open("w", encoding="gb18030", newline="") as file:
        file.write("id,回复\r\n")
        file.writelines(f"{number},{row}\r\n" for number in range(2000))
    tracemalloc.start()
    try:
        sheet = open_sheet(tmp_path / "a.csv")
        edits = (Edit(found.number, ("好",), f"{found.cells[1]}！") for found in sheet.rows())
        written = sheet.write(tmp_path / "b.csv", ["新"], edits, replace=1)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert written.rows == 2000
    assert peak < 5_000_000
