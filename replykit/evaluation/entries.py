"""Files of cases and of answers, entry by entry, with file, line and key of whatever is wrong in them."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from replykit.errors import UsageError
from replykit.places import Place, TomlFile
from replykit.records import Record

__all__ = ["Written", "entries_of", "records_of", "refuse_twins"]

_R = TypeVar("_R", bound=Record)
_TOML, _JSON_LINES = (".toml",), (".jsonl", ".ndjson")
_SHAPES = {
    "tuple_type": "write a list in brackets",
    "string_type": "write a text in quotes",
    "string_unicode": "it holds half a character; write whole ones",
    "bool_type": "write true or false",
    "bool_parsing": "write true or false",
    "model_type": "write a table of keys",
}


@dataclass(frozen=True)
class Written:
    """One entry of a file, as it is written there.

    Attributes:
        fields: its keys and values.
        place: where a key of it stands; where the entry itself does, for a key that it does not have.
    """

    fields: dict[str, Any]
    place: Callable[[str], Place]


def entries_of(path: Path, table: str) -> list[Written]:
    """Return the entries of a TOML or JSON Lines file.

    Args:
        path: the file; what its name ends with says which of the two it is.
        table: what an entry is called in TOML: `[[table]]`.

    Raises:
        UsageError: the file cannot be read, or is not what its name says; the message names the line.
    """
    suffix = path.suffix.lower()
    if suffix not in (*_TOML, *_JSON_LINES):
        raise UsageError(f"{path} is neither TOML (.toml) nor JSON Lines (.jsonl)")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8 (byte {error.start + 1:,}); save it as UTF-8") from None
    found = _in_toml(path, text, table) if suffix in _TOML else list(_in_lines(path, text))
    if not found:
        raise UsageError(f"{path} holds no {table}; write one as {_model_of(suffix, table)}")
    return found


def records_of(path: Path, table: str, kind: type[_R]) -> list[tuple[_R, Place]]:
    """Return the entries of a file as records, each with its place; arguments and errors as of `entries_of`.

    Args:
        path: the file.
        table: what an entry is called.
        kind: the record.
    """
    return [(_record(written, table, kind), written.place("id")) for written in entries_of(path, table)]


def refuse_twins(table: str, entries: Sequence[tuple[str, Place]]) -> None:
    """Refuse an id that stands twice.

    Args:
        table: what an entry is called.
        entries: the ids with their places.

    Raises:
        UsageError: there is one; the message names both places.
    """
    seen: dict[str, Place] = {}
    for id, place in entries:
        if id in seen:
            raise UsageError(f"{place}: {table} {id!r} stands already at {seen[id]}; give it another id")
        seen[id] = place


def _model_of(suffix: str, table: str) -> str:
    return f"[[{table}]] with its keys below" if suffix in _TOML else "one JSON object a line"


def _in_toml(path: Path, text: str, table: str) -> list[Written]:
    try:
        content = tomllib.loads(text.replace("\r\n", "\n"))
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: not valid TOML: {error}") from None
    except RecursionError:
        raise UsageError(f"{path}: TOML nested too deep") from None
    places = TomlFile(path)
    for key in content:
        if key != table:
            raise UsageError(f"{places.nth(key, 0)}: unknown table {key!r}; every {table} is written as [[{table}]]")
    found = content.get(table, [])
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise UsageError(f"{path}: every {table} is a table of its own: write [[{table}]]")

    def placed(number: int) -> Callable[[str], Place]:
        return lambda key: places.nth(table, number, key)

    return [Written(fields, placed(number)) for number, fields in enumerate(found)]


def _in_lines(path: Path, text: str) -> Iterator[Written]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        place = Place(path, number)
        try:
            fields = json.loads(line, object_pairs_hook=_once)
        except _TwiceError as error:
            raise UsageError(f"{place}: the key {error.args[0]!r} stands twice; keep one") from None
        except ValueError as error:
            raise UsageError(f"{place}: not valid JSON: {error}") from None
        except RecursionError:
            raise UsageError(f"{place}: JSON nested too deep") from None
        if not isinstance(fields, dict):
            raise UsageError(f"{place}: no JSON object; write one object a line, {{…}}")
        yield Written(fields, lambda key, place=place: place)  # type: ignore[misc]  # the line is every key's place


class _TwiceError(Exception):
    """A JSON object has a key twice, of which a parser keeps the last without a word."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        keys = [key for key, _ in pairs]
        raise _TwiceError(next(key for key in keys if keys.count(key) > 1))
    return fields


def _record(written: Written, table: str, kind: type[_R]) -> _R:
    try:
        return kind.model_validate(written.fields)
    except ValidationError as error:
        first = error.errors()[0]
    key = str(first["loc"][0]) if first["loc"] else ""
    id = written.fields.get("id")
    name = f"{table} {id!r}" if isinstance(id, str) and id else f"a {table} without an id"
    where = ".".join(str(part) for part in first["loc"])
    said = _said(first, kind)
    raise UsageError(f"{written.place(key)}: {name}: {f'{where}: ' if where else ''}{said}")


def _said(error: Any, kind: type[Record]) -> str:
    if error["type"] == "missing":
        return "is missing; give it"
    if error["type"] == "extra_forbidden":
        fields = kind.model_fields if len(error["loc"]) == 1 else {}
        known = f"; known: {', '.join(fields)}" if fields else ""
        return f"there is no such key{known}"
    message = str(error["msg"]).removeprefix("Value error, ")
    shape = _SHAPES.get(error["type"])
    return f"not what it should be; {shape}" if shape else message
