"""The ledger of a job: what was asked, what was answered, what became of each row; it survives whatever ends the run.

SQLite with a write-ahead log. A commit is in the operating system's hands when it returns, so that the end of this
process, however sudden, takes nothing of it; only a power cut may take the last ones, which are then asked again.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar

from replykit.batch.salvage import is_of, salvage
from replykit.batch.spare import Spare
from replykit.errors import LedgerError
from replykit.privacy import find_personal
from replykit.records import Completion

__all__ = ["Entered", "Kind", "Ledger"]

APPLICATION = 0x72706C79  # "rply": marks the file as a ledger
_VERSION = 1
_PAGE = 500  # results read at once
Result = TypeVar("Result")
# What stays so; what no answer came for; what was left alone because nothing is wrong with it.
Kind = Literal["final", "failed", "skipped"]

# A row is `rows` (where it stands in this run's input), its key leads to what became of it. `attempts` are the calls of
# a chat model: call 0 is a row's first, call 1 its first re-ask. `tokens` is what an attempt may have cost at most.
# Calls that are answered together stand in `chunks`, one batch at the server each.
_RESULTS = """TABLE results (
    id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, polished TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('final', 'failed', 'skipped'))
);
"""
_SCHEMA = f"""
CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE rows (position INTEGER PRIMARY KEY, number INTEGER NOT NULL, key BLOB NOT NULL);
CREATE INDEX rows_by_key ON rows (key);
CREATE {_RESULTS}
CREATE TABLE chunks (
    id INTEGER PRIMARY KEY, options TEXT NOT NULL, file TEXT, batch TEXT,
    state TEXT NOT NULL CHECK (state IN ('planned', 'uploaded', 'created', 'read'))
);
CREATE TABLE attempts (
    id INTEGER PRIMARY KEY, key BLOB NOT NULL, call INTEGER NOT NULL, request BLOB NOT NULL, run INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('sent', 'posted', 'done', 'failed', 'lost')), tokens INTEGER NOT NULL,
    answer TEXT, chunk INTEGER REFERENCES chunks
);
CREATE INDEX attempts_by_key ON attempts (key, call);
CREATE INDEX attempts_by_chunk ON attempts (chunk, id) WHERE chunk IS NOT NULL;
"""


class Entered(NamedTuple):
    """What the ledger knows of a row that was just entered.

    Attributes:
        same_as: the number of the first row with the same key; None where this is the first.
        polished: what became of it, as JSON; None where that is still to be made.
    """

    same_as: int | None
    polished: str | None


class Ledger:
    """One job's ledger, locked against every other process (and job) until it is closed.

    Usable from any thread. Every write is committed when its method returns.

    Args:
        path: the file; a new one can be read by its owner only. None: a temporary one that leaves nothing behind.
        spare: bytes kept free on the disk, so that answers on their way can be written down when it is full.
        is_private: True keeps what became of rows, which holds their texts, in memory alone. Answers are kept in the
            file then, from which a later run makes the same of the rows without a call; but for one in which a model
            wrote personal data itself.

    Attributes:
        run: the number of the latest run.
        has_past: False once a run has begun before which no call was made.
        is_proven: whether a call of this run's job was ever answered, in this run or an earlier one.
        notes: what its user should know, such as that a damaged file was rescued.

    Raises:
        LedgerError: the file is in use, is no ledger, was written by a newer replykit, or cannot be opened.
    """

    def __init__(
        self, path: str | PathLike[str] | None = None, *, spare: int = 1 << 20, is_private: bool = False
    ) -> None:
        self.path = None if path is None else Path(path)
        self._is_private = is_private
        self._unkept: dict[int, str] = {}  # answers by their attempts that are in no file
        self.notes: tuple[str, ...] = ()
        self._lock = threading.RLock()
        self._spare: Spare | None = None
        self._db = self._open()
        if is_private:  # a temporary table hides the one of its name in the file
            self._db.executescript(f"PRAGMA temp_store = MEMORY; CREATE TEMP {_RESULTS}")
        try:
            if self.path is not None:
                self._spare = Spare(self.path, spare)
        except OSError as error:
            self._db.close()
            raise LedgerError(f"there is no room for the ledger {self.path}: {error.strerror}") from None
        self.run = self._meta("run")
        self.has_past = True
        self.is_proven = False
        self._proof = ""

    @property
    def is_full(self) -> bool:
        """Return whether the disk is full, so that nothing new may be begun."""
        return self._spare is not None and self._spare.is_used

    def _open(self) -> sqlite3.Connection:
        if self.path is None:
            db = sqlite3.connect("", isolation_level=None, check_same_thread=False)
            db.execute("PRAGMA journal_mode = MEMORY")
            db.executescript(_SCHEMA)
            return db
        try:
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        except OSError as error:
            raise LedgerError(f"the ledger {self.path} cannot be opened: {error.strerror}") from None
        try:
            return self._connect(self.path)
        except _Damaged:
            pass
        except sqlite3.Error as error:
            name = getattr(error, "sqlite_errorname", "")
            if name == "SQLITE_BUSY":
                held = LedgerError(
                    f"the ledger {self.path} is in use: the same job is running; wait for it, or stop it first"
                )
                held.is_in_use = True
                raise held from None
            if not name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
                raise LedgerError(f"the ledger {self.path} cannot be opened: {error}") from None
            if not is_of(self.path, APPLICATION):
                raise LedgerError(f"{self.path} is no ledger of replykit; name another file, or remove it") from None
        rescued, damaged = salvage(self.path, _SCHEMA, APPLICATION, _VERSION)
        answers = "1 answer was" if rescued == 1 else f"{rescued:,} answers were"
        self.notes = (f"the ledger was damaged; {answers} rescued, and the damaged file is {damaged}",)
        return self._connect(self.path)

    def _connect(self, path: Path) -> sqlite3.Connection:
        db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=0)
        try:
            db.execute("PRAGMA locking_mode = EXCLUSIVE")  # the system lets go of the lock with the process
            tables, application, version = _identity(db)
            if application != APPLICATION and (tables or application):
                raise LedgerError(f"{path} is a database, but no ledger of replykit; name another file")
            if version > _VERSION:
                raise LedgerError(
                    f"the ledger {path} was written by a newer replykit; update replykit, or name another file"
                )
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = NORMAL")
            if not tables:
                db.execute(f"PRAGMA application_id = {APPLICATION}")
                db.execute(f"PRAGMA user_version = {_VERSION}")
                db.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} COMMIT; PRAGMA wal_checkpoint(TRUNCATE)")
            else:
                db.executescript("BEGIN IMMEDIATE; COMMIT")
                if db.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
                    raise _Damaged
        except BaseException:
            db.close()
            raise
        return db

    def __del__(self) -> None:
        with contextlib.suppress(AttributeError):  # it was never opened
            self.close()

    def close(self) -> None:
        """Close the file and let go of the lock."""
        with self._lock:
            self._db.close()
            if self._spare:
                self._spare.close()

    # --- a run

    def begin(self, *, keep_skipped: bool, job: bytes = b"") -> None:
        """Begin a run: its rows are entered anew.

        What failed is tried again only after a run that came to its end; one that was interrupted goes on.

        Args:
            keep_skipped: False drops the results of rows that were skipped because nothing is wrong with them.
            job: what stands for everything but the rows that decides about a result, such as the model.
        """

        def work(db: sqlite3.Connection) -> None:
            if self._meta("is_complete"):
                db.execute("DELETE FROM results WHERE kind = 'failed'")
            if not keep_skipped:
                db.execute("DELETE FROM results WHERE kind = 'skipped'")
            self.run = self._meta("run") + 1
            self._set("run", self.run)
            self._proof = f"proven {job.hex()}"
            self.is_proven = bool(self._meta(self._proof))
            self._set("is_complete", 0)
            self.has_past = db.execute("SELECT 1 FROM attempts LIMIT 1").fetchone() is not None
            db.execute("DELETE FROM rows")

        self.write(work)

    def complete(self) -> None:
        """Note that every row of this run's input has its result."""
        self.write(lambda _: self._set("is_complete", 1))

    def enter(self, rows: Sequence[tuple[int, int, bytes]]) -> list[Entered]:
        """Enter rows of the input.

        Args:
            rows: position, number and key of each, in order.

        Returns:
            What is known of each.
        """

        def work(db: sqlite3.Connection) -> list[Entered]:
            entered = []
            for row in rows:
                first = db.execute(
                    "SELECT number FROM rows WHERE key = ? ORDER BY position LIMIT 1", row[2:]
                ).fetchone()
                known = db.execute("SELECT polished FROM results WHERE key = ?", row[2:]).fetchone()
                db.execute("INSERT INTO rows VALUES (?, ?, ?)", row)
                entered.append(Entered(first and first[0], known and known[0]))
            return entered

        return self.write(work)

    def kind(self, key: bytes) -> Kind | None:
        """Return what kind of result there is for a key, or is to be made of its answer; None where there is none."""
        with self._lock:
            found: tuple[Kind] | None = self._db.execute("SELECT kind FROM results WHERE key = ?", (key,)).fetchone()
            if found is None and self._is_private:
                answered = "SELECT 'final' FROM attempts WHERE key = ? AND answer IS NOT NULL LIMIT 1"
                found = self._db.execute(answered, (key,)).fetchone()
        return found[0] if found else None

    def is_new(self, key: bytes) -> bool:
        """Return whether a key is met for the first time since this ledger was opened; for counts without a run."""
        with self._lock:
            self._db.execute("CREATE TEMP TABLE IF NOT EXISTS met (key BLOB PRIMARY KEY) WITHOUT ROWID")
            return self._db.execute("INSERT OR IGNORE INTO met VALUES (?)", (key,)).rowcount > 0

    def forget_met(self) -> None:
        """Begin anew to meet keys."""
        with self._lock:
            self._db.execute("DROP TABLE IF EXISTS temp.met")

    def finish(self, results: Sequence[tuple[bytes, str, Kind]]) -> None:
        """Write down what became of rows; the answers behind a final result that is kept are needed no more.

        Args:
            results: key, the polished row as JSON, and what kind of result it is.
        """

        def work(db: sqlite3.Connection) -> None:
            db.executemany("INSERT OR REPLACE INTO results (key, polished, kind) VALUES (?, ?, ?)", results)
            if self.path is not None and not self._is_private:
                final = [(key,) for key, _, kind in results if kind == "final"]
                db.executemany("UPDATE attempts SET answer = NULL WHERE key = ? AND answer IS NOT NULL", final)

        self.write(work)

    def forget(self, keys: Sequence[bytes]) -> None:
        """Drop what became of rows, so that they are tried again."""
        self.write(lambda db: db.executemany("DELETE FROM results WHERE key = ?", [(key,) for key in keys]))

    def settle(self, keys: Sequence[bytes]) -> None:
        """Make what became of rows final, as a later run would make no other of them."""
        values = [(key,) for key in keys]
        self.write(lambda db: db.executemany("UPDATE results SET kind = 'final' WHERE key = ?", values))

    def kept(self) -> int:
        """Return how many rows of the latest run have a result that the next one takes over."""
        lost = "failed" if self._is_private else None
        return int(self.read("SELECT count(*) FROM rows JOIN results USING (key) WHERE kind IS NOT ?", (lost,))[0][0])

    def results(self) -> Iterator[tuple[int, int | None, str]]:
        """Yield number, number of the first row with the same key, and result of this run's rows, in order."""
        after = -1
        while True:
            with self._lock:
                page = self._db.execute(
                    "SELECT position, number, (SELECT number FROM rows AS earlier WHERE earlier.key = rows.key"
                    " AND earlier.position < rows.position ORDER BY earlier.position LIMIT 1), polished"
                    " FROM rows JOIN results USING (key) WHERE position > ? ORDER BY position LIMIT ?",
                    (after, _PAGE),
                ).fetchall()
            if not page:
                return
            yield from (row[1:] for row in page)
            after = page[-1][0]

    # --- calls of a chat model

    def answer(self, key: bytes, call: int, request: bytes) -> Completion | None:
        """Return what a call was answered, where it was.

        Args:
            key: the row's.
            call: 0 for the row's first call.
            request: what stands for what was asked; another request has no answer.
        """
        with self._lock:
            found = self._db.execute(
                "SELECT id, answer FROM attempts WHERE key = ? AND call = ? AND request = ? AND state = 'done'"
                " ORDER BY answer IS NULL, id DESC LIMIT 1",
                (key, call, request),
            ).fetchone()
            text = found and (found[1] or self._unkept.get(found[0]))
        return Completion.model_validate_json(text) if text else None

    def sending(
        self, key: bytes, call: int, request: bytes, tokens: int
    ) -> Callable[[sqlite3.Connection], tuple[int, bool]]:
        """Return the work that writes down that a call is about to be made; the call must wait for its commit.

        Args:
            key: the row's.
            call: 0 for the row's first call.
            request: what stands for what is asked.
            tokens: the most that it may cost.

        Returns:
            Work for `write`, which returns the attempt's number, and whether the same call was under way when an
            earlier run ended.

        Raises:
            LedgerError: the disk is full; the call must not be made.
        """
        if self.is_full:
            raise self._cannot_write("the disk is full")

        def work(db: sqlite3.Connection) -> tuple[int, bool]:
            is_again = (
                self.has_past
                and db.execute(
                    "UPDATE attempts SET state = 'lost' WHERE key = ? AND call = ? AND state = 'sent' AND run < ?",
                    (key, call, self.run),
                ).rowcount
                > 0
            )
            made = db.execute(
                "INSERT INTO attempts (key, call, request, run, state, tokens) VALUES (?, ?, ?, ?, 'sent', ?)",
                (key, call, request, self.run, tokens),
            )
            assert made.lastrowid is not None
            return made.lastrowid, is_again

        return work

    def sent(self, key: bytes, call: int, request: bytes, tokens: int) -> tuple[int, bool]:
        """Write down that a call is about to be made, at once; as `sending`."""
        return self.write(self.sending(key, call, request, tokens))

    def settling(self, attempt: int, answer: Completion | None, tokens: int) -> Callable[[sqlite3.Connection], object]:
        """Return the work that writes down how a call ended.

        Args:
            attempt: its number.
            answer: what was answered; None where it brought no answer.
            tokens: what it cost, or may have cost.
        """
        state, text = ("failed", None) if answer is None else ("done", answer.model_dump_json())
        if text is not None and answer is not None and self._is_private and find_personal(answer.text):
            self._unkept[attempt], text = text, None
        values = (state, tokens, text, attempt)

        def work(db: sqlite3.Connection) -> None:
            db.execute("UPDATE attempts SET state = ?, tokens = ?, answer = ? WHERE id = ?", values)
            if answer is not None and not self.is_proven:
                self._set(self._proof, 1)
                self.is_proven = True

        return work

    def done(self, attempt: int, answer: Completion, tokens: int) -> None:
        """Write down an answer, and what it cost, at once."""
        self.write(self.settling(attempt, answer, tokens))

    def failed(self, attempt: int, tokens: int) -> None:
        """Write down that a call brought no answer, and what it may have cost, at once."""
        self.write(self.settling(attempt, None, tokens))

    def tokens(self) -> int:
        """Return what all attempts of all runs cost, or may have cost at most."""
        with self._lock:
            total: int = self._db.execute("SELECT coalesce(sum(tokens), 0) FROM attempts").fetchone()[0]
        return total

    # --- how it is read and written

    def read(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        with self._lock:
            return self._db.execute(query, values).fetchall()

    def _meta(self, name: str) -> int:
        found = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return found[0] if found else 0

    def _set(self, name: str, value: int) -> None:
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def write(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        """Commit what `work` does as one; where the disk is full, in the room that is kept for it."""
        with self._lock:
            try:
                return self._commit(work)
            except sqlite3.Error as error:
                is_full = getattr(error, "sqlite_errorname", "").startswith(("SQLITE_FULL", "SQLITE_IOERR"))
                if not is_full or self._spare is None or not self._spare.release():
                    raise self._cannot_write(str(error)) from None
            try:
                return self._commit(work)
            except sqlite3.Error as error:
                raise self._cannot_write(str(error)) from None

    def _commit(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            result = work(self._db)
            self._db.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
            raise
        return result

    def _cannot_write(self, why: str) -> LedgerError:
        return LedgerError(
            f"the ledger {self.path or 'of this run'} cannot be written ({why}); make room, then run the same again:"
            " what was answered is not asked again"
        )


class _Damaged(Exception):
    """The file is a ledger, and parts of it cannot be read."""


def _identity(db: sqlite3.Connection) -> tuple[int, int, int]:
    """Return how many tables a database has, whose it is, and its version."""
    tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    application = db.execute("PRAGMA application_id").fetchone()[0]
    return tables, application, db.execute("PRAGMA user_version").fetchone()[0]
