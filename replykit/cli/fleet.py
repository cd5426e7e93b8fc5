"""`replykit polish --engine ray`: files of canned replies polished in shards, on all cores that Ray has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import typer

from replykit.batch.limits import Limits
from replykit.batch.price import Price
from replykit.batch.sharding import Sharding
from replykit.cli.display import note
from replykit.cli.files import sources_of
from replykit.cli.options import api_key, playbooks
from replykit.cli.stopping import stopping
from replykit.cli.summary import show_stop, show_summary
from replykit.cli.targets import Targets
from replykit.cli.watching import Watch
from replykit.columnar import Piece, check_target, open_replies
from replykit.columnar.checking import ID, TROUBLE
from replykit.errors import BudgetError, ChatError, LedgerError, ReplykitError, UsageError
from replykit.records import Language
from replykit.sheets.columns import column_in
from replykit.sheets.saving import check_place

__all__ = ["polish_on_ray"]

_REVIEW, _STOPPED = 1, 3


def polish_on_ray(
    sources: Sequence[str],
    output: str | None,
    columns: dict[str, str | None],
    settings: dict[str, Any],
    *,
    encoding: str | None,
    limits: Limits,
    shards: int,
    only_flagged: bool,
    interface: Language | None,
    price: Price | None,
    command: str,
) -> None:
    """Polish files and write one copy of all their rows, in order, with the results.

    Args:
        sources: the files.
        output: the copy.
        columns: what the user calls the columns, by the attributes of `SheetColumns`.
        settings: of the kit, as for `open_kit`.
        encoding: of files of text.
        limits: what all shards may use together.
        shards: how many.
        only_flagged: whether rows without any violation are left alone.
        interface: the language of titles and words.
        price: of tokens.
        command: as its user typed it.

    Raises:
        typer.Exit: with 1 where rows need review, with 3 where it was stopped.
        UsageError: something cannot be read, written or used; or Ray is missing.
    """
    from replykit.integrations.fleet import Fleet
    from replykit.integrations.ray import command_ray, packed, started

    if output is None:
        raise UsageError("name the copy that the results go into with -o, such as -o polished.parquet")
    engine = command_ray()
    check_target(output)
    check_place(output)
    pieces = open_replies(sources_of(sources), columns["text"], None, encoding=encoding, piece=None)
    if any(Path(piece.path).absolute() == Path(output).absolute() for piece in pieces):
        raise UsageError(f"{output} is an original, which is never changed; name another file")
    first = pieces[0]
    named = {key: _named(first, wanted) for key, wanted in columns.items()} | {"text": first.columns.text}
    expected = None if any(piece.rows is None for piece in pieces) else sum(piece.rows or 0 for piece in pieces)
    sharding = Sharding(f"{output}.job", shards)
    note(("quiet", f"{len(pieces):,} file{'s' * (len(pieces) > 1)}, {shards} shards in {sharding.folder}"))
    with started():
        fleet = Fleet(
            engine, sharding, packed(_arguments(settings)), named, limits,
            only_flagged=only_flagged, interface=interface,
        )  # fmt: skip
        fleet.deal(_rows(pieces), expected)
        ended_by: ReplykitError | None = None
        is_complete = False
        with stopping(fleet.stop), Watch(fleet, fleet.rows, price) as watch:
            try:
                is_complete = fleet.run(lambda _: watch.look())
            except (ChatError, BudgetError, LedgerError) as error:
                ended_by = error
    for said in fleet.notes:
        note(("warning", "note"), ("plain", f": {said}"))
    targets = Targets(Path(output), None, sharding.folder)
    if not is_complete:
        show_stop(ended_by, fleet.kept, fleet.rows, targets, command)
        raise typer.Exit(_STOPPED)
    fleet.collect(output, with_numbers=False)
    show_summary(fleet.tally, fleet.progress, price, targets, ())
    raise typer.Exit(_REVIEW if fleet.tally.statuses["needs_review"] else 0)


def _named(piece: Piece, wanted: str | None) -> str | None:
    header = piece.columns.keep
    return None if wanted is None else header[column_in(header, wanted, piece.path)]


def _arguments(settings: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of a kit that every worker can make, as `open_kit` makes one here."""
    common = {name: settings[name] for name in ("language", "max_repairs", "prompts")}
    common |= {"playbook": playbooks(settings["playbook"]), "privacy": settings["privacy"] or None}
    if not settings["model"] or settings["offline"]:
        return common
    key = api_key()
    asked = {name: settings[name] for name in ("model", "base_url", "timeout")}
    return {**common, **asked, "api_key": key and key[0]}


def _rows(pieces: Sequence[Piece]) -> Iterator[Any]:
    """Yield all rows with all of their columns.

    Raises:
        UsageError: one of them cannot be read.
    """
    for piece in pieces:
        for batch in piece.batches():
            if TROUBLE in batch.schema.names:
                for id, said in zip(batch.column(ID).to_pylist(), batch.column(TROUBLE).to_pylist(), strict=True):
                    if said is not None:
                        raise UsageError(f"{piece.path}, row {id.rpartition(':')[2]}: {said}")
            yield batch.select(piece.columns.keep)
