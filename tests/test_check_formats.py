"""How `replykit check` reports: workflow commands, SARIF logs, chosen rules, thresholds and exit codes."""

from __future__ import annotations

import contextlib
import io
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from workbook import write_workbook

import replykit
from replykit.cli.formats.github import GithubFormat
from replykit.cli.formats.sarif import SarifFormat
from replykit.cli.origin import Named
from replykit.loader import load_playbook
from replykit.records import Report, Violation

ROOT = Path(__file__).parent.parent
SCHEMA = json.loads((ROOT / "tests" / "data" / "sarif-2.1.0-rtm.5.json").read_text("utf-8"))
VALIDATOR = jsonschema.Draft4Validator(SCHEMA)


def _log(ran: Any) -> dict[str, Any]:
    assert ran.code in (0, 1), ran
    log = json.loads(ran.out)
    VALIDATOR.validate(log)
    (run,) = log["runs"]
    return run


def _regions(ran: Any) -> list[dict[str, Any]]:
    return [result["locations"][0]["physicalLocation"].get("region") for result in _log(ran)["results"]]


# --- github ------------------------------------------------------------------------------------------------------


def test_workflow_commands(check: Any, tmp_path: Path) -> None:
    """Each violation is a command with its file, line and columns, counted from 1 to the last one inside."""
    (tmp_path / "a.txt").write_text("您好\n👍呵呵\n好的哦\n", "utf-8")
    ran = check("a.txt", "--format", "github")
    first, second = ran.out.splitlines()
    place = "file=a.txt,line=2,endLine=2,col=3,endColumn=4,title=professional-register/register-laughter"
    assert first.startswith(f"::error {place}::“呵呵”")
    assert "%0A→ " in first
    assert second.startswith("::warning file=a.txt,line=3,")
    assert (ran.code, ran.err) == (1, "3 replies, 2 without errors: 1 error, 1 warning\n")


def test_a_clean_file_has_no_commands(check: Any, tmp_path: Path) -> None:
    """Without violations nothing stands on standard output."""
    (tmp_path / "a.txt").write_text("您好\n", "utf-8")
    assert check("a.txt", "--format", "github") == (0, "", "no errors\n")


def test_a_text_without_a_file_names_none(check: Any) -> None:
    """A reply from the command line has no file to annotate."""
    assert check("呵呵", "--format", "github").out.startswith("::error title=professional-register/")


def test_a_workbooks_row_stands_in_the_message(check: Any, tmp_path: Path) -> None:
    """A workbook has no lines, so a command for it claims none and says the row in words."""
    write_workbook(tmp_path / "a.xlsx", {"话术": {"A1": "text", "A3": "呵呵"}})
    ran = check("a.xlsx", "--column", "text", "--format", "github")
    assert ran.out.startswith("::error file=a.xlsx,title=professional-register/register-laughter::话术!3: “呵呵”")


@given(message=st.text(), file=st.text(st.characters(exclude_characters="\0/"), min_size=1))
def test_commands_are_escaped(message: str, file: str) -> None:
    """Whatever a message or a file's name holds, the command is one line, and reading it gives both back."""
    violation = Violation(principle="p", rule="r", severity="error", start=0, end=1, text="x", message=message)
    lines = _printed(GithubFormat(), Named(id=1, text="x", file=f"d/{file}"), violation)
    command = re.fullmatch(r"::error file=([^,:]*),line=1,[^:]*title=p/r::([^\r\n]*)\n", lines)
    assert command
    assert _unescaped(command[2]) == message
    assert _unescaped(command[1]).endswith(file) or file in (".", "..")


def _printed(format: Any, named: Named, *violations: Violation) -> str:
    with contextlib.redirect_stdout(io.StringIO()) as out:
        format.show(named, Report(text=named.text, violations=violations))
        format.finish()
    return out.getvalue()


def _unescaped(text: str) -> str:
    for escape, char in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(escape, char)
    return text


# --- sarif -------------------------------------------------------------------------------------------------------


def test_a_sarif_log_is_valid(check: Any, tmp_path: Path) -> None:
    """A log of every kind of input keeps the schema of SARIF 2.1.0."""
    (tmp_path / "客服 回复.txt").write_text("您好\n呵呵，没办法\n", "utf-8")
    (tmp_path / "b.csv").write_text('id,text\n1,"呵呵，\n好"\n', "utf-8")
    (tmp_path / "c.jsonl").write_text('{"text": "\\u5475\\u5475"}', "utf-8")
    write_workbook(tmp_path / "d.xlsx", {"话术": {"A1": "text", "A3": "呵呵"}})
    run = _log(check("*.*", "--column", "text", "--format", "sarif"))
    found = [result["locations"][0]["physicalLocation"] for result in run["results"]]
    assert [unquote(place["artifactLocation"]["uri"]) for place in found] == [
        "b.csv", "c.jsonl", "d.xlsx", "客服 回复.txt", "客服 回复.txt",
    ]  # fmt: skip
    assert [place.get("region", {}).get("startLine") for place in found] == [2, 1, None, 2, 2]
    assert run["results"][2]["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] == "话术!3"
    for result in run["results"]:
        rule = run["tool"]["driver"]["rules"][result["ruleIndex"]]
        assert rule["id"] == result["ruleId"]


def test_a_sarif_log_without_findings(check: Any) -> None:
    """A clean run is a whole log with its rules and no results."""
    run = _log(check("您好", "--format", "sarif"))
    assert run["results"] == []
    assert len(run["tool"]["driver"]["rules"]) == len(load_playbook("zh").rules)


def test_sarif_rules_explain_themselves(check: Any) -> None:
    """Each rule has a name of its own, and its help says why it is one and where it comes from."""
    playbook = load_playbook("zh")
    described = {rule["id"]: rule for rule in _log(check("您好", "--format", "sarif"))["tool"]["driver"]["rules"]}
    for rule in playbook.rules:
        principle = playbook.principle(rule.principle)
        help = described[rule.id]["help"]["text"]
        assert principle.why in help
        assert rule.source in help
        assert described[rule.id]["shortDescription"]["text"] == principle.title
    assert len({rule["name"] for rule in described.values()}) == len(described)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_sarif_regions(end: str, check: Any, tmp_path: Path) -> None:
    """A region's columns and its offset in UTF-16 code units, as the log says, name the same words."""
    lines = ["👍您好", "您好👍呵呵", "好的哦"]
    (tmp_path / "a.txt").write_bytes(end.join(lines).encode("utf-8-sig"))
    ran = check("a.txt", "--format", "sarif")
    run = _log(ran)
    assert run["columnKind"] == "utf16CodeUnits"
    assert end in run["newlineSequences"]
    laughter, particle = _regions(ran)
    assert laughter == {
        "startLine": 2, "startColumn": 5, "endLine": 2, "endColumn": 7,
        "charOffset": 4 + len(end) + 4, "charLength": 2,
    }  # fmt: skip
    whole = end.join(lines).encode("utf-16-le")
    for region, word in ((laughter, "呵呵"), (particle, "哦")):
        start = region["charOffset"] * 2
        assert whole[start : start + region["charLength"] * 2].decode("utf-16-le").endswith(word)
        line = lines[region["startLine"] - 1].encode("utf-16-le")
        columns = line[region["startColumn"] * 2 - 2 : region["endColumn"] * 2 - 2]
        assert columns == whole[start : start + region["charLength"] * 2]


def test_fingerprints_stay(check: Any, tmp_path: Path) -> None:
    """A fingerprint stays where lines move or the script changes, and is another for each finding and each reply."""

    def prints(*lines: str) -> list[str]:
        (tmp_path / "a.txt").write_text("\n".join(lines), "utf-8")
        run = _log(check("a.txt", "--format", "sarif"))
        return [result["partialFingerprints"]["replykitReply/v1"] for result in run["results"]]

    before = prints("没办法", "呵呵", "没办法")
    assert len(set(before)) == 3
    assert set(prints("您好", "呵呵", "", "沒辦法", "没办法")) == set(before)
    assert not set(prints("真没办法", "呵呵呵")) & set(before)


def test_a_file_elsewhere_has_a_whole_uri(check: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file outside the working folder is named by its whole path."""
    (tmp_path / "in").mkdir()
    (tmp_path / "a.txt").write_text("呵呵", "utf-8")
    monkeypatch.chdir(tmp_path / "in")
    (result,) = _log(check("../a.txt", "--format", "sarif"))["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": (tmp_path / "a.txt").as_uri()}
    assert f"file={tmp_path / 'a.txt'}" in check("../a.txt", "--format", "github").out


def test_a_rule_without_a_principle_is_described() -> None:
    """A playbook may have rules for principles that it does not describe."""
    playbook = load_playbook("zh").model_copy(update={"principles": ()})
    log = json.loads(_printed(SarifFormat(playbook), Named(id=1, text="x", file="a.txt")))
    VALIDATOR.validate(log)


# --- selection, threshold, exit code -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "rules"),
    [
        ([], ["register-laughter", "brush-off-no-way", "blame-party-at-fault"]),
        (["--select", "no-blame"], ["blame-party-at-fault"]),
        (["--select", "no-blame, brush-off-no-way"], ["brush-off-no-way", "blame-party-at-fault"]),
        (["--select", "no-blame", "--select", "no-brush-off"], ["brush-off-no-way", "blame-party-at-fault"]),
        (["--ignore", "no-blame,register-laughter"], ["brush-off-no-way"]),
        (["--select", "no-blame,no-brush-off", "--ignore", "brush-off-no-way"], ["blame-party-at-fault"]),
    ],
)
def test_rules_are_chosen(options: list[str], rules: list[str], check: Any) -> None:
    """Rules are chosen by their own ids or their principles'; what is ignored is left out in any case."""
    record = json.loads(check("呵呵，没办法，是仓库发错了。", "--format", "json", *options).out)
    assert [violation["rule"] for violation in record["violations"]] == rules


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--select", "no-blam"], "--select: no rule or principle 'no-blam'; did you mean 'no-blame'?"),
        (["--ignore", "register-laugther"], "did you mean 'register-laughter'?"),
        (["--ignore", "12345"], "see replykit playbook show"),
        (["--select", "no-blame,"], "--select takes ids"),
        (["--select", "no-blame", "--ignore", "no-blame"], "leave no rule"),
        (["--severity", "info"], "--severity"),
        (["--format", "xml"], "--format"),
    ],
)
def test_wrong_choices(options: list[str], words: str, check: Any) -> None:
    """An id that no rule or principle has is refused with the nearest one."""
    ran = check("您好", *options)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert words in ran.err


def test_the_threshold(check: Any, tmp_path: Path) -> None:
    """With --severity error warnings are neither shown nor counted."""
    (tmp_path / "a.txt").write_text("好的哦\n呵呵\n", "utf-8")
    assert check("a.txt").err == "2 replies, 1 without errors: 1 error, 1 warning\n"
    ran = check("a.txt", "--severity", "error")
    assert (ran.code, ran.err) == (1, "2 replies, 1 without errors: 1 error\n")
    assert "~" not in ran.out
    assert check("好的哦", "--severity", "error") == (0, "", "no errors\n")


def test_exit_zero(check: Any) -> None:
    """With --exit-zero errors are shown and pass; wrong use does not."""
    ran = check("呵呵", "--exit-zero")
    assert (ran.code, ran.err) == (0, "1 error\n")
    assert ran.out
    assert check("nowhere.txt", "--exit-zero").code == 2


# --- pre-commit --------------------------------------------------------------------------------------------------


def test_the_pre_commit_hook_runs(tmp_path: Path) -> None:
    """The hook's entry, with names of files behind it as pre-commit puts them, finds what is wrong in them."""
    hooks = (ROOT / ".pre-commit-hooks.yaml").read_text("utf-8")
    hook = dict(re.findall(r"^(?:- |  )(\w+): (.+)$", hooks, re.MULTILINE))
    assert (hook["id"], hook["language"]) == ("replykit-check", "python")
    command, *arguments = shlex.split(hook["entry"])
    assert re.search(rf'^{command} = "replykit.cli:main"$', (ROOT / "pyproject.toml").read_text("utf-8"), re.MULTILINE)
    (tmp_path / "a.txt").write_text("呵呵\n", "utf-8")
    (tmp_path / "b.txt").write_text("您好\n", "utf-8")
    for files, code in ((["b.txt"], 0), (["a.txt", "b.txt"], 1)):
        done = subprocess.run(
            [sys.executable, "-c", "import sys; from replykit.cli import main; sys.exit(main())", *arguments, *files],
            cwd=tmp_path,
            capture_output=True,
            encoding="utf-8",
            timeout=60,
        )
        assert done.returncode == code, done
        assert ("a.txt:1: error" in done.stdout) == bool(code)


def test_the_version_in_a_log_is_the_packages(check: Any) -> None:
    """A log names the version that wrote it."""
    assert _log(check("您好", "--format", "sarif"))["tool"]["driver"]["version"] == replykit.__version__
