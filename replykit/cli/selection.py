"""Which rules of a playbook a check runs, by the ids of rules and principles."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from replykit.errors import UsageError
from replykit.playbook import Playbook
from replykit.records import Violation

__all__ = ["known_ids", "names", "selected", "united"]


def selected(playbooks: Sequence[Playbook], select: Sequence[str], ignore: Sequence[str]) -> tuple[Playbook, ...]:
    """Return playbooks with the chosen rules alone.

    Args:
        playbooks: the playbooks.
        select: ids of rules or principles, several parted by commas; none: all of them.
        ignore: ids that are left out, also where `select` names them.

    Raises:
        UsageError: no playbook has such a rule or principle, or no rule is left.
    """
    whole = united(playbooks)
    chosen = known_ids(_split(select, "--select"), whole, "--select")
    left_out = known_ids(_split(ignore, "--ignore"), whole, "--ignore")
    if not chosen and not left_out:
        return tuple(playbooks)
    kept = [
        tuple(
            rule
            for rule in playbook.rules
            if (not chosen or chosen & {rule.id, rule.principle}) and not left_out & {rule.id, rule.principle}
        )
        for playbook in playbooks
    ]
    if not any(kept):
        raise UsageError("--select and --ignore leave no rule to check")
    return tuple(playbook.model_copy(update={"rules": rules}) for playbook, rules in zip(playbooks, kept, strict=True))


def united(playbooks: Sequence[Playbook]) -> Playbook:
    """Return the first playbook with the rules and principles of the others whose ids it does not have."""
    first = playbooks[0]
    if len(playbooks) == 1:
        return first
    rules = {rule.id: rule for playbook in reversed(playbooks) for rule in playbook.rules}
    principles = {each.id: each for playbook in reversed(playbooks) for each in playbook.principles}
    return first.model_copy(update={"rules": tuple(rules.values()), "principles": tuple(principles.values())})


def known_ids(ids: Iterable[str], playbook: Playbook, where: str) -> frozenset[str]:
    """Return ids that a playbook knows.

    Args:
        ids: ids of rules or principles.
        playbook: the playbook.
        where: what the user calls the place that names them.

    Raises:
        UsageError: one is unknown; the message names the nearest that is known.
    """
    known = {rule.id for rule in playbook.rules} | {rule.principle for rule in playbook.rules}
    known |= {principle.id for principle in playbook.principles}
    found = frozenset(ids)
    for id in sorted(found - known):
        nearest = difflib.get_close_matches(id, sorted(known), 1, 0.3)
        meant = f"did you mean {nearest[0]!r}?" if nearest else "see replykit playbook show"
        raise UsageError(f"{where}: no rule or principle {id!r}; {meant}")
    return found


def names(ids: Iterable[str], violation: Violation) -> bool:
    """Return whether one of the ids names the violation's rule or its principle."""
    return any(id in (violation.rule, violation.principle) for id in ids)


def _split(values: Sequence[str], option: str) -> list[str]:
    ids = [id.strip() for value in values for id in value.split(",")]
    if not all(ids):
        raise UsageError(f"{option} takes ids of rules or principles, parted by commas")
    return ids
