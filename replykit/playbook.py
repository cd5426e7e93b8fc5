"""A playbook: principles, rules, word lists and ready lines, read from TOML files that a non-programmer can edit."""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path
from typing import Any, Literal, Self, TypeVar, cast

from pydantic import Field, ValidationError, model_validator

from replykit.errors import PlaybookError
from replykit.places import Places, TomlFile, phrase_lines
from replykit.records import Language, Record, Stage
from replykit.rules import Condition, Edit, Example, Rule, SignalRule
from replykit.snapshot import playbook_fields

__all__ = [
    "Line",
    "Pair",
    "PlaceholderSyntax",
    "Playbook",
    "Polarity",
    "Principle",
    "StageGuide",
    "load_playbook",
    "read_playbook",
]

BUILT_IN = Path(__file__).parent / "playbooks"
Situation = Literal["always", "complaint", "enquiry", "difficult", "closing"]
Scene = Literal[
    "opening", "busy", "away", "rush", "presale", "order", "aftersale", "returns", "closing", "thanks",
    "empathy", "apology", "holding", "complaint", "abuse", "self_harm", "handover", "next_step",
]  # fmt: skip


class Principle(Record):
    """One principle of the source documents.

    Attributes:
        id: the same in every language.
        title: its name for people.
        guidance: what the model is told to do; it names the wished behaviour, not the forbidden words.
        why: what happens to the customer otherwise.
        sources: documents and sections.
        situations: when the model is told.
    """

    id: str
    title: str
    guidance: tuple[str, ...] = Field(min_length=1)
    why: str
    sources: tuple[str, ...] = Field(min_length=1)
    situations: tuple[Situation, ...] = ("always",)


class Line(Record):
    """A ready line that may be sent as it is.

    Attributes:
        id: its name.
        scene: when it fits.
        text: the line; it promises no time.
        source: the document and section that it follows.
    """

    id: str
    scene: Scene
    text: str
    source: str


class Pair(Record):
    """A habitual wording and the professional one (000, 三、服务技能).

    Attributes:
        id: its name.
        principle: the principle that the habitual wording breaks.
        habitual: what people say.
        professional: what to say instead.
        source: the document and section.
    """

    id: str
    principle: str
    habitual: str
    professional: str
    source: str


class StageGuide(Record):
    """What one stage of a complaint asks for (000, 客户投诉处理的四个阶段).

    Attributes:
        id: the stage.
        title: its name for people.
        requirements: what the reply must do.
        source: the document and section.
    """

    id: Stage
    title: str
    requirements: tuple[str, ...] = Field(min_length=1)
    source: str


class PlaceholderSyntax(Record):
    """A syntax for template variables, links and codes, as RE2. A group named `hit` is the part that is meant.

    Attributes:
        id: its name.
        pattern: what a whole placeholder looks like.
        ignore: RE2; what it finds inside a placeholder does not count when two are compared, but for its first group.
        look_alike: True for something that only looks like a placeholder; what it finds is left alone.
        source: where it is used.
        good: near-misses: texts that must not be taken for one; for a look-alike, texts without any placeholder.
        bad: texts that hold one.
    """

    id: str
    pattern: str = Field(min_length=1)
    ignore: str = ""
    look_alike: bool = False
    source: str
    bad: tuple[str, ...] = ()
    good: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _shown(self) -> Self:
        if not (self.good if self.look_alike else self.bad):
            raise ValueError(f"an example is missing; give one in {'good' if self.look_alike else 'bad'!r}")
        return self


class Polarity(Record):
    """Two groups of words that say opposite things of the same matter, or the words of a condition or a warning.

    Patterns are RE2 over folded text (simplified, half-width, small letters), inside one clause. A group named `hit` is
    the word itself where the pattern needs its neighbours; for a condition or a warning it is what must not be lost.

    Attributes:
        id: its name.
        kind: `polarity`; or `condition` or `warning`, which a rewrite must keep.
        positive: patterns of one side; for a condition or a warning, what one looks like.
        negative: patterns of the other side; for a condition or a warning, what looks like one and binds nobody.
        weak: patterns of the positive side that count only where no other word of the pair stands before them.
        neither: what looks like one of the two sides and is none (可能 beside 能).
        matter: where the matter is named: `after` the word (else before it), `around` it, or `within` the match, beside
            the `hit`.
        alone: True where the words name the matter themselves (有货), so that one without any speaks of every matter.
        same: groups of words for the same matter; the first of each stands for all.
        fillers: words that do not name a matter.
        asides: words that make it another matter where only one of the two has them (查询退款 beside 退款).
        limits: words that make a refusal a partial one where only the refusal has them (不能立即退款).
        source: the document and section.

    What one polarity says in `same`, `fillers`, `asides` and `limits` holds for all of a playbook.
    """

    id: str
    kind: Literal["polarity", "condition", "warning"] = "polarity"
    positive: tuple[str, ...] = Field(min_length=1)
    negative: tuple[str, ...] = Field(min_length=1)
    weak: tuple[str, ...] = ()
    neither: tuple[str, ...] = ()
    matter: Literal["after", "around", "within"] = "after"
    alone: bool = False
    same: tuple[tuple[str, ...], ...] = ()
    fillers: tuple[str, ...] = ()
    asides: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    source: str


class Playbook(Record):
    """Everything that decides what a good reply is, for one language.

    Attributes:
        name: what it is called.
        description: one sentence about it.
        languages: what it can judge and say, the default first.
        extends: the playbook that it adds to.
        disable: ids of rules and principles of that playbook which do not apply.
        principles, rules, signals, lines, pairs, stages, placeholders, polarities: see their records.
        words: named word lists; a pattern refers to one as `{name}`.
        constants: texts whose facts always hold (the company's own phone number, its return period).
        traditional: what the playbook says, simplified to traditional script.
    """

    name: str
    description: str = ""
    languages: tuple[Language, ...] = ("zh-Hans", "zh-Hant")
    extends: str | None = None
    disable: tuple[str, ...] = ()
    principles: tuple[Principle, ...] = ()
    rules: tuple[Rule, ...] = ()
    signals: tuple[SignalRule, ...] = ()
    lines: tuple[Line, ...] = ()
    pairs: tuple[Pair, ...] = ()
    stages: tuple[StageGuide, ...] = ()
    placeholders: tuple[PlaceholderSyntax, ...] = ()
    polarities: tuple[Polarity, ...] = ()
    words: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    constants: tuple[str, ...] = ()
    traditional: dict[str, str] = Field(default_factory=dict)

    def say(self, text: str, language: Language | None) -> str:
        """Return a line of the playbook in the script of `language`."""
        return self.traditional.get(text, text) if language == "zh-Hant" else text

    def lines_for(self, scene: Scene) -> tuple[Line, ...]:
        """Return the ready lines of one scene, in the order of the file."""
        return tuple(line for line in self.lines if line.scene == scene)

    def principle(self, id: str) -> Principle:
        """Return one principle.

        Raises:
            KeyError: the playbook has none of that id.
        """
        for principle in self.principles:
            if principle.id == id:
                return principle
        raise KeyError(id)


_NAME = re.compile(r"[A-Za-z][\w-]*")
_R = TypeVar("_R", bound=Record)
_TABLES = {
    "principle": ("principles", "id"),
    "rule": ("rules", "id"),
    "signal": ("signals", "id"),
    "line": ("lines", "id"),
    "pair": ("pairs", "id"),
    "stage": ("stages", "id"),
    "placeholder": ("placeholders", "id"),
    "polarity": ("polarities", "id"),
}


def load_playbook(name: str = "zh") -> Playbook:
    """Read a playbook: a built-in one by name, or a company's own by the path of a TOML file or a folder of them.

    Each is read once in a process, and the same object returned from then on.

    Args:
        name: `zh`, or a path.

    Returns:
        The playbook, with everything that it extends.

    Raises:
        PlaybookError: there is none, or a file is wrong; the message says which file, which line and what to do.
    """
    return _load_once(name)


@functools.cache
def _load_once(name: str) -> Playbook:
    folder = BUILT_IN / name
    if _NAME.fullmatch(name) and folder.is_dir() and (fields := playbook_fields(folder)):
        return _from_snapshot(Playbook, fields)
    return _load(name, ())[0]


_RECORDS: dict[type[Record], dict[str, type[Record]]] = {
    Playbook: {
        "principles": Principle,
        "rules": Rule,
        "signals": SignalRule,
        "lines": Line,
        "pairs": Pair,
        "stages": StageGuide,
        "placeholders": PlaceholderSyntax,
        "polarities": Polarity,
    },
    Rule: {
        "when": Condition, "unless": Condition, "soften": Condition, "fix": Edit,
        "bad": Example, "softened": Example, "good": Example,
    },
    Edit: {"when": Condition},
    SignalRule: {"unless": Condition},
}  # fmt: skip


def _from_snapshot(record: type[_R], fields: dict[str, Any]) -> _R:
    """Return a record of fields that were validated when the snapshot was written."""
    inside = _RECORDS.get(record, {})
    values: dict[str, Any] = {
        name: tuple(_from_snapshot(inside[name], entry) for entry in value) if name in inside else _frozen(value)
        for name, value in fields.items()
    }
    return cast(_R, record.model_construct(None, **values))


def _frozen(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(map(_frozen, value))
    return {key: _frozen(entry) for key, entry in value.items()} if isinstance(value, dict) else value


def read_playbook(name: str = "zh") -> tuple[Playbook, Places]:
    """Read a playbook anew, with the places where its entries stand.

    Args:
        name: as for `load_playbook`.

    Raises:
        PlaybookError: as for `load_playbook`.
    """
    playbook, origin, files, phrase_files = _load(name, ())
    return playbook, Places(origin, files, phrase_files)


_Origin = dict[tuple[str, str], tuple[Path, ...]]


def _load(name: str, inside: tuple[Path, ...]) -> tuple[Playbook, _Origin, list[Path], dict[str, Path]]:
    folder = BUILT_IN / name
    path = folder if _NAME.fullmatch(name) and folder.is_dir() else Path(name)
    files = sorted(path.rglob("*.toml")) if path.is_dir() else [path] if path.is_file() else []
    if not files:
        known = ", ".join(sorted(p.name for p in BUILT_IN.iterdir() if p.is_dir()))
        raise PlaybookError(f"no playbook {name!r}: give one of {known}, or the path of a TOML file or folder")
    tables: dict[str, dict[str, Any]] = {field: {} for field, _ in _TABLES.values()}
    head: dict[str, Any] = {}
    words: dict[str, tuple[str, ...]] = {}
    origin: _Origin = {}
    phrase_files: dict[str, Path] = {}
    for file in files:
        for key, value in _parse(file).items():
            if key == "playbook":
                head.update(_shaped(value, dict, f"{file}: [playbook] is a table: give it fields such as name"))
            elif key == "words":
                for word, entries in _shaped(value, dict, f"{file}: [words] is a table of lists").items():
                    shape = f'{file}: words.{word} is a list: write it in brackets, {word} = ["…"]'
                    words[word] = (*words.get(word, ()), *_shaped(entries, list, shape))
                    origin["words", word] = (*origin.get(("words", word), ()), file)
            elif key in _TABLES:
                field, id_field = _TABLES[key]
                shape = f"{file}: every {key} is a table of its own: write [[{key}]]"
                for entry in _shaped(value, list, shape):
                    id = str(_shaped(entry, dict, shape).get(id_field, ""))
                    if not id:
                        raise PlaybookError(f"{file}: a {key} has no id; give it one")
                    if id in tables[field]:
                        raise PlaybookError(f"{_place(file, key, id)}: {key} {id!r} stands twice; give one another id")
                    tables[field][id] = entry
                    origin[key, id] = (file,)
                    if key == "rule" and "phrases_file" in entry:
                        phrase_files[id] = _add_phrases(entry, file)
            else:
                raise PlaybookError(f"{file}: unknown table {key!r}; known: playbook, words, {', '.join(_TABLES)}")
    base: Playbook | None = None
    if head.get("extends"):
        parent = str(head["extends"])
        sibling = path.parent / parent
        if path.resolve() in inside:
            raise PlaybookError(f"{files[0]}: extends {parent!r}, which extends this one")
        inherited_from = str(sibling) if sibling.exists() else parent
        base, base_origin, _, base_phrases = _load(inherited_from, (*inside, path.resolve()))
        for word, entries in base.words.items():
            words[word] = (*entries, *words.get(word, ()))
            origin["words", word] = (*base_origin["words", word], *origin.get(("words", word), ()))
        phrase_files = {id: file for id, file in base_phrases.items() if id not in tables["rules"]} | phrase_files
        origin = base_origin | origin
    disabled = set(head.get("disable", ()))
    fields: dict[str, Any] = {
        "name": name,
        **(base.model_dump(include=_INHERITED) if base else {}),
        **head,
        "words": words,
    }
    if base:
        ids = {e.id for field, _ in _TABLES.values() for e in getattr(base, field)}
        if unknown := sorted(disabled - ids):
            raise PlaybookError(f"{files[0]}: disable: {base.name!r} has no {unknown[0]!r}")
    for field, id_field in _TABLES.values():
        inherited = {getattr(e, id_field): e for e in getattr(base, field)} if base else {}
        merged = {**inherited, **tables[field]}
        fields[field] = tuple(
            e for id, e in merged.items() if not ({id, getattr(e, "principle", None)} & disabled and id in inherited)
        )
    traditional = path / "traditional.json"
    if traditional.is_file():
        try:
            fields["traditional"] = json.loads(traditional.read_text("utf-8-sig"))
        except ValueError as error:
            raise PlaybookError(f"{traditional}: not valid JSON: {error}") from None
    if base:
        fields["traditional"] = {**base.traditional, **fields.get("traditional", {})}
        fields["constants"] = (*base.constants, *head.get("constants", ()))
    try:
        playbook = Playbook(**fields)
    except ValidationError as error:
        first = error.errors()[0]
        raise PlaybookError(_explain(first, fields, origin, files[0])) from None
    principles = {principle.id for principle in playbook.principles}
    for rule in playbook.rules if principles else ():
        if rule.principle not in principles:
            place = _place(origin.get(("rule", rule.id), (files[0],))[-1], "rule", rule.id)
            raise PlaybookError(f"{place}: rule {rule.id!r}: there is no principle {rule.principle!r}")
    return playbook, origin, files, phrase_files


_INHERITED = {"languages"}


def _shaped(value: Any, shape: type, message: str) -> Any:
    if not isinstance(value, shape):
        raise PlaybookError(message)
    return value


def _parse(file: Path) -> dict[str, Any]:
    import tomllib  # a built-in playbook is read from its snapshot

    try:
        return tomllib.loads(file.read_text("utf-8-sig"))
    except tomllib.TOMLDecodeError as error:
        raise PlaybookError(f"{file}: not valid TOML: {error}") from None
    except UnicodeDecodeError:
        raise PlaybookError(f"{file}: not UTF-8; save it as UTF-8") from None


def _add_phrases(rule: dict[str, Any], file: Path) -> Path:
    """Put the phrases of the file that a rule names behind its own, and return that file."""
    name = rule.pop("phrases_file")
    where = f"{_place(file, 'rule', str(rule['id']))}: rule {rule['id']!r}: phrases_file"
    source: Path = file.parent / _shaped(name, str, f"{where} is the name of a file: write it in quotes")
    if not source.is_file():
        raise PlaybookError(f"{where}: there is no file {str(source)!r}")
    try:
        phrases = [phrase for _, phrase in phrase_lines(source)]
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise PlaybookError(f"{source}:{line}: not UTF-8; save it as UTF-8") from None
    except OSError as error:
        raise PlaybookError(f"{where}: {str(source)!r} cannot be read: {error.strerror}") from None
    if not phrases:
        raise PlaybookError(f"{source}:1: no phrases; write one a line")
    rule["phrases"] = [*_shaped(rule.get("phrases", []), list, f"{where}: phrases beside it is no list"), *phrases]
    return source


def _place(file: Path, table: str, id: str) -> str:
    return str(TomlFile(file).place(table, id))


def _explain(error: Any, fields: dict[str, Any], origin: _Origin, file: Path) -> str:
    field, *rest = error["loc"]
    message = error["msg"].removeprefix("Value error, ")
    tables = {field: table for table, (field, _) in _TABLES.items()}
    if rest and isinstance(rest[0], int) and field in tables:
        entry = fields[field][rest[0]]
        id = str(entry.get("id", "")) if isinstance(entry, dict) else entry.id
        where = ".".join(str(part) for part in rest[1:])
        place = _place(origin.get((tables[field], id), (file,))[-1], tables[field], id)
        return f"{place}: {field} {id!r}{': ' + where if where else ''}: {message}"
    return f"{file}: {'.'.join(str(part) for part in error['loc'])}: {message}"
