"""The command as its users meet it: texts in, one clear line for every mistake, an exit code that scripts can trust."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import server as fault
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from server import KEY, Server
from typer.main import get_command
from typer.testing import CliRunner

import replykit
from replykit.cli import main
from replykit.cli.app import app
from replykit.cli.decoding import readable
from replykit.cli.display import show_marked
from replykit.records import Severity, Violation

DRAFT = "呵呵，大哥，这个没办法的，是仓库发错了。"
CUSTOMER = "我买的耳机怎么发错颜色了？太让人失望了！"
TRADITIONAL_DRAFT = "呵呵，大哥，這個沒辦法的，是倉庫發錯了。"
TRADITIONAL_CUSTOMER = "我買的耳機怎麼發錯顏色了？太讓人失望了！"
FOUND = ("professional-register", "professional-register", "no-brush-off", "no-blame")


@dataclass(frozen=True)
class Ran:
    """One run of the command."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """What it said on standard error."""
        return self.err.splitlines()


def run(*arguments: str | bytes, stdin: bytes = b"", cwd: Path | None = None, **env: str | None) -> Ran:
    """Run `python -m replykit` in a process of its own; a variable that is None is unset."""
    settings = {k: v for k, v in os.environ.items() if not k.startswith(("REPLYKIT_", "OPENAI_"))}
    settings = {k: v for k, v in {**settings, **env}.items() if v is not None}
    done = subprocess.run(
        [sys.executable, "-m", "replykit", *arguments],
        input=stdin,
        capture_output=True,
        env=settings,
        cwd=cwd,
        timeout=60,
    )
    return Ran(done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8"))


@pytest.fixture
def here(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run the command in this process, which is quicker."""
    for name in [name for name in os.environ if name.startswith("REPLYKIT_")]:
        monkeypatch.delenv(name)

    def call(*arguments: str) -> Ran:
        code = main(arguments)
        said = capsys.readouterr()
        return Ran(code, said.out, said.err)

    return call


# --- rewrite and draft -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("draft", "customer"),
    [(DRAFT, CUSTOMER), (TRADITIONAL_DRAFT, TRADITIONAL_CUSTOMER)],
    ids=["simplified", "traditional"],
)
def test_offline_rewrite(draft: str, customer: str) -> None:
    """Offline, a draft with four errors becomes one line without any, alone on standard output."""
    ran = run("rewrite", draft, "--customer", customer, "--offline")
    assert ran.code == 0, ran
    reply = ran.out.removesuffix("\n")
    assert reply
    assert "\n" not in reply
    assert replykit.check(reply, customer=customer, draft=draft).ok
    assert ran.lines[0].startswith("offline: ")
    assert ran.lines[1].startswith("repaired: 4 errors in the draft, none left")


def test_without_a_model_it_says_so(here: Any) -> None:
    """Where no model is set, one line on standard error says how to set one."""
    ran = here("rewrite", DRAFT)
    assert ran.code == 0
    assert "REPLYKIT_MODEL" in ran.lines[0]
    assert "phrasebook" in ran.lines[0]


def test_offline_draft(here: Any) -> None:
    """Offline, a drafted reply is a holding reply that may be sent."""
    ran = here("draft", CUSTOMER, "--offline")
    assert ran.code == 0
    assert replykit.check(ran.out.strip(), customer=CUSTOMER).ok


def test_json_is_the_whole_record(here: Any) -> None:
    """`--json` prints the reply as a record, and nothing but it."""
    ran = here("rewrite", DRAFT, "--customer", CUSTOMER, "--offline", "--json")
    reply = replykit.Reply.model_validate_json(ran.out)
    assert reply.status == "repaired"
    assert reply.original == DRAFT


def test_standard_input() -> None:
    """A draft comes from standard input where it is `-` or left out; the line end at its end is not part of it."""
    by_name = run("rewrite", "-", "--offline", "--json", stdin=(DRAFT + "\r\n").encode())
    left_out = run("rewrite", "--offline", "--json", stdin=DRAFT.encode())
    assert json.loads(by_name.out)["original"] == json.loads(left_out.out)["original"] == DRAFT


def test_a_model_is_asked(server: Server) -> None:
    """With a model set in the environment it is asked, and told of the customer, the facts and the turns."""
    server.script(fault.answer("非常抱歉给您添了麻烦，耳机明天补发，我会继续跟进。"))
    ran = run(
        *("rewrite", "耳机明天补发。", "--customer", CUSTOMER, "--fact", "耳机明天补发", "--history", "客户：在吗"),
        *("--history", "agent: 您好，我在的。", "--stage", "propose"),
        REPLYKIT_MODEL="test",
        REPLYKIT_BASE_URL=server.url,
        OPENAI_API_KEY=KEY,
    )
    assert (ran.code, ran.out) == (0, "非常抱歉给您添了麻烦，耳机明天补发，我会继续跟进。\n"), ran
    told = server.requests[0]["messages"][1]["content"]
    assert all(words in told for words in (CUSTOMER, "耳机明天补发", "在吗", "您好，我在的。"))


def test_offline_beats_the_settings(server: Server) -> None:
    """`--offline` asks no model, whatever is set."""
    ran = run("rewrite", DRAFT, "--offline", REPLYKIT_MODEL="test", OPENAI_BASE_URL=server.url, OPENAI_API_KEY=KEY)
    assert ran.code == 0
    assert server.requests == []


def test_arguments_beat_the_environment(server: Server) -> None:
    """An argument counts more than REPLYKIT_…, and that more than OPENAI_…."""
    server.script(fault.answer("您好，我来为您核实。"))
    ran = run(
        *("draft", "你好", "--model", "from-argument"),
        REPLYKIT_MODEL="from-environment",
        REPLYKIT_BASE_URL=server.url,
        OPENAI_BASE_URL="http://127.0.0.1:9/v1",
        OPENAI_API_KEY=KEY,
    )
    assert ran.code == 0, ran
    assert server.requests[0]["model"] == "from-argument"


def test_needs_review_is_exit_1(server: Server) -> None:
    """A reply that could not be made clean is still printed, with the reason, and the exit code is 1."""
    said = "耳机11月28日送达，请您放心。"
    server.script(fault.answer(said), fault.answer(said))
    ran = run("draft", CUSTOMER, "--model", "test", "--base-url", server.url, OPENAI_API_KEY=KEY)
    assert ran.code == 1
    assert ran.out.strip()
    assert any(line.startswith("needs review: ") for line in ran.lines)
    assert any("11月28日" in line and "grounded-facts" in line for line in ran.lines)


@pytest.mark.parametrize(
    ("draft", "words"),
    [
        ("呵呵，我来为您查询。", "1 error in the draft, none left"),
        ("我来为您查询。", "the draft as it stands, no errors"),
    ],
)
def test_an_answer_that_was_not_used_is_told(draft: str, words: str, server: Server) -> None:
    """Where the model gave nothing that can be used and the draft was mended without it, the command says so."""
    server.script(fault.answer("", "content_filter"))
    ran = run("rewrite", draft, "--model", "test", "--base-url", server.url, OPENAI_API_KEY=KEY)
    assert (ran.code, ran.out.strip()) == (0, "我来为您查询。")
    assert f"repaired: the model's answer ended with content_filter; {words}" in ran.lines


def test_no_answer_is_exit_3(server: Server) -> None:
    """A model that gives no answer is one line on standard error that never holds the key, and exit code 3."""
    server.script(fault.status(401, f"Incorrect API key provided: {KEY}"))
    ran = run("rewrite", DRAFT, "--model", "test", "--base-url", server.url, OPENAI_API_KEY=KEY)
    assert (ran.code, ran.out, len(ran.lines)) == (3, "", 1)
    assert KEY not in ran.err
    assert ran.err.startswith("replykit: ")


def test_an_upset_customer_goes_to_a_person(here: Any) -> None:
    """Where a human should take over, the command says so."""
    message = "再不解决我就去12315投诉你们，还要找律师起诉！"
    assert replykit.assess(message).escalate
    assert "escalate: " in here("draft", message, "--offline").err


# --- check -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("draft", "words"),
    [
        (DRAFT, ("呵呵", "大哥", "没办法", "仓库")),
        (TRADITIONAL_DRAFT, ("呵呵", "大哥", "沒辦法", "倉庫")),
    ],
    ids=["simplified", "traditional"],
)
def test_check_names_each_error(draft: str, words: tuple[str, ...], here: Any) -> None:
    """Each error is one line with its principle, the words, the reason and an alternative; the exit code is 1."""
    ran = here("check", draft)
    assert ran.code == 1
    shown, marks, *findings = ran.out.splitlines()
    assert shown == draft
    assert marks == "^^^^  ^^^^      ^^^^^^    ^^^^^^^^^^^^"
    for finding, principle, word in zip(findings, FOUND, words, strict=True):
        severity, name, found, message, instead = finding.split("  ")
        assert (severity, name.split("/")[0]) == ("error", principle)
        assert word in found
        assert message
        assert instead.startswith("→ ")
    assert ran.err == "4 errors\n"


def test_a_clean_reply_is_exit_0(here: Any) -> None:
    """A reply without errors prints nothing on standard output."""
    assert here("check", "您好，很高兴为您服务。") == Ran(0, "", "no errors\n")


def test_warnings_do_not_fail(here: Any) -> None:
    """A warning is shown, marked with ~, and the exit code is 0."""
    ran = here("check", "好的哦")
    assert ran.code == 0
    assert "~~" in ran.out
    assert ran.err == "1 warning\n"


def test_check_json(here: Any) -> None:
    """JSON is one object a line: id, text, ok and the violations, whose spans hold in the text."""
    record = json.loads(here("check", DRAFT, "--format", "json").out)
    assert list(record) == ["id", "text", "ok", "violations"]
    assert (record["id"], record["text"], record["ok"]) == ("text", DRAFT, False)
    violations = [Violation.model_validate(violation) for violation in record["violations"]]
    assert [violation.principle for violation in violations] == list(FOUND)
    assert all(DRAFT[v.start : v.end] == v.text for v in violations)


def test_context_switches_rules_on(here: Any) -> None:
    """With facts given, a date that stands in none of them is an error; without, nothing is known of it."""
    reply = "您的包裹11月28日送达。"
    assert here("check", reply).code == 0
    assert here("check", reply, "--fact", "包裹已寄出").code == 1
    assert here("check", reply, "--fact", "11月28日送达").code == 0
    assert here("check", reply, "--customer", "哪天到？", "--history", "agent: 11月28日送达").code == 0
    assert "keep-placeholders" in here("check", "您好，张先生", "--draft", "您好，{姓名}").out
    asked = here("check", "您好，退款已经到账。", "--stage", "follow_up")
    assert (asked.code, "next-step" in asked.out) == (0, True)


def test_a_text_file_is_one_reply_a_line(here: Any, tmp_path: Path) -> None:
    """Lines count as an editor counts them, blank ones included."""
    file = tmp_path / "replies.txt"
    file.write_text("您好。\n\n呵呵\u2028好\n", "utf-8")
    ran = here("check", str(file), "--format", "json")
    assert [json.loads(line)["id"] for line in ran.out.splitlines()] == [f"{file}:1", f"{file}:3"]
    assert here("check", str(file)).err == "2 replies, 1 without errors: 1 error\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_column_has_row_numbers(encoding: str, here: Any, tmp_path: Path) -> None:
    """The header is row 1; a line end inside a cell starts no row, a blank row counts, a blank cell is no reply."""
    file = tmp_path / "replies.csv"
    file.write_text('编号,回复\r\n1,"您好，\r\n请稍等。"\r\n\r\n3,  \r\n4,呵呵\r\n', encoding, newline="")
    ran = here("check", str(file), "--column", "回复", "--format", "json")
    assert [(r["id"], r["ok"]) for r in map(json.loads, ran.out.splitlines())] == [(2, True), (5, False)]
    assert ran.code == 1
    assert ("read as GB18030" in ran.err) == (encoding == "gb18030")


def test_several_files_name_their_rows(here: Any, tmp_path: Path) -> None:
    """With several files a row's id names its file."""
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("reply\n您好\n", "utf-8")
    files = [str(tmp_path / "a.csv"), str(tmp_path / "b.csv")]
    ran = here("check", *files, "--column", "reply", "--format", "json")
    assert [json.loads(line)["id"] for line in ran.out.splitlines()] == [f"{file}:2" for file in files]


def test_a_column_from_standard_input() -> None:
    """A CSV file may come through a pipe."""
    ran = run("check", "-", "--column", "reply", "--format", "json", stdin="reply\n呵呵\n".encode())
    assert json.loads(ran.out)["id"] == 2


def test_another_encoding_is_named(here: Any, tmp_path: Path) -> None:
    """A file in an encoding that cannot be told from others is read in the one that is named."""
    file = tmp_path / "replies.txt"
    file.write_bytes("這個沒辦法的".encode("big5"))
    ran = here("check", str(file), "--encoding", "big5", "--format", "json")
    assert json.loads(ran.out)["text"] == "這個沒辦法的"


# --- wrong use ---------------------------------------------------------------------------------------------------

WRONG = {
    "unknown option": (["check", "您好", "--colum", "x"], "--column"),
    "unknown command": (["chek", "您好"], "'check'"),
    "unknown stage": (["rewrite", "您好", "--stage", "begin"], "'accept', 'clarify'"),
    "no number": (["rewrite", "您好", "--timeout", "soon"], "--timeout"),
    "no time": (
        ["rewrite", "您好", "--model", "m", "--base-url", "http://127.0.0.1:9/v1", "--timeout", "0"],
        "timeout",
    ),
    "empty text": (["rewrite", ""], "the draft is empty"),
    "blank text": (["check", " \n"], "the reply is blank"),
    "empty message": (["draft", "", "--offline"], "the customer's message is empty"),
    "missing file": (["check", "nowhere.csv", "--column", "x"], "no file 'nowhere.csv'"),
    "missing text file": (["check", "nowhere.txt"], "no file 'nowhere.txt'"),
    "unquoted text": (["check", "hello", "there"], "in quotes"),
    "folder": (["check", "."], "is a folder"),
    "column not named": (["check", "replies.csv"], "--column; there are: id, reply"),
    "unknown column": (["check", "replies.csv", "--column", "text"], "there are: id, reply"),
    "broken csv": (["check", "broken.csv", "--column", "reply"], "not valid CSV"),
    "binary": (["check", "binary.txt"], "--encoding"),
    "unknown encoding": (["check", "replies.txt", "--encoding", "klingon"], "klingon"),
    "wrong encoding": (["check", "replies.txt", "--encoding", "ascii"], "no text in ascii"),
    "a codec that is none of text": (["check", "replies.txt", "--encoding", "base64"], "base64"),
    "spreadsheet": (["check", "replies.xlsx", "--column", "reply"], "save the replies as CSV"),
    "unknown playbook": (["check", "您好", "--playbook", "nowhere"], "nowhere"),
    "broken playbook": (["check", "您好", "--playbook", "broken.toml"], "broken.toml"),
    "history without a role": (["rewrite", "您好", "--history", "您好"], '"customer: …"'),
    "history that is no JSON": (["rewrite", "您好", "--history", "broken.json"], "not valid JSON"),
    "history that is no list": (["rewrite", "您好", "--history", "object.json"], "list of turns"),
    "history with another role": (["rewrite", "您好", "--history", "roles.json"], "narrator"),
    "missing history": (["rewrite", "您好", "--history", "nowhere.json"], "no file 'nowhere.json'"),
    "prompts that are no folder": (["rewrite", "您好", "--prompts", "nowhere"], "nowhere"),
    "prompt for nothing": (["prompt", "sing", "您好"], "'rewrite', 'draft'"),
    "two customers": (["prompt", "draft", "您好", "--customer", "您好"], "--customer"),
    "no key": (["rewrite", "您好", "--model", "m"], "OPENAI_API_KEY"),
}


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with files that are wrong in one way each."""
    (tmp_path / "replies.csv").write_text("id,reply\n1,您好\n", "utf-8")
    (tmp_path / "replies.txt").write_text("您好\n", "utf-8")
    (tmp_path / "broken.csv").write_text('id,reply\n1,"您好\n', "utf-8")
    (tmp_path / "binary.txt").write_bytes(b"\x00\xff\x89PNG\xff")
    (tmp_path / "replies.xlsx").write_bytes(b"PK\x03\x04")
    (tmp_path / "broken.toml").write_text("[[rule]\n", "utf-8")
    (tmp_path / "broken.json").write_text("[{", "utf-8")
    (tmp_path / "object.json").write_text("{}", "utf-8")
    (tmp_path / "roles.json").write_text('[{"role": "narrator", "content": "x"}]', "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize(("arguments", "words"), WRONG.values(), ids=WRONG)
def test_wrong_use(arguments: list[str], words: str, here: Any) -> None:
    """A user's mistake is one line on standard error that names it, nothing on standard output, and exit code 2."""
    ran = here(*arguments)
    assert (ran.code, ran.out) == (2, ""), ran
    told = [line for line in ran.lines if not line.startswith("offline: ")]
    assert len(told) == 1, ran.err
    assert told[0].startswith("replykit: ")
    assert words in told[0]


def test_a_wrong_setting_is_named(here: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting in the environment that cannot be used is named, too."""
    monkeypatch.setenv("REPLYKIT_TIMEOUT", "soon")
    ran = here("rewrite", "您好", "--offline")
    assert ran.code == 2
    assert "REPLYKIT_TIMEOUT" in ran.err


def test_mistakes_before_output(here: Any, desk: Path) -> None:
    """Of several files, a missing one is found before the first reply is printed."""
    ran = here("check", str(desk / "replies.txt"), "nowhere.txt", "--format", "json")
    assert (ran.code, ran.out) == (2, "")


# --- terminals, encodings, signals -------------------------------------------------------------------------------

LOCALES: dict[str, dict[str, str | None]] = {
    "C": {"LC_ALL": "C", "PYTHONIOENCODING": None, "PYTHONUTF8": None},
    "C without coercion": {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0", "PYTHONIOENCODING": None},
    "POSIX": {"LC_ALL": "POSIX", "PYTHONIOENCODING": None, "PYTHONUTF8": None},
    "ascii": {"LC_ALL": "C.UTF-8", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": None},
}


@pytest.mark.parametrize("locale", LOCALES.values(), ids=LOCALES)
def test_utf8_whatever_the_locale(locale: dict[str, str | None]) -> None:
    """Chinese goes in by argument and by pipe, and comes out as UTF-8, in every locale."""
    by_argument = run("check", DRAFT, "--format", "json", **locale)
    by_pipe = run("check", "--format", "json", stdin=DRAFT.encode(), **locale)
    for ran in (by_argument, by_pipe):
        assert ran.code == 1, ran
        assert json.loads(ran.out)["text"] == DRAFT
    assert "…" in run("check", "--help", **locale).out


@pytest.mark.parametrize("format", ["json", "text"])
def test_bytes_that_are_no_text(format: str) -> None:
    """An argument in GBK is read as the user typed it, and one that is no text at all stops nothing."""
    gbk = run("check", DRAFT.encode("gbk"), "--format", format, LC_ALL="C")
    assert gbk.code == 1, gbk
    assert DRAFT in gbk.out
    odd = run("check", "没办法".encode() + b"\xff\xfe\xfd\x80", "--format", format, LC_ALL="C")
    assert odd.code in (0, 1), odd
    assert "Traceback" not in odd.err
    rewritten = run("rewrite", "没办法。".encode() + b"\xff", "--offline", "--json", LC_ALL="C")
    assert json.loads(rewritten.out)["status"] in ("repaired", "needs_review")


@given(st.text(st.characters(codec=None), max_size=12))
def test_every_argument_becomes_text(argument: str) -> None:
    """Whatever reaches the command line, UTF-8 can hold it afterwards; what it could hold before is left alone."""
    text = readable(argument)
    text.encode("utf-8")
    assert text == argument or any("\ud800" <= char <= "\udfff" for char in argument)


def _marked(text: str, *spans: tuple[int, int, Severity]) -> str:
    violations = [
        Violation(principle="p", rule="r", severity=severity, start=start, end=end, text=text[start:end], message="m")
        for start, end, severity in spans
    ]
    with contextlib.redirect_stdout(io.StringIO()) as out:
        show_marked(text, violations)
    return out.getvalue()


@given(before=st.text("呵a，👍 ｏ「", max_size=9), span=st.text("呵a，👍", min_size=1, max_size=9))
def test_marks_stand_below_their_words(before: str, span: str) -> None:
    """The marks begin where the words begin and are as wide as they are, in columns."""
    text = f"{before}{span}。"
    marks = " " * sum(map(cell_len, before)) + "^" * sum(map(cell_len, span))
    assert _marked(text, (len(before), len(before) + len(span), "error")) == f"{text}\n{marks}\n"


@pytest.mark.parametrize(
    ("text", "spans", "shown"),
    [
        ("一二", [(1, 2, "warning")], "一二\n  ~~\n"),
        ("一二", [(0, 2, "warning"), (1, 2, "error")], "一二\n~~^^\n"),
        ("一二", [(2, 2, "error")], "一二\n    ^\n"),
        ("一\n二", [(0, 3, "error")], "一\n^^^\n二\n^^\n"),
        ("一\n\n二", [(3, 4, "error")], "一\n\n二\n^^\n"),
        ("\x1b一", [(1, 2, "error")], "␛一\n ^^\n"),
        ("e\u0301一", [(2, 3, "error")], "e\u0301一\n ^^\n"),
    ],
    ids=["warning", "errors win", "missing at the end", "two lines", "third line", "control character", "accent"],
)
def test_marks(text: str, spans: list[tuple[int, int, Severity]], shown: str) -> None:
    """Every line that holds a part of a violation has its marks below it."""
    assert _marked(text, *spans) == shown


def test_a_terminal_is_not_steered() -> None:
    """On a terminal the violations are styled, and what a reply holds cannot move the cursor or change colours."""
    pty = pytest.importorskip("pty")
    leader, follower = pty.openpty()
    reply = "\x1b[2J\x9b没办法\u202e。"
    process = subprocess.Popen(
        [sys.executable, "-m", "replykit", "check", reply],
        stdin=subprocess.DEVNULL,
        stdout=follower,
        stderr=follower,
        env={**os.environ, "TERM": "xterm-256color", "NO_COLOR": ""},
    )
    os.close(follower)
    shown = b""
    while chunk := _read(leader):
        shown += chunk
    process.wait(60)
    os.close(leader)
    text = shown.decode()
    assert "\x1b[1;4;31m没办法\x1b[0m" in text
    assert "␛[2J" in text
    assert not {"\x9b", "\u202e"} & set(text)
    assert "\x1b[2J" not in text


def _read(leader: int) -> bytes:
    try:
        return os.read(leader, 65536)
    except OSError:  # how Linux says that the other end is closed
        return b""


def test_an_interrupt_is_quiet() -> None:
    """Ctrl-C ends the command with 130 and without a word."""
    process = subprocess.Popen(
        [sys.executable, "-m", "replykit", "check", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin
    process.stdin.write(b"x" * 1_000_000)  # more than a pipe holds, so this ends once the command reads
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, b"", b"")


def test_a_closed_pipe_is_quiet(tmp_path: Path) -> None:
    """A reader that goes away, such as head, is no error worth a word."""
    file = tmp_path / "replies.txt"
    file.write_text("呵呵，没办法。\n" * 3000, "utf-8")
    process = subprocess.Popen(
        [sys.executable, "-m", "replykit", "check", str(file), "--format", "json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout
    assert process.stderr
    process.stdout.readline()
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    assert process.wait(60) == 141
    assert err == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a device that is always full")
def test_a_full_disk_is_one_line() -> None:
    """Output that cannot be written is one line on standard error, not a traceback."""
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "replykit", "check", DRAFT], stdout=full, stderr=subprocess.PIPE, timeout=60
        )
    assert done.returncode == 2
    assert [line[:9] for line in done.stderr.splitlines()][-1] == b"replykit:"
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-"])
def test_closed_streams(closed: str) -> None:
    """A command whose input or output the caller has closed says so, or does its work."""
    command = f'exec "{sys.executable}" -m replykit check - {closed}'
    done = subprocess.run(["bash", "-c", command], input=DRAFT.encode(), capture_output=True, timeout=60)
    assert done.returncode == (2 if closed == "<&-" else 1)
    assert b"Traceback" not in done.stderr


# --- prompt, playbook, doctor, help ------------------------------------------------------------------------------


def test_prompt_is_what_is_sent(server: Server, here: Any) -> None:
    """`prompt` prints exactly the messages that the model gets for the same arguments."""
    arguments = (
        "耳机明天补发。",
        "--customer",
        CUSTOMER,
        "--fact",
        "耳机明天补发",
        "--tone",
        "温和",
        "--length",
        "short",
    )
    shown = json.loads(here("prompt", "rewrite", *arguments, "--json").out)
    server.script(fault.answer("非常抱歉，耳机明天补发。"))
    main(["rewrite", *arguments, "--model", "test", "--base-url", server.url])
    assert shown == server.requests[0]["messages"]


def test_prompt_for_a_draft(here: Any) -> None:
    """`prompt draft` shows both messages as text."""
    ran = here("prompt", "draft", CUSTOMER, "--language", "zh-Hant")
    assert ran.code == 0
    assert ran.out.startswith("--- system ---\n")
    assert "\n--- user ---\n" in ran.out
    assert CUSTOMER in ran.out


def test_playbook_show(here: Any) -> None:
    """Every principle and every rule of the playbook is shown, with examples and sources."""
    rules = replykit.load_playbook("zh")
    out = here("playbook", "show").out
    assert all(principle.id in out and principle.sources[0] in out for principle in rules.principles)
    assert all(rule.id in out and rule.good[0].text.split("\n")[0] in out for rule in rules.rules)


def test_playbook_test(here: Any, tmp_path: Path) -> None:
    """A rule whose examples do not hold is named with the example, and the exit code is 1."""
    rule = """
[playbook]
name = "own"
extends = "zh"

[[rule]]
id = "no-tada"
principle = "professional-register"
severity = "error"
kind = "phrase"
phrases = ["锵锵"]
message = "“{text}”不合适。"
suggestions = ["呵呵，您好。"]
source = "own"
bad = ["锵锵，您好。", "当当，您好。"]
good = ["您好。", "锵锵。"]
"""
    file = tmp_path / "own.toml"
    file.write_text(rule, "utf-8")
    ran = here("playbook", "test", str(file))
    assert ran.code == 1
    found = [line for line in ran.out.splitlines() if ": error " in line and "  no-tada  " in line]
    assert [line.rpartition(": ")[2] for line in found] == ["呵呵，您好。", "当当，您好。", "锵锵。"]


def test_the_built_in_playbook_holds(here: Any) -> None:
    """Every example of the built-in playbook holds, and everything that it says passes its own rules."""
    ran = here("playbook", "test")
    assert (ran.code, ": error " in ran.out) == (0, False)


def test_doctor(here: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The doctor says what is set and what is missing, one line each, and never a secret."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    ran = here("doctor", "--model", "qwen", "--base-url", "http://127.0.0.1:9/v1")
    assert ran.code == 0, ran
    lines = {line.split()[1]: line.split()[0] for line in ran.out.splitlines()}
    assert lines["playbook"] == lines["offline"] == lines["model"] == lines["key"] == "ok"
    assert KEY[3:] not in ran.out + ran.err
    monkeypatch.delenv("OPENAI_API_KEY")
    assert here("doctor").out.count("unset") == 2


def test_doctor_finds_a_broken_playbook(here: Any) -> None:
    """With a playbook that is missing, nothing works, and the exit code says so."""
    ran = here("doctor", "--playbook", "nowhere")
    assert ran.code == 1
    assert "Traceback" not in ran.out + ran.err


COMMANDS = [["rewrite"], ["draft"], ["check"], ["prompt"], ["doctor"]]
COMMANDS += [["playbook", "show"], ["playbook", "test"], ["playbook", "new"]]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help(command: list[str]) -> None:
    """Every command says what it does, and what each argument and option of it is for."""
    result = CliRunner().invoke(app, [*command, "--help"])
    assert result.exit_code == 0
    assert "Usage: " in result.stdout
    found: Any = get_command(app)
    for name in command:
        found = found.commands[name]
    assert found.help
    assert found.params
    assert all(parameter.help for parameter in found.params)


def test_version(here: Any) -> None:
    """`--version` says which it is."""
    assert here("--version").out == f"replykit {replykit.__version__}\n"
