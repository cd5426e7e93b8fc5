"""Violations that are known and accepted: a small JSON file that is reviewed like code."""

from __future__ import annotations

import contextlib
import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from replykit.cli.origin import NO_FILE
from replykit.cli.selection import known_ids, names
from replykit.errors import UsageError
from replykit.playbook import Playbook
from replykit.records import Record, Violation
from replykit.text import fold

__all__ = ["Baseline", "Stale"]

_Counts = dict[str, dict[str, Annotated[int, Field(ge=1)]]]


class _Content(Record):
    """What the file holds.

    Attributes:
        version: of this format.
        ignore: a file, or a folder with a slash behind it: ids of rules and principles that are not reported there.
        accepted: a file: a rule: the folded words of a violation: how many of them are accepted.
    """

    version: Literal[1]
    ignore: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    accepted: dict[str, _Counts] = Field(default_factory=dict)


class Stale(Record):
    """An entry that accepts more than there is.

    Attributes:
        file: the file, as the baseline names it.
        rule: the rule.
        text: the folded words.
        accepted: how many it accepts.
        found: how many there are.
    """

    file: str
    rule: str
    text: str
    accepted: int
    found: int


class Baseline:
    """The accepted violations of files.

    A violation is known by its file, its rule and its folded words, not by its line, so that a line may move; of
    several alike as many as were accepted pass, the first ones first. Files are named relative to the baseline's own
    folder.

    Args:
        path: the JSON file.
        playbook: the whole playbook.
        accepting: True to accept everything that is found, for `write`; the file need not exist then.

    Attributes:
        path: the file.
        accepting: as given.

    Raises:
        UsageError: the file is missing or is no baseline, or ignores an unknown rule or principle.
    """

    def __init__(self, path: str, playbook: Playbook, *, accepting: bool = False) -> None:
        self.path = path
        self._folder = os.path.dirname(os.path.abspath(path))
        self.accepting = accepting
        self._content = _read(path, may_be_missing=accepting)
        self._found: dict[str, dict[str, Counter[str]]] = {}
        for ids in self._content.ignore.values():
            known_ids(ids, playbook, path)

    def accepts(self, file: str, violation: Violation) -> bool:
        """Return whether a violation is none that should be reported, and count it.

        Args:
            file: the file as the user named it, or `<text>` or `<stdin>`.
            violation: one that was found there; each is asked for once.
        """
        key = self._key(file)
        if any(names(ids, violation) for name, ids in self._content.ignore.items() if _covers(name, key)):
            return True
        text = fold(violation.text)
        counts = self._found.setdefault(key, {}).setdefault(violation.rule, Counter())
        counts[text] += 1
        accepted = self._content.accepted.get(key, {}).get(violation.rule, {}).get(text, 0)
        return self.accepting or counts[text] <= accepted

    def stale(self, files: Sequence[str], run: Playbook, whole: Playbook) -> Iterator[Stale]:
        """Yield the entries that accept more than there is; of files that were not checked, those that are gone.

        Args:
            files: the files that were checked, to their ends.
            run: the playbook with the rules that were checked.
            whole: the playbook with all rules.
        """
        checked = {self._key(file) for file in files}
        not_run = {rule.id for rule in whole.rules} - {rule.id for rule in run.rules}
        for file, rules in sorted(self._content.accepted.items()):
            if file in checked or self._is_gone(file):
                for rule, texts in sorted(rules.items()):
                    for text, accepted in sorted(texts.items()):
                        found = self._found.get(file, {}).get(rule, Counter())[text]
                        if found < accepted and rule not in not_run:
                            yield Stale(file=file, rule=rule, text=text, accepted=accepted, found=found)

    def write(self, files: Sequence[str], run: Playbook, whole: Playbook) -> int:
        """Write what was found as what is accepted, and return how many violations that are.

        What the file ignores stays, and so do entries of files and rules that were not checked; the file appears whole
        or not at all.

        Args:
            files: as for `stale`.
            run: as for `stale`.
            whole: as for `stale`.

        Raises:
            UsageError: the file cannot be written.
        """
        checked = {self._key(file) for file in files}
        not_run = {rule.id for rule in whole.rules} - {rule.id for rule in run.rules}
        accepted: dict[str, _Counts] = {}
        for file, rules in self._content.accepted.items():
            if file not in checked and not self._is_gone(file):
                accepted[file] = rules
            elif file in checked:
                accepted[file] = {rule: texts for rule, texts in rules.items() if rule in not_run}
        for file, found in self._found.items():
            accepted[file] = accepted.get(file, {}) | {rule: dict(texts) for rule, texts in found.items()}
        accepted = {file: rules for file, rules in accepted.items() if rules}
        content = {"version": 1, "ignore": self._content.ignore, "accepted": accepted}
        _write(self.path, json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True) + "\n")
        return sum(counts.total() for found in self._found.values() for counts in found.values())

    def _key(self, file: str) -> str:
        if file in NO_FILE.values():
            return file
        try:
            return Path(os.path.relpath(file, self._folder)).as_posix()
        except ValueError:  # on another drive
            return Path(os.path.abspath(file)).as_posix()

    def _is_gone(self, file: str) -> bool:
        return file not in NO_FILE.values() and not os.path.exists(os.path.join(self._folder, file))


def _covers(name: str, file: str) -> bool:
    return file == name or (name.endswith("/") and file.startswith(name))


def _read(path: str, *, may_be_missing: bool) -> _Content:
    try:
        return _Content.model_validate(json.loads(Path(path).read_text("utf-8-sig")))
    except FileNotFoundError:
        if may_be_missing:
            return _Content(version=1)
        raise UsageError(f"there is no baseline {path!r}; write one with --write-baseline") from None
    except OSError as error:
        raise UsageError(f"the baseline {path} cannot be read: {error.strerror}") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        raise UsageError(f"{path} is no baseline: {place}: {first['msg']}") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is no baseline, as it is not valid JSON: {error}") from None


def _write(path: str, text: str) -> None:
    """Write a file beside its place, then put it there in one step."""
    place = os.path.realpath(path)
    draft = f"{place}.{os.getpid()}.new"
    try:
        try:
            with open(draft, "x", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.replace(draft, place)
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(draft)
    except OSError as error:
        raise UsageError(f"the baseline {path} cannot be written: {error.strerror}") from None
