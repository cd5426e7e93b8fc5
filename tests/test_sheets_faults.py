"""Files that cannot be read, files that attack, and writing that fails: one sentence, and nothing lost."""

from __future__ import annotations

import contextlib
import os
import stat
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from workbook import rewrite, write_workbook

from replykit.errors import UsageError
from replykit.sheets import Edit, open_sheet, saving

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
PLAIN = {"A1": "id", "B1": "回复", "A2": 1, "B2": "您好"}
SHEET = "xl/worksheets/1.xml"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def _workbook(path: Path, cells: Any = None, **parts: Any) -> None:
    write_workbook(path, {"话术": PLAIN if cells is None else cells})
    if parts:
        rewrite(path, {name.replace("__", "/").replace("_xml", ".xml"): data for name, data in parts.items()})


def _far(path: Path) -> None:
    _workbook(path, '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')


def _far_by_name(path: Path) -> None:
    _workbook(path, '<row r="1"><c r="A1"><v>1</v></c><c r="XFD1048576"><v>1</v></c></row>')


def _bomb(path: Path) -> None:
    _workbook(path, {"A1": "回复"})
    rewrite(path, {SHEET: f'<worksheet xmlns="{MAIN}"><sheetData>'.encode() + b" " * 64_000_000})


def _lying_bomb(path: Path) -> None:
    """A part that says that it is small, in the directory and before its data, and is not."""
    _workbook(path, {"A1": "回复"})
    rewrite(path, {SHEET: f'<worksheet xmlns="{MAIN}"><sheetData>'.encode() + b" " * 9_000_000})
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as file:
        size = struct.pack("<L", file.getinfo(SHEET).file_size)
    while size in data:
        at = data.index(size)
        data[at : at + 4] = struct.pack("<L", 500)
    path.write_bytes(data)


def _shared_bomb(path: Path) -> None:
    cells = '<row r="{0}">' + '<c t="s"><v>0</v></c>' * 300 + "</row>"
    _workbook(path, "".join(cells.format(number) for number in range(1, 301)))
    rels = zipfile.ZipFile(path).read("xl/_rels/workbook.xml.rels").decode()
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
    more = f'<Relationship Id="t" Type="{kind}" Target="sharedStrings.xml"/></Relationships>'
    texts = f'<sst xmlns="{MAIN}"><si><t>{"您" * 10_000}</t></si></sst>'
    rewrite(
        path,
        {"xl/_rels/workbook.xml.rels": rels.replace("</Relationships>", more), "xl/sharedStrings.xml": texts},
    )


def _over_each_other(path: Path) -> None:
    _workbook(path)
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as file:
        first, last = file.infolist()[0].header_offset, file.infolist()[-1].header_offset
    at = data.rindex(struct.pack("<L", last), 0, len(data) - 22)
    data[at : at + 4] = struct.pack("<L", first)
    path.write_bytes(data)


def _twice(path: Path) -> None:
    _workbook(path)
    with zipfile.ZipFile(path, "a") as file:
        file.writestr("XL/worksheets/1.xml", "<x/>")


def _outside(path: Path) -> None:
    _workbook(path)
    with zipfile.ZipFile(path, "a") as file:
        file.writestr("../evil.xml", "<x/>")


def _encrypted(path: Path) -> None:
    path.write_bytes(OLE + b"\x00" * 504 + "EncryptedPackage".encode("utf-16-le") + b"\x00" * 64)


def _dtd(path: Path) -> None:
    entities = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'
    rows = '<sheetData><row r="1"><c r="A1"><v>&b;</v></c></row></sheetData>'
    _workbook(path, f'{entities}<worksheet xmlns="{MAIN}">{rows}</worksheet>')


def _opendocument(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        file.writestr("content.xml", "<x/>")


def _zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("a.txt", "a")


def _many(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as file:
        for number in range(20_001):
            file.writestr(str(number), b"")


def _wide(path: Path) -> None:
    xml = f'<?xml version="1.0" encoding="UTF-16"?><worksheet xmlns="{MAIN}"><sheetData/></worksheet>'
    _workbook(path, xml.encode("utf-16"))


def _bytes(data: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(data)


def _rows(rows: str) -> Callable[[Path], object]:
    return lambda path: _workbook(path, rows)


BAD: dict[str, tuple[str, Callable[[Path], object], str]] = {
    "a cell far off": ("a.xlsx", _far, "16,384 columns and 1,048,576 rows are too many"),
    "a cell far off by its name": ("a.xlsx", _far_by_name, "cell 'XFD1048576' in row 1"),
    "a zip bomb": ("a.xlsx", _bomb, "would unpack from"),
    "a zip bomb that lies": ("a.xlsx", _lying_bomb, "is no workbook that can be read"),
    "a text that is shared too often": ("a.xlsx", _shared_bomb, "its texts would take 2,5"),
    "parts over each other": ("a.xlsx", _over_each_other, "is no workbook that can be read"),
    "a part twice": ("a.xlsx", _twice, "'XL/worksheets/1.xml' is not one of a workbook"),
    "a part outside": ("a.xlsx", _outside, "'../evil.xml' is not one of a workbook"),
    "too many parts": ("a.xlsx", _many, "more than 20,000 parts"),
    "entities": ("a.xlsx", _dtd, "it has a document type"),
    "a password": ("a.xlsx", _encrypted, "is locked with a password; save it without one"),
    "an old workbook": ("a.xlsx", _bytes(OLE + b"\x00" * 600), "is an old Excel file (.xls) under another name"),
    "a web page": ("a.xlsx", _bytes(b"\xef\xbb\xbf\r\n<html><table>"), "is a web page under another name"),
    "an OpenDocument file": ("a.xlsx", _opendocument, "is an OpenDocument file under another name"),
    "a zip file": ("a.xlsx", _zip, "it holds no workbook"),
    "a text": ("a.xlsx", _bytes("编号,回复\n".encode()), "is no workbook that can be read"),
    "an empty workbook": ("a.xlsx", _bytes(b""), "is no workbook that can be read"),
    "an empty sheet": ("a.xlsx", lambda path: _workbook(path, {}), "the sheet '话术' is empty"),
    "a column that is none": (
        "a.xlsx",
        _rows('<row r="1"><c r="1"><v>1</v></c></row>'),
        "a cell '1'",
    ),
    "a column too far": (
        "a.xlsx",
        _rows('<row r="1"><c r="ZZZ1"><v>1</v></c></row>'),
        "last column",
    ),
    "a row that is none": ("a.xlsx", _rows('<row r="x"><c><v>1</v></c></row>'), "a row 'x'"),
    "a sheet in UTF-16": ("a.xlsx", _wide, "empty"),
    "an old file": ("a.xls", _bytes(b"x"), "is a .xls file, which cannot be read; save it as .xlsx or as CSV"),
    "an .ods file": ("a.ods", _bytes(b"x"), "is a .ods file, which cannot be read; save it as .xlsx or as CSV"),
    "a file of WPS": ("a.et", _bytes(b"x"), "save it as .xlsx or as CSV"),
    "a file of Numbers": ("a.numbers", _bytes(b"x"), "save it as .xlsx or as CSV"),
    "a folder": ("a.csv", lambda path: path.mkdir(), "is a folder; name a file"),
    "nothing": ("a.csv", lambda path: None, "cannot be read: No such file"),
    "no workbook at all": ("a.xlsx", lambda path: None, "cannot be read: No such file"),
    "a workbook under another name": ("a.csv", _workbook, "is a workbook under another name; end its name in .xlsx"),
    "an old workbook under another name": ("a.csv", _bytes(OLE), "is an old Excel file (.xls) under another name"),
    "an empty table": ("a.csv", _bytes(b"\n\n,,\n"), "is empty"),
    "a table of bytes": ("a.csv", _bytes(b"\xff\xff\x80"), "is no text in UTF-8 or GB18030"),
    "a cell without end": (
        "a.csv",
        _bytes('a,b\n1,2\n3,"您好\n4,5\n'.encode()),
        "opened in line 3 or below is never closed",
    ),
    "a cell that goes on": ("a.csv", _bytes(b'a,b\n1,"2\n3,"4"\n'), "line 3, is not valid CSV: ',' expected"),
    "a cell that goes on, and where it begins": ("a.csv", _bytes(b'a,b\n1,"2\n3,"4"\n'), "its row begins in line 2"),
    "a cell with a rest": ("a.csv", _bytes(b'a,b\n1,"2"3\n'), "line 2, is not valid CSV"),
}


@pytest.mark.parametrize(("name", "make", "words"), BAD.values(), ids=BAD)
def test_what_cannot_be_read(name: str, make: Callable[[Path], object], words: str, tmp_path: Path) -> None:
    """One sentence names the file and says what is wrong with it."""
    make(tmp_path / name)
    with pytest.raises(UsageError) as caught:
        open_sheet(tmp_path / name)
    message = str(caught.value)
    assert words in message
    assert message.startswith(str(tmp_path / name))
    assert "\n" not in message


def test_options_that_do_not_fit(tmp_path: Path) -> None:
    """A sheet is no part of a table, an encoding none of a workbook, and a word is no delimiter."""
    _workbook(tmp_path / "a.xlsx")
    (tmp_path / "a.csv").write_text("a,b\n", "utf-8")
    for name, options, words in (
        ("a.csv", {"sheet": "1"}, "has no sheets to name"),
        ("a.csv", {"delimiter": "ab"}, "'ab' is no delimiter"),
        ("a.csv", {"delimiter": '"'}, "is no delimiter"),
        ("a.csv", {"encoding": "klingon"}, "unknown encoding 'klingon'"),
        ("a.csv", {"encoding": "rot13"}, "unknown encoding 'rot13'"),
        ("a.csv", {"encoding": "utf-8\x00"}, "unknown encoding"),
        ("a.xlsx", {"encoding": "utf-8"}, "neither an encoding nor a delimiter"),
        ("a.xlsx", {"sheet": "x"}, "no sheet 'x'; there are: 话术"),
        ("a.xlsx", {"sheet": "2"}, "no sheet '2'; there are: 话术"),
    ):
        with pytest.raises(UsageError, match=words):
            open_sheet(tmp_path / name, **options)


def test_columns_that_are_not_there(tmp_path: Path) -> None:
    """A name comes before a letter and a letter before a number; what is none, or two, is refused with the names."""
    (tmp_path / "a.csv").write_text("B,回复,2,回复,\n1,2,3,4,5\n", "utf-8")
    sheet = open_sheet(tmp_path / "a.csv")
    assert [sheet.column(wanted) for wanted in ("B", "b", "2", " 2 ", "E", "5", "1")] == [0, 1, 2, 2, 4, 4, 0]
    for wanted in ("F", "0", "6", "", "答复", "-1", "²"):
        with pytest.raises(UsageError, match=r"no column .*; there are: B, 回复, 2, 回复"):
            sheet.column(wanted)
    with pytest.raises(UsageError, match="the columns B, D are all named '回复'; name one by its letter"):
        sheet.column("回复")


def test_no_permission(tmp_path: Path) -> None:
    """A file that may not be read is said in a sentence."""
    (tmp_path / "a.csv").write_text("a\n", "utf-8")
    (tmp_path / "a.csv").chmod(0)
    code = f"""
import contextlib
import os
from replykit.errors import UsageError
from replykit.sheets import open_sheet
if os.geteuid() == 0:  # who may read everything
    os.setuid(65534)
try:
    open_sheet({str(tmp_path / "a.csv")!r})
except UsageError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", timeout=60)
    assert done.stdout == f"{tmp_path / 'a.csv'} cannot be read: Permission denied\n", done.stderr


# --- writing -----------------------------------------------------------------------------------------------------


@pytest.fixture(params=["a.csv", "a.xlsx"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A table, and a workbook."""
    path = tmp_path / str(request.param)
    if path.suffix == ".csv":
        path.write_text("id,回复\n1,您好\n", "utf-8")
    else:
        _workbook(path)
    return path


def test_the_original_is_never_changed(source: Path, tmp_path: Path) -> None:
    """It is refused as the output under any name, and has the same bytes after a copy was written."""
    before = source.read_bytes()
    sheet = open_sheet(source)
    link, hard = tmp_path / f"link{source.suffix}", tmp_path / f"hard{source.suffix}"
    link.symlink_to(source)
    hard.hardlink_to(source)
    for output in (source, tmp_path / "." / source.name, link, hard):
        with pytest.raises(UsageError, match="is the original, which is never changed"):
            sheet.write(output, ["新"], [Edit(2, ("好",))])
    sheet.write(tmp_path / f"copy{source.suffix}", ["新"], [Edit(2, ("好",))])
    assert source.read_bytes() == before


def test_outputs_that_cannot_be(source: Path, tmp_path: Path) -> None:
    """Another kind of file, a folder, a folder that is missing and what is no file are refused, and nothing is left."""
    sheet = open_sheet(source)
    (tmp_path / f"folder{source.suffix}").mkdir()
    os.mkfifo(tmp_path / f"pipe{source.suffix}")
    before = sorted(tmp_path.iterdir())
    other = ".xlsx" if source.suffix == ".csv" else ".csv"
    for name, words in (
        (f"copy{other}", "end its name in"),
        ("copy", "end its name in"),
        (f"folder{source.suffix}", "is a folder; name a file"),
        (f"pipe{source.suffix}", "is no file"),
        (f"nowhere/copy{source.suffix}", "cannot be written: No such file or directory"),
        (f"{'x' * 300}{source.suffix}", "cannot be written: File name too long"),
    ):
        with pytest.raises(UsageError, match=words):
            sheet.write(tmp_path / name, ["新"], [])
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("edits", "words"),
    [
        ([Edit(9, ("好",))], "has no row 9 to write into"),
        ([Edit(1, ("好",))], "has no row 1 to write into"),
        ([Edit(2, ("好",)), Edit(2, ("好",))], "row 2 comes after row 2"),
        ([Edit(2, ("好", "x"))], "row 2 has 2 values for 1 titles"),
        ([Edit(2, ("好",), "x")], "no column to replace is named"),
    ],
)
def test_edits_that_fit_nowhere(edits: list[Edit], words: str, source: Path, tmp_path: Path) -> None:
    """An edit is never lost in silence: one that fits no row ends the writing, and what was there is as it was."""
    output = tmp_path / f"copy{source.suffix}"
    output.write_text("old", "utf-8")
    with pytest.raises(UsageError, match=words):
        open_sheet(source).write(output, ["新"], edits)
    assert output.read_text("utf-8") == "old"
    assert sorted(tmp_path.iterdir()) == sorted([source, output])


def test_a_failure_in_the_middle_leaves_the_old_output(source: Path, tmp_path: Path) -> None:
    """Whatever error comes with the edits, the old output is whole, and no half file lies beside it."""
    output = tmp_path / f"copy{source.suffix}"
    output.write_text("old", "utf-8")

    def edits() -> Any:
        yield Edit(2, ("好",))
        raise RuntimeError("the row after")

    with pytest.raises(RuntimeError):
        open_sheet(source).write(output, ["新"], edits())
    assert output.read_text("utf-8") == "old"
    assert sorted(tmp_path.iterdir()) == sorted([source, output])


def test_a_full_disk(source: Path, tmp_path: Path) -> None:
    """Where no more can be written, one sentence says so, and the old output is as it was."""
    output = tmp_path / f"copy{source.suffix}"
    output.write_text("old", "utf-8")
    code = f"""
import resource, signal
from replykit.errors import UsageError
from replykit.sheets import Edit, open_sheet
sheet = open_sheet({str(source)!r})
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (400, 400))
try:
    sheet.write({str(output)!r}, ["新"], [Edit(2, ("".join(chr(0x4E00 + n) for n in range(9000)),))])
except UsageError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", timeout=60)
    assert done.stdout == f"{output} cannot be written: File too large; what was there is as it was\n", done.stderr
    assert output.read_text("utf-8") == "old"
    assert sorted(tmp_path.iterdir()) == sorted([source, output])


def test_killed_while_it_writes(source: Path, tmp_path: Path) -> None:
    """A process that is killed before the last byte leaves the old output, and, where it can, nothing else."""
    output = tmp_path / f"copy{source.suffix}"
    output.write_text("old", "utf-8")
    code = f"""
import os, signal
from replykit.sheets import Edit, open_sheet
def edits():
    yield Edit(2, ("好",))
    os.kill(os.getpid(), signal.SIGKILL)
open_sheet({str(source)!r}).write({str(output)!r}, ["新"], edits())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60)
    assert done.returncode == -9
    assert output.read_text("utf-8") == "old"
    if hasattr(os, "O_TMPFILE"):
        assert sorted(tmp_path.iterdir()) == sorted([source, output])
    assert open_sheet(source).write(output, ["新"], [Edit(2, ("好",))]).rows == 1
    assert [row.cells for row in open_sheet(output).rows()] == [("1", "您好", "好")]


def test_a_file_that_changes_under_it(source: Path, tmp_path: Path) -> None:
    """A file that is no longer what was read is not mixed with results of what it was."""
    sheet = open_sheet(source)
    before = sheet.fingerprint
    if source.suffix == ".csv":
        source.write_text("id,回复\n1,再见\n", "utf-8")
    else:
        _workbook(source, {"A1": "id"})
    assert open_sheet(source).fingerprint != before
    if source.suffix == ".csv":  # the cells of a workbook are in memory
        with pytest.raises(UsageError, match="has changed since it was read"):
            next(sheet.rows())
    with pytest.raises(UsageError, match="has changed since it was read"):
        sheet.write(tmp_path / f"copy{source.suffix}", ["新"], [Edit(2, ("好",))])
    source.unlink()
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        sheet.write(tmp_path / f"copy{source.suffix}", ["新"], [Edit(2, ("好",))])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("unnamed", [True, False])
def test_permissions(unnamed: bool, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy may be read by those who may read the original, and keeps its own permissions when it is written again."""
    if not unnamed:
        monkeypatch.setattr(sys.modules["replykit.sheets.saving"], "_HANDLES", "/nowhere")
    output = tmp_path / f"copy{source.suffix}"
    source.chmod(0o440)
    open_sheet(source).write(output, [], [])
    assert stat.S_IMODE(output.stat().st_mode) == 0o640
    output.chmod(0o604)
    open_sheet(source).write(output, [], [])
    assert stat.S_IMODE(output.stat().st_mode) == 0o604


def test_a_link_leads_to_what_is_written(source: Path, tmp_path: Path) -> None:
    """Where the output is a link it stays one, and the file that it leads to is replaced."""
    (tmp_path / "deep").mkdir()
    (tmp_path / f"link{source.suffix}").symlink_to(tmp_path / "deep" / "x")
    open_sheet(source).write(tmp_path / f"link{source.suffix}", [], [])
    assert (tmp_path / f"link{source.suffix}").is_symlink()
    assert (tmp_path / "deep" / "x").read_bytes() == source.read_bytes()


@pytest.mark.parametrize("unnamed", [True, False])
def test_saving_any_file(unnamed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Any other file is saved in the same way, also where a file must have a name, with a new file's permissions."""
    if not unnamed:
        monkeypatch.setattr(sys.modules["replykit.sheets.saving"], "_HANDLES", "/nowhere")
    with saving(tmp_path / "a.html") as file:
        file.write(b"x")
        assert not (tmp_path / "a.html").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["a.html"]
    with contextlib.suppress(RuntimeError), saving(tmp_path / "a.html") as file:
        file.write(b"y")
        raise RuntimeError
    assert [path.name for path in tmp_path.iterdir()] == ["a.html"]
    (tmp_path / "b").write_bytes(b"")
    assert (tmp_path / "a.html").read_bytes() == b"x"
    assert (tmp_path / "a.html").stat().st_mode == (tmp_path / "b").stat().st_mode


def test_damaged_workbooks_are_refused(tmp_path: Path) -> None:
    """A workbook that is cut off or overwritten anywhere is read or refused, and a copy of it never crashes."""
    _workbook(tmp_path / "whole.xlsx")
    data = (tmp_path / "whole.xlsx").read_bytes()
    refused = 0
    for place in range(0, len(data), 53):
        for damaged in (data[:place], data[:place] + b"\xff" * 7 + data[place + 7 :]):
            (tmp_path / "a.xlsx").write_bytes(damaged)
            try:
                open_sheet(tmp_path / "a.xlsx").write(tmp_path / "b.xlsx", ["新"], [Edit(2, ("好",))])
            except UsageError:
                refused += 1
    assert refused > 50
