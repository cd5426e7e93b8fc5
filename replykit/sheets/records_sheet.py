"""A file of JSON Lines as a sheet: one object a row, its fields the columns."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from replykit.errors import UsageError
from replykit.sheets.columns import beside
from replykit.sheets.csv_writing import CsvOutput
from replykit.sheets.edits import Edit, Edits, Notes
from replykit.sheets.encodings import encoding_of
from replykit.sheets.fingerprint import fingerprint_of
from replykit.sheets.lines import Line, lines_in
from replykit.sheets.records import fields_of, record_in, value_spans
from replykit.sheets.sheet import Sheet, SheetRow

__all__ = ["RecordsSheet"]


class RecordsSheet(Sheet):
    """JSON Lines: read once in full when it is opened. A row's number is that of its line; one is in memory at a time.

    A field that is no text is read as its JSON, and null or a missing one as an empty cell.

    Args:
        path: the file.
        encoding: its encoding; None: found out.

    Raises:
        UsageError: it cannot be read, a line is no JSON object, or there are more than 1,000 fields.
        TextError: it is no text.
    """

    longest = 2**31 - 1

    def __init__(self, path: Path, encoding: str | None = None) -> None:
        self.path, self.name, self.header_row = path, str(path), 0
        try:
            with path.open("rb") as file:
                self.fingerprint = fingerprint_of(file)
                file.seek(0)
                self._encoding = encoding_of(file, self.name, encoding)
                self.header = fields_of(lines_in(file, self._encoding, self.name), self.name)
        except OSError as error:
            raise self._unreadable(error) from None
        if not self.header:
            raise UsageError(f"{self.name} is empty")
        guess = ", found out by its characters" if self._encoding.is_guess else ""
        self.layout = f"JSON Lines, {self._encoding}{guess}"

    def _unreadable(self, error: OSError) -> UsageError:
        return UsageError(f"{self.name} cannot be read: {error.strerror}")

    def rows(self) -> Iterator[SheetRow]:
        """Yield the rows that have anything in them.

        Raises:
            UsageError: the file can no longer be read, or has changed.
        """
        try:
            with self._reopened() as file:
                for line in lines_in(file, self._encoding, self.name):
                    if line.raw.strip():
                        record = record_in(line, self.name)
                        yield SheetRow(line.number, tuple(_cell(record.get(field)) for field in self.header))
        except OSError as error:
            raise self._unreadable(error) from None

    def _suffixes(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((self.path.suffix.lower(), ".jsonl", ".ndjson")))

    def _write(
        self,
        source: BinaryIO,
        file: BinaryIO,
        titles: tuple[str, ...],
        edits: Edits,
        replace: int | None,
        raw: bool,
        notes: Notes,
    ) -> None:
        output, titles = CsvOutput(file, self._encoding, notes), beside(self.header, titles)
        for line in lines_in(source, self._encoding, self.name):
            edit = edits.of(line.number) if line.raw.strip() else None
            if edit is None:
                output.keep(line)
            else:
                self._put(output, line, edit, titles, replace)

    def _put(self, output: CsvOutput, line: Line, edit: Edit, titles: tuple[str, ...], replace: int | None) -> None:
        spans = value_spans(line.raw)
        new = dict(zip(titles, edit.values, strict=True))
        kept_to = 0
        if replace is not None and edit.replacement is not None:
            field = self.header[replace]
            if field in spans:
                start, kept_to = spans[field]
                output.keep(line, 0, start)
                output.put(_json(edit.replacement))
            else:
                new[field] = edit.replacement
        end = line.raw.rindex("}")
        body = end - len(line.raw[:end]) + len(line.raw[:end].rstrip())
        output.keep(line, kept_to, body)
        members = [f"{_json(title)}: {_json(value)}" for title, value in new.items()]
        output.put(", ".join(([""] if spans and members else []) + members))
        output.keep(line, body)


def _cell(value: object) -> str:
    return "" if value is None else value if isinstance(value, str) else _json(value)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
