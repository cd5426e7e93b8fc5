"""A reply that is still being made when something had to be said."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable, Coroutine, Generator
from concurrent.futures import CancelledError, Future
from typing import Any, Literal, get_args

from pydantic import PrivateAttr

from replykit.errors import ChatTimeoutError, ReplykitError, UsageError
from replykit.records import Reply

__all__ = ["FirstReply", "Later", "OnDeadline", "first_answer", "first_answer_awaited"]

OnDeadline = Literal["acknowledge", "raise"]


class Later:
    """The reply that was not there in time; it is still being made.

    In async code it is awaited; elsewhere `result` waits for it. Both raise what making it raised.
    """

    def __init__(self, made: Future[Reply], cancel: Callable[[], object]) -> None:
        self._made, self._cancel = made, cancel

    def __repr__(self) -> str:
        return f"Later({'done' if self.done() else 'under way'})"

    def done(self) -> bool:
        """Return whether it has come, failed or been cancelled."""
        return self._made.done()

    def result(self, timeout: float | None = None) -> Reply:
        """Return the reply as soon as it is there; in async code await the object instead.

        Args:
            timeout: seconds to wait at most; None: as long as it takes.

        Raises:
            TimeoutError: it is not there in time, and goes on being made.
            ReplykitError: what making it raised, as of `draft`.
            CancelledError: it was cancelled.
        """
        return self._made.result(timeout)

    def cancel(self) -> None:
        """Give it up: async code ends the call; elsewhere the call that is under way ends with its own deadline."""
        self._cancel()

    def __await__(self) -> Generator[Any, None, Reply]:
        return asyncio.wrap_future(self._made).__await__()


class FirstReply(Reply):
    """A reply that answers in time, before the whole one is there.

    It is compared, printed and written as JSON as any other reply; what follows it is no part of that.
    """

    _later: Any = PrivateAttr(default=None)

    @classmethod
    def of(cls, reply: Reply, later: Later) -> FirstReply:
        """Return a reply as one that another will follow."""
        first = cls.model_construct(None, **dict(reply))
        first._later = later
        return first

    @property
    def later(self) -> Later:
        """The whole reply, still being made."""
        later: Later = self._later
        return later

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reply) and Reply.model_construct(None, **dict(self)) == _plain(other)

    def __hash__(self) -> int:
        return super().__hash__()

    def __reduce__(self) -> tuple[Callable[[Any], Reply], tuple[Any]]:
        return Reply.model_validate, (self.model_dump(),)  # what is still being made stays in its process


def _plain(reply: Reply) -> Reply:
    return Reply.model_construct(None, **dict(reply)) if isinstance(reply, FirstReply) else reply


def first_answer(
    make: Callable[[], Reply], acknowledge: Callable[[], Reply], deadline: float, on_deadline: OnDeadline
) -> Reply:
    """Return the reply where it is there in time, else one that says what can be said at once.

    Args:
        make: makes the reply, in a thread of its own.
        acknowledge: makes what is said instead, without a model.
        deadline: seconds by the wall clock.
        on_deadline: `acknowledge`, or `raise` a `ChatTimeoutError`.

    Returns:
        The reply; or the acknowledgement, whose `later` is the reply, also where making it has failed.

    Raises:
        UsageError: the deadline is not above 0.
        ChatTimeoutError: the reply is not there, and `on_deadline` is `raise`.
    """
    _check(deadline, on_deadline)
    made: Future[Reply] = Future()
    context = contextvars.copy_context()

    def work() -> None:
        if not made.set_running_or_notify_cancel():
            return
        try:
            reply = context.run(make)
        except BaseException as error:
            made.set_exception(error)
        else:
            made.set_result(reply)

    threading.Thread(target=work, name="replykit-draft", daemon=True).start()
    try:
        return made.result(deadline)
    except TimeoutError:
        if made.done():  # what making it raised
            raise
    except ReplykitError as error:
        if on_deadline == "raise" or isinstance(error, UsageError):
            raise
    return _instead(made, made.cancel, acknowledge, deadline, on_deadline)


async def first_answer_awaited(
    make: Coroutine[Any, Any, Reply], acknowledge: Callable[[], Reply], deadline: float, on_deadline: OnDeadline
) -> Reply:
    """`first_answer` for async code: the reply goes on being made in a task of its own."""
    try:
        _check(deadline, on_deadline)
    except UsageError:
        make.close()
        raise
    task = asyncio.ensure_future(make)
    try:
        done, _ = await asyncio.wait({task}, timeout=deadline)
    except BaseException:
        task.cancel()
        raise
    if done:
        error = task.exception()
        if error is None:
            return task.result()
        if on_deadline == "raise" or not isinstance(error, ReplykitError) or isinstance(error, UsageError):
            raise error
    elif on_deadline == "raise":
        task.cancel()
    made: Future[Reply] = Future()
    task.add_done_callback(lambda ended: _passed_on(ended, made))
    loop = asyncio.get_running_loop()
    return _instead(made, lambda: loop.call_soon_threadsafe(task.cancel), acknowledge, deadline, on_deadline)


def _passed_on(task: asyncio.Future[Reply], made: Future[Reply]) -> None:
    if task.cancelled():
        made.set_exception(CancelledError())
    elif error := task.exception():
        made.set_exception(error)
    else:
        made.set_result(task.result())


def _check(deadline: float, on_deadline: str) -> None:
    if not deadline > 0:
        raise UsageError(f"deadline must be a number of seconds above 0, not {deadline!r}")
    if on_deadline not in get_args(OnDeadline):
        raise UsageError(f"on_deadline must be one of {', '.join(get_args(OnDeadline))}, not {on_deadline!r}")


def _instead(
    made: Future[Reply],
    cancel: Callable[[], object],
    acknowledge: Callable[[], Reply],
    deadline: float,
    on_deadline: OnDeadline,
) -> Reply:
    if on_deadline == "raise":
        cancel()
        raise ChatTimeoutError(f"there is no reply within {deadline:g} seconds")
    return FirstReply.of(acknowledge(), Later(made, cancel))
