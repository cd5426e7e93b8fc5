"""The files that a finished job leaves: the copy of the spreadsheet and the report."""

from __future__ import annotations

import datetime
import functools
import os
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from replykit.batch import Job, PolishedRow
from replykit.batch.price import Price
from replykit.batch.report import RunFacts, write_report
from replykit.batch.tally import Tally
from replykit.batch.wording import Wording
from replykit.cli.columns import column_name
from replykit.cli.targets import Targets
from replykit.playbook import Playbook
from replykit.records import Language
from replykit.sheets import Edit, Sheet

__all__ = ["Results"]


class Results(NamedTuple):
    """How results are written.

    Attributes:
        sheet: what was polished.
        column: the index of the column of the replies.
        targets: where the results go.
        playbook: its principles have titles.
        model: the chat model; None: offline.
        price: of its tokens; None: not known.
        in_place: True to replace the replies in their column; False to add columns.
        raw: True to write texts of a CSV file that begin like a formula as they are.
        interface: the language of titles and report; None: the playbook's.
    """

    sheet: Sheet
    column: int
    targets: Targets
    playbook: Playbook
    model: str | None
    price: Price | None
    in_place: bool
    raw: bool
    interface: Language | None

    def write(self, job: Job, seconds: float) -> tuple[Tally, tuple[str, ...]]:
        """Write the copy, and the report where one is wanted.

        Args:
            job: a job that is complete.
            seconds: how long it took.

        Returns:
            What was counted, and what there is to know about the copy.

        Raises:
            UsageError: one of them cannot be written, or was changed since this job wrote it.
        """
        wording = Wording(self.playbook, self.interface)
        tally = Tally()
        edits = self._edits(self._rows(job), tally, wording)
        titles = () if self.in_place else wording.columns
        output, report = self.targets.output, self.targets.report
        job.seals.check(output)  # once more, as a run may take long
        written = self.sheet.write(
            output, titles, edits, replace=self._replaced, raw=self.raw, ready=functools.partial(job.seals.put, output)
        )
        if report:
            job.seals.check(report)
            facts = RunFacts(
                source=self.sheet.name,
                column=column_name(self.sheet, self.column),
                output=os.fspath(output),
                model=self.model,
                made_at=datetime.datetime.now().astimezone().strftime("%Y-%m-%d %H:%M"),
                seconds=seconds,
                price=self.price,
                repeated=job.progress.repeated,
                notes=(*self.sheet.remarks(self.column), *written.notes),
            )
            write_report(
                report,
                self._rows(job),
                facts,
                self.playbook,
                language=self.interface,
                ready=functools.partial(job.seals.put, report),
            )
        return tally, written.notes

    @property
    def _replaced(self) -> int | None:
        return self.column if self.in_place else None

    def _rows(self, job: Job) -> Iterator[PolishedRow]:
        """Yield what became of the rows; where the sheet cannot take a text, the row needs review as any other."""
        for row in job.results():
            is_written = row.status != "needs_review" and not (self.in_place and row.text == row.original)
            why = self.sheet.refusal(row.row, row.text, self._replaced) if is_written else ""
            yield (
                row
                if not why
                else row.model_copy(
                    update={
                        "text": row.original,
                        "status": "needs_review",
                        "reason": why,
                        "violations": row.before,
                        "made_by": "untouched",
                    }
                )
            )

    def _edits(self, rows: Iterable[PolishedRow], tally: Tally, wording: Wording) -> Iterator[Edit]:
        """Yield what is written in each row, and count the rows."""
        for row in rows:
            tally.add(row)
            if not self.in_place:
                text, *said = wording.cells(row)
                yield Edit(row.row, (text, *map(self.sheet.shortened, said)))
            elif row.text != row.original:
                yield Edit(row.row, replacement=row.text)
