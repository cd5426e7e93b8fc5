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
_TYPES = (
    f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="xml" ContentType="application/xml"/>'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/></Types>'
)


def write_workbook(path: Path, sheets: Mapping[str, Mapping[str, str | float]]) -> None:
    """Write an .xlsx file.

    Args:
        path: the file.
        sheets: for each sheet its cells by their names, such as B3, row by row.
    """
    names = list(enumerate(sheets, 1))
    entries = "".join(f'<sheet name={quoteattr(name)} sheetId="{n}" r:id="r{n}"/>' for n, name in names)
    listed = f"<sheets>{entries}</sheets>"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("[Content_Types].xml", _TYPES)
        file.writestr("_rels/.rels", _relations({"r1": ("officeDocument", "xl/workbook.xml")}))
        file.writestr(
            "xl/workbook.xml", f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{listed}</sheets></workbook>'
        )
        file.writestr(
            "xl/_rels/workbook.xml.rels", _relations({f"r{n}": ("worksheet", f"worksheets/{n}.xml") for n, _ in names})
        )
        for n, cells in enumerate(sheets.values(), 1):
            file.writestr(f"xl/worksheets/{n}.xml", _sheet(cells))


def _relations(targets: Mapping[str, tuple[str, str]]) -> str:
    entries = (f'<Relationship Id="{id}" Type="{_OFFICE}/{kind}" Target="{to}"/>' for id, (kind, to) in targets.items())
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{"".join(entries)}</Relationships>'


def _sheet(cells: Mapping[str, str | float]) -> str:
    rows: dict[str, str] = {}
    for name, value in cells.items():
        row = re.sub(r"\D", "", name)
        shown = f"<is><t>{escape(value)}</t></is>" if isinstance(value, str) else f"<v>{value}</v>"
        kind = ' t="inlineStr"' if isinstance(value, str) else ""
        rows[row] = rows.get(row, "") + f'<c r="{name}"{kind}>{shown}</c>'
    data = "".join(f'<row r="{row}">{found}</row>' for row, found in rows.items())
    return f'<worksheet xmlns="{_MAIN}"><sheetData>{data}</sheetData></worksheet>'
