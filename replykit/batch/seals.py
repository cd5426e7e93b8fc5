"""What a job wrote, told by its content: a file that a person has changed since is not written over."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import BinaryIO

from replykit.batch.ledger import Ledger
from replykit.errors import UsageError
from replykit.sheets.fingerprint import fingerprint_of

__all__ = ["Seals"]

# Made when it is needed, as a ledger may be older than it. A file may be moved, so its name only serves what is said.
_SCHEMA = "CREATE TABLE IF NOT EXISTS seals (digest TEXT PRIMARY KEY, name TEXT NOT NULL) WITHOUT ROWID"


class Seals:
    """The fingerprints of all that a job wrote, kept in its ledger.

    Args:
        ledger: the ledger; None: the job has none yet, and wrote nothing.
    """

    def __init__(self, ledger: Ledger | None) -> None:
        self._ledger = ledger

    def check(self, path: str | os.PathLike[str]) -> None:
        """Refuse to write over a file that is not as the job wrote it.

        Raises:
            UsageError: it is there, and another wrote it, or has changed it; or it cannot be read.
        """
        try:
            with Path(path).open("rb") as file:
                digest = fingerprint_of(file)
        except FileNotFoundError:
            return
        except OSError as error:
            raise UsageError(f"{os.fspath(path)} cannot be read: {error.strerror}") from None
        sealed = self._sealed()
        if digest not in sealed:
            is_ours = Path(path).name in sealed.values()
            why = "was changed since it was written" if is_ours else "is there, and this job did not write it"
            raise UsageError(f"{os.fspath(path)} {why}; name another file, or move it away")

    def put(self, path: str | os.PathLike[str], file: BinaryIO) -> None:
        """Seal a file that is written to its end and has not got its name yet, so that no crash can come between.

        Args:
            path: the name that it gets.
            file: what was written; it then stands at its end.

        Raises:
            LedgerError: the ledger cannot be written.
        """
        assert self._ledger, "a job that writes has a ledger"
        seal = fingerprint_of(file), Path(path).name

        def work(db: sqlite3.Connection) -> None:
            db.execute(_SCHEMA)
            db.execute("INSERT OR REPLACE INTO seals VALUES (?, ?)", seal)

        self._ledger.write(work)

    def _sealed(self) -> dict[str, str]:
        """Return the names of what was written, by fingerprints."""
        if self._ledger is None:
            return {}
        has_any = self._ledger.read("SELECT 1 FROM sqlite_master WHERE name = 'seals'")
        return dict(self._ledger.read("SELECT digest, name FROM seals")) if has_any else {}
