"""How fast calls are made: so many at once, so many a minute, and none while the server asks to wait."""

from __future__ import annotations

import asyncio
import math
import random
import re
import time
from collections import deque
from collections.abc import Callable, Mapping

__all__ = ["Bucket", "Pace"]

_LONGEST_PAUSE = 30.0  # seconds, where the server does not say how long
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


class Bucket:
    """A token bucket that may run into debt, so that what is larger than the bucket passes too, and is waited for.

    It holds one second's worth, so that no minute sees more than a minute's worth and that second's.

    Args:
        per_minute: how much runs in; None: no bound until the server names one.

    Attributes:
        per_minute: the bound; None where there is none.
    """

    def __init__(self, per_minute: float | None) -> None:
        self.per_minute = self._asked = per_minute
        self._size = math.inf if per_minute is None else max(1.0, per_minute / 60)
        self._level = self._size
        self._since = -math.inf

    def wait(self, amount: float, now: float) -> float:
        """Return the seconds until an amount may be taken."""
        if self.per_minute is None:
            return 0.0
        self._fill(now)
        lacking = min(amount, self._size) - self._level
        return max(0.0, lacking * 60 / self.per_minute)

    def take(self, amount: float) -> None:
        """Take an amount, whether or not it is there."""
        self._level -= amount

    def give_back(self, amount: float) -> None:
        """Put back what was taken and not used."""
        self._level = min(self._size, self._level + amount)

    def heed(self, limit: float, remaining: float, reset: float | None, under_way: float, now: float) -> None:
        """Take over what a server says of its limit, where that is less than what is allowed so far.

        Args:
            limit: what it allows in a minute.
            remaining: what is left of that.
            reset: seconds until all of it is back; None: it does not say.
            under_way: what was sent and is not counted in `remaining` yet.
            now: the clock.
        """
        if limit < 1 or not math.isfinite(limit):
            return
        rate = max(limit, (limit - remaining) * 60 / reset if reset else 0.0)
        if self._asked is None:
            self.per_minute = rate
            self._size = limit
        else:
            self.per_minute = min(self._asked, rate)
        self._fill(now)
        self._level = min(self._level, remaining - under_way)

    def _fill(self, now: float) -> None:
        assert self.per_minute is not None
        if self._since > -math.inf:
            self._level = min(self._size, self._level + (now - self._since) * self.per_minute / 60)
        self._since = now


class Pace:
    """When the next call may be made. Used from one event loop.

    The number of calls at once falls by half when the server is too busy or an answer is late, once for all the calls
    that were under way then, and grows again by one for as many answers as there are calls at once.

    Args:
        concurrency: the most calls at once.
        rpm: requests a minute; None: what the server says.
        tpm: tokens a minute, likewise.
        share: the part of the server's limits that is this one's, where others call it under the same key.
        clock: seconds.
        jitter: a number from 0 to 1, drawn anew for every pause.

    Attributes:
        in_flight: calls under way.
        failing_since: since when the server fails at every call; None while it does not.
        waiting_until: when the server's pause ends, by the wall clock; None where it asks for none.
    """

    def __init__(
        self,
        concurrency: int,
        rpm: float | None = None,
        tpm: float | None = None,
        *,
        share: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._most = concurrency
        self._window = float(concurrency)
        self._requests, self._tokens = Bucket(rpm), Bucket(tpm)
        self._share, self._clock, self._jitter = share, clock, jitter
        self._reserved = 0.0
        self._sent = self._halved_at = 0
        self._resume = -math.inf
        self._pauses = 0
        self._queue: deque[tuple[int, Callable[[], bool], asyncio.Future[int]]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self.in_flight = 0
        self.failing_since: float | None = None
        self.waiting_until: float | None = None

    @property
    def concurrency(self) -> int:
        """How many calls may be under way now."""
        return max(1, int(self._window))

    async def begin(self, tokens: int, is_over: Callable[[], bool]) -> int:
        """Wait until a call may be made, and count it. First come, first served.

        Args:
            tokens: what it will take, estimated.
            is_over: asked before the call is let go; True ends the waiting.

        Returns:
            The call's number, which its end is told by; 0 where it is over.
        """
        turn: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._queue.append((tokens, is_over, turn))
        self.wake()
        return await turn

    def wake(self) -> None:
        """Let go the calls that may be made by now."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        while self._queue:
            tokens, is_over, turn = self._queue[0]
            wait = 0.0 if turn.done() or is_over() else self._wait(tokens)
            if wait:
                if wait < math.inf:
                    self._timer = asyncio.get_running_loop().call_later(wait, self.wake)
                return
            self._queue.popleft()
            if not turn.done():  # it is where its row was cancelled meanwhile
                turn.set_result(0 if is_over() else self._let_go(tokens))

    def _let_go(self, tokens: int) -> int:
        self.waiting_until = None
        self._requests.take(1)
        self._tokens.take(tokens)
        self._reserved += tokens
        self.in_flight += 1
        self._sent += 1
        return self._sent

    def _wait(self, tokens: int) -> float:
        now = self._clock()
        if self.in_flight >= self.concurrency:
            return math.inf
        pause = max(0.0, self._resume - now)
        return max(pause, self._requests.wait(1, now), self._tokens.wait(tokens, now))

    def end(self, tokens: int, used: int) -> None:
        """Count a call as over.

        Args:
            tokens: what was estimated.
            used: what it took.
        """
        self.in_flight -= 1
        self._reserved -= tokens
        if used < tokens:
            self._tokens.give_back(tokens - used)
        else:
            self._tokens.take(used - tokens)
        self.wake()

    def went_well(self) -> None:
        """Count an answer."""
        self._window = min(self._most, self._window + 1 / self._window)
        self._pauses = 0
        self.failing_since = None

    def went_wrong(self) -> float:
        """Count a call that the server failed at; return the seconds for which it has failed at every one."""
        now = self._clock()
        if self.failing_since is None:
            self.failing_since = now
        return now - self.failing_since

    def is_too_fast(self, call: int) -> None:
        """Halve the calls at once, unless that was done since this one was made."""
        if call > self._halved_at:
            self._window = max(1.0, self._window / 2)
            self._halved_at = self._sent

    def pause(self, seconds: float | None) -> float:
        """Let nobody call for a while.

        Args:
            seconds: what the server asks for; None: longer with every pause that no answer followed.

        Returns:
            Seconds from now until the next call.
        """
        now = self._clock()
        if seconds is None:
            if self._resume > now:
                return self._resume - now  # the calls that failed together wait together
            self._pauses += 1
            seconds = min(_LONGEST_PAUSE, 0.5 * 2 ** (self._pauses - 1)) * (0.5 + self._jitter() / 2)
        self._resume = max(self._resume, now + seconds)
        self.waiting_until = time.time() + self._resume - now
        return self._resume - now

    def heed(self, headers: Mapping[str, str]) -> None:
        """Take over what an answer's headers say of the server's limits."""
        now = self._clock()
        for kind, bucket, under_way in (
            ("requests", self._requests, self.in_flight - 1.0),
            ("tokens", self._tokens, self._reserved),
        ):
            limit, remaining = (_number(headers.get(f"x-ratelimit-{name}-{kind}")) for name in ("limit", "remaining"))
            if remaining is None:
                continue
            reset = _seconds(headers.get(f"x-ratelimit-reset-{kind}"))
            own = self._share
            bucket.heed((limit or remaining) * own, remaining * own, reset, max(0.0, under_way), now)


def _number(said: str | None) -> float | None:
    try:
        number = float(said or "")
    except ValueError:
        return None
    return number if 0 <= number < math.inf else None


def _seconds(said: str | None) -> float | None:
    """Return a duration as servers write it: `1s`, `6m0s`, `20ms`, or seconds."""
    if not said:
        return None
    if (seconds := _number(said)) is not None:
        return seconds or None
    parts = _DURATION.findall(said)
    if "".join(number + unit for number, unit in parts) != said:
        return None
    return sum(float(number) * _UNITS[unit] for number, unit in parts) or None
