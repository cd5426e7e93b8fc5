"""Files of replies as Arrow batches: Parquet, JSON Lines and tables, a piece at a time, wherever they lie."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from typing import Any, BinaryIO, NamedTuple

from replykit.arrow import arrow, opened_parquet
from replykit.columnar.checking import ID, TROUBLE, Columns
from replykit.columnar.results import RESULTS
from replykit.errors import UsageError
from replykit.sheets.columns import column_in
from replykit.sheets.encodings import encoding_of
from replykit.sheets.lines import Line, lines_in
from replykit.sheets.records import fields_of, record_in
from replykit.sheets.table import Table

__all__ = ["PARQUET", "PIECE_ROWS", "RECORDS", "Piece", "is_remote", "open_replies", "suffix_of"]

PARQUET, RECORDS = (".parquet", ".pq"), (".jsonl", ".ndjson")
_TABLES = (".csv", ".tsv")
_ROWS = 4096  # of a batch
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

    def batches(self) -> Iterator[Any]:
        """Yield the replies as record batches: `ID`, the replies, the kept columns and, of text, `TROUBLE`.

        A reply that cannot be read, as its line is no JSON, is null, and `TROUBLE` says why.

        Raises:
            UsageError: the file cannot be read, or has other rows than it says.
        """
        pa = arrow()
        read = _rows_of_parquet if suffix_of(self.path) in PARQUET else _rows_of_text
        rows = 0
        try:
            for numbers, columns in read(self):
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


def is_remote(path: str) -> bool:
    """Return whether a path is the address of something elsewhere."""
    return "://" in path


def suffix_of(path: str) -> str:
    """Return the ending of a file's name, in small letters."""
    return os.path.splitext(path)[1].lower()


def _place(path: str) -> str:
    return path if is_remote(path) else os.path.realpath(path)


def _pieces(whole: Piece, column: str | None, keep: Sequence[str] | None, size: int | None) -> Iterator[Piece]:
    suffix = suffix_of(whole.path)
    if suffix in RECORDS:
        text = "text" if column is None else column
        header = _fields(whole) if keep is None else [text, *keep]
        if text not in header:
            column_in(header, text, whole.path)
        yield whole._replace(columns=_columns(whole, header, header.index(text), keep))
    elif suffix in _TABLES:
        header = _header(whole)
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


# --- Parquet


@contextlib.contextmanager
def _parquet(path: str) -> Iterator[Any]:
    """Open a Parquet file so that of each column a buffer is in memory, and not a whole row group."""
    with _opened(path) as file, opened_parquet(file) as parquet:
        yield parquet


@contextlib.contextmanager
def _opened(path: str) -> Iterator[Any]:
    """Open a file for reading, with a place in it that can be moved."""
    pa = arrow()
    if is_remote(path):
        system, inside = pa.fs.FileSystem.from_uri(path)
    else:
        system, inside = pa.fs.LocalFileSystem(), path
    with system.open_input_file(inside) as file:
        yield file


def _rows_of_parquet(piece: Piece) -> Iterator[tuple[Any, dict[str, Any]]]:
    pa = arrow()
    names = list(dict.fromkeys([piece.columns.text, *piece.columns.keep]))
    number = piece.before
    with _parquet(piece.path) as file:
        groups = list(piece.groups) or None
        for batch in file.iter_batches(batch_size=_ROWS, columns=names, row_groups=groups, use_threads=False):
            numbers = pa.array(range(number + 1, number + batch.num_rows + 1), pa.int64())
            number += batch.num_rows
            yield numbers, {name: batch.column(name) for name in names}


# --- files of text

_Row = tuple[int, str | None, tuple[str | None, ...], str | None]


def _rows_of_text(piece: Piece) -> Iterator[tuple[Any, dict[str, Any]]]:
    pa = arrow()
    read: Callable[[Piece, BinaryIO], Iterator[_Row]] = _records if suffix_of(piece.path) in RECORDS else _cells
    with _seekable(piece.path) as file:
        rows = read(piece, file)
        while taken := list(itertools.islice(rows, _ROWS)):
            numbers, texts, kept, trouble = zip(*taken, strict=True)
            columns = {piece.columns.text: _texts(texts), TROUBLE: _texts(trouble)}
            for name, values in zip(piece.columns.keep, zip(*kept, strict=True), strict=True):
                columns[name] = _texts(values)
            yield pa.array(numbers, pa.int64()), columns


def _texts(values: Sequence[str | None]) -> Any:
    pa = arrow()
    try:
        return pa.array(values, pa.string())
    except UnicodeEncodeError:  # half a surrogate pair, as JSON may escape it, is no Unicode text
        return pa.array([None if v is None else v.encode("utf-8", "replace").decode() for v in values], pa.string())


@contextlib.contextmanager
def _seekable(path: str) -> Iterator[BinaryIO]:
    if not is_remote(path):
        with open(path, "rb") as file:
            yield file
        return
    with _opened(path) as far, tempfile.TemporaryFile() as near:  # it is read twice, for its encoding
        shutil.copyfileobj(far, near)
        near.seek(0)
        yield near


def _lines(piece: Piece, file: BinaryIO) -> Iterator[Line]:
    return lines_in(file, encoding_of(file, piece.path, piece.encoding), piece.path)


def _records(piece: Piece, file: BinaryIO) -> Iterator[_Row]:
    """Yield the lines of JSON Lines that are not blank."""
    field, keep = piece.columns.text, piece.columns.keep
    for line in _lines(piece, file):
        if not line.raw.strip():
            continue
        try:
            record = record_in(line, piece.path)
        except UsageError as error:
            yield line.number, None, (None,) * len(keep), str(error)
            continue
        text, kept = record.get(field), tuple(_shown(record.get(name)) for name in keep)
        if field not in record:
            yield line.number, None, kept, f"there is no field {field!r}"
        elif text is None or isinstance(text, str):
            yield line.number, text, kept, None
        else:
            yield line.number, None, kept, f"the field {field!r} holds no text"


def _fields(piece: Piece) -> list[str]:
    """Return the names of all fields of JSON Lines, in the order in which they come."""
    with _seekable(piece.path) as file:
        return list(fields_of(_lines(piece, file), piece.path))


def _shown(value: object) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _cells(piece: Piece, file: BinaryIO) -> Iterator[_Row]:
    """Yield the rows of a table below its header that have anything in them."""
    header: list[str] = []
    for row in Table(_lines(piece, file), piece.path, column=piece.columns.text):
        cells = row.cells
        if not any(cell.strip() for cell in cells):
            continue
        if not header:
            header = [cell.strip() for cell in cells]
            places = [header.index(name) for name in (piece.columns.text, *piece.columns.keep)]
            continue
        text, *kept = (cells[place] if place < len(cells) else None for place in places)
        # What all columns are asked of would lose a cell beyond them; what asks for some has no use for it.
        is_lost = len(places) > len(header) and any(cells[len(header) :])
        yield row.number, text, tuple(kept), "the row has more cells than there are columns" if is_lost else None


def _header(piece: Piece) -> list[str]:
    with _seekable(piece.path) as file:
        for row in Table(_lines(piece, file), piece.path):
            if any(cell.strip() for cell in row.cells):
                return [cell.strip() for cell in row.cells]
    return []
