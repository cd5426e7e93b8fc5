"""The command in its reader's language, and what doctor misses."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from opencc import OpenCC
from typer.main import get_command

from replykit import cli
from replykit.cli.app import app
from replykit.cli.wording import interface

PACKAGE = Path(cli.__file__).parent
CHINESE = ("zh", "zh-Hant")
WORDS = {tag: tomllib.loads((PACKAGE / "words" / f"{tag}.toml").read_text("utf-8")) for tag in CHINESE}


def commands_in(command: Any, name: str = "") -> list[str]:
    """Return the names of a command and of all that are in it."""
    inside = getattr(command, "commands", {})
    return [name, *(found for one, its in inside.items() for found in commands_in(its, f"{name} {one}".strip()))]


@pytest.mark.parametrize(
    ("settings", "tag"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_SG"}, "zh"),
        ({"LANG": "zh_TW.UTF-8"}, "zh-Hant"),
        ({"LANG": "zh-Hant-HK"}, "zh-Hant"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "zh_CN"}, "zh"),
        ({"LANG": "zh_CN", "LC_ALL": ""}, "zh"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({}, "en"),
    ],
)
def test_the_environment_names_the_language(
    settings: dict[str, str], tag: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first of LC_ALL, LC_MESSAGES and LANG that is set decides; whatever is not Chinese is told in English."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert interface() == tag


def test_both_scripts_say_the_same() -> None:
    """The two files of words have the same keys with the same blanks, and each is in its own script."""
    simplified, traditional = (WORDS[tag] for tag in CHINESE)
    for table, words in simplified.items():
        assert list(words) == list(traditional[table])
        for key, text in words.items():
            blanks = sorted(re.findall(r"\{\w+\}", text))
            assert blanks == sorted(re.findall(r"\{\w+\}", traditional[table][key])), key
            assert table == "nouns" or blanks == sorted(re.findall(r"\{\w+\}", key)), key
            assert OpenCC("t2s").convert(text) == text
            assert OpenCC("s2t").convert(traditional[table][key]).replace("纔", "才") == traditional[table][key]


def test_words_are_of_something_that_is_there() -> None:
    """Each message stands in the command's code, each option is one, and no command is without its Chinese help."""
    code = "".join(path.read_text("utf-8") for path in PACKAGE.rglob("*.py"))
    words = WORDS["zh"]
    assert [key for key in words["messages"] if f'"{key}"' not in code] == []
    whole = get_command(app)
    assert set(words["commands"]) == set(commands_in(whole))
    named = set()
    for command in commands_in(whole):
        found: Any = whole
        for name in command.split():
            found = found.commands[name]
        for parameter in found.params:
            key = next((one for one in parameter.opts if one.startswith("--")), parameter.name)
            named |= {key, f"{command} {key}"}
    assert set(words["options"]) <= named


@pytest.mark.parametrize(
    ("locale", "arguments", "shown"),
    [
        ("zh_CN.UTF-8", ("doctor",), ["正常   离线改写  ", "未设置 模型      没有设置"]),
        ("zh_TW.UTF-8", ("doctor",), ["正常   離線改寫  ", "未設定 模型      沒有設定"]),
        ("zh_CN.UTF-8", ("rewrite", "没办法。"), ["离线：没有设置对话模型", "已修改：原稿有 1 个错误，现在没有了"]),
        ("zh_TW.UTF-8", ("check", "呵呵，這個沒辦法的。"), ["2 個錯誤"]),
        ("zh_CN.UTF-8", ("check", "您好。"), ["没有错误"]),
        ("zh_CN.UTF-8", ("--help",), ["起草、改写和检查客服回复。", "rewrite   改写客服草稿", "示例："]),
        ("zh_TW.UTF-8", ("rewrite", "--help"), ["客戶說了什麼。", "示例："]),
        ("C.UTF-8", ("check", "您好。"), ["no errors"]),
        ("de_DE.UTF-8", ("--help",), ["Draft, rewrite and check", "Examples:"]),
    ],
)
def test_the_command_speaks_its_readers_language(
    locale: str, arguments: tuple[str, ...], shown: list[str], here: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a Chinese environment the first minutes are Chinese, in either script; elsewhere English."""
    monkeypatch.setenv("LC_ALL", locale)
    ran = here(*arguments)
    assert [words for words in shown if words not in ran.out + ran.err] == []


def test_doctor_tells_which_extras_are_missing(here: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """An extra is missing where one of its packages is, also one that only another package's extra brings."""
    there = metadata.version

    def version(name: str) -> str:
        if name in ("aiohttp", "python-calamine"):
            raise metadata.PackageNotFoundError(name)
        return there(name)

    assert "extras    all are installed: " in here("doctor").out
    monkeypatch.setattr(metadata, "version", version)
    ran = here("doctor")
    assert "unset  extras    not installed: polish, xlsx; pip install 'replykit[xlsx]'\n" in ran.out
    assert ran.code == 0
