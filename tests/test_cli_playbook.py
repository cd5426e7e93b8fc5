"""`replykit playbook`: shown, tested and begun from the command line."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import replykit
from replykit.cli import main
from replykit.lint import lint
from replykit.loader import read_playbook


class Ran(NamedTuple):
    """One run of the command."""

    code: int
    out: str
    err: str


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Runs `replykit playbook …` in an empty folder, in this process."""
    for name in [name for name in os.environ if name.startswith("REPLYKIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Ran:
        code = main(["playbook", *arguments])
        return Ran(code, *capsys.readouterr())

    return run


RULE = """[[rule]]
id = "tada"
principle = "p"
severity = "error"
kind = "phrase"
phrases = ["锵锵"]
message = "“{text}”不合适。"
source = "own"
reason = "own"
bad = ["锵锵，您好。"]
good = ["您说“锵锵”吗？"]
"""


# --- new -----------------------------------------------------------------------------------------------------------


def test_a_new_playbook_passes_its_test(run: Any) -> None:
    """The starter is written, and holds without a note."""
    assert run("new", "own.toml").code == 0
    ran = run("test", "own.toml", "--strict")
    assert (ran.code, ran.out) == (0, "")
    assert "all hold" in ran.err


def test_a_new_playbook_shows_what_one_may_hold(run: Any, tmp_path: Path) -> None:
    """Departments, constants, both kinds of rule, a repair, a disabled and an overridden rule, a placeholder."""
    run("new", "own.toml")
    base, own = replykit.load_playbook("zh"), replykit.load_playbook(str(tmp_path / "own.toml"))
    assert set(own.words["party"]) > set(base.words["party"])
    assert own.constants
    known = {rule.id: rule for rule in base.rules}
    added = [rule for rule in own.rules if rule.id not in known]
    assert {rule.kind for rule in added} == {"phrase", "pattern"}
    assert any(rule.fix and rule.unless for rule in added)
    assert known.keys() - {rule.id for rule in own.rules}
    assert any(rule.id in known and rule != known[rule.id] for rule in own.rules)
    assert {syntax.id for syntax in own.placeholders} - {syntax.id for syntax in base.placeholders}


def test_a_new_playbook_does_what_its_comments_say(run: Any, tmp_path: Path) -> None:
    """Blame on an own department is found, what is disabled is not, and the repair mends its hit."""
    run("new", "own.toml")
    file = str(tmp_path / "own.toml")
    assert "no-blame" in {v.principle for v in replykit.check("都是履约组发错了。", playbook=file).violations}
    assert replykit.check("好的哦。", playbook=file).violations == ()
    assert replykit.check("好的哦。").violations
    with replykit.ReplyKit(playbook=file) as kit:
        assert "会尽快到账" in kit.rewrite("您的钱马上到账。").text
    facts = replykit.check("请拨打 400-000-0000。", playbook=file, customer="电话是多少？")
    assert "grounded-facts" not in {violation.principle for violation in facts.violations}
    lost = replykit.check("您好，请来电。", playbook=file, draft="您好 ^NAME^，请来电。")
    assert "keep-placeholders" in {violation.principle for violation in lost.violations}


def test_new_overwrites_nothing(run: Any, tmp_path: Path) -> None:
    """A file that is there stays as it is."""
    (tmp_path / "own.toml").write_text("mine", "utf-8")
    ran = run("new", "own.toml")
    assert (ran.code, ran.out) == (2, "")
    assert "own.toml is there already" in ran.err
    assert (tmp_path / "own.toml").read_text("utf-8") == "mine"


def test_new_may_extend_a_file(run: Any, tmp_path: Path) -> None:
    """A base that is a file is named as seen from the new one."""
    (tmp_path / "base.toml").write_text('[playbook]\nname = "base"\nextends = "zh"\n', "utf-8")
    (tmp_path / "teams").mkdir()
    assert run("new", "teams/own.toml", "--extends", "base.toml").code == 0
    assert 'extends = "../base.toml"\n' in (tmp_path / "teams" / "own.toml").read_text("utf-8")
    assert run("test", "teams/own.toml").code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["own.txt"], "ends in .toml"),
        (["nowhere/own.toml"], "cannot be written"),
        (["own.toml", "--extends", "klingon"], "no playbook 'klingon'"),
        (["own.toml", "--extends", "bare.toml"], "does not extend 'zh'"),
        ([], "PATH"),
    ],
)
def test_new_says_why_it_cannot(arguments: list[str], said: str, run: Any, tmp_path: Path) -> None:
    """What cannot be written is one line and exit code 2, and leaves no file."""
    (tmp_path / "bare.toml").write_text(RULE, "utf-8")
    ran = run("new", *arguments)
    assert ran.code == 2
    assert said in ran.err
    assert not (tmp_path / "own.toml").exists()


# --- test ----------------------------------------------------------------------------------------------------------


def test_an_error_is_one_line_with_its_place(run: Any, tmp_path: Path) -> None:
    """File, line, level, code, id and sentence stand on one line; the exit code is 1."""
    (tmp_path / "own.toml").write_text(RULE.replace('"锵锵，您好。"', '"锵锵，您好。",\n  "当当。"'), "utf-8")
    ran = run("test", "own.toml")
    assert ran.code == 1
    assert ran.out == "own.toml:11: error missed-example  tada  a bad example does not break the rule: 当当。\n"
    assert ran.err.endswith("1 rule, 3 examples: 1 error\n")


def test_notes_fail_only_where_they_shall(run: Any, tmp_path: Path) -> None:
    """With notes alone the exit code is 0; with --strict it is 1."""
    (tmp_path / "own.toml").write_text(RULE.replace('reason = "own"\n', ""), "utf-8")
    ran = run("test", "own.toml")
    assert (ran.code, ran.out.split("  ")[0]) == (0, "own.toml:2: note no-reason")
    assert run("test", "own.toml", "--strict").code == 1


def test_json_is_one_object_a_line(run: Any, tmp_path: Path) -> None:
    """A program reads what a person reads, and a sound playbook prints nothing."""
    text = RULE.replace('"phrase"', '"pattern"').replace('phrases = ["锵锵"]', "patterns = ['锵(?=锵)']")
    (tmp_path / "own.toml").write_text(text, "utf-8")
    ran = run("test", "own.toml", "--format", "json")
    (flaw,) = map(json.loads, ran.out.splitlines())
    assert flaw.pop("message")
    assert flaw == {
        "file": "own.toml", "line": 6, "column": 15, "level": "error", "code": "not-re2",
        "table": "rule", "id": "tada", "text": "锵(?=锵)",
    }  # fmt: skip
    assert (ran.code, ran.err) == (1, "")
    (tmp_path / "own.toml").write_text(RULE, "utf-8")
    assert run("test", "own.toml", "--format", "json") == (0, "", "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "no playbook"),
        ("[[rule", "not valid TOML"),
        (RULE.replace('bad = ["锵锵，您好。"]', "bad = []"), "own.toml:2: "),
        (RULE.replace("锵锵，您好。", "锵锵\\ud800"), "not valid TOML"),
    ],
)
def test_what_cannot_be_read_is_wrong_use(text: str | None, said: str, run: Any, tmp_path: Path) -> None:
    """A playbook that cannot be read at all is exit code 2 and one line."""
    if text is not None:
        (tmp_path / "own.toml").write_text(text, "utf-8")
    ran = run("test", "own.toml")
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_the_test_is_what_the_library_finds(run: Any) -> None:
    """The command prints every flaw that the library yields, in the order of the files."""
    flaws = list(lint(*read_playbook("zh")))
    printed = [json.loads(line) for line in run("test", "zh", "--format", "json").out.splitlines()]
    assert sorted((f["code"], f["id"], f["text"]) for f in printed) == sorted((f.code, f.id, f.text) for f in flaws)
    assert [(f["file"], f["line"]) for f in printed] == sorted((f["file"], f["line"]) for f in printed)


# --- show ----------------------------------------------------------------------------------------------------------


def test_one_principle_is_shown(run: Any) -> None:
    """Its rules stand there, and no others."""
    playbook = replykit.load_playbook("zh")
    out = run("show", "--principle", "no-blame").out
    assert out.startswith("no-blame  ")
    for rule in playbook.rules:
        assert (f"{rule.id}  " in out) is (rule.principle == "no-blame"), rule.id


def test_one_rule_is_shown_whole(run: Any, tmp_path: Path) -> None:
    """Patterns, exceptions, conditions, repairs, reason, examples and the place of a rule stand there."""
    run("new", "own.toml")
    out = run("show", "own.toml", "--rule", "no-instant-refund").out
    rule = next(r for r in replykit.load_playbook(str(tmp_path / "own.toml")).rules if r.id == "no-instant-refund")
    shown = (rule.message, rule.reason, rule.source, *rule.patterns, *rule.suggestions, "{instant_refund}", "会尽快")
    assert all(text in out for text in (*shown, *(example.text for example in (*rule.bad, *rule.good))))
    assert "own.toml:43" in out


def test_a_long_list_is_cut_short(run: Any, tmp_path: Path) -> None:
    """A rule of many phrases shows the first and says how many there are."""
    (tmp_path / "words.txt").write_text("锵锵\n" + "\n".join(f"词{n:04}" for n in range(2000)), "utf-8")
    (tmp_path / "own.toml").write_text(RULE.replace('phrases = ["锵锵"]', 'phrases_file = "words.txt"'), "utf-8")
    out = run("show", "own.toml", "--rule", "tada").out
    assert "词0001" in out
    assert "1,981 more" in out
    assert len(out.splitlines()) < 40


def test_rules_without_a_principle_of_their_own_are_shown(run: Any, tmp_path: Path) -> None:
    """A playbook that extends none may leave the principles out; its rules are shown all the same."""
    (tmp_path / "own.toml").write_text(RULE, "utf-8")
    out = run("show", "own.toml").out
    assert "tada" in out
    assert "锵锵，您好。" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--rule", "blame-party-at-falt"], "did you mean 'blame-party-at-fault'?"),
        (["--principle", "no-blam"], "did you mean 'no-blame'?"),
        (["--principle", "no-blame", "--rule", "register-laughter"], "no rule 'register-laughter'"),
    ],
)
def test_show_names_the_nearest(arguments: list[str], said: str, run: Any) -> None:
    """An id that is not there is exit code 2, with what may be meant."""
    ran = run("show", "zh", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_piped_output_is_plain(run: Any) -> None:
    """Nothing but text is printed where no terminal is."""
    assert "\x1b" not in run("show").out


def test_many_notes_of_one_kind_are_one_line_more(run: Any, tmp_path: Path) -> None:
    """Up to three about a rule are shown one by one; of more, the first, and how many there are; JSON has them all."""
    for number, lines in ((3, 3), (9, 2)):
        good = ", ".join(f'"好的{n}。"' for n in range(number))
        rule = RULE.replace('good = ["您说“锵锵”吗？"]', f'good = ["您说“锵锵”吗？", {good}]')
        (tmp_path / "own.toml").write_text(
            f'[playbook]\nextends = "zh"\n\n{rule}'.replace('"p"', '"next-step"'), "utf-8"
        )
        ran = run("test", "own.toml")
        assert ran.out.count("no-near-miss") == lines
        assert (f"and {number - 1} more like it" in ran.out) is (number > 3)
        assert f"{number} notes" in ran.err
        assert run("test", "own.toml", "--format", "json").out.count('"no-near-miss"') == number
