"""A chat bot: acknowledge at once, draft with a model, send only what keeps the rules, hand over what does not.

Runs without a key: the model is `AsyncFakeChat`, whose answers stand below, faults included. With a real one it is
`AsyncReplyKit(model="…")`, and nothing else changes.

    python examples/bot.py
"""

from __future__ import annotations

import asyncio

from replykit import AsyncReplyKit, ChatTimeoutError, ReplykitError
from replykit.testing import Answer, AsyncFakeChat

FACTS = ["订单 A1001 今天下午由仓库重新寄出", "退换货运费由本店承担"]

SCRIPTED: list[Answer] = [
    # asked for the first customer: an answer that breaks rules, and a better one when it is told what was wrong
    "大哥，不好意思，是仓库发错了，保证明天就到。",
    "非常抱歉给您添了麻烦，是我们的疏忽。订单 A1001 今天下午重新寄出，运费由我们承担，寄出后我会告诉您单号。",
    # asked for the second customer: the model does not answer
    ChatTimeoutError("no answer within 30 seconds"),
    # asked for the third customer: an answer with an arrival date that nobody gave it
    "感谢您的提醒，您的包裹11月28日送达，请放心。",
    "感谢您的提醒，您的包裹11月28日送达。",
]


async def answer(kit: AsyncReplyKit, customer: str) -> None:
    """Answer one customer, and print what is sent and what goes to a person."""
    print(f"\n客户：{customer}")
    print(f"  at once       {kit.acknowledge(customer).text}")
    try:
        reply = await kit.draft(customer, facts=FACTS)
    except ReplykitError as error:
        print(f"  to a person   the model failed: {error}")
        return
    for attempt in reply.attempts:
        errors = [f"{v.text}（{v.principle}）" for v in attempt.violations if v.severity == "error"]
        print(f"  {attempt.made_by:<12}  {attempt.text}")
        if errors:
            print(f"                not sent: {'，'.join(errors)}")
    if reply.status == "needs_review" or reply.escalate:
        print(f"  to a person   {reply.reason or 'the customer needs one'}")
    else:
        print(f"  sent          {reply.text}")


async def main() -> None:
    """Answer three customers."""
    async with AsyncReplyKit(chat=AsyncFakeChat(SCRIPTED)) as kit:
        await answer(kit, "订单 A1001 的耳机发错颜色了，太让人失望了！")
        await answer(kit, "请问退货的运费谁出？")
        await answer(kit, "我的包裹哪天能到？")


if __name__ == "__main__":
    asyncio.run(main())
