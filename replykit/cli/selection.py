"""Which rules of a playbook a check runs, by the ids of rules and principles."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from replykit.errors import UsageError
from replykit.playbook import Playbook
from replykit.records import Violation

__all__ = ["known_ids", "names", "selected"]


def selected(playbook: Playbook, select: Sequence[str], ignore: Sequence[str]) -> Playbook:
    """Return a playbook with the chosen rules alone.

    Args:
        playbook: the playbook.
        select: ids of rules or principles, several parted by commas; none: all of them.
        ignore: ids that are left out, also where `select` names them.

    Raises:
        UsageError: the playbook has no such rule or principle, or no rule is left.
    """
    chosen = known_ids(_split(select, "--select"), playbook, "--select")
    left_out = known_ids(_split(ignore, "--ignore"), playbook, "--ignore")
    if not chosen and not left_out:
        return playbook
    rules = tuple(
        rule
        for rule in playbook.rules
        if (not chosen or chosen & {rule.id, rule.principle}) and not left_out & {rule.id, rule.principle}
    )
    if not rules:
        raise UsageError("--select and --ignore leave no rule to check")
    return playbook.model_copy(update={"rules": rules})


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
