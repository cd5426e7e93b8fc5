"""What of a job is with the server's batch API: chunks of calls, each one batch, from planned to read."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from replykit.batch.ledger import Ledger

__all__ = ["Chunk", "Chunks", "PostedCall"]

_PAGE = 1000  # calls read at once


class Chunk(NamedTuple):
    """Calls that are answered together.

    Attributes:
        id: its number in the ledger.
        options: the parameters that its requests have beside model and messages.
        file: the id of its file of requests at the server; None before that is there.
        batch: the id of its batch at the server; None before that is known.
    """

    id: int
    options: Mapping[str, Any]
    file: str | None
    batch: str | None


class PostedCall(NamedTuple):
    """One call of a chunk.

    Attributes:
        key: the row's.
        number: 0 for the row's first call.
        request: what stands for what is asked.
        tokens: the most that it may cost.
    """

    key: bytes
    number: int
    request: bytes
    tokens: int

    @property
    def custom_id(self) -> str:
        """What the server calls it: the key that the ledger knows it by."""
        return f"{self.key.hex()}-{self.number}"


class Chunks:
    """The chunks of a ledger's job. Every write is committed when its method returns.

    A batch is created only for a chunk whose file is written down, so that after a crash at most one batch for each
    such chunk is at the server unknown to the ledger; `metadata` finds it.

    Args:
        ledger: the job's ledger.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def metadata(self, chunk: Chunk) -> dict[str, str]:
        """Return what a chunk's batch is known by at the server."""

        def job(db: sqlite3.Connection) -> int:
            db.execute("INSERT OR IGNORE INTO meta VALUES ('job', ?)", (secrets.randbits(62),))
            found: int = db.execute("SELECT value FROM meta WHERE name = 'job'").fetchone()[0]
            return found

        return {"replykit_job": f"{self._ledger.write(job):x}", "replykit_chunk": str(chunk.id)}

    def plan(self, calls: Sequence[PostedCall], options: Mapping[str, Any]) -> Chunk:
        """Write down that calls are about to be posted together."""

        def work(db: sqlite3.Connection) -> int | None:
            made = db.execute("INSERT INTO chunks (options, state) VALUES (?, 'planned')", (json.dumps(options),))
            db.executemany(
                "INSERT INTO attempts (key, call, request, run, state, tokens, chunk)"
                " VALUES (?, ?, ?, ?, 'posted', ?, ?)",
                [(c.key, c.number, c.request, self._ledger.run, c.tokens, made.lastrowid) for c in calls],
            )
            return made.lastrowid

        id = self._ledger.write(work)
        assert id is not None
        return Chunk(id, dict(options), None, None)

    def uploaded(self, chunk: Chunk, file: str) -> Chunk:
        """Write down where a chunk's requests are; its batch may be created once this returns."""
        self._set(chunk, "state = 'uploaded', file = ?", file)
        return chunk._replace(file=file)

    def created(self, chunk: Chunk, batch: str) -> Chunk:
        """Write down a chunk's batch."""
        self._set(chunk, "state = 'created', batch = ?", batch)
        return chunk._replace(batch=batch)

    def close(self, chunk: Chunk) -> None:
        """Write down that nothing more comes of a chunk; its calls without an answer cost nothing, and are free."""

        def work(db: sqlite3.Connection) -> None:
            db.execute("UPDATE chunks SET state = 'read' WHERE id = ?", (chunk.id,))
            db.execute(
                "UPDATE attempts SET state = 'failed', tokens = 0 WHERE chunk = ? AND state = 'posted'", (chunk.id,)
            )

        self._ledger.write(work)

    def _set(self, chunk: Chunk, change: str, value: str) -> None:
        self._ledger.write(lambda db: db.execute(f"UPDATE chunks SET {change} WHERE id = ?", (value, chunk.id)))

    def open(self) -> list[Chunk]:
        """Return the chunks of which something may still come, oldest first."""
        rows = self._ledger.read("SELECT id, options, file, batch FROM chunks WHERE state <> 'read' ORDER BY id")
        return [Chunk(id, json.loads(options), file, batch) for id, options, file, batch in rows]

    def calls(self, chunk: Chunk) -> Iterator[tuple[int, PostedCall, bool]]:
        """Yield each call of a chunk: its attempt, itself, and whether it still waits for its answer."""
        after = 0
        while True:
            page = self._ledger.read(
                "SELECT id, key, call, request, tokens, state FROM attempts WHERE chunk = ? AND id > ?"
                " ORDER BY id LIMIT ?",
                (chunk.id, after, _PAGE),
            )
            for id, key, number, request, tokens, state in page:
                yield id, PostedCall(key, number, request, tokens), state == "posted"
            if len(page) < _PAGE:
                return
            after = page[-1][0]

    def is_posted(self, call: PostedCall) -> bool:
        """Return whether a call waits for its answer in a chunk."""
        found = self._ledger.read(
            "SELECT 1 FROM attempts JOIN chunks ON chunks.id = chunk WHERE key = ? AND call = ? AND request = ?"
            " AND attempts.state = 'posted' AND chunks.state <> 'read' LIMIT 1",
            (call.key, call.number, call.request),
        )
        return bool(found)
