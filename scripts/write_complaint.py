"""Write docs/complaint.md: one complaint from its first message to the follow-up, played with a scripted chat model.

python scripts/write_complaint.py            writes the document
python scripts/write_complaint.py --check    exits 1 where it is not up to date
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from replykit import Reply, ReplyKit, Turn
from replykit.complaint import ComplaintRecord
from replykit.records import Attempt
from replykit.testing import FakeChat

__all__ = ["STEPS", "TARGET", "Step", "main", "played", "render"]

ROOT = Path(__file__).parent.parent
TARGET = ROOT / "docs" / "complaint.md"


class Step(NamedTuple):
    """One turn of the customer and what is made of it.

    Attributes:
        title: the stage that it is in.
        customer: what the customer writes.
        facts: what the company knows by then.
        answers: what the scripted model answers, one for each call; the first is weak.
    """

    title: str
    customer: str
    facts: tuple[str, ...]
    answers: tuple[str, ...]


STEPS = (
    Step(
        "Accept (接受投诉)",
        "我昨天收到的玻璃杯碎了两个，订单 A1001。问了两次都没人理，太让人失望了，我要投诉！",
        ("订单 A1001：玻璃杯一套 6 只，11 月 8 日签收", "投诉在 24 小时内答复"),
        (
            "呵呵，您先别急。这都是快递的问题，可能过两天给您答复吧。",
            "非常抱歉让您失望了，感谢您告诉我们。订单 A1001 的玻璃杯碎了两个，我已经记下，会在 24 小时内答复您。"
            "方便发一张照片吗？您还有其他不满意的地方吗？",
        ),
    ),
    Step(
        "Clarify (解释澄清)",
        "照片发了，我姓王，电话 13800138000。外箱是好的，里面没有泡沫，你们到底是怎么包装的？",
        ("核实结果：这一箱漏放了缓冲泡沫，是我们的责任",),
        (
            "仓库没包好，具体我不清楚。是您自己没拿稳吧？",
            "感谢您发来照片。核实过了，这一箱漏放了缓冲泡沫，是我们的责任，非常抱歉。"
            "碎的是两只，对吗？请问您希望怎样处理？",
        ),
    ),
    Step(
        "Propose (提出解决方案), in traditional script",
        "我要補發，不要退款。什麼時候能收到？",
        ("补发两只玻璃杯，11 月 10 日寄出，预计 11 月 12 日送达", "寄出前要重新检查包装，需要一天"),
        (
            "好的，保證11月11日送到，另外賠您100元。",
            "好的，我們為您補發兩只玻璃杯。寄出前要重新檢查包裝，需要一天，所以 11 月 10 日寄出，"
            "預計 11 月 12 日送達。您看這樣安排可以嗎？",
        ),
    ),
    Step(
        "Follow up (回访), where asking again does not help",
        "收到了，这次两只都完好。",
        ("补发的包裹 11 月 12 日已签收，投诉单已经办结",),
        (
            "呵呵，补发的包裹 11 月 12 日已经签收，投诉单也办结了。请问您对处理结果满意吗？有需要时欢迎再联系我们。",
            "呵呵，补发的包裹 11 月 12 日已经签收，投诉单也办结了。请问您对处理结果还满意吗？有需要时欢迎再联系我们。",
        ),
    ),
)
# What the scripted model quotes for the record: the last one stands nowhere in the conversation.
QUOTED = {
    "happened": [{"turn": 2, "quote": "里面没有泡沫"}],
    "promised": [{"turn": 1, "quote": "会在 24 小时内答复您"}, {"turn": 3, "quote": "我们会再送您一套新的"}],
}

INTRODUCTION = """\
# One complaint, from the first message to the follow-up

Written by `python scripts/write_complaint.py`, which plays it; do not edit. The chat model is a scripted one
(`replykit.testing.FakeChat`) whose first answer is weak each time, so that what is found and mended can be seen.
Everything else is what replykit does: the prompts are those that it sends, the findings those of its check.
"""
FULL_PROMPT = "The system message of the first call in full:"
OTHER_PROMPT = "The system message, where it differs from the first one's:"
END = """\
## The record at the end

`kit.record(conversation)` with a model: the readers' entries stand first and the model adds quotations. It also quoted
a sentence that nobody wrote; that is in no field.
"""


def played() -> Iterator[tuple[Step, tuple[Turn, ...], Reply, FakeChat]]:
    """Play the conversation: yield each step with the turns before it, its reply and the chat that was asked."""
    history: tuple[Turn, ...] = ()
    for step in STEPS:
        chat = FakeChat(step.answers)
        reply = ReplyKit(chat=chat).draft(step.customer, history=history, facts=step.facts)
        yield step, history, reply, chat
        history += (Turn(role="customer", text=step.customer), Turn(role="agent", text=reply.text))


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _fenced(text: str) -> Iterator[str]:
    yield from ("```text", text, "```", "")


def _first_answer(kit: ReplyKit) -> Iterator[str]:
    message = STEPS[0].customer
    yield "## The first message\n"
    yield _quoted(message) + "\n"
    assessment = kit.assess(message)
    yield "`kit.assess` reads it without a model:\n"
    yield "| sign | where | words |"
    yield "|---|---|---|"
    yield from (f"| `{signal.kind}` | {signal.start}–{signal.end} | {signal.text} |" for signal in assessment.signals)
    yield f"\nA person has to take over: {'yes' if assessment.escalate else 'no'}. `kit.acknowledge` answers at once:\n"
    yield _quoted(kit.acknowledge(message).text) + "\n"


def _prompt(system: str, first: str | None) -> Iterator[str]:
    if first is None:
        yield "<details><summary>" + FULL_PROMPT + "</summary>\n"
        yield from _fenced(system)
        yield "</details>\n"
        return
    known = set(first.splitlines())
    yield OTHER_PROMPT + "\n"
    yield from _fenced("\n".join(line for line in system.splitlines() if line and line not in known))


def _attempt(number: int, attempt: Attempt) -> Iterator[str]:
    by = {"model": "the model", "fixer": "the fixer", "phrasebook": "the phrasebook"}[attempt.made_by]
    yield f"Attempt {number}, by {by}:\n"
    yield _quoted(attempt.text) + "\n"
    if not attempt.violations:
        yield "No findings.\n"
        return
    yield "| severity | principle | found | why |"
    yield "|---|---|---|---|"
    for found in attempt.violations:
        yield f"| {found.severity} | `{found.principle}` | {_cell(found.text)} | {_cell(found.message)} |"
    yield ""


def _step(number: int, step: Step, reply: Reply, chat: FakeChat, first: str | None) -> Iterator[str]:
    yield f"## {number}. {step.title}\n"
    if number > 1:
        yield _quoted(step.customer) + "\n"
    yield f"`kit.draft(…)` reads the stage off the conversation, `{reply.stage}`, and asks the model.\n"
    system, user = chat.requests[0].messages
    yield from _prompt(system.content, first)
    yield "The user message:\n"
    yield from _fenced(user.content)
    for tried, attempt in enumerate(reply.attempts, 1):
        yield from _attempt(tried, attempt)
        if attempt.made_by == "model" and tried < len(chat.requests):
            yield "It is asked again:\n"
            yield from _fenced(chat.requests[tried].messages[-1].content)
    yield f"The reply is `{reply.status}`:\n"
    yield _quoted(reply.text) + "\n"


def _record(kit: ReplyKit, record: ComplaintRecord, before: dict[str, str]) -> Iterator[str]:
    """Yield the cells of a record's row that are new or have changed, and note them."""
    row = kit.sheet_row(record)
    changed = {heading: cell for heading, cell in row.items() if cell != before.get(heading, "")}
    before.update(row)
    if not changed:
        yield "Nothing new.\n"
        return
    yield "| heading | cell |"
    yield "|---|---|"
    yield from (f"| {heading} | {_cell(cell)} |" for heading, cell in changed.items())
    yield ""


def _lines() -> Iterator[str]:
    kit = ReplyKit()
    yield INTRODUCTION
    yield from _first_answer(kit)
    first: str | None = None
    row: dict[str, str] = {}
    conversation: tuple[Turn, ...] = ()
    for number, (step, history, reply, chat) in enumerate(played(), 1):
        yield from _step(number, step, reply, chat, first)
        first = first or chat.requests[0].messages[0].content
        conversation = (*history, Turn(role="customer", text=step.customer), Turn(role="agent", text=reply.text))
        yield "What the readers add to the record (`kit.record`, without a model):\n"
        yield from _record(kit, kit.record(conversation, language="zh-Hans"), row)
    yield END
    quoting = ReplyKit(chat=FakeChat([json.dumps(QUOTED, ensure_ascii=False)]))
    record = quoting.record(conversation, language="zh-Hans")
    yield from _record(quoting, record, {})
    yield "Left out, as it is not proven:\n"
    yield from (f"- `{one.field}`: {one.quote} ({one.reason})" for one in record.ungrounded)


def render() -> str:
    """Return the document."""
    return "\n".join(_lines()).rstrip() + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the document, or with `--check` only compare it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where it is not up to date")
    check = parser.parse_args(arguments).check
    text = render()
    if not check:
        TARGET.write_text(text, "utf-8", newline="\n")
        return 0
    if TARGET.is_file() and TARGET.read_text("utf-8") == text:
        return 0
    print(f"{TARGET} is not up to date; run: python scripts/write_complaint.py", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
