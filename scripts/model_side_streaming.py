"""The section on streaming: when a first piece leaves, and what becomes of a stream that breaks off."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import NamedTuple

from server import DONE, KEY, Handler, Server, event, streamed
from stream_faults import CUSTOMER, ENDS, FAILS, FIRST, SHORT, SLOW, ok

from replykit import ReplyKit
from replykit.errors import ChatError

__all__ = ["section"]

RATE = 20  # tokens a second
ASKED = "訂單怎麼還沒到？"  # traditional script
REPLIES = (
    (CUSTOMER, "您好，很抱歉给您带来了不便。我已经为您登记，会尽快核实。有进展第一时间告诉您。"),
    (CUSTOMER, "非常感谢您的耐心等待，您反映的问题我已经转给专人核实。请您稍候，有进展第一时间告诉您。"),
    (CUSTOMER, "我非常理解您着急的心情，换作是我也会这样，我马上联系站点为您核实包裹的位置。请您稍候。"),
    (ASKED, "您好，請問您方便提供一下訂單編號嗎？我馬上為您查詢。"),
    (CUSTOMER, "很抱歉让您着急了，我会一直跟进，有进展第一时间告诉您。感谢您的理解。"),
    (CUSTOMER, "<think>客户很着急，先道歉。</think>您好，很抱歉给您带来了不便，我马上为您核实。请您稍候。"),
    (CUSTOMER, "非常抱歉，这个地址没办法直接修改。我帮您联系站点改派，请您把新地址发给我。感谢您的理解。"),
)
_TOKEN = re.compile(r"<[^>]+>|[一-鿿]{1,2}|.", re.DOTALL)

_HEAD = f"""\
## Streaming

`draft_stream` lets a sentence leave when it is proven: the text up to its end keeps every rule as exactly that string,
nothing that may follow can make an error of it, and no hidden phrase can begin in it and end behind it. Each of these
replies came from a server that writes {RATE} tokens (one or two characters) a second. *First sentence* is when the
server had written the first sentence of the reply, *first piece* when the kit let it leave, both from the call on;
*tokens* is how many the server had written by then. The times were measured when this page was written, and vary with
the machine.

| reply | first sentence | first piece | later | tokens | whole reply |
|---|---:|---:|---:|---:|---:|
"""
_FAULTS = """
One token more is waited for where a phrase of the playbook begins with the last characters of the sentence (您…). The
first sentence of the last reply waits for the second, which makes it sayable: 没办法 is a brush-off until the next step
is there.

A stream that ends in any other way than with a finish reason is no reply. Once a piece has left, the stream ends, and
its reply tells why it needs review; before, it raises what `draft` raises. Nothing is asked again that may have been
billed.

| behind the first sentence, the server sends | calls | what has left | status | what is told |
|---|---:|---|---|---|
"""
_FAILURES = """
| before it, the server sends | calls | raised |
|---|---:|---|
"""


class _Seen(NamedTuple):
    """One reply: seconds to the end of its first sentence, to its first piece and to its end, and tokens for each."""

    sentence: float
    piece: float
    whole: float
    sentence_tokens: int
    piece_tokens: int


def _timed(server: Server, kit: ReplyKit, customer: str, answer: str) -> _Seen:
    thought, tag, reply = answer.rpartition("</think>")
    tokens, written = _TOKEN.findall(answer), []
    last = len(_TOKEN.findall(thought + tag + re.split(r"(?<=[。？])", reply)[0])) - 1

    def step(handler: Handler) -> None:
        def write(token: str) -> None:
            handler.server.script.stopping.wait(max(0.0, begun + (len(written) + 1) / RATE - time.monotonic()))
            chunk = event(token)
            written.append(time.monotonic())
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
            handler.wfile.flush()

        begun = time.monotonic()
        streamed(then=lambda _: [write(token) for token in tokens] and None)(handler)
        end = event(reason="stop") + DONE
        handler.wfile.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(end), end))

    server.script(step)
    begun = time.monotonic()
    with kit.draft_stream(customer) as stream:
        next(stream)
        piece, count = time.monotonic(), len(written)
        for _ in stream:
            pass
    return _Seen(written[last] - begun, piece - begun, time.monotonic() - begun, last + 1, count)


def _times() -> list[str]:
    rows = []
    with Server() as server, ReplyKit(model="test", base_url=server.url, api_key=KEY) as kit:
        server.script(ok)
        list(kit.draft_stream(CUSTOMER))  # the first call compiles what all share
        for customer, reply in REPLIES:
            seen = _timed(server, kit, customer, reply)
            later = seen.piece / seen.sentence - 1
            rows.append(
                f"| {reply.replace('<', '&lt;')} | {seen.sentence:.2f} s | {seen.piece:.2f} s | {later:.0%} "
                f"| {seen.sentence_tokens} → {seen.piece_tokens} | {seen.whole:.2f} s |"
            )
    return rows


def _broken() -> tuple[list[str], list[str]]:
    ends, fails = [], []
    with Server() as server:
        for name, (chunks, then, _, _) in ENDS.items():
            server.script(streamed(*chunks, then=then), ok)
            with _kit(server, name, SLOW) as kit:
                stream = kit.draft_stream(CUSTOMER)
                left = "".join(stream)
            told = _told(stream.reply.reason, server)
            where = "the first sentence" if left == FIRST else "both sentences" if left else "nothing"
            ends.append(f"| {name} | {_calls(server)} | {where} | {stream.reply.status} | {told} |")
        for name, (steps, _, _) in FAILS.items():
            server.script(*steps)
            with _kit(server, name, SHORT) as kit:
                try:
                    list(kit.draft_stream(CUSTOMER))
                    raised = "nothing"
                except ChatError as error:
                    raised = f"`{type(error).__name__}`: {_told(str(error), server)}"
            fails.append(f"| {name} | {_calls(server)} | {raised} |")
    return ends, fails


def _kit(server: Server, name: str, seconds: float) -> ReplyKit:
    never = "for ever" in name or "never" in name
    return ReplyKit(model="test", base_url=server.url, api_key=KEY, timeout=seconds if never else 20.0)


def _told(text: str, server: Server) -> str:
    return text.replace(server.url.removesuffix("/v1"), "the server")


def _calls(server: Server) -> int:
    calls = len(server.requests)
    server.requests.clear()
    return calls


def _table(rows: Sequence[str]) -> str:
    return "\n".join(rows) + "\n"


def section() -> str:
    """Run everything and return what was seen."""
    ends, fails = _broken()
    return _HEAD + _table(_times()) + _FAULTS + _table(ends) + _FAILURES + _table(fails)
