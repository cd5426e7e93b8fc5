"""A stand-in for a chat model: it runs a command with a server of its own, which answers what stands below.

It is no model and understands nothing: it says the same sentences to whatever it is asked, so that you can watch what
replykit does with a model's answers before you have a key. It speaks OpenAI's chat completions, to this machine alone.

    python examples/scripted_model.py replykit rewrite "没办法，是仓库发错了。"

With a real model, set the three variables below to your own, and leave this program out.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# In this order; the last one again and again. The first one is weak on purpose.
ANSWERS = [
    "大哥，不好意思，是仓库发错了，保证明天就到。",
    "非常抱歉让您失望了，是我们的疏忽。正确颜色的耳机今天就为您寄出，运费由本店承担。寄出后我会把单号发给您。",
]


class Server(ThreadingHTTPServer):
    """A server that remembers how often it was asked."""

    daemon_threads = True
    asked = 0


class Handler(BaseHTTPRequestHandler):
    """One call of the model."""

    server: Server

    def do_POST(self) -> None:
        """Answer with the next sentence."""
        self.rfile.read(int(self.headers.get("content-length", 0)))
        answer = ANSWERS[min(self.server.asked, len(ANSWERS) - 1)]
        self.server.asked += 1
        choice = {"index": 0, "message": {"role": "assistant", "content": answer}, "finish_reason": "stop"}
        body = json.dumps(
            {"id": "1", "object": "chat.completion", "created": 0, "model": "scripted", "choices": [choice]}
        )
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing; the screen belongs to the command."""


def main() -> int:
    """Run the command that the arguments name, and return its exit code."""
    if len(sys.argv) < 2:
        print("scripted_model.py: name the command to run, such as: replykit rewrite …", file=sys.stderr)
        return 2
    with Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings = {
            "REPLYKIT_MODEL": "scripted",
            "REPLYKIT_BASE_URL": f"http://127.0.0.1:{server.server_port}/v1",
            "REPLYKIT_API_KEY": "none",
        }
        return subprocess.call(sys.argv[1:], env=os.environ | settings | {"NO_PROXY": "127.0.0.1"})


if __name__ == "__main__":
    sys.exit(main())
