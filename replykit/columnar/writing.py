"""Columns written to a file: Parquet, JSON Lines or CSV, by the ending of its name."""

from __future__ import annotations

import csv
import io
import itertools
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from replykit.arrow import arrow
from replykit.columnar.places import PARQUET, RECORDS, is_remote, suffix_of, system_of
from replykit.columnar.results import result_schema
from replykit.errors import UsageError
from replykit.sheets import saving
from replykit.sheets.csv_writing import neutralised

__all__ = ["check_target", "write_results"]

_GROUP = 65_536  # rows of a row group; so many are in memory until they are written


def check_target(path: str) -> None:
    """Refuse a name that says no kind that can be written.

    Raises:
        UsageError: it does.
    """
    if suffix_of(path) not in (*PARQUET, *RECORDS, ".csv"):
        raise UsageError(f"{path} says no kind of file that can be written; end its name in .parquet, .jsonl or .csv")


def write_results(path: str, batches: Iterable[Any]) -> int:
    """Write record batches into a file, which appears under its name when it is whole.

    Args:
        path: the file, or the address of one; its ending says the kind: .parquet, .jsonl or .csv.
        batches: what is written; all have the columns of the first. Where there is none, a file without rows is.

    Returns:
        How many rows were written, as the file says where it does.

    Raises:
        UsageError: it cannot be written, or the batches differ in their columns.
    """
    check_target(path)
    left = iter(batches)
    first = next(left, None)
    schema = result_schema() if first is None else first.schema
    whole = _alike(itertools.chain([] if first is None else [first], left), schema)
    if not is_remote(path):
        with saving(Path(path)) as file:
            rows = _write(file, whole, schema, suffix_of(path))
            if suffix_of(path) in PARQUET:
                file.seek(0)
                rows = arrow().parquet.ParquetFile(file).metadata.num_rows
        return rows
    system, inside = system_of(path)
    try:
        with system.open_output_stream(inside) as file:
            return _write(file, whole, schema, suffix_of(path))
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {str(error).partition(chr(10))[0]}") from None


def _alike(batches: Iterable[Any], schema: Any) -> Iterator[Any]:
    for batch in batches:
        try:
            yield batch.select(schema.names).cast(schema)
        except (KeyError, arrow().ArrowException):
            raise UsageError("the files differ in the columns that are kept; check them one by one") from None


def _write(file: Any, batches: Iterable[Any], schema: Any, suffix: str) -> int:
    rows = 0
    if suffix in PARQUET:
        with arrow().parquet.ParquetWriter(file, schema, compression="zstd") as writer:
            for batch in batches:
                writer.write_batch(batch, row_group_size=_GROUP)
                rows += batch.num_rows
        return rows
    with _writer(file, schema.names, is_table=suffix == ".csv") as write:
        for batch in batches:
            for row in batch.to_pylist():
                write(row)
            rows += batch.num_rows
    return rows


@contextmanager
def _writer(file: BinaryIO, names: list[str], *, is_table: bool) -> Iterator[Callable[[dict[str, Any]], object]]:
    text = io.TextIOWrapper(file, encoding="utf-8-sig" if is_table else "utf-8", newline="", write_through=True)
    if is_table:  # with a byte order mark, which spreadsheet programs ask for
        table = csv.writer(text)
        table.writerow(map(neutralised, names))
        yield lambda row: table.writerow([_cell(value) for value in row.values()])
    else:
        yield lambda row: text.write(json.dumps(row, ensure_ascii=False, default=str) + "\n")
    text.flush()
    text.detach()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return neutralised(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str))
