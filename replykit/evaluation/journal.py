"""The journal of a run: a ledger, as a job of `polish` keeps one, that knows what it was made with.

A ledger survives whatever ends the process, holds answers as they come, and is locked against a second process; a file
of lines would have to be taught all three.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Sequence
from os import PathLike

from pydantic import ValidationError

from replykit.batch.ledger import Ledger
from replykit.errors import LedgerError
from replykit.evaluation.run import MadeWith
from replykit.evaluation.trial import Trial

__all__ = ["Journal"]

_TABLE = "made_with"


class Journal:
    """What was asked and answered in a run, and what came of it.

    Args:
        path: the file, made where it is missing; None: nothing is kept.
        made_with: what the run is made with.
        spare: bytes kept free on the disk for what is under way.
        is_private: True keeps replies in memory alone, as a ledger does; the next run makes them of the answers.

    Attributes:
        ledger: where the calls are written down.

    Raises:
        LedgerError: it is in use, is no journal, or was made with something else; the message says with what.
    """

    def __init__(
        self, path: str | PathLike[str] | None, made_with: MadeWith, *, spare: int, is_private: bool = False
    ) -> None:
        self.ledger = Ledger(path, spare=spare, is_private=is_private)
        self._digest = hashlib.sha256(made_with.model_dump_json(exclude={"cases"}).encode()).digest()
        try:
            if path is not None:
                self._own(os.fspath(path), made_with)
        except BaseException:
            self.ledger.close()
            raise

    def _own(self, path: str, made_with: MadeWith) -> None:
        """Write down what the run is made with, or refuse a journal of another one."""
        if not self.ledger.read(f"SELECT 1 FROM sqlite_master WHERE name = '{_TABLE}'"):
            if self.ledger.run:
                raise LedgerError(f"{path} is the ledger of another job; name another --journal")
            content = made_with.model_dump_json()

            def work(db: sqlite3.Connection) -> None:
                db.execute(f"CREATE TABLE {_TABLE} (content TEXT NOT NULL)")
                db.execute(f"INSERT INTO {_TABLE} VALUES (?)", (content,))

            self.ledger.write(work)
            return
        try:
            before = MadeWith.model_validate_json(self.ledger.read(f"SELECT content FROM {_TABLE}")[0][0])
        except (IndexError, ValidationError):
            raise LedgerError(f"{path} is no journal of this version; name another --journal") from None
        if changes := before.changes(made_with):
            raise LedgerError(
                f"the journal {path} was made with something else ({', '.join(changes)}), and the two are not mixed;"
                " name another --journal, or run it as it was begun"
            )

    def begin(self, trials: Sequence[tuple[str, int]]) -> list[tuple[bytes, Trial | None]]:
        """Begin a run.

        Args:
            trials: the case's id and the number of the run of each.

        Returns:
            The key of each, and what came of it where that is known from an earlier run.
        """
        self.ledger.begin(keep_skipped=True, job=self._digest)
        keys = [self._key(*trial) for trial in trials]
        entered = self.ledger.enter(
            [(place, number, key) for place, ((_, number), key) in enumerate(zip(trials, keys, strict=True))]
        )
        return [
            (key, None if known.polished is None else Trial.model_validate_json(known.polished))
            for key, known in zip(keys, entered, strict=True)
        ]

    def keep(self, key: bytes, trial: Trial) -> None:
        """Write down what came of a trial, for good.

        Raises:
            LedgerError: it cannot be written.
        """
        self.ledger.finish([(key, trial.model_dump_json(), "final")])

    def close(self) -> None:
        """Close the file."""
        self.ledger.close()

    def _key(self, case: str, run: int) -> bytes:
        named = f"{run} {case}".encode("utf-8", "surrogatepass")
        return hashlib.blake2b(named, key=self._digest, digest_size=16).digest()
