"""docs/operating.md: its examples run, and its fields and attributes are those that are told."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import server as fault
from server import Server
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser

import replykit
from replykit import ReplyKit

PAGE = Path(__file__).parent.parent / "docs" / "operating.md"
TEXT = PAGE.read_text("utf-8")
STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


@pytest.fixture
def names() -> Iterator[dict[str, Any]]:
    """What the examples define, run in order; the handler that they add goes afterwards."""
    document = Sybil([PythonCodeBlockParser()]).parse(PAGE)
    for example in document.examples():
        example.evaluate()
    yield document.namespace
    logger = logging.getLogger("replykit")
    logger.removeHandler(document.namespace["handler"])
    logger.setLevel(logging.NOTSET)


def test_examples_run(names: dict[str, Any], server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    """Every example does what it says, and the formatter writes each record as a JSON object."""
    names["handler"].setStream(sys.stderr)  # as captured here
    server.script(fault.answer("呵呵，您自己看着办。"), fault.status(401))
    with ReplyKit(model="test", base_url=server.url) as kit:
        reply = kit.draft("我的订单到哪了？")
    last = json.loads(capsys.readouterr().err.splitlines()[-1])
    assert (last["event"], last["reply_id"], last["calls"]) == ("reply", reply.id, 1)


def test_fields_are_those_of_the_log(server: Server, names: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    """Each field that a record carries is on the page, in the row of its event and in the list of the formatter."""
    caplog.set_level(logging.DEBUG, logger="replykit")
    ok = fault.streamed(*fault.whole("您好，", "我来为您核实。"))
    server.script(
        fault.status(503, retry_after="0.01"), fault.answer("您好，我来为您核实。"), fault.status(401), ok, ok
    )
    with ReplyKit(model="test", base_url=server.url) as kit:
        kit.draft("我的订单到哪了？")
        with pytest.raises(replykit.ChatAuthError):
            kit.draft("我的订单到哪了？")
        with kit.draft_stream("我的订单到哪了？") as stream:
            next(stream)
        kit.record([{"role": "user", "content": "耳机坏了，请换货。"}])
    rows = dict(re.findall(r"^\| `(\w+)` \|.*\| (.*) \|$", TEXT, re.MULTILINE))
    seen = {vars(record)["event"] for record in caplog.records if record.name == "replykit"}
    assert seen <= set(rows)
    assert set(rows) - seen <= {"form"}
    for record in caplog.records:
        if record.name == "replykit":
            fields = set(vars(record)) - STANDARD
            assert fields <= set(names["FIELDS"]), record.event  # type: ignore[attr-defined]  # a field of ours
            for field in set(re.findall(r"`(\w+)`", rows[vars(record)["event"]])) - {"status"}:
                assert field in fields, (vars(record)["event"], field)


def test_attributes_are_those_of_the_spans() -> None:
    """Each attribute of the conventions that the code sets is on the page, and no other."""
    code = Path(replykit.__file__).with_name("spans.py").read_text("utf-8")
    known = r"(?:gen_ai\.[a-z_.]+|server\.(?:address|port)|error\.type)"
    assert set(re.findall(rf"`({known})`", TEXT)) == set(re.findall(rf'"({known})"', code))
