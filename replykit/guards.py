"""The checks that compare a reply with what was given: facts, placeholders, meaning, script."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from replykit.facts.grounding import ungrounded
from replykit.facts.signs import may_state
from replykit.meaning import contradictions
from replykit.placeholders import differences
from replykit.playbook import Playbook
from replykit.readers import Readers
from replykit.reading import Reading
from replykit.rules import GuardName
from replykit.script import other_alphabets, tongues_of
from replykit.shield import contact_grounded, promise_grounded, prompt_kept

__all__ = ["GUARDS", "Guard"]

# Addresses are compared as facts, and code stands for itself.
_NO_VARIABLES = ("url", "email", "phone-", "inline-code", "code-block")

# A guard takes the reading of a reply, and yields (start, end, what it is about) in the reply as given.
# It is asked only where something is given that it compares with.
Guard = Callable[[Reading], Iterable[tuple[int, int, str]]]


def _grounded_facts(playbook: Playbook, _: Readers) -> Guard:
    def guard(reading: Reading) -> Iterator[tuple[int, int, str]]:
        if reading.is_draft or not may_state(reading.folded):
            return
        given = reading.given
        # What a reply states stands in its draft as a rule, so the others are seldom read.
        sources = [source for source in (given.draft, given.customer) if source]
        sources += [*given.facts, *(turn.text for turn in given.history), *playbook.constants]
        for fact in ungrounded(reading.original, sources):
            yield fact.start, fact.end, fact.text

    return guard


def _keep_placeholders(_: Playbook, readers: Readers) -> Guard:
    def guard(reading: Reading) -> Iterator[tuple[int, int, str]]:
        text, given = reading.original, reading.given
        if reading.is_draft:
            return  # a canned reply: what is filled in later may stand in it
        finder = readers.placeholders
        if given.draft is None:
            # No draft is there to hold a variable, so one that nobody wrote reaches the customer as a hole.
            found = finder.find(text)
            # What the customer wrote counts for nothing: he may name a variable to learn what is put in its place.
            sources = [*given.facts, *(turn.text for turn in given.history if turn.role == "agent")] if found else ()
            written = {placeholder.key for source in sources for placeholder in finder.find(source)}
            for placeholder in found:
                if placeholder.key not in written and not placeholder.syntax.startswith(_NO_VARIABLES):
                    yield placeholder.start, placeholder.end, placeholder.text
            return
        for difference in differences(finder, given.draft, text):
            yield difference.start, difference.end, difference.text

    return guard


def _keep_meaning(_: Playbook, readers: Readers) -> Guard:
    def guard(reading: Reading) -> Iterator[tuple[int, int, str]]:
        draft = reading.given.draft
        if draft is None or reading.is_draft:
            return
        for contradiction in contradictions(readers.claims, draft, reading.original, reading.folded):
            yield contradiction.start, contradiction.end, contradiction.text
        yield from readers.remains.losses(draft, reading.original, reading.folded)

    return guard


def _match_script(playbook: Playbook, _: Readers) -> Guard:
    leaks = tongues_of(playbook).leaks

    def guard(reading: Reading) -> Iterator[tuple[int, int, str]]:
        text, language = reading.original, reading.given.language
        # Where nothing decides the language, one in which no rule can judge the reply is the wrong one all the same.
        for start, end in leaks(text, language) if language else other_alphabets(text):
            yield start, end, text[start:end]

    return guard


GUARDS: dict[GuardName, Callable[[Playbook, Readers], Guard]] = {
    "grounded-facts": _grounded_facts,
    "keep-placeholders": _keep_placeholders,
    "keep-meaning": _keep_meaning,
    "match-script": _match_script,
    "promise-grounded": promise_grounded,
    "contact-grounded": contact_grounded,
    "prompt-kept": prompt_kept,
}
