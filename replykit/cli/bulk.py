"""Files of replies checked as columns: written as they are, or with those brought back that are printed."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal

from replykit.checker import checker_for
from replykit.cli.display import count, note
from replykit.cli.origin import Named
from replykit.columnar import Piece, check_batches, check_target, open_replies, tallied, write_results
from replykit.errors import UsageError
from replykit.playbook import Playbook
from replykit.reading import Given

__all__ = ["Bulk", "tell_trouble"]


class Bulk:
    """Files of replies that are checked as columns.

    Args:
        sources: the files, or addresses of them.
        column: the replies.
        keep: the columns that stand beside the results.
        encoding: of files of text; None: found out.
        playbook: the rules.
        given: what is known beside every reply.
        engine: what does it.
        show_all: whether iterating brings back replies in which nothing is found as well.

    Attributes:
        files: the files.
        unseen: how many replies were checked and not brought back.

    Raises:
        UsageError: a file cannot be read, there is no such column, or the engine is missing.
    """

    def __init__(
        self,
        sources: Sequence[str],
        column: str | None,
        keep: Sequence[str],
        encoding: str | None,
        playbook: Playbook,
        given: Given,
        engine: Literal["local", "ray"],
        *,
        show_all: bool,
    ) -> None:
        self.files = tuple(sources)
        if not self.files:
            raise UsageError("name the files to check; standard input is none")
        self._engine = engine
        if engine == "ray":
            from replykit.integrations.ray import command_ray

            command_ray()
        self._pieces = open_replies(sources, column, keep, encoding=encoding)
        self._playbook, self._given = playbook, given
        self._show: Literal["all", "found"] = "all" if show_all else "found"
        self.unseen = 0

    def write(self, output: str) -> Counter[str]:
        """Write a row of results for each reply: into one file, in order; with Ray into a folder of files.

        Args:
            output: the file or folder; its ending says the kind.

        Returns:
            The counts of `replykit.columnar.tallied`.

        Raises:
            UsageError: a file cannot be read, the results cannot be written, or some of them are missing.
        """
        check_target(output)
        if self._engine == "ray":
            from replykit.integrations.ray import check_pieces, started

            with started():
                run = check_pieces(self._pieces, self._playbook, self._given, output)
                for _ in run:
                    pass
            return run.tally
        tally = Counter[str]()
        written = write_results(output, _counted(self._checked(), tally))
        if not written:
            raise UsageError(f"nothing to check: there is no row in {', '.join(self.files[:3])}")
        if written != tally["rows"]:
            raise UsageError(f"{output} holds {written:,} of {tally['rows']:,} rows; it is not to be used")
        return tally

    def _checked(self) -> Iterator[Any]:
        """Yield the results of all pieces, those of one file after those of another."""
        checker = checker_for(self._playbook)
        by_columns: dict[Any, list[Piece]] = {}
        for piece in self._pieces:  # files seldom differ in their columns; where they do not, processes start once
            by_columns.setdefault(piece.out, []).append(piece)
        for columns, alike in by_columns.items():
            batches = itertools.chain.from_iterable(piece.batches() for piece in alike)
            yield from check_batches(checker, batches, columns, self._given)

    def __iter__(self) -> Iterator[Named]:
        """Yield the replies that are brought back, in order; with Ray.

        Raises:
            UsageError: a file or a reply cannot be read, or rows are missing at the end.
        """
        from replykit.integrations.ray import check_pieces, started

        is_one = len({piece.path for piece in self._pieces}) == 1
        with started():
            run = check_pieces(self._pieces, self._playbook, self._given, show=self._show)
            seen = 0
            for shown in run:
                number = shown.id.rpartition(":")[2]
                if shown.text is None:
                    raise UsageError(f"{shown.piece.path}, row {number}: {shown.trouble}")
                seen += 1
                id = int(number) if is_one else shown.id
                yield Named(id=id, text=shown.text, file=shown.piece.path, line=None, cell=f"row {number}")
        self.unseen = run.tally["replies"] - seen


def _counted(batches: Iterable[Any], tally: Counter[str]) -> Iterator[Any]:
    for batch in batches:
        tally.update(tallied(batch))
        yield batch


def tell_trouble(tally: Counter[str], output: str) -> None:
    """Say how many rows could not be checked, and where the results are."""
    if tally["trouble"]:
        rows = count(tally["trouble"], "row")
        note(("error", "not checked"), ("plain", f": {rows}; the column trouble says why"))
    note(("strong", "results"), ("plain", f": {output}"))
