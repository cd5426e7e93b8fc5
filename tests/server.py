"""A scriptable OpenAI-compatible server on a loopback port: each call gets the next step of a script."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

KEY = "sk-secret-0123456789"


class Handler(BaseHTTPRequestHandler):
    """One connection; it is kept open between calls."""

    protocol_version = "HTTP/1.1"
    server: _Listener
    asked: dict[str, Any]  # the body of the call that is being answered

    def do_POST(self) -> None:
        """Answer a call with the next step."""
        self.asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.script.take(self, self.asked)

    def send(self, status: int, body: bytes, kind: str = "application/json", **headers: str) -> None:
        """Send one whole answer."""
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


Step = Callable[[Handler], None]


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256  # connections that may wait to be taken
    script: Server

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are part of the tests."""


class Server:
    """A server with a script.

    Attributes:
        url: its address, with version path.
        requests: the bodies that it was sent, oldest first.
        ports: the client's port of every call, which tells connections apart.
        stopping: set when it ends; steps that wait, wait for this.
    """

    def __init__(self) -> None:
        self._listener = _Listener(("127.0.0.1", 0), Handler)
        self._listener.script = self
        self._steps: list[Step] = []
        self._otherwise: Callable[[dict[str, Any]], Step] = lambda _: status(418, "the script has run out")
        self.url = f"http://127.0.0.1:{self._listener.server_port}/v1"
        self.requests: list[dict[str, Any]] = []
        self.ports: list[int] = []
        self.stopping = threading.Event()
        self._thread = threading.Thread(target=self._listener.serve_forever, kwargs={"poll_interval": 0.02})

    def script(self, *steps: Step) -> None:
        """Set what the next calls get; calls past the script get HTTP 418."""
        self._steps = list(steps)

    def always(self, step: Step) -> None:
        """Set what every call gets that the script does not cover."""
        self.respond(lambda _: step)

    def respond(self, respond: Callable[[dict[str, Any]], Step]) -> None:
        """Set what every call gets that the script does not cover, each by its body."""
        self._otherwise = respond

    def asked(self) -> Counter[str]:
        """Return how often each body was sent."""
        return Counter(json.dumps(request["messages"], ensure_ascii=False) for request in self.requests)

    def take(self, handler: Handler, body: dict[str, Any]) -> None:
        """Answer one call."""
        self.requests.append(body)
        self.ports.append(handler.client_address[1])
        step = self._steps.pop(0) if self._steps else self._otherwise(body)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            step(handler)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self._listener.shutdown()
        self._thread.join()
        self._listener.server_close()


def body(text: object = "您好，我来为您查询。", reason: str | None = "stop", **message: Any) -> dict[str, Any]:
    """Return the body of a chat completion."""
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "test",
        "choices": [
            {"index": 0, "finish_reason": reason, "message": {"role": "assistant", "content": text, **message}}
        ],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
    }


def answer(text: object = "您好，我来为您查询。", reason: str | None = "stop", **message: Any) -> Step:
    """Answer with a chat completion."""
    return sent(200, json.dumps(body(text, reason, **message)))


def sent(code: int, content: str | bytes, kind: str = "application/json", **headers: str) -> Step:
    """Answer with exactly this."""
    data = content.encode() if isinstance(content, str) else content
    return lambda handler: handler.send(code, data, kind, **headers)


def status(code: int, message: str = "no", error: str = "some_error", **headers: str) -> Step:
    """Answer with an error object."""
    return sent(code, json.dumps({"error": {"message": message, "code": error, "type": error}}), **headers)


def date_in(seconds: float, now: float) -> str:
    """Return an HTTP date."""
    return formatdate(now + seconds, usegmt=True)


def half_body(handler: Handler) -> None:
    """Announce a whole body, send half of it and hang up."""
    whole = json.dumps(body()).encode()
    handler.send_response(200)
    handler.send_header("content-type", "application/json")
    handler.send_header("content-length", str(len(whole)))
    handler.end_headers()
    handler.wfile.write(whole[: len(whole) // 2])
    handler.close_connection = True


def hang_up(handler: Handler) -> None:
    """Close the connection without a word."""
    handler.close_connection = True


def reset(handler: Handler) -> None:
    """Tear the connection down."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
    handler.close_connection = True


def hang(handler: Handler) -> None:
    """Take the call and never answer."""
    handler.server.script.stopping.wait()
    handler.close_connection = True


def dribble(handler: Handler) -> None:
    """Send a blank line now and then, for ever, as some servers do to keep a connection alive."""
    handler.send_response(200)
    handler.send_header("content-type", "application/json")
    handler.send_header("transfer-encoding", "chunked")
    handler.end_headers()
    _for_ever(handler, b"1\r\n\n\r\n")


def dribble_headers(handler: Handler) -> None:
    """Send a header now and then, for ever."""
    handler.send_response(200)
    handler.flush_headers()
    _for_ever(handler, b"x-wait: 1\r\n")


def _for_ever(handler: Handler, piece: bytes) -> None:
    handler.close_connection = True
    while not handler.server.script.stopping.wait(0.02):
        handler.wfile.write(piece)
        handler.wfile.flush()


def delayed(step: Step, seconds: float) -> Step:
    """Answer after a while."""

    def late(handler: Handler) -> None:
        handler.server.script.stopping.wait(seconds)
        step(handler)

    return late


def dribble_after(content: str) -> Step:
    """Send the beginning of a body, and after it a blank line now and then, for ever."""

    def endless(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("content-type", "application/json")
        handler.send_header("transfer-encoding", "chunked")
        handler.end_headers()
        data = content.encode()
        handler.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        _for_ever(handler, b"1\r\n\n\r\n")

    return endless


def reset_inside(handler: Handler) -> None:
    """Send half a body and tear the connection down."""
    half_body(handler)
    handler.wfile.flush()
    reset(handler)


def event(text: str | None = None, reason: str | None = None, **delta: Any) -> bytes:
    """Return one event of a streamed chat completion."""
    delta = delta if text is None else {"content": text, **delta}
    return data({"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]})


def data(value: object) -> bytes:
    """Return one event with any data."""
    return f"data: {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}\n\n".encode()


DONE = data("[DONE]")
USAGE = data({"choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 5}})


def whole(*pieces: str, reason: str = "stop") -> list[bytes]:
    """Return the events of a whole streamed answer as OpenAI sends them."""
    return [event("", role="assistant"), *map(event, pieces), event(reason=reason), USAGE, DONE]


def streamed(*chunks: bytes, pause: float = 0.0, then: Step | None = None, kind: str = "text/event-stream") -> Step:
    """Answer in chunks, each after a pause in seconds; then end the body, or do something else."""

    def stream(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("content-type", kind)
        handler.send_header("transfer-encoding", "chunked")
        handler.end_headers()
        for chunk in chunks:
            if pause:
                handler.server.script.stopping.wait(pause)
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
            handler.wfile.flush()
        if then:
            then(handler)
        else:
            handler.wfile.write(b"0\r\n\r\n")

    return stream


def keep_alive(handler: Handler) -> None:
    """Inside a stream, send a comment now and then, for ever."""
    _for_ever(handler, b"e\r\n: keep-alive\n\n\r\n")
