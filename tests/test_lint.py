"""The linter of a playbook: each kind of flaw is found where it is, and nothing is said of what only looks like it."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replykit.checker import Checker
from replykit.errors import PlaybookError
from replykit.lint import CODES, Flaw, lint, prove
from replykit.lint.syntax import offence
from replykit.loader import BUILT_IN, load_playbook, read_playbook
from replykit.places import TomlFile

Lint = Callable[[str], list[Flaw]]

HEAD = 'principle = "p"\nseverity = "error"\nmessage = "“{text}”"\nsource = "own"\nreason = "so"\n'
PHRASE = (
    f'[[rule]]\nid = "r"\nkind = "phrase"\n{HEAD}phrases = ["没办法"]\nbad = ["没办法。"]\ngood = ["您说“没办法”吗"]\n'
)
PATTERN = (
    f'[[rule]]\nid = "r"\nkind = "pattern"\n{HEAD}patterns = [\'没(?:有)?办法\']\n'
    'bad = ["没办法。"]\ngood = ["您说“没办法”吗"]\n'
)


@pytest.fixture
def flaws(tmp_path: Path) -> Lint:
    """Writes a playbook, lints it and returns what is found."""

    def flaws(text: str) -> list[Flaw]:
        file = tmp_path / "own.toml"
        file.write_text(text, "utf-8")
        found = list(lint(*read_playbook(str(file))))
        assert all(flaw.place and flaw.place.file == file for flaw in found)
        return found

    return flaws


def _with(rule: str, **fields: str) -> str:
    """The rule with some fields replaced or added, each given as TOML."""
    lines = [line for line in rule.splitlines() if line.split(" =")[0] not in fields]
    return "\n".join([*lines, *(f"{name} = {value}" for name, value in fields.items())]) + "\n"


def _second(rule: str, **fields: str) -> str:
    return _with(rule, id='"second"', **fields)


WORDS = '[words]\nours = ["芝麻"]\n'
SIGNAL = '[[signal]]\nid = "s"\nkind = "threat"\npatterns = ["法院"]\nsource = "own"\nbad = ["法院见"]\ngood = ["好"]\n'
LINE = '[[line]]\nid = "l"\nscene = "opening"\ntext = "您好。"\nsource = "own"\n'
PAIR = '[[pair]]\nid = "w"\nprinciple = "p"\nhabitual = "没办法"\nprofessional = "我来核实"\nsource = "own"\n'
PLACEHOLDER = (
    '[[placeholder]]\nid = "h"\npattern = \'<<\\w+>>\'\nsource = "own"\nbad = ["<<NAME>>"]\ngood = ["<NAME>"]\n'
)

CASES = {
    "blank-phrase": (_with(PHRASE, phrases='["没办法", "\\u200b"]'), _with(PHRASE, phrases='["没办法", "。"]')),
    "circular-words": (WORDS + 'a = ["{b}"]\nb = ["{a}"]\n' + PHRASE, WORDS + 'a = ["{b}"]\nb = ["x"]\n' + PHRASE),
    "duplicate-example": (_with(PHRASE, bad='["没办法。", "没办法。"]'), _with(PHRASE, bad='["没办法。", "沒辦法。"]')),
    "hit-example": (_with(PHRASE, good='["没办法呢"]'), _with(PHRASE, good='["有办法，“没办法”"]')),
    "idle-exception": (
        _with(PHRASE, exceptions='["想没办法的办法"]'),
        _with(PHRASE, exceptions='["有没办法"]', good='["有没办法"]'),
    ),
    "idle-pattern": (_with(PATTERN, patterns="['没办法|没辙']"), _with(PATTERN, bad='["没办法。", "没有办法。"]')),
    "idle-phrase": (
        _with(PHRASE, phrases='["没办法", "没辙"]'),
        _with(PHRASE, phrases='["没办法", "没辙"]') + PAIR.replace('"没办法"', '"没轍"'),
    ),
    "missed-example": (
        _with(PHRASE, bad='["没办法。", "没辙。"]'),
        _with(PHRASE, bad='["没办法。", "没 有 没 办 法"]'),
    ),
    "never-fires": (_with(PHRASE, bad='["没辙。"]'), _with(PHRASE, bad='["没办法。", "没辙。"]')),
    "no-near-miss": (_with(PHRASE, good='["您好"]'), _with(PHRASE, good='["您说“沒辦法”"]')),
    "no-reason": (_with(PHRASE, reason='" "'), PHRASE),
    "not-re2": (_with(PATTERN, patterns="['没(?=办法)']"), _with(PATTERN, patterns="['没办法(?:。|\\?=)']")),
    "one-character": (
        _with(PHRASE, phrases='["喂"]', bad='["喂。"]', good='["他说“喂”了吗"]'),
        _with(PHRASE, phrases='["喂"]', at='"clause-start"', bad='["喂。"]', good='["他说“喂”了吗"]'),
    ),
    "overlapping-rules": (
        PHRASE + _second(PATTERN, patterns="['没办法']"),
        PHRASE + _second(PATTERN, patterns="['没有办法']", bad='["没有办法。"]'),
    ),
    "same-phrase": (
        PHRASE + _second(PHRASE, phrases='["沒辦法", "没辙"]'),
        PHRASE + _second(PHRASE, at='"clause-start"'),
    ),
    "swallows-violation": (
        _with(PHRASE, exceptions='["没办法.?"]'),
        _with(PHRASE, exceptions='["没办法呢"]', good='["没办法呢"]'),
    ),
    "unfit-fix": (_with(PHRASE, fix='[{ replace = "也没办法" }]'), _with(PHRASE, fix='[{ replace = "想想办法" }]')),
    "unfit-line": (PHRASE + LINE.replace("您好", "没办法"), PHRASE + LINE),
    "unfit-suggestion": (_with(PHRASE, suggestions='["没办法呀"]'), _with(PHRASE, suggestions='["有办法呀"]')),
    "unfit-wording": (PHRASE + PAIR.replace("我来核实", "没办法"), PHRASE + PAIR),
    "unknown-words": (
        WORDS + _with(PATTERN, patterns="['{our}没办法']"),
        WORDS + _with(PATTERN, patterns="['{ours}?没办法']"),
    ),
    "wrong-severity": (
        _with(PHRASE, softened='["没办法呀"]'),
        _with(PHRASE, softened='["没办法呀"]', soften='[{ find = ["呀"] }]'),
    ),
}


def test_every_code_is_tested() -> None:
    """Each code has a hit and a near-miss here."""
    assert CASES.keys() == CODES.keys()


@pytest.mark.parametrize("code", CODES)
def test_a_flaw_is_found(code: str, flaws: Lint) -> None:
    """What is wrong is reported under its code, with the line of its entry or of the text that is meant."""
    found = [flaw for flaw in flaws(CASES[code][0]) if flaw.code == code]
    assert found
    assert all(flaw.place and flaw.place.line and flaw.message and flaw.id for flaw in found)
    assert all(flaw.level == CODES[code][0] for flaw in found)


@pytest.mark.parametrize("code", CODES)
def test_what_looks_like_a_flaw_is_none(code: str, flaws: Lint) -> None:
    """The near-miss of each flaw is not reported under its code."""
    assert [flaw for flaw in flaws(CASES[code][1]) if flaw.code == code] == []


@pytest.mark.parametrize("rules", [PHRASE, PATTERN, SIGNAL, LINE, PAIR, PLACEHOLDER, WORDS])
def test_a_sound_playbook_has_no_flaws(rules: str, flaws: Lint) -> None:
    """Nothing is said of what is as it should be."""
    assert flaws(rules) == []


def test_a_softer_rule_beside_a_graver_one_has_its_severity(flaws: Lint) -> None:
    """An example is found with its own rule's severity, whatever another rule finds in the same place."""
    text = _with(PHRASE, severity='"warning"') + _second(PATTERN, bad='["没有办法。"]')
    assert "wrong-severity" not in {flaw.code for flaw in flaws(text)}


# --- places --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "at", "instead"),
    [
        ("没(?=办法)", 1, "lookahead"),
        ("没(?!办法)", 1, "lookahead"),
        ("(?<=我)没", 0, "lookbehind"),
        ("(?<!我)没", 0, "lookbehind"),
        (r"(没)\1", 3, "backreference"),
        ("(?P<a>没)(?P=a)", 8, "backreference"),
        (r"(?P<a>没)\k<a>", 8, "backreference"),
        ("没(?>有)", 1, "atomic"),
        ("没++", 2, "possessive"),
        ("没(?#有)", 1, "comments"),
        (r"没\u6709", 1, "code"),
        (r"没\Z", 1, "write $"),
        ("没(有", 1, "closes"),
        ("没)有", 1, "opens"),
        ("没[有", 1, "closes"),
        ("没\\", 1, "backslash"),
        ("没**", 1, "**"),
        ("没{1001}", 1, "1001"),
        (r"[(]\(没(?=有)", 6, "lookahead"),
    ],
)
def test_what_is_no_re2_is_shown(pattern: str, at: int, instead: str, flaws: Lint) -> None:
    """Line and column point at what RE2 cannot read, and the message says what to write instead."""
    text = _with(PATTERN, patterns=f"[\n  '没办法',\n  '{pattern}', # (?=\n]")
    flaw, *others = [flaw for flaw in flaws(text) if flaw.code == "not-re2"]
    assert not others
    assert flaw.place
    line = text.splitlines()[flaw.place.line - 1]
    assert line.startswith(f"  '{pattern}'")
    assert flaw.place.column == 4 + at
    assert instead in flaw.message


def test_a_column_counts_escapes_as_written(flaws: Lint) -> None:
    """In a TOML string with escapes the column is that of the file, not of the value."""
    text = _with(PATTERN, patterns='["\\\\s没\\u529e(?=法)"]')
    (flaw,) = (flaw for flaw in flaws(text) if flaw.code == "not-re2")
    assert flaw.place
    assert text.splitlines()[flaw.place.line - 1][flaw.place.column - 1 :].startswith("(?=")


@given(st.text(alphabet="没(?=<!P>ab)[]{}1,+*\\|", max_size=12))
def test_an_offence_stands_in_its_pattern(pattern: str) -> None:
    """Whatever is wrong with a pattern, the offset lies inside it."""
    at, instead = offence(pattern, "missing ): " + pattern)
    assert 0 <= at <= max(len(pattern) - 1, 0)
    assert instead


def test_a_pattern_anywhere_in_a_rule_is_read(flaws: Lint) -> None:
    """Exceptions, conditions and repairs are patterns as well."""
    bad = "'没(?=有)'"
    for fields in (
        {"exceptions": f"[{bad}]"},
        {"when": f"[{{ find = [{bad}] }}]"},
        {"unless": f"[{{ find = ['x'], exceptions = [{bad}] }}]"},
        {"soften": f"[{{ find = [{bad}] }}]"},
        {"fix": f"[{{ find = {bad} }}]"},
        {"fix": f"[{{ replace = '', when = [{{ find = [{bad}] }}] }}]"},
    ):
        assert [flaw.code for flaw in flaws(_with(PHRASE, **fields))] == ["not-re2"]


def test_a_broken_rule_hides_no_other(flaws: Lint) -> None:
    """What compiles is tested although something else does not."""
    text = _with(PATTERN, patterns="['没(?=有)']") + _second(PHRASE, bad='["没辙。"]')
    assert {flaw.code for flaw in flaws(text) if flaw.level == "error"} == {"not-re2", "never-fires"}


def test_a_broken_word_list_is_reported_once(flaws: Lint) -> None:
    """The list is named, and not every rule that refers to it."""
    text = '[words]\nours = ["芝麻", "(?=x)"]\n' + _with(PATTERN, patterns="['{ours}没办法']")
    (flaw,) = flaws(text)
    assert (flaw.code, flaw.table, flaw.id) == ("not-re2", "words", "ours")
    assert flaw.place
    assert (flaw.place.line, flaw.place.column) == (2, 16)


def test_the_nearest_word_list_is_named(flaws: Lint) -> None:
    """A misspelt reference says which list is meant, and where it stands."""
    text = WORDS + _with(PATTERN, patterns="['没办法{oours}']")
    (flaw,) = flaws(text)
    assert "{ours}" in flaw.message
    assert flaw.place
    assert text.splitlines()[flaw.place.line - 1][flaw.place.column - 1 :].startswith("{oours}")


def test_a_swallowed_example_names_the_exception(flaws: Lint) -> None:
    """Not the example is at fault but the exception, and its line is shown."""
    text = _with(PHRASE, bad='["没办法呀。"]', exceptions='[\n  "没办法呢",\n  "没办法呀",\n]', good='["没办法呢"]')
    (flaw,) = (flaw for flaw in flaws(text) if flaw.level == "error")
    assert (flaw.code, flaw.text) == ("swallows-violation", "没办法呀")
    assert flaw.place
    assert text.splitlines()[flaw.place.line - 1] == '  "没办法呀",'


def test_a_counter_exception_frees_the_phrase(flaws: Lint) -> None:
    """An exception that would cover the phrase covers it no longer where a counter-exception does."""
    text = _with(PHRASE, exceptions='["没办法.?"]', counter_exceptions='["没办法。?$"]', good='["没办法呢"]')
    assert "swallows-violation" not in {flaw.code for flaw in flaws(text)}


def test_examples_of_other_tables_are_run(flaws: Lint) -> None:
    """Signals and placeholders are held to their examples as rules are."""
    assert [f.code for f in flaws(SIGNAL.replace("法院见", "见"))] == ["missed-example"]
    assert [f.code for f in flaws(SIGNAL.replace('"好"', '"法院"'))] == ["hit-example"]
    assert [f.code for f in flaws(PLACEHOLDER.replace('"<<NAME>>"', '"NAME"'))] == ["missed-example"]
    assert [f.code for f in flaws(PLACEHOLDER.replace('"<NAME>"', '"<<NAME>>"'))] == ["hit-example"]


def test_what_is_said_in_traditional_script_is_checked(tmp_path: Path) -> None:
    """A wording that breaks a rule only in its traditional form is found, and the script is named."""
    (tmp_path / "own.toml").write_text(PHRASE + LINE, "utf-8")
    (tmp_path / "traditional.json").write_text('{"您好。": "沒辦法。"}', "utf-8")
    (flaw,) = lint(*read_playbook(str(tmp_path)))
    assert flaw.code == "unfit-line"
    assert "zh-Hant" in flaw.message


def test_inherited_rules_get_no_notes_but_are_proved(tmp_path: Path) -> None:
    """A company hears nothing of what is superfluous in the base, but of what its own words break in it."""
    rule = _with(PATTERN, patterns="['{ours}没办法']", bad='["芝没办法。"]', good='["麻没办法"]', reason='""')
    (tmp_path / "base.toml").write_text('[words]\nours = ["芝"]\n' + rule, "utf-8")
    own = tmp_path / "own.toml"
    own.write_text('[playbook]\nextends = "base.toml"\n', "utf-8")
    assert list(lint(*read_playbook(str(own)))) == []
    own.write_text('[playbook]\nextends = "base.toml"\n[words]\nours = ["麻"]\n', "utf-8")
    (flaw,) = lint(*read_playbook(str(own)))
    assert (flaw.code, flaw.text) == ("hit-example", "麻没办法")
    assert flaw.place
    assert flaw.place.file == tmp_path / "base.toml"


def test_a_graver_rule_is_not_superfluous(flaws: Lint) -> None:
    """A rule that finds the same place as an error is kept beside one that only warns."""
    softer = _second(PATTERN, severity='"warning"', bad='["没有办法。"]')
    assert flaws(PHRASE + softer) == []
    assert {flaw.code for flaw in flaws(PHRASE + softer.replace('"warning"', '"error"'))} == {"overlapping-rules"}


def test_of_two_equal_rules_one_is_blamed(flaws: Lint) -> None:
    """Two rules that find the same are reported once, under the later."""
    found = [flaw for flaw in flaws(PHRASE + _second(PHRASE)) if flaw.code == "overlapping-rules"]
    assert [flaw.id for flaw in found] == ["second"]


def test_a_playbook_without_files_is_linted() -> None:
    """A playbook in memory has flaws without places."""
    playbook, _ = read_playbook("zh")
    rule = playbook.rules[-1].model_copy(update={"bad": playbook.rules[-1].good[:1]})
    flaws = list(prove(playbook.model_copy(update={"rules": (rule,)})))
    assert {flaw.code for flaw in flaws} == {"never-fires"}
    assert all(flaw.place is None for flaw in flaws)


def test_the_built_in_playbook_has_no_errors() -> None:
    """Every rule of the playbook fires by itself, and no exception swallows what it is there for."""
    assert [flaw for flaw in lint(*read_playbook("zh")) if flaw.level == "error"] == []


@pytest.mark.parametrize("file", sorted(BUILT_IN.rglob("*.toml")), ids=lambda file: file.stem)
def test_every_text_of_a_file_has_its_place(file: Path) -> None:
    """Whatever TOML reads in an entry is found there, with an offset at which it stands."""
    read = TomlFile(file)
    lines = file.read_text("utf-8").splitlines()
    for table, entries in tomllib.loads(file.read_text("utf-8")).items():
        for entry in entries if isinstance(entries, list) else ():
            for value in entry.values():
                for text in value if isinstance(value, list) else [value]:
                    if isinstance(text, str):
                        place = read.place(table, entry["id"], text)
                        assert text in read.entries[table, entry["id"]][-1].texts
                        assert "\n" in text or text.splitlines()[0][:3].strip("\\\"'") in lines[place.line - 1]


# --- many phrases --------------------------------------------------------------------------------------------------

FILED = _with(PHRASE, phrases="[]", phrases_file='"words.txt"').replace("phrases = []\n", "")


def test_phrases_stand_in_a_file_of_their_own(tmp_path: Path) -> None:
    """One phrase a line; comments, blank lines and a byte order mark are none; those of the rule stay."""
    (tmp_path / "words.txt").write_bytes("\ufeff# ours\n没办法\r\n\n  没辙 \n".encode())
    (tmp_path / "own.toml").write_text(FILED.replace("phrases_file", 'phrases = ["没招"]\nphrases_file'), "utf-8")
    playbook = load_playbook(str(tmp_path / "own.toml"))
    assert playbook.rules[0].phrases == ("没招", "没办法", "没辙")
    assert Checker(playbook).check("没辙。").violations[0].text == "没辙"


def test_a_phrase_of_a_file_has_its_line_there(tmp_path: Path) -> None:
    """A flaw of a phrase names the line of the phrases' file."""
    (tmp_path / "words.txt").write_text("# ours\n没办法\n\n没辙\n喂\n", "utf-8")
    (tmp_path / "own.toml").write_text(FILED, "utf-8")
    places = {flaw.code: str(flaw.place) for flaw in lint(*read_playbook(str(tmp_path / "own.toml")))}
    assert places == {"idle-phrase": f"{tmp_path}/words.txt:4", "one-character": f"{tmp_path}/words.txt:5"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "own.toml:2: rule 'r': phrases_file: there is no file"),
        (b"# nothing\n\n", "words.txt:1: no phrases"),
        ("没办法\n没辙\n".encode() + "没招".encode("gbk"), "words.txt:3: not UTF-8"),
    ],
)
def test_a_phrases_file_that_cannot_be_used_is_refused(tmp_path: Path, content: bytes | None, said: str) -> None:
    """The message names the file and the line."""
    if content is not None:
        (tmp_path / "words.txt").write_bytes(content)
    (tmp_path / "own.toml").write_text(FILED, "utf-8")
    with pytest.raises(PlaybookError) as caught:
        load_playbook(str(tmp_path / "own.toml"))
    assert said in str(caught.value)


@pytest.mark.parametrize("name", ["3", "[]", "true"])
def test_phrases_file_is_a_name(tmp_path: Path, name: str) -> None:
    """Anything but a text in quotes is refused with the rule and the line."""
    (tmp_path / "own.toml").write_text(FILED.replace('"words.txt"', name), "utf-8")
    with pytest.raises(PlaybookError, match=r"own\.toml:2: rule 'r': phrases_file"):
        load_playbook(str(tmp_path / "own.toml"))


def test_fifty_thousand_phrases(tmp_path: Path) -> None:
    """A company with 50,000 phrases loads, lints and checks them; what is idle among them is one line."""
    phrases = [f"口令{number:05}词" for number in range(50_000)]
    (tmp_path / "words.txt").write_text("\n".join(phrases), "utf-8")
    good = f'["您刚才提到的“{phrases[1]}”是指什么呢"]'
    rule = _with(FILED, bad=f'["{phrases[0]}。"]', good=good, principle='"professional-register"')
    (tmp_path / "own.toml").write_text('[playbook]\nextends = "zh"\n' + rule, "utf-8")
    playbook, places = read_playbook(str(tmp_path / "own.toml"))
    assert len(playbook.rules[-1].phrases) == 50_000
    (flaw,) = lint(playbook, places)
    assert flaw.code == "idle-phrase"
    assert "49,998 of 50,000" in flaw.message
    (violation,) = Checker(playbook).check(f"您好，{phrases[777]}请稍等。").violations
    assert violation.text == phrases[777]
