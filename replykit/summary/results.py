"""Files of results, as a check of many replies writes them, read batch by batch."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterator, Sequence
from typing import Any

from replykit.arrow import arrow, opened_parquet
from replykit.columnar.places import PARQUET, RECORDS, ROWS, is_remote, opened, suffix_of
from replykit.errors import UsageError

__all__ = ["read_results"]


def read_results(paths: Sequence[str]) -> Iterator[Any]:
    """Yield the results in files, as record batches.

    Args:
        paths: files of results, .parquet or .jsonl, or folders of them, as Ray writes; one named twice is read once.

    Raises:
        UsageError: one is missing, is of another kind, or holds no results.
    """
    for path in dict.fromkeys(itertools.chain.from_iterable(map(_files, paths))):
        try:
            yield from _parquet(path) if suffix_of(path) in PARQUET else _records(path)
        except (OSError, arrow().ArrowException) as error:
            raise UsageError(f"{path} cannot be read: {str(error).partition(chr(10))[0]}") from None


def _files(path: str) -> list[str]:
    kinds = (*PARQUET, *RECORDS)
    if not is_remote(path) and os.path.isdir(path):
        found = sorted(entry.path for entry in os.scandir(path) if suffix_of(entry.path) in kinds)
        if not found:
            raise UsageError(f"{path} holds no results; write them with: replykit check … -o results.parquet")
        return found
    if suffix_of(path) not in kinds:
        raise UsageError(f"{path} is no file of results; write it with: replykit check … -o results.parquet")
    if not is_remote(path) and not os.path.isfile(path):
        raise UsageError(f"there is no file {path}")
    return [path if is_remote(path) else os.path.realpath(path)]


def _parquet(path: str) -> Iterator[Any]:
    with opened(path) as file:
        yield from opened_parquet(file).iter_batches(batch_size=ROWS)


def _records(path: str) -> Iterator[Any]:
    pa = arrow("a summary")
    with opened(path) as file:
        lines = ((number, line) for number, line in enumerate(_lines(file), 1) if line.strip())
        while some := list(itertools.islice(lines, ROWS)):
            yield pa.RecordBatch.from_pylist([_record(path, number, line) for number, line in some])


def _lines(file: Any) -> Iterator[bytes]:
    rest = b""
    while block := file.read(1 << 20):
        *whole, rest = (rest + block).split(b"\n")
        yield from whole
    yield rest


def _record(path: str, number: int, line: bytes) -> dict[str, Any]:
    try:
        record = json.loads(line)
        if not isinstance(record, dict) or not isinstance(record.get("violations"), list | None):
            raise ValueError
        for one in record["violations"] or ():
            if not {"principle", "rule", "severity"} <= one.keys():
                raise ValueError
    except (ValueError, KeyError, AttributeError):
        raise UsageError(f"{path}, line {number}: this is no result of a check") from None
    return record
