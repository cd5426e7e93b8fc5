"""Where the texts to check come from: an argument, standard input, files of text, tables, workbooks, Parquet."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path

from replykit.cli.files import files_of
from replykit.cli.origin import NO_FILE, Named
from replykit.cli.readers.lines import replies_in_lines
from replykit.cli.readers.parquet import replies_in_parquet
from replykit.cli.readers.records import replies_in_records
from replykit.cli.readers.tables import replies_in_table
from replykit.cli.readers.workbooks import replies_in_workbook
from replykit.cli.texts import one_text
from replykit.columnar.places import PARQUET, RECORDS
from replykit.errors import UsageError
from replykit.intake import text_of

__all__ = ["Inputs"]

_LINES = (".txt", ".md")
_TABLES = (".csv", ".tsv")
_WORKBOOKS = (".xlsx", ".xlsm")
_OTHERS = (".json", ".xls", ".xlsb", ".ods", ".docx", ".pdf")


class Inputs:
    """The texts that a command works on.

    Iterating reads them; of files but workbooks one line or row is in memory at a time.

    Args:
        arguments: a text; `-`; or files and patterns. None at all reads standard input.
        column: the column or field that holds the texts.
        sheet: the sheet of workbooks.
        encoding: of files and standard input; None: found out.

    Attributes:
        files: the files; `<text>` or `<stdin>` where there is none.
        unseen: how many texts were checked that are not among them: none.

    Raises:
        UsageError: a file is missing, or is of a kind that cannot be read.
    """

    unseen = 0

    def __init__(
        self, arguments: Sequence[str], column: str | None, sheet: str | None = None, encoding: str | None = None
    ) -> None:
        self._arguments, self._column, self._sheet, self._encoding = tuple(arguments), column, sheet, encoding
        named = None if self._is_piped else files_of(arguments, expected=column is not None)
        self._are_files = named is not None
        self.files = (NO_FILE["stdin"],) if self._is_piped else (NO_FILE["text"],) if named is None else tuple(named)
        suffixes = {Path(file).suffix.lower() for file in self.files} if named else set()
        for suffix in sorted(suffixes.intersection(_OTHERS)):
            how = "JSON Lines (.jsonl)" if suffix == ".json" else "CSV or as plain text"
            file = next(file for file in self.files if file.lower().endswith(suffix))
            raise UsageError(f"{file} is a {suffix[1:]} file; save the replies as {how}")
        if column is not None and suffixes and suffixes <= set(_LINES):
            raise UsageError(f"--column names a column, and {self.files[0]} has one reply a line")
        if sheet is not None and not suffixes.intersection(_WORKBOOKS):
            raise UsageError("--sheet names a sheet of a workbook, and none is given")

    @property
    def _is_piped(self) -> bool:
        return self._arguments in ((), ("-",))

    def __iter__(self) -> Iterator[Named]:
        """Yield the texts that are not blank."""
        if self._is_piped and self._column is None:
            text = one_text(self._arguments[0] if self._arguments else None, "the reply", self._encoding)
            yield Named(id="stdin", text=text, file=NO_FILE["stdin"])
        elif self._is_piped:
            yield from replies_in_table(None, self._column, self._encoding)
        elif not self._are_files:
            yield Named(id="text", text=text_of(self._arguments[0], "the reply"), file=NO_FILE["text"])
        else:
            for file in self.files:
                for named in self._read(file):
                    several = len(self.files) > 1 and isinstance(named.id, int)
                    yield dataclasses.replace(named, id=f"{file}:{named.id}") if several else named

    def _read(self, file: str) -> Iterator[Named]:
        suffix = Path(file).suffix.lower()
        if suffix in _WORKBOOKS:
            return replies_in_workbook(file, self._column, self._sheet)
        if suffix in RECORDS:
            return replies_in_records(file, self._column, self._encoding)
        if suffix in PARQUET:
            return replies_in_parquet(file, self._column)
        if suffix in _TABLES or (self._column is not None and suffix not in _LINES):
            return replies_in_table(file, self._column, self._encoding)
        return replies_in_lines(file, self._encoding)
