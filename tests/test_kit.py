"""The kits: one table for both, what they refuse, and what they do without a model."""

from __future__ import annotations

import asyncio
import functools
import inspect
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from small import SMALL

import replykit
from replykit.checker import checker_for
from replykit.errors import (
    BudgetError,
    ChatAuthError,
    ChatServerError,
    ChatTimeoutError,
    PlaybookError,
    TextError,
    UsageError,
)
from replykit.kit import AsyncReplyKit, ReplyKit
from replykit.loader import load_playbook
from replykit.records import ChatRequest, Completion, Reply, Turn, Usage
from replykit.testing import Answer, AsyncFakeChat, FakeChat

GOOD = "您好，我来为您核实。"
BAD = "没办法，您等着吧。"


def made(world: str, method: str, answers: list[Answer] | None, *args: Any, **fields: Any) -> tuple[Reply, Any]:
    """Call a method of one kit or the other; return the reply and the chat."""
    settings = {key: fields.pop(key) for key in ("max_repairs", "budget") if key in fields}
    if world == "sync":
        chat = None if answers is None else FakeChat(answers)
        with ReplyKit(playbook=SMALL, chat=chat, **settings) as kit:
            return getattr(kit, method)(*args, **fields), chat

    async def run() -> tuple[Reply, Any]:
        chat = None if answers is None else AsyncFakeChat(answers)
        async with AsyncReplyKit(playbook=SMALL, chat=chat, **settings) as kit:
            return await getattr(kit, method)(*args, **fields), chat

    return asyncio.run(run())


CALLS: list[tuple[str, list[Answer] | None, tuple[str, ...], dict[str, Any], str]] = [
    ("rewrite", [GOOD], (BAD,), {}, "clean"),
    ("rewrite", [BAD, GOOD], (BAD,), {"customer": "我的订单呢？"}, "repaired"),
    ("rewrite", [BAD, BAD], (BAD,), {"facts": ["订单在路上"]}, "needs_review"),
    ("rewrite", [BAD, ChatTimeoutError("late")], (BAD,), {"stage": "accept", "channel": "email"}, "needs_review"),
    ("rewrite", ["呵呵，" + GOOD] * 2, (BAD,), {"tone": "温和", "length": "short"}, "repaired"),
    ("rewrite", None, ("呵呵，我来看看。",), {}, "repaired"),
    ("rewrite", None, (GOOD,), {}, "clean"),
    ("draft", [GOOD], ("我的订单呢？",), {"language": "zh-Hans"}, "clean"),
    ("draft", ["", ""], ("我的订单呢？",), {"history": [Turn(role="agent", text="您好")]}, "needs_review"),
    ("draft", None, ("我的订单呢？",), {}, "clean"),
]


@pytest.mark.parametrize(("method", "answers", "args", "fields", "status"), CALLS)
def test_both_kits_do_the_same(
    method: str, answers: list[Answer] | None, args: tuple[str, ...], fields: dict[str, Any], status: str
) -> None:
    """The same script gives the same reply and the same requests, sync and async."""
    (reply, chat), (areply, achat) = (made(world, method, answers, *args, **fields) for world in ("sync", "async"))
    assert reply == areply
    assert reply.status == status
    if answers is not None:
        assert chat.requests == achat.requests


def test_both_kits_have_the_same_methods() -> None:
    """Every public method stands in both kits with the same parameters."""

    def methods(kit: type) -> dict[str, list[str]]:
        return {
            name: list(inspect.signature(method).parameters)
            for name, method in inspect.getmembers(kit, inspect.isfunction)
            if not name.startswith("_")
        }

    assert methods(ReplyKit) == methods(AsyncReplyKit)
    assert str(inspect.signature(ReplyKit.__init__)).replace("Chat", "AsyncChat") == str(
        inspect.signature(AsyncReplyKit.__init__)
    )


WORLDS = pytest.mark.parametrize("world", ["sync", "async"])


@WORLDS
@pytest.mark.parametrize("text", ["", " \n\t", "\u200b\u3000\u00a0"])
def test_blank_text_is_refused(world: str, text: str) -> None:
    """A text that nobody can read is a TextError of one sentence, and no model is asked."""
    for method, args, fields in (
        ("rewrite", (text,), {}),
        ("draft", (text,), {}),
        ("rewrite", (GOOD,), {"customer": text}),
    ):
        with pytest.raises(TextError, match=r"^(draft|customer) is (empty|blank); give the text$"):
            made(world, method, [], *args, **fields)


@pytest.mark.parametrize("text", ["好", "😀", "？", "1"])
def test_shortest_text_is_taken(text: str) -> None:
    """One visible character is a text."""
    assert made("sync", "rewrite", None, text)[0].text == text


def test_text_that_is_too_long_is_refused() -> None:
    """1,000,000 code points are taken, one more is not."""
    with pytest.raises(TextError, match=r"draft has 1,000,001 code points; the longest that is taken has 1,000,000"):
        made("sync", "rewrite", [], "好" * 1_000_001)
    assert made("sync", "draft", [GOOD], "好" * 1_000_000)[0].text == GOOD


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"channel": "sms"}, "channel: Input should be 'chat', 'email', 'review' or 'phone'; got 'sms'"),
        ({"length": "huge"}, "length: "),
        ({"stage": "five"}, "stage: "),
        ({"language": "zh"}, "language: "),
        ({"tone": 5}, "tone: "),
        ({"facts": "一条事实"}, "facts must be a list of lines"),
        ({"facts": [1]}, "a fact must be a str, not int"),
        ({"history": "在吗"}, "history must be a list of turns"),
        ({"history": {"role": "user", "content": "x"}}, "history must be a list of turns"),
        ({"history": [("user", "x")]}, r"history\[0\] must be a Turn or a mapping, not tuple"),
        ({"history": [{"role": "system", "content": "x"}]}, r"history\[0\] is a system message; leave it out"),
        ({"history": [{"role": "bot", "content": "x"}]}, r"history\[0\] has the role 'bot'; known: user, customer"),
        ({"history": [{"role": "user"}]}, r"history\[0\] has no text under 'content'"),
        ({"history": [{"content": "x"}]}, r"history\[0\] has the role None"),
        ({"history": [{"role": "user", "content": b"x"}]}, r"history\[0\] has no text under 'content'"),
        ({"history": None}, "history must be a list of turns"),
        ({"history": 5}, "history must be a list of turns"),
        ({"facts": None}, "facts must be a list of lines, not one NoneType"),
        ({"facts": {"运费": "免"}}, "facts must be a list of lines, not one dict"),
        ({"facts": 5}, "facts must be a list of lines, not one int"),
    ],
)
def test_wrong_argument_is_named(fields: dict[str, Any], says: str) -> None:
    """An argument that cannot be used is a UsageError that says what to pass."""
    with pytest.raises(UsageError, match=says):
        made("sync", "rewrite", [], GOOD, **fields)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"language": "zh"}, "language: "),
        ({"customer": 5}, "customer: "),
        ({"draft": ["x"]}, "draft: "),
        ({"facts": "一条事实"}, "facts must be a list of lines"),
        ({"history": "在吗"}, "history must be a list of turns"),
    ],
)
def test_wrong_argument_of_a_check_is_named(fields: dict[str, Any], says: str) -> None:
    """A check and a repair refuse what they cannot use as a rewrite does, with no error of a lower layer."""
    kit = ReplyKit(playbook=SMALL)
    for method in (kit.check, kit.fix, functools.partial(replykit.check, playbook=SMALL)):
        with pytest.raises(UsageError, match=says):
            method(GOOD, **fields)


def test_unknown_scene_is_named() -> None:
    """A scene that no phrasebook can have is refused, not answered with nothing."""
    with pytest.raises(UsageError, match="there is no scene 'lunch'; known: "):
        ReplyKit(playbook=SMALL).acknowledge("订单呢？", scene="lunch")  # type: ignore[arg-type]  # the point


def test_history_may_be_what_chat_apis_use() -> None:
    """OpenAI's messages and our turns lead to the same request; user is the customer."""
    dicts = [
        {"role": "user", "content": "在吗"},
        {"role": "assistant", "content": ["在的"]},
        {"role": "user", "content": [{"type": "text", "text": "订单呢"}]},
    ]
    turns = [
        Turn(role="customer", text="在吗"),
        Turn(role="agent", text="在的"),
        {"role": "customer", "text": "订单呢"},
    ]
    assert (
        made("sync", "rewrite", [GOOD], GOOD, history=dicts)[1].requests
        == made("sync", "rewrite", [GOOD], GOOD, history=turns)[1].requests
    )


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"model": "m", "chat": FakeChat([])}, "either a model or a chat"),
        ({"chat": object()}, "chat must be an object with a method complete"),
        ({"chat": FakeChat}, "chat must be an object with a method complete"),
        ({"base_url": "http://localhost/v1"}, "need a model"),
        ({"api_key": "k"}, "need a model"),
        ({"max_repairs": -1}, "max_repairs must be 0 or more"),
        ({"budget": 0}, "budget must be"),
        ({"prompts": "/nowhere"}, "prompts must be a folder"),
        ({"model": " "}, "model must be"),
        ({"model": "m"}, "no API key"),
        ({"model": "m", "base_url": "localhost:8000"}, "base_url must be an address"),
        ({"model": "m", "base_url": "https://u:p@host/v1"}, "no user or password"),
        ({"model": "m", "api_key": "sk-\n1"}, "api_key holds a character"),
        ({"model": "m", "api_key": "密钥"}, "api_key holds a character"),
        ({"model": "m", "api_key": "k", "timeout": 0}, "timeout must be"),
        ({"model": "m", "api_key": "k", "max_retries": -1}, "max_retries must be"),
    ],
)
@pytest.mark.parametrize("kit", [ReplyKit, AsyncReplyKit])
def test_wrong_setting_is_named(kit: Callable[..., object], settings: dict[str, Any], says: str) -> None:
    """A kit that cannot work says so when it is made, and never shows the key."""
    with pytest.raises(UsageError, match=says) as caught:
        kit(playbook=SMALL, **settings)
    assert "sk-" not in str(caught.value)


def test_unknown_playbook_is_named() -> None:
    """A playbook that does not exist is an error that names those that do."""
    with pytest.raises(PlaybookError, match="zh"):
        ReplyKit(playbook="klingon")


def test_playbook_may_be_a_name_a_path_or_a_value() -> None:
    """The built-in playbook is the same, however it is given."""
    path = Path(sys.modules["replykit"].__file__ or "").parent / "playbooks" / "zh"
    assert ReplyKit().playbook == load_playbook("zh")
    assert ReplyKit(playbook=load_playbook("zh")).playbook is load_playbook("zh")
    assert ReplyKit(playbook=path).playbook.rules == load_playbook("zh").rules


def test_offline_clean_draft_is_untouched() -> None:
    """Without a model a clean draft comes back byte for byte, as clean."""
    draft = "  您好，我来为您核实。\n"
    reply, _ = made("sync", "rewrite", None, draft)
    assert (reply.text, reply.status, reply.original) == (draft, "clean", draft)
    assert reply.offline
    assert reply.usage == Usage()


def test_offline_draft_is_mended_or_needs_review() -> None:
    """Without a model what the playbook can mend is repaired; what it cannot needs review and says why."""
    reply, _ = made("sync", "rewrite", None, "呵呵，我来为您核实。")
    assert (reply.status, reply.text) == ("repaired", "我来为您核实。")
    reply, _ = made("sync", "rewrite", None, "呵呵，没办法。")
    assert (reply.status, reply.reason) == ("needs_review", "still breaks no-brush-off")
    assert "呵呵" not in reply.text


@pytest.mark.parametrize(
    ("draft", "text"),
    [
        ("我来核实订单。", "我理解您的心情。我来核实订单。"),
        ("您好，我来核实订单。", "您好，我理解您的心情。我来核实订单。"),
        ("呵呵，我来核实订单。", "我理解您的心情。我来核实订单。"),
    ],
)
def test_offline_understanding_comes_first(draft: str, text: str) -> None:
    """An upset customer gets a line of understanding, after the greeting and before the matter."""
    reply, _ = made("sync", "rewrite", None, draft, customer="气死我了，订单呢！")
    assert (reply.text, reply.status, reply.original) == (text, "repaired", draft)
    assert reply.violations == ()
    assert reply.attempts[-1].made_by == "phrasebook"


@pytest.mark.parametrize(
    ("draft", "customer"),
    [("我理解您，我来核实订单。", "气死我了！"), ("我来核实订单。", "订单呢？"), ("我来核实订单。", None)],
)
def test_offline_understanding_is_not_added_twice(draft: str, customer: str | None) -> None:
    """A draft that shows understanding, or a calm customer, gets no further line."""
    reply, _ = made("sync", "rewrite", None, draft, customer=customer)
    assert (reply.text, reply.status) == (draft, "clean")


HOLDING = [
    ("订单呢？", "我来为您核实。", False),
    ("气死我了，订单呢？", "我理解您的心情。我来为您核实。", False),
    ("我要投诉！", "我理解您的心情。我会记录您的意见。", False),
    ("你们是骗子！", "请您平和沟通。", True),
    ("我不想活了", "我很担心您。", True),
    ("法院见！", "我理解您的心情。我请主管与您联系。", True),
    ("訂單呢？請問", "我來為您核實。", False),
]


@pytest.mark.parametrize(("customer", "text", "escalate"), HOLDING)
def test_offline_reply_is_a_holding_line(customer: str, text: str, escalate: bool) -> None:
    """Without a model a drafted reply is ready lines for its situation, in the customer's script, labelled offline."""
    reply, _ = made("sync", "draft", None, customer)
    assert (reply.text, reply.status, reply.escalate) == (text, "clean", escalate)
    assert reply.offline
    assert [attempt.made_by for attempt in reply.attempts] == ["phrasebook"]


@pytest.mark.parametrize(("customer", "text", "escalate"), [*HOLDING, ("你好，在吗？", "您好，请说。", False)])
@pytest.mark.parametrize("kit", [ReplyKit, AsyncReplyKit])
def test_acknowledgement_asks_no_model(
    kit: type[ReplyKit | AsyncReplyKit], customer: str, text: str, escalate: bool
) -> None:
    """The first answer comes from the phrasebook at once, in both kits, with a model or without."""
    reply = kit(playbook=SMALL).acknowledge(customer)
    assert (reply.text, reply.status, reply.escalate) == (text, "clean", escalate)


def test_acknowledgement_without_a_message_opens() -> None:
    """Where nobody has written yet the opening line is said, in the language asked for; a scene may be named."""
    kit = ReplyKit(playbook=SMALL)
    assert kit.acknowledge().text == "您好，请说。"
    assert kit.acknowledge(language="zh-Hant").text == "您好，請說。"
    assert kit.acknowledge(customer="订单呢？", scene="busy").text == "请您留下问题。"


def test_scene_without_lines_needs_review() -> None:
    """A playbook with no line for a scene gives an empty reply that says so."""
    reply = ReplyKit(playbook=SMALL).acknowledge(scene="rush")
    assert (reply.text, reply.status, reply.reason) == ("", "needs_review", "there is no text to send")


def test_language_is_that_of_the_customer_in_the_history() -> None:
    """Without a message the customer's last turn decides the language, not the draft; with one, the message does."""
    history = [{"role": "user", "content": "請問訂單為什麼還沒到？"}]
    reply, chat = made("sync", "rewrite", ["您好，我來為您核實。"], "您好，我来为您核实。", history=history)
    assert (reply.language, reply.status) == ("zh-Hant", "clean")
    assert "繁體中文" in chat.requests[0].messages[1].content
    assert made("sync", "draft", [GOOD], "请问订单呢？", history=history)[0].language == "zh-Hans"


def test_a_message_without_a_script_follows_what_the_customer_wrote_before() -> None:
    """嗯…… is in no script, so the customer's latest turn that is in one decides, and before any draft."""
    history = [{"role": "user", "content": "這台機器壞了"}, {"role": "assistant", "content": "请问是哪一款？"}]
    reply, _ = made("sync", "draft", ["没关系，您慢慢说。", "沒關係，您慢慢說。"], "嗯……", history=history)
    assert (reply.language, reply.text) == ("zh-Hant", "沒關係，您慢慢說。")
    assert made("sync", "rewrite", ["沒關係。"], "没关系。", customer="嗯", history=history)[0].language == "zh-Hant"


def test_escalation_is_told_with_a_model_too() -> None:
    """Whether a human should take over is read from the customer, whatever the text says."""
    assert made("sync", "draft", [GOOD], "你们是骗子！")[0].escalate
    assert not made("sync", "draft", [GOOD], "订单呢？")[0].escalate
    assert made("sync", "rewrite", [GOOD], GOOD, history=[{"role": "user", "content": "法院见"}])[0].escalate


@pytest.mark.parametrize("kit", [ReplyKit, AsyncReplyKit])
def test_kit_checks_fixes_and_reads(kit: type[ReplyKit | AsyncReplyKit]) -> None:
    """What asks no model is the same plain method in both kits."""
    made_kit = kit(playbook=SMALL)
    report = made_kit.check("呵呵，3天到。", customer="几天？", history=[{"role": "user", "content": "在吗"}])
    assert [v.rule for v in report.violations] == ["giggle", "facts"]
    assert report.violations == checker_for(SMALL).check("呵呵，3天到。", customer="几天？").violations
    assert made_kit.fix("呵呵，好的。") == "好的。"
    assert made_kit.assess("骗子").abuse
    for method in (made_kit.check, made_kit.fix, made_kit.assess):
        with pytest.raises(TextError, match="must be a str, not int"):
            method(5)  # type: ignore[arg-type]  # the mistake


def answered(text: str, usage: Usage | None = None) -> Completion:
    """Return an answer with its cost."""
    return Completion(text=text, outcome="complete", usage=usage or Usage(calls=1))


class Costly:
    """A chat model that counts its tokens and remembers the bounds that it was given."""

    def __init__(self, *answers: Completion | Exception) -> None:
        self.answers = list(answers)
        self.limits: list[int | None] = []

    def complete(self, request: ChatRequest) -> Completion:
        """Answer."""
        self.limits.append(request.max_tokens)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_budget_is_kept_over_calls() -> None:
    """What was spent is counted, answers are bounded by what is left, and a call that may pass it is not made."""
    usage = Usage(calls=1, prompt_tokens=500, completion_tokens=4000)
    chat = Costly(answered(GOOD, usage), answered(GOOD, usage))
    kit = ReplyKit(playbook=SMALL, chat=chat, budget=6000)
    kit.draft("订单呢？")
    assert kit.budget.spent == 4500
    kit.draft("订单呢？")
    assert chat.limits[0] == 4096
    assert chat.limits[1] is not None
    assert 64 <= chat.limits[1] < 1500
    with pytest.raises(BudgetError, match=r"of 6,000 are left") as caught:
        kit.draft("订单呢？")
    assert caught.value.attempts == ()


def test_budget_counts_code_points_where_the_server_counts_nothing() -> None:
    """A server without usage is charged what was sent and received."""
    chat = Costly(answered(GOOD))
    kit = ReplyKit(playbook=SMALL, chat=chat, budget=10_000)
    kit.draft("订单呢？")
    assert kit.budget.spent > len(GOOD) + 100


@pytest.mark.parametrize(
    ("error", "free"),
    [(ChatAuthError("x"), True), (ChatServerError("x"), True), (ChatTimeoutError("x"), False), (KeyError("x"), False)],
)
def test_budget_charges_what_may_have_been_billed(error: Exception, free: bool) -> None:
    """A call that was refused costs nothing; one that may have been answered costs what it sent."""
    kit = ReplyKit(playbook=SMALL, chat=Costly(error), budget=10_000)
    with pytest.raises(type(error)):
        kit.draft("订单呢？")
    assert (kit.budget.spent == 0) == free


def test_budget_that_ends_during_a_repair_keeps_the_answer() -> None:
    """A repair that the budget does not allow leaves the first answer, needing review, with the reason."""
    usage = Usage(calls=1, prompt_tokens=1000, completion_tokens=1900)
    reply = ReplyKit(playbook=SMALL, chat=Costly(answered(BAD, usage)), budget=3000).rewrite(BAD)
    assert (reply.status, reply.usage) == ("needs_review", usage)
    assert "BudgetError" in reply.reason


def test_kit_serves_many_threads() -> None:
    """One kit answers from many threads at once, and its budget counts every call."""

    class Steady:
        def complete(self, request: ChatRequest) -> Completion:
            return answered(GOOD, Usage(calls=1, prompt_tokens=1, completion_tokens=1))

    kit = ReplyKit(playbook=SMALL, chat=Steady(), budget=1_000_000)
    replies: list[Reply] = []
    threads = [threading.Thread(target=lambda: replies.append(kit.draft("订单呢？"))) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [reply.status for reply in replies] == ["clean"] * 16
    assert kit.budget.spent == 32


def test_chat_of_the_callers_own_stays_open() -> None:
    """A kit closes what it made, and leaves alone what it was given."""

    class Watched(FakeChat):
        closed = False

        def close(self) -> None:
            self.closed = True

    chat = Watched([GOOD])
    with ReplyKit(playbook=SMALL, chat=chat) as kit:
        kit.draft("订单呢？")
    assert not chat.closed


@pytest.mark.parametrize("slot", ["[客户姓名]", "{{name}}", "{订单号}", "%s"])
def test_drafted_reply_holds_no_variable_of_its_own(slot: str) -> None:
    """A model that leaves a hole to be filled in has not written a reply; a variable of the facts may stand."""
    said = f"您好{slot}，我来为您核实订单的进度，有进展会通知您。"
    reply = ReplyKit(chat=FakeChat([said, said])).draft("请问我的订单到哪里了？")
    assert reply.status == "needs_review"
    assert [violation.text for violation in reply.violations if violation.severity == "error"] == [slot]
    reply = ReplyKit(chat=FakeChat([said])).draft("请问我的订单到哪里了？", facts=[f"称呼：{slot}"])
    assert reply.status == "clean"


def test_chat_of_the_other_world_is_named() -> None:
    """A chat that answers with something else, as one made for the other kit does, is wrong use and says so."""

    class Chatty:
        def complete(self, request: ChatRequest) -> str:
            return GOOD

    chat: Any
    for chat, says in ((AsyncFakeChat([GOOD]), "give this chat to AsyncReplyKit"), (Chatty(), "a Completion, not str")):
        with pytest.raises(UsageError, match=says):
            ReplyKit(playbook=SMALL, chat=chat).draft("订单呢？")
    chat = FakeChat([GOOD])
    with pytest.raises(UsageError, match="give this chat to ReplyKit"):
        asyncio.run(AsyncReplyKit(playbook=SMALL, chat=chat).draft("订单呢？"))


def test_script_that_runs_out_says_so() -> None:
    """A test that scripts too few answers is told how many were asked for."""
    with pytest.raises(UsageError, match="FakeChat was asked 1 times and has 0 answers; add one"):
        made("sync", "draft", [], "订单呢？")


def test_scripted_answers_may_be_completions_and_errors() -> None:
    """A script holds texts, completions, exceptions and exception classes, and remembers the requests."""
    completion = answered(GOOD)
    chat = FakeChat(["", completion, ChatTimeoutError("late"), ChatServerError])
    ask = ChatRequest(messages=())
    assert chat.complete(ask).outcome == "blank"
    assert chat.complete(ask) is completion
    with pytest.raises(ChatTimeoutError):
        chat.complete(ask)
    with pytest.raises(ChatServerError):
        chat.complete(ask)
    assert chat.requests == [ask] * 4


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("import replykit", ["openai", "httpx2", "jinja2", "tenacity", "rich", "typer", "asyncio"]),
        ("from replykit import ReplyKit; ReplyKit().rewrite('没办法。')", ["openai", "httpx2", "jinja2", "tenacity"]),
        ("from replykit import ReplyKit; ReplyKit().draft('你好')", ["openai", "httpx2", "jinja2", "tenacity"]),
        ("import replykit.testing, replykit.kit", ["openai", "httpx2", "jinja2"]),
        ("import replykit.chat", ["openai", "httpx2", "jinja2"]),
    ],
)
def test_offline_work_loads_nothing_heavy(code: str, absent: list[str]) -> None:
    """Nothing heavy is imported before it is needed."""
    code = f"import sys\n{code}\nprint([name for name in {absent!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


STEERING = "您好\x00，\x1b[31m我\x85来\u202e为\u2066您\x7f核实。\n请稍等。"


@WORLDS
def test_characters_that_steer_are_no_part_of_a_reply(world: str) -> None:
    """What turns the direction of writing shows a customer what no check has read; it goes, and nothing else does."""
    reply, _ = made(world, "rewrite", [STEERING], GOOD)
    assert reply.text == "您好，[31m我来为您核实。\n请稍等。"
    kit = ReplyKit(playbook=SMALL, chat=FakeChat([list(STEERING)]))
    with kit.draft_stream("订单呢？") as stream:
        assert "".join(stream) == stream.reply.text == reply.text
    reply, _ = made(world, "rewrite", ["\u202e元0005您退，证保\u202c"] * 2, GOOD)
    assert "\u202e" not in reply.text
