"""A playbook as a person reads it: principle by principle, each rule with its examples and its source."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence

from replykit.errors import UsageError
from replykit.places import Places
from replykit.playbook import Playbook
from replykit.rules import Condition, Rule

__all__ = ["rulebook"]

Line = list[tuple[str, str]]  # styles, each with its text
_SHOWN = 20  # phrases of one rule
_PAD = " " * 10


def rulebook(
    playbook: Playbook, places: Places, *, principle: str | None = None, rule: str | None = None
) -> Iterator[Line]:
    """Yield the lines that show a playbook.

    Args:
        playbook: what is shown.
        places: where its entries stand, for the rule that is shown whole.
        principle: only this one.
        rule: only this one, with everything that it holds.

    Raises:
        UsageError: there is no such principle or rule; the message names the nearest.
    """
    rules = [r for r in playbook.rules if rule in (None, r.id) and principle in (None, r.principle)]
    known = dict.fromkeys((*(p.id for p in playbook.principles), *(r.principle for r in playbook.rules)))
    if principle is not None and principle not in known:
        raise UsageError(_unknown("principle", principle, known))
    if rule is not None and not rules:
        raise UsageError(_unknown("rule", rule, [r.id for r in playbook.rules if principle in (None, r.principle)]))
    if rule is not None:
        for found in rules:
            yield from _whole_rule(found, places)
        return
    if principle is None:
        languages = ", ".join(playbook.languages)
        yield [("strong", playbook.name), ("plain", f"  {playbook.description}"), ("quiet", f"  ({languages})")]
        yield [("plain", "")]
    shown = [id for id in known if principle in (None, id)]
    for id in shown:
        if id != shown[0]:
            yield [("plain", "")]
        yield from _principle(playbook, id)
        for found in rules:
            if found.principle == id:
                yield from _rule(found)


def _unknown(what: str, id: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(id, list(known), n=1)
    return f"there is no {what} {id!r} in this playbook" + (f"; did you mean {near[0]!r}?" if near else "")


def _principle(playbook: Playbook, id: str) -> Iterator[Line]:
    for principle in playbook.principles:
        if principle.id == id:
            sources = "; ".join(principle.sources)
            yield [("strong", id), ("plain", f"  {principle.title}"), ("quiet", f"  {sources}")]
            for guidance in principle.guidance:
                yield [("plain", f"  - {guidance}")]
            return
    yield [("strong", id)]  # a playbook that extends none may leave the principles out


def _rule(rule: Rule) -> Iterator[Line]:
    yield [(rule.severity, f"  {rule.severity:<8}"), ("plain", rule.id), ("quiet", f"  {rule.source}")]
    yield [("plain", f"{_PAD}{rule.message}")]
    for style, mark, examples in (("error", "✗", rule.bad), ("warning", "~", rule.softened), ("good", "✓", rule.good)):
        for example in examples:
            yield [(style, f"{_PAD}{mark} "), ("plain", " ".join(example.text.split()))]


def _whole_rule(rule: Rule, places: Places) -> Iterator[Line]:
    yield from _rule(rule)
    place = places.of("rule", rule.id)
    fields: list[tuple[str, Sequence[str]]] = [
        ("principle", [rule.principle]),
        ("reason", [rule.reason] if rule.reason else []),
        ("kind", [rule.kind + (f", at {rule.at}" if rule.at != "anywhere" else "")]),
        ("phrases", [phrase for phrase in rule.phrases if phrase not in rule.instead]),
        ("instead", [f"{phrase} → {', '.join(wordings)}" for phrase, wordings in rule.instead.items()]),
        ("patterns", rule.patterns),
        ("together", [" + ".join(group) for group in rule.together]),
        ("first", rule.first),
        ("then", rule.then),
        ("exceptions", rule.exceptions),
        ("but not", rule.counter_exceptions),
        ("when", [_condition(condition) for condition in rule.when]),
        ("unless", [_condition(condition) for condition in rule.unless]),
        ("soften", [_condition(condition) for condition in rule.soften]),
        ("say", rule.suggestions),
        ("fix", [f"{edit.find or edit.scope} → {edit.replace or '(removed)'}" for edit in rule.fix]),
        ("stands in", [str(place)] if place else []),
    ]
    for label, values in fields:
        for number, value in enumerate(values[:_SHOWN]):
            yield [("quiet", f"{_PAD}{'' if number else label:<12}"), ("plain", value)]
        if len(values) > _SHOWN:
            yield [("quiet", f"{_PAD}{'':<12}… {len(values) - _SHOWN:,} more")]


def _condition(condition: Condition) -> str:
    return f"{'no ' if condition.absent else ''}{' | '.join(condition.find)} in the {condition.within}"
