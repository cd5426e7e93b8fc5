"""One of several shards of a job: the rows of a folder, polished through a ledger of their own."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from replykit.arrow import arrow
from replykit.batch.job import Job
from replykit.batch.limits import Limits
from replykit.batch.progress import Progress
from replykit.batch.sheet_columns import SheetColumns
from replykit.batch.tally import Tally
from replykit.batch.wording import Wording
from replykit.errors import LedgerError, ReplykitError
from replykit.kit import ReplyKit
from replykit.playbook import Playbook
from replykit.records import Language
from replykit.sheets import Edit, Sheet, open_sheet

__all__ = ["LEDGER", "POLISHED", "ROWS", "Outcome", "Plan", "Shard"]

ROWS, LEDGER, POLISHED = "rows.parquet", "ledger", "polished.parquet"
_PATIENCE = 30.0  # seconds for a process that had the ledger before to be gone
_LOOK = 0.25


@dataclass(frozen=True)
class Plan:
    """What a shard is polished with; can be pickled, without a compiled rule in it.

    Attributes:
        folder: where its rows, its ledger and its results lie.
        kit: the arguments of `ReplyKit`, its playbooks a list of names and of what is their own JSON.
        columns: which of the rows' columns hold what.
        number: the index of the column with the number of a row in the whole.
        limits: what this shard may use.
        only_flagged: whether rows without any violation are left alone.
        patience: seconds without an answer until it ends.
        interface: the language of titles and words; None: the playbook's.
    """

    folder: str
    kit: Mapping[str, Any]
    columns: SheetColumns
    number: int
    limits: Limits
    only_flagged: bool = False
    patience: float = 300.0
    interface: Language | None = None


@dataclass
class Outcome:
    """What became of a shard; never an exception.

    Attributes:
        rows: how many rows its results have; None where it did not come to its end.
        tally: the polished rows, counted.
        progress: counts of this run.
        kept: rows that the next run takes over.
        error: what ended it, by the name and the words of the error.
        notes: what its user should know.
    """

    rows: int | None = None
    tally: Tally | None = None
    progress: Progress = field(default_factory=Progress)
    kept: int = 0
    error: tuple[str, str] | None = None
    notes: tuple[str, ...] = ()


class Shard:
    """Polishes the rows of a plan.

    Args:
        plan: the plan.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._job: Job | None = None
        self._is_asked_to_stop = False

    @property
    def progress(self) -> Progress:
        """Live counts; may be asked for from any thread."""
        return self._job.progress if self._job else Progress()

    def stop(self) -> None:
        """Finish the calls that are under way and begin no other; may be called from any thread."""
        self._is_asked_to_stop = True
        if self._job:
            self._job.stop()

    def run(self) -> Outcome:
        """Polish what the ledger does not hold yet, and write the results; may be called again after any end."""
        outcome = Outcome()
        try:
            with ReplyKit(**_unpacked(self._plan.kit)) as kit, self._opened(kit) as job:
                self._job = job
                try:
                    self._polish(job, kit, outcome)
                finally:
                    outcome.progress, outcome.kept, outcome.notes = job.progress, job.kept, job.notes
        except ReplykitError as error:
            outcome.error = type(error).__name__, str(error)
        return outcome

    def _opened(self, kit: ReplyKit) -> Job:
        limits, until = self._plan.limits, time.monotonic() + _PATIENCE
        while True:
            try:
                return Job(
                    kit,
                    ledger=Path(self._plan.folder, LEDGER),
                    number="number",
                    text="text",
                    customer="customer",
                    facts="facts",
                    stage="stage",
                    language="language",
                    **limits._asdict(),
                    only_flagged=self._plan.only_flagged,
                    patience=self._plan.patience,
                    processes=1,  # there are other shards for the other cores
                )
            except LedgerError as error:
                # A process that was killed may not be gone yet, or be finishing what was under way.
                if not error.is_in_use or time.monotonic() > until:
                    raise
            time.sleep(_LOOK)

    def _polish(self, job: Job, kit: ReplyKit, outcome: Outcome) -> None:
        sheet = open_sheet(Path(self._plan.folder, ROWS))
        if self._is_asked_to_stop:
            return
        for _ in job.run(self._plan.columns.rows(sheet, kit.playbook, kit.shelf.tongues)):
            if self._is_asked_to_stop:  # also where that came while the run began
                job.stop()
        if not job.is_complete:
            return
        outcome.tally = Tally()
        wording = Wording(kit.playbook, self._plan.interface)
        place = Path(self._plan.folder, POLISHED)
        sheet.write(place, wording.columns, self._edits(job, sheet, wording, outcome.tally))
        outcome.rows = arrow().parquet.ParquetFile(place).metadata.num_rows

    def _edits(self, job: Job, sheet: Sheet, wording: Wording, tally: Tally) -> Iterator[Edit]:
        column = sheet.header[self._plan.number]
        numbers = arrow().parquet.read_table(sheet.path, columns=[column]).column(0)
        for row in job.results():
            tally.add(row)
            same_as = None if row.same_as is None else numbers[row.same_as - 1].as_py()
            yield Edit(row.row, wording.cells(row.model_copy(update={"same_as": same_as})))


def _unpacked(kit: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a kit with the playbooks that stand in them as JSON."""
    playbooks = [
        Playbook.model_validate_json(playbook) if playbook.startswith("{") else playbook for playbook in kit["playbook"]
    ]
    return {**kit, "playbook": playbooks}
