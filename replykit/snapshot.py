"""What is worked out from the built-in playbooks when the package is made, so that a cold process need not do it again.

The TOML files stay the one source of truth: a snapshot counts only while its digest is that of the files, and the
literals of a pattern only while the pattern and every word list in it are the same. Whatever is not in the snapshot (a
company's own rules, an edited file) is read and derived as ever. `scripts/write_snapshot.py` writes it.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

__all__ = [
    "BUILT_IN", "Literals", "PatternKeys", "built_in_folder", "digest", "loaded_name", "note_loaded", "playbook_fields",
    "stored_literals", "stored_triggers", "uncollected",
]  # fmt: skip

PATH = Path(__file__).with_name("data") / "snapshot.json"
BUILT_IN = Path(__file__).parent / "playbooks"
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
def _lines() -> list[bytes]:
    """Return the lines of the snapshot, each JSON of its own, so that only what is needed is read; first the index."""
    try:
        return PATH.read_bytes().split(b"\n")
    except FileNotFoundError:
        return [b'{"playbooks": {}, "literals": []}']


@functools.cache
def _line(number: int) -> Any:
    return json.loads(_lines()[number])


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
    """Return the validated fields of a built-in playbook as JSON has them; None where its files are not the same."""
    stored = _line(0)["playbooks"].get(folder.name)
    if stored is None or stored["digest"] != digest(folder):
        return None
    fields: dict[str, Any] = _line(stored["fields"])
    return fields


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
    fields: dict[str, Any] = _line(_line(0)["playbooks"][name]["triggers"])
    return fields


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """Leave the garbage collector off while many objects are made that all last, at which it would look in vain."""
    is_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if is_on:
            gc.enable()


def stored_literals(key: str) -> Literals | None:
    """Return the literals stored for the key of a pattern."""
    for number in _line(0)["literals"]:
        if stored := _line(number).get(key):
            triggers, disguised = stored
            return Literals(None if triggers is None else frozenset(triggers), frozenset(disguised))
    return None


class PatternKeys:
    """What stands for a pattern together with the word lists that it refers to.

    Args:
        words: the word lists.
    """

    def __init__(self, words: Mapping[str, Sequence[str]]) -> None:
        self._words = words
        self._lists: dict[str, str] = {}

    def key(self, source: str) -> str:
        """Return the key of a pattern with `{word list}` references."""
        return hashlib.sha256(self._with_lists(source).encode("utf-8", "surrogatepass")).hexdigest()[:20]

    def _with_lists(self, source: str) -> str:
        return "\0".join((source, *(self._list(name) for name in REFERENCE.findall(source))))

    def _list(self, name: str) -> str:
        if name not in self._lists:
            self._lists[name] = "\1"  # a list that refers to itself is refused where it is expanded
            entries = "\2".join(map(self._with_lists, self._words.get(name, ())))
            self._lists[name] = hashlib.sha256(entries.encode("utf-8", "surrogatepass")).hexdigest()
        return self._lists[name]
