"""Loading playbooks: what a company's own adds, and errors that name the file, the line and the id."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from replykit.checker import Checker
from replykit.errors import PlaybookError
from replykit.loader import _load_once, load_playbook
from replykit.playbook import Playbook

Write = Callable[..., str]

RULE = """
[[rule]]
id = "no-way"
principle = "no-brush-off"
severity = "error"
kind = "phrase"
phrases = ["没办法"]
message = "“{text}”不妥。"
source = "001: 禁用语"
bad = ["没办法。"]
good = ["您有办法。"]
"""


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes TOML files into a folder and returns the path of the first, or of the folder where there are several."""

    def write(*texts: str, **named: str) -> str:
        files = {f"{number}.toml": text for number, text in enumerate(texts)} | {
            name.replace("_", "."): text for name, text in named.items()
        }
        for name, text in files.items():
            (tmp_path / name).write_text(text, "utf-8")
        return str(tmp_path / next(iter(files)) if len(files) == 1 else tmp_path)

    return write


def _error(path: str) -> str:
    with pytest.raises(PlaybookError) as caught:
        load_playbook(path)
    return str(caught.value)


def _rule_without(*fields: str) -> str:
    return "\n".join(line for line in RULE.splitlines() if not line.startswith(tuple(f"{field} =" for field in fields)))


# --- where a playbook comes from -----------------------------------------------------------------------------------


def test_the_built_in_playbook_is_the_default() -> None:
    """Without a name it is the Chinese one, read once."""
    assert load_playbook() is load_playbook("zh") or load_playbook() == load_playbook("zh")
    assert load_playbook("zh") is load_playbook("zh")


def test_a_file_and_a_folder_are_playbooks(write: Write, tmp_path: Path) -> None:
    """A playbook is one TOML file or a folder of them, read as one."""
    assert [rule.id for rule in load_playbook(write(RULE)).rules] == ["no-way"]
    folder = tmp_path / "own"
    (folder / "rules").mkdir(parents=True)
    (folder / "playbook.toml").write_text('[playbook]\nname = "own"\n', "utf-8")
    (folder / "rules" / "a.toml").write_text(RULE, "utf-8")
    playbook = load_playbook(str(folder))
    assert (playbook.name, len(playbook.rules)) == ("own", 1)


@pytest.mark.parametrize("name", ["klingon", "no/such/file.toml", ""])
def test_a_playbook_that_is_not_there(name: str) -> None:
    """The message names what was asked for and what there is."""
    message = _error(name or "nothing-here")
    assert repr(name or "nothing-here") in message
    assert "zh" in message


def test_an_empty_folder_is_no_playbook(tmp_path: Path) -> None:
    """A folder without TOML files is refused."""
    assert "no playbook" in _error(str(tmp_path))


# --- what a company's own playbook adds ----------------------------------------------------------------------------

OWN = '[playbook]\nname = "own"\nextends = "zh"\n'


def test_extending_keeps_everything(write: Write) -> None:
    """A playbook that only extends another holds all of it, under its own name."""
    base, own = load_playbook("zh"), load_playbook(write(OWN))
    assert own.name == "own"
    for field in ("principles", "rules", "signals", "lines", "pairs", "stages", "placeholders", "polarities", "words"):
        assert getattr(own, field) == getattr(base, field), field
    assert own.traditional == base.traditional
    assert own.languages == base.languages


def test_a_rule_of_ones_own(write: Write) -> None:
    """A rule is added behind those that are there, and found."""
    own = load_playbook(write(OWN + RULE.replace("没办法", "芝麻开门")))
    assert own.rules[:-1] == load_playbook("zh").rules
    assert [violation.rule for violation in Checker(own).check("芝麻开门").violations] == ["no-way"]


def test_an_override_takes_the_place_of_what_it_overrides(write: Write) -> None:
    """An entry with an inherited id replaces it whole, where it stood."""
    base = load_playbook("zh")
    id = base.rules[5].id
    own = load_playbook(write(OWN + RULE.replace("no-way", id).replace('severity = "error"', 'severity = "warning"')))
    assert [rule.id for rule in own.rules] == [rule.id for rule in base.rules]
    assert own.rules[5].phrases == ("没办法",)
    assert own.rules[5].severity == "warning"


def test_a_line_can_be_overridden(write: Write) -> None:
    """Ready lines are replaced in the same way."""
    line = load_playbook("zh").lines[0]
    text = f'[[line]]\nid = "{line.id}"\nscene = "{line.scene}"\ntext = "您好，这里是芝麻店。"\nsource = "own"\n'
    assert load_playbook(write(OWN + text)).lines[0].text == "您好，这里是芝麻店。"


def test_a_rule_can_be_disabled(write: Write) -> None:
    """A disabled rule is gone, and nothing else."""
    base = load_playbook("zh")
    id = base.rules[3].id
    own = load_playbook(write(f'[playbook]\nname = "own"\nextends = "zh"\ndisable = ["{id}"]\n'))
    assert [rule.id for rule in own.rules] == [rule.id for rule in base.rules if rule.id != id]
    assert own.principles == base.principles


def test_a_principle_can_be_disabled(write: Write) -> None:
    """With a principle go its rules and pairs, so that it is neither told to the model nor checked."""
    own = load_playbook(write('[playbook]\nname = "own"\nextends = "zh"\ndisable = ["positive-wording"]\n'))
    assert "positive-wording" not in {principle.id for principle in own.principles}
    assert "positive-wording" not in {rule.principle for rule in own.rules} | {pair.principle for pair in own.pairs}
    assert Checker(own).check("抱歉让您久等了。").violations == ()


def test_word_lists_grow(write: Write) -> None:
    """A list of the same name is added to; a rule of the base finds what the company added."""
    own = load_playbook(write(OWN + '[words]\nparty = ["芝麻社"]\nours = ["芝麻"]\n'))
    base = load_playbook("zh")
    assert own.words["party"] == (*base.words["party"], "芝麻社")
    assert own.words["ours"] == ("芝麻",)
    text = "都是芝麻社发错了。"
    assert "no-blame" in {violation.principle for violation in Checker(own).check(text).violations}
    assert "no-blame" not in {violation.principle for violation in Checker(base).check(text).violations}


def test_word_lists_of_several_files_are_one(write: Write) -> None:
    """Two files may both add to one list."""
    assert load_playbook(write('[words]\nours = ["甲"]\n', '[words]\nours = ["乙"]\n')).words["ours"] == ("甲", "乙")


def test_constants_are_added_to_those_of_the_base(write: Write, tmp_path: Path) -> None:
    """A company's constants hold beside those of the playbook that it extends."""
    write(base_toml='[playbook]\nname = "base"\nextends = "zh"\nconstants = ["电话 400-000-0000"]\n')
    top = tmp_path / "top"
    top.mkdir()
    (top / "own.toml").write_text('[playbook]\nextends = "../base.toml"\nconstants = ["七天"]\n', "utf-8")
    assert load_playbook(str(top / "own.toml")).constants[-2:] == ("电话 400-000-0000", "七天")


def test_a_playbook_extends_its_neighbour(write: Write, tmp_path: Path) -> None:
    """A path in extends is taken from where the file stands."""
    write(base_toml=RULE)
    (tmp_path / "own.toml").write_text('[playbook]\nextends = "base.toml"\n', "utf-8")
    assert [rule.id for rule in load_playbook(str(tmp_path / "own.toml")).rules] == ["no-way"]


def test_what_is_said_in_traditional_script_stands_beside_the_files(tmp_path: Path) -> None:
    """A folder may hold a traditional.json; without an entry a text is said as it is."""
    (tmp_path / "own.toml").write_text(OWN, "utf-8")
    (tmp_path / "traditional.json").write_text('{"您的芝麻": "您的芝麻（繁）"}', "utf-8")
    own = load_playbook(str(tmp_path))
    assert own.say("您的芝麻", "zh-Hant") == "您的芝麻（繁）"
    assert own.say("您的芝麻", "zh-Hans") == own.say("您的芝麻", None) == "您的芝麻"
    assert own.say("没有这句", "zh-Hant") == "没有这句"
    assert set(load_playbook("zh").traditional) < set(own.traditional)


def test_lines_for_a_scene_keep_their_order() -> None:
    """The lines of a scene come in the order of the file, and no others."""
    playbook = load_playbook("zh")
    lines = playbook.lines_for("opening")
    assert lines == tuple(line for line in playbook.lines if line.scene == "opening") != ()


def test_a_principle_is_found_by_its_id() -> None:
    """An unknown one is a KeyError."""
    playbook = load_playbook("zh")
    assert playbook.principle("no-blame").id == "no-blame"
    with pytest.raises(KeyError):
        playbook.principle("no-such")


# --- what is wrong with a file -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (_rule_without("source"), ["source", "required"]),
        (_rule_without("message"), ["message", "required"]),
        (_rule_without("bad"), ["'bad'"]),
        (_rule_without("good"), ["good", "required"]),
        (RULE.replace('good = ["您有办法。"]', "good = []"), ["good"]),
        (RULE.replace('source = "001: 禁用语"', 'source = ""'), ["source"]),
        (RULE.replace('message = "“{text}”不妥。"', 'message = ""'), ["message"]),
        (_rule_without("phrases"), ["needs 'phrases'"]),
        (RULE.replace('"phrase"', '"pattern"'), ["needs 'patterns'"]),
        (RULE.replace('["没办法"]', '["没办法", " "]'), ["blank phrase"]),
        (RULE + 'exceptions = [""]\n', ["blank phrase"]),
        (RULE + 'counter_exceptions = ["\\u3000"]\n', ["blank phrase"]),
        (RULE.replace('"error"', '"fatal"'), ["severity", "'error'"]),
        (RULE.replace('kind = "phrase"', 'kind = "fuzzy"'), ["kind", "'phrase'"]),
        (RULE + "window = -1\n", ["window"]),
        (RULE + 'typo = "x"\n', ["typo"]),
        (RULE + 'at = "nowhere"\n', ["at", "'anywhere'"]),
        (RULE + 'when = [{ find = [], within = "clause" }]\n', ["when.0.find"]),
        (RULE + 'unless = [{ find = ["好"], within = "book" }]\n', ["unless.0.within"]),
        (RULE + "phrases = 3\n", []),  # twice: not valid TOML
    ],
)
def test_a_rule_that_is_not_whole_is_refused(write: Write, text: str, said: list[str]) -> None:
    """The message names the file, and of a rule its line and id and the field that is wrong."""
    path = write(text)
    message = _error(path)
    assert path in message
    for part in said:
        assert part in message
    if said:
        assert f"{path}:3:" in message
        assert "'no-way'" in message


def test_an_id_that_stands_twice_is_refused(write: Write, tmp_path: Path) -> None:
    """Two rules of one id, in one file or in two, are an error that names the second."""
    assert f"{tmp_path / '0.toml'}:15:" in (message := _error(write(RULE + "\n" + RULE)))
    assert "'no-way' stands twice" in message
    path = write(RULE, RULE)
    _load_once.cache_clear()
    assert f"{tmp_path / '1.toml'}:3: rule 'no-way' stands twice" in _error(path)


@pytest.mark.parametrize("id", ["", "No-Way", "no way", "没办法", "-a", "a--b"])
def test_an_id_is_a_slug(write: Write, id: str) -> None:
    """Ids are small letters and digits, joined by hyphens or dots."""
    message = _error(write(RULE.replace('"no-way"', f'"{id}"')))
    assert "id" in message


def test_an_unknown_table_is_refused(write: Write) -> None:
    """The message lists the tables that are known."""
    path = write("[[rules]]\nid = 'x'\n")
    assert f"{path}: unknown table 'rules'" in (message := _error(path))
    assert "rule, " in message


def test_a_file_that_is_not_toml_is_refused(write: Write) -> None:
    """The message says where the TOML breaks."""
    path = write('[playbook]\nname = "own\n')
    assert f"{path}: not valid TOML" in (message := _error(path))
    assert "line 2" in message


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    """The message says how to save it."""
    path = tmp_path / "gbk.toml"
    path.write_bytes('[playbook]\nname = "客服"\n'.encode("gbk"))
    assert f"{path}: not UTF-8; save it as UTF-8" in _error(str(path))


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    """An editor that writes a byte order mark writes a playbook all the same."""
    path = tmp_path / "bom.toml"
    path.write_bytes(b"\xef\xbb\xbf" + RULE.encode())
    assert [rule.id for rule in load_playbook(str(path)).rules] == ["no-way"]


def test_an_unknown_field_of_the_playbook_is_refused(write: Write) -> None:
    """The head of a playbook is checked as well."""
    path = write('[playbook]\nlanguage = "zh"\n')
    assert path in (message := _error(path))
    assert "language" in message


def test_a_base_that_is_not_there_is_named(write: Write) -> None:
    """The message names what the playbook wants to extend."""
    assert "'klingon'" in _error(write('[playbook]\nextends = "klingon"\n'))


@pytest.mark.parametrize(
    "text",
    [
        'playbook = "own"\n',
        '[rule]\nid = "no-way"\n',  # one bracket where two are meant
        'rule = ["no-way"]\n',
        'words = ["甲"]\n',
        '[words]\nours = "甲乙"\n',  # a text where a list is meant
        "[words]\nours = [1]\n",
    ],
)
def test_a_table_of_the_wrong_shape_is_refused(write: Write, text: str) -> None:
    """A table, list or text in the place of another is an error that names the file, not a broken program."""
    path = write(text)
    assert path in _error(path)


def test_a_rule_without_an_id_is_refused(write: Write) -> None:
    """A forgotten id is named as what is missing, also where two rules lack it."""
    path = write(_rule_without("id") + _rule_without("id"))
    assert path in (message := _error(path))
    assert "id" in message
    assert "twice" not in message


def test_a_playbook_that_extends_itself_is_refused(tmp_path: Path) -> None:
    """A circle of playbooks is an error, not an endless loop."""
    (tmp_path / "a.toml").write_text('[playbook]\nextends = "b.toml"\n', "utf-8")
    (tmp_path / "b.toml").write_text('[playbook]\nextends = "a.toml"\n', "utf-8")
    assert "a.toml" in _error(str(tmp_path / "a.toml"))


def test_disabling_what_is_not_there_is_refused(write: Write) -> None:
    """A misspelt id in disable would leave the rule on without a word, so it is an error."""
    assert "'no-such-rule'" in _error(write('[playbook]\nextends = "zh"\ndisable = ["no-such-rule"]\n'))


def test_a_principle_that_is_not_there_is_refused(write: Write) -> None:
    """A rule of a misspelt principle would be reported under a name that nobody knows."""
    path = write(OWN + RULE.replace("no-brush-off", "no-brushoff"))
    assert "'no-brushoff'" in _error(path)


def test_a_broken_traditional_file_is_refused(tmp_path: Path) -> None:
    """The message names traditional.json."""
    (tmp_path / "own.toml").write_text(OWN, "utf-8")
    (tmp_path / "traditional.json").write_text("{", "utf-8")
    assert "traditional.json" in _error(str(tmp_path))


def test_a_playbook_round_trips_through_json() -> None:
    """What was read can be written and read again."""
    playbook = load_playbook("zh")
    assert Playbook.model_validate_json(playbook.model_dump_json()) == playbook
