"""Replies checked and polished on Ray: on every core of this machine, or of a cluster.

Ray is a thin runner here. What is checked is cut into pieces that any worker can read and check by itself; what is
polished is dealt out to a fixed number of shards, each with its own ledger and its own exact part of every limit. It
needs the extra `ray`; a program that has called `ray.init` is run on that cluster, else Ray starts one on this machine.

    with started():  # or ray.init(…)
        run = check_files(["s3://logs/2026-11-25.parquet"], "text", keep=["agent", "day"], output="results.parquet")
        for _ in run:
            pass
        print(run.tally)
        ds = ray().data.read_parquet("canned.parquet")
        limits = Limits(concurrency=256, rpm=5000)
        polish_dataset(ds, "/shared/job", kit={"model": "…"}, shards=8, limits=limits).write_parquet("out")
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from replykit.arrow import arrow
from replykit.batch.limits import Limits
from replykit.batch.sharding import Sharding
from replykit.columnar import Columns, Piece, open_replies
from replykit.errors import UsageError
from replykit.integrations.fleet import Fleet
from replykit.integrations.pieces import Ran, Show, run_pieces
from replykit.integrations.portable import CheckBatches, portable
from replykit.kit import ReplyKit
from replykit.loader import load_playbook
from replykit.playbook import Playbook
from replykit.reading import Given
from replykit.records import Language

if TYPE_CHECKING:
    from ray.data import Dataset

__all__ = ["check_dataset", "check_files", "check_pieces", "command_ray", "packed", "polish_dataset", "ray", "started"]

_BATCH = 4096  # rows that are checked at once
_ANSWERS = 10.0  # seconds for a cluster to answer
_CLUSTERS = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"  # 0, whatever the system: nothing listens beyond loopback


def ray(*, alone: bool = False) -> Any:
    """Return Ray with its Data, told to send nobody figures of its use.

    Args:
        alone: True where it will be started here and nobody else is to reach it: what listens then listens on loopback.
            It holds for as long as the process runs, and where Ray was not imported before.

    Raises:
        UsageError: it is not installed.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if alone:
        os.environ.setdefault(_CLUSTERS, "0")
    try:
        import ray
        import ray.data
    except ImportError:
        raise UsageError("the engine Ray is missing: install replykit[ray], or leave the engine out") from None
    return ray


def command_ray() -> Any:
    """Return Ray for a command: on the cluster of `RAY_ADDRESS`, else alone on this machine.

    Raises:
        UsageError: it is not installed.
    """
    return ray(alone=not os.environ.get("RAY_ADDRESS"))


@contextlib.contextmanager
def started(**options: Any) -> Iterator[None]:
    """Have Ray running in a block: what runs already, else the cluster of `RAY_ADDRESS`, else one on this machine.

    One on this machine is reached from nowhere else, as Ray asks nobody for a password. Only what was started here is
    stopped at the end.

    Args:
        options: as for `ray.init`.

    Raises:
        UsageError: Ray is missing, or cannot be started.
    """
    engine = command_ray()
    if engine.is_initialized():
        yield
        return
    quiet: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}
    if address := os.environ.get("RAY_ADDRESS"):
        _look_for(address)
    else:
        quiet |= {"address": "local", "include_dashboard": False}
    _start(engine, {**quiet, **options})
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    engine.data.DataContext.get_current().enable_progress_bars = False
    try:
        yield
    finally:
        engine.shutdown()


def _look_for(address: str) -> None:
    """Find out whether anything listens where a cluster should be, as Ray ends the process where nothing does.

    Raises:
        UsageError: nothing does.
    """
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not (host and port.isdigit()):  # such as auto
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_ANSWERS).close()
    except (OSError, OverflowError) as error:
        raise UsageError(f"there is no Ray at {address}, which RAY_ADDRESS names: {error}") from None


def _start(engine: Any, options: dict[str, Any]) -> None:
    """Start Ray, or connect to it; once more where that fails, as on a busy machine it gives up after half a minute.

    Raises:
        UsageError: it failed both times.
    """
    for is_last in (False, True):
        try:
            engine.init(**options)
            return
        except Exception as error:  # Ray raises bare ones here
            engine.shutdown()
            if is_last:
                raise UsageError(f"Ray cannot be started: {str(error).splitlines()[0]}") from None


def check_dataset(
    ds: Dataset,
    column: str,
    *,
    id: str | None = None,
    keep: Sequence[str] = (),
    playbook: str | os.PathLike[str] | Playbook = "zh",
    given: Given = Given(),  # noqa: B008  # a tuple
    batch_size: int = _BATCH,
) -> Dataset:
    """Check the replies of a dataset, lazily, as its own transformations are: nothing runs until the result is used.

    Each worker compiles the playbook once; it is sent as its name or its own JSON, never as compiled rules. Nothing in
    a row makes it raise. For files, `check_files` reads each path once and proves that no row was lost on the way.

    Args:
        ds: the dataset, such as `ray.data.read_parquet(…)`. Name no path of it twice: Ray then loses rows.
        column: the replies.
        id: what names each; None: its column `id` where it has one, else nothing does.
        keep: columns that stand beside the results, such as agent, day and channel.
        playbook: the rules: `zh`, the path of a TOML file or a folder, or a loaded playbook.
        given: what is known beside every reply, as `Checker.given` returns it.
        batch_size: rows that are checked at once.

    Returns:
        A dataset of as many rows with the columns of `replykit.columnar.result_schema`, then those that are kept.

    Raises:
        UsageError: Ray is missing, or there is no such column.
        PlaybookError: the playbook is missing or wrong.
    """
    ray()
    schema = ds.schema()
    names = list(schema.names) if schema else []
    columns = Columns(column, id if id is not None or "id" not in names else "id", tuple(keep))
    columns.check(arrow().schema(list(zip(names, schema.types, strict=True)) if schema else []), "the dataset")
    checks = CheckBatches(portable(_loaded(playbook)), columns, given)
    return ds.map_batches(checks, batch_format="pyarrow", batch_size=batch_size, zero_copy_batch=True)


def check_files(
    paths: Sequence[str],
    column: str | None = None,
    *,
    output: str | None = None,
    keep: Sequence[str] = (),
    playbook: str | os.PathLike[str] | Playbook = "zh",
    given: Given = Given(),  # noqa: B008  # a tuple
    encoding: str | None = None,
    show: Show = "none",
) -> Ran:
    """Check files of replies, each path once, and prove that every row of them came back.

    Args:
        paths: .parquet, .jsonl, .csv or .tsv; local, or addresses such as `s3://bucket/name.parquet`.
        column: the replies: a name, letter or number; None: `text` of JSON Lines.
        output: a folder, local or an address, that gets a file of results for each piece; its ending says their kind
            (.parquet, .jsonl, .csv). It is there when it is whole: a local one appears then, another has a file
            `_SUCCESS`. All workers must see it under this name.
        keep: columns that stand beside the results.
        playbook: the rules.
        given: what is known beside every reply.
        encoding: of files of text; None: found out.
        show: which replies are brought back for those who print them: `none`, `found` (with findings), or `all`.

    Returns:
        The run: iterate over it to its end, then see its `tally`.

    Raises:
        UsageError: something cannot be read or written, or rows are missing.
        PlaybookError: the playbook is missing or wrong.
    """
    pieces = open_replies(paths, column, keep, encoding=encoding)
    return check_pieces(pieces, _loaded(playbook), given, output, show=show)


def check_pieces(
    pieces: Sequence[Piece], playbook: Playbook, given: Given, output: str | None = None, *, show: Show = "none"
) -> Ran:
    """Check pieces of files, as `check_files` does with all of them.

    Args:
        pieces: as `replykit.columnar.open_replies` returns them.
        playbook: the rules.
        given: what is known beside every reply.
        output: as for `check_files`, as is what follows.
        show: which replies are brought back.

    Raises:
        UsageError: the output cannot be used, or Ray is missing.
    """
    return run_pieces(ray(), pieces, portable(playbook), given, output, show=show)


def polish_dataset(
    ds: Dataset,
    folder: str | Path,
    *,
    kit: Mapping[str, Any],
    text: str = "text",
    customer: str | None = None,
    facts: str | None = None,
    stage: str | None = None,
    language: str | None = None,
    shards: int = 2,
    limits: Limits = Limits(),  # noqa: B008  # a tuple
    only_flagged: bool = False,
    patience: float = 300.0,
    interface: Language | None = None,
    cpus: float = 1.0,
    watch: Callable[[Fleet], object] | None = None,
) -> Dataset:
    """Polish the canned replies of a dataset: the same columns, statuses and promise as `replykit polish` has.

    The rows are dealt out to shards by what they hold, and each shard is one actor that runs `replykit.batch.Job` on
    its own ledger with its own part of every limit; together they never pass them. An actor raises for no row: what
    cannot be made clean needs review. Whatever ends the run (a worker, the driver, the machine): the same call made
    again goes on, and nothing that was answered is asked again but what was under way.

    Args:
        ds: the dataset; it is read once, and counted apart.
        folder: where rows, ledgers and results of the shards lie; on a cluster one that all machines see, on a file
            system with locks. Keep it until the results are safe.
        kit: the arguments of `ReplyKit`: model, base_url, playbook and so on; without a model it works offline.
        text: the column of the canned reply.
        customer: the customer's message.
        facts: what the reply may state, one fact a line, or a list.
        stage: where a complaint stands.
        language: what a reply is written in.
        shards: how many; the same in each run of a job.
        limits: what all of them may use together; `replykit.batch.limits.tokens_for` says how many tokens a sum buys.
        only_flagged: leave rows alone in which a check finds nothing.
        patience: seconds without any answer until a shard ends.
        interface: the language of titles and words; None: the playbook's.
        cpus: cores that each actor takes; one serves about 200 calls a second.
        watch: called about once a second with the live counts.

    Returns:
        A dataset of as many rows: the columns of `ds`, the row's number in it (`row`), the polished reply, its status,
        what was wrong, and what changed; in their order. It reads `polished.parquet` in the folder.

    Raises:
        UsageError: an argument cannot be used, rows were lost, or a worker died again and again.
        ChatError, BudgetError, LedgerError: what ended a shard, as for `Job.run`; the others have finished by then.
    """
    engine = ray()
    columns = {"text": text, "customer": customer, "facts": facts, "stage": stage, "language": language}
    fleet = Fleet(
        engine,
        Sharding(folder, shards),
        packed(kit),
        columns,
        limits,
        only_flagged=only_flagged,
        patience=patience,
        interface=interface,
        cpus=cpus,
    )
    expected = ds.count()
    tables = ds.iter_batches(batch_size=None, batch_format="pyarrow")
    fleet.deal((batch for table in tables for batch in table.to_batches()), expected)
    fleet.run(watch)
    return engine.data.read_parquet(str(fleet.collect()))


def packed(kit: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a kit as they go to workers, its playbooks by their names or as their own JSON.

    Raises:
        UsageError: they make no kit.
    """
    with ReplyKit(**kit) as made:
        return {**kit, "playbook": [portable(playbook) for playbook in made.shelf.playbooks]}


def _loaded(playbook: str | os.PathLike[str] | Playbook) -> Playbook:
    return playbook if isinstance(playbook, Playbook) else load_playbook(os.fspath(playbook))
