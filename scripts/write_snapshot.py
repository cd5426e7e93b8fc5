"""Write replykit/data/snapshot.json: the built-in playbooks as validated, and the literals of their patterns.

Run it after every change of a playbook's files, of `replykit/literals.py` or of the fold; a test says when it is due.
`--check` writes nothing and exits 1 where the file is not up to date.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from replykit import snapshot
from replykit.compiled import CompiledRule
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


def _literals(playbook: Playbook, patterns: Iterable[Pattern]) -> Iterator[tuple[str, Any]]:
    keys = snapshot.PatternKeys(playbook.words)
    for pattern in patterns:
        for source in pattern.sources:
            triggers, disguised = pattern.derived_literals(source)
            yield keys.key(source), [None if triggers is None else sorted(triggers), sorted(disguised)]


def _needs(playbook: Playbook, patterns: Iterable[Pattern]) -> Iterator[tuple[str, str]]:
    for key, (triggers, _) in _literals(playbook, patterns):
        if triggers:
            yield key, snapshot.SEPARATOR.join(triggers)


def render() -> str:
    """Return the content of the file: where each line stands, then the lines.

    The fields and the triggers of each playbook, what the conditions and exceptions of all need, the literals of rules.
    """
    lines: dict[str, Any] = {}
    digests: dict[str, str] = {}
    needs: dict[str, str] = {}
    literals: dict[str, Any] = {}
    for folder in sorted(path for path in BUILT_IN.iterdir() if path.is_dir()):
        playbook, _ = read_playbook(folder.name)
        compiled = _compiled(playbook)
        digests[folder.name] = snapshot.digest(folder)
        lines[f"fields of {folder.name}"] = playbook.model_dump(mode="json", exclude_unset=True)
        lines[f"triggers of {folder.name}"] = Triggers.of(rule.literals for rule in compiled).fields()
        of_rules = [rule.pattern for rule in compiled if rule.rule.kind in _TRIGGERED and rule.pattern]
        literals |= _literals(playbook, of_rules)
        others = (pattern for rule in compiled for pattern in rule.patterns() if pattern not in of_rules)
        needs |= _needs(playbook, others)
    lines |= {"needs": dict(sorted(needs.items())), "literals": dict(sorted(literals.items()))}
    texts = {name: json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for name, line in lines.items()}
    where, at = {}, 0
    for name, text in texts.items():
        size = len(text.encode())
        where[name] = [at, size]
        at += size
    index = json.dumps({"playbooks": digests, "lines": where, "end": at}, separators=(",", ":"))
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
