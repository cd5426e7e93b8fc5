"""What of a reply is in a language or script that was not asked for."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping, Sequence

from replykit.language import LanguageProfile
from replykit.records import Language
from replykit.vocabulary import Screen, Vocabulary, every_word
from replykit.writing import (
    ALPHABETS,
    HAN,
    HAN_RUN,
    HIDDEN,
    LATIN,
    LATIN_LETTERS,
    SENTENCE,
    WORD,
    any_of,
    class_of,
    hide,
    other_alphabets,
    own_words,
)

__all__ = ["Leaks"]

_CODE_MARKS = frozenset("_={}<>|\\$;*")
_LONGEST_NAME, _LONGEST_LABEL = 4, 10  # Chinese characters
_STOPS = frozenset(",;:.!?，；：。！？\n")
_SENTENCE_OF = 6  # words that are no names; a reply in its own language holds one of grammar among so many
_NEAR = 12  # code points between two things that belong together


class Leaks:
    """Finds them, among languages that are told from each other.

    Args:
        profiles: what is known of each language.
        vocabularies: of those that part their words by spaces.
        characters: of each script of a language that has several, what shows it.
        screen: knows a screen's wording.
    """

    def __init__(
        self,
        profiles: Mapping[Language, LanguageProfile],
        vocabularies: Sequence[Vocabulary],
        characters: Mapping[Language, str],
        screen: Screen,
    ) -> None:
        self._profiles, self._vocabularies, self._characters, self._screen = profiles, vocabularies, characters, screen
        self._foreign: dict[Language, tuple[re.Pattern[str], re.Pattern[str]]] = {}

    def find(self, text: str, language: Language | None) -> tuple[tuple[int, int], ...]:
        """Return what is written otherwise than asked for; `replykit.script.leaks` says what that is.

        Args:
            text: the reply; time grows with its length.
            language: what it should be written in; None, or one that is not known: nothing is told of it.
        """
        profile = self._profiles.get(language or "")
        if profile is None:
            return ()
        is_chinese = "Han" in profile.scripts
        if is_chinese and not self._foreign_to(profile)[0].search(text):
            return ()  # as in most replies
        own, letters = own_words(text), class_of(profile.scripts)
        found = [span for span in other_alphabets(text) if not letters.match(text[span[0]])]
        own = _without(own, found)
        if is_chinese:
            own = hide(self._named, own)
            found += self._characters_of_others(own, profile)
            found += self._latin_clauses(own)
        else:
            found += self._han_clauses(own, profile)
            found += self._sentences_of_others(own, profile)
            found = found or list(self._of_none(own, profile))
        return tuple(sorted(found))

    def _foreign_to(self, profile: LanguageProfile) -> tuple[re.Pattern[str], re.Pattern[str]]:
        """Return what cannot be a language's own: any letter, and of those the characters of its other scripts."""
        known = self._foreign.get(profile.id)
        if known is None:
            tongue = profile.id.partition("-")[0]
            alphabets = "".join(chars for name, chars in ALPHABETS.items() if name not in profile.scripts)
            others = "".join(
                re.escape(shows)
                for language, shows in self._characters.items()
                if language != profile.id and language.partition("-")[0] == tongue
            )
            known = self._foreign[profile.id] = (
                re.compile(f"[{LATIN_LETTERS}{alphabets}{others}]"),
                re.compile(f"[{others}]" if others else r"(?!)"),
            )
        return known

    def _characters_of_others(self, text: str, profile: LanguageProfile) -> Iterator[tuple[int, int]]:
        """Yield runs of the other script; shared characters between two that give it away belong to the run."""
        run: tuple[int, int] | None = None
        for match in self._foreign_to(profile)[1].finditer(text):
            start, end = match.span()
            if run and start - run[1] <= 3 and all("\u4e00" <= char <= "\u9fff" for char in text[run[1] : start]):
                run = (run[0], end)
            else:
                if run:
                    yield run
                run = (start, end)
        if run:
            yield run

    @functools.cached_property
    def _named(self) -> re.Pattern[str]:
        """A name, which keeps the script of its owner, with the word before it."""
        names, copulas, firms = (
            any_of(every_word(list(self._profiles.values()), field)) for field in ("names", "copulas", "firms")
        )
        return re.compile(
            rf"(?:{names})(?:{copulas}|[:：])?\s?[{HAN}·]{{2,4}}|(?:{firms})[:：]\s?[{HAN}·（）()A-Za-z]{{2,30}}"
        )

    @functools.cached_property
    def _grammar(self) -> tuple[re.Pattern[str], re.Pattern[str]]:
        """What hardly stands in a Chinese name, and what stands in a Chinese sentence."""
        chinese = [p for p in self._profiles.values() if p.scripts == ("Han",)]
        strong, weak = (any_of(every_word(chinese, field)) for field in ("strong", "weak"))
        return re.compile(strong), re.compile(weak)

    def has_grammar(self, text: str) -> bool:
        """Return whether a text holds a Chinese word that bears the grammar of a sentence."""
        return any(pattern.search(text) for pattern in self._grammar)

    def _han_clauses(self, text: str, profile: LanguageProfile) -> Iterator[tuple[int, int]]:
        strong, weak = self._grammar
        letters, between = class_of(profile.scripts), frozenset(profile.weak.split())
        has_own = letters.search(text) is not None  # a reply without any is none in its language with a name in it
        label_end: int | None = None
        for match in HAN_RUN.finditer(text):
            run = match[0]
            # Behind one label (tap 我的) others follow: and then 我的订单.
            size = sum(map(str.isalpha, run))
            goes_on = label_end is not None and _leads_on(text[label_end : match.start()], between)
            if size <= _LONGEST_LABEL and (goes_on or self._screen.shows(text, *match.span())):
                label_end = match.end()
                continue
            is_long = size > _LONGEST_NAME
            if not has_own or strong.search(run) or (is_long and weak.search(run)):
                yield match.span()

    def _latin_clauses(self, text: str) -> Iterator[tuple[int, int]]:
        for match in LATIN.finditer(text):
            start, end = match.span()
            is_code = _CODE_MARKS & {text[max(0, start - 1) : start], text[end : end + 1]}
            if " " not in match[0] or is_code or self._screen.shows(text, start, end):
                continue
            if any(vocabulary.is_clause(match[0]) for vocabulary in self._vocabularies):
                yield start, end

    def _sentences_of_others(self, text: str, profile: LanguageProfile) -> Iterator[tuple[int, int]]:
        """Yield the sentences that are in another language with the same letters."""
        known = next((one.known for one in self._vocabularies if one.language == profile.id), frozenset[str]())
        others = [one for one in self._vocabularies if one.language != profile.id]
        for match in LATIN.finditer(text) if others else ():
            for part in SENTENCE.finditer(match[0]):
                words = [word.replace("’", "'").lower() for word in WORD.findall(part[0])]
                spoken = sum(word in known for word in words)
                start = match.start() + part.end() - len(part[0].lstrip())
                end = match.start() + part.start() + len(part[0].rstrip())
                if any(_is_of(other, words, spoken) for other in others) and not self._screen.shows(text, start, end):
                    yield start, end

    def _of_none(self, text: str, profile: LanguageProfile) -> Iterator[tuple[int, int]]:
        """Yield a text that has the letters of a language, enough words for a sentence, and not one that it shows by.

        No list need know the language that it is in: Lo sentimos mucho, su pedido llegará mañana.
        """
        mine = next((one for one in self._vocabularies if one.language == profile.id), None)
        words = [word.replace("’", "'") for word in WORD.findall(text)]
        small = [word for word in words if word[0].islower()]
        told = mine.known - mine.shared if mine else frozenset[str]()
        if told and len(small) >= _SENTENCE_OF and told.isdisjoint(word.lower() for word in words):
            yield len(text) - len(text.lstrip()), len(text.rstrip())


def _leads_on(between: str, weak: frozenset[str]) -> bool:
    """Return whether one label and the next belong together: parted by grammatical words or arrows alone."""
    is_parted = len(between) > _NEAR or not _STOPS.isdisjoint(between)
    return not is_parted and weak.issuperset(word.lower() for word in WORD.findall(between))


def _without(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """Return a text with some spans hidden."""
    pieces, last = [], 0
    for start, end in spans:
        pieces += [text[last:start], HIDDEN * (end - start)]
        last = end
    return "".join((*pieces, text[last:]))


def _is_of(other: Vocabulary, words: Sequence[str], spoken: int) -> bool:
    known = sum(word in other.known for word in words)
    return known > 2 and known > 2 * spoken and any(word in other.strong for word in words)
