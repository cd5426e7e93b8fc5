"""Replay weak answers, compare two models that are none, kill a run on its way; write docs/eval.md with pictures.

Usage: python scripts/write_eval.py (a minute or two). It needs the dependency group dev, and Chromium for the pictures.
"""

from __future__ import annotations

import math
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from browser import Browser, NoBrowser
from eval_models import STRONG, WEAK, Models

from replykit.evaluation import Figures, Messages, Run, load_answers, load_cases, measure_messages
from replykit.evaluation.comparison import ALPHA
from replykit.evaluation.coverage import coverage_checks
from replykit.evaluation.measures import MEASURES
from replykit.evaluation.saved import load_run

__all__ = ["Killed", "Ran", "claim", "least_cases", "measures", "render"]

ROOT = Path(__file__).parent.parent
TARGET = ROOT / "docs" / "eval.md"
PICTURES = {"results": ROOT / "docs" / "images" / "eval.png", "replies": ROOT / "docs" / "images" / "eval-replies.png"}
RUNS, AT, CONCURRENCY = 3, (20, 90, 150), 4
_PATIENCE = 120.0  # seconds

EXAMPLE = """\
[[case]]
id = "late-parcel"
source = {document = "000", section = "接受投诉阶段"}
customer = "我的订单 A1001 怎么还没到？你们说昨天就到的！"
facts = ["订单 A1001 现在南京转运中心，预计 11 月 25 日送达"]
must = ["A1001", ["11月25日", "11/25"]]
must_not = ["明天", "赔偿"]

[[case]]
id = "sold-out"
customer = "还有货吗？"
draft = "没办法，都卖完了。"
must_not = ["没办法"]
"""


@dataclass(frozen=True)
class Ran:
    """One run of the command.

    Attributes:
        command: what was typed.
        out: standard output.
        err: standard error.
    """

    command: str
    out: str
    err: str


@dataclass(frozen=True)
class Killed:
    """A run that was killed, beside one that was left alone.

    Attributes:
        calm: requests of the one that was left alone.
        killed: those of the other in all.
        is_equal: whether both came to the same replies.
    """

    calm: int
    killed: int
    is_equal: bool


def measures() -> str:
    """Return a table of what is measured."""
    better = {"more": "more is better", "less": "less is better", None: "told, not compared"}
    rows = [f"| `{one.id}` | {one.title} | {one.kind} | {better[one.better]} |" for one in MEASURES]
    return "\n".join(["| measure | | | |", "|---|---|---|---|", *rows])


def least_cases() -> int:
    """Return how many cases must differ, and all in one direction, for a difference of two models to be told.

    Exchanged in every way, n such cases give as large a difference twice in 2 ** n; Holm's correction multiplies that
    by the number of measures.
    """
    compared = [one for one in MEASURES if one.better and one.id not in ("expected", "wrongly_clean")]
    return math.floor(math.log2(2 * len(compared) / ALPHA)) + 1


def coverage() -> str:
    """Return a table of the checks of coverage with what they cannot tell."""
    cases = Counter(id for case in load_cases("zh", "en", "held_out") for id in case.expects)
    rows = [
        f"| `{one.id}` | {one.title} | `{one.principle}` | {cases[one.id]} | {one.limits.replace('|', ' ')} |"
        for one in coverage_checks("en").values()
    ]
    return "\n".join(
        ["| expects | the reply | principle | cases | what it cannot tell |", "|---|---|---|---:|---|", *rows]
    )


def prompt_rules(messages: Messages, run: Run) -> str:
    """Return a table of the principles in the prompts, and what of the cases fails where a model does not keep one.

    Args:
        messages: what is sent for the cases that prompts may be tuned with.
        run: the replayed answers; their first ones are what a model says that is not told, or does not heed it.
    """
    broken = Counter(id for one in run.judged for id in {violation.principle for violation in one.before})
    checks = {check.principle: check.id for check in coverage_checks("en").values() if check.id != "restatement"}
    expected = Counter(id for case in load_cases("zh", "en") for id in case.expects)
    rows = []
    for id, why in messages.principles.items():
        shown = [f"broken by weak answers: {broken[id]}"] if broken[id] else []
        if id in checks and expected[checks[id]]:
            shown.append(f"cases that expect `{checks[id]}`: {expected[checks[id]]}")
        rows.append(f"| `{id}` | {sum(why.values())} | {'; '.join(shown) or '**nothing here can show it**'} |")
    return "\n".join(["| principle | told in | what fails without it |", "|---|---:|---|", *rows])


def sections(messages: Messages) -> str:
    """Return a table of the sections of the system message."""
    rows = [
        f"| {heading or '(before the first heading)'} | {cases} | {mean:,.0f} |"
        for heading, (cases, mean) in messages.sections.items()
    ]
    return "\n".join(["| section | cases | tokens |", "|---|---:|---:|", *rows])


def claim(run: Run) -> str:
    """Return what replaying answers showed, in a sentence."""
    total = Figures.of(run).total
    shares = f"{total.clean} leave clean, {total.repaired} repaired, {total.needs_review} need review"
    wrong = f"**{total.wrongly_clean} leave with something in them that never may**"
    return f"Of {total.answers} answers {shares}; {total.unexpected} do not end as expected, and {wrong}."


def leaks(run: Run) -> str:
    """Return a list of the replies that leave and never may."""
    rows = [
        f"| `{one.trial.name}` | {one.end} | {'、'.join(one.never)} |" for one in run.judged if one.is_wrongly_clean
    ]
    if not rows:
        return "None is wrongly clean."
    return "\n".join(["| wrongly clean | leaves after | with |", "|---|---|---|", *rows])


def render(replayed: Ran, run: Run, compared: Ran, killed: Killed, messages: Messages, has_pictures: bool) -> str:
    """Return the page of what was found."""
    pictures = (
        "![Two runs compared: each measure with its bar, the difference with its interval, and the verdict]"
        "(images/eval.png)\n\n"
        "![Every reply side by side, what is wrong in it marked](images/eval-replies.png)"
        if has_pictures
        else "There was no browser here, so the page was not pictured."
    )
    equal = "the same" if killed.is_equal else "**not the same**"
    most = len(AT) * CONCURRENCY
    return f"""\
# Which model, playbook and prompts to trust

`python scripts/write_eval.py` ran everything below and wrote this page. **No real model was asked**: the answers are
written by hand and ship with the project, so the figures show what the command tells, and how far checker and repairs
reach, and nothing about any model.

## Cases

`replykit eval zh`, `en` and `held_out` play the cases that come along: 60 in Chinese, 30 in English, and 30 that nobody
looks at while prompts are tuned. A file of your own is TOML, or JSON Lines with the same keys:

```toml
{EXAMPLE}```

A case without a `draft` asks for a reply, one with it for a rewrite. `history`, `facts`, `stage`, `channel`, `tone`,
`length` and `language` are a kit's arguments. `must` lists what the reply has to say, each in one wording or in one of
several; `must_not` what it must not say; both are compared in one script, width and case, and without spaces. `expects`
names checks of coverage, `source` and `held_out` say where a case comes from and what it is for. Any other key is an
error, with file, line and case. Without `--playbook` and `--language` each case is judged by the built-in playbook for
its language.

## What is measured

Rules and numbers alone, no model as judge. A measure is a number of one reply; shares count the replies that it says
something of.

{measures()}

A repair is *worse* where the mended text breaks a rule that the text before it did not, whether or not it leaves.
Seconds are the model's own, without what the pace of calls made it wait.

## Answers replayed

`--scripted` puts answers in a model's place and sends each the whole way: check, re-ask, fixer, check of what leaves. A
change of a rule, a repair or the fixer is measured so in seconds, and compared with the run before it (`--json`, then
`--vs`). A line of such a file:

```json
{{"case": "late-parcel", "id": "late-parcel/1", "kind": "over-promise", "answers": ["保证明天到！", "11月25日送达。"],
 "expect": ["repaired"], "never": ["明天"]}}
```

(on one line; the last answer is said again and again). `--record` writes what a real model said in the same form.

{_block(replayed)}

{claim(run)} The exit code is 1 where there is any such.

{leaks(run)}

## What a model is sent

`replykit eval zh en --messages` measures the messages without sending them. For the {len(messages.cases)} cases that
prompts may be tuned with they take {messages.mean:,.0f} tokens on average, estimated at 0.7 for a Chinese character and
0.25 for another one (a model's own count may differ by a third); most, {messages.longest.tokens:,.0f}, for
`{messages.longest.case}`.
{"No sentence is said twice." if not messages.twice else f"{len(messages.twice)} sentences are said twice."}

{sections(messages)}

A prompt rule stays where something here fails without it: a weak answer that breaks its principle, or a case that
expects what it asks for. The others cannot be judged without a model that heeds or ignores them. They are told because
the source documents ask for them, and are the first to go when a run with a real model (`--vs-prompts`) tells no
difference.

{prompt_rules(messages, run)}

## Coverage

What words can show of principles that no rule judges, over the cases that `expect` it. Each check is data
(`replykit/evaluation/coverage/`), with replies that it finds and near ones that it does not.

{coverage()}

## Two models compared

`{WEAK}` and `{STRONG}` are no models: a server on loopback (`scripts/eval_models.py`) gives to
each case the hand-made answers for it, the weak ones in turn, or the strong one where there is one. It counts 15 tokens
for every call, and takes a millisecond a character.

{_block(compared)}

**How a difference is told.** The unit is the case: its runs are averaged within each side, and the two sides of a case
are a pair. A permutation test exchanges the sides within cases at random (in every way where there are fewer than 14),
and asks how often that gives as large a mean difference. As all measures of the table are compared, these p-values are
corrected as Holm does, and a difference is told where the corrected one is below 0.05: of 20 comparisons of equal
models, one at most is expected to tell any difference at all. Elsewhere it says "cannot tell", which does not mean
equal: with fewer than {least_cases()} cases that differ, nothing can be told where all is measured. The interval
is the middle 95% of the difference over cases drawn again and again, of its measure alone, so it may leave out 0
where the verdict is "cannot tell". A measure is compared over the cases that it says something of on both sides, so
its difference may be another than that of the two tables above.

Where the two sides are judged by other rules (another playbook, another version), fewer violations may be fewer found;
the command says so. What must be said, what must not, and what never may is looked for alike.

`--vs` takes a model or a run that `--json` saved; `--vs-playbook`, `--vs-prompts` and `--vs-base-url` change one thing
at a time. The other server's key is `REPLYKIT_VS_API_KEY`; a key is never sent to a server that it is not for.

## The page

`--html` writes one file that runs no script and fetches nothing: every reply, what was tried before it, what is wrong
in it marked, and filters.

{pictures}

## Killed on the way

With `--journal FILE` every answer is written down as it comes. The second side was run once more and killed
(`kill -9`) {len(AT)} times, after {", ".join(map(str, AT))} requests, and started again with the same command:

| | undisturbed | killed {len(AT)} times |
|---|---|---|
| requests in all | {killed.calm:,} | {killed.killed:,} |
| at most ({len(AT)} kills with {CONCURRENCY} requests under way) | | {killed.calm + most:,} |
| what came of it | | {equal} |

The journal knows the model, its server, the playbook, the prompts and the cases that it was made with, and refuses
another: two runs are never mixed. A reply that the model gave no answer to is not kept, and asked for again.

## In a program

```python
from replykit import ReplyKit
from replykit.evaluation import Figures, compare, evaluate, load_cases

cases = load_cases("cases.toml")
with ReplyKit(model="…") as one, ReplyKit(model="…", prompts="my_prompts") as other:
    a, b = evaluate(one, cases, runs=3), evaluate(other, cases, runs=3)
print(Figures.of(a).measure("good").value)
for difference in compare(a, b).differences:
    print(difference.title, difference.low, difference.high, difference.verdict)
```

## Limits

- A reply that keeps every rule and says what it must may still be poor. Read a sample; the page is for that.
- `must` and `must_not` look for words, not for their sense: 不是11月25日 says 11月25日.
- Two runs of one model differ by chance. Runs of a case are no cases of their own: more cases tell more than more runs.
- Latency is that of this machine at this hour; compare sides that were run one after the other with care.
"""


def _block(ran: Ran) -> str:
    return f"```console\n$ {ran.command}\n{ran.out.rstrip()}\n```"


def _run(folder: Path, *arguments: str, shown: str) -> Ran:
    done = subprocess.run(_command(*arguments), cwd=folder, env=_environment(), capture_output=True, encoding="utf-8")
    assert done.returncode in (0, 1), done.stderr
    return Ran(shown, done.stdout, done.stderr)


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "replykit", "eval", *arguments]


def _environment() -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith(("REPLYKIT_", "OPENAI_"))}
    return own | {"PYTHONPATH": str(ROOT)}


def _texts(path: Path) -> list[str | None]:
    return [trial.reply.text if trial.reply else None for trial in load_run(path).trials]


def kill_on_the_way(folder: Path) -> Killed:
    """Run one side undisturbed and, in another journal, killed again and again."""
    cases = load_cases("zh")
    answers = load_answers("weak_answers", load_cases("zh", "en", "held_out"))
    asked = []
    for name, kills in (("calm", ()), ("killed", AT)):
        with Models(cases, answers) as server:
            options = ("zh", "--model", STRONG, "--base-url", server.url, "--concurrency", str(CONCURRENCY))
            command = _command(*options, "--runs", "3", "--journal", name, "--json", f"{name}.json")
            for count in kills:
                process = subprocess.Popen(
                    command, cwd=folder, env=_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
                )
                end = time.monotonic() + _PATIENCE
                while len(server.requests) < count:
                    assert time.monotonic() < end, "it does not go on"
                    time.sleep(0.005)
                process.kill()
                process.wait()
            done = subprocess.run(command, cwd=folder, env=_environment(), capture_output=True, encoding="utf-8")
            assert done.returncode in (0, 1), done.stderr
            asked.append(len(server.requests))
    return Killed(asked[0], asked[1], _texts(folder / "calm.json") == _texts(folder / "killed.json"))


def picture(page: Path) -> bool:
    """Take the pictures of a page; return whether there was a browser."""
    try:
        with Browser(1180, 1060) as browser:
            browser.open(page)
            for id, path in PICTURES.items():
                browser.run(f"document.querySelector('#{id}').scrollIntoView()")
                browser.picture(path)
    except NoBrowser as absent:
        print(absent, file=sys.stderr)
        return False
    return True


def main() -> None:
    """Do it all, and write the page."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shown = "replykit eval --scripted weak_answers"
        replayed = _run(folder, "--scripted", "weak_answers", "--json", "weak.json", shown=shown)
        cases = load_cases("zh", "en", "held_out")
        with Models(cases, load_answers("weak_answers", cases)) as server:
            options = ("--model", WEAK, "--vs", STRONG, "--runs", str(RUNS))
            shown = f"replykit eval zh {' '.join(options)} --html eval.html"
            compared = _run(folder, "zh", *options, "--base-url", server.url, "--html", "eval.html", shown=shown)
        killed = kill_on_the_way(folder)
        messages = measure_messages(load_cases("zh", "en"), language="auto")
        has_pictures = picture(folder / "eval.html")
        TARGET.write_text(
            render(replayed, load_run(folder / "weak.json"), compared, killed, messages, has_pictures), "utf-8"
        )
    print(re.sub(r"```.*?```", "", TARGET.read_text("utf-8"), flags=re.DOTALL))


if __name__ == "__main__":
    main()
