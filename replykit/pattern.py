"""Patterns of rules: RE2 with `{word list}` references, folded as texts are, and the literals that a match needs."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence

import re2

from replykit.errors import PlaybookError
from replykit.snapshot import REFERENCE, Literals, PatternKeys
from replykit.text import fold

__all__ = ["Pattern", "expand"]

# Bytes for one pattern's states. With RE2's own 8 MiB a pattern made of long word lists falls back to a matcher that
# is thirty times slower; only what is used is taken.
_WORTH_COMPILING = 16  # texts; from there on it pays, as the literals of a pattern are looked for one by one
_MOST_MEMORY = 1 << 26
_CAPITALS = re.compile(r"\(\?P<|\\[DSWB]|\\[pP](?:\{\w+\}|[A-Z])")  # those of the syntax
_CODES = (r"\x", r"\Q", r"\\")
_META = frozenset(r"\.+*?()[]{}|^$")
_HIT = re.compile(r"\(\?P?<hit>")
_NEVER = r"[^\x00-\x{10FFFF}]"


def expand(pattern: str, words: Mapping[str, Sequence[str]], _inside: tuple[str, ...] = ()) -> str:
    """Replace every `{name}` by the alternatives of that word list.

    Args:
        pattern: RE2 with references.
        words: the word lists; their entries are patterns and may refer to other lists.

    Returns:
        RE2 without references.

    Raises:
        PlaybookError: a list is unknown, or refers to itself.
    """

    def alternatives(match: re.Match[str]) -> str:
        name = match[1]
        if name not in words:
            raise PlaybookError(f"pattern {pattern!r} refers to the word list {name!r}, which no [words] table defines")
        if name in _inside:
            raise PlaybookError(f"the word list {name!r} refers to itself")
        entries = words[name]
        if not any(_META & set(entry) for entry in entries):
            entries = sorted(entries, key=len, reverse=True)  # the longest first, as RE2 takes the first that fits
        return "(?:" + "|".join(expand(entry, words, (*_inside, name)) for entry in entries) + ")"

    return REFERENCE.sub(alternatives, pattern)


def _folded(source: str) -> str:
    """Fold a pattern as texts are folded."""
    plain = _CAPITALS.sub("", source)
    if fold(plain) == plain and not any(code in source for code in _CODES):
        return source
    from replykit.literals import fold_pattern  # reads the syntax, which most patterns need nobody to do

    return fold_pattern(source)


class Pattern:
    """A compiled pattern over folded text; compiled when first used, as most patterns never are in one run.

    Args:
        sources: patterns with `{word list}` references; one of them is enough.
        words: the word lists.
        keys: finds what is stored of patterns with these word lists; None: everything is derived.
    """

    def __init__(
        self, sources: Sequence[str], words: Mapping[str, Sequence[str]], keys: PatternKeys | None = None
    ) -> None:
        self.sources = tuple(sources)
        self._words = words
        self._keys = keys
        self._parts: dict[int, Pattern] = {}
        self._spared = 0  # times that compiling was thought about

    @functools.cached_property
    def expanded(self) -> list[str]:
        """The sources without references, folded as texts are."""
        return [_folded(expand(source, self._words)) for source in self.sources]

    @functools.cached_property
    def _compiled(self) -> re2._Regexp:
        options = re2.Options()
        options.log_errors = False
        options.max_mem = _MOST_MEMORY
        # RE2 allows a group name once.
        names = itertools.count()
        joined = "|".join(f"(?:{_HIT.sub(lambda _: f'(?P<hit_{next(names)}>', source)})" for source in self.expanded)
        joined = joined or _NEVER  # without a source there is nothing to match, not the empty text everywhere
        try:
            return re2._Regexp(joined, options)
        except re2.error as error:
            for source, expanded in zip(self.sources, self.expanded, strict=True):
                try:
                    re2._Regexp(expanded, options)
                except re2.error as own:
                    raise PlaybookError(f"pattern {source!r} is not RE2: {_reason(own)}") from None
            raise PlaybookError(f"patterns {self.sources!r} are not RE2: {_reason(error)}") from None

    def validate(self) -> None:
        """Compile now.

        Raises:
            PlaybookError: a pattern is not RE2, or refers to an unknown word list.
        """
        self._compiled  # noqa: B018  # compiling is the point

    @functools.cached_property
    def _hit_groups(self) -> tuple[int, ...]:
        return tuple(number for name, number in self._compiled.groupindex.items() if name.startswith("hit_"))

    @functools.cached_property
    def _stored_needs(self) -> list[str] | None:
        """Literals of which every match holds one, if they are stored: to derive them takes as long as to compile."""
        needs = [self._keys.needs(source) if self._keys else None for source in self.sources]
        return None if None in needs else [literal for literals in needs for literal in literals or ()]

    def _cannot_match(self, text: str) -> bool:
        """Return whether a pattern that is not compiled yet need not be for the sake of a text."""
        if "_compiled" in self.__dict__ or self._spared > _WORTH_COMPILING:
            return False
        self._spared += 1
        needs = self._stored_needs
        return needs is not None and not any(literal in text for literal in needs)

    def search(self, text: str) -> bool:
        """Return whether the folded text holds a match."""
        return not self._cannot_match(text) and self._compiled.search(text) is not None

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield the span of every match: of its group `hit` where it has one."""
        for match in () if self._cannot_match(text) else self._compiled.finditer(text):
            for number in self._hit_groups:
                if match.span(number) != (-1, -1):
                    yield match.span(number)
                    break
            else:
                yield match.span()

    def covers(self, text: str, start: int, end: int) -> bool:
        """Return whether a match covers a part of the folded text, also one that begins inside another match."""
        if self._cannot_match(text):
            return False
        at = 0
        while (match := self._compiled.search(text, at)) is not None and match.start() <= start:
            if end <= match.end():
                return True
            at = match.start() + 1
        return False

    def groups(self, text: str) -> tuple[tuple[int, int], ...] | None:
        """Return the spans of the first match and of its groups, (-1, -1) for a group that took no part."""
        match = self._compiled.search(text)
        return None if match is None else tuple(match.span(n) for n in range(self._compiled.groups + 1))

    @functools.cached_property
    def literals(self) -> Literals:
        """The literals without which no text need be searched, and those that may stand disguised."""
        triggers: set[str] = set()
        disguised: set[str] = set()
        for found in self.literals_by_source:
            if found.triggers is None:
                return Literals(None, frozenset())
            triggers |= found.triggers
            disguised |= found.disguised
        return Literals(frozenset(triggers), frozenset(disguised))

    @functools.cached_property
    def literals_by_source(self) -> list[Literals]:
        """The literals of each of the sources."""
        return [
            (self._keys and self._keys.literals(source)) or self.derived_literals(source) for source in self.sources
        ]

    def of_source(self, number: int) -> Pattern:
        """Return one of the sources as a pattern of its own."""
        if number not in self._parts:
            self._parts[number] = Pattern(self.sources[number : number + 1], self._words, self._keys)
        return self._parts[number]

    def derived_literals(self, source: str) -> Literals:
        """Return the literals of one of the sources, read off its structure and not from what is stored."""
        from replykit.literals import needed_literals, rarest_literals, shortest_texts

        expanded = _folded(expand(source, self._words))
        needed = needed_literals(expanded)
        if needed is None:
            return Literals(None, frozenset())
        shortest = {text for text in shortest_texts(expanded) if text.isalnum()}
        return Literals(rarest_literals(expanded), frozenset(text for text in needed | shortest if len(text) > 1))


def _reason(error: Exception) -> str:
    text = error.args[0] if error.args else str(error)
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
