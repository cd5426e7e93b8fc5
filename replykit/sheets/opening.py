"""A file as a sheet, by the kind that its name says."""

from __future__ import annotations

import os
from pathlib import Path

from replykit.errors import UsageError
from replykit.sheets.csv_sheet import CsvSheet
from replykit.sheets.parquet_sheet import ParquetSheet
from replykit.sheets.records_sheet import RecordsSheet
from replykit.sheets.sheet import Sheet
from replykit.sheets.xlsx_sheet import XlsxSheet

__all__ = ["open_sheet"]

_WORKBOOKS = (".xlsx", ".xlsm")
_PARQUET = (".parquet", ".pq")
_RECORDS = (".jsonl", ".ndjson")
_OTHERS = (".xls", ".xlsb", ".xlt", ".ods", ".fods", ".et", ".ett", ".numbers", ".docx", ".pdf", ".json")


def open_sheet(
    path: str | os.PathLike[str], *, sheet: str | None = None, encoding: str | None = None, delimiter: str | None = None
) -> Sheet:
    """Open a sheet of a workbook (.xlsx, .xlsm), Parquet, JSON Lines, or a table (.csv, .tsv, and any other name).

    It is read once in full, so that what is wrong with it is said now and not at its last row.

    Args:
        path: the file.
        sheet: the sheet of a workbook, by its name, else its number from 1; None: the first that is not hidden.
        encoding: the encoding of a table or of JSON Lines; None: by its byte order mark, else by the NULs of UTF-16,
            else UTF-8, else GB18030, or Big5 where its bytes can only be meant as that.
        delimiter: what parts the cells of a table: a character, or comma, semicolon, tab, pipe or space; None: found
            out.

    Raises:
        UsageError: it cannot be read, is of another kind, damaged, or locked with a password; there is no such sheet,
            encoding or delimiter; or an option does not go with its kind.
        TextError: a table is no text.
    """
    place = Path(path)
    suffix = place.suffix.lower()
    if os.path.isdir(place):
        raise UsageError(f"{place} is a folder; name a file")
    if suffix in _OTHERS:
        raise UsageError(f"{place} is a {suffix} file, which cannot be read; save it as .xlsx or as CSV")
    if suffix in _WORKBOOKS:
        if encoding is not None or delimiter is not None:
            raise UsageError(f"{place} is a workbook, which has neither an encoding nor a delimiter to name")
        return XlsxSheet(place, sheet)
    if sheet is not None:
        raise UsageError(f"{place} is no workbook, and has no sheets to name")
    if suffix in _PARQUET:
        if encoding is not None or delimiter is not None:
            raise UsageError(f"{place} is Parquet, which has neither an encoding nor a delimiter to name")
        return ParquetSheet(place)
    if suffix in _RECORDS:
        if delimiter is not None:
            raise UsageError(f"{place} is JSON Lines, which has no delimiter to name")
        return RecordsSheet(place, encoding)
    return CsvSheet(place, encoding, delimiter)
