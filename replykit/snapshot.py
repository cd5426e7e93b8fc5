"""What is worked out from the built-in playbooks when the package is made, so that a cold process need not do it again.

The TOML files stay the one source of truth: a snapshot counts only while its digest is that of the files, and the
literals of a pattern only while the pattern and every word list in it are the same. Whatever is not in the snapshot (a
company's own rules, an edited file) is read and derived as ever. `scripts/write_snapshot.py` writes it.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["Literals", "PatternKeys", "digest", "playbook_fields", "stored_literals"]

PATH = Path(__file__).with_name("data") / "snapshot.json"
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
def _snapshot() -> dict[str, Any]:
    try:
        snapshot: dict[str, Any] = json.loads(PATH.read_bytes())
    except FileNotFoundError:
        return {"playbooks": {}, "literals": {}}
    return snapshot


def digest(folder: Path) -> str:
    """Return what stands for the files of a playbook's folder: equal digests, equal files."""
    whole = hashlib.sha256()
    for file in sorted(file for file in folder.rglob("*") if file.is_file()):
        content = file.read_bytes()
        whole.update(f"{file.relative_to(folder).as_posix()}\0{len(content)}\0".encode())
        whole.update(content)
    return whole.hexdigest()


def playbook_fields(folder: Path) -> dict[str, Any] | None:
    """Return the validated fields of a built-in playbook as JSON has them; None where its files are not the same."""
    stored = _snapshot()["playbooks"].get(folder.name)
    if stored is None or stored["digest"] != digest(folder):
        return None
    fields: dict[str, Any] = stored["fields"]
    return fields


def stored_literals(key: str) -> Literals | None:
    """Return the literals stored for the key of a pattern."""
    stored = _snapshot()["literals"].get(key)
    if stored is None:
        return None
    triggers, disguised = stored
    return Literals(None if triggers is None else frozenset(triggers), frozenset(disguised))


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
