"""Which columns of a sheet hold what, and its rows as a job reads them."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterator, Mapping

from replykit.intake import is_blank
from replykit.playbook import Playbook
from replykit.script import Tongues
from replykit.sheets import Sheet

__all__ = ["SheetColumns"]


@dataclasses.dataclass(frozen=True, slots=True)
class SheetColumns:
    """The indices of the columns that a job reads; None: the sheet has none.

    Attributes:
        text: the canned replies.
        customer: what the customer wrote.
        facts: what a reply may state, one fact a line.
        stage: where a complaint stands, by the playbook's word or title for it.
        language: what a reply is written in.
    """

    text: int
    customer: int | None = None
    facts: int | None = None
    stage: int | None = None
    language: int | None = None

    def rows(self, sheet: Sheet, playbook: Playbook, tongues: Tongues) -> Iterator[Mapping[str, str | int]]:
        """Yield the rows of a sheet as mappings with `number` and, by the names of the attributes, their cells.

        Args:
            sheet: the sheet.
            playbook: its stages have titles.
            tongues: the languages that people may name in the column, each in words of its own.
        """
        read: dict[str, Callable[[str], str]] = {
            "stage": functools.partial(_stage, playbook),
            "language": tongues.named,
        }
        places = dataclasses.asdict(self)
        for number, cells in sheet.rows():
            row: dict[str, str | int] = {"number": number}
            for name, index in places.items():
                cell = "" if index is None else cells[index]
                row[name] = read[name](cell.strip()) if name in read else cell
            yield row

    def count(self, sheet: Sheet) -> int:
        """Return how many rows have a canned reply."""
        return sum(1 for row in sheet.rows() if not is_blank(row.cells[self.text]))


def _stage(playbook: Playbook, word: str) -> str:
    """Return the stage whose title the word is or is part of; the word itself where there is none, or several."""
    found = [
        guide.id
        for guide in playbook.stages
        if any(word in playbook.say(guide.title, language) for language in playbook.languages)
    ]
    return found[0] if len(found) == 1 else word
