"""`replykit polish` as the owner of a spreadsheet meets it: a copy with results, and nothing lost on the way."""

from __future__ import annotations

import contextlib
import csv
import os
import pty
import re
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import server as fault
from model import PASSING, SLIPS, Model, draft_in
from python_calamine import CalamineWorkbook
from server import KEY, Server
from workbook import write_workbook

import replykit
from replykit.cli import main

TITLES = ["润色后的回复", "状态", "问题", "修改说明"]
REPLIES = (
    "您好，很高兴为您服务。",
    "呵呵，大哥，这个没办法的。",
    "亲爱的[客户姓名]，订单[订单号]已经发出。",
    "保证明天送到，绝对没有问题！",
    "都是快递的问题，大概明天就到。",
    "都是物流的问题，您自己去问吧。",
    "",
    "呵呵，大哥，这个没办法的。",
    "抱歉，让您久等了😀，我马上为您核实。",
    '含逗号, "引号" 与\n换行的回复，请您查收。',
)


class Ran:
    """One run of the command: its exit code, and the lines on standard error."""

    def __init__(self, code: int, err: str) -> None:
        self.code, self.err, self.lines = code, err, err.splitlines()

    def __repr__(self) -> str:
        return f"exit code {self.code}\n{self.err}"


@pytest.fixture
def polish(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Ran]:
    """Run `replykit polish` in this process, in an empty folder with replies.csv in it."""
    for name in [name for name in os.environ if name.startswith("REPLYKIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    _write_csv(tmp_path / "replies.csv")

    def call(*arguments: str, source: str = "replies.csv") -> Ran:
        code = main(["polish", source, *arguments])
        said = capsys.readouterr()
        assert said.out == ""
        return Ran(code, said.err)

    return call


@pytest.fixture
def model() -> Iterator[Model]:
    """A model that slips at every first answer, and is quick."""
    with Model(slips=1.0) as running:
        yield running


def _write_csv(path: Path, replies: tuple[str, ...] = REPLIES) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["编号", "回复", "备注"])
        writer.writerows([n, reply, "—"] for n, reply in enumerate(replies, 1))


def _rows(path: str | Path) -> list[dict[str, str]]:
    with Path(path).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, restval=""))


def _asking(model: Server) -> tuple[str, ...]:
    return "--model", "test", "--base-url", model.url


def _start(*arguments: str, folder: Path, **options: Any) -> subprocess.Popen[str]:
    """Start the command in a process of its own."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("REPLYKIT_", "OPENAI_"))} | {"OPENAI_API_KEY": KEY}
    command = [sys.executable, "-m", "replykit", "polish", *arguments]
    return subprocess.Popen(command, cwd=folder, env=env, stderr=subprocess.PIPE, encoding="utf-8", **options)


def _until(condition: Callable[[], object], process: subprocess.Popen[str]) -> None:
    """Wait until a condition holds while a process runs."""
    while not condition():
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.005)


def _is_trustworthy(row: dict[str, str]) -> bool:
    """Whether what stands in a row of the output keeps the promise."""
    if row["状态"] == "needs_review":
        return row["润色后的回复"] == row["回复"] and row["修改说明"].startswith("需人工处理")
    return replykit.check(row["润色后的回复"], draft=row["回复"]).ok


# --- both kinds of file ---------------------------------------------------------------------------------------------


def test_a_csv_gains_four_columns(polish: Callable[..., Ran]) -> None:
    """Every row keeps what it held and gains text, status, problems and changes; a blank one gains nothing."""
    before = Path("replies.csv").read_bytes()
    ran = polish("-o", "out.csv", "--column", "回复", "--offline")
    assert ran.code == 1, ran
    rows = _rows("out.csv")
    assert list(rows[0]) == ["编号", "回复", "备注", *TITLES]
    assert [row["回复"] for row in rows] == list(REPLIES)
    assert [row["编号"] for row in rows] == [str(n) for n in range(1, 11)]
    assert {row["状态"] for row in rows} == {"clean", "repaired", "needs_review", ""}
    assert rows[6]["状态"] == ""
    assert all(_is_trustworthy(row) for row in rows if row["回复"])
    assert "[错误] 用语专业" in rows[1]["问题"]
    assert "与第 3 行相同" in rows[7]["修改说明"]
    assert Path("replies.csv").read_bytes() == before


def test_a_workbook_gains_four_columns(polish: Callable[..., Ran], tmp_path: Path) -> None:
    """The same in .xlsx, on the sheet that is named."""
    cells: dict[str, str | float] = {"A1": "编号", "B1": "回复"}
    for n, reply in enumerate(REPLIES, 2):
        cells |= {f"A{n}": n} | ({f"B{n}": reply} if reply else {})
    write_workbook(tmp_path / "replies.xlsx", {"封面": {"A1": "说明"}, "话术": cells})
    ran = polish("-o", "out.xlsx", "--sheet", "话术", "--column", "B", "--offline", source="replies.xlsx")
    assert ran.code == 1, ran
    rows = CalamineWorkbook.from_path("out.xlsx").get_sheet_by_name("话术").to_python(skip_empty_area=False)
    assert rows[0] == ["编号", "回复", *TITLES]
    polish("-o", "table.csv", "--column", "回复", "--offline")
    assert [row[2:] for row in rows[1:]] == [[row[title] for title in TITLES] for row in _rows("table.csv")]


def test_every_row_is_good(polish: Callable[..., Ran], tmp_path: Path) -> None:
    """Where no row needs review the exit code is 0, and the last lines say what is where."""
    _write_csv(tmp_path / "replies.csv", REPLIES[:1])
    ran = polish("-o", "out.csv", "--column", "2", "--offline")
    assert ran.code == 0, ran
    assert ran.lines[-3:] == [
        "output: out.csv",
        "report: out.report.html",
        "ledger: out.csv.ledger (keeps the answers; delete it when you are done)",
    ]
    assert "1 reply: 1 clean, 0 repaired, 0 need review" in ran.err


def test_without_a_model_it_says_so(polish: Callable[..., Ran]) -> None:
    """Offline is said on standard error, with how to set a model."""
    assert "REPLYKIT_MODEL" in polish("-o", "out.csv", "--column", "回复").err


def test_how_the_file_is_read_is_shown(polish: Callable[..., Ran]) -> None:
    """Encoding and delimiter are found out, shown, and can be set."""
    Path("gbk.csv").write_bytes("编号;回复\r\n1;您好，很高兴为您服务。\r\n".encode("gb18030"))
    ran = polish("-o", "out.csv", "--column", "回复", "--offline", source="gbk.csv")
    assert "gbk.csv: GB" in ran.err
    assert Path("out.csv").read_bytes().decode("gb18030").startswith("编号;回复;润色后的回复")
    ran = polish(
        "-o", "out.csv", "--column", "回复", "--offline", "--encoding", "gbk", "--delimiter", ";", source="gbk.csv"
    )
    assert ran.code == 0, ran


def test_replies_can_be_replaced_in_their_column(polish: Callable[..., Ran]) -> None:
    """`--in-place-column` adds no column; what needs review stays as it was."""
    polish("-o", "added.csv", "--column", "回复", "--offline")
    assert polish("-o", "out.csv", "--column", "回复", "--in-place-column", "--offline").code == 1
    rows = _rows("out.csv")
    assert list(rows[0]) == ["编号", "回复", "备注"]
    assert [row["回复"] for row in rows] == [row["润色后的回复"] for row in _rows("added.csv")]


def test_titles_and_report_in_english(polish: Callable[..., Ran]) -> None:
    """`--interface en` makes the titles and the report English."""
    polish("-o", "out.csv", "--column", "回复", "--offline", "--interface", "en", "--report", "changes.html")
    assert list(_rows("out.csv")[0])[3:] == ["Polished reply", "Status", "Problems", "Changes"]
    assert '<html lang="en">' in Path("changes.html").read_text("utf-8")
    assert not Path("out.report.html").exists()


def test_no_report(polish: Callable[..., Ran], tmp_path: Path) -> None:
    """`--no-report` writes none."""
    polish("-o", "out.csv", "--column", "回复", "--offline", "--no-report")
    assert {path.name for path in tmp_path.iterdir()} == {"replies.csv", "out.csv", "out.csv.ledger"}


def test_a_limit(polish: Callable[..., Ran]) -> None:
    """`--limit 2` polishes the first two replies and leaves the other rows as they are."""
    assert polish("-o", "out.csv", "--column", "回复", "--offline", "--limit", "2").code == 0
    assert [bool(row["状态"]) for row in _rows("out.csv")] == [True] * 2 + [False] * 8


# --- what a cell cannot take ----------------------------------------------------------------------------------------

_LONG = "请稍等，" * 8_191 + "好的。"  # 32,767 characters; one more does not fit


def _workbook(path: Path, cells: dict[str, str]) -> list[list[Any]]:
    """Write a workbook, or read it where there are no cells."""
    if cells:
        write_workbook(path, {"话术": cells})
    return CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python(skip_empty_area=False)


@pytest.mark.parametrize("in_place", [False, True])
def test_a_text_that_no_cell_can_hold_needs_review(
    polish: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch, in_place: bool
) -> None:
    """A text that is too long for its cell is no result: its row needs review, says why and keeps the original."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    before = _workbook(Path("a.xlsx"), {"A1": "回复", "A2": "呵呵，马上好。"})
    options = ("--in-place-column",) if in_place else ()
    for text, fits in ((_LONG, True), (_LONG + "好", False)):
        name = "fits" if fits else "too-long"
        with Server() as server:
            server.always(fault.answer(text))
            ran = polish("-o", f"{name}.xlsx", "--column", "回复", *options, *_asking(server), source="a.xlsx")
        assert ran.code == (0 if fits else 1), ran
        assert f"{'1 clean, 0 repaired, 0 need' if fits else '0 clean, 0 repaired, 1 needs'} review" in ran.err
        rows = _workbook(Path(f"{name}.xlsx"), {})
        kept = text if fits else before[1][0]
        assert rows[1][0] == (kept if in_place else before[1][0])
        if not in_place:
            assert rows[1][1:3] == [kept, "clean" if fits else "needs_review"]
            assert ("单元格放不下" in rows[1][4]) is not fits
        page = Path(f"{name}.report.html").read_text("utf-8")
        assert ('"the text is longer than a cell can hold"]' in page) is not fits


def test_formulas_are_not_replaced(polish: Callable[..., Ran]) -> None:
    """A cell whose text a formula makes needs review where it would be replaced, and not where columns are added."""
    bad = "<v>呵呵，马上好。</v>"
    rows = (
        '<row r="1"><c r="A1" t="inlineStr"><is><t>回复</t></is></c></row>'
        f'<row r="2"><c r="A2" t="str"><f>B2&amp;"。"</f>{bad}</c></row>'
        f'<row r="3"><c r="A3" t="str"><f t="array" ref="A3:A4">B3:B4</f>{bad}</c></row>'
        f'<row r="4"><c r="A4" t="str">{bad}</c></row>'
        f'<row r="5"><c r="A5" t="str">{bad}</c></row>'
        '<row r="6"><c r="A6" t="str"><f>B6</f><v>您好，很高兴为您服务。</v></c></row>'
        '<row r="7"><c r="A7" t="e"><v>#N/A</v></c><c r="B7"><v>1</v></c></row>'
        '<row r="8"><c r="A8"><f>B8</f></c></row>'
    )
    write_workbook(Path("a.xlsx"), {"话术": rows})
    ran = polish("-o", "in.xlsx", "--column", "A", "--offline", "--in-place-column", source="a.xlsx")
    assert ran.code == 1, ran
    assert "5 replies: 1 clean, 1 repaired, 3 need review" in ran.err
    assert "note: 2 cells of the column are left alone" in ran.err
    texts = [row[0] for row in _workbook(Path("in.xlsx"), {})]
    assert texts[1:4] == ["呵呵，马上好。"] * 3
    assert replykit.check(texts[4]).ok
    page = Path("in.report.html").read_text("utf-8")
    assert '"the cell holds a formula and stays as it is"]' in page
    assert "2 cells of the column are left alone" in page
    ran = polish("-o", "out.xlsx", "--column", "A", "--offline", source="a.xlsx")
    assert (ran.code, "1 clean, 4 repaired, 0 need review" in ran.err) == (0, True), ran


def test_what_was_wrong_is_cut_to_its_cell(polish: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch) -> None:
    """A list of problems, or a proposal, that is longer than a cell is cut there, so that the reason is never lost."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    _workbook(Path("a.xlsx"), {"A1": "回复", "A2": "您好，马上好。"})
    with Server() as server:
        server.always(fault.answer("呵呵，" + _LONG))
        ran = polish("-o", "out.xlsx", "--column", "回复", *_asking(server), source="a.xlsx")
    assert ran.code == 1, ran
    changes = _workbook(Path("out.xlsx"), {})[1][4]
    assert changes.startswith("需人工处理，保留原文：仍不符合：用语专业")
    assert (len(changes), changes[-1]) == (32_767, "…")


@pytest.mark.parametrize("blank", ["", ",\r\n \r\n"])
@pytest.mark.parametrize(
    ("title", "is_told"),
    [
        ("回复", False),
        ("Canned reply", False),
        ("呵呵，大哥，这个没办法的。", True),
        ("您好，" * 14, True),
        ("您" * 40, False),
    ],
)
def test_a_reply_that_was_taken_for_a_title(polish: Callable[..., Ran], blank: str, title: str, is_told: bool) -> None:
    """Where the names stand is said when that is not row 1, and a name that looks like a reply is pointed out."""
    Path("a.csv").write_text(f"{blank}编号,{title}\r\n1,呵呵，马上好。\r\n", "utf-8", newline="")
    ran = polish("-o", "out.csv", "--column", "B", "--offline", source="a.csv")
    assert ran.code == 0, ran
    assert (", names in row 3" in ran.lines[0]) is bool(blank)
    told = [line for line in ran.lines if line.startswith("note: ")]
    assert [line.startswith(f"note: row {3 if blank else 1} was taken for the names") for line in told] == [
        True
    ] * is_told
    assert Path("out.csv").read_bytes().decode().startswith(f"{blank}编号,{title},润色后的回复,")


# --- what is there already ------------------------------------------------------------------------------------------


def test_a_finished_job_runs_again_over_what_it_wrote(polish: Callable[..., Ran]) -> None:
    """What this job wrote, and nobody changed, is written again, in another way too and under another name."""
    arguments = ("--column", "回复", "--offline")
    assert polish("-o", "out.csv", *arguments).code == 1
    first = Path("out.csv").read_bytes()
    assert polish("-o", "out.csv", *arguments).code == 1
    assert Path("out.csv").read_bytes() == first
    assert polish("-o", "out.csv", *arguments, "--in-place-column").code == 1
    for name in ("out.csv", "out.csv.ledger", "out.report.html"):
        Path(name).rename(f"re{name}")
    assert polish("-o", "reout.csv", *arguments).code == 1
    assert Path("reout.csv").read_bytes() == first


@pytest.mark.parametrize("name", ["out.csv", "out.report.html"])
def test_what_a_person_changed_is_not_written_over(polish: Callable[..., Ran], name: str) -> None:
    """A copy or a report that was changed since it was written, or is another's, stays, and a sentence says so."""
    arguments = ("-o", "out.csv", "--column", "回复", "--offline")
    Path(name).write_bytes(b"my own")
    said = "is there, and this job did not write it; name another file, or move it away"
    ran = polish(*arguments)
    assert (ran.code, ran.lines) == (2, [f"replykit: {name} {said}"]), ran
    assert not Path("out.csv.ledger").exists()
    assert polish(*arguments, "--dry-run").code == 0
    Path(name).rename("away")
    assert polish(*arguments).code == 1
    with Path(name).open("ab") as file:
        file.write("您好\r\n".encode())
    changed = Path(name).read_bytes()
    ran = polish(*arguments)
    assert ran.code == 2, ran
    assert ran.lines[-1] == f"replykit: {name} was changed since it was written; name another file, or move it away"
    assert Path(name).read_bytes() == changed
    Path(name).unlink()
    assert polish(*arguments).code == 1


def test_what_is_changed_while_it_runs_is_not_written_over(
    polish: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy that comes to be while the model is asked stays, and what was answered is in the ledger."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    _write_csv(Path("replies.csv"), ("呵呵，马上好。",))

    def meanwhile(_: object) -> fault.Step:
        Path("out.csv").write_bytes(b"my own")
        return fault.answer("马上好。")

    with Server() as server:
        server.respond(meanwhile)
        ran = polish("-o", "out.csv", "--column", "回复", *_asking(server))
        assert ran.code == 2, ran
        assert Path("out.csv").read_bytes() == b"my own"
        Path("out.csv").unlink()
        assert polish("-o", "out.csv", "--column", "回复", *_asking(server)).code == 0
        assert len(server.requests) == 1


@pytest.mark.parametrize("option", ["-o", "--report"])
@pytest.mark.parametrize("place", ["long", "pipe", "folder"])
def test_what_cannot_be_written_is_found_before_the_run(
    polish: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch, option: str, place: str
) -> None:
    """A copy or report that cannot be written is refused in one sentence before the model is asked anything."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    ending = {"-o": ".csv", "--report": ".html"}[option]
    name = f"{'n' * 300 if place == 'long' else place}{ending}"
    if place == "pipe":
        os.mkfifo(name)
    if place == "folder":

        def refuse(*_: object, **__: object) -> None:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(tempfile, "NamedTemporaryFile", refuse)  # as the superuser may write everywhere
    with Server() as server:
        others = () if option == "-o" else ("-o", "out.csv")
        ran = polish(*others, option, name, "--column", "回复", *_asking(server))
        assert not server.requests
    assert (ran.code, len(ran.lines)) == (2, 1), ran
    assert {"long": "too long", "pipe": "no file", "folder": "cannot be written: Permission denied"}[place] in ran.err
    assert not Path("out.csv.ledger").exists()


# --- the column -----------------------------------------------------------------------------------------------------


def test_a_column_is_proposed(polish: Callable[..., Ran], tmp_path: Path) -> None:
    """Without --column and without a terminal, one sentence names the likeliest, and nothing is written."""
    ran = polish("-o", "out.csv", "--offline")
    assert (ran.code, len(ran.lines)) == (2, 1), ran
    assert "--column" in ran.err
    assert "'回复'" in ran.err
    assert [path.name for path in tmp_path.iterdir()] == ["replies.csv"]


# Runs the command with standard input as the terminal that Ctrl-C is typed on.
_ON_A_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, "-m", "replykit", *sys.argv[1:]])
"""


@pytest.mark.parametrize(
    ("typed", "code"), [("\n", 1), ("D\n回复\n", 1), ("\x03", 130)], ids=["Enter", "another", "^C"]
)
def test_a_column_is_asked_for(tmp_path: Path, typed: str, code: int) -> None:
    """On a terminal Enter takes the proposal, a wrong name is asked again, and Ctrl-C ends it."""
    _write_csv(tmp_path / "replies.csv")
    leader, follower = pty.openpty()
    env = {k: v for k, v in os.environ.items() if not k.startswith(("REPLYKIT_", "OPENAI_"))} | {"TERM": "xterm"}
    command = [sys.executable, "-c", _ON_A_TERMINAL, "polish", "replies.csv", "-o", "out.csv", "--offline"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=env, stdin=follower, stdout=follower, stderr=follower, start_new_session=True
    ) as process:
        os.close(follower)
        shown = b""
        while b"name another" not in shown:
            shown += os.read(leader, 4096)
        os.write(leader, typed.encode())
        with contextlib.suppress(OSError):  # how Linux says that the other end is closed
            while piece := os.read(leader, 4096):
                shown += piece
        assert process.wait(30) == code, shown.decode()
    os.close(leader)
    assert "您好，很高兴为您服务。" in shown.decode()
    assert (tmp_path / "out.csv").exists() == (code == 1)


BAD = {
    "no file": (["missing.csv"], "missing.csv"),
    "no output": (["replies.csv", "--column", "回复"], "-o replies-polished.csv"),
    "no such column": (["replies.csv", "-o", "out.csv", "--column", "答案"], "there are: 编号, 回复, 备注"),
    "no such other column": (["replies.csv", "-o", "out.csv", "--column", "B", "--facts-column", "Z"], "'Z'"),
    "the original": (["replies.csv", "-o", "./replies.csv", "--column", "B"], "never changed"),
    "another kind": (["replies.csv", "-o", "out.xlsx", "--column", "B"], ".csv"),
    "no folder": (["replies.csv", "-o", "no/out.csv", "--column", "B"], "'no'"),
    "a folder": (["replies.csv", "-o", "folder.csv", "--column", "B"], "folder"),
    "a report that is none": (["replies.csv", "-o", "out.csv", "--column", "B", "--report", "replies.csv"], ".html"),
    "both": (["replies.csv", "-o", "out.csv", "--column", "B", "--report", "r.html", "--no-report"], "either"),
    "a sheet of a table": (["replies.csv", "-o", "out.csv", "--column", "B", "--sheet", "1"], "no sheets"),
    "another format": (["notes.docx", "-o", "out.csv", "--column", "B"], "save it as"),
    "a damaged workbook": (["damaged.xlsx", "-o", "out.xlsx", "--column", "B"], "damaged.xlsx"),
    "no text": (["binary.csv", "-o", "out.csv", "--column", "B"], "binary.csv"),
    "an empty file": (["empty.csv", "-o", "out.csv", "--column", "B"], "empty.csv"),
    "no such encoding": (["replies.csv", "-o", "out.csv", "--column", "B", "--encoding", "klingon"], "klingon"),
    "no replies": (["blank.csv", "-o", "out.csv", "--column", "回复"], "nothing in the column '回复'"),
    "a cell that is too long": (["long.csv", "-o", "out.csv", "--column", "回复"], "long.csv, line 2"),
    "a price": (["replies.csv", "-o", "out.csv", "--column", "B", "--price-in", "free"], "no price"),
    "currencies": (["replies.csv", "-o", "o.csv", "--column", "B", "--price-in", "¥1", "--price-out", "$2"], "currenc"),
    "a limit": (["replies.csv", "-o", "out.csv", "--column", "B", "--limit", "0"], "--limit"),
    "no playbook": (["replies.csv", "-o", "out.csv", "--column", "B", "--playbook", "no.toml"], "no.toml"),
    "a ledger that is none": (["replies.csv", "-o", "taken.csv", "--column", "B"], "taken.csv.ledger"),
    "no key": (["replies.csv", "-o", "out.csv", "--column", "B", "--model", "test"], "key"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_sentence(polish: Callable[..., Ran], tmp_path: Path, name: str) -> None:
    """What cannot be used is said in one line with exit code 2; nothing is written, and no file is changed."""
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "damaged.xlsx").write_bytes(b"PK\x03\x04 no workbook")
    (tmp_path / "binary.csv").write_bytes(bytes(range(256)) * 9)
    (tmp_path / "empty.csv").write_bytes(b"")
    (tmp_path / "blank.csv").write_text("编号,回复\n1,\n2,  \n", "utf-8")
    (tmp_path / "long.csv").write_text('回复\n"' + "您好，" * 50_000 + '"\n', "utf-8")
    (tmp_path / "notes.docx").write_bytes(b"PK")
    (tmp_path / "taken.csv.ledger").write_text("my diary", "utf-8")
    before = {path.name: path.is_file() and path.read_bytes() for path in tmp_path.iterdir()}
    arguments, said = BAD[name]
    ran = polish(*arguments[1:], source=arguments[0])
    told = [line for line in ran.lines if line.startswith("replykit: ")]
    assert (ran.code, len(told)) == (2, 1), ran
    assert said in told[0]
    assert ran.lines[-1] == told[0]
    assert {path.name: path.is_file() and path.read_bytes() for path in tmp_path.iterdir()} == before


# --- a model --------------------------------------------------------------------------------------------------------


def test_a_model_that_slips_is_found_out(
    polish: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch, model: Model
) -> None:
    """Formulas, scripts, dropped placeholders, other languages, inventions: none of them leaves as a good reply."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    replies = tuple(f"您好[客户姓名]，这是第{n}种情况，我马上为您核实。" for n in "一二三四五六七八九十")
    _write_csv(Path("replies.csv"), (*REPLIES, *replies))
    ran = polish("-o", "out.csv", "--column", "回复", *_asking(model))
    assert ran.code in (0, 1), ran
    rows = [row for row in _rows("out.csv") if row["回复"]]
    assert len(model.slipped) >= 5
    assert all(_is_trustworthy(row) for row in rows)
    content = Path("out.csv").read_text("utf-8-sig")
    assert not re.search(r'(?:^|,)"?[=+\-@]', content, re.MULTILINE)
    assert KEY not in ran.err + Path("out.report.html").read_text("utf-8")


@pytest.mark.parametrize("name", SLIPS)
def test_a_model_that_insists(
    polish: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch, server: Server, name: str
) -> None:
    """A model that gives the same bad answer again is not believed: the row is mended without it, or needs review."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    draft = "您好[客户姓名]，我马上为您核实订单。"
    _write_csv(Path("replies.csv"), (draft,))
    server.script(*[fault.answer(SLIPS[name](draft))] * 2)
    ran = polish("-o", "out.csv", "--column", "回复", *_asking(server))
    (row,) = _rows("out.csv")
    assert len(server.requests) == 2
    assert _is_trustworthy(row)
    assert ran.code == (row["状态"] == "needs_review")
    assert not row["润色后的回复"].startswith("=")


def test_a_formula_is_neutralised(polish: Callable[..., Ran]) -> None:
    """A proposal or a reply that begins like a formula is a text in the CSV; `--raw` leaves it as it is."""
    _write_csv(Path("replies.csv"), ("=1+1，您好，请查收。", "-请您查收。"))
    assert polish("-o", "out.csv", "--column", "回复", "--offline").code == 0
    assert [row["润色后的回复"] for row in _rows("out.csv")] == ["'=1+1，您好，请查收。", "'-请您查收。"]
    polish("-o", "out.csv", "--column", "回复", "--offline", "--raw")
    assert [row["润色后的回复"] for row in _rows("out.csv")] == ["=1+1，您好，请查收。", "-请您查收。"]


def test_a_workbook_gains_no_formula(
    polish: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch, server: Server, tmp_path: Path
) -> None:
    """What a model begins like a formula is a text in the workbook, also where it is only proposed."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    drafts = ("=1+1，您好，请您查收。", "您好，我马上为您核实。")
    write_workbook(tmp_path / "replies.xlsx", {"话术": {"A1": "回复", "A2": drafts[0], "A3": drafts[1]}})
    server.respond(lambda body: fault.answer(f"={draft_in(body)}保证明天送到！"))
    ran = polish("-o", "out.xlsx", "--column", "回复", *_asking(server), source="replies.xlsx")
    assert ran.code in (0, 1), ran
    with zipfile.ZipFile("out.xlsx") as package:
        parts = {name: package.read(name).decode() for name in package.namelist() if name.endswith(".xml")}
    assert not any("<f>" in part or "<f " in part for name, part in parts.items() if "worksheets" in name)
    assert "quotePrefix" in "".join(parts.values())
    rows = CalamineWorkbook.from_path("out.xlsx").get_sheet_by_index(0).to_python()
    assert [row[0] for row in rows[1:]] == list(drafts)
    assert all(row[2] == "needs_review" or replykit.check(row[1], draft=row[0]).ok for row in rows[1:])


def test_a_model_is_told_what_the_columns_hold(
    polish: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch, server: Server
) -> None:
    """The customer's message, facts, stage and language of a row reach the model, the last two in the user's words."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    Path("replies.csv").write_text(
        '回复,客户,事实,阶段,语言\n您好。,我的订单呢？,"订单 A1 已发出\n周五送达",澄清,繁體\n', "utf-8"
    )
    server.script(*[fault.answer("您好，我馬上為您核實。")] * 2)
    columns = (
        "--customer-column",
        "客户",
        "--facts-column",
        "事实",
        "--stage-column",
        "阶段",
        "--language-column",
        "语言",
    )
    ran = polish("-o", "out.csv", "--column", "回复", *columns, *_asking(server))
    told = "\n".join(message["content"] for message in server.requests[0]["messages"])
    assert all(words in told for words in ("我的订单呢？", "订单 A1 已发出\n周五送达", "解释澄清", "繁"))
    assert _rows("out.csv")[0]["润色后的回复"] == "您好，我馬上為您核實。", ran


def test_a_wrong_key_stops_it_at_once(
    polish: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch, server: Server
) -> None:
    """A refused key ends the run at the first rows with exit code 3; nothing is written, and the key is not shown."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    _write_csv(Path("replies.csv"), tuple(f"您好，这是第 {n} 条。" for n in range(200)))
    server.script(*[fault.status(401, f"wrong key {KEY}")] * 200)
    ran = polish("-o", "out.csv", "--column", "回复", *_asking(server))
    assert ran.code == 3, ran
    assert len(server.requests) <= 16
    assert not Path("out.csv").exists()
    assert KEY not in ran.err
    assert f"replykit polish replies.csv -o out.csv --column '回复' --model test --base-url {server.url}" in ran.err
    assert "0 of 200 rows are done and kept, and nothing was written yet" in ran.err
    assert "to go on: set REPLYKIT_API_KEY or OPENAI_API_KEY to a key that the server takes, then run" in ran.err


@pytest.mark.parametrize(
    ("step", "first"),
    [
        (
            fault.status(429, "no quota", "insufficient_quota"),
            "top up the account, or take the key of another one, then",
        ),
        (fault.status(404, "no such model"), "check --model and --base-url, then run"),
        (fault.sent(200, "<html>", "text/html"), "check --model and --base-url, then run"),
    ],
)
def test_what_has_to_change_first_is_said(
    polish: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch, server: Server, step: fault.Step, first: str
) -> None:
    """Where the same command would end the same way, it says what to change first, and counts only what is kept."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    _write_csv(Path("replies.csv"), tuple(f"您好，这是第 {n} 条。" for n in range(20)))
    assert polish("-o", "out.csv", "--column", "回复", "--offline").code == 0
    server.always(step)
    ran = polish("-o", "out.csv", "--column", "回复", *_asking(server))
    assert ran.code == 3, ran
    assert f"to go on: {first}" in ran.err
    assert "0 of 20 rows are done and kept, and out.csv is that of an earlier run" in ran.err
    assert "nothing was written" not in ran.err


def test_a_source_edited_meanwhile_loses_no_answer(
    polish: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch, server: Server
) -> None:
    """An edit during the run ends it before the copy; the answers are kept, and the next run asks the new row."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    replies = tuple(f"您好，这是第 {n} 条。" for n in range(4))
    _write_csv(Path("replies.csv"), replies)

    def edited(body: dict[str, Any]) -> fault.Step:
        _write_csv(Path("replies.csv"), (*replies, "您好，我来查询。"))
        return fault.answer(draft_in(body))

    server.respond(edited)
    ran = polish("-o", "out.csv", "--column", "回复", *_asking(server))
    assert ran.code == 2, ran
    assert "has changed since it was read; the answers are kept: run the same command again" in ran.err
    ran = polish("-o", "out.csv", "--column", "回复", *_asking(server))
    assert ran.code == 0, ran
    assert len(server.requests) == 5


def test_one_is_not_many(polish: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch, server: Server) -> None:
    """The summary of one call speaks of one answer, one request, and one reply that shares."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    _write_csv(Path("replies.csv"), ("您好，我来查询。", "您好，我来查询。"))
    server.respond(lambda body: fault.answer(draft_in(body)))
    ran = polish("-o", "out.csv", "--column", "回复", *_asking(server))
    assert "1 shares the answer of an equal one" in ran.err
    assert re.search(r"1 answer, .*\(this run: 1 request\)", ran.err)


def test_a_budget_stops_it(polish: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch, model: Model) -> None:
    """At --max-tokens-total it stops with exit code 3; with more to spend, it goes on where it was."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    ran = polish("-o", "out.csv", "--column", "回复", *_asking(model), "--max-tokens-total", "5000")
    assert ran.code == 3, ran
    assert "to go on: give more with --max-tokens-total, then run the same command again" in ran.err
    assert not Path("out.csv").exists()
    asked = len(model.requests)
    ran = polish("-o", "out.csv", "--column", "回复", *_asking(model))
    assert ran.code in (0, 1), ran
    assert max(model.asked().values()) == 1
    assert len(model.requests) > asked


def test_a_dry_run(polish: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch, model: Model, tmp_path: Path) -> None:
    """A dry run says rows, duplicates, calls, tokens and cost; it asks nothing and writes nothing."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    arguments = ("--column", "回复", *_asking(model), "--dry-run", "--price-in", "¥2", "--price-out", "¥8")
    for output in ((), ("-o", "out.csv")):
        ran = polish(*arguments, *output)
        assert ran.code == 0, ran
        assert "rows: 9 with a reply, 1 blank, 1 equal to an earlier one" in ran.err
        assert "calls of the model: 8" in ran.err
        assert re.search(r"cost: about ¥0\.\d+", ran.err)
    assert model.requests == []
    assert [path.name for path in tmp_path.iterdir()] == ["replies.csv"]


def test_only_flagged(polish: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch, model: Model) -> None:
    """With --only-flagged the model is asked about nothing but replies in which a check finds something."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    polish("-o", "out.csv", "--column", "回复", *_asking(model), "--only-flagged")
    asked = {draft_in(body) for body in model.requests}
    assert asked == {reply for reply in REPLIES if reply and replykit.check(reply, draft=reply).violations}
    assert 0 < len(asked) < 8


# --- stopping and going on ------------------------------------------------------------------------------------------

MANY = tuple(f"您好[客户姓名]，这是第 {n} 条回复，保证明天送到。" for n in range(40))


def _undisturbed(folder: Path, *options: str) -> bytes:
    with Model(slips=0.3, faults=0.1) as model:
        process = _start("replies.csv", "-o", "whole.csv", "--column", "回复", *_asking(model), *options, folder=folder)
        err = process.communicate(timeout=60)[1]
    assert process.returncode in (0, 1), err
    return (folder / "whole.csv").read_bytes()


@pytest.fixture
def quick_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy server that asks for no second of patience."""
    monkeypatch.setitem(PASSING, "429, come back later", fault.status(429, retry_after="0.05"))


@pytest.mark.usefixtures("quick_faults")
def test_killed_again_and_again(tmp_path: Path) -> None:
    """Killed three times, it writes the copy of an undisturbed run, and repeats only what was under way."""
    _write_csv(tmp_path / "replies.csv", MANY)
    arguments = ("replies.csv", "-o", "out.csv", "--column", "回复", "--concurrency", "4")
    with Model(slips=0.3, faults=0.1, delay=0.02) as model:
        for end in (12, 30, 45):
            process = _start(*arguments, *_asking(model), folder=tmp_path)
            _until(lambda end=end: len(model.requests) >= end, process)
            process.kill()
            process.communicate()
            assert not (tmp_path / "out.csv").exists()
        process = _start(*arguments, *_asking(model), folder=tmp_path)
        err = process.communicate(timeout=60)[1]
        assert process.returncode in (0, 1), err
        failed = sum(model.failed[name] for name in (*PASSING, "cut off"))
        repeated = len(model.requests) - len(model.asked()) - failed
    assert repeated <= 3 * 4, err
    assert (tmp_path / "out.csv").read_bytes() == _undisturbed(tmp_path, "--concurrency", "4"), err


@pytest.mark.usefixtures("quick_faults")
def test_an_interrupt_finishes_what_is_under_way(tmp_path: Path) -> None:
    """Ctrl-C ends with 3, says how to go on and writes no copy; run again, nothing is asked twice."""
    _write_csv(tmp_path / "replies.csv", MANY)
    arguments = ("replies.csv", "-o", "out.csv", "--column", "回复", "--concurrency", "4")
    with Model(slips=0.3, delay=0.05) as model:
        process = _start(*arguments, *_asking(model), folder=tmp_path)
        _until(lambda: len(model.requests) >= 10, process)
        process.send_signal(signal.SIGINT)
        err = process.communicate(timeout=60)[1]
        assert process.returncode == 3, err
        assert "Traceback" not in err
        assert "run the same command again: replykit polish replies.csv -o out.csv --column '回复'" in err
        assert sorted(path.name for path in tmp_path.iterdir()) == ["out.csv.ledger", "replies.csv"]
        process = _start(*arguments, *_asking(model), folder=tmp_path)
        err = process.communicate(timeout=60)[1]
        assert process.returncode in (0, 1), err
        assert max(model.asked().values()) == 1
    assert "repeated" not in err


def test_a_second_interrupt_ends_at_once(tmp_path: Path, server: Server) -> None:
    """Where the model does not answer, a second Ctrl-C ends the command there and then."""
    _write_csv(tmp_path / "replies.csv", MANY)
    server.script(*[fault.hang] * 100)
    process = _start("replies.csv", "-o", "out.csv", "--column", "回复", *_asking(server), folder=tmp_path)
    _until(lambda: len(server.requests) >= 10, process)
    process.send_signal(signal.SIGINT)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.5)
    process.send_signal(signal.SIGINT)
    err = process.communicate(timeout=10)[1]
    assert process.returncode == 130
    assert "Traceback" not in err
    assert "ended at once" in err


def test_a_second_start_is_refused(tmp_path: Path, server: Server) -> None:
    """While a job runs, the same command says so and changes nothing."""
    _write_csv(tmp_path / "replies.csv", MANY)
    server.script(*[fault.hang] * 100)
    arguments = ("replies.csv", "-o", "out.csv", "--column", "回复", *_asking(server))
    first = _start(*arguments, folder=tmp_path)
    _until(lambda: server.requests, first)
    second = _start(*arguments, folder=tmp_path)
    err = second.communicate(timeout=30)[1]
    first.kill()
    first.communicate()
    assert second.returncode == 2, err
    assert "in use" in err


def test_running_it_again_asks_nothing(
    polish: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch, model: Model
) -> None:
    """A finished job run again writes the same copy without a call; with one row changed, that one is asked about."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    polish("-o", "out.csv", "--column", "回复", *_asking(model))
    first, asked = Path("out.csv").read_bytes(), len(model.requests)
    polish("-o", "out.csv", "--column", "回复", *_asking(model))
    assert Path("out.csv").read_bytes() == first
    assert len(model.requests) == asked
    _write_csv(Path("replies.csv"), ("您好，这是新的一条。", *REPLIES[1:]))
    polish("-o", "out.csv", "--column", "回复", *_asking(model))
    assert {draft_in(body) for body in model.requests[asked:]} == {"您好，这是新的一条。"}


# --- what is seen ---------------------------------------------------------------------------------------------------


def test_progress_is_told_in_lines(polish: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch, model: Model) -> None:
    """Elsewhere than on a terminal a line now and then says how far it is, at what rate, and what it cost."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setattr("replykit.cli.watching._EVERY", 0.02)
    monkeypatch.setattr("replykit.cli.watching._LOOK", 0.0)
    model.delay = 0.05
    ran = polish("-o", "out.csv", "--column", "回复", *_asking(model), "--price-in", "2元", "--concurrency", "2")
    told = [line for line in ran.lines if " of 9 rows" in line and " left" in line]
    assert told, ran
    for line in told:
        assert re.fullmatch(
            r"replykit: \d of 9 rows \(\d+%\), [\d,.]+ rows/s, 0:\d\d left; \d clean, \d repaired, \d need review, "
            r"[\d,]+ tokens, 0\.\d+元(, \d under way)?",
            line,
        ), line


def test_a_server_that_is_not_there(polish: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong address ends the run soon, with what could not be reached, and not after minutes."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setattr("replykit.batch.asking._FIRST_PATIENCE", 0.5)
    ran = polish("-o", "out.csv", "--column", "回复", "--model", "test", "--base-url", "http://127.0.0.1:9/v1")
    assert ran.code == 3, ran
    assert "127.0.0.1:9" in ran.err.split("to go on")[0]


def test_progress_on_a_terminal(tmp_path: Path) -> None:
    """On a terminal a bar is drawn, and nothing of it is left behind; the cursor is shown again."""
    _write_csv(tmp_path / "replies.csv", MANY)
    leader, follower = pty.openpty()
    with Model(delay=0.05) as model:
        command = [sys.executable, "-m", "replykit", "polish", "replies.csv", "-o", "out.csv", "--column", "回复"]
        env = os.environ | {"TERM": "xterm", "COLUMNS": "100", "OPENAI_API_KEY": KEY}
        with subprocess.Popen(
            [*command, *_asking(model), "--concurrency", "2"], cwd=tmp_path, env=env, stdout=follower, stderr=follower
        ):
            os.close(follower)
            shown = b""
            with contextlib.suppress(OSError):
                while piece := os.read(leader, 4096):
                    shown += piece
        os.close(leader)
    text = shown.decode()
    assert "━" in text
    assert re.search(r"\d+ of 40 rows \(\d+%\), [\d.]+ rows/s", text)
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")
