"""A stranger's first hour: the commands of docs/first-hour.md, one after the other on one terminal, from a clean clone.

The document says itself what is run: lines behind `$` in its console blocks, and files, which are blocks with a title.
"""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from clean_clone import ROOT, take_clone
from terminal import plain_settings, shown
from write_dependencies import reached

__all__ = ["TARGET", "Step", "play", "rendered", "steps", "times_aside"]

TARGET = ROOT / "docs" / "first-hour.md"
_BLOCK = re.compile(r'^```(\w+)(?: title="([^"\n]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"^\$ (.+)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
_TIMES = re.compile(r"(?<=<!-- times -->\n).*?(?=<!-- end -->)", re.DOTALL)
_MARK = re.compile(r"\x1e(\d+) (\d+)[.,](\d+)\x1e")  # a comma in some languages
# What differs between two machines, or with every rule that somebody adds. Where a line breaks hangs on versions, too.
_NAMES = "replykit|Python|openai|pydantic|jinja2|tenacity|ahocorasick-rs|google-re2|typer|rich"
_UNSTABLE = (
    (re.compile(rf"(?<=,)\n(?=(?:{_NAMES})\s)"), " "),
    (re.compile(rf"\b({_NAMES})\s+\d[\w.+]*"), r"\1 …"),
    (re.compile(r"\d[\d,]*(?= (?:principles|rules|examples)\b| 条准则| 条规则)"), "…"),
    (re.compile(r"(?<=extras    not installed: ).*|(?<=可选组件  未安装：).*"), "…"),
)


class Step(NamedTuple):
    """One command, and what it printed.

    Attributes:
        command: the line.
        printed: what stood on the terminal afterwards.
        seconds: how long it took.
    """

    command: str
    printed: str
    seconds: float


def steps(document: str) -> list[str]:
    """Return the script that the document is: each command between two marks, each file written where it stands."""
    lines = ["end=0"]
    number = 0
    for language, title, content in _BLOCK.findall(document):
        if title:
            lines.append(f"printf %s {shlex.quote(content)} > {shlex.quote(title)}")
        if language == "console":
            for command, _ in _COMMAND.findall(content):
                mark = f"printf '\\036{number} %s\\036' \"$EPOCHREALTIME\""
                lines += [mark, "(exit $end)", command, "end=$?"]  # so that `echo $?` tells of the command before it
                number += 1
    return [*lines, f"printf '\\036{number} %s\\036' \"$EPOCHREALTIME\""]


def play(document: str, folder: Path, *, lend: bool) -> list[Step]:
    """Run the document's commands in a folder that holds nothing yet.

    Args:
        document: its text.
        folder: where; the repository lies beside it.
        lend: True takes the packages that replykit brings, and no others, from this environment in place of a package
            index, so that what is installed is what was built from the clone.

    Returns:
        The commands in order.
    """
    repository = folder.parent / "repository"
    take_clone(repository)
    python = folder.parent / "bin" / "python3"
    python.parent.mkdir()
    python.symlink_to(Path(sys._base_executable).resolve())  # type: ignore[attr-defined]  # not of this environment
    settings = plain_settings() | {"REPOSITORY": str(repository), "PIP_CONFIG_FILE": "/dev/null"}
    settings |= {"PATH": f"{python.parent}:{settings['PATH']}", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    settings.pop("PYTHONPATH", None)
    script = steps(document)
    if lend:
        settings |= {"PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0"}
        created = next(place for place, line in enumerate(script) if line.startswith("python3 -m venv"))
        lent = folder.parent / "lent"
        _lend(lent)
        script.insert(created + 1, f"cp -R {shlex.quote(str(lent))}/. .venv/lib/python3.*/site-packages")
    printed = shown("\n".join(script), folder, settings)
    return list(_parted(printed, [line[0] for line in _commands(document)]))


def _lend(folder: Path) -> None:
    """Make a folder of links to the packages that replykit brings, that build it, and that run its hook."""
    folder.mkdir()
    names = set().union(*map(reached, ("replykit", "hatchling", "pre-commit"))) | {"hatchling", "pre-commit"}
    for name in names:
        package = metadata.distribution(name)
        for top in {file.parts[0] for file in package.files or ()} - {"..", "__pycache__"}:
            link = folder / top
            if not link.is_symlink():
                link.symlink_to(Path(str(package.locate_file(top))))


def _commands(document: str) -> list[tuple[str, str]]:
    blocks = (content for language, _, content in _BLOCK.findall(document) if language == "console")
    return [found for content in blocks for found in _COMMAND.findall(content)]


def _parted(printed: str, commands: list[str]) -> Iterator[Step]:
    """Yield each command with what stands between its mark and the next one."""
    marks = list(_MARK.finditer(printed))
    if len(marks) != len(commands) + 1:
        raise RuntimeError(f"the terminal showed {len(marks)} marks for {len(commands)} commands:\n{printed}")
    for command, mark, end in zip(commands, marks, marks[1:], strict=False):
        seconds = float(f"{end[2]}.{end[3]}") - float(f"{mark[2]}.{mark[3]}")
        yield Step(command, _settled(printed[mark.end() : end.start()]), seconds)


def _settled(printed: str) -> str:
    """Return what is left on a terminal: lines that were written over are gone, and what differs is …"""
    text = re.sub(r"\x1b\[\?25[lh]", "", printed)
    lines: list[str] = []
    for line in text.split("\n"):
        kept = re.split(r"\r|\x1b\[2?K", line.rstrip("\r"))[-1]
        for _ in range(line.count("\x1b[1A")):
            lines.pop()
        lines.append(kept.replace("\x1b[1A", "").rstrip())
    settled = "\n".join(lines).strip("\n")
    for pattern, instead in _UNSTABLE:
        settled = pattern.sub(instead, settled)
    return settled


def rendered(document: str, played: list[Step], times: str | None = None) -> str:
    """Return the document with what its commands printed.

    Args:
        document: its text.
        played: its commands, in order.
        times: what stands between the marks for times; None: what stands there already.
    """
    left = iter(played)

    def written(block: re.Match[str]) -> str:
        if block[1] != "console":
            return block[0]
        lines = []
        for _ in _COMMAND.findall(block[3]):
            step = next(left)
            lines += [f"$ {step.command}", *filter(None, [step.printed])]
        return "```console\n" + "\n".join(lines) + "\n```"

    text = _BLOCK.sub(written, document)
    return text if times is None else _TIMES.sub(lambda _: times, text)


def times_aside(document: str) -> str:
    """Return the document without its times, which no two runs share."""
    return _TIMES.sub("", document)
