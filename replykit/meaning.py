"""What a rewrite must not do to its draft: turn a refusal into a promise, or lose a number, condition or warning."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from replykit.claims import ClaimReader
from replykit.clauses import passages
from replykit.counts import lost_numbers
from replykit.facts.grounding import ungrounded
from replykit.facts.numerals import parse_numeral
from replykit.facts.signs import may_state
from replykit.statement import Claim, Proviso, Statement
from replykit.text import fold, fold_again

__all__ = ["Contradiction", "contradictions"]

# Numbers in the words of a condition; they are compared by value.
_NUMBER = re.compile(
    "[0-9零一二两三四五六七八九十百千万半]+(?:个?工作日|个?小时|个?月|分钟|元|块|天|日|号|年|周|点|折|%)?"
)
_FIGURE = re.compile("[0-9零一二两三四五六七八九十百千万半]+")
_HAN = re.compile("[\u3400-\u9fff]+")
_MOST = 300  # claims and clauses that are compared one by one
_SHORT = _MOST  # code points that surely hold no more clauses than that


@dataclass(frozen=True, slots=True)
class Contradiction:
    """One thing that a draft says and its rewrite does not, or says otherwise.

    Attributes:
        kind: `polarity`, the reply says the opposite of the same matter; `number`, a value of the draft is not in the
            reply; `condition` or `warning`, it is gone.
        start: first code point in the reply; where something is gone, the place where it would stand, and `end` is the
            same, unless another value stands there instead.
        end: one past its last code point in the reply.
        text: what the draft says.
        key: the id of the polarity, or the kind of fact.
    """

    kind: Literal["polarity", "number", "condition", "warning"]
    start: int
    end: int
    text: str
    key: str


def contradictions(
    reader: ClaimReader, draft: str, reply: str, folded_reply: str | None = None
) -> tuple[Contradiction, ...]:
    """Return where a rewrite contradicts its draft (002, 信息准确无误).

    A polarity counts only about the same matter: 可以换货，退款暂时不支持 keeps 不支持退款，但可以换货. A refusal that
    stays one in kinder words is no contradiction, nor is a statement turned round twice (超过7天不能退, 7天内可以退).
    Numbers are compared by value. A condition or a warning is gone where neither its words nor another one in its place
    stand in the reply.

    Args:
        reader: reads claims, conditions and warnings as the playbook says.
        draft: what was rewritten.
        reply: what it became.
        folded_reply: the same after `fold`, where it is known.

    Returns:
        In order of `start`; nothing where the two are equal.

    What words cannot show is not seen: a promise without a word of promising, a matter named by another word that no
    playbook lists, an answer that names no matter (不行的), a condition whose main word stands elsewhere in the reply
    (凭取件码取件). Between two languages only numbers are compared. In long texts the first 300 claims of each polarity
    and the first 300 conditions, warnings and clauses are compared.
    """
    if draft == reply:
        return ()
    said = reader.statement(fold_again(draft))
    may_speak, may_count = reader.may_speak(said), may_state(said.folded)
    if not may_speak and not may_count:
        return ()
    answered = reader.statement(fold(reply) if folded_reply is None else folded_reply)
    compared = _Comparison(draft, reply, said, answered, reader)
    lost = lost_numbers(draft, reply) if may_count else []
    found: list[Contradiction] = []
    if may_speak and _is_one_language(reader, draft, reply):
        found += compared.turned_round()
        found += compared.lost_provisos(lost)
    if not found and not lost:
        return ()
    told = [contradiction.text for contradiction in found]
    new: dict[str, list[tuple[int, int]]] = {}
    for fact in reversed(ungrounded(reply, (draft,)) if lost else ()):
        new.setdefault(fact.kind, []).append((fact.start, fact.end))
    for (words, kind), start in {(draft[start:end], kind): start for start, end, kind in reversed(lost)}.items():
        if any(words in text for text in told):
            continue  # the statement that holds it is reported
        place = new[kind].pop() if new.get(kind) else (compared.place(start),) * 2
        found.append(Contradiction("number", *place, words, kind))
    return tuple(sorted(set(found), key=lambda c: (c.start, c.end, c.kind, c.text)))


def _is_one_language(reader: ClaimReader, draft: str, reply: str) -> bool:
    if reader.is_by_word:
        return not _is_chinese(reply) and not _is_chinese(draft)
    return _is_chinese(reply) or not _is_chinese(draft)


def _is_chinese(text: str) -> bool:
    han = 3 * sum(map(len, _HAN.findall(text)))
    return han >= len(text) or han >= sum(map(str.isalpha, text))


class _Comparison:
    """A draft and a reply, read once."""

    def __init__(self, draft: str, reply: str, said: Statement, answered: Statement, reader: ClaimReader) -> None:
        self._draft, self._reply, self._reader = draft, reply, reader
        self._said, self._answered = said, answered
        self._placed = 0

    # What follows is not needed where the draft claims nothing and asks for nothing, as most do.

    @functools.cached_property
    def _provisos(self) -> list[Proviso]:
        return self._first_provisos(self._said)

    @functools.cached_property
    def _reply_provisos(self) -> list[Proviso]:
        return self._first_provisos(self._answered)

    def _first_provisos(self, statement: Statement) -> list[Proviso]:
        return list(itertools.islice(self._reader.provisos(statement), _MOST))

    @functools.cached_property
    def _reply_words(self) -> list[str]:
        folded = self._answered.folded
        return [self._reader.canonical(folded[a:b]) for a, b in self._answered.clauses.spans[:_MOST]]

    @functools.cached_property
    def _reply_characters(self) -> list[set[str]]:
        return [set(words) for words in self._reply_words]

    # What the reply says the opposite of

    def turned_round(self) -> Iterator[Contradiction]:
        """Yield the claims of the reply that contradict one of the draft, each once."""
        disputable = self._reader.disputable(self._said, self._answered)
        draft = _distinct(self._reader.claims(self._said, disputable)) if disputable else {}
        if not draft:
            return
        reply = _distinct(self._reader.claims(self._answered, draft))
        pairs = [
            pair
            for number, claims in draft.items()
            for said in claims
            if (pair := self._opposite(said, claims, reply.get(number, [])))
        ]
        turned: dict[tuple[int, int], set[bool]] = {}
        for said, opposite in pairs:
            turned.setdefault((said.sentence, opposite.sentence), set()).add(self._is_circumstance(said))
        seen: set[tuple[int, int]] = set()
        for said, opposite in pairs:
            # Where the circumstances are turned round with the claim, it says the same.
            if len(turned[said.sentence, opposite.sentence]) > 1 or (opposite.start, opposite.end) in seen:
                continue
            seen.add((opposite.start, opposite.end))
            text = self._draft[said.start : said.end]
            key = self._reader.polarities[said.polarity].id
            yield Contradiction("polarity", opposite.start, opposite.end, text, key)

    def _opposite(self, said: Claim, draft: Sequence[Claim], reply: Sequence[Claim]) -> tuple[Claim, Claim] | None:
        """Return a claim and the one of the reply that says the opposite, if the reply does not say both."""
        about = [claim for claim in reply if self._reader.same_matter(said, claim)]
        if not about or any(claim.positive is said.positive for claim in about):
            return None
        if any(c.positive is not said.positive and self._reader.same_matter(said, c) for c in draft):
            return None  # the draft says both itself, under different circumstances
        return next(((said, claim) for claim in about if not self._other_circumstances(said, claim)), None)

    def _is_circumstance(self, claim: Claim) -> bool:
        return self._reader.polarities[claim.polarity].matter == "within"

    def _other_circumstances(self, said: Claim, claim: Claim) -> bool:
        """Return whether a condition parts the two: the draft only defers, or each holds in a case of its own."""
        mine = self._conditions_of(said, self._provisos)
        theirs = self._conditions_of(claim, self._reply_provisos)
        later = [] if said.positive else [proviso for proviso in mine if proviso.clause > said.clause]
        if later:  # 现在不能发，要等审核通过
            return bool(theirs) or any(self._stands_before(proviso, claim) for proviso in later)
        if not mine or not theirs:
            return False
        return not any(
            (_overlap(a.content, b.content) or _overlap(b.content, a.content))
            and self._is_negated(a) is self._is_negated(b)
            for a in mine
            for b in theirs
        )

    def _stands_before(self, proviso: Proviso, claim: Claim) -> bool:
        """Return whether a condition of the draft stands in the reply before a claim, or in its clause.

        Its figures stand there by their values: 七折 that is given from fifty boxes on is not given for thirty.
        """
        sentences = self._answered.clauses.sentences
        spans = [
            span
            for number, span in enumerate(self._answered.clauses.spans[: claim.clause + 1])
            if sentences[number] >= claim.sentence - 1
        ]
        before = self._answered.folded[spans[0][0] : spans[-1][1]]
        asked = {parse_numeral(run) for run in _FIGURE.findall(proviso.content)}
        there = {parse_numeral(run) for run in _FIGURE.findall(before)}
        return asked <= there and _overlap(_NUMBER.sub("", proviso.content), self._reader.canonical(before))

    def _is_negated(self, proviso: Proviso) -> bool:
        return sum(char in self._reader.negations for char in proviso.content) % 2 == 1

    def _conditions_of(self, claim: Claim, provisos: Sequence[Proviso]) -> list[Proviso]:
        return [
            proviso
            for proviso in provisos
            if self._reader.polarities[proviso.polarity].kind == "condition" and proviso.sentence == claim.sentence
        ]

    # What the reply leaves out

    def lost_provisos(self, numbers: Sequence[tuple[int, int, str]]) -> Iterator[Contradiction]:
        """Yield the conditions and warnings of the draft whose words are gone, and in whose place no other stands."""
        if not self._provisos:
            return
        lost = [proviso for proviso in self._provisos if not self._is_kept(proviso, numbers)]
        if not lost:
            return
        spare = list(self._reply_provisos)
        for proviso in self._provisos:
            match = next(
                (p for p in spare if p.polarity == proviso.polarity and _overlap(proviso.content, p.content)), None
            )
            if match:
                spare.remove(match)
        told: dict[tuple[int, int], list[Proviso]] = {}
        for proviso in lost:
            words = self._around(proviso)
            instead = next((p for p in spare if p.polarity == proviso.polarity and set(p.content) & set(words)), None)
            if instead:
                spare.remove(instead)
            else:
                told.setdefault((proviso.polarity, proviso.sentence), []).append(proviso)
        for (number, _), provisos in told.items():  # 务必断电，以免触电 is one warning
            polarity = self._reader.polarities[number]
            assert polarity.kind != "polarity"
            place = self.place(provisos[0].start)
            text = self._draft[provisos[0].start : max(p.end for p in provisos)].strip(" ,，。;；\n")
            yield Contradiction(polarity.kind, place, place, text, polarity.id)

    def _is_kept(self, proviso: Proviso, numbers: Sequence[tuple[int, int, str]]) -> bool:
        words = _NUMBER.sub("", proviso.content)
        if not words:
            return not any(proviso.start <= start < proviso.end for start, _, _ in numbers)
        return self._stands_as_it_stood(proviso, words) or any(_overlap(words, there) for there in self._windows())

    def _stands_as_it_stood(self, proviso: Proviso, words: str) -> bool:
        """Return whether words stand in the clause of the reply that is theirs to the letter, or in the next."""
        folded = self._answered.folded
        place = folded.find(self._clause_of(proviso))
        if place < 0:
            return False
        if len(folded) > _SHORT:
            return False  # only so many clauses of a long reply are looked at
        [(offset, clauses)] = passages(folded, (place,))
        number = clauses.index(place - offset)
        spans = clauses.spans[number : number + 2]
        return _overlap(words, "".join(self._reader.canonical(folded[offset + a : offset + b]) for a, b in spans))

    def _windows(self) -> Iterator[str]:
        following = [*self._reply_words[1:], ""]
        yield from (a + b for a, b in zip(self._reply_words, following, strict=False))

    def _around(self, proviso: Proviso) -> str:
        return self._reader.canonical(self._clause_of(proviso))

    def _clause_of(self, proviso: Proviso) -> str:
        start, end = self._said.clauses.spans[proviso.clause]
        return self._said.folded[start:end]

    def place(self, position: int) -> int:
        """Return the end of the clause of the reply that is most like the draft around a position, else its own."""
        end = len(self._reply.rstrip())
        self._placed += 1
        spans, folded = self._said.clauses.spans, self._said.folded
        if not spans or not self._reply_words or self._placed > _MOST:
            return end
        index = self._said.clauses.index(position)
        following = min(index + 1, len(spans) - 1)
        here = set(self._reader.canonical(folded[spans[index][0] : spans[following][1]]))
        likeness = [len(here & words) for words in self._reply_characters]
        best = max(range(len(likeness)), key=likeness.__getitem__)
        return self._answered.clauses.spans[best][1] if likeness[best] else end


def _overlap(words: str, there: str) -> bool:
    """Return whether enough of some words stands there: a third of their pairs, or half of their characters."""
    if not words:
        return True
    pairs = {words[index : index + 2] for index in range(len(words) - 1)}
    found = sum(pair in there for pair in pairs)
    characters = set(words)
    return (found > 0 and 3 * found >= len(pairs)) or 2 * len(characters & set(there)) >= len(characters)


def _distinct(claims: Iterable[Claim]) -> dict[int, list[Claim]]:
    """Return, for each polarity, the first claims of each side about each matter."""
    seen: set[tuple[object, ...]] = set()
    found: dict[int, list[Claim]] = {}
    for claim in claims:
        key = (claim.polarity, claim.positive, claim.matter, claim.subject, claim.wording)
        claims_of = found.setdefault(claim.polarity, [])
        if key not in seen and len(claims_of) < _MOST:
            seen.add(key)
            claims_of.append(claim)
    return found
