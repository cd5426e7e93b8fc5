"""Playbooks read from TOML files, with file and line of whatever is wrong in them."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from replykit.errors import PlaybookError
from replykit.places import Places, TomlFile, phrase_lines
from replykit.playbook import Playbook
from replykit.snapshot import BUILT_IN, built_in_folder

__all__ = ["read_playbook"]

_TABLES = {
    "principle": ("principles", "id"),
    "rule": ("rules", "id"),
    "signal": ("signals", "id"),
    "line": ("lines", "id"),
    "pair": ("pairs", "id"),
    "stage": ("stages", "id"),
    "placeholder": ("placeholders", "id"),
    "polarity": ("polarities", "id"),
    "field": ("fields", "id"),
    "reader": ("readers", "id"),
    "category": ("categories", "id"),
    "language": ("profiles", "id"),
}


def read_playbook(name: str) -> tuple[Playbook, Places]:
    """Read a playbook anew, with the places where its entries stand.

    Args:
        name: a built-in one, or the path of a TOML file or a folder of them.

    Raises:
        PlaybookError: there is none, or a file is wrong; the message says which file, which line and what to do.
    """
    playbook, origin, files, phrase_files = _load(name, ())
    return playbook, Places(origin, files, phrase_files)


_Origin = dict[tuple[str, str], tuple[Path, ...]]


def _load(name: str, inside: tuple[Path, ...]) -> tuple[Playbook, _Origin, list[Path], dict[str, Path]]:
    path = built_in_folder(name) or Path(name)
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
    if built_in_folder(name):
        fields["profiles"] = ()  # known wherever languages are told
    traditional = path / "traditional.json"
    if traditional.is_file():
        try:
            fields["traditional"] = json.loads(traditional.read_text("utf-8-sig"))
        except ValueError as error:
            raise PlaybookError(f"{traditional}: not valid JSON: {error}") from None
    own = path / "prompts"
    fields["templates"] = str(own) if own.is_dir() else base.templates if base else None
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
