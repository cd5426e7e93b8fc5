"""A headless Chromium that tests talk to through a pipe, by the DevTools protocol; no driver and no port."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Self

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_FLAGS = (
    "--headless",
    "--no-sandbox",  # it refuses to run as root with one
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--remote-debugging-pipe",
)
_PATIENCE = 30.0  # seconds


class NoBrowser(Exception):
    """There is no browser here, or it does not start; the message says which."""


class Browser:
    """One page of a browser with a profile of its own.

    Attributes:
        said: what the page wrote to its console and what it was refused, oldest first.
        requests: every address that the page asked for.
    """

    def __init__(self, width: int = 1280, height: int = 900, profile: str | None = None) -> None:
        if not CHROMIUM:
            raise NoBrowser("Chromium is not installed (Debian: apt-get install chromium)")
        self._kept = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        commands, self._commands = os.pipe()
        self._events, events = os.pipe()
        flags = (*_FLAGS, f"--user-data-dir={profile or self._kept.name}", f"--window-size={width},{height}")
        shell = f'exec "$@" 3<&{commands} 4>&{events}'  # the numbers under which it reads and writes
        self._process = subprocess.Popen(
            ["bash", "-c", shell, "bash", CHROMIUM, *flags, "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(commands, events),
        )
        os.close(commands)
        os.close(events)
        self._held = b""
        self._last = 0
        self._session: str | None = None
        self.said: list[str] = []
        self.requests: list[str] = []
        try:
            targets = self.call("Target.getTargets")["targetInfos"]
        except (AssertionError, OSError):
            self.__exit__()
            raise NoBrowser(f"{CHROMIUM} does not start here") from None
        page = next(one for one in targets if one["type"] == "page")
        attached = self.call("Target.attachToTarget", targetId=page["targetId"], flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Call a method of the protocol, and return its result."""
        self._last += 1
        message = {"id": self._last, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._last:
                assert "error" not in answer, answer
                result: dict[str, Any] = answer["result"]
                return result

    def open(self, path: Path) -> None:
        """Open a file, and wait until it has loaded."""
        self.call("Page.navigate", url=path.as_uri())
        self.wait("document.readyState === 'complete' && location.protocol === 'file:'")

    def run(self, code: str) -> Any:
        """Return what a piece of JavaScript comes to, as JSON holds it."""
        done = self.call("Runtime.evaluate", expression=code, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in done, done["exceptionDetails"]
        return done["result"].get("value")

    def wait(self, condition: str) -> None:
        """Wait until a piece of JavaScript is true."""
        end = time.monotonic() + _PATIENCE
        while not self.run(condition):
            assert time.monotonic() < end, f"never true: {condition}"
            time.sleep(0.02)

    def press(self, key: str, code: str = "", text: str = "") -> None:
        """Press a key where the focus is."""
        for kind in ("keyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent", type=kind, key=key, code=code or key, **({"text": text} if text else {})
            )

    def download(self, button: str, folder: Path) -> Path:
        """Click on a button that hands out a file, and return the file."""
        folder.mkdir()
        self.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder))
        self.run(f"document.querySelector({button!r}).click()")
        end = time.monotonic() + _PATIENCE
        while True:
            found = [path for path in folder.iterdir() if path.suffix != ".crdownload" and path.stat().st_size]
            if found:
                return found[0]
            assert time.monotonic() < end, "no file came"
            self.run("0")
            time.sleep(0.02)

    def picture(self, path: Path) -> None:
        """Save what is seen as a PNG."""
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._held:
            ready, _, _ = select.select([self._events], [], [], _PATIENCE)
            piece = os.read(self._events, 1 << 20) if ready else b""
            assert piece, "the browser does not answer"
            self._held += piece
        line, _, self._held = self._held.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        params = message.get("params", {})
        if message.get("method") == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif message.get("method") == "Log.entryAdded":
            self.said.append(params["entry"]["text"])
        elif message.get("method") == "Runtime.exceptionThrown":
            self.said.append(json.dumps(params["exceptionDetails"]))
        elif message.get("method") == "Runtime.consoleAPICalled":
            self.said.append(json.dumps(params["args"]))
        return message

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._commands)  # it ends when nobody can talk to it any more
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._events)
        self._kept.cleanup()
