"""The section on JSON: what servers are asked for, and what becomes of a record where they refuse or ignore it."""

from __future__ import annotations

import shapes
from server import Server, Step

from replykit import ReplyKit

__all__ = ["section"]

TURNS = [{"role": "user", "content": "杯墊都翹起來了。"}]  # no reader knows the product, so that the model is needed
ANSWER = '{"product": [{"turn": 0, "quote": "杯墊"}], "order": [{"turn": 0, "quote": "B2002"}]}'
PROSE = "好的，记录如下：商品是杯墊。"

_HEAD = """\
## JSON, as servers take it

A record is asked for as JSON, in the strictest form that the server has not refused: `json_schema`, `json_object` with
a schema beside it where the refusal says that only `text` and `json_object` are known, `json_object`, text. A refusal
that names the form is billed by nobody and is met once; moderation, a prompt that is too long, a key or a rate limit is
no refusal of the form. An object is read out of a code fence, reasoning or prose, and with a comma before a closing
bracket. The servers are played after what their users report (`tests/shapes.py`). One kit makes two records with
each; its model quotes one product truly and invents an order number.

| server | asked by the first record | by the second | product | order |
|---|---|---|---|---|
"""


def _rows() -> list[tuple[str, Step]]:
    rows = [(name, make(ANSWER)) for name, (make, _) in shapes.TAKEN.items()]
    wrapped = f"<think>{{}}</think>好的：\n```json\n{ANSWER.replace(']}', '],}')}\n```"
    return [
        *rows,
        ("ignores the form: reasoning, prose, a fence, a comma too many", shapes.ollama(wrapped)),
        ("ignores the form: prose alone", shapes.ollama(PROSE)),
        ("DeepSeek, blank once", shapes.deepseek(" \n", ANSWER)),
        ("DashScope's moderation (400)", shapes.moderated),
    ]


def section() -> str:
    """Return the section."""
    lines = []
    for name, step in _rows():
        with Server() as server, ReplyKit(model="test", base_url=server.url) as kit:
            server.always(step)
            first = kit.record(TURNS)
            calls = len(server.requests)
            kit.record(TURNS)
            asked = shapes.forms(server.requests)
        product = "、".join(entry.value for entry in first.product) or f"–: {first.trouble}"
        order = "、".join(entry.value for entry in first.order) or "–"
        before, after = (", ".join(f"`{form}`" for form in part) for part in (asked[:calls], asked[calls:]))
        lines.append(f"| {name} | {before} | {after} | {product} | {order} |")
    return _HEAD + "\n".join(lines) + "\n"
