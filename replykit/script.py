"""Which language and script a text is written in, and what in it is written in another."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from importlib import resources
from typing import TYPE_CHECKING

from replykit.language import LanguageProfile
from replykit.leaking import Leaks
from replykit.loader import built_in_profiles
from replykit.records import Language
from replykit.records.terms import UNKNOWN
from replykit.vocabulary import Screen, Vocabulary
from replykit.writing import ALPHABETS, HAN, LATIN, LATIN_LETTERS, OTHER, WORD, class_of, other_alphabets, own_words

if TYPE_CHECKING:
    from replykit.playbook import Playbook

__all__ = ["Tongues", "detect_language", "languages_of", "leaks", "only", "other_alphabets", "tongues_of"]

# What another language, a code, a link or a quotation holds one of; a text without is in Chinese or in none.
_UNPLAIN = re.compile(rf"[A-Za-z\u0080-\u024f{OTHER}“「『‘\"【《`@{{\[<#]")


_BARE = 2
_FEW_LETTERS, _FEW_WORDS = 3, 4  # of a sentence; a product's name has fewer words in small letters
_SHORT = 10_000  # code points


class Tongues:
    """Languages that are told from each other.

    Args:
        profiles: what is known of each.
    """

    def __init__(self, profiles: Sequence[LanguageProfile]) -> None:
        self.profiles = {profile.id: profile for profile in profiles}
        self._vocabularies = [Vocabulary.of(profile) for profile in profiles if profile.spaced]
        self._screen = Screen(profiles)
        # Of each script of Chinese, the characters that show it.
        shows = {
            profile.id: (_table(profile.table) if profile.table else "") + profile.shows
            for profile in profiles
            if profile.scripts == ("Han",)
        }
        self._shown = [(language, re.compile(f"[{re.escape(chars)}]")) for language, chars in shows.items() if chars]
        self._known = functools.lru_cache(maxsize=32)(self.read)  # one customer is answered by many replies
        self._leaks = Leaks(self.profiles, self._vocabularies, shows, self._screen)

    def space(self, language: Language | None) -> str:
        """Return what stands between two sentences of a language; nothing where it is not known."""
        profile = self.profiles.get(language or "")
        return " " if profile and profile.spaced else ""

    def locale(self, language: Language) -> str:
        """Return a language with a region, for tools that ask for both; the language alone where no region is known."""
        profile = self.profiles.get(language)
        return (profile.locale if profile else "") or language.partition("-")[0]

    def name(self, language: Language) -> str:
        """Return what the speakers of a language call it; its tag where that is not known."""
        profile = self.profiles.get(language)
        return profile.name if profile else "the customer's language" if language == UNKNOWN else language

    def is_foreign(self, text: str) -> bool:
        """Return whether a text is words of a language that is not known, and not a name, a code or an emoji alone."""
        if self.of(text):
            return False
        own = own_words(text)
        small = [word for word in WORD.findall(own) if len(word) > 1 and word.islower() and LATIN.match(word)]
        return len(re.findall(f"[{OTHER}]", own)) >= _FEW_LETTERS or len(small) >= _FEW_WORDS

    def named(self, word: str) -> str:
        """Return the tag of a language that somebody named in words or by another tag; any other word as it is."""
        small = word.lower()
        for language, profile in self.profiles.items():
            if small in (language.lower(), profile.name.lower(), *profile.called):
                return language
        return word

    def is_own(self, language: Language | None, char: str) -> bool:
        """Return whether a letter or digit may belong to a language's words; one that is not known is Chinese."""
        profile = self.profiles.get(language or "")
        scripts = profile.scripts if profile else ("Han",)
        return class_of(scripts).match(char) is not None or ("Han" not in scripts and char.isascii())

    def leaks(self, text: str, language: Language | None) -> tuple[tuple[int, int], ...]:
        """Return what is written in another script or language than the one asked for; see the function `leaks`."""
        return self._leaks.find(text, language)

    def of(self, text: str) -> tuple[Language, ...]:
        """Return what a text may be written in: its language, or several where it shows of which of them it is none.

        Args:
            text: any text; time grows with its length.

        Returns:
            Nothing where the text says nothing of it: digits, emoji, names, a language that is not known.
        """
        return self._known(text) if len(text) <= _SHORT else self.read(text)

    def read(self, text: str) -> tuple[Language, ...]:
        """Return what `of` does, which remembers it for a while."""
        own = text
        if _UNPLAIN.search(text):
            own = own_words(text)
            han = len(re.findall(f"[{HAN}]", own))
            other = self._of_other_alphabet(own, han)
            if other is not None:
                return other
            words = self._screen.hidden(own) if han else own
            if han and not self._leaks.has_grammar(own):
                han = min(han, _BARE)  # names, labels and addresses, however long, make no Chinese sentence
            spoken = _most({one.language: one.told(words, han) for one in self._vocabularies})
            if spoken:
                return spoken
        shown = [len(pattern.findall(own)) for _, pattern in self._shown]
        most = max(shown, default=0)
        if not most and not re.search(f"[{HAN}]", own):
            return ()
        return tuple([language for (language, _), count in zip(self._shown, shown, strict=True) if count == most])

    def _of_other_alphabet(self, own: str, han: int) -> tuple[Language, ...] | None:
        """Return the languages of the alphabet that a text is mostly in; None where that is Chinese or Latin."""
        if not re.search(f"[{OTHER}]", own):
            return None
        letters = {name: len(re.findall(f"[{chars}]", own)) for name, chars in ALPHABETS.items()}
        latin = len(re.findall(f"[{LATIN_LETTERS}]", own))
        name = max(letters, key=lambda name: letters[name])
        # Japanese shares its Chinese characters, so that its own ones stand between them.
        if letters[name] < (max(2, han // 3) if name == "Kana" else max(han, latin) + 1):
            return None
        written = tuple(profile.id for profile in self.profiles.values() if name in profile.scripts)
        return _most({one.language: one.told(own, han) for one in self._vocabularies}) or written


def _most(told: dict[Language, tuple[int, int]]) -> tuple[Language, ...]:
    best = max(told.values(), default=(0, 0))
    return tuple(language for language, value in told.items() if value == best and any(value))


@functools.cache
def _table(name: str) -> str:
    lines = resources.files("replykit").joinpath("data", "script.txt").read_bytes().decode("utf-8").splitlines()
    return lines[0 if name == "simplified" else 1]


@functools.cache
def _built_in() -> Tongues:
    return Tongues(built_in_profiles())


_OF_PLAYBOOKS: dict[tuple[LanguageProfile, ...], Tongues] = {}


def tongues_of(*playbooks: Playbook) -> Tongues:
    """Return the languages that can be told where some playbooks are at hand: the built-in ones and theirs.

    Args:
        playbooks: of which each may say how its languages are told.
    """
    if all(not playbook.profiles for playbook in playbooks):
        return _built_in()
    own = tuple(profile for playbook in playbooks for profile in playbook.profiles)
    if own not in _OF_PLAYBOOKS:
        known = {profile.id: profile for profile in (*_built_in().profiles.values(), *reversed(own))}
        _OF_PLAYBOOKS[own] = Tongues(list(known.values()))
    return _OF_PLAYBOOKS[own]


def detect_language(text: str) -> Language | None:
    """Return the language and script of a text, among the built-in ones.

    Chinese is told by characters of one script only (订 or 訂), so a text of shared characters alone (您好) has no
    script: to call it simplified would hold the reply to a Taiwanese customer to the wrong one. Where both scripts
    appear, the one with more such characters wins. English is told by the words that bear its grammar; product names
    and codes decide nothing. Links, codes and quotations do not count where there is anything else.

    Args:
        text: any text; time grows with its length.

    Returns:
        The language; None where nothing decides it: digits, emoji, names, shared characters, a tie, another language.
    """
    return only(_built_in().of(text))


def only(languages: Sequence[Language]) -> Language | None:
    """Return the one language of several that a text may be in; None where it is open."""
    return languages[0] if len(languages) == 1 else None


def languages_of(text: str) -> tuple[Language, ...]:
    """Return what a text may be written in, among the built-in languages; see `Tongues.of`."""
    return _built_in().of(text)


def leaks(text: str, language: Language | None) -> tuple[tuple[int, int], ...]:
    """Return what is written in another script or language than the one asked for.

    In a Chinese reply: characters that only the other script has, English clauses, other alphabets. In an English
    reply: Chinese clauses, other alphabets. Quotations, titles, labels, codes, links, names after 姓名 or 收件人,
    product names and abbreviations (APP, Wi-Fi, iPhone 15 Pro Max) may be as they are.

    Args:
        text: the reply; time grows with its length.
        language: what it should be written in; None: nothing is asked for.

    Returns:
        Spans `(start, end)` in order, not overlapping. A Chinese name of up to four characters among English words,
        and an English label in capitals without quotation marks, are taken for what they are; so a two-word English
        heading passes.
    """
    return _built_in().leaks(text, language)
