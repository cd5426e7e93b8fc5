"""What can still be read of a damaged ledger, in a new one."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

__all__ = ["is_of", "salvage"]

_TABLES = ("results", "attempts", "chunks", "meta")
_STRETCH = 256  # rows that are read at once, and one by one where one of them cannot be read
_SMALLEST = 32  # bytes that a row takes at least, which bounds how many a file can hold


def is_of(path: Path, application: int) -> bool:
    """Return whether a file says of itself, in its first page, that it is an SQLite database of an application."""
    with path.open("rb") as file:
        header = file.read(72)
    return header.startswith(b"SQLite format 3\0") and header[68:72] == application.to_bytes(4, "big")


def salvage(path: Path, schema: str, application: int, version: int) -> tuple[int, Path]:
    """Put a new ledger with all that can be read in the place of a damaged one, which is kept under another name.

    Args:
        path: the damaged file.
        schema: the tables of a ledger.
        application: what marks a database as a ledger.
        version: the schema's version.

    Returns:
        How many answers and results were rescued, and the new name of the damaged file.
    """
    fresh = path.with_name(f"{path.name}-rescue")
    with contextlib.suppress(FileNotFoundError):
        fresh.unlink()
    os.close(os.open(fresh, os.O_RDWR | os.O_CREAT, 0o600))
    new = sqlite3.connect(fresh, isolation_level=None)
    old = sqlite3.connect(path, isolation_level=None)
    try:
        old.execute("PRAGMA writable_schema = ON")  # else a file that is shorter than it says is not read at all
        new.execute(f"PRAGMA application_id = {application}")
        new.execute(f"PRAGMA user_version = {version}")
        new.executescript(schema)
        new.execute("BEGIN")
        rescued = sum(_copy(old, new, table, path.stat().st_size) for table in _TABLES)
        new.execute("COMMIT")
    finally:
        old.close()
        new.close()
    damaged = _free_name(path)
    for end in ("-wal", "-shm", "-journal"):
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + end).unlink()
    path.replace(damaged)
    fresh.replace(path)
    return rescued, damaged


def _copy(old: sqlite3.Connection, new: sqlite3.Connection, table: str, size: int) -> int:
    """Copy the rows of a table that can be read; return how many of them hold something that was paid for."""
    columns = [name for _, name, *_ in new.execute(f"PRAGMA table_info({table})")]
    put = f"INSERT OR IGNORE INTO {table} VALUES ({', '.join('?' * len(columns))})"
    take = f"SELECT {', '.join(columns)} FROM {table} NOT INDEXED"
    if table in ("chunks", "meta"):  # a handful of rows; without the latter the next run counts from 1
        with contextlib.suppress(sqlite3.Error):
            new.executemany(put, old.execute(f"SELECT {', '.join(columns)} FROM {table}").fetchall())
        return 0
    worth = 0
    for row in _readable(old, f"{take} WHERE id BETWEEN ? AND ?", size):
        text = row[columns.index("polished" if table == "results" else "answer")]
        if not _is_whole(text):
            continue
        with contextlib.suppress(sqlite3.Error):  # what breaks the schema's rules is no row of ours
            new.execute(put, row)
            worth += text is not None
    return worth


def _is_whole(text: object) -> bool:
    """Return whether a text is JSON to its end; what stands past the end of the file is read as zeros."""
    try:
        return text is None or isinstance(json.loads(str(text)), dict)
    except ValueError:
        return False


def _readable(old: sqlite3.Connection, query: str, size: int) -> Iterator[tuple[object, ...]]:
    for first in range(1, size // _SMALLEST + _STRETCH, _STRETCH):
        try:
            yield from old.execute(query, (first, first + _STRETCH - 1)).fetchall()
        except sqlite3.Error:
            for number in range(first, first + _STRETCH):
                with contextlib.suppress(sqlite3.Error):
                    yield from old.execute(query, (number, number)).fetchall()


def _free_name(path: Path) -> Path:
    number = 1
    while (name := path.with_name(f"{path.name}.damaged{'' if number == 1 else number}")).exists():
        number += 1
    return name
