"""A Chatwoot agent bot: answers within three seconds, sends what keeps the rules, leaves a person the rest as a note.

    pip install replykit fastapi uvicorn
    CHATWOOT_URL=… CHATWOOT_TOKEN=… CHATWOOT_SECRET=… REPLYKIT_MODEL=… OPENAI_API_KEY=… uvicorn chatwoot:app

CHATWOOT_SECRET signs the bot's webhook. What the bot may state are the custom attributes of a conversation.
"""

import hashlib
import hmac
import json
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from fastapi import BackgroundTasks, FastAPI, HTTPException, Request

from replykit import AsyncReplyKit, ReplykitError

WAIT, OLDEST = 3.0, 300.0  # seconds until the customer hears something; seconds that a signed event may be old
seen: dict[str, None] = {}  # messages that were taken, the latest thousand


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    headers = {"api_access_token": os.environ["CHATWOOT_TOKEN"]}
    async with (
        AsyncReplyKit(model=os.environ["REPLYKIT_MODEL"], language="auto") as app.state.kit,
        httpx2.AsyncClient(base_url=os.environ["CHATWOOT_URL"], headers=headers) as app.state.chatwoot,
    ):
        yield


app = FastAPI(lifespan=lifespan)


@app.post("/chatwoot")
async def webhook(request: Request, after: BackgroundTasks) -> dict[str, bool]:
    body, sent_at = await request.body(), request.headers.get("X-Chatwoot-Timestamp", "")
    signed = hmac.new(os.environ["CHATWOOT_SECRET"].encode(), sent_at.encode() + b"." + body, hashlib.sha256)
    claimed = request.headers.get("X-Chatwoot-Signature", "").removeprefix("sha256=")
    if not hmac.compare_digest(claimed.encode(), signed.hexdigest().encode()) or time.time() - float(sent_at) > OLDEST:
        raise HTTPException(401, "not signed with the secret of this bot, or too long ago")
    event = json.loads(body)
    asks = event["event"] == "message_created" and event["message_type"] == "incoming" and event["content"]
    # A conversation that is "pending" is the bot's; in one that is "open" a person answers.
    if taken := bool(asks and event["conversation"]["status"] == "pending" and str(event["id"]) not in seen):
        seen[str(event["id"])] = None
        seen.pop(next(iter(seen)) if len(seen) > 1000 else "", None)
        after.add_task(answer, event)  # Chatwoot waits five seconds for its answer at most
    return {"taken": taken}


async def answer(event: dict[str, Any]) -> None:
    kit, conversation, said = app.state.kit, event["conversation"], event["content"]
    facts = [f"{name}：{value}" for name, value in conversation.get("custom_attributes", {}).items()]

    async def post(where: str, **fields: object) -> None:
        path = f"/api/v1/accounts/{event['account']['id']}/conversations/{conversation['id']}/{where}"
        (await app.state.chatwoot.post(path, json=fields)).raise_for_status()

    first = reply = await kit.draft(said, facts=facts, deadline=WAIT)  # a model that fails is told by what comes later
    note = ""
    if first.later:
        await post("messages", content=first.text, message_type="outgoing")
        try:
            reply = await first.later
        except ReplykitError as error:
            note = f"The model failed: {error}"
    if reply.status == "needs_review" and not note:
        note = f"Not sent, {reply.reason}:\n\n{reply.text}"
        if not first.later:
            await post("messages", content=kit.acknowledge(said).text, message_type="outgoing")
    await post("messages", content=note or reply.text, message_type="outgoing", private=bool(note))
    if note or reply.escalate:
        await post("toggle_status", status="open")
