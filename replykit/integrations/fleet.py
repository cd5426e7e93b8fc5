"""A fixed number of actors on Ray, each polishing one shard of a job, watched until all have ended."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import functools
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from replykit import errors
from replykit.batch.limits import Limits
from replykit.batch.progress import Progress
from replykit.batch.shard import POLISHED, Outcome, Plan, Shard
from replykit.batch.sharding import Sharding
from replykit.batch.sheet_columns import SheetColumns
from replykit.batch.tally import Tally
from replykit.columnar import Columns, write_results
from replykit.errors import BudgetError, ReplykitError, UsageError
from replykit.records import Language

__all__ = ["Fleet"]

_EVERY = 1.0  # seconds between two looks at the actors
_LIVES = 3  # times that an actor is started again after its process died


class Fleet:
    """The actors of a job, one for each shard.

    Args:
        engine: Ray.
        sharding: the job's folder.
        kit: the arguments of `ReplyKit`, portable.
        columns: the names of the columns by the attributes of `SheetColumns`; None: there is none.
        limits: what all of them may use together.
        only_flagged: whether rows without any violation are left alone.
        patience: seconds without an answer until a shard ends.
        interface: the language of titles and words.
        cpus: cores that each actor takes.

    Attributes:
        progress: live counts over all shards.
        tally: the polished rows, counted, once all have come to their end.
        kept: rows that the next run takes over, once all have ended.
        notes: what the user should know, once all have ended.

    Raises:
        UsageError: the limits cannot be split, or there are not cores enough.
    """

    def __init__(
        self,
        engine: Any,
        sharding: Sharding,
        kit: Mapping[str, Any],
        columns: Mapping[str, str | None],
        limits: Limits,
        *,
        only_flagged: bool = False,
        patience: float = 300.0,
        interface: Language | None = None,
        cpus: float = 1.0,
    ) -> None:
        self._engine, self._sharding, self._columns = engine, sharding, columns
        self._limits = limits.split(len(sharding.folders))
        self._plan = functools.partial(Plan, kit=kit, only_flagged=only_flagged, patience=patience, interface=interface)
        self._cpus = cpus
        self._check_cores()
        self._is_asked_to_stop = False
        self._actors: list[Any] = []
        self.progress, self.tally = Progress(), Tally()
        self.kept = 0
        self.notes: tuple[str, ...] = ()

    @property
    def number(self) -> str:
        """The name of the column with the number of a row."""
        return str(self._sharding.schema.names[-1])

    @property
    def rows(self) -> int:
        """How many rows were dealt out."""
        return self._sharding.rows

    def deal(self, batches: Iterable[Any], expected: int | None) -> None:
        """Deal rows out to the shards.

        Args:
            batches: the rows.
            expected: how many there should be; None: nobody knows.

        Raises:
            UsageError: there are more or less, or a column is missing.
        """
        self._sharding.deal(self._looked_at(batches), [name for name in self._columns.values() if name])
        if expected not in (None, self.rows):
            raise UsageError(f"the input has {expected:,} rows, and {self.rows:,} came; is a path named twice?")

    def _looked_at(self, batches: Iterable[Any]) -> Iterable[Any]:
        is_first = True
        for batch in batches:
            if is_first:
                others = tuple(name for key, name in self._columns.items() if name and key != "text")
                Columns(str(self._columns["text"]), others[0] if others else None, others).check(
                    batch.schema, "the input"
                )
            is_first = False
            yield batch

    def stop(self) -> None:
        """Have all finish what is under way and begin nothing new; `run` then ends."""
        self._is_asked_to_stop = True
        for actor in self._actors:
            actor.stop.remote()

    def run(self, watch: Callable[[Fleet], object] | None = None) -> bool:
        """Polish all shards.

        Args:
            watch: called about once a second.

        Returns:
            Whether all came to their end; False: they were stopped.

        Raises:
            UsageError: an actor died again and again.
            ReplykitError: what ended a shard first.
        """
        remote = self._engine.remote(_Actor)
        options = {"num_cpus": self._cpus, "max_restarts": _LIVES, "max_task_retries": _LIVES, "max_concurrency": 4}
        self._actors = [remote.options(**options).remote(plan) for plan in self._plans()]
        try:
            return self._watch(watch)
        finally:
            for actor in self._actors:
                with contextlib.suppress(Exception):
                    self._engine.kill(actor)
            self._actors = []

    def _check_cores(self) -> None:
        needed, there = len(self._sharding.folders) * self._cpus, self._engine.cluster_resources().get("CPU", 0)
        if needed > there:
            raise UsageError(f"{needed:g} cores are needed for all shards at once, and Ray has {there:g}; give fewer")

    def _plans(self) -> list[Plan]:
        names = self._sharding.schema.names
        columns = SheetColumns(**{key: name and names.index(name) for key, name in self._columns.items()})  # type: ignore[arg-type]
        return [
            self._plan(folder=str(folder), columns=columns, number=len(names) - 1, limits=limits)
            for folder, limits in zip(self._sharding.folders, self._limits, strict=True)
        ]

    def _watch(self, watch: Callable[[Fleet], object] | None) -> bool:
        engine = self._engine
        left = {actor.polish.remote(): actor for actor in self._actors}
        outcomes: list[Outcome] = []
        failed: Exception | None = None
        while left:
            ready, _ = engine.wait(list(left), timeout=_EVERY)
            for each in ready:
                del left[each]
                try:
                    outcomes.append(engine.get(each))
                except engine.exceptions.RayError as error:
                    died = f"a worker died {_LIVES + 1} times: {str(error).splitlines()[0]}"
                    failed = failed or UsageError(f"{died}; the answers are kept, run the same again to go on")
                # What ended one would end the others as well, but for its own part of a budget.
                if failed or any(each.error and each.error[0] != BudgetError.__name__ for each in outcomes):
                    self.stop()
            running = self._looked(list(left.values()))
            self.progress = _sum([outcome.progress for outcome in outcomes] + running)
            if watch:
                watch(self)
        for outcome in outcomes:
            self.kept += outcome.kept
            if outcome.tally:
                self.tally += outcome.tally
        self.notes = tuple(dict.fromkeys(note for outcome in outcomes for note in outcome.notes))
        ended = failed or next((_error(*outcome.error) for outcome in outcomes if outcome.error), None)
        if ended:
            raise ended
        return all(outcome.rows is not None for outcome in outcomes)

    def _looked(self, actors: list[Any]) -> list[Progress]:
        """Return the counts of actors that are up; one that is being started again has none."""
        asked = [actor.progress.remote() for actor in actors]
        ready, _ = self._engine.wait(asked, num_returns=len(asked), timeout=_EVERY) if asked else ([], [])
        found = []
        for each in ready:
            with contextlib.suppress(self._engine.exceptions.RayError):
                found.append(self._engine.get(each))
        return found

    def collect(self, output: str | Path | None = None, *, with_numbers: bool = True) -> Path:
        """Write the results of all shards into one file, in the order in which the rows came, each exactly once.

        Args:
            output: the file; None: `polished.parquet` in the job's folder.
            with_numbers: whether the numbers of the rows are a column of it.

        Raises:
            UsageError: it cannot be written, or a row is missing.
        """
        place = Path(output) if output is not None else self._sharding.folder / POLISHED
        batches = self._sharding.collected()
        if not with_numbers:
            batches = (batch.drop_columns([self.number]) for batch in batches)
        rows = write_results(str(place), batches)
        if rows != self.rows:
            raise UsageError(f"{place} holds {rows:,} of {self.rows:,} rows; it is not to be used")
        return place


class _Actor:
    """One shard in a process of its own. Its calls are async, so that it can be asked how far it is while it works."""

    def __init__(self, plan: Plan) -> None:
        self._shard = Shard(plan)

    async def polish(self) -> Outcome:
        """Polish the shard; raises for nothing that replykit tells."""
        return await asyncio.to_thread(self._shard.run)

    async def progress(self) -> Progress:
        """Return live counts."""
        return self._shard.progress

    async def stop(self) -> None:
        """Finish what is under way."""
        self._shard.stop()


def _sum(counts: list[Progress]) -> Progress:
    fields = [field.name for field in dataclasses.fields(Progress) if field.name != "waiting_until"]
    total = Counter({name: sum(getattr(one, name) for one in counts) for name in fields})
    waits = [one.waiting_until for one in counts if one.waiting_until]
    return Progress(**total, waiting_until=max(waits, default=None))


def _error(name: str, said: str) -> ReplykitError:
    kind = getattr(errors, name, UsageError)
    made: ReplykitError = kind(said)
    return made
