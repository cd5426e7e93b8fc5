"""Write replykit/data/snapshot.json: the built-in playbooks as validated, and the literals of their patterns.

Run it after every change of a playbook's files, of `replykit/literals.py` or of the fold; a test says when it is due.
`--check` writes nothing and exits 1 where the file is not up to date.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

from replykit import snapshot
from replykit.compiled import CompiledRule
from replykit.loader import BUILT_IN, read_playbook
from replykit.pattern import Pattern
from replykit.playbook import Playbook

__all__ = ["main", "render"]


def _patterns(playbook: Playbook) -> Iterator[Pattern]:
    """Yield the patterns whose literals a checker asks for."""
    patterns: dict[tuple[str, ...], Pattern] = {}

    def pattern_for(sources: Any) -> Pattern:
        return patterns.setdefault(tuple(sources), Pattern(sources, playbook.words))

    for rule in playbook.rules:
        compiled = CompiledRule(rule, pattern_for)
        if rule.kind in ("pattern", "together", "count") and compiled.pattern:
            yield compiled.pattern
        conditions = (*compiled.when, *compiled.unless, *compiled.soften)
        yield from (condition.pattern for condition in conditions if condition.is_elsewhere)


def _literals(playbook: Playbook) -> Iterator[tuple[str, Any]]:
    keys = snapshot.PatternKeys(playbook.words)
    for pattern in _patterns(playbook):
        for source in pattern.sources:
            triggers, disguised = pattern.derived_literals(source)
            yield keys.key(source), [None if triggers is None else sorted(triggers), sorted(disguised)]


def render() -> str:
    """Return the content of the file."""
    playbooks: dict[str, Any] = {}
    literals: dict[str, Any] = {}
    for folder in sorted(path for path in BUILT_IN.iterdir() if path.is_dir()):
        playbook, _ = read_playbook(folder.name)
        fields = playbook.model_dump(mode="json", exclude_unset=True)
        playbooks[folder.name] = {"digest": snapshot.digest(folder), "fields": fields}
        literals.update(_literals(playbook))
    whole = {"playbooks": playbooks, "literals": dict(sorted(literals.items()))}
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":")) + "\n"


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
