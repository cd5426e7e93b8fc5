"""What is personal does not leave the process, and comes back whole."""

from __future__ import annotations

import asyncio
import builtins
import io
import json
import logging
import os
import re
import subprocess
import sys
import tomllib
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from batch_server import BatchServer
from hypothesis import given
from hypothesis import strategies as st
from model import draft_in
from server import KEY, Handler, Server, answer
from server import body as completion_body

from replykit import (
    AsyncReplyKit,
    ChatRequest,
    Completion,
    Reply,
    ReplyKit,
    ReplykitError,
    Request,
    Turn,
    UsageError,
    check,
)
from replykit.batch import Job
from replykit.privacy import Tokens, find_personal
from replykit.testing import AsyncFakeChat, FakeChat

LABELLED = tomllib.loads((Path(__file__).parent / "labelled" / "personal.toml").read_text("utf-8"))
PHONE, MAIL, NAME, ADDRESS, CARD = (
    "13800138000",
    "zhang.san@example.com",
    "张三丰",
    "朝阳区建国路88号",
    "6222 0202 0011 2233 446",
)
SECRETS = (PHONE, MAIL, NAME, ADDRESS, CARD, "138-0013-8000")


@pytest.mark.parametrize(("text", "kind", "masked"), LABELLED["personal"])
def test_personal_data_is_found(text: str, kind: str, masked: str) -> None:
    """Valid numbers of people are found where they stand, by kind, in any spelling."""
    found = find_personal(text)
    assert [(piece.kind, text[piece.start : piece.end]) for piece in found] == [(kind, masked)]


@pytest.mark.parametrize("text", LABELLED["things"])
def test_numbers_of_things_stay(text: str) -> None:
    """Order numbers, parcels, amounts, dates, models, short numbers and invalid ones are no personal data."""
    assert not find_personal(text)


def test_what_the_caller_marked_is_found_as_written() -> None:
    """The longest first, and a Latin name only as a word."""
    text = "张三丰住朝阳区建国路88号，张三也在。Li in Lily"
    found = find_personal(text, ["张三", "张三丰", "朝阳区建国路88号", "Li"])
    assert [text[one.start : one.end] for one in found] == ["张三丰", "朝阳区建国路88号", "张三", "Li"]


_NOISE = ("TELQ222X", "QX", "[", "】", "Q2", "k3x")
_TEXTS = st.lists(
    st.sampled_from(
        [*(row[2] for row in LABELLED["personal"]), *LABELLED["things"], NAME, "TELQ222X", "QX", "[", "】", "Q2", "k3x"]
    )
    | st.text(max_size=5),
    max_size=8,
).map("".join)


@given(_TEXTS)
def test_what_is_masked_comes_back(text: str) -> None:
    """Mask and restore give any text back, letter by letter, also one that holds what looks like tokens."""
    tokens = Tokens([text], [NAME])
    assert tokens.restore(tokens.mask(text)).text == text
    assert tokens.restore(tokens.mask(text)).unknown == ()


@given(_TEXTS)
def test_nothing_personal_is_left(text: str) -> None:
    """No value that was found stands in the masked text as it stood."""
    tokens = Tokens([text], [NAME])
    masked = tokens.mask(text)
    for piece in find_personal(text, [NAME]):
        assert masked.count(text[piece.start : piece.end]) < text.count(text[piece.start : piece.end])


def test_the_same_value_has_the_same_token() -> None:
    """In every text of a request, and in another spelling the same number."""
    tokens = Tokens(["电话13800138000", "a"])
    first, again, other = (tokens.mask(text) for text in ("电话13800138000", "请打13800138000。", "138-0013-8000"))
    token = first.removeprefix("电话")
    assert again == f"请打{token}。"
    assert other != token
    assert other[:7] == token[:7]
    assert tokens.restore(other).text == "138-0013-8000"
    assert tokens.restore(token[:-1] + "Y" + token[-1]).text == PHONE  # a spelling that nobody used


MANGLES: dict[str, Callable[[str], str]] = {
    "lower case": str.lower,
    "full width": lambda token: "".join(chr(ord(char) + 0xFEE0) for char in token),
    "spaces": " ".join,
    "underscores": lambda token: "_".join((token[:3], token[3:])),
    "hyphen": lambda token: "-".join((token[:4], token[4:])),
    "escaped": lambda token: token[:3] + "\\_" + token[3:],
    "square brackets": "[{}]".format,
    "lenticular brackets": "【{}】".format,
    "braces": lambda token: "{{" + token + "}}",
    "angle brackets": "<{}>".format,
    "code": "`{}`".format,
    "bold": "**{}**".format,
    "1 for l": lambda token: token.replace("L", "1"),
    "l for I": lambda token: token.replace("I", "l"),
    "3 for E": lambda token: token.replace("E", "3"),
    "z for 2": lambda token: token[:-3] + token[-3:].replace("2", "z"),
    "s for 5": lambda token: token[:-3] + token[-3:].replace("5", "s"),
    "name lost": lambda token: token[token.index("Q") :],
    "name translated": lambda token: "电话" + token[token.index("Q") :],
}


@pytest.mark.parametrize("mangle", MANGLES.values(), ids=MANGLES)
def test_a_mangled_token_is_mended(mangle: Callable[[str], str]) -> None:
    """Whatever models do to a token, it is found where it is still one."""
    tokens = Tokens([""], [NAME])
    for value in (PHONE, MAIL, NAME, CARD):
        token = tokens.mask(value)
        restored = tokens.restore(f"请您核对 {mangle(token)}，谢谢。")
        assert value in restored.text
        assert not restored.unknown
        assert "[" not in restored.text
        assert "【" not in restored.text


@pytest.mark.parametrize(
    "written", ["TELQ999X", "TELQ22", "TELQ", "TEL222X", "MAILQ288X", "Q266X", "TELQ222", "telq 2 9 9 x"]
)
def test_an_invented_token_is_marked(written: str) -> None:
    """What looks like a token and was never given is unknown, and is marked as a variable that nobody gave."""
    tokens = Tokens([""])
    assert tokens.mask(PHONE) == "TELQ222X"
    restored = tokens.restore(f"请打{written}。")
    assert restored.unknown == (written,)
    assert restored.text == "请打{{" + written + "}}。"


@pytest.mark.parametrize(
    "text", ["QQ 群", "Q2 的财报", "hotel Q&A", "X2 型", "quiz", "TEL 电话", "NAME", "IDNO：无", "quality 22 x"]
)
def test_other_words_are_no_tokens(text: str) -> None:
    """Letters of the family in ordinary words are left as they are."""
    tokens = Tokens(["无"])
    tokens.mask(PHONE)
    assert tokens.restore(text).text == text


def test_material_with_look_alikes_gets_another_family() -> None:
    """A customer who writes what looks like a token does not get anybody's number for it."""
    tokens = Tokens([f"我的编号是 TELQ222X，电话{PHONE}"])
    assert "Q222X" not in tokens.mask(PHONE)
    assert tokens.restore("TELQ222X").text == "TELQ222X"


def _kit(*answers: Any, **options: Any) -> tuple[ReplyKit, FakeChat]:
    chat = FakeChat(answers)
    return ReplyKit(chat=chat, privacy="mask", **options), chat


def _sent(chat: Any) -> str:
    return "\n".join(message.content for request in chat.requests for message in request.messages)


def test_nothing_personal_leaves_in_any_field() -> None:
    """Draft, customer, history, facts, tone and the repair of an answer are sent with tokens."""

    class Copying(FakeChat):
        def complete(self, request: ChatRequest) -> Completion:
            token = re.findall(r"TELQ\d+X", request.messages[1].content)[0]
            answer = super().complete(request)
            return answer.model_copy(update={"text": answer.text.replace("TEL", token)})

    chat = Copying(["大哥，我们会拨打 TEL 联系您。", "您好，我们会拨打您的电话 TEL 与您联系。"])
    kit = ReplyKit(chat=chat, privacy="mask")
    reply = kit.rewrite(
        f"我们会打{PHONE}给{NAME}",
        customer=f"我的电话 {PHONE}，邮箱 {MAIL}，住{ADDRESS}",
        history=[Turn(role="customer", text=f"我是{NAME}"), Turn(role="agent", text=f"卡号 {CARD}")],
        facts=[f"客户电话 138-0013-8000，{NAME}"],
        tone=f"像对{NAME}说话",
        private=[NAME, ADDRESS],
    )
    assert len(chat.requests) == 2
    assert not [secret for secret in SECRETS if secret in _sent(chat)]
    assert "TELQ" in _sent(chat)
    assert "逐字照抄" in chat.requests[0].messages[0].content
    assert PHONE in reply.attempts[0].text
    assert re.search(PHONE, reply.text)


def test_the_answer_is_judged_with_the_data_in_it() -> None:
    """A number that the model was given by token is grounded, and one that it dropped is missed."""
    kit, _ = _kit("您好，我们会拨打您的电话 telq222x 与您联系。")
    reply = kit.rewrite(f"我们会打您的电话 {PHONE} 联系您。")
    assert reply.status == "clean"
    assert reply.text == f"您好，我们会拨打您的电话 {PHONE} 与您联系。"
    kit, _ = _kit("您好，我们会与您联系。", "您好，我们会与您联系。")
    assert kit.rewrite(f"我们会打您的电话 {PHONE} 联系您。").status == "needs_review"


def test_an_invented_token_is_asked_for_again_and_needs_review() -> None:
    """The repair quotes it; where the model keeps it, the reply is never sent without a person."""
    kit, chat = _kit("您好，请拨打 TELQ299X 联系。", "您好，我们会与您联系。")
    reply = kit.draft(f"我的电话 {PHONE}", facts=["请客户等候"])
    assert "{{TELQ299X}}" in chat.requests[1].messages[-1].content
    assert reply.status == "repaired"
    kit, _ = _kit("您好，请拨打 TELQ299X 联系。", "您好，请拨打 TELQ299X 联系。")
    assert kit.draft(f"我的电话 {PHONE}").status == "needs_review"


def test_a_playbook_without_placeholders_is_no_way_round() -> None:
    """Where no rule knows variables, an invented token needs review all the same."""
    from small import SMALL

    chat = FakeChat(["请拨打 TELQ299X。"])
    reply = ReplyKit(chat=chat, playbook=SMALL, privacy="mask").draft(f"我的电话 {PHONE}")
    assert reply.status == "needs_review"
    assert "TELQ299X" in reply.reason


def test_async_kits_do_the_same() -> None:
    """`AsyncReplyKit` masks and restores as `ReplyKit` does."""
    chat = AsyncFakeChat(["您好，我们会拨打您的电话 TELQ235X 与您联系。"])

    async def reply() -> Reply:
        async with AsyncReplyKit(chat=chat, privacy="mask") as kit:
            return await kit.draft(f"我是{NAME}，电话 {PHONE}", private=[NAME])

    made = asyncio.run(reply())
    assert made.status == "clean"
    assert PHONE in made.text
    assert not [secret for secret in SECRETS if secret in _sent(chat)]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 100])
def test_streams_restore_across_pieces(size: int) -> None:
    """However the answer is cut into pieces, no half of a token leaves, and the data stands in what does."""

    class Streaming:
        def __init__(self) -> None:
            self.requests: list[ChatRequest] = []

        def complete(self, request: ChatRequest) -> Completion:
            raise AssertionError

        def stream(self, request: ChatRequest) -> Any:
            self.requests.append(request)
            text = "您好，我们会拨打您的电话 TELQ222X 与您联系。请您稍等，有进展会第一时间告诉您。"
            for at in range(0, len(text), size):
                yield text[at : at + size]
            yield Completion(text=text, outcome="complete", finish_reason="stop")

    chat = Streaming()
    with ReplyKit(chat=chat, privacy="mask").draft_stream(f"我的电话 {PHONE}") as stream:
        pieces = list(stream)
    assert "".join(pieces) == f"您好，我们会拨打您的电话 {PHONE} 与您联系。请您稍等，有进展会第一时间告诉您。"
    assert stream.reply.status == "clean"
    assert PHONE not in _sent(chat)
    assert not [piece for piece in pieces if "TELQ" in piece]


@given(st.integers(0, 200))
def test_what_is_settled_only_grows(cut: int) -> None:
    """The settled part of an unfinished answer, restored, begins the restored answer."""
    tokens = Tokens(["无"], [NAME])
    phone, spaced, name = tokens.mask(PHONE), " ".join(tokens.mask(MAIL)), tokens.mask(NAME)
    answer = f"您好，{phone} 和 {spaced}，以及{name}。Please call {phone} now."
    part = tokens.settled(answer[:cut])
    assert answer.startswith(part)
    assert tokens.restore(answer).text.startswith(tokens.restore(part).text)


def test_records_are_masked_as_well() -> None:
    """`record` sends the conversation with tokens, and quotes it with the data."""
    kit, chat = _kit('{"who": "NAMEQ222X"}', "{}", "{}")
    kit.record([{"role": "user", "content": f"我叫{NAME}，电话 {PHONE}，耳机坏了"}], private=[NAME])
    assert chat.requests
    assert not [secret for secret in SECRETS if secret in _sent(chat)]


def test_without_privacy_nothing_changes() -> None:
    """A kit that masks nothing sends what it is given, and refuses `private`, which would promise otherwise."""
    chat = FakeChat(["您好，我来为您核实。"])
    ReplyKit(chat=chat).draft(f"我的电话 {PHONE}")
    assert PHONE in _sent(chat)
    with pytest.raises(UsageError, match="privacy='mask'"):
        ReplyKit(chat=chat).draft("在吗", private=[NAME])


@pytest.mark.parametrize(("private", "said"), [("张三丰", "list"), (["张"], "two characters"), ([3], "two characters")])
def test_marks_that_cannot_be_used_are_refused(private: Any, said: str) -> None:
    """One string, one character and no text at all are usage errors."""
    with pytest.raises(UsageError, match=said):
        _kit()[0].draft("在吗", private=private)


def test_another_mode_is_refused() -> None:
    """`privacy` knows one mode."""
    with pytest.raises(UsageError, match="'mask'"):
        ReplyKit(privacy="hide")  # type: ignore[arg-type]


def test_missing_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra the kit says in one sentence what to install, before anything is sent."""
    real = builtins.__import__

    def without(name: str, *rest: Any, **options: Any) -> Any:
        if name == "phonenumbers":
            raise ImportError(name)
        return real(name, *rest, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UsageError, match=r"replykit\[privacy\]"):
        ReplyKit(privacy="mask")


def _everything(kit: ReplyKit) -> str:
    """Ask in every way, and return all that a person could find in a log: reprs, exceptions, tracebacks."""
    shown = []
    asked = f"我是{NAME}，住{ADDRESS}，电话{PHONE}，邮箱{MAIL}，卡号 {CARD}。"
    facts = ["客户电话 138-0013-8000"]
    for ask in (
        lambda: kit.draft(asked, facts=facts, private=[NAME, ADDRESS]),
        lambda: kit.rewrite(asked, customer=asked, facts=facts, private=[NAME, ADDRESS]),
    ):
        try:
            made = ask()
        except ReplykitError as error:
            shown += [repr(error), str(error), "".join(traceback.format_exception(error))]
            shown += map(repr, error.attempts)
        else:
            shown += [repr(made), str(made), repr(made.attempts), repr(made.violations), repr(made.original)[:0]]
    report = check(asked, customer=asked, facts=facts)
    request = Request(task="draft", customer=asked, facts=tuple(facts), history=(Turn(role="customer", text=asked),))
    shown += [repr(one) for one in (report, request, kit, kit.assess(asked), kit.acknowledge(asked), kit.budget)]
    for wrong in (lambda: Turn(role="boss", text=asked), lambda: kit.draft(13800138000)):  # type: ignore[arg-type]
        try:
            wrong()
        except Exception as error:
            shown += [repr(error), str(error)]
    return "\n".join(shown)


def _echo(handler: Handler, code: int) -> None:
    """Answer with an error that repeats all that was sent, the key too."""
    said = f"{handler.headers['authorization']} {json.dumps(handler.asked, ensure_ascii=False)}"
    handler.send(code, json.dumps({"error": {"message": said, "code": "x", "type": "x"}}).encode())


def test_nothing_personal_and_no_key_is_written(caplog: pytest.LogCaptureFixture) -> None:
    """Logs at DEBUG, reprs and exceptions hold neither the data nor the key, also where a server echoes them."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    logging.getLogger().addHandler(handler)
    try:
        with Server() as server, caplog.at_level(logging.DEBUG):
            for name in ("openai", "httpx2", "httpcore2", "replykit", "asyncio"):
                caplog.set_level(logging.DEBUG, name)
            wrong = answer("大哥，保证明天到！请拨打 TELQ222X。")
            server.script(answer("您好，我们会拨打您的电话 TELQ222X 与您联系。"), wrong, wrong)
            kit = ReplyKit(model="m", base_url=server.url, api_key=KEY, privacy="mask", max_retries=0)
            shown = _everything(kit)
            for code in (500, 401, 400, 200):
                server.always(lambda handler, code=code: _echo(handler, code))  # type: ignore[misc]
                shown += _everything(kit)
            kit.close()
            sent = json.dumps(server.requests, ensure_ascii=False)
    finally:
        logging.getLogger().removeHandler(handler)
    written = shown + stream.getvalue() + caplog.text + "\n".join(map(str, (r.__dict__ for r in caplog.records)))
    assert len(stream.getvalue()) > 100
    assert not [secret for secret in (*SECRETS, KEY) if secret in written]
    assert sent
    assert not [secret for secret in SECRETS if secret in sent]


def test_the_command_masks_and_writes_nothing_personal(tmp_path: Path) -> None:
    """`--privacy mask` and `REPLYKIT_PRIVACY` mask; standard error holds nothing personal and no key."""
    with Server() as server:
        server.always(answer("大哥，我们会拨打 TELQ222X 联系 NAMEQ235X。"))
        env = {**os.environ, "REPLYKIT_API_KEY": KEY, "REPLYKIT_MODEL": "m", "REPLYKIT_BASE_URL": server.url}
        command = [sys.executable, "-m", "replykit", "draft", f"电话{PHONE}，我是{NAME}", "--private", NAME]
        for extra, setting in ((["--privacy", "mask"], {}), ([], {"REPLYKIT_PRIVACY": "mask"})):
            ran = subprocess.run([*command, *extra], capture_output=True, env={**env, **setting}, encoding="utf-8")
            assert PHONE in ran.stdout
            assert "TELQ" not in ran.stdout
            assert KEY not in ran.stdout + ran.stderr
        refused = subprocess.run([*command, "--privacy", "hide"], capture_output=True, env=env, encoding="utf-8")
        assert refused.returncode == 2
        assert "'mask'" in refused.stderr
        assert not [secret for secret in SECRETS if secret in json.dumps(server.requests, ensure_ascii=False)]


_JOB = """
import json, os, sys
from replykit import ReplyKit
from replykit.batch import Job
url, ledger, most = sys.argv[1], sys.argv[2], int(sys.argv[3])
texts = [f"呵呵，编号{n}号请拨打 1381234{5000 + n}，或写信到 li{n}.si@example.com" for n in range(8)]
kit = ReplyKit(model="m", base_url=url, api_key=os.environ["REPLYKIT_API_KEY"], privacy="mask")
with Job(kit, ledger=ledger, concurrency=1) as job:
    for done, row in enumerate(job.run({"text": text, "customer": "我是 13912345678"} for text in texts), 1):
        if done == most:
            job.stop()
    places = [place for place in (ledger, ledger + "-wal", ledger + "-spare") if os.path.exists(place)]
    held = b"".join(open(place, "rb").read() for place in places)
    print(json.dumps([len(places), held.decode("latin-1"), job.is_complete, job.progress.calls,
        [row.text for row in job.results()]]))
"""


def test_the_ledger_of_a_masked_job_holds_nothing_personal(tmp_path: Path) -> None:
    """After a stop and after the end no file of the ledger holds a number or a row, and nothing is asked again."""
    ledger = tmp_path / "out.csv.ledger"
    env = {**os.environ, "REPLYKIT_API_KEY": KEY}
    secrets = ["1381234500", ".si@example.com", "13912345678", "请拨打 138", "呵呵"]

    def run(most: int) -> tuple[bool, int, list[str]]:
        command = [sys.executable, "-c", _JOB, server.url, str(ledger), str(most)]
        ran = subprocess.run(command, capture_output=True, env=env, encoding="utf-8")
        assert ran.returncode == 0, ran.stderr
        places, held, is_complete, calls, texts = json.loads(ran.stdout)
        assert places == 3
        for kept in (held.encode("latin-1"), ledger.read_bytes()):
            assert "您好".encode() in kept  # the answers are there
            assert not [secret for secret in secrets if secret.encode() in kept]
        assert all(f"1381234{5000 + n}" in text for n, text in enumerate(texts))
        return is_complete, calls, texts

    with Server() as server:
        server.respond(lambda body: answer(draft_in(body).replace("呵呵", "您好")))
        is_complete, first, texts = run(3)
        assert not is_complete
        assert 3 <= len(texts) < 8
        is_complete, second, texts = run(99)
        assert is_complete
        assert len(texts) == 8
        assert first + second == len(server.requests) == 8
        assert run(99) == (True, 0, texts)
        assert max(server.asked().values()) == 1


@pytest.mark.parametrize("via", ["calls", "batch-api"])
def test_personal_data_that_a_model_wrote_itself_is_in_no_ledger(tmp_path: Path, via: Any) -> None:
    """An answer with a number that stands for no token serves its run, and is not written down."""
    ledger, said = tmp_path / "ledger", f"您好，请拨打 {PHONE}。"
    with BatchServer(tmp_path, lambda _: (200, completion_body(said))) as posting, Server() as calling:
        calling.always(answer(said))
        url = posting.url if via == "batch-api" else calling.url
        kit = ReplyKit(model="m", base_url=url, api_key=KEY, privacy="mask")
        with Job(kit, ledger=ledger, via=via) as job:
            (row,) = job.run([{"text": f"呵呵，请拨打 {PHONE}。"}])
            assert job.progress.calls == 1
    assert (row.status, row.text) == ("clean", said)
    assert PHONE.encode() not in ledger.read_bytes()


def test_a_spreadsheet_is_masked_as_well(tmp_path: Path) -> None:
    """`polish --privacy mask` sends no number of a row, and writes it into the copy."""
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(f"回复\n呵呵，我们会打您的电话 {PHONE} 联系您。\n", "utf-8")
    with Server() as server:
        server.always(answer("您好，我们会拨打您的电话 TELQ222X 与您联系。"))
        env = {**os.environ, "REPLYKIT_API_KEY": KEY, "REPLYKIT_MODEL": "m", "REPLYKIT_BASE_URL": server.url}
        command = [sys.executable, "-m", "replykit", "polish", str(source), "-o", str(target), "--column", "回复"]
        ran = subprocess.run([*command, "--privacy", "mask"], capture_output=True, env=env, encoding="utf-8")
        assert ran.returncode == 0, ran.stderr
        assert server.requests
        assert PHONE not in json.dumps(server.requests, ensure_ascii=False)
    assert f"您好，我们会拨打您的电话 {PHONE} 与您联系。" in target.read_text("utf-8-sig")
    assert PHONE not in ran.stderr
