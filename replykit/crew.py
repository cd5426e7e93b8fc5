"""Other processes that share the work of this one.

They are started with `python -c`, not with `multiprocessing`: that would run the caller's script again in each of them,
or copy whatever locks its threads hold.
"""

from __future__ import annotations

import itertools
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

__all__ = ["Crew", "serve"]


class _Hand:
    """One other process, and whose turn it is to send to it and to receive from it."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self.sending, self.receiving = threading.Lock(), threading.Lock()


class Crew:
    """Other processes, each with two threads here that give it work and wait for what becomes of it.

    Two, so that the next piece lies ready when one is done: a thread that is to hand it over then may have to wait for
    this process, which has work of its own.

    Args:
        module: its `work` runs in each process and serves this one.
        given: what all work needs; must be pickled.
        size: how many processes.

    Attributes:
        is_ready: True once a process has done something.
    """

    def __init__(self, module: str, given: object, size: int) -> None:
        self._module, self._given = module, pickle.dumps(given)
        self._own = threading.local()
        self._processes: list[subprocess.Popen[bytes]] = []
        self._hands = itertools.cycle([_Hand() for _ in range(size)])
        self._threads = ThreadPoolExecutor(2 * size, "replykit-crew", self._take_a_hand)
        self._is_dismissed = False
        self.is_ready = False

    def do(self, work: object) -> Future[Any]:
        """Have a piece of work done as soon as a process is free; None where the process is gone or could not."""
        return self._threads.submit(self._do, work)

    def _take_a_hand(self) -> None:
        self._own.hand = next(self._hands)

    def _do(self, work: object) -> Any:
        hand: _Hand = self._own.hand
        try:
            content = pickle.dumps(work)
            with hand.sending:
                process = hand.process or self._start(hand)
                send(process.stdin, content)
                hand.receiving.acquire()  # whoever sent first receives first
            try:
                found = receive(process.stdout)
            finally:
                hand.receiving.release()
            done = pickle.loads(found)
            self.is_ready = True
        except (OSError, EOFError, ValueError):
            return None  # the process is gone, or none could be started; this one does its work
        return done

    def _start(self, hand: _Hand) -> subprocess.Popen[bytes]:
        code = f"from {self._module} import work; work()"
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        # Without buffers: what one holds for a process that is gone is written once more when the buffer is let go.
        process = subprocess.Popen(
            [sys.executable, "-c", code], bufsize=0, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
        )
        hand.process = process
        self._processes.append(process)
        if self._is_dismissed:
            process.kill()
        send(process.stdin, self._given)
        return process

    def dismiss(self) -> None:
        """End the processes, whatever they are at, and wait until they have ended."""
        self._is_dismissed = True
        self._threads.shutdown(wait=False, cancel_futures=True)
        for process in self._processes:
            process.kill()
        self._threads.shutdown()
        for process in self._processes:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe:
                    pipe.close()


def serve(prepare: Callable[[Any], Callable[[Any], Any]]) -> None:
    """Do the work that the process which started this one hands over, until no more comes.

    Args:
        prepare: takes what all work needs, and returns what does one piece of it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that started this one ends it
    with open(0, "rb", buffering=0, closefd=False) as given, open(1, "wb", buffering=0, closefd=False) as done:
        try:
            do = prepare(pickle.loads(receive(given)))
            while True:
                send(done, pickle.dumps(do(pickle.loads(receive(given)))))
        except (EOFError, BrokenPipeError):
            return


def send(pipe: Any, content: bytes) -> None:
    """Write a message to the other side, through a pipe that has no buffer.

    Raises:
        OSError: it is gone.
    """
    left = memoryview(len(content).to_bytes(8, "big") + content)
    while left:
        left = left[pipe.write(left) :]


def receive(pipe: Any) -> bytearray:
    """Read a message of the other side, through a pipe that has no buffer.

    Raises:
        EOFError: it is gone.
    """
    return _read(pipe, int.from_bytes(_read(pipe, 8), "big"))


def _read(pipe: Any, size: int) -> bytearray:
    content = bytearray(size)
    left = memoryview(content)
    while left:
        count = pipe.readinto(left)
        if not count:
            raise EOFError
        left = left[count:]
    return content
