"""`polish` and its job: every row has its result, every answer is paid for once, and the text is safe."""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from canned import Model, SlowModel, by_row, finished, rows

import replykit
from replykit import AsyncReplyKit, PolishedRow, ReplyKit, errors, polish
from replykit.batch import Job
from replykit.batch.wording import Wording
from replykit.records import ChatRequest, Completion, Usage
from replykit.testing import AsyncFakeChat, FakeChat

CLEAN = "您好，我来为您查询。"


def done(texts: list[Any], kit: ReplyKit | AsyncReplyKit, **options: Any) -> list[PolishedRow]:
    """Polish texts and return the rows in order."""
    return by_row(list(polish([{"text": text} for text in texts], kit, **options)))


def test_each_row_is_what_rewrite_makes_of_it() -> None:
    """A polished row is the reply that the kit's own rewrite gives, with or without a model, in both kits."""
    texts = [row["text"] for row in rows(12)]
    for kit, other in (
        (ReplyKit(chat=Model()), ReplyKit(chat=Model())),
        (AsyncReplyKit(chat=SlowModel()), ReplyKit(chat=Model())),
        (ReplyKit(), ReplyKit()),
        (AsyncReplyKit(), ReplyKit()),
    ):
        for row, text in zip(done(texts, kit), texts, strict=True):
            reply = other.rewrite(text)
            assert row.original == text
            assert row.before == other.check(text, draft=text).violations
            if reply.status == "needs_review":
                assert (row.text, row.status, row.reason) == (text, "needs_review", reply.reason)
                assert row.proposal in (reply.text, None)
                assert row.violations == row.before
            else:
                assert (row.text, row.status, row.violations) == (reply.text, reply.status, reply.violations)
                assert not any(violation.severity == "error" for violation in row.violations)
            assert row.usage == reply.usage
            assert row.language == reply.language


def test_a_row_that_cannot_be_made_clean_keeps_its_text() -> None:
    """A rewrite that changes a number, a variable or an address is never taken; it stays as a proposal, with why."""
    original = "呵呵，[客户姓名]您好，订单 A1001 需要 3 天，详见 https://example.com/a 。"
    for bad in (
        "您好，[客户姓名]，订单 A1001 需要 5 天，详见 https://example.com/a 。",
        "您好，[姓名]，订单 A1001 需要 3 天，详见 https://example.com/a 。",
        "您好，[客户姓名]，订单 A1001 需要 3 天，详见 https://example.com/b 。",
        "您好，[客户姓名]，订单 A1002 需要 3 天，详见 https://example.com/a 。",
    ):
        (row,) = done([original], ReplyKit(chat=FakeChat([bad, bad])))
        assert (row.text, row.status, row.made_by) == (original, "needs_review", "untouched")
        assert row.proposal == bad
        assert "still breaks" in row.reason
        assert row.violations == row.before
    good = "您好，[客户姓名]，订单 A1001 需要 3 天，详见 https://example.com/a 。"
    (row,) = done([original], ReplyKit(chat=FakeChat([good])))
    assert (row.text, row.status, row.made_by, row.proposal) == (good, "clean", "model", None)


def test_a_canned_reply_keeps_its_own_language() -> None:
    """An English or traditional row stays so whatever language its customer writes, unless another one is asked for."""
    english, traditional = "Hello, your order [order] ships in 3 days.", "您好，訂單[訂單號]將為您查詢。"
    (row,) = done([english], ReplyKit(chat=FakeChat(["您好，您的订单[order]3天内发货。"] * 2)))
    assert (row.status, row.text, row.language) == ("needs_review", english, "en")
    given = [{"text": english, "q": "我的订单呢？"}, {"text": traditional, "q": "我的订单呢？"}]
    better = ["Thank you, your order [order] ships in 3 days.", "您好，感謝您的來信，訂單[訂單號]將為您查詢。"]
    polished = by_row(list(polish(given, ReplyKit(chat=FakeChat(better)), customer="q", concurrency=1)))
    assert [(row.status, row.text, row.language) for row in polished] == [
        ("clean", better[0], "en"),
        ("clean", better[1], "zh-Hant"),
    ]
    asked = [{"text": traditional, "in": "zh-Hans"}]
    (row,) = polish(asked, ReplyKit(chat=FakeChat(["您好，订单[訂單號]将为您查询。"])), language="in")
    assert (row.status, row.language) == ("clean", "zh-Hans")


def test_columns_reach_the_model() -> None:
    """The customer's message, the facts and the stage of a row are part of what is asked, and of what may be said."""
    chat = FakeChat(["您好，订单 A1001 将于 11 月 25 日送达，我来跟进。"])
    given = [
        {
            "回复": CLEAN,
            "问": "订单到哪了？",
            "事实": "订单 A1001 将于 11 月 25 日送达\n\n承运商是顺丰",
            "阶段": " propose ",
        }
    ]
    (row,) = polish(given, ReplyKit(chat=chat), text="回复", customer="问", facts="事实", stage="阶段")
    assert row.status == "clean", row
    asked = "\n".join(message.content for message in chat.requests[0].messages)
    for part in ("订单到哪了？", "订单 A1001 将于 11 月 25 日送达", "承运商是顺丰"):
        assert part in asked


def test_blank_rows_are_left_alone() -> None:
    """A row without a text costs no call and yields nothing; rows are still counted as their user does."""
    blank: list[Any] = ["", "  \n", None, float("nan"), "\u200b"]
    model = Model()
    with Job(ReplyKit(chat=model)) as job:
        polished = list(job.run({"text": text} for text in [*blank, rows(2)[1]["text"]]))
    assert [row.row for row in polished] == [6]
    assert (job.progress.rows, job.progress.blank, model.asked.total()) == (1, 5, 1)


def test_numbers_are_the_users() -> None:
    """Rows carry the number under the column that holds it."""
    given = [{"n": n, "text": CLEAN} for n in (7, 9)]
    assert [row.row for row in polish(given, ReplyKit(), number="n")] == [7, 9]
    with pytest.raises(errors.UsageError, match="row 1 has 'x' as its number"):
        list(polish([{"n": "x", "text": CLEAN}], ReplyKit(), number="n"))


def test_equal_rows_share_one_answer() -> None:
    """The same input is asked once, however often and wherever it stands; another customer makes it another input."""
    texts = [rows(3)[n]["text"] for n in (1, 2, 1, 1, 2)]
    model = SlowModel()
    with Job(AsyncReplyKit(chat=model), concurrency=2) as job:
        polished = by_row(list(job.run({"text": text} for text in texts)))
        assert polished == list(job.results())
    assert model.asked.total() == 2
    assert [row.same_as for row in polished] == [None, None, 1, 1, 2]
    assert [row.usage.calls for row in polished] == [1, 1, 0, 0, 0]
    assert (job.progress.shared, job.progress.done) == (3, 5)
    model = SlowModel()
    given = [{"text": texts[0], "q": q} for q in ("在吗？", "您好？", "在吗？")]
    assert len(list(polish(given, AsyncReplyKit(chat=model), customer="q"))) == 3
    assert model.asked.total() == 2


def test_only_flagged_rows_are_asked() -> None:
    """With only_flagged, a row in which nothing is wrong is left as it is, and costs nothing."""
    texts = [CLEAN, rows(3)[1]["text"]]
    chat = FakeChat(["编号1号的订单[订单号]暂时不能查询，我来为您核实。"])
    polished = done(texts, ReplyKit(chat=chat), only_flagged=True)
    assert [(row.status, row.made_by) for row in polished] == [("clean", "untouched"), ("clean", "model")]
    assert len(chat.requests) == 1


def test_skipped_rows_are_asked_once_they_are_wanted(tmp_path: Path) -> None:
    """Skipping a row is nothing that the ledger keeps for a run in which all rows are polished."""
    chat = FakeChat(["您好，马上为您查询。"])
    for only_flagged, calls in ((True, 0), (False, 1), (True, 1)):
        done([CLEAN], ReplyKit(chat=chat), only_flagged=only_flagged, ledger=tmp_path / "l")
        assert len(chat.requests) == calls


def test_a_row_that_cannot_be_used_stops_nobody(tmp_path: Path) -> None:
    """A text too long, an unknown stage or language is that row's own error."""
    given = [
        {"text": "好" * 1_000_001, "s": "", "l": ""},
        {"text": CLEAN, "s": "later", "l": ""},
        {"text": CLEAN, "s": "", "l": "fr"},
        {"text": CLEAN, "s": None, "l": None},
    ]
    for kit in (ReplyKit(), ReplyKit(chat=FakeChat([CLEAN]))):
        polished = by_row(list(polish(given, kit, stage="s", language="l")))
        assert [row.status for row in polished] == ["needs_review"] * 3 + ["clean"]
        assert "1,000,001 code points" in polished[0].reason
        stages, languages = "accept, clarify, propose, follow_up", "zh-Hans, zh-Hant, en"
        unusable = "the row cannot be used: the"
        assert polished[1].reason == f"{unusable} stage column holds 'later'; known: {stages}"
        assert polished[2].reason == f"{unusable} language column holds 'fr'; known: {languages}"
        assert [row.text for row in polished] == [row["text"] for row in given]


def test_a_row_that_cannot_be_used_says_what_is_wrong_with_it() -> None:
    """What a plain check finds in the text of a row with an unknown word stands in the row, before and after."""
    text = "呵呵，没办法。"
    for kit in (ReplyKit(), ReplyKit(chat=FakeChat([]))):
        (row,) = polish([{"text": text, "l": "法语"}], kit, language="l")
        assert row.before == row.violations == kit.check(text, draft=text).violations
        assert len(row.before) >= 2
        said = "这一行无法处理：语言列里是 '法语'；可用的有：zh-Hans、zh-Hant、en"
        assert Wording(kit.playbook).reason(row.reason) == said


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([{"reply": "x"}], "row 1 has no 'text'; it has 'reply'"),
        (["x"], "row 1 must be a mapping of column to value, not str"),
        ([{}], "it has nothing"),
    ],
)
def test_rows_of_another_shape_are_refused(given: list[Any], said: str) -> None:
    """A table without the column is refused with the columns that it has."""
    with pytest.raises(errors.UsageError, match=said):
        list(polish(given, ReplyKit()))


@pytest.mark.parametrize("option", ["concurrency", "rpm", "tpm", "limit", "patience", "max_tokens_total"])
def test_options_out_of_range_are_refused(option: str) -> None:
    """A bound that lets nothing through is refused before anything is read."""
    with pytest.raises(errors.UsageError, match="above 0"):
        Job(ReplyKit(), **{option: 0})


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("limit", 2.5, "limit must be a whole number above 0, not 2.5"),
        ("limit", True, "limit must be a whole number above 0, not True"),
        ("concurrency", "x", "concurrency must be a whole number above 0, not 'x'"),
        ("processes", 1.5, "processes must be a whole number"),
        ("rpm", "60", "rpm must be a number above 0, not '60'"),
        ("rpm", float("nan"), "rpm must be a number above 0, not nan"),
        ("max_tokens_total", "9", "max_tokens_total must be a whole number above 0, not '9'"),
        ("ledger", 5, "ledger must be a path, not 5"),
        ("text", None, "text must be the name of a column, not None"),
        ("customer", 3, "customer must be the name of a column, not 3"),
    ],
)
def test_options_of_another_kind_are_refused(option: str, value: Any, said: str) -> None:
    """An option of the wrong kind is refused in one sentence that names it."""
    with pytest.raises(errors.UsageError, match=said):
        Job(ReplyKit(), **{option: value})


def test_another_kit_is_refused() -> None:
    """What is no kit is refused."""
    with pytest.raises(errors.UsageError, match="must be a ReplyKit"):
        polish([], "zh")  # type: ignore[arg-type]  # the point of the test


def test_limit_ends_the_reading() -> None:
    """At most so many rows that say something are read, and the rest of the table is not touched."""

    def table() -> Iterator[dict[str, str]]:
        yield {"text": ""}
        yield from rows(2)
        raise AssertionError("read past the limit")

    assert [row.row for row in polish(table(), ReplyKit(), limit=2)] == [2, 3]


def test_rows_are_read_as_they_are_needed() -> None:
    """An endless table is polished as far as somebody asks, and only a few rows are read ahead."""
    read = itertools.count()

    def table() -> Iterator[dict[str, Any]]:
        for number in read:
            yield {"text": f"编号{number}号的订单，我来为您核实。"}

    for kit in (ReplyKit(), AsyncReplyKit(chat=SlowModel())):
        before = next(read)
        polished = polish(table(), kit, concurrency=4)
        for _ in range(20):
            next(polished)
        polished.close()  # type: ignore[attr-defined]  # it is a generator
        assert next(read) - before < (20 + 4 * 4 + 4 if kit.offline is False else 1_000)
    assert not [thread for thread in threading.enumerate() if thread.name == "replykit-polish"]


def test_an_error_of_the_table_reaches_its_owner(tmp_path: Path) -> None:
    """What reading raises is raised, and what was answered before is kept."""
    model = SlowModel()

    def table(good: int) -> Iterator[dict[str, Any]]:
        yield from rows(20)[:good]
        if good < 20:
            raise OSError("the share is gone")

    with pytest.raises(OSError, match="the share is gone"):
        list(polish(table(15), AsyncReplyKit(chat=model), concurrency=2, ledger=tmp_path / "l"))
    before = model.asked.copy()
    assert before
    assert len(list(polish(table(20), AsyncReplyKit(chat=model), concurrency=2, ledger=tmp_path / "l"))) == 20
    assert set(model.asked.values()) == {1}


def test_processes_make_no_difference() -> None:
    """Offline rows come out equal whether this process works alone or others help, and in order."""
    texts = [row["text"] for row in rows(250)] + [CLEAN, "大哥，这个真的没办法。"]
    given = [{"text": text} for text in texts]
    results = []
    for processes in (1, 2):
        with Job(ReplyKit(), processes=processes) as job:
            results.append(list(job.run(given)))
            assert list(job.results()) == results[-1]
    assert results[0] == results[1]
    assert [row.row for row in results[0]] == list(range(1, len(texts) + 1))


def test_what_a_chat_raises_ends_the_run(tmp_path: Path) -> None:
    """A defect of the caller's own chat is no row's error: it is raised, and what was answered before is kept."""

    def broken(calls: int) -> None:
        if calls == 5:
            raise ZeroDivisionError

    ledger = tmp_path / "l"
    with pytest.raises(ZeroDivisionError):
        list(polish(rows(20), ReplyKit(chat=Model(broken)), concurrency=1, ledger=ledger))
    model = Model()
    with Job(ReplyKit(chat=model), ledger=ledger) as job:
        assert len(list(job.run(rows(20)))) == 20
    assert job.progress.known >= 2
    with pytest.raises(errors.UsageError, match="has 1 answers; add one"):
        done([CLEAN, "您好"], ReplyKit(chat=FakeChat([CLEAN])), concurrency=1)
    with pytest.raises(errors.UsageError, match="AsyncReplyKit"):
        done([CLEAN], ReplyKit(chat=AsyncFakeChat([CLEAN])))  # type: ignore[arg-type]  # the point of the test


def test_the_kits_own_budget_holds() -> None:
    """Rows are polished within the kit's budget, and the run ends where it does."""
    kit = ReplyKit(chat=Model(), budget=20_000)
    with pytest.raises(errors.BudgetError, match="of 20,000 are left"):
        list(polish(rows(500), kit, concurrency=4))
    assert kit.budget.spent <= 20_000


def test_no_run_spends_more_than_it_may(tmp_path: Path) -> None:
    """max_tokens_total is never passed, over all runs of a ledger, and the run can be gone on with."""
    spent = 0

    class Counting(Model):
        def complete(self, request: ChatRequest) -> Completion:
            nonlocal spent
            answer = super().complete(request)
            sent = sum(len(message.content) for message in request.messages)
            assert request.max_tokens
            assert spent + sent + request.max_tokens <= 30_000  # even if the answer took all that it may
            spent += answer.usage.total_tokens
            return answer

    asked: Counter[str] = Counter()
    for total, error in ((25_000, True), (25_000, True), (30_000, True), (1_000_000, False)):
        chat = Counting() if total < 1_000_000 else Model()
        job = Job(ReplyKit(chat=chat), ledger=tmp_path / "l", concurrency=1, max_tokens_total=total)
        job._digest = b"one job whatever the class of its chat"
        with job:
            if error:
                with pytest.raises(errors.BudgetError):
                    list(job.run(rows(400)))
                assert job.is_stopped
            else:
                assert len(list(job.run(rows(400)))) == 400
                assert job.is_complete
        asked += chat.asked
    assert set(asked.values()) == {1}


def test_a_job_says_what_it_will_take(tmp_path: Path) -> None:
    """An estimate counts blank, equal, clean and known rows, and asks nobody."""
    model = Model()
    given = [*rows(10), *rows(10)[:4], {"text": ""}, {"text": CLEAN}]
    with Job(ReplyKit(chat=model), ledger=tmp_path / "l", only_flagged=True) as job:
        list(job.run(rows(3)))
        asked = model.asked.total()
        estimate = job.estimate(given)
        assert (estimate.rows, estimate.blank, estimate.duplicates) == (15, 1, 4)
        assert (estimate.clean, estimate.known, estimate.calls, estimate.sampled) == (1, 3, 7, 7)
        assert 7 * 500 < estimate.prompt_tokens < 7 * 5_000
        assert 7 * 5 < estimate.completion_tokens < 7 * 50
        assert job.estimate(given) == estimate
        assert model.asked.total() == asked
    with Job(ReplyKit()) as job:
        assert (job.estimate(rows(5)).calls, job.estimate(rows(5)).tokens) == (0, 0)


def test_a_job_runs_one_at_a_time() -> None:
    """A second run of a job is refused while the first is under way."""
    with Job(AsyncReplyKit(chat=SlowModel())) as job:
        running = job.run(rows(50))
        next(running)
        with pytest.raises(errors.UsageError, match="is running"):
            job.run(rows(1))
        running.close()  # type: ignore[attr-defined]  # it is a generator
        assert len(list(job.run(rows(3)))) == 3


def test_stop_finishes_what_is_under_way(tmp_path: Path) -> None:
    """After stop no further call is made, those under way are kept, and the next run goes on."""
    model = SlowModel()
    with Job(AsyncReplyKit(chat=model), ledger=tmp_path / "l", concurrency=4) as job:
        polished = []
        for row in job.run(rows(60)):
            polished.append(row)
            if len(polished) == 10:
                job.stop()
        assert job.is_stopped
        assert not job.is_complete
        assert len(polished) < 60
    asked = model.asked.total()
    with Job(AsyncReplyKit(chat=model), ledger=tmp_path / "l", concurrency=4) as job:
        assert len(list(job.run(rows(60)))) == 60
        assert job.progress.repeated == 0
        assert job.progress.calls == model.asked.total() - asked
    assert set(model.asked.values()) == {1}


def test_an_interrupt_ends_what_is_under_way_first(tmp_path: Path) -> None:
    """The first Ctrl-C lets the calls under way end and is raised then; what they brought is kept."""
    model = SlowModel()
    job = Job(AsyncReplyKit(chat=model), ledger=tmp_path / "l", concurrency=4)
    running = job.run(rows(60))
    polished = [next(running)]
    assert job._backend
    take, calls = job._backend.take, itertools.count()

    def interrupted() -> Any:
        if next(calls) == 3:
            raise KeyboardInterrupt
        return take()

    job._backend.take = interrupted  # type: ignore[method-assign]  # as the signal would, while it waits
    with pytest.raises(KeyboardInterrupt):
        polished.extend(running)
    assert job.is_stopped
    assert 4 <= len(polished) < 60
    job.close()
    with Job(AsyncReplyKit(chat=model), ledger=tmp_path / "l") as job:
        assert len(list(job.run(rows(60)))) == 60
    assert set(model.asked.values()) == {1}


def test_usage_is_counted_as_it_comes() -> None:
    """Progress counts calls, tokens and what became of the rows."""
    model = SlowModel()
    job = Job(AsyncReplyKit(chat=model))
    polished = finished(job, 30)
    progress = job.progress
    assert progress.calls == model.asked.total() == sum(row.usage.calls for row in polished)
    assert progress.tokens == 120 * progress.calls == sum((row.usage for row in polished), Usage()).total_tokens
    assert (progress.rows, progress.done, progress.in_flight) == (30, 30, 0)
    assert progress.clean + progress.repaired + progress.needs_review == 30
    assert min(progress.clean, progress.repaired) > 0


@pytest.mark.parametrize(
    "change", ["model", "server", "temperature", "max_repairs", "playbook", "prompts", "version", "chat", "privacy"]
)
def test_a_change_of_the_job_makes_other_keys(change: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What decides about an answer is part of its key; a timeout and the key of the account are not."""
    options: dict[str, Any] = {"model": "m", "base_url": "http://localhost/v1", "api_key": "a", "timeout": 9.0}

    def key() -> bytes:
        with Job(ReplyKit(**options)) as job:
            return job._digest

    before = key()
    options |= {"api_key": "b", "timeout": 5.0, "max_retries": 7}
    assert key() == before
    if change == "prompts":
        (tmp_path / "rewrite.md.j2").write_text("{{ draft }}")
        options["prompts"] = tmp_path
        first = key()
        (tmp_path / "rewrite.md.j2").write_text("{{ draft }}!")
        replykit.prompts._environment.cache_clear()
        assert first != key() != before
    elif change == "playbook":
        built_in = replykit.load_playbook("zh")
        options["playbook"] = built_in.model_copy(update={"constants": ("400-000-0000",)})
    elif change == "version":
        monkeypatch.setattr("importlib.metadata.version", lambda _: "9")
    elif change == "chat":
        options = {"chat": FakeChat([])}
    elif change == "privacy":
        options["privacy"] = "mask"
    else:
        name = "base_url" if change == "server" else change
        options[name] = {"model": "n", "base_url": "http://localhost/v2", "temperature": 0.9, "max_repairs": 3}[name]
    assert key() != before


def test_a_changed_row_is_asked_and_no_other(tmp_path: Path) -> None:
    """After a row was changed, taken out or moved, only what is new is asked."""
    model = SlowModel()
    table = rows(10)
    list(polish(table, AsyncReplyKit(chat=model), ledger=tmp_path / "l"))
    before = model.asked.copy()
    table[4]["text"] = rows(30)[25]["text"]
    del table[7]
    table.reverse()
    with Job(AsyncReplyKit(chat=model), ledger=tmp_path / "l") as job:
        polished = by_row(list(job.run(table)))
        assert [row.original for row in polished] == [row["text"] for row in table]
        assert polished == list(job.results())
    new = model.asked - before
    assert all("编号25号" in request for request in new)
    assert new.total() == 1
