"""Files of replies as Arrow batches: Parquet, JSON Lines and tables, a piece at a time, wherever they lie."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from replykit.arrow import arrow, opened_parquet
from replykit.columnar.checking import ID, Columns
from replykit.columnar.places import PARQUET, RECORDS, ROWS, TABLES, is_remote, opened, suffix_of
from replykit.columnar.results import RESULTS
from replykit.columnar.texts import TextFile
from replykit.errors import UsageError
from replykit.sheets.columns import column_in

__all__ = ["PIECE_ROWS", "Piece", "open_replies"]

PIECE_ROWS = 65_536  # of Parquet that are read together, where its row groups are no larger


class Piece(NamedTuple):
    """Some replies of a file, in a row.

    Attributes:
        path: the file.
        columns: which of its columns are used; no `id`, as the rows have their numbers.
        label: what stands before the number of a row, with a colon; empty where there is but one file.
        groups: the row groups of Parquet; empty: all of the file.
        before: rows before these.
        rows: how many there are; None where only reading tells.
        encoding: of a file of text; None: found out.
    """

    path: str
    columns: Columns
    label: str = ""
    groups: tuple[int, ...] = ()
    before: int = 0
    rows: int | None = None
    encoding: str | None = None

    @property
    def out(self) -> Columns:
        """The columns of the batches, of which `id` names the rows: in Parquet the first is 1, else as in a sheet."""
        return self.columns._replace(id=ID)

    @property
    def _text(self) -> TextFile:
        return TextFile(self.path, self.encoding)

    def batches(self) -> Iterator[Any]:
        """Yield the replies as record batches: `ID`, the replies, the kept columns and, of text, `TROUBLE`.

        A reply that cannot be read, as its line is no JSON, is null, and `TROUBLE` says why.

        Raises:
            UsageError: the file cannot be read, or has other rows than it says.
        """
        pa = arrow()
        is_parquet = suffix_of(self.path) in PARQUET
        rows = 0
        try:
            for numbers, columns in _rows_of_parquet(self) if is_parquet else self._text.rows(self.columns):
                rows += len(numbers)
                ids = numbers.cast(pa.string())
                if self.label:
                    ids = pa.compute.binary_join_element_wise(pa.scalar(self.label), ids, ":")
                yield pa.record_batch({ID: ids, **columns})
        except (OSError, pa.ArrowException) as error:
            raise UsageError(f"{self.path} cannot be read: {_said(error)}") from None
        if self.rows not in (None, rows):
            raise UsageError(f"{self.path} says that it has {self.rows:,} rows there, and {rows:,} can be read")


def open_replies(
    paths: Sequence[str],
    column: str | None,
    keep: Sequence[str] | None = (),
    *,
    encoding: str | None = None,
    piece: int | None = PIECE_ROWS,
) -> list[Piece]:
    """Return files of replies, each once, in pieces that can be read apart.

    Args:
        paths: the files: .parquet, .jsonl, or .csv and .tsv; local, or addresses such as s3://bucket/name.parquet.
        column: the replies: a name, else the letter of a column, else its number from 1; None: `text` of JSON Lines.
        keep: the columns that stand beside the results, in the same way; None: all, that of the replies among them.
        encoding: of files of text; None: found out.
        piece: rows of Parquet in a piece, about; None: each file is one.

    Raises:
        UsageError: a file cannot be read or is of another kind, or there is no such column.
    """
    pa = arrow()
    files: dict[str, str] = {}
    for path in paths:
        files.setdefault(_place(path), path)
    found = []
    for path in files.values():
        label = path if len(files) > 1 else ""
        try:
            found += list(_pieces(Piece(path, Columns(column or ""), label, encoding=encoding), column, keep, piece))
        except (OSError, pa.ArrowException) as error:
            raise UsageError(f"{path} cannot be read: {_said(error)}") from None
    return found


def _place(path: str) -> str:
    return path if is_remote(path) else os.path.realpath(path)


def _pieces(whole: Piece, column: str | None, keep: Sequence[str] | None, size: int | None) -> Iterator[Piece]:
    suffix = suffix_of(whole.path)
    if suffix in RECORDS:
        text = "text" if column is None else column
        header = TextFile(whole.path, whole.encoding).fields() if keep is None else [text, *keep]
        if text not in header:
            column_in(header, text, whole.path)
        yield whole._replace(columns=_columns(whole, header, header.index(text), keep))
    elif suffix in TABLES:
        header = TextFile(whole.path, whole.encoding).header()
        place = column_in(header, column, whole.path)
        if header[place] in ("", *header[:place]):
            raise UsageError(f"{whole.path}: the column of the replies needs a name of its own in the first row")
        yield whole._replace(columns=_columns(whole, header, place, keep))
    elif suffix in PARQUET:
        with _parquet(whole.path) as file:
            schema, metadata = file.schema_arrow, file.metadata
        header = schema.names
        columns = _columns(whole, header, column_in(header, column, whole.path), keep)
        columns._replace(keep=()).check(schema, whole.path)
        yield from _groups(whole._replace(columns=columns), metadata, size)
    else:
        raise UsageError(f"{whole.path} is no file of columns; give .parquet, .jsonl, .csv or .tsv")


def _columns(whole: Piece, header: list[str], place: int, keep: Sequence[str] | None) -> Columns:
    text = header[place]
    if keep is None:
        if len({*header, ""}) <= len(header):
            raise UsageError(f"{whole.path}: each column needs a name of its own, as its copy knows them by these")
        return Columns(text, keep=tuple(header))
    names = keep if suffix_of(whole.path) in RECORDS else [header[column_in(header, name, whole.path)] for name in keep]
    for name in set(names).intersection(RESULTS):
        raise UsageError(f"{whole.path}: {name!r} cannot be kept, as a column of the results has that name")
    return Columns(text, keep=tuple(dict.fromkeys(names)))


def _groups(whole: Piece, metadata: Any, size: int | None) -> Iterator[Piece]:
    """Yield Parquet in pieces of whole row groups."""
    groups: list[int] = []
    rows = before = 0
    for group in range(metadata.num_row_groups):
        groups.append(group)
        rows += metadata.row_group(group).num_rows
        if size is not None and rows >= size:
            yield whole._replace(groups=tuple(groups), before=before, rows=rows)
            groups, before, rows = [], before + rows, 0
    if groups or not before:
        yield whole._replace(groups=tuple(groups), before=before, rows=rows)


def _said(error: Exception) -> str:
    """Return what an error says, in one line that does not repeat the path."""
    number = getattr(error, "errno", None)
    return os.strerror(number) if number else str(error).partition("\n")[0].rstrip(". ")


@contextlib.contextmanager
def _parquet(path: str) -> Iterator[Any]:
    """Open a Parquet file so that of each column a buffer is in memory, and not a whole row group."""
    with opened(path) as file, opened_parquet(file) as parquet:
        yield parquet


def _rows_of_parquet(piece: Piece) -> Iterator[tuple[Any, dict[str, Any]]]:
    pa = arrow()
    names = list(dict.fromkeys([piece.columns.text, *piece.columns.keep]))
    number = piece.before
    with _parquet(piece.path) as file:
        groups = list(piece.groups) or None
        for batch in file.iter_batches(batch_size=ROWS, columns=names, row_groups=groups, use_threads=False):
            numbers = pa.array(range(number + 1, number + batch.num_rows + 1), pa.int64())
            number += batch.num_rows
            yield numbers, {name: batch.column(name) for name in names}
