"""Workbooks as sheets: what is read, what is written into a copy, and that nothing else of it changes."""

from __future__ import annotations

import re
import struct
import warnings
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from fragile import FRAGILE, write_fragile
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook
from workbook import rewrite, write_workbook

from replykit.errors import UsageError
from replykit.sheets import Edit, Sheet, SheetRow, Written, open_sheet

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PLAIN = {"A1": "编号", "B1": "回复", "A2": 1, "B2": "您好", "A3": 2, "B3": "再见"}


def _sheet(folder: Path, cells: Any = None, **options: Any) -> Sheet:
    write_workbook(folder / "a.xlsx", {"话术": PLAIN if cells is None else cells})
    return open_sheet(folder / "a.xlsx", **options)


def _copy(sheet: Sheet, titles: Sequence[str] = (), edits: Sequence[Edit] = (), **options: Any) -> Written:
    return sheet.write(sheet.path.with_name("copy.xlsx"), titles, edits, **options)


def _xml(path: Path, part: str = "xl/worksheets/1.xml") -> str:
    with zipfile.ZipFile(path) as file:
        return file.read(part).decode()


def _cells(path: Path) -> list[SheetRow]:
    return list(open_sheet(path).rows())


def _openpyxl(path: Path) -> list[list[Any]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about what it will lose
        sheet = openpyxl.load_workbook(path).worksheets[-1]
        return [[cell.value for cell in row] for row in sheet.iter_rows()]


def _calamine(path: Path) -> list[list[Any]]:
    with CalamineWorkbook.from_path(path) as workbook:
        return list(workbook.get_sheet_by_index(len(workbook.sheet_names) - 1).iter_rows())


# --- nothing else changes ----------------------------------------------------------------------------------------


@pytest.fixture
def fragile(tmp_path: Path) -> Path:
    """The workbook with one of everything."""
    write_fragile(tmp_path / "fragile.xlsx")
    return tmp_path / "fragile.xlsx"


EDITS = [
    Edit(3, ("=1+1", "clean"), "您好，\n已经寄出。"),
    Edit(4, ("@抱歉", "repaired"), "抱歉，我帮您核实。"),
    Edit(5, ("已寄出。", ""), "物流：已经寄出"),
]


def _entries(path: Path) -> dict[str, tuple[zipfile.ZipInfo, bytes]]:
    """The entries in the order of the directory, each with its header and its data as they stand in the file."""
    data = path.read_bytes()
    with zipfile.ZipFile(path) as file:
        found = {}
        for info in file.infolist():
            name, extra = struct.unpack_from("<2H", data, info.header_offset + 26)
            end = info.header_offset + 30 + name + extra + info.compress_size
            found[info.filename] = (info, data[info.header_offset : end])
        return found


def test_every_other_part_is_byte_for_byte_the_same(fragile: Path) -> None:
    """All parts but the sheet's own and the styles are copied as they are packed, in order, with dates and comments."""
    written = _copy(open_sheet(fragile), ["润色", "状态"], EDITS, replace=3)
    before, after = _entries(fragile), _entries(written.path)
    assert list(before) == list(after)
    changed = {name for name in before if before[name][1] != after[name][1]}
    assert changed == {"xl/worksheets/sheet1.xml", "xl/styles.xml"}
    for old, new in zip(before.values(), after.values(), strict=True):
        kept = ("filename", "date_time", "comment", "extra", "external_attr", "internal_attr", "create_system")
        assert [getattr(old[0], name) for name in kept] == [getattr(new[0], name) for name in kept]
    with zipfile.ZipFile(written.path) as file:
        assert file.testzip() is None
        assert file.comment == "客服".encode()
    assert fragile.read_bytes() != written.path.read_bytes()


@pytest.mark.parametrize("feature", FRAGILE)
def test_no_fragile_feature_is_lost(feature: str, fragile: Path) -> None:
    """Each feature that a load and save elsewhere loses is there before and after."""
    part, piece = FRAGILE[feature]
    assert piece in _xml(fragile, part)
    written = _copy(open_sheet(fragile), ["润色", "状态"], EDITS, replace=3)
    assert piece in _xml(written.path, part).replace('spans="1:9"', 'spans="1:7"')


def test_the_sheet_differs_in_the_edited_cells_alone(fragile: Path) -> None:
    """But for the edited cells, the widths of new columns, and the extents of rows and sheet, the part is the same."""
    written = _copy(open_sheet(fragile), ["润色", "状态"], EDITS, replace=3)
    edited = r'<c r="(?:D[34]|[HI]\d)"(?:[^>]*/>|.*?</c>)|<dimension [^>]*>|<cols>.*?</cols>| spans="[\d:]*"'
    old, new = (
        re.sub(edited, "", _xml(path, "xl/worksheets/sheet1.xml"), flags=re.DOTALL) for path in (fragile, written.path)
    )
    assert old == new
    assert '<dimension ref="A1:I5"/>' in _xml(written.path, "xl/worksheets/sheet1.xml")


def test_fragile_cells_are_read_back(fragile: Path) -> None:
    """What was written is read alike by us, openpyxl and calamine; a cell with a formula stays, and a note says so."""
    written = _copy(open_sheet(fragile), ["润色", "状态"], EDITS, replace=3)
    expected = [
        ("您好，\n已经寄出。", "=1+1", "clean"),
        ("抱歉，我帮您核实。", "@抱歉", "repaired"),
        ("物流已经寄出", "已寄出。", ""),
    ]
    assert [(row.cells[3], *row.cells[7:]) for row in open_sheet(written.path, sheet="话术").rows()] == expected
    assert [(row[3], *row[7:]) for row in _calamine(written.path)[2:5]] == expected
    assert [tuple(cell or "" for cell in (row[3], *row[7:])) for row in _openpyxl(written.path)[2:5]] == [
        *expected[:2],
        ('=B5&"已经寄出"', *expected[2][1:]),
    ]
    assert written.notes == (
        "row 5: the cell shows what a formula makes, and was left as it is",
        "formulas that use the changed cells show the old result until the program calculates them (F9)",
        "a filter or table of the sheet does not reach over the new columns, which stay where they are when it is"
        " sorted; select the whole sheet to sort it",
    )


@pytest.mark.parametrize("filtered", [True, False])
def test_a_filter_does_not_reach_over_new_columns(filtered: bool, tmp_path: Path) -> None:
    """Where the sheet has a filter, a note says that its sorting parts the results from their rows; else none does."""
    more = '<autoFilter ref="A1:A2"><filterColumn colId="0"/></autoFilter>' if filtered else ""
    cells = '<row r="1"><c r="A1"><v>1</v></c></row><row r="2"><c r="A2"><v>2</v></c></row>'
    sheet = _sheet(tmp_path, f'<worksheet xmlns="{MAIN}"><sheetData>{cells}</sheetData>{more}</worksheet>')
    told = [note for note in _copy(sheet, ["新"], [Edit(2, ("好",))]).notes if "sorted" in note]
    assert len(told) == filtered
    assert not _copy(sheet, [], [Edit(2, (), "好")], replace=0).notes


def test_without_edits_a_copy_is_the_original(fragile: Path) -> None:
    """Where nothing is written, and where a replacement is what stands there, the file has the same bytes."""
    sheet = open_sheet(fragile)
    assert _copy(sheet).path.read_bytes() == fragile.read_bytes()
    same = [Edit(row.number, (), row.cells[3]) for row in sheet.rows()]
    assert _copy(sheet, [], same, replace=3).path.read_bytes() == fragile.read_bytes()


# --- reading -----------------------------------------------------------------------------------------------------


def test_a_sheet_is_read(fragile: Path) -> None:
    """Names below a title, hidden rows, rich text, dates, truths and cached results are read as they are shown."""
    sheet = open_sheet(fragile)
    assert sheet.header == ("编号", "分类", "日期", "回复", "字数", "种类", "图")
    assert sheet.layout == "sheet '话术' (2 of 2), names in row 2, columns A to G"
    assert sheet.name == f"{fragile}, sheet '话术'"
    assert [sheet.column(wanted) for wanted in ("回复", "D", "d", "4")] == [3, 3, 3, 3]
    assert list(sheet.rows()) == [
        SheetRow(3, ("1", "物流", "2026-11-08", "您好，已经寄出。", "8", "物流", "")),
        SheetRow(4, ("2", "退款", "2026-11-09", "抱歉，是我们的疏忽，我帮您核实。", "16", "退款", "TRUE")),
        SheetRow(5, ("3", "物流", "", "物流已经寄出", "16", "", "")),
    ]


@pytest.mark.parametrize(
    ("wanted", "name"), [("说明", "客服话术表"), ("1", "客服话术表"), ("2", "编号"), (None, "编号")]
)
def test_a_sheet_by_name_or_number(wanted: str | None, name: str, fragile: Path) -> None:
    """A sheet is named or numbered; without either, the first that is not hidden is taken."""
    assert open_sheet(fragile, sheet=wanted).header[0] == name


@pytest.mark.parametrize(
    ("part", "old", "new"),
    [
        ("xl/sharedStrings.xml", 'uniqueCount="11"', "uniqueCount='99999999999'"),
        ("xl/sharedStrings.xml", "<sst ", '<!-- <sst x="1"> --><sst a=">" '),
        ("xl/worksheets/sheet1.xml", '<dimension ref="A1:G5"/>', '<dimension ref="A1:XFD1048576"/>'),
        ("xl/worksheets/sheet1.xml", "<cfvo ", '<dimension ref="A1:G5"/><cfvo '),
        ("xl/worksheets/sheet1.xml", 'spans="1:7"', f'spans="1:{"9" * 5000}"'),
        ("xl/worksheets/sheet1.xml", 'min="8" max="16384"', f'min="x" max="{"9" * 5000}"'),
        ("xl/worksheets/sheet1.xml", '<c r="D4" s="3"', """<c r="D4" x=" s='0'" s='3" y="'"""),
        ("xl/styles.xml", 'cellXfs count="5"', 'cellXfs count="99999999999"'),
    ],
)
def test_counts_that_lie(part: str, old: str, new: str, fragile: Path) -> None:
    """Nothing that a workbook claims of its sizes is believed."""
    rewrite(fragile, {part: _xml(fragile, part).replace(old, new, 1)})
    written = _copy(open_sheet(fragile), ["润色", "状态"], EDITS, replace=3)
    assert [row.cells[0] for row in open_sheet(written.path).rows()] == ["1", "2", "3"]


def test_numbers_are_shown_as_texts(tmp_path: Path) -> None:
    """A phone number has no decimal point, and a sum no digit that Excel would not show."""
    (row,) = _sheet(tmp_path, {"A1": "a", "B1": "b", "C1": "c", "A2": 13800138000, "B2": 0.1 + 0.2, "C2": 1e20}).rows()
    assert row.cells == ("13800138000", "0.3", "1" + "0" * 20)


ID = '<c r="A1" t="inlineStr"><is><t>id</t></is></c>'
TITLE = '<c r="B1" t="inlineStr"><is><t>回复</t></is></c>'
ONE = '<c r="A3"><v>1</v></c>'
HELLO = '<c r="B3" t="inlineStr"><is><t>您好</t></is></c>'
PLAIN_ROWS = f'<row r="1" spans="1:2">{ID}{TITLE}</row><row r="3">{ONE}{HELLO}</row>'
ROWS: dict[str, str] = {
    "cells without names": re.sub(r' r="(?:\w\d|1)"', "", PLAIN_ROWS),
    "comments and raw text": PLAIN_ROWS.replace("回复", "<![CDATA[回复]]>").replace("您好", "您<!-- </row> -->好"),
    "empty cells with a format": f'<row r="1" spans="1:6">{ID}{TITLE}<c r="D1" s="1"/></row>'
    f'<row r="3">{ONE}{HELLO}<c r="C3" s="1"/><c r="D3" s="1"></c><c r="F3" s="1"/></row><row r="4"/>',
    "comments after everything": PLAIN_ROWS.replace("</row>", "<?x </row> ?></row>\n<!-- </row><c> --><?y?> ").replace(
        "</c>", "</c> <!-- </row><c> --> "
    ),
    "last rows that are empty": PLAIN_ROWS + '<row r="4" ht="15"/><!-- </row> --><row r="5"></row>',
    "a last row to write into": PLAIN_ROWS.replace(HELLO, HELLO + "<!-- x -->") + "<!-- </row> -->",
    "single quotation marks": PLAIN_ROWS.replace('"', "'").replace("'>", "' \n >").replace("</c>", "</c >"),
}


@pytest.mark.parametrize("name", [*ROWS, "another prefix", "a mark", "another encoding", "strict"])
def test_unusual_sheets(name: str, tmp_path: Path) -> None:
    """However a sheet is written down, it is read, and cells are put where they belong, once each."""
    data = ROWS.get(name, PLAIN_ROWS)
    head = f'<worksheet xmlns="{MAIN}"><sheetData>'
    if name == "another prefix":
        data = re.sub(r"<(/?)(\w)", r"<\1x:\2", data)
        head = f'<x:worksheet xmlns:x="{MAIN}"><x:cols><x:col min="2" max="9" style="1"/></x:cols><x:sheetData>'
    if name == "strict":
        head = head.replace(MAIN, "http://purl.oclc.org/ooxml/spreadsheetml/main")
    sheet_xml = head + data + re.sub(r"<(\w)", r"</\1", "".join(re.findall(r"<x:sheetData>|<sheetData>", head)))
    sheet_xml += "</x:worksheet>" if name == "another prefix" else "</worksheet>"
    whole = sheet_xml.encode()
    if name == "a mark":
        whole = b"\xef\xbb\xbf" + b'<?xml version="1.0" encoding="utf-8"?>' + whole
    if name == "another encoding":
        whole = b'<?xml version="1.0" encoding="us-ascii"?>' + sheet_xml.encode("ascii", "xmlcharrefreplace")
    sheet = _sheet(tmp_path, whole)
    assert (sheet.header, list(sheet.rows())) == (("id", "回复"), [SheetRow(3, ("1", "您好"))])
    written = _copy(sheet, ["新", "状态"], [Edit(3, ("好👍", "ok"), "再见<&>")], replace=1)
    assert open_sheet(written.path).header == ("id", "回复", "新", "状态")
    assert _cells(written.path) == [SheetRow(3, ("1", "再见<&>", "好👍", "ok"))]
    if name != "strict":  # which openpyxl cannot read
        assert _openpyxl(written.path)[2][:4] == [1, "再见<&>", "好👍", "ok"]


@pytest.mark.parametrize(
    "rows",
    [
        '<row r="3"><c r="A3"><v>1</v></c></row><row r="2"><c r="A2"><v>1</v></c></row>',
        '<row r="2"><c r="B2"><v>1</v></c><c r="A2"><v>1</v></c></row>',
        '<row r="2"><c r="A2"><v>1</v></c></row><x y="1"/><row r="3"/>',
        '<row r="2"><c r="A2"><v>1</v></c><extLst><ext uri="x"/></extLst></row><row r="3"/>',
        '<row r="2"><c r="A2"><v>1</v></c><extLst><ext uri="x"/></extLst></row>',
    ],
)
def test_sheets_that_are_read_alone(rows: str, tmp_path: Path) -> None:
    """A sheet with rows or cells out of order, or anything else among them, can be read, and is not written into."""
    sheet = _sheet(tmp_path, f'<row r="1"><c r="A1" t="inlineStr"><is><t>id</t></is></c></row>{rows}')
    assert sheet.header[0] == "id"
    with pytest.raises(UsageError, match="is stored in an unusual way; open it in a spreadsheet program and save it"):
        _copy(sheet, ["新"], [Edit(2, ("好",))])
    if not rows.endswith("</extLst></row>"):  # a last row is read to its end when it is written alone
        with pytest.raises(UsageError, match="unusual"):
            sheet.check_output(tmp_path / "copy.xlsx")


def test_a_strict_workbook(tmp_path: Path) -> None:
    """A workbook saved as Strict Open XML, with other names for everything, is read and written like any."""
    write_workbook(tmp_path / "a.xlsx", {"话术": PLAIN})
    with zipfile.ZipFile(tmp_path / "a.xlsx") as file:
        parts = {name: file.read(name) for name in file.namelist()}
    strict = {
        name: data.replace(OFFICE.encode(), b"http://purl.oclc.org/ooxml/officeDocument/relationships").replace(
            MAIN.encode(), b"http://purl.oclc.org/ooxml/spreadsheetml/main"
        )
        for name, data in parts.items()
    }
    rewrite(tmp_path / "a.xlsx", strict)
    written = _copy(open_sheet(tmp_path / "a.xlsx"), ["新"], [Edit(2, ("=好",))])
    assert [row.cells for row in _cells(written.path)] == [("1", "您好", "=好"), ("2", "再见", "")]


# --- writing -----------------------------------------------------------------------------------------------------

TEXT = st.text("a您👍=+-@＝\n\r\t <&>\"'_x000D\x00\x07\x0b0", max_size=9) | st.sampled_from(
    ["_x000D_", "_x005F_x0041_", "]]>"]
)


@settings(deadline=None)
@given(texts=st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=4), replaced=st.booleans())
def test_texts_are_read_back(texts: Any, replaced: bool, tmp_path_factory: Any) -> None:
    """Whatever a text holds, we and calamine read what was written, and openpyxl the same in Excel's escapes."""
    cells: dict[str, str | float] = {"A1": "编号", "B1": "回复"}
    for number, _ in enumerate(texts, 2):
        cells |= {f"A{number}": number, f"B{number}": "您好"}
    sheet = _sheet(tmp_path_factory.mktemp("texts"), cells)
    edits = [Edit(number, (new,), old if replaced else None) for number, (old, new) in enumerate(texts, 2)]
    written = _copy(sheet, ["新"], edits, replace=1)
    expected = [(old if replaced else "您好", new) for old, new in texts]
    assert [row.cells[1:] for row in _cells(written.path)] == expected
    assert [tuple(row[1:3]) for row in _calamine(written.path)[1:]] == expected
    unescape = openpyxl.utils.escape.unescape
    read = [tuple(unescape(cell or "") for cell in row[1:3]) for row in _openpyxl(written.path)[1:]]
    assert read == expected


@pytest.mark.parametrize("char", ["\ufffe", "\uffff", "\ud83d"])
def test_what_is_no_character(char: str, tmp_path: Path) -> None:
    """Half a surrogate pair and a code point that is no character become U+FFFD."""
    written = _copy(_sheet(tmp_path), ["新"], [Edit(2, (f"a{char}",))])
    assert _cells(written.path)[0].cells[2] == "a\ufffd"


@pytest.mark.parametrize("mark", ["=", "+", "-", "@", "＝", "＠", "\t", "'"])
def test_no_text_becomes_a_formula(mark: str, tmp_path: Path) -> None:
    """A text is a text by its type, and stays one when it is edited by its format; nothing is put before it."""
    written = _copy(_sheet(tmp_path), ["新"], [Edit(2, (f"{mark}1+1",), f"{mark}A1")], replace=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        row = openpyxl.load_workbook(written.path).worksheets[0][2]
    assert [(cell.value, cell.data_type, cell.quotePrefix) for cell in row[1:]] == [
        (f"{mark}A1", "s", True),
        (f"{mark}1+1", "s", True),
    ]


def test_a_text_that_no_cell_can_hold(tmp_path: Path) -> None:
    """A text of more than 32,767 UTF-16 units is left out, and a note names its row; one of exactly so many is not."""
    sheet = _sheet(tmp_path)
    written = _copy(
        sheet, ["新", "状态"], [Edit(2, ("您" * 32_767, "a")), Edit(3, ("👍" * 16_384, "b"), "您" * 32_768)], replace=1
    )
    assert [row.cells[1:] for row in _cells(written.path)] == [("您好", "您" * 32_767, "a"), ("再见", "", "b")]
    note = "a text has more than the 32,767 characters that a cell can hold, and was left out"
    assert written.notes == (f"row 3: {note}",)


def test_new_columns_stand_right_of_all_data(tmp_path: Path) -> None:
    """The last column that any row uses counts, also of merged cells; nothing that stands there is written over."""
    rows = (
        '<row r="1"><c r="A1" t="inlineStr"><is><t>回复</t></is></c></row>'
        '<row r="2"><c r="A2" t="inlineStr"><is><t>您好</t></is></c></row><row r="9"><c r="C9"><v>5</v></c></row>'
    )
    written = _copy(_sheet(tmp_path, rows), ["新"], [Edit(2, ("好",))])
    assert [row.cells for row in _cells(written.path)] == [("您好", "", "", "好"), ("", "", "5", "")]
    merged = f'<sheetData>{rows}</sheetData><mergeCells><mergeCell ref="C9:E9"/></mergeCells>'
    merged = f'<worksheet xmlns="{MAIN}">{merged}</worksheet>'
    written = _copy(_sheet(tmp_path, merged), ["新"], [Edit(2, ("好",))])
    assert '<c r="F2"' in _xml(written.path)


def test_no_room_to_the_right(tmp_path: Path) -> None:
    """Where the last column of a sheet is in use, one sentence says so, and the texts can still be replaced."""
    sheet = _sheet(tmp_path, {"A1": "回复", "A2": "您好", "XFC2": 1})
    assert _copy(sheet, ["新"], [Edit(2, ("好",))]).rows == 1
    with pytest.raises(UsageError, match="no room for 2 more columns"):
        _copy(sheet, ["新", "状态"], [])
    assert _copy(sheet, [], [Edit(2, (), "好")], replace=0).rows == 1


def test_columns_hidden_to_the_right_do_not_hide_results(fragile: Path) -> None:
    """New columns are shown at a width of their own; what was hidden beside them stays hidden."""
    written = _copy(open_sheet(fragile), ["润色", "状态"], [edit._replace(replacement=None) for edit in EDITS])
    assert re.search(r"<cols>.*</cols>", _xml(written.path, "xl/worksheets/sheet1.xml"))[0] == (  # type: ignore[index]
        '<cols><col min="4" max="4" width="30.5" customWidth="1"/><col min="8" max="9" width="40" customWidth="1"/>'
        '<col min="10" max="16384" width="9" hidden="1"/></cols>'
    )


def test_cells_that_an_array_formula_fills_stay(fragile: Path) -> None:
    """A cell that shows a part of a dynamic array is no text to replace, and a note says so."""
    written = _copy(open_sheet(fragile), [], [Edit(3, (), "x"), Edit(4, (), "y")], replace=5)
    assert '<c r="F4" t="str"><v>退款</v></c>' in _xml(written.path, "xl/worksheets/sheet1.xml")
    assert written.notes[0] == "rows 3, 4: the cell shows what a formula makes, and was left as it is"


def test_what_a_row_cannot_take_is_known_before(fragile: Path, tmp_path: Path) -> None:
    """What `write` would leave out, `refusal` says before; what it says nothing of is written."""
    sheet = open_sheet(fragile)
    assert sheet.refusal(3, "x", 5) == sheet.refusal(4, "y", 5) == "the cell holds a formula and stays as it is"
    assert not sheet.refusal(3, "x", None)
    assert not sheet.refusal(3, "👍" * 16_383 + "x", None)
    assert sheet.refusal(3, "👍" * 16_384, None) == "the text is longer than a cell can hold"
    assert sheet.shortened("👍" * 16_384) == "👍" * 16_383 + "…"
    areas = "".join(
        f'<row r="{row}"><c r="A{row}"><f t="array" ref="A{row}:{end}">1</f><v>1</v></c></row>'
        for row, end in ((2, "A9"), (4, "B5"), (11, "C12"))
    )
    sheet = _sheet(tmp_path, areas)
    for column, rows in enumerate(((*range(2, 10), 11, 12), (4, 5, 11, 12), (11, 12), ())):
        assert [row for row in range(1, 15) if sheet.refusal(row, "", column)] == list(rows)


def test_a_cell_that_is_not_there_is_made(tmp_path: Path) -> None:
    """A text for an empty cell goes between its neighbours; an empty text leaves no cell behind its format."""
    sheet = _sheet(
        tmp_path, {"A1": "a", "B1": "回复", "C1": "c", "A2": "1", "C2": "3", "A3": "1", "B3": "您好", "C3": "3"}
    )
    written = _copy(sheet, [], [Edit(2, (), "好"), Edit(3, (), "")], replace=1)
    assert [row.cells for row in _cells(written.path)] == [("1", "好", "3"), ("1", "", "3")]
    assert re.findall(r'<c r="(\w\d)', _xml(written.path)) == ["A1", "B1", "C1", "A2", "B2", "C2", "A3", "B3", "C3"]


def test_without_styles(tmp_path: Path) -> None:
    """A workbook without styles gets none: its texts are texts by their type alone."""
    write_workbook(tmp_path / "a.xlsx", {"话术": PLAIN})
    rels = _xml(tmp_path / "a.xlsx", "xl/_rels/workbook.xml.rels")
    rewrite(
        tmp_path / "a.xlsx",
        {"xl/styles.xml": None, "xl/_rels/workbook.xml.rels": re.sub(r'<Relationship Id="s"[^>]*>', "", rels)},
    )
    written = _copy(open_sheet(tmp_path / "a.xlsx"), ["新"], [Edit(2, ("=1",), "=2")], replace=1)
    assert [row.cells for row in _cells(written.path)] == [("1", "=2", "=1"), ("2", "再见", "")]


@pytest.mark.parametrize("maker", ["openpyxl", "xlsxwriter"])
def test_other_makers_of_workbooks(maker: str, tmp_path: Path) -> None:
    """What openpyxl and xlsxwriter write, tables and filters and 1904 dates included, is read and written into."""
    path = tmp_path / "a.xlsx"
    if maker == "openpyxl":
        made = openpyxl.Workbook()
        made.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
        made.worksheets[0].append(["id", "回复", "日期"])
        made.worksheets[0].append([1, "您好", openpyxl.utils.datetime.from_excel(46334)])
        made.worksheets[0].auto_filter.ref = "A1:C2"
        made.save(path)
    else:
        with xlsxwriter.Workbook(path, {"date_1904": True}) as book:
            book.add_worksheet("话术").add_table(
                "A1:C2",
                {"columns": [{"header": name} for name in ("id", "回复", "日期")], "data": [[1, "您好", "2026-11-08"]]},
            )
    before = _calamine(path)
    assert _cells(path) == [SheetRow(2, ("1", "您好", "2026-11-08"))]
    written = _copy(open_sheet(path), ["新"], [Edit(2, ("=好",))])
    assert _calamine(written.path) == [[*before[0], "新"], [*before[1], "=好"]]
    assert _openpyxl(written.path)[1][3] == "=好"
    old, new = _entries(path), _entries(written.path)
    assert {name for name in old if old[name][1] != new[name][1]} == {"xl/worksheets/sheet1.xml", "xl/styles.xml"}


def test_parts_with_other_names(tmp_path: Path) -> None:
    """Backslashes and capitals in the names of parts, as some programs write them, are understood and kept."""
    write_workbook(tmp_path / "a.xlsx", {"话术": PLAIN})
    rewrite(tmp_path / "a.xlsx", {}, {"xl/worksheets/1.xml": "xl/Worksheets/1.XML"})
    sheet = open_sheet(tmp_path / "a.xlsx")
    written = _copy(sheet, ["新"], [Edit(2, ("好",))])
    with zipfile.ZipFile(written.path) as file:
        assert "xl/Worksheets/1.XML" in file.namelist()
    assert next(open_sheet(written.path).rows()).cells == ("1", "您好", "好")
