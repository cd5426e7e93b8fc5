"""Template variables, links, addresses and codes: where they stand, and what a rewrite did to them."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import re2

from replykit.errors import PlaybookError
from replykit.playbook import PlaceholderSyntax
from replykit.prefilter import Prefilter

__all__ = ["Difference", "Placeholder", "PlaceholderFinder", "differences"]

_SURROGATE = re.compile("[\ud800-\udfff]")
_SURROGATES = dict.fromkeys(range(0xD800, 0xE000), 0xFFFD)  # RE2 reads UTF-8, which has none


@dataclass(frozen=True, slots=True)
class Placeholder:
    """One placeholder in a text.

    Attributes:
        syntax: the id of the syntax that found it.
        start: first code point.
        end: one past its last.
        text: `text[start:end]`.
        key: what is compared: the text without what the syntax ignores, such as the spaces in `{{ name }}`.
    """

    syntax: str
    start: int
    end: int
    text: str
    key: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One placeholder that a reply does not carry over from its draft as it stood there.

    Attributes:
        kind: `missing`, it is gone; `altered`, the reply says it otherwise or translates it; `count`, it stands more or
            fewer times; `added`, the draft has none like it.
        start: first code point in the reply; where it is missing, the place where it would stand, which is `end` too.
        end: one past its last code point in the reply.
        text: the placeholder concerned: as the draft has it, or as the reply has it where it is added.
        syntax: the id of its syntax.
    """

    kind: Literal["missing", "added", "altered", "count"]
    start: int
    end: int
    text: str
    syntax: str


@functools.lru_cache(maxsize=1024)
def _compile(id: str, pattern: str) -> re2._Regexp:
    options = re2.Options()
    options.log_errors = False
    try:
        return re2._Regexp(pattern, options)
    except re2.error as error:
        reason = error.args[0] if error.args else error
        reason = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else reason
        raise PlaybookError(f"placeholder {id!r}: {pattern!r} is not RE2: {reason}") from None


class PlaceholderFinder:
    """Finds the placeholders of some syntaxes; of two that overlap the longer counts, of equal ones the later syntax.

    Args:
        syntaxes: what a placeholder looks like.

    Raises:
        PlaybookError: a pattern is not RE2.
    """

    def __init__(self, syntaxes: Sequence[PlaceholderSyntax]) -> None:
        self._syntaxes = tuple(syntaxes)
        self._patterns = [_compile(syntax.id, syntax.pattern) for syntax in self._syntaxes]
        self._groups = [pattern.groupindex.get("hit", 0) for pattern in self._patterns]
        self._prefilter = Prefilter([syntax.pattern] for syntax in self._syntaxes)
        self._ignored = [_compile(syntax.id, syntax.ignore) if syntax.ignore else None for syntax in self._syntaxes]

    def find(self, text: str) -> tuple[Placeholder, ...]:
        """Return the placeholders of a text, in order, none overlapping another.

        Args:
            text: any text; time grows with its length.
        """
        numbers = self._prefilter.may_match(text)
        if not numbers:
            return ()
        readable = text.translate(_SURROGATES) if _SURROGATE.search(text) else text
        spans: list[tuple[int, int, int]] = []  # (negative length, negative number of the syntax, start)
        for number in numbers:
            for match in self._patterns[number].finditer(readable):
                start, end = match.span(self._groups[number])
                if end > start:
                    spans.append((start - end, -number, start))
        taken = bytearray(len(text))
        found = []
        for negative_length, negative_number, start in sorted(spans):
            end = start - negative_length
            # Whatever is taken is at least as long, so an overlap shows at one of the two ends.
            if taken[start] or taken[end - 1]:
                continue
            taken[start:end] = b"\1" * (end - start)
            syntax = self._syntaxes[-negative_number]
            if not syntax.look_alike:
                key = self._key(-negative_number, readable[start:end])
                found.append(Placeholder(syntax.id, start, end, text[start:end], key))
        return tuple(sorted(found, key=lambda placeholder: placeholder.start))

    def _key(self, number: int, text: str) -> str:
        ignored = self._ignored[number]
        if ignored is None:
            return text
        kept = ignored.sub(lambda match: (match.group(1) or "") if ignored.groups else "", text)
        return kept or self._syntaxes[number].id


def differences(finder: PlaceholderFinder, draft: str, reply: str) -> tuple[Difference, ...]:
    """Return what a reply does not carry over from its draft: the same placeholders, letter by letter, as many times.

    Args:
        finder: finds the placeholders of both.
        draft: what was rewritten.
        reply: what it became.

    Returns:
        The differences in the order of the reply; at most one `missing` and one `count` for one placeholder. Nothing
        where the two are equal.
    """
    if draft == reply:
        return ()
    wanted, given = _by_key(finder.find(draft)), _by_key(finder.find(reply))
    if not wanted and not given:
        return ()
    missing = [places[0] for key, places in wanted.items() if key not in given]
    added = {key: places for key, places in given.items() if key not in wanted}
    found: list[Difference] = []
    for key, places in wanted.items():
        there = given.get(key, ())
        if there and len(there) != len(places):
            last = there[-1]
            found.append(Difference("count", last.start, last.end, places[0].text, last.syntax))
    lost: list[Placeholder] = []
    for placeholder, spans in _altered(missing, added, reply):
        if spans:
            found += [Difference("altered", start, end, placeholder.text, placeholder.syntax) for start, end in spans]
        else:
            lost.append(placeholder)
    for placeholder, place in zip(lost, _places(lost, draft, reply), strict=True):
        found.append(Difference("missing", place, place, placeholder.text, placeholder.syntax))
    for places in added.values():
        found += [Difference("added", here.start, here.end, here.text, here.syntax) for here in places]
    return tuple(sorted(found, key=lambda difference: (difference.start, difference.end)))


def _by_key(placeholders: Iterable[Placeholder]) -> dict[str, list[Placeholder]]:
    found: dict[str, list[Placeholder]] = {}
    for placeholder in placeholders:
        found.setdefault(placeholder.key, []).append(placeholder)
    return found


def _letters(text: str) -> str:
    """Return what is left of a placeholder when width, case, spaces and marks are forgotten."""
    return "".join(char for char in unicodedata.normalize("NFKC", text).casefold() if char.isalnum())


def _altered(
    missing: Iterable[Placeholder], added: dict[str, list[Placeholder]], reply: str
) -> Iterator[tuple[Placeholder, list[tuple[int, int]]]]:
    """Yield each missing placeholder with the places where the reply has it otherwise; what is used leaves `added`."""
    missing = list(missing)
    if not missing:
        return
    by_letters: dict[str, list[str]] = defaultdict(list)
    for key, places in reversed(added.items()):  # the first is taken from the end
        by_letters[_letters(places[0].text)].append(key)
    wanted = {letters for placeholder in missing if (letters := _letters(placeholder.text))}
    otherwise: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for match in _BRACKETED.finditer(reply.translate(_SURROGATES)):
        if (letters := _letters(match.group())) in wanted:
            otherwise[letters].append(match.span())
    pairs: dict[int, list[tuple[int, int]]] = {}
    for number, placeholder in enumerate(missing):
        letters = _letters(placeholder.text)
        if letters and by_letters[letters]:
            pairs[number] = [(here.start, here.end) for here in added.pop(by_letters[letters].pop())]
        elif letters and otherwise[letters]:
            pairs[number] = otherwise.pop(letters)
    # What is left of one syntax on both sides was translated or rewritten, in the order in which it stood.
    by_syntax: dict[str, list[str]] = defaultdict(list)
    for key, places in reversed(added.items()):
        by_syntax[places[0].syntax].append(key)
    for number, placeholder in enumerate(missing):
        if number not in pairs and by_syntax[placeholder.syntax]:
            pairs[number] = [(here.start, here.end) for here in added.pop(by_syntax[placeholder.syntax].pop())]
        yield placeholder, pairs.get(number, [])


_BRACKETED = _compile(
    "brackets",
    r"[\[{(<#$%_`【「『《〈（｛［〔＃＄％＿]+[^\[{(<【「『《〈（｛［〔\]})>】」』》〉）｝］〕。！？\n]{1,80}"
    r"[\]})>#%_`】」』》〉）｝］〕＃％＿]+",
)
_CONTEXTS = (6, 4, 2)  # code points of the draft before a placeholder that are looked for in the reply


def _places(lost: Sequence[Placeholder], draft: str, reply: str) -> list[int]:
    """Return where each lost placeholder would stand: after the words before it, before those after it, or the end."""
    if not lost:
        return []
    end = len(reply.rstrip())
    places: list[int | None] = [None] * len(lost)
    for length in _CONTEXTS:
        before = [draft[max(0, p.start - length) : p.start] for p in lost]
        after = [draft[p.end : p.end + length] for p in lost]
        wanted = {context for context in (*before, *after) if len(context) == length and context.strip()}
        where: dict[str, int] = {}
        for start in range(len(reply) - length + 1):
            if (context := reply[start : start + length]) in wanted:
                where.setdefault(context, start)
        for number, place in enumerate(places):
            if place is None and before[number] in where:
                places[number] = where[before[number]] + length
            elif place is None and after[number] in where:
                places[number] = where[after[number]]
    return [end if place is None else place for place in places]
