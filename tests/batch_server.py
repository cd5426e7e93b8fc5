"""A fake of the files and batches of OpenAI's API on loopback; it keeps real files and checks what it is sent."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

MOST_REQUESTS = 50_000
MOST_BYTES = 200 * 1024 * 1024

# What a request of a batch is answered with: the HTTP status, and the body.
Answer = Callable[[dict[str, Any]], tuple[int, dict[str, Any]]]


@dataclass(frozen=True)
class Ending:
    """How a batch ends.

    Attributes:
        status: its final state.
        answered: how many of its requests are answered; None: all.
        polls: how often it is asked for before it has ended.
    """

    status: str = "completed"
    answered: int | None = None
    polls: int = 1


@dataclass
class Batch:
    """A batch as the server knows it."""

    id: str
    input_file_id: str
    metadata: dict[str, str]
    ending: Ending
    polls: int = 0
    status: str = "validating"
    files: dict[str, str] = field(default_factory=dict)
    errors: list[dict[str, Any]] = field(default_factory=list)
    total: int = 0

    def shown(self) -> dict[str, Any]:
        """Return it as the API shows it."""
        return {
            "id": self.id,
            "object": "batch",
            "endpoint": "/v1/chat/completions",
            "completion_window": "24h",
            "created_at": int(self.id.split("-")[1]),
            "input_file_id": self.input_file_id,
            "status": self.status,
            "metadata": self.metadata,
            "output_file_id": self.files.get("output"),
            "error_file_id": self.files.get("error"),
            "errors": {"object": "list", "data": self.errors} if self.errors else None,
            "request_counts": {"total": self.total, "completed": 0, "failed": 0},
        }


class Handler(BaseHTTPRequestHandler):
    """One connection; it is kept open between calls."""

    protocol_version = "HTTP/1.1"
    server: _Listener

    def do_POST(self) -> None:
        """Take a file or a batch."""
        content = self.rfile.read(int(self.headers["content-length"]))
        path = urlsplit(self.path).path
        if path == "/v1/files":
            self._say("upload", self.server.fake.upload(content, self.headers["content-type"]))
        elif path == "/v1/batches":
            self._say("create", self.server.fake.create(json.loads(content)))
        elif path == "/v1/chat/completions":
            self._say("complete", self.server.fake.complete(json.loads(content)))
        else:
            self._say("unknown", (404, {"error": {"message": f"no {path}"}}))

    def do_GET(self) -> None:
        """Show a file or batches."""
        url = urlsplit(self.path)
        parts = url.path.removeprefix("/v1/").split("/")
        fake = self.server.fake
        if parts == ["batches"]:
            query = parse_qs(url.query)
            self._say("list", fake.listed(int(query.get("limit", ["20"])[0]), query.get("after", [""])[0]))
        elif parts[0] == "batches" and len(parts) == 2:
            self._say("retrieve", fake.retrieve(parts[1]))
        elif parts[0] == "files" and parts[2:] == ["content"]:
            self._say("content", fake.content(parts[1]))
        else:
            self._say("unknown", (404, {"error": {"message": f"no {url.path}"}}))

    def _say(self, step: str, answer: tuple[int, dict[str, Any] | bytes]) -> None:
        status, content = answer
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        if not self.server.fake.after(step):
            self.close_connection = True  # what was done is done, and nobody hears of it
            return
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    fake: BatchServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are part of the tests."""


class BatchServer:
    """The server.

    Args:
        folder: where the files lie.
        answer: what each request of a batch, and each one sent by itself, is answered with.
        endings: how the batches end, in the order in which they are created; past them, all are completed.

    Attributes:
        url: its address, with version path.
        batches: all batches, oldest first.
        steps: what it was asked for, oldest first.
        answered: the bodies of all requests that were answered, and so billed; oldest first.
        interrupt: called with the number of a step once it is done and before it is answered; False hangs up.
    """

    def __init__(self, folder: Path, answer: Answer, endings: Sequence[Ending] = ()) -> None:
        self._listener = _Listener(("127.0.0.1", 0), Handler)
        self._listener.fake = self
        self._folder, self._answer, self._endings = folder, answer, list(endings)
        self._thread = threading.Thread(target=self._listener.serve_forever, kwargs={"poll_interval": 0.02})
        self._lock = threading.Lock()
        self.url = f"http://127.0.0.1:{self._listener.server_port}/v1"
        self.batches: list[Batch] = []
        self.steps: list[str] = []
        self.answered: list[dict[str, Any]] = []
        self.interrupt: Callable[[int], bool] = lambda step: True

    def after(self, step: str) -> bool:
        """Count a step; return whether it is answered."""
        with self._lock:
            self.steps.append(step)
            number = len(self.steps)
        return self.interrupt(number)

    def upload(self, content: bytes, kind: str) -> tuple[int, dict[str, Any]]:
        """Keep a file."""
        form = BytesParser().parsebytes(b"content-type: " + kind.encode() + b"\r\n\r\n" + content)
        parts = {part.get_param("name", header="content-disposition"): part for part in form.get_payload()}
        data = parts["file"].get_payload(decode=True)
        if parts["purpose"].get_payload(decode=True) != b"batch":
            return 400, {"error": {"message": "the purpose must be batch", "code": "invalid_purpose"}}
        if len(data) > MOST_BYTES:
            return 413, {"error": {"message": "the file is too large", "code": "file_too_large"}}
        id = self._keep(data)
        shown = {"id": id, "object": "file", "bytes": len(data), "created_at": 1, "filename": "requests.jsonl"}
        return 200, {**shown, "purpose": "batch", "status": "processed"}

    def create(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Take a batch on."""
        if not (self._folder / body["input_file_id"]).exists():
            return 400, {"error": {"message": "no such file", "code": "invalid_file"}}
        if body["completion_window"] != "24h" or body["endpoint"] != "/v1/chat/completions":
            return 400, {"error": {"message": "no such window or endpoint", "code": "invalid_request"}}
        with self._lock:
            ending = self._endings.pop(0) if self._endings else Ending()
            id = f"batch-{len(self.batches) + 1}"
            self.batches.append(Batch(id, body["input_file_id"], body.get("metadata") or {}, ending))
        return 200, self.batches[-1].shown()

    def listed(self, limit: int, after: str) -> tuple[int, dict[str, Any]]:
        """Show the batches, newest first."""
        newest = [batch.shown() for batch in reversed(self.batches)]
        start = next((place + 1 for place, batch in enumerate(newest) if batch["id"] == after), 0)
        page = newest[start : start + limit]
        return 200, {"object": "list", "data": page, "has_more": len(newest) > start + limit}

    def retrieve(self, id: str) -> tuple[int, dict[str, Any]]:
        """Show a batch; it goes on whenever somebody looks."""
        batch = next((one for one in self.batches if one.id == id), None)
        if batch is None:
            return 404, {"error": {"message": f"no batch {id}", "code": "not_found"}}
        with self._lock:
            batch.polls += 1
            if batch.polls <= batch.ending.polls:
                batch.status = "in_progress"
            elif batch.status in ("validating", "in_progress"):
                self._end(batch)
        return 200, batch.shown()

    def content(self, id: str) -> tuple[int, dict[str, Any] | bytes]:
        """Return a file's bytes."""
        path = self._folder / id
        return (200, path.read_bytes()) if path.exists() else (404, {"error": {"message": f"no file {id}"}})

    def complete(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Answer a request that came by itself."""
        self.answered.append(body)
        return self._answer(body)

    def _end(self, batch: Batch) -> None:
        lines = [json.loads(line) for line in (self._folder / batch.input_file_id).read_bytes().splitlines()]
        batch.total = len(lines)
        batch.errors = [{"code": "invalid", "message": wrong} for wrong in _wrongs(lines)]
        batch.status = "failed" if batch.errors else batch.ending.status
        if batch.status == "failed":
            batch.errors = batch.errors or [{"code": "token_limit_exceeded", "message": "too many tokens in the queue"}]
            return
        end = len(lines) if batch.ending.answered is None else batch.ending.answered
        output, error = [], []
        for line in lines[:end]:
            status, body = self._answer(line["body"])
            if status == 200:
                self.answered.append(line["body"])
            response = {"status_code": status, "request_id": "r", "body": body}
            row = {"id": "1", "custom_id": line["custom_id"], "response": response, "error": None}
            (output if status == 200 else error).append(row)
        for line in lines[end:]:
            why = {"code": f"batch_{batch.status}", "message": f"the batch was {batch.status} before this request"}
            error.append({"id": "1", "custom_id": line["custom_id"], "response": None, "error": why})
        # Results come in any order, and a file that would be empty is left out.
        for name, rows in (("output", output[::-1]), ("error", error)):
            if rows:
                batch.files[name] = self._keep("".join(json.dumps(row) + "\n" for row in rows).encode())

    def _keep(self, data: bytes) -> str:
        id = f"file-{sum(1 for _ in self._folder.iterdir()) + 1}"
        (self._folder / id).write_bytes(data)
        return id

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown()
        self._thread.join()
        self._listener.server_close()


def _wrongs(lines: Sequence[dict[str, Any]]) -> list[str]:
    """Return what the API refuses a file for."""
    ids = [line.get("custom_id") for line in lines]
    wrong = []
    if len(lines) > MOST_REQUESTS:
        wrong.append("too many requests")
    if len(set(ids)) != len(ids):
        wrong.append("a custom_id stands twice")
    if any(not isinstance(id, str) or not 0 < len(id) <= 64 for id in ids):
        wrong.append("a custom_id is no text of at most 64 characters")
    if {line.get("method") for line in lines} != {"POST"} or {line.get("url") for line in lines} != {
        "/v1/chat/completions"
    }:
        wrong.append("a request is not a POST to /v1/chat/completions")
    if len({line["body"].get("model") for line in lines}) != 1 or any(line["body"].get("stream") for line in lines):
        wrong.append("the model differs, or a request streams")
    return wrong
