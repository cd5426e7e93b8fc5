"""Other processes that share the work of this one.

They are started with `python -c`, not with `multiprocessing`: that would run the caller's script again in each of them,
or copy whatever locks its threads hold.
"""

from __future__ import annotations

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


class Crew:
    """Other processes, each with a thread here that gives it work and waits for what becomes of it.

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
        self._threads = ThreadPoolExecutor(size, thread_name_prefix="replykit-crew")
        self._is_dismissed = False
        self.is_ready = False

    def do(self, work: object) -> Future[Any]:
        """Have a piece of work done as soon as a process is free; None where the process is gone or could not."""
        return self._threads.submit(self._do, work)

    def _do(self, work: object) -> Any:
        try:
            process = getattr(self._own, "process", None) or self._start()
            send(process.stdin, pickle.dumps(work))
            done = pickle.loads(receive(process.stdout))
            self.is_ready = True
        except (OSError, EOFError, ValueError):
            return None  # the process is gone, or none could be started; this one does its work
        return done

    def _start(self) -> subprocess.Popen[bytes]:
        code = f"from {self._module} import work; work()"
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        # Without buffers: what one holds for a process that is gone is written once more when the buffer is let go.
        process = subprocess.Popen(
            [sys.executable, "-c", code], bufsize=0, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
        )
        self._own.process = process
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
