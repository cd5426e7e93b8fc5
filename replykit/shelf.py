"""The playbooks at hand, and which of them a conversation is answered by."""

from __future__ import annotations

import functools
import itertools
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from os import PathLike, fspath
from typing import Any, NamedTuple, TypeAlias

from replykit.checker import Checker, checker_for
from replykit.errors import UsageError
from replykit.fixer import Fixer
from replykit.loader import load_playbook
from replykit.playbook import Playbook
from replykit.records import AUTO, Language, Report, Turn
from replykit.records.terms import UNKNOWN
from replykit.registrar import Registrar
from replykit.script import Tongues, tongues_of
from replykit.seams import Seams
from replykit.snapshot import BUILT_IN, built_in_folder, loaded_name

__all__ = ["Bench", "Choice", "Playbooks", "Shelf"]

# One playbook, or several of which each answers in its own languages.
Playbooks: TypeAlias = str | PathLike[str] | Playbook | Sequence[str | PathLike[str] | Playbook]


class Bench:
    """One playbook with what judges, mends, cuts and reads by it, each made when it is first needed.

    Args:
        playbook: the rules.
    """

    def __init__(self, playbook: Playbook) -> None:
        self.playbook = playbook

    @functools.cached_property
    def checker(self) -> Checker:
        """Finds violations."""
        return checker_for(self.playbook)

    @functools.cached_property
    def fixer(self) -> Fixer:
        """Repairs without a model."""
        return Fixer(self.checker)

    @functools.cached_property
    def seams(self) -> Seams:
        """Where a reply that is being written may be cut."""
        return Seams(self.checker)

    @functools.cached_property
    def registrar(self) -> Registrar:
        """Reads complaint records."""
        return Registrar(self.checker)


class Choice(NamedTuple):
    """What a conversation is answered by.

    Attributes:
        bench: the playbook, with what judges by it.
        language: what the reply is held to; None leaves it to the check.
        is_held: False where no playbook at hand holds the language, so that no rule can judge a reply in it.
    """

    bench: Bench
    language: Language | None
    is_held: bool = True


class Shelf:
    """Playbooks by the languages that they declare.

    Those that are given are read at once, so that what is wrong with one is said before a customer writes in its
    language. Of built-in ones that are not given, only their languages are, until `auto` needs one.

    Args:
        playbooks: one or several, the first for whatever decides no language.
        language: what is asked for where nothing is; as for `choose`.

    Raises:
        UsageError: there is none, or none for the language.
        PlaybookError: one is missing or wrong.
    """

    def __init__(self, playbooks: Playbooks, language: Language | None = None) -> None:
        given = [playbooks] if isinstance(playbooks, (str, PathLike, Playbook)) else list(playbooks)
        if not given:
            raise UsageError("playbook is an empty list; give at least one playbook")
        self.playbooks: tuple[Playbook, ...] = tuple(map(_loaded, given))
        self._benches = {id(playbook): Bench(playbook) for playbook in self.playbooks}
        self.names: tuple[str | None, ...] = tuple(map(_built_in_name, given))
        for playbook, name in zip(self.playbooks, self.names, strict=True):
            if name is None or playbook is self.first:
                _ = self.bench(playbook).checker  # a pattern that refers to nothing is said at once, too
        self.language: Language | None = None
        self.choose(language)
        self.language = language

    @property
    def first(self) -> Playbook:
        """The playbook for whatever decides no language."""
        return self.playbooks[0]

    @functools.cached_property
    def tongues(self) -> Tongues:
        """What a text is told to be in."""
        return tongues_of(*self.playbooks)

    @property
    def languages(self) -> tuple[Language, ...]:
        """What may be asked for: what the playbooks declare; of one playbook alone, whatever can be told."""
        own = [one for playbook in self.playbooks for one in playbook.languages]
        return tuple(dict.fromkeys([*own, *(self.tongues.profiles if len(self.playbooks) == 1 else ())]))

    def _widens(self, *languages: Language | None) -> bool:
        """Return whether built-in playbooks count that were not given: with `auto`, and beside no company's own one."""
        return AUTO in languages and None not in self.names

    def within_reach(self, language: Language | None) -> tuple[Playbook, ...]:
        """Return every playbook that a language may choose, the given ones first; what is not read yet is read."""
        others = [name for name in _built_in_languages() if name not in self.names] if self._widens(language) else []
        return (*self.playbooks, *map(load_playbook, others))

    def bench(self, playbook: Playbook) -> Bench:
        """Return the bench of a playbook."""
        return self._benches.setdefault(id(playbook), Bench(playbook))

    def choose(
        self,
        language: Language | None,
        *,
        customer: str | None = None,
        history: Sequence[Turn] = (),
        draft: str | None = None,
        text: str | None = None,
    ) -> Choice:
        """Return which playbook a conversation is answered by, and in which language.

        A language that is asked for is that of the first playbook whose first language it is, else of the first that
        declares it. `auto` follows the customer's message, else the customer's earlier ones, the draft, what the agent
        said, and the text itself; of scripts that these leave open, the chosen playbook's first. A customer who writes
        in a language that nobody here knows, with nothing else to go by, is answered in none (`und`). One playbook
        alone, without `auto`, answers in whatever language is asked for, and leaves it to the check to decide it.

        Args:
            language: the one asked for, `auto`, or None: the shelf's own, else as `auto` among several playbooks.
            customer: the customer's message.
            history: earlier turns, oldest first.
            draft: the draft that is rewritten.
            text: the reply itself, where it is there already.

        Raises:
            UsageError: no playbook at hand is for the language asked for.
        """
        language = language or self.language
        if language not in (None, AUTO):
            return self._asked(language)
        if language is None and len(self.playbooks) == 1:
            return Choice(self.bench(self.first), None)
        said = [turn.text for turn in reversed(history) if turn.role == "customer"]
        told = [turn.text for turn in reversed(history) if turn.role == "agent"]
        open_ones: tuple[Language, ...] = ()
        for material in (customer, *said, draft, *told, text):
            spoken = self.tongues.of(material) if material else ()
            open_ones = tuple(one for one in open_ones if one in spoken) or open_ones or spoken
            if len(open_ones) == 1:
                break
        if not open_ones:
            if customer and self.tongues.is_foreign(customer):
                return Choice(self.bench(self.first), UNKNOWN, is_held=False)
            return Choice(self.bench(self.first), self.first.languages[0])
        for playbook in self._holding(open_ones, widened=self._widens(language)):
            own = [one for one in playbook.languages if one in open_ones]
            return Choice(self.bench(playbook), own[0])
        return Choice(self.bench(self.first), open_ones[0], is_held=False)

    def choose_for(self, text: str, language: Language | None, given: Mapping[str, Any]) -> Choice:
        """Return which playbook a text that is there already is judged by.

        Args:
            text: the reply.
            language: as for `choose`.
            given: what it is checked with, as the checker takes it.
        """
        customer, history, draft = given["customer"], given["history"], given["draft"]
        return self.choose(language, customer=customer, history=history, draft=draft, text=text)

    def check(self, text: str, language: Language | None, given: Mapping[str, Any]) -> Report:
        """Check a reply by the playbook for its conversation; arguments as for `choose_for`."""
        choice = self.choose_for(text, language, given)
        checker = choice.bench.checker
        report = checker.check(text, language=choice.language, **given)
        return report if choice.is_held else checker.reporter.unjudged(report)

    def playbook_for(self, language: Language | None) -> Playbook:
        """Return the playbook for a language that was chosen, as a reply or a record tells it."""
        if language is None:
            return self.first
        held = itertools.chain(
            self._holding((language,), widened=False), self._holding((language,), widened=self._widens(AUTO))
        )
        return next(held, self.first)

    def _asked(self, language: Language) -> Choice:
        if isinstance(language, str):
            for playbook in self._holding((language,), widened=self._widens(self.language)):
                return Choice(self.bench(playbook), language)
            if language in self.languages:
                return Choice(self.bench(self.first), language, is_held=self.language != AUTO)
        known = ", ".join([*self.languages, AUTO])
        raise UsageError(f"language: no playbook at hand is for {language!r}; known: {known}")

    def _holding(self, languages: Sequence[Language], *, widened: bool) -> Iterator[Playbook]:
        """Yield the playbooks that hold one of some languages: those whose first it is before those that also do.

        Where several are open still, the order of the playbooks alone counts, so that the first answers what it can.
        """
        others = {name: held for name, held in _built_in_languages().items() if widened and name not in self.names}
        for is_first in (True, False) if len(languages) == 1 else (False,):
            for playbook in self.playbooks:
                if not set(languages).isdisjoint(playbook.languages[: 1 if is_first else None]):
                    yield playbook
            for name, held in others.items():
                if not set(languages).isdisjoint(held[: 1 if is_first else None]):
                    yield load_playbook(name)


def _loaded(playbook: str | PathLike[str] | Playbook) -> Playbook:
    return playbook if isinstance(playbook, Playbook) else load_playbook(fspath(playbook))


def _built_in_name(playbook: str | PathLike[str] | Playbook) -> str | None:
    if isinstance(playbook, Playbook):
        return loaded_name(playbook)
    return fspath(playbook) if built_in_folder(fspath(playbook)) else None


@functools.cache
def _built_in_languages() -> dict[str, tuple[Language, ...]]:
    """Return what each built-in playbook is for, read off its head alone."""
    heads = {path.parent.name: path for path in sorted(BUILT_IN.glob("*/playbook.toml"))}
    return {
        name: tuple(tomllib.loads(path.read_text("utf-8"))["playbook"]["languages"]) for name, path in heads.items()
    }
