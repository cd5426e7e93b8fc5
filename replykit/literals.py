"""The literals of a pattern: what every match of it holds, and the shortest texts that it matches."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from replykit.text import fold

__all__ = ["fold_pattern", "needed_literals", "rarest_literals", "shortest_texts"]

_META = frozenset(r"\.+*?()[]{}|^$")
_TOKEN = re.compile(
    r"""(?P<char>[^\\\[\](){}|*+?^$.])
      | (?P<quote>\\Q.*?(?:\\E|\Z))
      | (?P<code>\\x\{[0-9A-Fa-f]{1,6}\} | \\x[0-9A-Fa-f]{2})
      | (?P<escape>\\(?:[pP](?:\{[^}]*\}|.) | [0-7]{1,3} | .))
      | (?P<members>\[\^?\]?(?:\[:\^?\w+:\]|\\[pPx]\{[^}]*\}|\\.|[^\]\\])*\])
      | (?P<flags>\(\?[A-Za-z-]+\))
      | (?P<open>\((?:\?P?<(?P<name>\w+)>|(?P<unnumbered>\?[A-Za-z-]*:))?)
      | (?P<close>\))
      | (?P<bar>\|)
      | (?P<times>(?:[*+?]|\{(?P<least>\d+)(?P<upto>,\d*)?\})\??)
      | (?P<anchor>[\^$])
      | (?P<other>.)""",
    re.DOTALL | re.VERBOSE,
)
_MEMBER = re.compile(r"\[:\^?\w+:\]|\\[pPx]\{[^}]*\}|\\[pP].|\\x[0-9A-Fa-f]{2}|\\.|.", re.DOTALL)
_EMPTY_ESCAPES = frozenset({r"\A", r"\z", r"\b", r"\B"})
_MOST_MEMBERS = 8  # a larger class of characters is no rarity in a text
_MOST_TEXTS = 400  # of one pattern


def fold_pattern(pattern: str) -> str:
    """Fold a pattern as texts are folded, leaving its syntax alone; a full-width ？ stays a literal question mark.

    Args:
        pattern: RE2 without references.

    Returns:
        RE2 that finds in a folded text what the pattern means.
    """
    folded = fold(pattern)
    out = []
    for token in _TOKEN.finditer(pattern):
        match token.lastgroup:
            case "char" if folded[token.start()] == token[0]:
                out.append(token[0])
            case "quote":
                out += [re.escape(fold(char)) for char in token[0].removeprefix(r"\Q").removesuffix(r"\E")]
            case "code" | "char" | "other":
                out.append(_folded(token[0]))
            case "members":
                out += [_folded(member) for member in _MEMBER.findall(token[0])]
            case _:
                out.append(token[0])
    return "".join(out)


def _folded(token: str) -> str:
    """Fold a character, or the code of one; another token stays."""
    if len(token) == 1:
        char = fold(token)
        return "\\" + char if char != token and (char in _META or char == "-") else char
    code = int(token[2:].strip("{}"), 16) if token.startswith(r"\x") else -1
    return re.escape(fold(chr(code))) if 0 <= code <= 0x10FFFF else token


@dataclass(frozen=True, slots=True)
class _Chars:
    """One character: of these, or of more than are worth knowing (None)."""

    members: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class _Sequence:
    parts: tuple[_Node, ...] = ()


@dataclass(frozen=True, slots=True)
class _Choice:
    branches: tuple[_Node, ...]
    name: str = ""


@dataclass(frozen=True, slots=True)
class _Repeat:
    part: _Node
    least: int
    once: bool  # at most once


_Node = _Chars | _Sequence | _Choice | _Repeat


class _Unbalanced(Exception):
    """Parentheses do not match, so nothing is known of the pattern; RE2 will say what is wrong with it."""


@functools.lru_cache(maxsize=256)
def _parse(pattern: str) -> _Choice:
    tokens = list(_TOKEN.finditer(pattern))
    tokens.reverse()
    tree = _parse_choice(tokens)
    if tokens:
        raise _Unbalanced
    return tree


def _parse_choice(tokens: list[re.Match[str]], name: str = "") -> _Choice:
    branches: list[_Node] = []
    parts: list[_Node] = []
    while tokens and not tokens[-1]["close"]:
        token = tokens.pop()
        if token["bar"]:
            branches.append(_Sequence(tuple(parts)))
            parts = []
        elif token["times"] and parts:
            least = 1 if token[0][0] == "+" else int(token["least"] or 0)
            once = token[0][0] == "?" or (token["least"] == "1" and token["upto"] is None)
            parts.append(_Repeat(parts.pop(), least, once))
        elif token["open"]:
            parts.append(_parse_choice(tokens, token["name"] or ""))
            if not tokens:
                raise _Unbalanced
            tokens.pop()
        else:
            parts.append(_parse_one(token))
    return _Choice((*branches, _Sequence(tuple(parts))), name)


def _parse_one(token: re.Match[str]) -> _Node:
    if token["char"] or (token["other"] and token[0] != "."):
        return _Chars(frozenset(token[0]))
    if token["anchor"] or token["flags"] or token[0] in _EMPTY_ESCAPES:
        return _Sequence()
    if token["escape"] and not token[0][1:2].isalnum():
        return _Chars(frozenset(token[0][1:]))
    if token["members"]:
        members = token[0][1:-1]
        if members and not _META & set(members) and "-" not in members and len(members) <= _MOST_MEMBERS:
            return _Chars(frozenset(members))
    return _Chars()


def needed_literals(pattern: str) -> frozenset[str] | None:
    """Return literals of which every match of a pattern holds at least one.

    A rule is tried only where one of them stands, so that a clean reply costs one scan whatever the number of rules.

    Args:
        pattern: RE2 without references, folded.

    Returns:
        The rarest such set that its structure shows; None where a match may hold none.
    """
    try:
        return _needed(_parse(pattern))
    except _Unbalanced:
        return None


def _needed(node: _Node) -> frozenset[str] | None:
    match node:
        case _Chars(members):
            return members
        case _Repeat(part, least):
            return _needed(part) if least else None
        case _Choice(branches):
            found = [_needed(branch) for branch in branches]
            known = [literals for literals in found if literals is not None]
            return frozenset().union(*known) if len(known) == len(found) else None
        case _Sequence(parts):
            # Long literals are rare in text, and a short list is cheap.
            known = [literals for literals in _joined(parts) if literals is not None]
            return max(known, key=lambda literals: (min(map(len, literals)), -len(literals)), default=None)


def _joined(parts: tuple[_Node, ...]) -> Iterator[frozenset[str] | None]:
    """Yield what each part of a sequence needs, single characters in a row as one literal."""
    run = ""
    for part in parts:
        if isinstance(part, _Chars) and part.members and len(part.members) == 1:
            run += min(part.members)
            continue
        if run:
            yield frozenset({run})
        run = ""
        yield _needed(part)
    if run:
        yield frozenset({run})


def rarest_literals(pattern: str) -> frozenset[str] | None:
    """Return literals of which every match of a pattern holds at least one, chosen to stand in few texts.

    Parts that stand side by side are taken together: `[您你](?:们)?这么` needs 您这么, 你这么, 您们这么 or 你们这么,
    not one of the two characters that stand in every reply.

    Args:
        pattern: RE2 without references, folded.

    Returns:
        The set whose literals are the least common by a rough count of characters; None where a match may hold none.
    """
    try:
        _, rarest = _rarest(_parse(pattern))
    except _Unbalanced:
        return None
    return None if rarest is None else frozenset(text for text in rarest if not _holds_another(text, rarest))


def _holds_another(text: str, literals: frozenset[str]) -> bool:
    size = len(text)
    return any(text[a:b] in literals for a in range(size) for b in range(a + 1, size + 1) if b - a < size)


_MOST_TOGETHER = 64  # texts of parts side by side
# Every one of these stands in more than one of ten replies.
_COMMON = frozenset(",。!? 的您你我们是一不有了在这为可以请会好到吗要没就来个下单货天时后给行么什能看还过那里")


def _frequency(literals: frozenset[str]) -> float:
    """Return about how often one of them stands at one place of a reply."""
    return sum(math.prod(0.02 if char in _COMMON else 0.001 for char in text) for text in literals)


def _rarest(node: _Node) -> tuple[frozenset[str] | None, frozenset[str] | None]:
    """Return all texts of a node where they are known and few, and the rarest literals that it needs."""
    match node:
        case _Chars(members):
            return members, members
        case _Repeat(part, least, once):
            texts, rarest = _rarest(part)
            if least == 0:
                return (texts | {""} if once and texts is not None else None), None
            if once:
                return texts, rarest
            repeated = _product([texts] * min(least, 4)) if texts else frozenset()
            found = [known for known in (repeated, rarest) if known and "" not in known]
            return None, min(found, key=_frequency, default=None)
        case _Choice(branches):
            both = [_rarest(branch) for branch in branches]
            texts_of = [texts for texts, _ in both if texts is not None]
            together = frozenset().union(*texts_of) if len(texts_of) == len(both) else None
            needed = [rarest for _, rarest in both if rarest is not None]
            return (
                together if together is not None and len(together) <= _MOST_TOGETHER else None,
                frozenset().union(*needed) if len(needed) == len(both) else None,
            )
        case _Sequence(parts):
            return _rarest_in_a_row(parts)


def _rarest_in_a_row(parts: tuple[_Node, ...]) -> tuple[frozenset[str] | None, frozenset[str] | None]:
    row = frozenset({""})
    candidates: list[frozenset[str]] = []
    is_whole = True
    for part in parts:
        texts, rarest = _rarest(part)
        if rarest is not None:
            candidates.append(rarest)
        if texts is not None and len(row) * len(texts) <= _MOST_TOGETHER:
            row = frozenset(before + text for before in row for text in texts)
        else:
            is_whole = False
            candidates.append(row)
            row = texts if texts is not None else frozenset({""})
    candidates.append(row)
    needed = [literals for literals in candidates if literals and "" not in literals]
    return (row if is_whole else None), min(needed, key=_frequency, default=None)


def shortest_texts(pattern: str) -> frozenset[str]:
    """Return the texts that a pattern, or its groups named `hit`, match with nothing repeated more than it must be.

    A disguise is looked for inside them: 没，有办法 hides a text of `没(?:有|什么)?办法`.

    Args:
        pattern: RE2 without references, folded.

    Returns:
        The texts; none where there are more than 400 or where a part could be any character.
    """
    try:
        tree = _parse(pattern)
    except _Unbalanced:
        return frozenset()
    hits = [_shortest(group) for group in _named_hit(tree)] or [_shortest(tree)]
    return frozenset().union(*hits)


def _named_hit(node: _Node) -> Iterator[_Choice]:
    match node:
        case _Choice(branches, name):
            if name == "hit":
                yield node
            else:
                for branch in branches:
                    yield from _named_hit(branch)
        case _Sequence(parts):
            for part in parts:
                yield from _named_hit(part)
        case _Repeat(part):
            yield from _named_hit(part)


def _shortest(node: _Node) -> frozenset[str]:
    """Return the shortest texts of a node; none where they are not known or too many."""
    match node:
        case _Chars(members):
            return members or frozenset()
        case _Repeat(part, least, once):
            if least == 0:
                return frozenset({""}) | (_shortest(part) if once else frozenset())
            return _product([_shortest(part)] * min(least, 8)) if least <= 8 else frozenset()
        case _Choice(branches):
            texts = frozenset().union(*(_shortest(branch) for branch in branches))
            return texts if len(texts) <= _MOST_TEXTS else frozenset()
        case _Sequence(parts):
            return _product([_shortest(part) for part in parts])


def _product(choices: list[frozenset[str]]) -> frozenset[str]:
    texts = {""}
    for choice in choices:
        if len(texts) * len(choice) > _MOST_TEXTS:
            return frozenset()
        texts = {text + more for text in texts for more in choice}
    return frozenset(texts)
