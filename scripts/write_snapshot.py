"""Write replykit/data/snapshot.json: the built-in playbooks as validated, and the literals of their patterns.

Run it after every change of a playbook's files, of `replykit/literals.py` or of the fold; a test says when it is due.
`--check` writes nothing and exits 1 where the file is not up to date.
"""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Iterable, Iterator
from typing import Any

from replykit import snapshot
from replykit.compiled import CompiledRule
from replykit.language import LanguageProfile
from replykit.loader import BUILT_IN, read_playbook
from replykit.pattern import Pattern
from replykit.playbook import Playbook
from replykit.triggers import Triggers

__all__ = ["main", "render"]

_TRIGGERED = ("pattern", "together", "count")  # kinds of rules that a literal triggers


def _compiled(playbook: Playbook) -> list[CompiledRule]:
    """Return the rules with patterns of which everything is derived, nothing taken from what is stored."""
    patterns: dict[tuple[str, ...], Pattern] = {}

    def pattern_for(sources: Any) -> Pattern:
        return patterns.setdefault(tuple(sources), Pattern(sources, playbook.words))

    return [CompiledRule(rule, pattern_for) for rule in playbook.rules]


def _extended(name: str, read: dict[str, Playbook]) -> Iterator[str]:
    """Yield the built-in playbooks that one extends, the next one first."""
    while (base := read[name].extends) is not None:
        yield base
        name = base


def _literals(playbook: Playbook, patterns: Iterable[Pattern]) -> Iterator[tuple[str, Any]]:
    keys = snapshot.PatternKeys(playbook.words)
    for pattern in patterns:
        for source in pattern.sources:
            triggers, disguised = pattern.derived_literals(source)
            yield keys.key(source), [None if triggers is None else sorted(triggers), sorted(disguised)]


def _needs(playbook: Playbook, patterns: Iterable[Pattern]) -> Iterator[tuple[str, str]]:
    for key, (triggers, _) in _literals(playbook, patterns):
        yield key, snapshot.SEPARATOR.join(triggers or ())


def render() -> str:
    """Return the content of the file: where each line stands, then the lines.

    Of each playbook its fields, its triggers, what its conditions and exceptions need, and the literals of its rules;
    what stands with a playbook that it extends is not stored again. Then what is known of their languages.
    """
    lines: dict[str, Any] = {}
    playbooks: dict[str, dict[str, Any]] = {}
    read = {path.name: read_playbook(path.name)[0] for path in BUILT_IN.iterdir() if path.is_dir()}
    above = {name: list(_extended(name, read)) for name in read}
    for name in sorted(read, key=lambda name: (len(above[name]), name)):  # what extends others, behind them
        playbook, extends = read[name], above[name]
        playbooks[name] = {"digest": snapshot.digest(BUILT_IN / name), "extends": extends}
        lines[f"fields of {name}"] = playbook.model_dump(mode="json", exclude_unset=True)
        compiled = _compiled(playbook)
        lines[f"triggers of {name}"] = Triggers.of(rule.literals for rule in compiled).fields()
        of_rules = [rule.pattern for rule in compiled if rule.rule.kind in _TRIGGERED and rule.pattern]
        others = (pattern for rule in compiled for pattern in rule.patterns() if pattern not in of_rules)
        own = {"needs": dict(_needs(playbook, others)), "literals": dict(_literals(playbook, of_rules))}
        for what, found in own.items():
            stored = {key for base in extends for key in lines[f"{what} of {base}"]}
            lines[f"{what} of {name}"] = {key: found[key] for key in sorted(found.keys() - stored)}
    lines["languages"] = [
        LanguageProfile(**fields).model_dump(mode="json", exclude_unset=True)
        for file in snapshot.language_files()
        for fields in tomllib.loads(file.read_text("utf-8"))["language"]
    ]
    texts = {name: json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for name, line in lines.items()}
    where, at = {}, 0
    for name, text in texts.items():
        size = len(text.encode())
        where[name] = [at, size]
        at += size
    found = {"playbooks": playbooks, "languages": snapshot.languages_digest(), "lines": where, "end": at}
    index = json.dumps(found, separators=(",", ":"))
    return index + "\n" + "".join(texts.values())


def main(arguments: list[str]) -> int:
    """Write the file, or say whether it is up to date."""
    content = render()
    if "--check" in arguments:
        there = snapshot.PATH.read_text("utf-8") if snapshot.PATH.is_file() else ""
        if there != content:
            print(f"{snapshot.PATH} is not up to date: run python scripts/write_snapshot.py", file=sys.stderr)
            return 1
        return 0
    snapshot.PATH.write_text(content, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
