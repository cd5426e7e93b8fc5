"""A FastAPI endpoint in front of a model: an answer within three seconds, the whole reply as soon as it is there.

    pip install replykit fastapi uvicorn
    REPLYKIT_MODEL=… OPENAI_API_KEY=… uvicorn endpoint:app

POST /replies answers with what the customer is told now; GET what stands under `next` for what follows. `person` says
that a person must take over: `text` is then for the customer to hear meanwhile, and `note` for the person to read.
"""

import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from replykit import AsyncReplyKit, Reply, ReplykitError, UsageError
from replykit.later import Later

WAIT, KEPT = 3.0, 1000  # seconds until there is an answer; replies that may still be fetched
later: dict[str, tuple[str, Later]] = {}


class Message(BaseModel):
    customer: Annotated[str, Field(min_length=1, max_length=10_000)]
    history: list[dict[str, str]] = []
    facts: list[str] = []


class Told(BaseModel):
    text: str = ""
    person: bool = False
    note: str = ""
    next: str | None = None


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with AsyncReplyKit(model=os.environ["REPLYKIT_MODEL"], language="auto") as app.state.kit:
        yield


app = FastAPI(lifespan=lifespan)


@app.exception_handler(UsageError)
async def refused(_: Request, error: UsageError) -> JSONResponse:
    return JSONResponse({"detail": str(error)}, 422)


def told(reply: Reply, customer: str) -> Told:
    if reply.status == "needs_review":
        return Told(text=app.state.kit.acknowledge(customer).text, person=True, note=f"{reply.reason}: {reply.text}")
    return Told(text=reply.text, person=reply.escalate)


@app.post("/replies")
async def answer(message: Message) -> Told:
    said = message.customer
    reply = await app.state.kit.draft(said, history=message.history, facts=message.facts, deadline=WAIT)
    if not reply.later:
        return told(reply, said)
    later[name := uuid.uuid4().hex] = said, reply.later
    if len(later) > KEPT:
        later.pop(next(iter(later)))[1].cancel()
    return Told(text=reply.text, person=reply.escalate, next=f"/replies/{name}")


@app.get("/replies/{name}")
async def rest(name: str) -> Told:
    if name not in later:
        raise HTTPException(404, "there is no such reply, or it was fetched already")
    said, made = later.pop(name)
    try:
        return told(await made, said)
    except ReplykitError as error:
        return Told(person=True, note=f"the model failed: {error}")
