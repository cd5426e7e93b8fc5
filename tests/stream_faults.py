"""Every way in which a streamed answer breaks off that is under test, for the tests and for `docs/model-side.md`."""

from __future__ import annotations

from collections.abc import Sequence

import server as serve
from server import DONE, Step, data, event, streamed, whole

from replykit.errors import (
    ChatConnectionError,
    ChatError,
    ChatProtocolError,
    ChatRateLimitError,
    ChatTimeoutError,
)

__all__ = ["CUSTOMER", "ENDS", "FAILS", "FIRST", "GOOD", "PIECES", "REST", "SHORT", "SLOW", "ok"]

# Seconds, for servers that never come to an end: where nothing is to come, and where something has come before.
SHORT, SLOW = 0.3, 1.5

CUSTOMER = "我的订单怎么还没到？"
FIRST = "您好，很抱歉让您着急了。"
REST = "我马上为您联系站点核实，有进展第一时间告诉您。"
GOOD = FIRST + REST
PIECES = [GOOD[:5], GOOD[5:14], GOOD[14:20], GOOD[20:]]
ok = streamed(*whole(*PIECES))

# After the first sentence: what the server does, how the attempt ended, what is told.
BEGUN = [event(FIRST), event(REST[:9])]
ENDS: dict[str, tuple[Sequence[bytes], Step | None, str, str]] = {
    "cut without a finish reason": (BEGUN, None, "unknown", "unknown (finish reason None)"),
    "[DONE] without a finish reason": ([event(FIRST), event(REST), DONE], None, "unknown", "unknown"),
    "length": (whole(FIRST, REST[:9], reason="length"), None, "length", "length"),
    "content_filter": (whole(FIRST, REST[:9], reason="content_filter"), None, "content_filter", "content_filter"),
    "moderation as an error": (
        [*BEGUN, data({"error": {"code": "data_inspection_failed"}})],
        None,
        "content_filter",
        "content_filter",
    ),
    "an error": ([*BEGUN, data({"error": {"message": "overloaded"}})], None, "lost", "overloaded"),
    "an event named error": ([*BEGUN, b'event: error\ndata: {"message": "gone"}\n\n'], None, "lost", "gone"),
    "an error in the same chunk": (
        [b"".join([*BEGUN, data({"error": {"message": "overloaded"}})])],
        None,
        "lost",
        "overloaded",
    ),
    "no JSON": ([*BEGUN, b"data: {]\n\n"], None, "lost", "not JSON"),
    "reset": (BEGUN, serve.delayed(serve.reset, 0.3), "lost", "broke before"),  # what was read before is not lost
    "hangs up": (BEGUN, serve.hang_up, "lost", "broke before"),
    "comments for ever": (BEGUN, serve.keep_alive, "lost", f"no whole answer within {SLOW:g}"),
    "silence for ever": (BEGUN, serve.hang, "lost", f"no whole answer within {SLOW:g}"),
}  # fmt: skip

# Before it: what the server does, what is raised, after how many calls.
FAILS: dict[str, tuple[list[Step], type[ChatError], int]] = {
    "nothing but comments for ever": ([streamed(then=serve.keep_alive), ok], ChatTimeoutError, 1),
    "half a sentence, then comments for ever": (
        [streamed(event("您"), then=serve.keep_alive), ok],
        ChatTimeoutError,
        1,
    ),
    "never answers": ([serve.hang, ok], ChatTimeoutError, 1),
    "reset": ([serve.reset, ok], ChatConnectionError, 1),
    "reset after half a sentence": ([streamed(event("您"), then=serve.reset), ok], ChatConnectionError, 1),
    "HTML": ([serve.sent(200, "<!DOCTYPE html><html></html>", "text/html"), ok], ChatProtocolError, 1),
    "HTML as a stream": ([streamed(b"<html>", b"</html>"), ok], ChatProtocolError, 1),
    "an error as JSON": ([serve.status(200, "overloaded"), ok], ChatProtocolError, 1),
    "an error first": ([streamed(data({"error": {"message": "overloaded"}})), ok], ChatProtocolError, 1),
    "nothing": ([streamed(), ok], ChatProtocolError, 1),
    "[DONE] alone": ([streamed(DONE), ok], ChatProtocolError, 1),
    "429 for ever": ([serve.status(429, retry_after="0.01")] * 9, ChatRateLimitError, 3),
}
