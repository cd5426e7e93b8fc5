"""The rows of a large job dealt out to shards, and their results put together again, every row exactly once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from replykit.arrow import arrow
from replykit.batch.shard import POLISHED, ROWS
from replykit.errors import UsageError
from replykit.sheets import saving
from replykit.sheets.columns import beside

__all__ = ["Sharding"]

_FORM = 1  # raised where rows would be dealt out in another way
_PLAN, _NUMBER = "job.json", "row"
_GROUP, _ROWS = 65_536, 4096


class Sharding:
    """The folder of a job that is polished in shards.

    A row goes to the shard that its input decides, so that equal rows share one answer, and each run of the job finds a
    row's answer in the same ledger, in whatever order the rows come.

    Args:
        folder: where the shards lie; made with the first rows. All workers must see it under this name.
        shards: how many.

    Attributes:
        folders: those of the shards.
        rows: how many rows were dealt out.
        schema: of the rows as they were dealt out, with their numbers.

    Raises:
        UsageError: it has a job with another number of shards.
    """

    def __init__(self, folder: str | Path, shards: int) -> None:
        self.folder = Path(folder).absolute()
        self.folders = [self.folder / f"shard-{number:03}" for number in range(shards)]
        self.rows = 0
        self.schema: Any = None
        self._plan = {"form": _FORM, "shards": shards}
        self._check_plan()

    def _check_plan(self) -> None:
        try:
            before = json.loads((self.folder / _PLAN).read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            return
        except (OSError, ValueError):
            before = None
        if before != self._plan:
            number = before.get("shards") if isinstance(before, dict) else None
            what = f"a job of {number} shards" if number and before.get("form") == _FORM else "another kind of job"
            kept = "whose answers would be asked again; go on with that, or name another folder"
            raise UsageError(f"{self.folder} has {what}, {kept}")

    def _make(self) -> None:
        try:
            for each in self.folders:
                each.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"{self.folder} cannot be made: {error.strerror}") from None
        with saving(self.folder / _PLAN) as file:
            file.write(json.dumps(self._plan).encode())

    def deal(self, batches: Iterable[Any], used: Sequence[str]) -> None:
        """Write the rows of each shard, with the number of each in the whole, from 1; those of an earlier run go.

        Args:
            batches: record batches; all are cast to the schema of the first.
            used: the columns that decide what becomes of a row.

        Raises:
            UsageError: they cannot be written, or do not go with one another.
        """
        pa = arrow()
        self.rows = 0
        with ExitStack() as open_files:
            writers: list[Any] = []
            for batch in batches:
                if not batch.num_rows:
                    continue
                if not writers:
                    self._make()
                    number = beside(batch.schema.names, [_NUMBER])[0]
                    self.schema = batch.schema.append(pa.field(number, pa.int64()))
                    for folder in self.folders:
                        file = open_files.enter_context(saving(folder / ROWS))
                        writer = pa.parquet.ParquetWriter(file, self.schema, compression="zstd")
                        writers.append(open_files.enter_context(writer))
                self._deal(batch, used, writers)
        if self.schema is None:
            raise UsageError("there is no row to polish")

    def _deal(self, batch: Any, used: Sequence[str], writers: Sequence[Any]) -> None:
        pa = arrow()
        numbers = pa.array(range(self.rows + 1, self.rows + batch.num_rows + 1), pa.int64())
        self.rows += batch.num_rows
        try:
            columns = [batch.column(name) for name in self.schema.names[:-1]]
            arrays = [column.cast(kind) for column, kind in zip(columns, self.schema.types, strict=False)]
            whole = pa.record_batch([*arrays, numbers], schema=self.schema)
        except (KeyError, pa.ArrowException) as error:
            raise UsageError(f"the rows from {numbers[0]} on have other columns than the first: {error}") from None
        places: list[list[int]] = [[] for _ in writers]
        cells = zip(*(whole.column(name).to_pylist() for name in used), strict=True)
        for place, values in enumerate(cells):
            places[_shard_of(values, len(writers))].append(place)
        for writer, own in zip(writers, places, strict=True):
            if own:
                writer.write_batch(whole.take(pa.array(own)), row_group_size=_GROUP)

    def collected(self) -> Iterator[Any]:
        """Yield the results of all shards as record batches, in the order in which the rows came.

        Raises:
            UsageError: a row is missing, or is there twice.
        """
        pa = arrow()
        name = self.schema.names[-1]
        streams = [_Stream(folder / POLISHED) for folder in self.folders]
        rows = 0
        while heads := [stream for stream in streams if stream.table.num_rows]:
            # Up to the earliest of the last rows that were read, nothing can come in between any more.
            limit = min(stream.last(name) for stream in heads)
            part = pa.concat_tables([stream.take(name, limit) for stream in heads]).sort_by(name)
            expected = pa.chunked_array([pa.array(range(rows + 1, rows + part.num_rows + 1), pa.int64())])
            if not part.column(name).equals(expected):
                raise UsageError(f"{self.folder}: the results after row {rows:,} are not theirs; run it again")
            rows += part.num_rows
            yield from part.combine_chunks().to_batches()
        if rows != self.rows:
            raise UsageError(f"{self.folder}: {rows:,} of {self.rows:,} rows have a result; run it again")


class _Stream:
    """The results of one shard, read a few thousand at a time."""

    def __init__(self, path: Path) -> None:
        self._batches = arrow().parquet.ParquetFile(path, pre_buffer=False).iter_batches(batch_size=_ROWS)
        self._read()

    def _read(self) -> None:
        pa = arrow()
        batch = next(self._batches, None)
        self.table = pa.table({}) if batch is None else pa.Table.from_batches([batch])

    def last(self, name: str) -> int:
        """Return the number of the last row that was read."""
        return int(self.table.column(name)[-1].as_py())

    def take(self, name: str, limit: int) -> Any:
        """Return the rows up to a number, and read on where none is left."""
        pa = arrow()
        count = pa.compute.sum(pa.compute.less_equal(self.table.column(name), limit)).as_py()
        taken, self.table = self.table.slice(0, count), self.table.slice(count)
        if not self.table.num_rows:
            self._read()
        return taken


def _shard_of(values: Sequence[object], shards: int) -> int:
    content = json.dumps(values, ensure_ascii=True, default=str).encode()
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "big") % shards
