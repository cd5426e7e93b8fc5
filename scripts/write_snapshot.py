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


def render() -> str:
    """Return the content of the file: the index, a playbook and its triggers a line, then the literals of patterns.

    The patterns of conditions on what was given come first, as a first check asks for these alone.
    """
    index: dict[str, Any] = {"playbooks": {}, "literals": []}
    lines: list[Any] = [index]
    of_conditions: dict[str, Any] = {}
    of_rules: dict[str, Any] = {}
    for folder in sorted(path for path in BUILT_IN.iterdir() if path.is_dir()):
        playbook, _ = read_playbook(folder.name)
        compiled = _compiled(playbook)
        lines.append(playbook.model_dump(mode="json", exclude_unset=True))
        lines.append(Triggers.of(rule.literals for rule in compiled).fields())
        stored = {"digest": snapshot.digest(folder), "fields": len(lines) - 2, "triggers": len(lines) - 1}
        index["playbooks"][folder.name] = stored
        conditions = [c for rule in compiled for c in (*rule.when, *rule.unless, *rule.soften) if c.is_elsewhere]
        of_conditions |= _literals(playbook, [condition.pattern for condition in conditions])
        kinds = ("pattern", "together", "count")
        of_rules |= _literals(playbook, [rule.pattern for rule in compiled if rule.rule.kind in kinds and rule.pattern])
    for literals in (of_conditions, of_rules):
        index["literals"].append(len(lines))
        lines.append(dict(sorted(literals.items())))
    return "".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for line in lines)


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
