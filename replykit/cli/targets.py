"""Where a job writes what."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple, Self

from replykit.batch.seals import Seals
from replykit.errors import UsageError
from replykit.sheets import Sheet
from replykit.sheets.saving import check_place

__all__ = ["Targets"]

_PAGES = (".html", ".htm")


class Targets(NamedTuple):
    """The files that a job writes.

    Attributes:
        output: the copy of the spreadsheet with the results.
        report: the page about what changed; None: none.
        ledger: what keeps every answer while the job runs, and after it.
    """

    output: Path
    report: Path | None
    ledger: Path

    @classmethod
    def of(cls, sheet: Sheet, output: str | None, report: str | None, *, no_report: bool) -> Self:
        """Return the files that a user names, once nothing stands against writing them.

        Args:
            sheet: what they are made from.
            output: the copy.
            report: the page; None: beside the copy.
            no_report: True for no page.

        Raises:
            UsageError: the copy is not named; one of them is the original, or another one of them; the name of the copy
                or of the page has a wrong ending; or there is no such folder.
        """
        if output is None:
            proposal = f"{sheet.path.stem}-polished{sheet.path.suffix}"
            raise UsageError(f"name the copy that the results go into, such as -o {proposal}")
        if report is not None and no_report:
            raise UsageError("give either --report or --no-report")
        copy = Path(output)
        sheet.check_output(copy)
        page = None if no_report else Path(report) if report else copy.with_suffix(".report.html")
        if page and page.suffix.lower() not in _PAGES:
            raise UsageError(
                f"the report is a page for a browser; end its name in .html, not as in {os.fspath(page)!r}"
            )
        for place in filter(None, (copy, page)):
            if os.path.isdir(place):  # also of a name that is too long
                raise UsageError(f"{place} is a folder; name a file")
            if not os.path.isdir(place.parent):
                raise UsageError(f"{place} cannot be written, as there is no folder {os.fspath(place.parent)!r}")
        return cls(copy, page, copy.with_name(copy.name + ".ledger"))

    @property
    def pages(self) -> tuple[Path, ...]:
        """What is for people: the copy, and the page."""
        return (self.output, self.report) if self.report else (self.output,)

    def check(self) -> None:
        """Find out, before anything is paid for, whether the files can be written.

        Raises:
            UsageError: one of them cannot; or it is there, and no job whose ledger lies beside it wrote it.
        """
        for place in self.pages:
            check_place(place)
            if not self.ledger.exists():
                Seals(None).check(place)
