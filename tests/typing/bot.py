"""What the author of a bot writes; type-checkers of users find nothing wrong with it."""

from collections.abc import Iterator
from decimal import Decimal
from typing import assert_type

import replykit
from replykit import (
    Assessment,
    AsyncReplyKit,
    Attempt,
    ChatRequest,
    ComplaintRecord,
    Completion,
    Playbook,
    Prices,
    Reply,
    ReplyKit,
    ReplykitError,
    Report,
    Turn,
    Usage,
    Violation,
)
from replykit.testing import AsyncFakeChat, FakeChat

report = replykit.check("您好", customer="在吗", facts=["一条"], language="zh-Hant", stage="accept", channel="email")
assert_type(report, Report)
assert_type(report.ok, bool)
assert_type(report.violations, tuple[Violation, ...])
for violation in report.errors:
    assert_type(violation.start, int)
    assert_type(violation.suggestions, tuple[str, ...])
assert_type(replykit.assess("太让人失望了"), Assessment)
assert_type(replykit.check_many(["您好"]), Iterator[Report])
assert_type(replykit.guard("您好", facts=["一条"]), Reply)
playbook = replykit.load_playbook("zh")
assert_type(playbook, Playbook)
replykit.check("您好", playbook=playbook)
replykit.check("Hello", playbook=["zh", "en"], language="auto")


class OwnChat:
    """A model of one's own needs a method `complete`."""

    def complete(self, request: ChatRequest) -> Completion:
        """Answer."""
        assert_type(request.messages[0].content, str)
        return Completion(text="您好", outcome="complete", usage=Usage(calls=1))


with ReplyKit(chat=OwnChat(), signature="—— 蓝鲸") as kit:
    assert_type(kit, ReplyKit)
    reply = kit.rewrite("没办法", customer="在吗", history=[{"role": "user", "content": "在吗"}], facts=("一条",))
    assert_type(reply, Reply)
    assert_type(reply.attempts, tuple[Attempt, ...])
    assert_type(reply.usage.cost(Prices(prompt=Decimal(1), completion=Decimal(2))), Decimal)
    match reply.status:
        case "clean" | "repaired":
            print(reply.text)
        case "needs_review":
            print(reply.reason)
    first = kit.draft("在吗", history=[Turn(role="customer", text="在吗")], deadline=3.0, on_deadline="acknowledge")
    if first.later:
        assert_type(first.later.result(timeout=1.0), Reply)
    for piece in kit.draft_stream("在吗"):
        assert_type(piece, str)
    assert_type(kit.record([{"role": "user", "content": "退款"}]), ComplaintRecord)
    assert_type(kit.acknowledge("在吗"), Reply)

ReplyKit(chat=FakeChat(["您好"]))


async def main() -> None:
    """The same methods, awaited."""
    async with AsyncReplyKit(chat=AsyncFakeChat(["您好"])) as kit:
        assert_type(kit, AsyncReplyKit)
        assert_type(await kit.rewrite("没办法"), Reply)
        first = await kit.draft("在吗", deadline=3.0)
        if first.later:
            assert_type(await first.later, Reply)
        async for piece in kit.draft_stream("在吗"):
            assert_type(piece, str)
        try:
            await kit.rewrite("您好")
        except ReplykitError as error:
            print(error)
