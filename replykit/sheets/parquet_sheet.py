"""A Parquet file as a sheet."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from replykit.arrow import arrow, holds_texts, opened_parquet, texts_of
from replykit.errors import UsageError
from replykit.sheets.columns import beside
from replykit.sheets.edits import Edits, Notes, without_surrogates
from replykit.sheets.fingerprint import fingerprint_of
from replykit.sheets.sheet import Sheet, SheetRow

__all__ = ["ParquetSheet"]

_ROWS, _GROUP = 1024, 65_536  # rows of a batch, and of a row group that is written
_CODECS = {"UNCOMPRESSED": "none", "LZ4_RAW": "lz4"}
_WRITTEN = ("none", "snappy", "gzip", "brotli", "zstd", "lz4")


class ParquetSheet(Sheet):
    """A Parquet file; the first row is row 1, and about a thousand are in memory at a time.

    A value that is no text is read as Arrow writes it, a list of texts as its lines, and other nested or binary values
    as empty cells. In a copy every value and type stays as it is, while row groups and their compression may change.

    Args:
        path: the file.

    Raises:
        UsageError: it cannot be read, is no Parquet, or pyarrow is missing.
    """

    longest = 2**31 - 1

    def __init__(self, path: Path) -> None:
        self.path, self.name, self.header_row = path, str(path), 0
        pa = arrow("Parquet")
        try:
            with path.open("rb") as file:
                self.fingerprint = fingerprint_of(file)
                file.seek(0)
                with opened_parquet(file) as parquet:
                    self.header = tuple(parquet.schema_arrow.names)
                    rows = parquet.metadata.num_rows
        except (OSError, pa.ArrowException) as error:
            raise self._unreadable(error) from None
        if not self.header:
            raise UsageError(f"{self.name} has no columns")
        self.layout = f"Parquet, {rows:,} rows"

    def _unreadable(self, error: Exception) -> UsageError:
        said = getattr(error, "strerror", None) or str(error).partition("\n")[0]
        return UsageError(f"{self.name} cannot be read: {said.rstrip('. ')}")

    def rows(self) -> Iterator[SheetRow]:
        """Yield the rows that have anything in them.

        Raises:
            UsageError: the file can no longer be read, or has changed; or a text is not valid UTF-8.
        """
        pa = arrow()
        number = 0
        try:
            with self._reopened() as file, opened_parquet(file) as parquet:
                for batch in parquet.iter_batches(batch_size=_ROWS, use_threads=False):
                    columns = [self._cells(column, number) for column in batch.columns]
                    for cells in zip(*columns, strict=True):
                        number += 1
                        if any(cells):
                            yield SheetRow(number, cells)
        except (OSError, pa.ArrowException) as error:
            raise self._unreadable(error) from None

    def _cells(self, column: Any, before: int) -> list[str]:
        pa = arrow()
        kind = column.type
        if pa.types.is_list(kind) and holds_texts(kind.value_type):
            column = pa.compute.binary_join(column, "\n")
        elif not holds_texts(kind):
            if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
                return [""] * len(column)
            column = column.cast(pa.string())
        cells = []
        for number, text in enumerate(texts_of(column), before + 1):
            if isinstance(text, UnicodeDecodeError):
                raise UsageError(f"{self.name}, row {number}: a text is not valid UTF-8")
            cells.append(text or "")
        return cells

    def _suffixes(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((self.path.suffix.lower(), ".parquet")))

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
        pa = arrow()
        with opened_parquet(source) as parquet:
            schema = parquet.schema_arrow
            for title in beside(self.header, titles):
                schema = schema.append(pa.field(title, pa.string()))
            groups = parquet.metadata.num_row_groups
            codec = parquet.metadata.row_group(0).column(0).compression if groups else "zstd"
            codec = _CODECS.get(codec, codec.lower())
            number = itertools.count(1)
            with pa.parquet.ParquetWriter(file, schema, compression=codec if codec in _WRITTEN else "zstd") as writer:
                for batch in parquet.iter_batches(batch_size=_ROWS, use_threads=False):
                    taken = [edits.of(next(number)) for _ in range(batch.num_rows)]
                    columns = batch.columns
                    if replace is not None and any(edit and edit.replacement is not None for edit in taken):
                        texts = [
                            text if edit is None or edit.replacement is None else without_surrogates(edit.replacement)
                            for edit, text in zip(taken, columns[replace].to_pylist(), strict=True)
                        ]
                        columns[replace] = pa.array(texts, pa.string()).cast(columns[replace].type)
                    for place in range(len(titles)):
                        values = [edit and without_surrogates(edit.values[place]) for edit in taken]
                        columns.append(pa.array(values, pa.string()))
                    writer.write_batch(pa.record_batch(columns, schema=schema), row_group_size=_GROUP)
