"""Where the entries of a playbook stand in its files; TOML parsers do not keep lines, so the files are read again."""

from __future__ import annotations

import functools
import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Entry", "Place", "Places", "TomlFile", "phrase_lines"]

_TOKEN = re.compile(
    r"""(?P<comment>\#[^\n]*)
      | '{3}\r?\n?(?P<raw_lines>.*?'{0,2})'{3}(?!')
      | "{3}\r?\n?(?P<lines>(?:\\.|[^\\])*?"{0,2})"{3}(?!")
      | '(?P<raw>[^'\n]*)'
      | "(?P<basic>(?:\\.|[^"\\\n])*)"
      | ^[ \t]*\[{1,2}[ \t]*(?P<header>[\w-]+)[ \t]*\]{1,2}[ \t]*(?=\#|\r?$)
      | ^[ \t]*(?P<key>[\w-]+)[ \t]*=""",
    re.DOTALL | re.MULTILINE | re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|\s*\n\s*|(.))", re.DOTALL)
_ESCAPED = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "\\": "\\"}


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a file, as editors count.

    Attributes:
        file: the file.
        line: the line, from 1; 0 where it is not known.
        column: the column in code points, from 1; 0 where the whole line is meant.
    """

    file: Path
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return ":".join([str(self.file), *(str(number) for number in (self.line, self.column) if number)])


@dataclass(slots=True)
class Entry:
    """One entry of a file.

    Attributes:
        start: the offset of its id.
        texts: every text that it holds with the offsets of its tokens, in order.
        keys: the offset of each of its keys.
    """

    start: int
    texts: dict[str, list[int]] = field(default_factory=dict)
    keys: dict[str, int] = field(default_factory=dict)


class TomlFile:
    """The entries of one TOML file with their places. A file that is no TOML has whatever entries can be seen.

    Args:
        file: the file.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self.text = file.read_text("utf-8-sig")
        self.entries: dict[tuple[str, str], list[Entry]] = {}
        self._tables: dict[str, list[Entry]] = {}
        self._read()

    def _read(self) -> None:
        table = key = ""
        entry = Entry(0)
        for token in _TOKEN.finditer(self.text):
            kind = token.lastgroup or ""
            if kind == "header":
                table, key, entry = token["header"], "", Entry(token.start("header"))
                self._tables.setdefault(table, []).append(entry)
            elif kind == "key":
                key = token["key"]
                entry.keys.setdefault(key, token.start("key"))
                if table == "words":
                    entry = Entry(token.start("key"))
                    self.entries.setdefault((table, key), []).append(entry)
            elif kind != "comment":
                value, _ = _decoded(token)
                entry.texts.setdefault(value, []).append(token.start())
                if key == "id" and table != "words":
                    entry.start = token.start()
                    self.entries.setdefault((table, value), []).append(entry)
                    key = ""

    @functools.cached_property
    def _line_starts(self) -> list[int]:
        return [0, *(match.end() for match in re.finditer("\n", self.text))]

    def place(self, table: str, id: str, text: str | None = None, at: int | None = None, nth: int = 0) -> Place:
        """Return where an entry stands, or a text in it.

        Args:
            table: `rule`, `words`, `line` ….
            id: the entry's id, or the name of the word list; of two entries of that name the last counts.
            text: a text of the entry; None, or one that it does not hold: the entry itself.
            at: an offset in that text, in code points; None: the text as a whole.
            nth: which of several equal texts, from 0.
        """
        found = self.entries.get((table, id))
        if not found:
            return Place(self.file)
        if text is not None:
            for entry in reversed(found):
                if text in entry.texts:
                    starts = entry.texts[text]
                    return self._place_in(starts[min(nth, len(starts) - 1)], at)
        return self._place_at(found[-1].start)

    def nth(self, table: str, number: int, key: str = "") -> Place:
        """Return where an entry stands that may have no id, or one of its keys.

        Args:
            table: as for `place`.
            number: which of the file's entries of that table, from 0.
            key: the key; one that it does not have leads to the entry itself.
        """
        found = self._tables.get(table, [])
        if number >= len(found):
            return Place(self.file)
        return self._place_at(found[number].keys.get(key, found[number].start))

    def _place_in(self, start: int, at: int | None) -> Place:
        if at is None:
            return self._place_at(start)
        token = _TOKEN.match(self.text, start)
        offsets = _decoded(token)[1] if token else []
        place = offsets[at] if at < len(offsets) else start
        line = bisect_right(self._line_starts, place)
        return Place(self.file, line, place - self._line_starts[line - 1] + 1)

    def _place_at(self, start: int) -> Place:
        return Place(self.file, bisect_right(self._line_starts, start))


def _decoded(token: re.Match[str]) -> tuple[str, Sequence[int]]:
    """Return the value of a TOML string, and the offset in the file of each of its code points and of its end."""
    kind = token.lastgroup or ""
    value, start, end = token[kind], token.start(kind), token.end(kind)
    if kind.startswith("raw") or "\\" not in value:
        return value.replace("\r\n", "\n"), range(start, end + 1)
    chars: list[str] = []
    offsets: list[int] = []
    at = 0
    for escape in _ESCAPE.finditer(value):
        chars += value[at : escape.start()]
        offsets += range(start + at, start + escape.start())
        code = escape[1] or escape[2]
        if code or escape[3]:
            chars.append(chr(int(code, 16)) if code else _ESCAPED.get(escape[3], escape[3]))
            offsets.append(start + escape.start())
        at = escape.end()
    chars += value[at:]
    offsets += range(start + at, end + 1)
    return "".join(chars), offsets


def phrase_lines(file: Path) -> list[tuple[int, str]]:
    """Return the phrases of a file with their lines, from 1: one a line; blank lines and those that begin with # not.

    Args:
        file: UTF-8, with or without a byte order mark.

    Raises:
        OSError: the file cannot be read.
        UnicodeDecodeError: it is not UTF-8.
    """
    lines = enumerate(file.read_bytes().decode("utf-8-sig").split("\n"), 1)
    return [(number, phrase) for number, line in lines if (phrase := line.strip()) and not phrase.startswith("#")]


class Places:
    """Where every entry of a playbook stands, those that it inherits included.

    Args:
        origin: the file of each entry, by its table and its id.
        own: the files of the playbook itself, without those that it extends.
        phrase_files: the file that a rule's `phrases_file` names, by the rule's id.
    """

    def __init__(
        self,
        origin: Mapping[tuple[str, str], Sequence[Path]],
        own: Sequence[Path] = (),
        phrase_files: Mapping[str, Path] | None = None,
    ) -> None:
        self._origin = dict(origin)
        self._own = frozenset(own)
        self._phrase_files = dict(phrase_files or {})
        self._files: dict[Path, TomlFile] = {}
        self._phrases: dict[Path, dict[str, list[int]]] = {}

    def is_own(self, table: str, id: str) -> bool:
        """Return whether an entry stands in the playbook's own files; what stands in no file is its own."""
        files = self._origin.get((table, id), ())
        return not files or any(file in self._own for file in files)

    def of(self, table: str, id: str, text: str | None = None, at: int | None = None, nth: int = 0) -> Place | None:
        """Return where an entry stands, or a text in it; arguments as for `TomlFile.place`.

        Returns:
            The place; None where the playbook was not read from files.
        """
        files = self._origin.get((table, id), ())
        if not files:
            return None
        if text is not None and table == "rule" and (place := self._in_phrases(id, text, nth)):
            return place
        for file in reversed(files):
            read = self._file(file)
            if text is None or any(text in entry.texts for entry in read.entries.get((table, id), ())):
                return read.place(table, id, text, at, nth)
        return self._file(files[-1]).place(table, id)

    def _file(self, file: Path) -> TomlFile:
        if file not in self._files:
            self._files[file] = TomlFile(file)
        return self._files[file]

    def _in_phrases(self, id: str, phrase: str, nth: int) -> Place | None:
        file = self._phrase_files.get(id)
        if file is None:
            return None
        if file not in self._phrases:
            lines: dict[str, list[int]] = {}
            for number, line in phrase_lines(file):
                lines.setdefault(line, []).append(number)
            self._phrases[file] = lines
        numbers = self._phrases[file].get(phrase, [])
        return Place(file, numbers[min(nth, len(numbers) - 1)]) if numbers else None
