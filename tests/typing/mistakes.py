"""What a type-checker has to find: each marked line is a mistake that would fail, or mislead, when it runs."""

import replykit
from replykit import AsyncReplyKit, ReplyKit, Turn
from replykit.testing import AsyncFakeChat

replykit.check(3)  # wrong
replykit.check("您好", stage="acept")  # wrong
replykit.check("您好", channel="fax")  # wrong
replykit.guard("您好", facts=[1])  # wrong
ReplyKit(model="m", privacy="hide")  # wrong
ReplyKit(chat=AsyncFakeChat([]))  # wrong
Turn(role="system", text="…")  # wrong
reply = ReplyKit().rewrite("没办法")
print(reply.status == "ok")  # wrong
reply.later.result()  # wrong


async def main() -> None:
    """A coroutine that nobody awaits has no text."""
    print(AsyncReplyKit().rewrite("您好").text)  # wrong
