"""Arrow batches of replies checked: in this process, and on every core where there are enough of them."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from typing import Any, NamedTuple

from replykit.arrow import arrow, holds_texts, texts_of
from replykit.checker import Checker
from replykit.columnar.results import RESULTS, Found, results_of
from replykit.crew import Crew
from replykit.errors import TextError, UsageError
from replykit.many import cores
from replykit.reading import Given
from replykit.snapshot import loaded_name

__all__ = ["ID", "TROUBLE", "Columns", "check_batch", "check_batches"]

ID, TROUBLE = "replykit:id", "replykit:trouble"  # columns that no file has: a row's number, and why it has no text

WORTH_PROCESSES = 20_000  # replies; a process has its checker after the time that this one takes for so many
_WAITING = 3  # batches for each other process that are read before their turn


class Columns(NamedTuple):
    """Which columns of a batch are used.

    Attributes:
        text: the replies.
        id: what names each; None: nothing does.
        keep: those that stand beside the results, such as agent, day and channel.
    """

    text: str
    id: str | None = None
    keep: tuple[str, ...] = ()

    def check(self, schema: Any, name: str) -> None:
        """Refuse what does not go with a schema.

        Args:
            schema: of what is to be checked, Arrow's.
            name: what the user calls it.

        Raises:
            UsageError: a column is missing, that of the replies holds no texts, or a kept one has the name of a result.
        """
        for column in filter(None, (self.text, self.id, *self.keep)):
            if column not in schema.names:
                raise UsageError(f"{name}: no column {column!r}; there are: {', '.join(schema.names[:20]) or 'none'}")
        kind = schema.field(self.text).type
        if not holds_texts(kind):
            raise UsageError(f"{name}: the column {self.text!r} holds no texts, but {kind}")
        for column in set(self.keep).intersection(RESULTS):
            raise UsageError(f"{name}: {column!r} cannot be kept, as a column of the results has that name")


def check_batch(checker: Checker, batch: Any, columns: Columns, given: Given = Given()) -> Any:  # noqa: B008  # a tuple
    """Check the replies of an Arrow record batch or table; nothing in a row makes it raise.

    Args:
        checker: the rules.
        batch: the replies; its column `TROUBLE`, where it has one, says why a row has none.
        columns: which columns are used.
        given: what is known beside every reply.

    Returns:
        A record batch of the same rows: the columns of `result_schema`, then those that are kept.
    """
    pa = arrow()
    texts = _whole(batch.column(columns.text))
    known = _whole(batch.column(TROUBLE)).to_pylist() if TROUBLE in batch.schema.names else []
    found = [_found(checker, text, given) for text in texts_of(texts)]
    for at, said in enumerate(known):
        if said is not None:
            found[at] = said
    ids = pa.nulls(len(texts), pa.string()) if columns.id is None else _whole(batch.column(columns.id))
    results = results_of(checker, ids, found)
    for name in columns.keep:
        results = results.append_column(name, _whole(batch.column(name)))
    return results


def _whole(column: Any) -> Any:
    return column.combine_chunks() if hasattr(column, "combine_chunks") else column


def _found(checker: Checker, text: str | UnicodeDecodeError | None, given: Given) -> Found:
    if text is None or isinstance(text, UnicodeDecodeError):
        return "the text is not valid UTF-8" if text else None
    if not text or text.isspace():
        return None
    try:
        return checker.numbered_findings(text, given)
    except TextError as error:
        return str(error)


def check_batches(
    checker: Checker,
    batches: Iterable[Any],
    columns: Columns,
    given: Given = Given(),  # noqa: B008  # a tuple
    *,
    processes: int | None = None,
) -> Iterator[Any]:
    """Check batches, in order, one after the other or on several cores.

    Args:
        checker: the rules.
        batches: record batches, read as they are needed: a few for each process before their turn.
        columns: which columns are used.
        given: what is known beside every reply.
        processes: how many other processes share the work, 1: none; None: one for every core, where there are enough
            replies.

    Yields:
        The results of each batch, as `check_batch` returns them.
    """
    number = cores() if processes is None else processes
    ahead: list[Any] = []
    left = iter(batches)
    rows = 0
    if number > 1 and processes is None:
        for batch in left:
            ahead.append(batch)
            rows += batch.num_rows
            if rows >= WORTH_PROCESSES:
                break
    if number < 2 or (processes is None and rows < WORTH_PROCESSES):
        for batch in itertools.chain(ahead, left):
            yield check_batch(checker, batch, columns, given)
        return
    yield from _together(checker, itertools.chain(ahead, left), columns, given, number)


def _together(
    checker: Checker, batches: Iterator[Any], columns: Columns, given: Given, processes: int
) -> Iterator[Any]:
    playbook = loaded_name(checker.playbook) or checker.playbook
    crew = Crew("replykit.columnar.worker", (playbook, columns, given), processes)
    waiting: deque[tuple[Any, Future[Any]]] = deque()
    try:
        while True:
            for batch in itertools.islice(batches, processes * _WAITING - len(waiting)):
                waiting.append((batch, crew.do(batch)))
            if not waiting:
                return
            batch, future = waiting.popleft()
            # This one works as well until a process is up; later it has enough to do with what they bring.
            is_mine = not crew.is_ready and future.cancel()
            done = None if is_mine else future.result()
            yield check_batch(checker, batch, columns, given) if done is None else done
    finally:
        crew.dismiss()
