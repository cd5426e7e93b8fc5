"""What a check of many replies found, written as columns and not printed."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from replykit.checker import checker_for
from replykit.cli.display import count, note
from replykit.columnar import Piece, check_batches, write_results
from replykit.errors import UsageError
from replykit.playbook import Playbook
from replykit.reading import Given

__all__ = ["check_into", "tell_trouble"]


def check_into(output: str, pieces: Sequence[Piece], playbook: Playbook, given: Given) -> Counter[str]:
    """Check files of replies and write the results into one file, in the order of the replies.

    Args:
        output: the file; its ending says the kind.
        pieces: of the files.
        playbook: the rules.
        given: what is known beside every reply.

    Returns:
        How many `rows`, `replies`, of these how many `fine`, how many `errors` and `warnings`, and how many rows with
        `trouble`.

    Raises:
        UsageError: a file cannot be read, the results cannot be written, or some of them are missing.
    """
    tally = Counter[str]()
    batches = _checked(pieces, playbook, given)
    first = next(batches, None)
    if first is None:
        raise UsageError(f"nothing to check: there is no row in {', '.join({piece.path for piece in pieces})}")
    written = write_results(output, _counted(first, batches, tally), first.schema)
    if written != tally["rows"]:
        raise UsageError(f"{output} holds {written:,} of {tally['rows']:,} rows; it is not to be used")
    return tally


def _checked(pieces: Iterable[Piece], playbook: Playbook, given: Given) -> Iterator[Any]:
    """Yield the results of all pieces, those of one file after those of another."""
    checker = checker_for(playbook)
    by_columns: dict[Any, list[Piece]] = {}
    for piece in pieces:  # files seldom differ in their columns; where they do not, processes are started once
        by_columns.setdefault(piece.out, []).append(piece)
    for columns, alike in by_columns.items():
        yield from check_batches(checker, _read(alike), columns, given)


def _read(pieces: Iterable[Piece]) -> Iterator[Any]:
    for piece in pieces:
        rows = 0
        for batch in piece.batches():
            rows += batch.num_rows
            yield batch
        if piece.rows not in (None, rows):
            raise UsageError(f"{piece.path} says that it has {piece.rows:,} rows there, and {rows:,} can be read")


def _counted(first: Any, others: Iterable[Any], tally: Counter[str]) -> Iterator[Any]:
    for batch in itertools.chain([first], others):
        tally.update(_tally(batch))
        if batch.schema.names != first.schema.names:
            raise UsageError("the files differ in the names of their columns; check them one by one")
        yield batch.cast(first.schema)


def _tally(results: Any) -> dict[str, int]:
    columns = {name: results.column(name) for name in ("ok", "errors", "warnings", "trouble")}
    return {
        "rows": results.num_rows,
        "replies": results.num_rows - columns["ok"].null_count,
        "fine": columns["ok"].true_count,
        "errors": columns["errors"].sum().as_py() or 0,
        "warnings": columns["warnings"].sum().as_py() or 0,
        "trouble": results.num_rows - columns["trouble"].null_count,
    }


def tell_trouble(tally: Counter[str], output: str) -> None:
    """Say how many rows could not be checked, and where the results are."""
    if tally["trouble"]:
        rows = count(tally["trouble"], "row")
        note(("error", "not checked"), ("plain", f": {rows}; the column trouble says why"))
    note(("strong", "results"), ("plain", f": {output}"))
