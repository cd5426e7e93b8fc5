"""A bot that already calls a model with the openai client: one line stands between its answer and the customer.

    pip install replykit openai
    REPLYKIT_MODEL=… OPENAI_API_KEY=… python own_model.py "我的订单 A1001 怎么还没到？"

The line is `replykit.guard(…)`. It asks no model: it takes off what wraps the answer, repairs what can be repaired, and
says where a person must look.
"""

import os
import sys

from openai import APIError, OpenAI

import replykit
from replykit import ReplyKit

WAIT = 3.0  # seconds until the customer hears something
PROMPT = "你是蓝鲸商城的客服，只根据下面的资料回答，不知道的不要编。\n资料：\n"
FACTS = ["订单 A1001 今天下午由仓库重新寄出", "退换货运费由本店承担"]


def answer(client: OpenAI, customer: str) -> replykit.Reply:
    """Answer a customer."""
    instructions = PROMPT + "\n".join(FACTS)
    completion = client.chat.completions.create(
        model=os.environ["REPLYKIT_MODEL"],
        messages=[{"role": "system", "content": instructions}, {"role": "user", "content": customer}],
    )
    text = completion.choices[0].message.content or ""
    return replykit.guard(text, customer=customer, facts=FACTS, instructions=instructions)


def main(customer: str) -> None:
    """Answer one customer, and print what is sent and what goes to a person."""
    try:
        reply = answer(OpenAI(timeout=WAIT, max_retries=0), customer)
    except APIError as error:
        print("sent       ", ReplyKit().acknowledge(customer).text)  # a ready line: the customer is not left waiting
        print("to a person", f"the model failed: {error}")
        return
    if reply.status == "needs_review":
        print("sent       ", ReplyKit().acknowledge(customer).text)
        print("to a person", reply.reason, reply.text)
    else:
        print("sent       ", reply.text)
        if reply.escalate:
            print("to a person", "the customer needs one")


if __name__ == "__main__":
    main(sys.argv[1])
