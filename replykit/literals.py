"""The literals of a pattern: what every match of it holds, and the shortest texts that it matches."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from replykit.text import fold

__all__ = ["fold_pattern", "hit_groups", "needed_literals", "shortest_texts"]

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


def hit_groups(pattern: str) -> tuple[int, tuple[int, ...]]:
    """Return how many groups a pattern captures, and the numbers of those named `hit`, counted from 1."""
    names = [token["name"] for token in _TOKEN.finditer(pattern) if token["open"] and not token["unnumbered"]]
    return len(names), tuple(number for number, name in enumerate(names, 1) if name == "hit")


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
            parts.append(_Repeat(parts.pop(), least, once=token[0][0] == "?" or (least == 1 and token["upto"] is None)))
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
