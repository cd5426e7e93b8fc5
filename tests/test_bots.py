"""The examples of bots, over real HTTP: the bot is served, and the model and Chatwoot are servers on loopback."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import importlib.util
import json
import os
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx2
import pytest
import server as model
import uvicorn
from server import KEY, Server
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser

import replykit

BOTS = Path(__file__).parent.parent / "examples" / "bots"
SECRET = "the bot's secret"
CUSTOMER = "订单 A1001 的耳机发错颜色了，太让人失望了！"
FACTS = ["订单 A1001 今天下午由仓库重新寄出"]
GOOD = "非常抱歉给您添了麻烦，是我们的疏忽。订单 A1001 今天下午重新寄出，有进展我马上告诉您。"
BAD = "呵呵，大哥，保证明天就到。"
INVENTED = "非常抱歉让您失望了。给您重新寄出，11月28日送达，有进展我马上告诉您。"


class Chatwoot:
    """The part of Chatwoot's API that an agent bot uses.

    Attributes:
        said: what was posted: the path behind the conversation, and the fields.
        tokens: what came as `api_access_token`.
    """

    def __init__(self) -> None:
        self.said: list[tuple[str, dict[str, Any]]] = []
        self.tokens: set[str] = set()
        chatwoot = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                chatwoot.tokens.add(self.headers["api_access_token"])
                chatwoot.said.append((self.path.removeprefix("/api/v1/accounts/7/conversations/42/"), body))
                self.send_response(200)
                self.send_header("content-length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    def wait_for(self, *kinds: str) -> list[dict[str, Any]]:
        """Return what was posted once that is what these say, each a path; `note` for a private message."""
        until = time.monotonic() + 30
        while len(self.said) < len(kinds) and time.monotonic() < until:
            time.sleep(0.01)
        assert tuple("note" if fields.get("private") else where for where, fields in self.said) == kinds, self.said
        return [fields for _, fields in self.said]

    def __enter__(self) -> Chatwoot:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _module(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"bot_{name}_{uuid.uuid4().hex}", BOTS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where the annotations of its models are looked up
    spec.loader.exec_module(module)
    return module


@contextlib.contextmanager
def _served(module: ModuleType) -> Iterator[httpx2.Client]:
    """Serve a bot, and yield a client of it."""
    served = uvicorn.Server(uvicorn.Config(module.app, log_level="warning", lifespan="on"))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=served.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            while not served.started:
                assert thread.is_alive()
                time.sleep(0.01)
            with httpx2.Client(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=30) as client:
                yield client
        finally:
            served.should_exit = True
            thread.join()


@pytest.fixture
def chat(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A model's server, and the settings that lead to it."""
    with Server() as served:
        monkeypatch.setenv("REPLYKIT_MODEL", "test")
        monkeypatch.setenv("OPENAI_BASE_URL", served.url)
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        yield served


@pytest.fixture
def chatwoot(monkeypatch: pytest.MonkeyPatch) -> Iterator[Chatwoot]:
    """Chatwoot's API, and the settings that lead to it."""
    with Chatwoot() as served:
        monkeypatch.setenv("CHATWOOT_URL", served.url)
        monkeypatch.setenv("CHATWOOT_TOKEN", "bot-token")
        monkeypatch.setenv("CHATWOOT_SECRET", SECRET)
        yield served


def _event(**changes: Any) -> dict[str, Any]:
    """An event as Chatwoot sends it, as far as a bot reads it."""
    conversation = {"id": 42, "status": "pending", "custom_attributes": {"物流": FACTS[0]}}
    return {
        "event": "message_created",
        "id": 501,
        "content": CUSTOMER,
        "message_type": "incoming",
        "account": {"id": 7, "name": "蓝鲸商城"},
        "conversation": conversation | changes.pop("conversation", {}),
        **changes,
    }


def _post(client: httpx2.Client, body: bytes, *, secret: str = SECRET, age: float = 0) -> httpx2.Response:
    sent_at = str(int(time.time() - age))
    signature = hmac.new(secret.encode(), f"{sent_at}.".encode() + body, hashlib.sha256).hexdigest()
    headers = {"X-Chatwoot-Timestamp": sent_at, "X-Chatwoot-Signature": f"sha256={signature}"}
    return client.post("/chatwoot", content=body, headers=headers)


def _send(client: httpx2.Client, event: dict[str, Any], **options: Any) -> httpx2.Response:
    return _post(client, json.dumps(event, ensure_ascii=False).encode(), **options)


def test_a_page_each() -> None:
    """No example of a bot is longer than 80 lines, and each says in its first ones how to run it."""
    for path in BOTS.glob("*.py"):
        lines = path.read_text("utf-8").splitlines()
        assert len(lines) <= 80, path.name
        assert "pip install replykit" in "\n".join(lines[:6]), path.name


class TestChatwoot:
    """A webhook of an agent bot."""

    def test_a_proven_reply_is_sent(self, chat: Server, chatwoot: Chatwoot) -> None:
        """A reply without errors is the only message, and the bot keeps the conversation; it may state an attribute."""
        chat.script(model.answer(BAD), model.answer(GOOD))
        with _served(_module("chatwoot")) as bot:
            assert _send(bot, _event()).json() == {"taken": True}
            (message,) = chatwoot.wait_for("messages")
        assert message == {"content": GOOD, "message_type": "outgoing", "private": False}
        assert chatwoot.tokens == {"bot-token"}

    def test_what_needs_review_is_a_note(self, chat: Server, chatwoot: Chatwoot) -> None:
        """The customer hears a ready line, a person reads the reply with its fault, and takes over."""
        chat.script(model.answer(INVENTED), model.answer(INVENTED))
        with _served(_module("chatwoot")) as bot:
            _send(bot, _event())
            line, note, status = chatwoot.wait_for("messages", "note", "toggle_status")
        assert replykit.check(line["content"], customer=CUSTOMER).ok
        assert "grounded-facts" in note["content"]
        assert "11月28日" in note["content"]
        assert status == {"status": "open"}

    def test_three_seconds(self, chat: Server, chatwoot: Chatwoot) -> None:
        """A model that takes longer than the wait is followed by its reply; the customer has heard a line by then."""
        answered = threading.Event()

        def late(handler: model.Handler) -> None:
            assert answered.wait(20)
            model.answer(GOOD)(handler)

        chat.script(late)
        bot_module = _module("chatwoot")
        assert bot_module.WAIT == 3.0
        bot_module.WAIT = 0.2
        with _served(bot_module) as bot:
            _send(bot, _event())
            (first,) = chatwoot.wait_for("messages")
            answered.set()
            _, whole = chatwoot.wait_for("messages", "messages")
        assert replykit.check(first["content"], customer=CUSTOMER).ok
        assert first["content"] != whole["content"] == GOOD

    def test_a_model_that_fails(self, chat: Server, chatwoot: Chatwoot) -> None:
        """The customer hears a line, the note says what failed and holds no key, and a person takes over."""
        chat.always(model.status(401, "bad key", "invalid_api_key"))
        with _served(_module("chatwoot")) as bot:
            _send(bot, _event())
            line, note, status = chatwoot.wait_for("messages", "note", "toggle_status")
        assert replykit.check(line["content"], customer=CUSTOMER).ok
        assert note["content"].startswith("The model failed")
        assert KEY not in note["content"]
        assert status == {"status": "open"}

    def test_a_customer_who_needs_a_person(self, chat: Server, chatwoot: Chatwoot) -> None:
        """A proven reply is sent even so, and the conversation is handed over."""
        chat.always(model.answer("非常抱歉让您这样失望，我马上请专人与您联系，跟进到底。"))
        with _served(_module("chatwoot")) as bot:
            _send(bot, _event(content="你们再不处理我就去法院起诉你们，律师已经找好了！"))
            posted = chatwoot.wait_for("messages", "toggle_status")
        assert posted[-1] == {"status": "open"}

    @pytest.mark.parametrize(
        "event",
        [
            _event(message_type="outgoing"),  # its own words come back as an event
            _event(event="message_updated"),
            _event(event="conversation_status_changed"),
            _event(conversation={"status": "open"}),  # with a person already
            _event(content=None),  # a picture
        ],
        ids=["its own", "updated", "status", "open", "no text"],
    )
    def test_what_is_not_for_it(self, chat: Server, chatwoot: Chatwoot, event: dict[str, Any]) -> None:
        """Nothing is asked or said for what no customer of the bot's wrote."""
        with _served(_module("chatwoot")) as bot:
            assert _send(bot, event).json() == {"taken": False}
        assert not chat.requests
        assert not chatwoot.said

    def test_an_event_that_comes_again(self, chat: Server, chatwoot: Chatwoot) -> None:
        """A message is answered once, however often its event is delivered; the next one is answered too."""
        chat.always(model.answer(GOOD))
        with _served(_module("chatwoot")) as bot:
            taken = [_send(bot, _event(id=number)).json()["taken"] for number in (501, 501, 502)]
            chatwoot.wait_for("messages", "messages")
        assert taken == [True, False, True]

    def test_signatures(self, chat: Server, chatwoot: Chatwoot) -> None:
        """Without the secret, with another, with none, with letters that none has, or too old: HTTP 401, unread."""
        with _served(_module("chatwoot")) as bot:
            assert _send(bot, _event(), secret="another").status_code == 401
            assert _send(bot, _event(), age=900).status_code == 401
            assert bot.post("/chatwoot", json=_event()).status_code == 401
            odd = {"X-Chatwoot-Signature": "sha256=é", "X-Chatwoot-Timestamp": "1"}
            assert (
                bot.post(
                    "/chatwoot", content=b"{}", headers=[(k.encode(), v.encode()) for k, v in odd.items()]
                ).status_code
                == 401
            )
            assert _post(bot, b"no json", secret="another").status_code == 401
        assert not chat.requests
        assert not chatwoot.said


class TestEndpoint:
    """A FastAPI endpoint."""

    def test_a_reply_in_time(self, chat: Server) -> None:
        """A proven reply is told at once, and nothing follows."""
        chat.script(model.answer(GOOD))
        with _served(_module("endpoint")) as bot:
            told = bot.post("/replies", json={"customer": CUSTOMER, "facts": FACTS}).json()
        assert told == {"text": GOOD, "person": False, "note": "", "next": None}

    def test_what_needs_review(self, chat: Server) -> None:
        """The text is a ready line, and the reply with its fault is for a person."""
        chat.always(model.answer(INVENTED))
        with _served(_module("endpoint")) as bot:
            told = bot.post("/replies", json={"customer": CUSTOMER, "facts": FACTS}).json()
        assert told["person"]
        assert "11月28日" in told["note"]
        assert "11月28日" not in told["text"]
        assert replykit.check(told["text"], customer=CUSTOMER).ok

    def test_three_seconds(self, chat: Server) -> None:
        """A model that takes longer is fetched under `next`, once; the customer has a line until then."""
        answered = threading.Event()

        def late(handler: model.Handler) -> None:
            assert answered.wait(20)
            model.answer(GOOD)(handler)

        chat.script(late)
        bot_module = _module("endpoint")
        assert bot_module.WAIT == 3.0
        bot_module.WAIT = 0.2
        with _served(bot_module) as bot:
            first = bot.post("/replies", json={"customer": CUSTOMER, "facts": FACTS}).json()
            answered.set()
            whole = bot.get(first["next"]).json()
            again = bot.get(first["next"]).status_code
        assert first["text"] != whole["text"] == GOOD
        assert replykit.check(first["text"], customer=CUSTOMER).ok
        assert again == 404

    def test_a_model_that_fails(self, chat: Server) -> None:
        """The customer has a line, and what follows hands over to a person."""
        chat.always(model.status(401, "bad key", "invalid_api_key"))
        with _served(_module("endpoint")) as bot:
            first = bot.post("/replies", json={"customer": CUSTOMER}).json()
            rest = bot.get(first["next"]).json()
        assert first["text"]
        assert rest["person"]
        assert rest["note"].startswith("the model failed")

    @pytest.mark.parametrize(
        "body",
        [b"no json", b"{}", b'{"customer": ""}', b'{"customer": 3}', b'{"customer": "  "}'],
        ids=["no JSON", "no message", "empty", "a number", "blank"],
    )
    def test_what_cannot_be_read(self, chat: Server, body: bytes) -> None:
        """Bad input is HTTP 422 that says what is wrong, and asks no model."""
        with _served(_module("endpoint")) as bot:
            refused = bot.post("/replies", content=body, headers={"content-type": "application/json"})
        assert refused.status_code == 422
        assert refused.json()["detail"]
        assert not chat.requests

    def test_a_role_that_nobody_has(self, chat: Server) -> None:
        """A history with a system message is refused in the kit's own sentence."""
        with _served(_module("endpoint")) as bot:
            refused = bot.post("/replies", json={"customer": "您好", "history": [{"role": "system", "content": "…"}]})
        assert refused.status_code == 422
        assert "system" in refused.json()["detail"]


class TestOwnModel:
    """A bot that calls a model itself."""

    def _run(self, chat: Server) -> str:
        done = subprocess.run(
            [sys.executable, str(BOTS / "own_model.py"), "我的订单 A1001 怎么还没到？"],
            capture_output=True,
            encoding="utf-8",
            env=os.environ | {"PYTHONUTF8": "1"},
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def test_a_good_answer_in_a_wrapping(self, chat: Server) -> None:
        """The answer is sent without what the model wrapped it in, and its fact may stand in it."""
        chat.script(model.answer(f"好的，以下是回复：\n\n{GOOD}"))
        assert self._run(chat).splitlines() == [f"sent        {GOOD}"]

    def test_an_answer_that_is_mended(self, chat: Server) -> None:
        """What can be repaired is, without another call."""
        chat.script(model.answer(f"呵呵，{GOOD}"))
        assert self._run(chat).splitlines() == [f"sent        {GOOD}"]
        assert len(chat.requests) == 1

    def test_an_answer_that_invents(self, chat: Server) -> None:
        """An invented date goes to a person, and the customer hears a line without it."""
        chat.script(model.answer(INVENTED))
        sent, person = self._run(chat).splitlines()
        assert "11月28日" not in sent
        assert "11月28日" in person

    def test_a_model_that_fails(self, chat: Server) -> None:
        """The customer hears a line."""
        chat.script(model.status(500))
        sent, person = self._run(chat).splitlines()
        assert replykit.check(sent.removeprefix("sent").strip()).ok
        assert person.startswith("to a person the model failed")


class TestRasa:
    """An NLG server."""

    def _ask(self, bot: httpx2.Client, **changes: Any) -> dict[str, Any]:
        """What Rasa posts for a response, as its protocol describes it, and what it may make of the answer."""
        tracker = {
            "sender_id": "user_0",
            "slots": {"order": "A1001", "date": "11月25日", "requested_slot": None},
            "latest_message": {"text": CUSTOMER, "intent": {"name": "late"}, "entities": []},
            "events": [
                {"event": "action", "name": "action_session_start"},
                {"event": "user", "text": CUSTOMER},
                {"event": "bot", "text": "您好，请稍等。"},
            ],
        }
        body = {"response": "utter_parcel_late", "arguments": {}, "tracker": tracker, "channel": {"name": "rest"}}
        answered = bot.post("/nlg", json=body | changes)
        assert answered.status_code == 200, answered.text
        told: dict[str, Any] = answered.json()
        assert isinstance(told["text"], str)
        assert isinstance(told["buttons"], list)
        return told

    def test_a_response_in_other_words(self, chat: Server) -> None:
        """A response whose own words break a rule is worded anew, with the slots in it."""
        text = "非常抱歉让您久候。您的订单 A1001 预计 11月25日 送达，有进展我马上告诉您。"
        chat.script(model.answer(text))
        with _served(_module("rasa_nlg")) as bot:
            told = self._ask(bot)
        assert told["text"] == text
        assert not told["custom"]["needs_person"]
        assert "A1001" in json.dumps(chat.requests[0], ensure_ascii=False)

    def test_a_model_that_fails(self, chat: Server) -> None:
        """The response is mended without a model: no blame leaves, and the slots stay."""
        chat.always(model.status(500))
        with _served(_module("rasa_nlg")) as bot:
            told = self._ask(bot)
        assert replykit.check(told["text"]).ok
        assert "是物流的问题" not in told["text"]
        assert "A1001" in told["text"] or told["custom"]["needs_person"]

    def test_what_the_model_makes_of_it(self, chat: Server) -> None:
        """A reply that states what no slot does is not told to the customer, and a person is needed."""
        chat.always(model.answer("非常抱歉让您久候。您的订单 A1001 预计 12月1日 送达，赔偿您200元。"))
        with _served(_module("rasa_nlg")) as bot:
            told = self._ask(bot)
        assert "200" not in told["text"]
        assert told["custom"]["needs_person"] or "11月25日" in told["text"]

    def test_a_slot_that_looks_like_a_format(self, chat: Server) -> None:
        """What a customer put into a slot is text, whatever braces it has."""
        chat.always(model.status(500))
        slots = {"order": "{date.__class__}", "date": "11月25日"}
        tracker = {"slots": slots, "latest_message": {"text": "到哪了"}, "events": []}
        with _served(_module("rasa_nlg")) as bot:
            told = self._ask(bot, tracker=tracker)
        assert "<class" not in told["text"] + json.dumps(chat.requests)

    def test_an_unknown_response(self, chat: Server) -> None:
        """A response that the domain does not have is HTTP 404, on which Rasa falls back to the domain's own words."""
        with _served(_module("rasa_nlg")) as bot:
            assert bot.post("/nlg", json={"response": "utter_nothing"}).status_code == 404
        assert not chat.requests


def test_the_page_runs() -> None:
    """What docs/bots.md shows of `guard` holds, and it links to every example."""
    page = BOTS.parent.parent / "docs" / "bots.md"
    examples = list(Sybil([PythonCodeBlockParser()]).parse(page).examples())
    assert len(examples) == 2
    for example in examples:
        example.evaluate()
    assert all(f"](../examples/bots/{path.name})" in page.read_text("utf-8") for path in BOTS.glob("*.py"))
