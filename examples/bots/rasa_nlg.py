"""An NLG server for Rasa: the responses of a domain, worded for this customer, or mended without a model.

    pip install replykit fastapi uvicorn
    REPLYKIT_MODEL=… OPENAI_API_KEY=… uvicorn rasa_nlg:app --port 5056

In Rasa's endpoints.yml:  nlg: {url: http://localhost:5056/nlg}. RESPONSES stands for the `responses` of your domain.
What a reply may state are the words of its response, the slots, and the arguments of the action.
"""

import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

from replykit import AsyncReplyKit, ReplyKit, ReplykitError

RESPONSES = {
    "utter_parcel_late": "订单 {order} 还没到，是物流的问题，预计 {date} 送达。",
    "utter_ask_order": "请问您的订单号是多少？",
}


class Asked(BaseModel):
    response: str
    arguments: dict[str, Any] = {}
    tracker: dict[str, Any] = {}
    channel: dict[str, Any] = {}


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.ready = ReplyKit()  # without a model
    # One call of at most three seconds: a conversation waits for the answer.
    async with AsyncReplyKit(model=os.environ["REPLYKIT_MODEL"], timeout=3.0, max_retries=0, max_repairs=0) as kit:
        app.state.kit = kit
        yield


app = FastAPI(lifespan=lifespan)


def turns(tracker: dict[str, Any]) -> list[dict[str, str]]:
    roles = {"user": "user", "bot": "assistant"}
    events = [one for one in tracker.get("events", []) if one.get("event") in roles and one.get("text")]
    return [{"role": roles[one["event"]], "content": one["text"]} for one in events]


@app.post("/nlg")
async def generate(asked: Asked) -> dict[str, Any]:
    if asked.response not in RESPONSES:
        raise HTTPException(404, f"there is no response {asked.response!r}")
    known = {k: v for k, v in (asked.tracker.get("slots", {}) | asked.arguments).items() if isinstance(v, str | int)}
    # A slot is the customer's text: it is put in, and never read as a format.
    draft = re.sub(r"\{(\w+)\}", lambda slot: str(known.get(slot[1], slot[0])), RESPONSES[asked.response])
    said = (asked.tracker.get("latest_message") or {}).get("text") or None
    options = {"customer": said, "history": turns(asked.tracker), "facts": [f"{k}: {v}" for k, v in known.items()]}
    try:
        reply = await app.state.kit.rewrite(draft, **options)
    except ReplykitError:
        reply = app.state.ready.rewrite(draft, **options)
    needs_person = reply.status == "needs_review" or reply.escalate
    text = app.state.ready.acknowledge(said).text if reply.status == "needs_review" else reply.text
    # A bot that is handed over: a rule or a form of the assistant acts on `needs_person`.
    return {"text": text, "buttons": [], "custom": {"needs_person": needs_person, "note": reply.reason}}
