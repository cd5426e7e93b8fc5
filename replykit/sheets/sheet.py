"""A sheet as its owner sees it: rows to read, and a copy of the file to write results into."""

from __future__ import annotations

import contextlib
import itertools
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, ClassVar, NamedTuple

from replykit.errors import UsageError
from replykit.sheets.columns import column_in
from replykit.sheets.edits import Edit, Edits, Notes
from replykit.sheets.fingerprint import fingerprint_of
from replykit.sheets.likeliest import likeliest_in
from replykit.sheets.saving import saving
from replykit.text import units

__all__ = ["Sheet", "SheetRow", "Written"]

_SAMPLE = 500  # rows that show which column holds the replies


class SheetRow(NamedTuple):
    """One row with anything in it.

    Attributes:
        number: as the file's user counts; the header of most files is row 1.
        cells: its cells from column A on, as they are shown; as many as the header has.
    """

    number: int
    cells: tuple[str, ...]


class Written(NamedTuple):
    """A file that was written.

    Attributes:
        path: the file.
        rows: how many rows of it have a result.
        notes: what its user should know, a sentence each.
    """

    path: Path
    rows: int
    notes: tuple[str, ...]


class Sheet(ABC):
    """One sheet of a file; the file is never changed.

    Attributes:
        path: the file.
        name: what messages call it: `replies.xlsx, sheet '话术'`.
        layout: how it is read, in words for its user.
        header_row: the number of the row with the names of its columns; 0 where no row has them.
        header: these names, from A to the last that any row uses; empty where a column has none.
        fingerprint: the SHA-256 of the file's bytes, in hexadecimal digits.
        longest: the UTF-16 code units that a cell can hold.
    """

    longest: ClassVar[int]

    path: Path
    name: str
    layout: str
    header_row: int
    header: tuple[str, ...]
    fingerprint: str

    def column(self, wanted: str) -> int:
        """Return the index of a column.

        Args:
            wanted: its name, else its letter (A is the first), else its number, counted from 1.

        Raises:
            UsageError: there is no such column, or more than one has that name; the message lists them.
        """
        return column_in(self.header, wanted, self.name)

    def likeliest_columns(self) -> tuple[int, ...]:
        """Return the indices of the columns that look like replies, best first; empty where none does.

        Raises:
            UsageError: the file can no longer be read.
        """
        return likeliest_in(self.header, [row.cells for row in itertools.islice(self.rows(), _SAMPLE)])

    def refusal(self, number: int, text: str, replace: int | None) -> str:
        """Return why a row cannot take a text; for those who tell of a row before `write` comes to it.

        Args:
            number: the row, as `SheetRow.number` counts.
            text: what is to stand in it.
            replace: the index of the column whose text it replaces; None: it goes into a new column.

        Returns:
            The reason, without a stop; empty where the row can take it.
        """
        return "the text is longer than a cell can hold" if self._is_too_long(text) else ""

    def shortened(self, text: str) -> str:
        """Return as much of a text as a cell can hold, with an ellipsis where that is not all; for what is no reply."""
        if not self._is_too_long(text):
            return text
        data = text.encode("utf-16-le", "surrogatepass")[: 2 * (self.longest - 1)]
        return data.decode("utf-16-le", "ignore") + "…"

    def _is_too_long(self, text: str) -> bool:
        return len(text) > self.longest // 2 and units(text) > self.longest

    def remarks(self, column: int) -> tuple[str, ...]:
        """Return what the file's user should know about a column before its cells are worked on, a sentence each."""
        return ()

    @abstractmethod
    def rows(self) -> Iterator[SheetRow]:
        """Yield the rows below the header that have anything in them; hidden rows are among them.

        Raises:
            UsageError: the file can no longer be read, or has changed.
        """

    def write(
        self,
        output: str | os.PathLike[str],
        titles: Sequence[str],
        edits: Iterable[Edit],
        *,
        replace: int | None = None,
        raw: bool = False,
        ready: Callable[[BinaryIO], object] | None = None,
    ) -> Written:
        """Write a copy of the file with results in it: new columns to the right of the data, or a column's new texts.

        Everything else stays as it is, byte for byte. The copy appears under its name when it is whole, and not before.

        Args:
            output: the copy; a file of that name is replaced. It must be of the same kind as the original.
            titles: the names of the new columns.
            edits: what is written in each row, in the order of the rows; a row without an edit stays as it is.
            replace: the index of the column whose texts the edits replace; None: of none.
            raw: True to write texts of a CSV file that begin like a formula as they are. Else an apostrophe is put
                before them, as the program that opens the file would calculate them.
            ready: is given the copy when it is whole, before it gets its name.

        Returns:
            What was written, with notes for the file's user.

        Raises:
            UsageError: the output is the original, of another kind, or cannot be written; the original has changed or
                can no longer be read; or an edit is for no row, or does not fit the titles. Nothing is written then,
                and a file of that name stays as it was.
        """
        place = Path(output)
        self.check_output(place)
        if replace is not None and not 0 <= replace < len(self.header):
            raise UsageError(f"{self.name} has no column {replace + 1}")
        if replace is not None:
            edits = self._changes(edits, replace)
        notes, stream = Notes(), Edits(edits, len(titles), replace is not None, self.name)
        with self._reopened() as source, saving(place, like=self.path) as file:
            self._write(source, file, tuple(titles), stream, replace, raw, notes)
            stream.finish()
            if ready:
                ready(file)
        return Written(place, stream.taken, notes.lines())

    def _changes(self, edits: Iterable[Edit], replace: int) -> Iterator[Edit]:
        """Yield edits, without the replacements that are what stands there, so that nothing of such a cell changes."""
        rows = self.rows()
        row = next(rows, None)
        for edit in edits:
            while row is not None and row.number < edit.number:
                row = next(rows, None)
            is_same = row is not None and row.number == edit.number and row.cells[replace] == edit.replacement
            yield edit._replace(replacement=None) if is_same else edit

    @contextlib.contextmanager
    def _reopened(self) -> Iterator[BinaryIO]:
        """Open the file again.

        Raises:
            UsageError: it cannot be read, or is no longer what was read.
        """
        try:
            file = self.path.open("rb")
        except OSError as error:
            raise UsageError(f"{self.path} cannot be read: {error.strerror}") from None
        with file:
            if fingerprint_of(file) != self.fingerprint:
                raise UsageError(f"{self.path} has changed since it was read")
            yield file

    @abstractmethod
    def _write(
        self,
        source: BinaryIO,
        file: BinaryIO,
        titles: tuple[str, ...],
        edits: Edits,
        replace: int | None,
        raw: bool,
        notes: Notes,
    ) -> None:
        """Write the copy of the source into a file that can be read and written."""

    @abstractmethod
    def _suffixes(self) -> tuple[str, ...]:
        """Return the endings that the name of a copy may have."""

    def check_output(self, output: Path) -> None:
        """Refuse a name for the copy that `write` would refuse; for those who have work to do before they write.

        Raises:
            UsageError: it is the original, or its ending is that of another kind.
        """
        if output.suffix.lower() not in self._suffixes():
            like = " or ".join(self._suffixes())
            raise UsageError(f"{output} is written in the format of {self.path.name}; end its name in {like}")
        try:
            same = output.exists() and output.samefile(self.path)
        except OSError as error:
            raise UsageError(f"{output} cannot be written: {error.strerror}") from None
        if same:
            raise UsageError(f"{output} is the original, which is never changed; name another file")
