"""What all tests share: no network but loopback, and no settings of the developer's machine."""

from __future__ import annotations

import functools
import ipaddress
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from server import Server

from replykit.cli import main

# The command speaks Chinese where the environment is Chinese; tests ask for that themselves.
os.environ["LC_ALL"] = "C.UTF-8"


def _is_loopback(host: object) -> bool:
    if host in (None, "", "localhost", b"localhost") or os.environ.get("REPLYKIT_LIVE_BASE_URL"):
        return True  # a run against a real server is meant to leave this machine
    try:
        return ipaddress.ip_address(host.decode() if isinstance(host, bytes) else str(host)).is_loopback
    except ValueError:
        return False


def _guarded(call: Callable[..., Any]) -> Callable[..., Any]:
    def connect(self: socket.socket, address: Any) -> Any:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_loopback(address[0]):
            raise AssertionError(f"a test tried to reach {address[0]}; tests stay on loopback")
        return call(self, address)

    return connect


@pytest.fixture(autouse=True, scope="session")
def _only_loopback() -> Iterator[None]:
    """Fail a test that looks up or connects to anything but this machine."""
    resolve = socket.getaddrinfo

    def getaddrinfo(host: Any, *args: Any, **options: Any) -> Any:
        if not _is_loopback(host):
            raise AssertionError(f"a test tried to look up {host}; tests stay on loopback")
        return resolve(host, *args, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", _guarded(socket.socket.connect))
        patch.setattr(socket.socket, "connect_ex", _guarded(socket.socket.connect_ex))
        patch.setattr(socket, "getaddrinfo", getaddrinfo)
        yield


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests see no key, server or proxy of the developer's."""
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_LOG"):
        monkeypatch.delenv(name, raising=False)
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def server() -> Iterator[Server]:
    """A scriptable chat server on a loopback port."""
    with Server() as running:
        yield running


class Checked(NamedTuple):
    """One run of the command."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """What it said on standard error."""
        return self.err.splitlines()


@pytest.fixture
def here(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run the command in this process, which is quicker."""
    for name in [name for name in os.environ if name.startswith("REPLYKIT_")]:
        monkeypatch.delenv(name)

    def call(*arguments: str) -> Checked:
        code = main(arguments)
        said = capsys.readouterr()
        return Checked(code, said.out, said.err)

    return call


@pytest.fixture
def check(here: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Run `replykit check` in this process, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return functools.partial(here, "check")
