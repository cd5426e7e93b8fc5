"""The patterns of a playbook as RE2 reads them: what it cannot read, where, and what to write instead."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence, Set

from replykit.errors import PlaybookError
from replykit.lint.flaw import Flaw
from replykit.lint.subject import Subject
from replykit.pattern import Pattern
from replykit.places import Places
from replykit.playbook import Playbook
from replykit.register import Category, FieldReader, RecordField
from replykit.rules import Condition, Rule, SignalRule
from replykit.snapshot import REFERENCE

__all__ = ["offence", "references", "sound"]

_Entry = Rule | SignalRule | RecordField | FieldReader | Category

_TOKEN = re.compile(
    r"""(?P<literal>\\Q.*?(?:\\E|\Z))
      | (?P<back>\\[1-9]|\\k[<{'][^>}']*[>}']?|\(\?P=\w*\)?)
      | (?P<code>\\u[0-9A-Fa-f]{4})
      | (?P<end>\\Z)
      | \\(?:[pPx](?:\{[^}]*\}|.)|.)
      | \[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]
      | (?P<ahead>\(\?[=!])
      | (?P<behind>\(\?<[=!])
      | (?P<atomic>\(\?>)
      | (?P<comment>\(\?\#)
      | (?P<choice>\(\?\()
      | (?P<verbose>\(\?[a-z]*x[a-z]*[:)])
      | (?P<possessive>(?<=[*+?}])\+)
      | (?P<open>\()
      | (?P<close>\))
      | .""",
    re.DOTALL | re.VERBOSE,
)
_INSTEAD = {
    "back": "RE2 has no backreference; write the alternatives out",
    "code": r"RE2 writes a character by its code as \x{…}; write the character itself",
    "end": r"RE2 has no \Z; write $",
    "ahead": "RE2 has no lookahead; mark what is meant with (?P<hit>…) and match on, "
    'or say what must or must not follow in "when" or "unless" with within = "after"',
    "behind": "RE2 has no lookbehind; mark what is meant with (?P<hit>…) and begin earlier, "
    'or say what must or must not stand before in "when" or "unless" with within = "before"',
    "atomic": "RE2 has no atomic group, as it never tries again; write (?:…)",
    "comment": "RE2 has no comments; write it behind # on a line of its own in the TOML file",
    "choice": "RE2 has no conditional; write two patterns",
    "verbose": "RE2 has no verbose mode; write the pattern without spaces",
    "possessive": "RE2 has no possessive repetition, as it never tries again; remove the second +",
}


def references(pattern: str) -> list[tuple[str, int]]:
    """Return the names of the word lists that a pattern refers to, each with the offset of its brace."""
    return [(match[1], match.start()) for match in REFERENCE.finditer(pattern)]


def offence(pattern: str, reason: str) -> tuple[int, str]:
    """Return the offset of what RE2 cannot read, in code points, and what to write instead.

    Args:
        pattern: the pattern as written.
        reason: what RE2 says of it.
    """
    open_at: list[int] = []
    for token in _TOKEN.finditer(pattern):
        kind = token.lastgroup or ""
        if kind in _INSTEAD:
            return token.start(), _INSTEAD[kind]
        if kind == "open":
            open_at.append(token.start())
        elif kind == "close":
            if not open_at:
                return token.start(), r"nothing opens this parenthesis; a literal one is \)"
            open_at.pop()
    about, _, fragment = reason.partition(": ")
    if about.startswith("missing )"):
        return open_at[-1] if open_at else 0, r"nothing closes this parenthesis; a literal one is \("
    if about.startswith("missing ]"):
        return max(pattern.rfind("["), 0), r"nothing closes this bracket; a literal one is \["
    if about.startswith("trailing"):
        return max(len(pattern) - 1, 0), r"a backslash ends the pattern; a literal one is \\"
    return max(pattern.find(fragment), 0) if fragment else 0, f"RE2 says: {reason}"


def _patterns_of(rule: _Entry) -> Iterator[str]:
    """Yield every pattern of an entry, those of its conditions and repairs included."""
    yield from rule.evidence if isinstance(rule, RecordField) else rule.patterns
    yield from rule.exceptions
    yield from (*rule.after, *rule.answered) if isinstance(rule, FieldReader) else ()
    yield from () if isinstance(rule, Category) else _of_conditions(rule.unless)
    if isinstance(rule, Rule):
        for group in rule.together:
            yield from group
        for patterns in (rule.first, rule.then, rule.counter_exceptions):
            yield from patterns
        yield from _of_conditions((*rule.when, *rule.soften))
        for edit in rule.fix:
            if edit.find is not None:
                yield edit.find
            yield from _of_conditions(edit.when)


def _of_conditions(conditions: Sequence[Condition]) -> Iterator[str]:
    for condition in conditions:
        yield from condition.find
        yield from condition.exceptions


def sound(playbook: Playbook, places: Places | None) -> tuple[Playbook, list[Flaw]]:
    """Return the part of a playbook that compiles, and what keeps the rest from it, with line and column.

    Args:
        playbook: the rules.
        places: where its entries stand.
    """
    whole = Subject(playbook, places)
    flaws = list(_flaws(whole))
    kept = _without(playbook, {(flaw.table, flaw.id) for flaw in flaws})
    subject = Subject(kept, places)
    late = []
    for rule in subject.own_rules:
        try:
            subject.alone(rule).validate()
        except PlaybookError as error:  # too large, once its word lists are filled in
            late.append(subject.flaw("not-re2", "rule", rule.id, str(error)))
    return _without(kept, {(flaw.table, flaw.id) for flaw in late}), flaws + late


def _without(playbook: Playbook, broken: Set[tuple[str, str]]) -> Playbook:
    """Return a playbook without some entries, and without the rules that refer to one of its broken word lists."""
    if not broken:
        return playbook
    lists = {id for table, id in broken if table == "words"}
    lists |= {name for name in playbook.words if _reached(name, playbook.words) & lists}

    def stands(table: str, rule: _Entry) -> bool:
        named = {name for pattern in _patterns_of(rule) for name, _ in references(pattern)}
        return (table, rule.id) not in broken and not named & lists

    kept = {
        "rules": tuple(rule for rule in playbook.rules if stands("rule", rule)),
        "signals": tuple(signal for signal in playbook.signals if stands("signal", signal)),
        "placeholders": tuple(p for p in playbook.placeholders if ("placeholder", p.id) not in broken),
        "polarities": tuple(p for p in playbook.polarities if ("polarity", p.id) not in broken),
    }
    readers = tuple(reader for reader in playbook.readers if stands("reader", reader))
    categories = tuple(category for category in playbook.categories if stands("category", category))
    fields = tuple(field for field in playbook.fields if stands("field", field))
    return playbook.model_copy(update={**kept, "fields": fields, "readers": readers, "categories": categories})


def _flaws(subject: Subject) -> Iterator[Flaw]:
    playbook, is_own = subject.playbook, subject.places.is_own
    for name, entries in playbook.words.items():
        if is_own("words", name):
            for entry in dict.fromkeys(entries):
                yield from _flaws_of(subject, "words", name, entry)
            if name in _reached(name, playbook.words):
                message = f"the word list {name!r} refers to itself; remove the reference"
                yield subject.flaw("circular-words", "words", name, message)
    tables: dict[str, Sequence[_Entry]] = {
        "rule": playbook.rules,
        "signal": playbook.signals,
        "field": playbook.fields,
        "reader": playbook.readers,
        "category": playbook.categories,
    }
    for table, rules in tables.items():
        for rule in rules:
            if is_own(table, rule.id):
                for pattern in dict.fromkeys(_patterns_of(rule)):
                    yield from _flaws_of(subject, table, rule.id, pattern)
    plain: list[tuple[str, str, tuple[str, ...]]]
    plain = [("placeholder", p.id, (p.pattern, p.ignore)) for p in playbook.placeholders]
    plain += [("polarity", p.id, (*p.positive, *p.negative, *p.weak, *p.neither)) for p in playbook.polarities]
    for table, id, patterns in plain:
        if is_own(table, id):
            for pattern in patterns:
                if pattern and (reason := _refused(pattern, {})):
                    yield _not_re2(subject, table, id, pattern, reason)


def _flaws_of(subject: Subject, table: str, id: str, pattern: str) -> Iterator[Flaw]:
    words = subject.playbook.words
    unknown = [(name, at) for name, at in references(pattern) if name not in words]
    for name, at in unknown:
        near = difflib.get_close_matches(name, words, n=1)
        instead = f"; did you mean {{{near[0]}}}?" if near else "; add it to [words]"
        message = f"there is no word list {name!r}{instead}"
        yield subject.flaw("unknown-words", table, id, message, pattern, at=at)
    # A short text stands for every list: what is wrong in a list is that list's own flaw.
    if reason := _refused(pattern, {name: ("x",) for name, _ in references(pattern)}):
        yield _not_re2(subject, table, id, pattern, reason)


def _refused(pattern: str, words: Mapping[str, Sequence[str]]) -> str:
    try:
        Pattern((pattern,), words).validate()
    except PlaybookError as error:
        return str(error).rpartition("is not RE2: ")[2]
    return ""


def _not_re2(subject: Subject, table: str, id: str, pattern: str, reason: str) -> Flaw:
    at, instead = offence(pattern, reason)
    return subject.flaw("not-re2", table, id, instead, pattern, at=at)


def _reached(name: str, words: Mapping[str, Sequence[str]]) -> set[str]:
    """Return the word lists that one refers to, directly or through others."""
    reached: set[str] = set()
    due = [name]
    while due:
        for entry in words.get(due.pop(), ()):
            for other, _ in references(entry):
                if other not in reached:
                    reached.add(other)
                    due.append(other)
    return reached
