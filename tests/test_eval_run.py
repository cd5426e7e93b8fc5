"""`replykit eval` with a model behind HTTP: what it asks, what it keeps, and how it goes on."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import server as fault
from server import KEY, Server

from replykit import AsyncReplyKit, ReplyKit, errors
from replykit.batch import Job
from replykit.cli import main
from replykit.evaluation import EvalCase, Evaluation, Figures, evaluate
from replykit.evaluation.saved import load_run, save_run

CASES = [
    EvalCase(
        id=f"case-{n}", customer=f"我的订单 A10{n:02} 怎么还没到？", facts=(f"订单 A10{n:02} 将于 11 月 25 日送达",)
    )
    for n in range(12)
]


def answer_to(body: dict[str, Any]) -> str:
    """Return what the model says: good to every other case and to every re-ask of every fourth; else bad."""
    told = body["messages"][1]["content"]
    number = int(told.split("A10")[1][:2])
    if number % 2 == 0 or (number % 4 == 1 and len(body["messages"]) > 2):
        return f"您好，很抱歉让您久等，您的订单 A10{number:02} 将于11月25日送达，我会继续为您跟进。"
    return f"您的订单 A10{number:02} 将于12月1日送达。"


@pytest.fixture
def model(server: Server) -> Server:
    """A server that answers by what it is asked, and not at once."""
    server.respond(lambda body: fault.delayed(fault.answer(answer_to(body)), 0.03))
    return server


class Ran(NamedTuple):
    """One run of the command."""

    code: int
    out: str
    err: str


@pytest.fixture
def run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, model: Server
) -> Callable[..., Ran]:
    """Run `replykit eval cases.jsonl` in this process against the server, in a folder of its own."""
    for name in [name for name in os.environ if name.startswith("REPLYKIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.chdir(tmp_path)
    write_cases(tmp_path)

    def call(*options: str) -> Ran:
        code = main(["eval", "cases.jsonl", "--base-url", model.url, *options])
        return Ran(code, *capsys.readouterr())

    return call


def write_cases(folder: Path) -> None:
    """Write the cases into a folder."""
    lines = [case.model_dump_json(exclude_unset=True) for case in CASES]
    (folder / "cases.jsonl").write_text("\n".join(lines), "utf-8")


def test_every_case_is_played_so_often(run: Callable[..., Ran], model: Server) -> None:
    """Three runs of twelve cases: 36 replies, each with its calls, times and tokens."""
    ran = run("--model", "m", "--runs", "3", "--json", "run.json")
    assert (ran.code, ran.out.splitlines()[0]) == (1, "m: 36 replies to 12 cases")
    made = load_run("run.json")
    assert [trial.run for trial in made.trials] == [1, 2, 3] * 12
    figures = Figures.of(made)
    ends = {id: figures.measure(id).count for id in ("first", "re_ask", "review")}
    assert ends == {"first": 18, "re_ask": 9, "review": 9}
    assert figures.usage.calls == len(model.requests) == 54
    assert figures.usage.total_tokens == 54 * 15
    assert figures.measure("seconds").of == 36
    assert all(second and second > 0 for trial in made.trials for second in trial.seconds)


def test_what_was_recorded_is_replayed_to_the_same(run: Callable[..., Ran], tmp_path: Path) -> None:
    """`--record`, then `--scripted`: the same replies, without a call."""
    run("--model", "m", "--json", "run.json", "--record", "answers.jsonl")
    assert main(["eval", "cases.jsonl", "--scripted", "answers.jsonl", "--json", "again.json"]) == 0
    texts = [{trial.case: trial.reply.text for trial in load_run(name).trials if trial.reply} for name in ("run.json", "again.json")]  # fmt: skip  # noqa: E501
    assert texts[0] == texts[1]


def test_two_models_are_compared_case_by_case(run: Callable[..., Ran], model: Server) -> None:
    """A model that is good at every case is told from one that is not; the figures of both are shown."""
    model.respond(lambda body: fault.answer(answer_to(body) if body["model"] == "m" else GOOD))
    ran = run("--model", "m", "--vs", "good", "--json", "both.json")
    assert "A: m, B: good (model: m → good)" in ran.out
    assert "good: 12 replies to 12 cases" in ran.out
    content = json.loads(Path("both.json").read_text("utf-8"))
    first = next(one for one in content["comparison"]["differences"] if one["measure"] == "first")
    assert (first["a"], first["cases"]) == (0.5, 12)
    out = run("--model", "m", "--vs", "both.json").out
    assert "clean at the first try 12 50.0% 50.0% +0.0% 0.0% … 0.0% 1.000 cannot tell" in " ".join(out.split())


GOOD = "您好，很抱歉让您久等，我马上为您核实订单的进度，请问方便留意一下后续的通知吗？"


def test_a_key_is_never_sent_to_the_other_server(run: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch) -> None:
    """The other server gets the key that is named for it, or none."""
    seen: list[str] = []

    def noted(body: dict[str, Any]) -> fault.Step:
        def step(handler: fault.Handler) -> None:
            seen.append(handler.headers["authorization"])
            fault.answer(GOOD)(handler)

        return step

    with Server() as other:
        other.respond(noted)
        run("--model", "m", "--vs", "n", "--vs-base-url", other.url)
        monkeypatch.setenv("REPLYKIT_VS_API_KEY", "sk-other")
        run("--model", "m", "--vs", "n", "--vs-base-url", other.url)
    assert set(seen[:12]) == {"Bearer none"}
    assert set(seen[-12:]) == {"Bearer sk-other"}


def test_a_journal_is_gone_on_with(run: Callable[..., Ran], model: Server) -> None:
    """What is in it is not asked again; more runs ask only what is new; without it all is asked."""
    first = run("--model", "m", "--journal", "j", "--json", "first.json")
    asked = len(model.requests)
    again = run("--model", "m", "--journal", "j", "--json", "again.json")
    assert len(model.requests) == asked
    assert again.out == first.out
    assert load_run("first.json") == load_run("again.json")
    run("--model", "m", "--journal", "j", "--runs", "2")
    assert len(model.requests) == 2 * asked
    run("--model", "m")
    assert len(model.requests) == 3 * asked


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--model", "n"), "model: m → n"),
        (("--model", "m", "--max-repairs", "0"), "max repairs: 1 → 0"),
        (("--model", "m", "--prompts", "prompts"), "other prompts"),
        (("--model", "m", "--playbook", "own.toml"), " → own, other rules, language: auto → none"),
        (("--offline",), "model: m → none"),
    ],
)
def test_a_journal_is_never_mixed(run: Callable[..., Ran], options: tuple[str, ...], said: str) -> None:
    """Another model, playbook, set of prompts or way to ask is refused by name, and the journal stays as it is."""
    Path("prompts").mkdir()
    Path("prompts/rewrite.md.j2").write_text("{{ draft }}")
    Path("own.toml").write_text('[playbook]\nname = "own"\nextends = "zh"\n', "utf-8")
    run("--model", "m", "--journal", "j")
    ran = run("--journal", "j", *options)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert "name another --journal" in ran.err
    assert run("--model", "m", "--journal", "j").code == 1


def test_other_cases_are_never_mixed(run: Callable[..., Ran], tmp_path: Path) -> None:
    """A case that changed makes it another run."""
    run("--model", "m", "--journal", "j")
    (tmp_path / "cases.jsonl").write_text(CASES[0].model_dump_json(exclude_unset=True), "utf-8")
    assert "(other cases), and the two are not mixed" in run("--model", "m", "--journal", "j").err


def test_another_ledger_is_no_journal(run: Callable[..., Ran]) -> None:
    """The ledger of a job of `polish` is refused, and so is any other file; neither is touched."""
    with Job(ReplyKit(), ledger="polish.ledger") as job:
        list(job.run([{"text": "您好。"}]))
    assert "polish.ledger is the ledger of another job" in run("--model", "m", "--journal", "polish.ledger").err
    Path("notes.txt").write_text("notes")
    assert run("--model", "m", "--journal", "notes.txt").code == 2
    assert Path("notes.txt").read_text() == "notes"


def test_one_journal_serves_one_process(run: Callable[..., Ran]) -> None:
    """While it is in use, a second run says so."""
    with Evaluation(ReplyKit(), CASES, journal="j"):
        assert "is in use" in run("--model", "m", "--journal", "j").err


def started(folder: Path, server: Server, *options: str) -> subprocess.Popen[str]:
    """Start the command in a process of its own."""
    environment = {**os.environ, "OPENAI_API_KEY": KEY, "PYTHONUNBUFFERED": "1"}
    arguments = ["cases.jsonl", "--model", "m", "--base-url", server.url, "--concurrency", "2", "--journal", "j"]
    return subprocess.Popen(
        [sys.executable, "-m", "replykit", "eval", *arguments, *options],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until something is true."""
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "it never came to it"
        time.sleep(0.005)


def test_killed_it_goes_on(tmp_path: Path, model: Server, run: Callable[..., Ran]) -> None:
    """`kill -9` at two moments: the run after it asks only what is missing, and at most what was under way twice."""
    undisturbed = run("--model", "m", "--json", "calm.json")
    calm = len(model.requests)
    model.requests.clear()
    for count in (3, 10):
        process = started(tmp_path, model)
        wait_for(lambda count=count: len(model.requests) >= count)
        process.kill()
        process.communicate()
    last = started(tmp_path, model, "--json", "run.json")
    _, err = last.communicate(timeout=60)
    assert (last.returncode, err.splitlines()[-1]) == (undisturbed.code, "json: run.json")
    assert calm <= len(model.requests) <= calm + 2 * 2
    texts = [
        [trial.reply and trial.reply.text for trial in load_run(name).trials] for name in ("calm.json", "run.json")
    ]
    assert texts[0] == texts[1]


def test_an_interrupt_stops_it_in_good_order(tmp_path: Path, model: Server) -> None:
    """Ctrl-C: what is under way ends, the exit code is 3, and it says how to go on."""
    write_cases(tmp_path)
    process = started(tmp_path, model)
    wait_for(lambda: len(model.requests) >= 4)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (3, "")
    assert "stopped: as you asked; " in err
    assert "of 12 replies are done and kept in j" in err
    assert "to go on: run the same command again: replykit eval cases.jsonl --model m" in err


def test_a_server_that_refuses_the_key_ends_it(run: Callable[..., Ran], model: Server) -> None:
    """Exit code 3, what to change, and that nothing is kept without a journal; no table, no file."""
    model.always(fault.status(401, "wrong key", "invalid_api_key"))
    ran = run("--model", "m", "--json", "run.json")
    assert (ran.code, ran.out) == (3, "")
    assert "0 of 12 replies are done and not kept, as no --journal is named" in ran.err
    assert "to go on: set REPLYKIT_API_KEY or OPENAI_API_KEY to a key that the server takes" in ran.err
    assert not Path("run.json").exists()


def test_a_case_that_is_refused_is_one_of_many(run: Callable[..., Ran], model: Server) -> None:
    """A reply that the model gives no answer to is counted, told, and asked for again by the next run."""

    def respond(body: dict[str, Any]) -> fault.Step:
        is_refused = "A1003" in body["messages"][1]["content"]
        return fault.status(400, "content policy") if is_refused else fault.answer(answer_to(body))

    model.respond(respond)
    ran = run("--model", "m", "--journal", "j", "--json", "run.json")
    assert ran.code == 1
    trial = load_run("run.json").trials[3]
    assert (trial.reply, "content policy" in trial.error) == (None, True)
    assert Figures.of(load_run("run.json")).measure("no_answer").count == 1
    model.respond(lambda body: fault.answer(answer_to(body)))
    asked = len(model.requests)
    run("--model", "m", "--journal", "j", "--json", "run.json")
    assert len(model.requests) == asked + 2
    assert Figures.of(load_run("run.json")).measure("no_answer").count == 0


def test_a_busy_server_is_waited_for(run: Callable[..., Ran], model: Server) -> None:
    """429 is paced and asked again; nobody's reply is lost for it."""
    model.script(*[fault.status(429, "slow", "rate_limit_exceeded", retry_after="0")] * 3)
    assert run("--model", "m", "--json", "run.json").code == 1
    assert len(load_run("run.json").trials) == 12


def test_a_budget_ends_it(run: Callable[..., Ran]) -> None:
    """A call that could pass it is not made."""
    ran = run("--model", "m", "--max-tokens-total", "10", "--journal", "j")
    assert (ran.code, "give more with --max-tokens-total, then run" in ran.err) == (3, True)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--scripted", "a.jsonl", "--model", "m", "--journal", "j"), "--journal is for a model, and --scripted"),
        (("--scripted", "a.jsonl", "--vs", "n"), "--vs is for a model, and --scripted asks none; l"),
        (("--scripted", "a.jsonl", "--runs", "2"), "--runs is for a model, and --scripted plays each answer once"),
        (("--model", "m", "--vs", "x.json", "--vs-playbook", "zh"), "--vs-playbook is for a run that is made"),
        (("--offline", "--vs", "m"), "--vs names a model, and --offline asks none; leave one of them out"),
        (("--model", "m", "--vs", "other.json"), "the two runs share no case, so there is nothing to compare"),
        (("--model", "m", "--vs", "x.json"), "x.json cannot be read: No such file or directory"),
        (("--model", "m", "--vs", "cases.json"), "cases.json is not valid JSON; give a file that eval --json wrote"),
        (("--model", "m", "--record", "no/a.jsonl"), "no/a.jsonl cannot be written: No such file or directory"),
        (("--model", "m", "--journal", "no/j"), "the ledger no/j cannot be opened: No such file or directory"),
        (("--model", "m", "--json", "cases.jsonl"), "--json would write over cases.jsonl; name another file"),
        (("--model", "m", "--json", "x", "--html", "./x"), "--html would write over what --json names; name"),
        (("--model", "m", "--price-in", "dear"), "'dear' is no price; write an amount for a million tokens"),
    ],
)  # fmt: skip
def test_wrong_use_is_told_before_anything_is_asked(
    run: Callable[..., Ran], model: Server, options: tuple[str, ...], said: str
) -> None:
    """Exit code 2, one line, and not one call."""
    Path("cases.json").write_text("{")
    other = EvalCase(id="other", customer="在吗？")
    save_run("other.json", evaluate(ReplyKit(), [other]))
    ran = run(*options)
    assert (ran.code, ran.out, len(model.requests)) == (2, "", 0)
    assert said in ran.err


def test_without_a_model_the_phrasebook_plays(run: Callable[..., Ran], model: Server) -> None:
    """Offline it says so, asks nothing, and measures the phrasebook."""
    ran = run("--offline")
    assert "offline: the replies come from the phrasebook" in ran.err
    assert ran.out.startswith("offline, no model: 12 replies to 12 cases")
    assert not model.requests


def test_each_case_is_judged_by_the_playbook_for_its_language(run: Callable[..., Ran], tmp_path: Path) -> None:
    """Without --playbook and --language; one that is named judges all."""
    english = EvalCase(id="english", customer="Where is my order?", held_out=True)
    (tmp_path / "cases.jsonl").write_text("\n".join(case.model_dump_json() for case in (CASES[0], english)), "utf-8")
    ran = run("--offline", "--json", "run.json")
    assert [trial.reply.language for trial in load_run("run.json").trials if trial.reply] == ["zh-Hans", "en"]
    assert load_run("run.json").made_with.language == "auto"
    assert "note: 1 case held out; tune nothing by what is seen of them" in ran.err
    run("--offline", "--playbook", "zh", "--json", "run.json")
    made = load_run("run.json").made_with
    assert (made.playbook, made.language) == ("zh", "")


def test_masked_replies_are_made_of_their_answers(model: Server, tmp_path: Path) -> None:
    """With privacy the journal holds no reply; the next run makes it again of the answers, without a call."""
    case = EvalCase(id="phone", customer="我的电话是13812345678，订单 A1000 怎么还没到？", facts=CASES[0].facts)
    with ReplyKit(model="m", base_url=model.url, api_key=KEY, privacy="mask") as kit:
        first = evaluate(kit, [case], journal=tmp_path / "j")
        asked = len(model.requests)
        assert evaluate(kit, [case], journal=tmp_path / "j").trials[0].reply == first.trials[0].reply
    assert asked == len(model.requests) == 1
    assert b"13812345678" not in (tmp_path / "j").read_bytes()


@pytest.fixture
def kit(model: Server) -> Iterator[ReplyKit]:
    """A kit whose model is behind the server."""
    with ReplyKit(model="m", base_url=model.url, api_key=KEY) as made:
        yield made


def test_in_a_program(kit: ReplyKit, model: Server, tmp_path: Path) -> None:
    """`evaluate` returns the run; in async code `play` is awaited, and `run` refuses."""
    made = evaluate(kit, CASES, journal=tmp_path / "j")
    assert made.made_with.model == "m"

    async def play() -> None:
        async with AsyncReplyKit(model="m", base_url=model.url, api_key=KEY) as other:
            with Evaluation(other, CASES, journal=tmp_path / "j") as evaluation:
                assert await evaluation.play() == made
                with pytest.raises(errors.UsageError, match=r"await play\(\) in place of run\(\)"):
                    evaluation.run()

    asyncio.run(play())


def test_stopped_from_another_thread(kit: ReplyKit, model: Server) -> None:
    """`stop` lets what is under way end; the run holds what was played, and is not complete."""
    with Evaluation(kit, CASES, concurrency=1) as evaluation:
        stopper = threading.Timer(0.0, lambda: (wait_for(lambda: len(model.requests) >= 3), evaluation.stop()))
        stopper.start()
        made = evaluation.run()
        stopper.join()
    assert not evaluation.is_complete
    assert 0 < len(made.trials) < 12


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"runs": 0}, "runs must be above 0, not 0"),
        ({"cases": []}, "there is no case; give at least one"),
        ({"kit": "zh"}, "kit must be a ReplyKit or an AsyncReplyKit, not str"),
        (
            {"cases": [EvalCase(id="long", customer="长" * 1_000_001)]},
            "case 'long': customer has 1,000,001 code points",
        ),
    ],
)
def test_arguments_are_checked(options: dict[str, Any], said: str) -> None:
    """What cannot be used is refused before anything is asked."""
    arguments: dict[str, Any] = {"kit": ReplyKit(), "cases": CASES, **options}
    with pytest.raises(errors.UsageError, match=said):
        evaluate(arguments.pop("kit"), arguments.pop("cases"), **arguments)
