"""What is worked out from the built-in playbooks when the package is made, so that a cold process need not do it again.

The TOML files stay the one source of truth: a snapshot counts only while its digest is that of the files, and the
literals of a pattern only while the pattern and every word list in it are the same. Whatever is not in the snapshot (a
company's own rules, an edited file) is read and derived as ever. `scripts/write_snapshot.py` writes it.
"""

from __future__ import annotations

import functools
import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pydantic_core import from_json  # is there anyway, and reads twice as fast as json

__all__ = [
    "BUILT_IN", "SEPARATOR", "Literals", "PatternKeys", "built_in_folder", "digest", "language_files",
    "languages_digest", "loaded_name", "note_loaded", "playbook_fields", "stored_languages", "stored_names",
    "stored_triggers",
]  # fmt: skip

PATH = Path(__file__).with_name("data") / "snapshot.json"
BUILT_IN = Path(__file__).parent / "playbooks"
SEPARATOR = "\t"  # of literals that are stored as one text, as that is read in a fifth of the time
_NAME = re.compile(r"[A-Za-z][\w-]*")
REFERENCE = re.compile(r"(?<!\\[pPx])\{([a-z][a-z0-9_]*)\}")


class Literals(NamedTuple):
    """The literals of one pattern, folded.

    Attributes:
        triggers: every match holds at least one of them; None where a match may hold none.
        disguised: what is looked for with marks between its characters.
    """

    triggers: frozenset[str] | None
    disguised: frozenset[str]


@functools.cache
def _index() -> dict[str, Any]:
    """Return the first line of the snapshot, which says where in the file the others stand, each JSON of its own."""
    try:
        with PATH.open("rb") as file:
            index: dict[str, Any] = from_json(file.readline())
    except FileNotFoundError:
        return {"playbooks": {}, "lines": {}}
    return index


@functools.cache
def _line(name: str) -> Any:
    """Return what a line holds; read when it is needed, as a first check needs half of them."""
    where = _index()["lines"].get(name)
    if where is None:
        return {}
    with PATH.open("rb") as file:
        file.seek(where[0] - _index()["end"], os.SEEK_END)
        return from_json(file.read(where[1]))


def built_in_folder(name: str) -> Path | None:
    """Return the folder of a built-in playbook; None where no built-in playbook has that name."""
    folder = BUILT_IN / name
    return folder if _NAME.fullmatch(name) and folder.is_dir() else None


def digest(folder: Path) -> str:
    """Return what stands for the files of a playbook's folder: equal digests, equal files."""
    whole = hashlib.sha256()
    for root, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files):
            with open(os.path.join(root, name), "rb", buffering=0) as file:
                content = file.read()
            place = os.path.relpath(os.path.join(root, name), folder).replace(os.sep, "/")
            whole.update(f"{place}\0{len(content)}\0".encode())
            whole.update(content)
    return whole.hexdigest()


def playbook_fields(folder: Path) -> dict[str, Any] | None:
    """Return the validated fields of a built-in playbook as JSON has them; None where its files are not the same.

    The files of the playbooks that it extends count as its own.
    """
    stored = _index()["playbooks"]
    if folder.name not in stored:
        return None
    for name in (folder.name, *stored[folder.name]["extends"]):
        if stored[name]["digest"] != digest(folder.with_name(name)):
            return None
    fields: dict[str, Any] = _line(f"fields of {folder.name}")
    return fields


def language_files() -> list[Path]:
    """Return the files in which built-in playbooks say how their languages are told."""
    return sorted(BUILT_IN.glob("*/language.toml"))


def languages_digest() -> str:
    """Return what stands for those files: equal digests, equal files."""
    return hashlib.sha256(b"\0".join([file.read_bytes() for file in language_files()])).hexdigest()


def stored_languages() -> list[dict[str, Any]] | None:
    """Return the fields of the profiles of the built-in playbooks' languages; None where the files are not the same."""
    if languages_digest() != _index().get("languages"):
        return None
    profiles: list[dict[str, Any]] = _line("languages")
    return profiles


_LOADED: dict[str, object] = {}  # playbooks that are exactly as they are stored, by name


def note_loaded(name: str, playbook: object) -> None:
    """Note that a playbook was made of what is stored under its name."""
    _LOADED[name] = playbook


def loaded_name(playbook: object) -> str | None:
    """Return the name of a playbook that was made of what is stored; None for any other, and for a changed copy."""
    return next((name for name, loaded in _LOADED.items() if loaded is playbook), None)


def stored_triggers(playbook: object) -> dict[str, Any] | None:
    """Return the fields of the triggers of a playbook's rules; None where they are not stored."""
    name = loaded_name(playbook)
    if name is None:
        return None
    fields: dict[str, Any] = _line(f"triggers of {name}")
    return fields


def stored_names(playbook: object, extends: str | None) -> tuple[str, ...]:
    """Return the names of the built-in playbooks under which the literals of a playbook's patterns may be stored.

    Args:
        playbook: the playbook.
        extends: the name of the one that it adds to, as it gives it.
    """
    stored = _index()["playbooks"]
    name = loaded_name(playbook) or extends
    return (name, *stored[name]["extends"]) if name and name in stored else tuple(stored)


class PatternKeys:
    """What stands for a pattern together with the word lists that it refers to, and what is stored of it.

    Args:
        words: the word lists.
        names: the built-in playbooks under which it may be stored, the likeliest first; see `stored_names`.
    """

    def __init__(self, words: Mapping[str, Sequence[str]], names: Sequence[str] = ()) -> None:
        self._words = words
        self._names = names
        self._lists: dict[str, str] = {}

    def key(self, source: str) -> str:
        """Return the key of a pattern with `{word list}` references."""
        return hashlib.sha256(self._with_lists(source).encode("utf-8", "surrogatepass")).hexdigest()[:20]

    def literals(self, source: str) -> Literals | None:
        """Return the literals of a rule's pattern; None where they are not stored."""
        stored = self._stored("literals", source)
        if stored is None:
            return None
        triggers, disguised = stored
        return Literals(None if triggers is None else frozenset(triggers), frozenset(disguised))

    def needs(self, source: str) -> list[str] | None:
        """Return the literals of which every match of a condition or an exception holds one; None: not known."""
        stored = self._stored("needs", source)
        return stored.split(SEPARATOR) if stored else None  # what may match without any is stored as nothing

    def _stored(self, what: str, source: str) -> Any:
        key = self.key(source) if self._names else ""
        found = (_line(f"{what} of {name}").get(key) for name in self._names)
        return next((stored for stored in found if stored is not None), None)

    def _with_lists(self, source: str) -> str:
        return "\0".join((source, *(self._list(name) for name in REFERENCE.findall(source))))

    def _list(self, name: str) -> str:
        if name not in self._lists:
            self._lists[name] = "\1"  # a list that refers to itself is refused where it is expanded
            entries = "\2".join(map(self._with_lists, self._words.get(name, ())))
            self._lists[name] = hashlib.sha256(entries.encode("utf-8", "surrogatepass")).hexdigest()
        return self._lists[name]
