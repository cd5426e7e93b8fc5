"""Pieces of files checked on Ray: each read, checked and written by one task, and all of them counted at the end."""

from __future__ import annotations

import json
import pickle
import secrets
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

from replykit.arrow import arrow
from replykit.columnar import Piece, check_batch, check_target, tallied, write_results
from replykit.columnar.places import is_remote, suffix_of, system_of
from replykit.errors import ReplykitError, UsageError
from replykit.integrations.portable import checker_of
from replykit.reading import Given

__all__ = ["Ran", "Show", "Shown", "run_pieces"]

Show = Literal["none", "found", "all"]


class Shown(NamedTuple):
    """A reply that was brought back.

    Attributes:
        piece: what it is of.
        id: its row.
        text: the reply; None where it could not be checked.
        trouble: why it could not.
    """

    piece: Piece
    id: str
    text: str | None
    trouble: str | None


class _Task(NamedTuple):
    """What each task needs beside its piece; pickled once.

    Attributes:
        playbook: the rules, portable.
        given: what is known beside every reply.
        folder: where results are written; empty: nowhere.
        suffix: the ending of their files.
        show: which replies come back.
    """

    playbook: str
    given: Given
    folder: str
    suffix: str
    show: Show


class Ran:
    """A run over pieces: what came back, and after its end the counts.

    Attributes:
        tally: as `replykit.columnar.tallied` counts, over all pieces.
    """

    def __init__(self, engine: Any, pieces: Sequence[Piece], task: _Task, output: str | None) -> None:
        self._engine, self._pieces, self._task, self._output = engine, pieces, task, output
        self.tally = Counter[str]()

    def __iter__(self) -> Iterator[Shown]:
        """Yield the replies that were asked for, in order.

        Raises:
            UsageError: a piece cannot be read or written, or one of them is missing at the end.
        """
        done: dict[int, int] = {}
        try:
            for number, id, text, trouble, counts in self._rows():
                if counts is None:
                    yield Shown(self._pieces[number], id, text, trouble)
                elif number in done:
                    raise UsageError(f"the engine ran piece {number} twice; the results are not to be used")
                else:
                    found = Counter[str](json.loads(counts))
                    done[number] = found["rows"]
                    self.tally.update(found)
            self._reconcile(done)
        except BaseException:
            if self._output and not is_remote(self._task.folder):
                shutil.rmtree(self._task.folder, ignore_errors=True)
            raise

    def _rows(self) -> Iterator[tuple[Any, ...]]:
        data = self._engine.data
        context = data.DataContext.get_current().copy()
        context.execution_options.preserve_order = True
        items = [{"number": number, "piece": pickle.dumps(piece)} for number, piece in enumerate(self._pieces)]
        with data.DataContext.current(context):
            pieces = data.from_items(items, override_num_blocks=len(items))
            ran = pieces.map_batches(
                _run, fn_args=(self._task,), batch_format="pyarrow", batch_size=1, zero_copy_batch=True
            )
            try:
                for table in ran.iter_batches(batch_format="pyarrow", batch_size=None, prefetch_batches=1):
                    yield from zip(*(column.to_pylist() for column in table.columns), strict=True)
            except Exception as error:
                raise _own(error) from None

    def _reconcile(self, done: dict[int, int]) -> None:
        """Prove that each piece was done once, with all of its rows, and give the results their name.

        Raises:
            UsageError: something is missing.
        """
        task, pieces = self._task, self._pieces
        for number, piece in enumerate(pieces):
            if number not in done:
                raise UsageError(f"the engine lost {piece.path} from row {piece.before + 1:,} on; run it again")
            if piece.rows not in (None, done[number]):
                raise UsageError(f"{piece.path} has {piece.rows:,} rows there, and {done[number]:,} came back")
        if not self.tally["rows"]:
            raise UsageError(f"nothing to check: there is no row in {', '.join({piece.path for piece in pieces})}")
        if self._output is None:
            return
        pa = arrow()
        system, inside = system_of(task.folder)
        names = [
            each for each in system.get_file_info(pa.fs.FileSelector(inside)) if each.base_name.startswith("part-")
        ]
        if len(names) != len(pieces):
            raise UsageError(f"{task.folder} holds {len(names):,} of {len(pieces):,} files of results")
        if is_remote(task.folder):
            with system.open_output_stream(f"{inside}/_SUCCESS") as file:
                file.write(b"")
        else:
            Path(task.folder).rename(self._output)


def run_pieces(
    engine: Any, pieces: Sequence[Piece], playbook: str, given: Given, output: str | None, *, show: Show
) -> Ran:
    """Return a run of pieces that begins when it is iterated over.

    Args:
        engine: Ray.
        pieces: what is checked.
        playbook: the rules, portable.
        given: what is known beside every reply.
        output: a folder for the results; None: none are written.
        show: which replies come back: those with findings or trouble, all of them, or none.

    Raises:
        UsageError: the output cannot be used, as it is there already, or its ending says no kind.
    """
    folder = ""
    if output is not None:
        check_target(output)
        folder = output if is_remote(output) else f"{Path(output).absolute()}.{secrets.token_hex(4)}.part"
        system, inside = system_of(folder)
        pa = arrow()
        try:
            if is_remote(output):
                is_there = bool(system.get_file_info(pa.fs.FileSelector(inside, allow_not_found=True)))
            else:
                is_there = Path(output).exists()
            if is_there:
                raise UsageError(f"{output} is there already; name another folder, or move it away")
            system.create_dir(inside, recursive=is_remote(output))
        except (OSError, pa.ArrowException) as error:
            raise UsageError(f"{output} cannot be written: {str(error).splitlines()[0]}") from None
    return Ran(engine, pieces, _Task(playbook, given, folder, suffix_of(output or ""), show), output)


def _run(table: Any, task: _Task) -> Iterator[Any]:
    """Do the pieces of a table, in a worker: yield the replies that come back, and last of each piece its counts."""
    pa = arrow()
    kinds = (pa.int32(), pa.string(), pa.string(), pa.string(), pa.string())
    schema = pa.schema(list(zip(("piece", "id", "text", "trouble", "counts"), kinds, strict=True)))
    for number, pickled in zip(table.column("number").to_pylist(), table.column("piece").to_pylist(), strict=True):
        piece, counts = pickle.loads(pickled), Counter[str]()
        results = _results(piece, task, counts)
        if task.folder:
            _write(results, number, task, counts)
            results = iter(())
        for batch, result in results:
            places = _shown(result, task.show)
            if places.size:
                is_read = pa.compute.is_null(result.column("trouble"))  # else its text may be none
                texts = pa.compute.if_else(is_read, batch.column(piece.columns.text).cast(pa.string()), None)
                columns = [column.take(places) for column in (result.column("id"), texts, result.column("trouble"))]
                arrays = [pa.array([number] * places.size, kinds[0]), *columns, pa.nulls(places.size, kinds[4])]
                yield pa.table(arrays, schema=schema)
        yield pa.table([[number], [None], [None], [None], [json.dumps(counts)]], schema=schema)


def _shown(results: Any, show: Show) -> Any:
    """Return the places of the rows that come back."""
    compute = arrow().compute
    counted = compute.add(results.column("errors"), results.column("warnings"))
    is_shown = compute.greater_equal(counted, {"none": 2**31 - 1, "found": 1, "all": 0}[show])
    if show != "none":
        is_shown = compute.or_kleene(is_shown, compute.is_valid(results.column("trouble")))
    return is_shown.fill_null(False).to_numpy(zero_copy_only=False).nonzero()[0]


def _results(piece: Piece, task: _Task, counts: Counter[str]) -> Iterator[tuple[Any, Any]]:
    checker = checker_of(task.playbook)
    for batch in piece.batches():
        result = check_batch(checker, batch, piece.out, task.given)
        counts.update(tallied(result))
        yield batch, result


def _write(results: Iterator[tuple[Any, Any]], number: int, task: _Task, counts: Counter[str]) -> None:
    """Write the results of a piece under the name of its number; a task that is done again writes it again.

    Raises:
        UsageError: it cannot be written, or not all of it was.
    """
    place = f"{task.folder}/part-{number:06}{task.suffix}"
    written = write_results(place, (result for _, result in results))
    if written != counts["rows"]:
        raise UsageError(f"{place} holds {written:,} of {counts['rows']:,} rows")


def _own(error: Exception) -> Exception:
    """Return what was raised in a worker, where that is an error of ours; else what Ray makes of it."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ReplykitError):
            return type(cause)(str(cause))
        cause = getattr(cause, "cause", None) or cause.__cause__
    return UsageError(f"the engine failed: {str(error).strip().splitlines()[-1]}")
