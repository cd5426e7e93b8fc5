"""Columns written to a file: Parquet, JSON Lines or CSV, by the ending of its name."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from replykit.arrow import arrow
from replykit.columnar.files import PARQUET, RECORDS, suffix_of
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


def write_results(path: str, batches: Iterable[Any], schema: Any) -> int:
    """Write record batches into a file, which appears under its name when it is whole.

    Args:
        path: the file; its ending says the kind: .parquet, .jsonl or .csv.
        batches: what is written, all of one schema.
        schema: that.

    Returns:
        How many rows were written, as the file says where it does.

    Raises:
        UsageError: it cannot be written.
    """
    check_target(path)
    suffix = suffix_of(path)
    with saving(Path(path)) as file:
        if suffix in PARQUET:
            with arrow().parquet.ParquetWriter(file, schema, compression="zstd") as writer:
                for batch in batches:
                    writer.write_batch(batch, row_group_size=_GROUP)
            file.seek(0)
            return int(arrow().parquet.ParquetFile(file).metadata.num_rows)
        rows = 0
        with _writer(file, schema.names, is_table=suffix == ".csv") as write:
            for batch in batches:
                for row in batch.to_pylist():
                    write(row)
                    rows += 1
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
