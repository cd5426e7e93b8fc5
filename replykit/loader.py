"""Playbooks by name or path: a built-in one from its snapshot, a company's own from TOML files that it can edit."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, TypeVar

from replykit.collector import uncollected
from replykit.language import LanguageProfile
from replykit.playbook import Line, Pair, PlaceholderSyntax, Playbook, Polarity, Principle, StageGuide
from replykit.records import Record
from replykit.register import Category, FieldReader, RecordField, Words
from replykit.rules import Condition, Edit, Example, Rule, SignalRule
from replykit.snapshot import (
    BUILT_IN,
    built_in_folder,
    language_files,
    note_loaded,
    playbook_fields,
    stored_languages,
)

if TYPE_CHECKING:
    from replykit.places import Places

__all__ = ["BUILT_IN", "built_in_profiles", "load_playbook", "read_playbook"]

_R = TypeVar("_R", bound=Record)


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
    folder = built_in_folder(name)
    if folder and (fields := playbook_fields(folder)):
        with uncollected():
            playbook = _from_snapshot(Playbook, fields)
        note_loaded(name, playbook)
        return playbook
    return read_playbook(name)[0]


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
        "fields": RecordField,
        "readers": FieldReader,
        "categories": Category,
    },
    Rule: {
        "when": Condition, "unless": Condition, "soften": Condition, "fix": Edit,
        "bad": Example, "softened": Example, "good": Example,
    },
    Edit: {"when": Condition},
    StageGuide: {"entries": Condition},
    SignalRule: {"unless": Condition},
    RecordField: {"unless": Condition},
    FieldReader: {"unless": Condition, "hits": Words},
}  # fmt: skip


@functools.cache
def _defaults(record: type[Record]) -> dict[str, Any]:
    fields = record.model_fields.items()
    return {
        name: None if field.is_required() else field.get_default(call_default_factory=True) for name, field in fields
    }


def _from_snapshot(record: type[_R], fields: dict[str, Any]) -> _R:
    """Return a record of fields that were validated when the snapshot was written."""
    inside = _RECORDS.get(record, {})
    values = _defaults(record).copy()  # in the order of the class
    for name, value in fields.items():
        values[name] = _records(inside[name], value) if name in inside else _frozen(value)
    return record.made(values, fields)


def _records(record: type[_R], value: Any) -> tuple[Any, ...]:
    return tuple(
        [_records(record, entry) if isinstance(entry, list) else _from_snapshot(record, entry) for entry in value]
    )


def _frozen(value: Any) -> Any:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return tuple(value) if not value or isinstance(value[0], str) else tuple(map(_frozen, value))
    return {key: _frozen(entry) for key, entry in value.items()} if isinstance(value, dict) else value


@functools.cache
def built_in_profiles() -> tuple[LanguageProfile, ...]:
    """Return what is known of how the languages of the built-in playbooks are told."""
    stored = stored_languages()
    if stored is not None:
        return tuple([_from_snapshot(LanguageProfile, fields) for fields in stored])
    import tomllib  # of which what is stored needs nothing

    files = (tomllib.loads(file.read_text("utf-8")) for file in language_files())
    return tuple(LanguageProfile(**fields) for file in files for fields in file["language"])


def read_playbook(name: str = "zh") -> tuple[Playbook, Places]:
    """Read a playbook anew, with the places where its entries stand.

    Args:
        name: as for `load_playbook`.

    Raises:
        PlaybookError: as for `load_playbook`.
    """
    from replykit import tables  # what reads TOML, of which a built-in playbook needs nothing

    return tables.read_playbook(name)
