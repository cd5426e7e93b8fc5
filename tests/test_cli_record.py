"""`replykit record`: a conversation in, what an agent reads, JSON or a row of a sheet out."""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import server as fault
from server import KEY, Server

from replykit import ComplaintRecord
from replykit.cli import main

LINES = """\
[2026-11-08 10:00] 客户：您好，我昨天收到的杯子碎了两个，
太让人失望了！订单 A1001
客服小李(10:01:00)：王女士您好，非常抱歉，请问需要补发还是退款？
客户：我要补发。电话13800001111
客服（小陈）：好的，我们会在24小时内给您补发。
"""


class Ran(NamedTuple):
    """One run of `replykit record`."""

    code: int
    out: str
    err: str


@pytest.fixture
def record(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Run the command in this process, in an empty folder, with a text as standard input."""
    for name in [name for name in os.environ if name.startswith("REPLYKIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str, stdin: str = "") -> Ran:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        code = main(["record", *arguments])
        said = capsys.readouterr()
        return Ran(code, said.out, said.err)

    return call


def test_an_agent_reads_headings_words_and_turns(record: Any) -> None:
    """Each entry is a line: heading, words, and the turn counted from 1; a promise says by whom and by when."""
    ran = record(stdin=LINES)
    assert ran.code == 0
    assert ran.out.splitlines() == [
        "客户姓名：王女士  [turn 2, agent]",
        "联系方式：13800001111  [turn 3, customer]",
        "订单号：A1001  [turn 1, customer]",
        "商品：杯子  [turn 1, customer]",
        "投诉类别：商品质量（碎了）  [turn 1, customer]",
        "事情经过：我昨天收到的杯子碎了两个  [turn 1, customer]",
        "发生时间：昨天  [turn 1, customer]",
        "客户诉求：我要补发  [turn 3, customer]",
        "客户情绪：不满或着急（太让人失望了）  [turn 1, customer]",
        "客服承诺：我们会在24小时内给您补发  [turn 4, agent, by 小陈, due 24小时]",
        "客户转述的承诺：—",
        "尚缺信息：—",
    ]
    assert ran.err.startswith("offline: no chat model is set (--model or REPLYKIT_MODEL), so the record is what")


def test_json_is_the_whole_record(record: Any, tmp_path: Path) -> None:
    """`--json` prints one line that is the record, times and names of turns included."""
    (tmp_path / "call.json").write_text(
        json.dumps(
            {
                "messages": [
                    {"role": "user", "content": "杯子碎了"},
                    {"role": "assistant", "content": "我马上为您补发。", "name": "小李", "time": "2026-11-08T10:00:00"},
                ]
            },
            ensure_ascii=False,
        ),
        "utf-8",
    )
    ran = record("call.json", "--json", "--offline")
    made = ComplaintRecord.model_validate_json(ran.out)
    assert (ran.code, ran.out.count("\n"), made.promised[0].by) == (0, 1, "小李")
    assert made.promised[0].at is not None
    assert made.promised[0].at.hour == 10


def test_csv_is_headings_and_one_row_without_formulas(record: Any) -> None:
    """`--csv` prints two rows that read back; what would be a formula is text."""
    ran = record("-", "--csv", "--offline", stdin="客户：杯子碎了，\n=cmd|'/c calc'!A1坏了\n客服：您好。")
    rows = list(csv.DictReader(io.StringIO(ran.out)))
    assert len(rows) == 1
    assert rows[0]["商品"] == "杯子"
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in rows[0].values())


def test_traditional_lines_get_traditional_headings(record: Any) -> None:
    """The customer's script decides the headings and the labels; `--language` overrules it."""
    lines = "客戶：你們客服態度太差了\n客服：很抱歉。"
    assert "投訴類別：服務態度（態度）" in record("--offline", stdin=lines).out
    assert "投诉类别：服务态度（態度）" in record("--offline", "--language", "zh-Hans", stdin=lines).out


@pytest.mark.parametrize(
    ("stdin", "message"),
    [
        ("杯子碎了", "standard input, line 1: '杯子碎了' names nobody; begin it with 客户： or 客服：, or give JSON"),
        ("\n\n你好：在吗", "standard input, line 3: '你好：在吗' names nobody"),
        ("[1]", "standard input: history[0] must be a Turn or a mapping, not int"),
        ("[", "standard input is not valid JSON"),
        ("[" * 100_000, "standard input is JSON nested too deep"),
        ('{"turns": []}', "standard input must hold a list of turns"),
        ("[]", "standard input holds no turns"),
        ('[{"role": "user", "content": "x", "time": "昨天"}]', "history[0] has the time '昨天'"),
        ('[{"role": "system", "content": "x"}]', "history[0] is a system message"),
        ("  \n", "is blank"),
        ("", "is empty"),
    ],
)
def test_what_is_no_conversation_is_one_sentence(record: Any, stdin: str, message: str) -> None:
    """Wrong input ends with code 2, nothing on standard output, and one line that says what to do."""
    ran = record("-", stdin=stdin)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err
    assert ran.err.startswith("replykit: ")
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nope.json",), "there is no file 'nope.json'"),
        (("-", "--json", "--csv"), "give either --json or --csv, not both"),
        (("-", "--playbook", "nope"), "no playbook 'nope'"),
    ],
)
def test_wrong_arguments_are_one_sentence(record: Any, arguments: tuple[str, ...], message: str) -> None:
    """A missing file, two forms and a missing playbook end with code 2."""
    ran = record(*arguments, stdin=LINES)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err


def test_control_characters_steer_nothing(record: Any) -> None:
    """What a customer wrote is shown without its escape sequences."""
    ran = record("--offline", stdin="客户：我买的杯子碎了\x1b[31m，订单 A1001\x07")
    assert "\x1b" not in ran.out
    assert "\x07" not in ran.out


def test_the_prompt_of_a_record_can_be_read(capsys: pytest.CaptureFixture[str], record: Any, tmp_path: Path) -> None:
    """`replykit prompt record FILE` prints the messages that the model would get."""
    (tmp_path / "call.txt").write_text(LINES, "utf-8")
    assert main(["prompt", "record", "call.txt"]) == 0
    shown = capsys.readouterr().out
    assert "<agent_said>\n王女士您好，非常抱歉，请问需要补发还是退款？\n</agent_said>" in shown
    assert "只输出一个 JSON 对象" in shown


def test_what_a_model_invents_is_told(record: Any, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """An invention is on standard error with its reason, and in no line of the record."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    server.always(
        fault.answer('{"order": [{"turn": 0, "quote": "B2002"}], "promised": [{"turn": 0, "quote": "碎了"}]}')
    )
    ran = record("-", "--model", "test", "--base-url", server.url, stdin=LINES)
    assert ran.code == 0
    assert "B2002" not in ran.out
    assert ran.err.splitlines() == [
        "left out: order: B2002: it does not stand in the conversation",
        "left out: promised: 碎了: only the customer said so",
    ]


def test_a_model_that_gives_no_answer_leaves_the_readers_record(
    record: Any, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The record is printed, the reason is on standard error, and the code is 3; the key is nowhere."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    server.always(fault.status(401, f"wrong key {KEY}"))
    ran = record("-", "--model", "test", "--base-url", server.url, stdin=LINES)
    assert ran.code == 3
    assert "订单号：A1001" in ran.out
    assert "without the model: the model gave no answer: ChatAuthError" in ran.err
    assert KEY not in ran.out + ran.err
