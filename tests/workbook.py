"""Small workbooks for tests, written without a spreadsheet package."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_TYPES = (
    f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="xml" ContentType="{_SHEET}.worksheet+xml"/>'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_SHEET}.sheet.main+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_SHEET}.styles+xml"/></Types>'
)
_STYLES = (
    f'<styleSheet xmlns="{_MAIN}"><fonts count="1"><font/></fonts><fills count="1"><fill><patternFill/></fill></fills>'
    '<borders count="1">'
    '<border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="2"><xf xfId="0"/>'
    '<xf numFmtId="14" xfId="0"/></cellXfs></styleSheet>'
)


def write_workbook(path: Path, sheets: Mapping[str, Mapping[str, str | float] | str | bytes]) -> None:
    """Write an .xlsx file.

    Args:
        path: the file.
        sheets: for each sheet its cells by their names, such as B3, row by row; or its XML, or the rows of it.
    """
    names = list(enumerate(sheets, 1))
    entries = "".join(f'<sheet name={quoteattr(name)} sheetId="{n}" r:id="r{n}"/>' for n, name in names)
    targets = {f"r{n}": ("worksheet", f"worksheets/{n}.xml") for n, _ in names} | {"s": ("styles", "styles.xml")}
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("[Content_Types].xml", _TYPES)
        file.writestr("_rels/.rels", _relations({"r1": ("officeDocument", "xl/workbook.xml")}))
        file.writestr(
            "xl/workbook.xml", f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{entries}</sheets></workbook>'
        )
        file.writestr("xl/_rels/workbook.xml.rels", _relations(targets))
        for n, cells in enumerate(sheets.values(), 1):
            file.writestr(f"xl/worksheets/{n}.xml", _sheet(cells))
        file.writestr("xl/styles.xml", _STYLES)


def rewrite(path: Path, parts: Mapping[str, str | bytes | None], names: Mapping[str, str] | None = None) -> None:
    """Change parts of an .xlsx file.

    Args:
        path: the file.
        parts: the new parts, by their names; None takes a part out.
        names: other names for parts.
    """
    with zipfile.ZipFile(path) as file:
        old = {entry: file.read(entry) for entry in file.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in ({**old, **parts}).items():
            if data is not None:
                file.writestr((names or {}).get(name, name), data)


def _relations(targets: Mapping[str, tuple[str, str]]) -> str:
    entries = (f'<Relationship Id="{id}" Type="{_OFFICE}/{kind}" Target="{to}"/>' for id, (kind, to) in targets.items())
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{"".join(entries)}</Relationships>'


def _sheet(cells: Mapping[str, str | float] | str | bytes) -> str | bytes:
    if isinstance(cells, bytes):
        return cells
    if isinstance(cells, str):
        return (
            f'<worksheet xmlns="{_MAIN}"><sheetData>{cells}</sheetData></worksheet>'
            if "<worksheet" not in cells
            else cells
        )
    rows: dict[str, str] = {}
    for name, value in cells.items():
        row = re.sub(r"\D", "", name)
        shown = f"<is><t>{escape(value)}</t></is>" if isinstance(value, str) else f"<v>{value}</v>"
        kind = ' t="inlineStr"' if isinstance(value, str) else ""
        rows[row] = rows.get(row, "") + f'<c r="{name}"{kind}>{shown}</c>'
    data = "".join(f'<row r="{row}">{found}</row>' for row, found in rows.items())
    return f'<worksheet xmlns="{_MAIN}"><sheetData>{data}</sheetData></worksheet>'
