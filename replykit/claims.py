"""What a text commits to, clause by clause: which side of a polarity it takes, and about which matter."""

from __future__ import annotations

import functools
import re
from bisect import bisect_right
from collections.abc import Callable, Container, Iterable, Iterator, Sequence, Set

import re2

from replykit.errors import PlaybookError
from replykit.facts.numerals import HAN, parse_numeral
from replykit.playbook import Polarity
from replykit.prefilter import Prefilter
from replykit.shorthand import Shorthand
from replykit.statement import Claim, Mark, Proviso, Statement
from replykit.text import fold

__all__ = ["ClaimReader"]


class _Words:
    """Some patterns as one, each with the span of its `hit`."""

    def __init__(self, id: str, patterns: Iterable[str]) -> None:
        self.patterns = folded = [
            "".join(fold(char) if char > "\u2e7f" else char for char in pattern) for pattern in patterns
        ]
        options = re2.Options()
        options.log_errors = False
        try:
            # RE2 allows a group name once, so the names go: the only groups are hits.
            self._pattern = re2._Regexp("|".join(f"(?:{p.replace('(?P<hit>', '(')})" for p in folded), options)
        except re2.error as error:
            reason = error.args[0] if error.args else error
            reason = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else reason
            raise PlaybookError(f"polarity {id!r}: a pattern is not RE2: {reason}") from None
        self._groups = range(1, self._pattern.groups + 1)
        self._is_empty = not folded

    def find(self, folded: str) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
        """Yield the span of every match, and that of its hit."""
        if self._is_empty:
            return
        for match in self._pattern.finditer(folded):
            start, end = match.span()
            hits = (match.span(group) for group in self._groups)
            hit = next((span for span in hits if span != (-1, -1)), (start, end))
            if end > start:
                yield (start, end), hit


class ClaimReader:
    """Reads claims, conditions and warnings off a text.

    Args:
        polarities: what to look for.

    Attributes:
        prefilter: tells which words of the polarities may stand in a text, four groups for each, one for each side.
        renaming: the characters of all words that `named` replaces, and of what it puts in their place.
        growth: how many different characters it may put into a text beyond as many as the text has.

    Raises:
        PlaybookError: a pattern is not RE2.
    """

    def __init__(self, polarities: Sequence[Polarity]) -> None:
        self.polarities = tuple(polarities)
        self._sides = [
            [_Words(p.id, patterns) for patterns in (p.neither, p.negative, p.positive, p.weak)]
            for p in self.polarities
        ]
        self.prefilter = Prefilter(words.patterns for sides in self._sides for words in sides)
        self._speaking = frozenset(n for n in range(4 * len(self._sides)) if n % 4)
        canonical = {fold(filler): "" for p in self.polarities for filler in p.fillers}
        for polarity in self.polarities:
            for first, *others in polarity.same:
                canonical |= {fold(word): fold(first) for word in others}
                canonical.setdefault(fold(first), fold(first))
        self._canonical = canonical
        self.renaming = frozenset("".join((*canonical, *canonical.values())))
        longer = [name for word, name in canonical.items() if len(name) > len(word)]
        self.growth = len(set("".join(longer)))
        # Literal words only; a playbook's patterns never reach `re`.
        self._words = _literals(canonical)
        endings = [ending for p in self.polarities for ending in p.endings]
        self._shorthand = Shorthand(canonical, endings) if self.is_by_word else None
        negations = [fold(word) for p in self.polarities for word in p.negations]
        self.negations = self._shorthand.signs(negations) if self._shorthand else frozenset(negations)
        self._asides = self._finder(fold(word) for p in self.polarities for word in p.asides)
        self._limits = self._finder(fold(word) for p in self.polarities for word in p.limits)

    @functools.cached_property
    def is_by_word(self) -> bool:
        """Whether matters are compared word by word, each written as one character."""
        return any(polarity.by == "word" for polarity in self.polarities)

    def _finder(self, words: Iterable[str]) -> Callable[[str], Set[str]]:
        """Return what finds those of some words that stand in a folded text."""
        if self._shorthand:
            signs, written = self._shorthand.signs(words), self._shorthand.written
            return lambda text: signs.intersection(written(text))
        pattern = _literals(words)
        return lambda text: set(pattern.findall(text))

    def statement(self, folded: str) -> Statement:
        """Return a folded text as the other methods take it."""
        return Statement(folded, self.prefilter)

    def may_speak(self, statement: Statement) -> bool:
        """Return whether a word of a polarity, a condition or a warning may stand in a text."""
        return not self._speaking.isdisjoint(statement.sides)

    def canonical(self, folded: str) -> str:
        """Return the words that name a matter: synonyms made one, fillers and marks left out."""
        return "".join(filter(str.isalnum, self.named(folded)))

    def named(self, folded: str) -> str:
        """Return a text with synonyms made one and fillers left out."""
        if self._shorthand:
            return self._shorthand.written(folded)
        return self._words.sub(lambda match: self._canonical[match[0]], folded)

    def disputable(self, one: Statement, other: Statement) -> frozenset[int]:
        """Return the polarities of which the two may take opposite sides, by their index."""
        # The words that may stand there first, as most texts hold none of one side; then those that do.
        numbers = (one.positive & other.negative) | (one.negative & other.positive)
        return frozenset(
            number
            for number in numbers
            if self.polarities[number].kind == "polarity"
            and _oppose(self._taken(number, one), self._taken(number, other))
        )

    def _taken(self, number: int, statement: Statement) -> set[bool]:
        return {mark.side != 1 for mark in self._marks(number, statement)}

    def claims(self, statement: Statement, among: Container[int] | None = None) -> Iterator[Claim]:
        """Yield the claims of a text; questions and suppositions commit to nothing.

        Args:
            statement: the text.
            among: the polarities that are asked for, by their index; None: all.
        """
        for number in sorted({side // 4 for side in statement.sides if side % 4}):
            if self.polarities[number].kind == "polarity" and (among is None or number in among):
                by_clause: dict[int, list[Mark]] = {}
                for mark in self._marks(number, statement):
                    by_clause.setdefault(statement.clauses.index(mark.start), []).append(mark)
                for clause, marks in by_clause.items():
                    if not statement.clauses.asks(clause) and not statement.clauses.supposes(clause):
                        yield from self._clause_claims(number, statement, clause, marks)

    def _marks(self, number: int, statement: Statement) -> list[Mark]:
        """Return the marks of one polarity in order; of two that overlap the longer counts."""
        if number not in statement.marks:
            statement.marks[number] = self._found_marks(number, statement)
        return statement.marks[number]

    def _found_marks(self, number: int, statement: Statement) -> list[Mark]:
        folded = statement.folded
        marks: list[Mark] = []
        for side in (1, 2, 3, 0):
            if 4 * number + side in statement.sides and (side or marks):  # what is neither only hides others
                found = self._sides[number][side].find(folded)
                marks += [Mark(*hit, *match, side) for match, hit in found]
        if not marks:
            return []
        taken = bytearray(len(folded))
        kept = []
        for mark in sorted(marks, key=lambda mark: (mark.start - mark.end, mark.side, mark.start)):
            if not taken[mark.start] and not taken[mark.end - 1]:
                taken[mark.start : mark.end] = b"\1" * (mark.end - mark.start)
                if mark.side:
                    kept.append(mark)
        return sorted(kept, key=lambda mark: mark.start)

    def _clause_claims(self, number: int, statement: Statement, clause: int, marks: Sequence[Mark]) -> Iterator[Claim]:
        folded, clauses = statement.folded, statement.clauses
        start, end = clauses.spans[clause]
        matter_at = self.polarities[number].matter
        around = ""
        if matter_at == "around":
            edges = [start, *(edge for mark in marks for edge in (mark.start, mark.end)), max(end, marks[-1].end)]
            gap = " " if self._shorthand else ""
            around = gap.join(folded[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True))
        # A weak word says nothing that a word before it has not said: 可以为您, 无法为您.
        marks = [mark for index, mark in enumerate(marks) if mark.side < 3 or not index]
        for index, mark in enumerate(marks):
            before = marks[index - 1] if index else None
            following = marks[index + 1] if index + 1 < len(marks) else None
            if mark.side > 1 and before and before.side == 1 and not self.canonical(folded[before.end : mark.start]):
                continue  # 无法为您…支持: the refusal governs it
            if mark.side > 1 and following and matter_at == "after" and self._is_next(folded, mark, following):
                continue  # 会无法, 可以支持: the later word says it
            stop = min(end, following.match_start) if following else end
            span_start, span_end = mark.start, max(mark.end, stop)
            subject = ""
            if matter_at == "within":
                wording = folded[mark.match_start : mark.start] + folded[mark.end : mark.match_end]
                span_start, span_end = mark.match_start, mark.match_end
                matter = "".join(filter(str.isalnum, _NUMERAL.sub(_in_digits, wording)))
            elif matter_at == "around":
                wording = around
                matter = self.canonical(wording)
                span_end = mark.end
            else:
                gap = " " if self._shorthand else ""
                wording = folded[mark.match_start : mark.start] + gap + folded[mark.end : stop]
                span_start = mark.match_start if mark.match_start < mark.start else mark.start
                matter = self.canonical(wording)
                since = max(start, before.end) if before else start
                subject = self.canonical(folded[since:span_start])
                if not matter:
                    matter, wording, subject = subject, folded[since:stop], ""
            yield Claim(
                number,
                mark.side != 1,
                span_start,
                span_end,
                matter,
                subject,
                wording,
                clause,
                clauses.sentences[clause],
            )

    def _is_next(self, folded: str, mark: Mark, following: Mark) -> bool:
        between = folded[mark.end : following.start]
        return not (between.strip() if self._shorthand else between)

    def provisos(self, statement: Statement) -> Iterator[Proviso]:
        """Yield the conditions and warnings of a text, without those that bind nobody."""
        folded, clauses = statement.folded, statement.clauses
        for number, polarity in enumerate(self.polarities):
            if polarity.kind == "polarity" or 4 * number + 2 not in statement.sides:
                continue
            _, negative, positive, _ = self._sides[number]
            found = list(positive.find(folded))
            is_excusable = found and 4 * number + 1 in statement.sides
            excused = sorted(match for match, _ in negative.find(folded)) if is_excusable else []
            starts = [start for start, _ in excused]
            for (start, end), (hit_start, hit_end) in found:
                first = max(0, bisect_right(starts, start) - 1)
                last = bisect_right(starts, end)
                # What lies inside the content is only a word of it.
                if any(
                    a < end
                    and start < b
                    and not (hit_start <= a and b <= hit_end and (hit_start, hit_end) != (start, end))
                    for a, b in excused[first:last]
                ):
                    continue
                clause = clauses.index(hit_start)
                if not clauses.spans or clauses.asks(clause):
                    continue
                content = self.canonical(folded[hit_start:hit_end])
                # A word that marks it stands before what it asks for, or after; what else follows is only context.
                shown_end = hit_end if hit_start > start and folded[start:hit_start].strip(" ,。!?;:\n") else end
                yield Proviso(number, start, shown_end, content, clause, clauses.sentences[clause])

    def same_matter(self, one: Claim, other: Claim) -> bool:
        """Return whether two claims of one polarity speak of the same matter.

        Two matters are the same where they share most of their characters, or one of them leads the other; a verb of
        one character counts only where what stands before it agrees too.
        """
        if not one.matter or not other.matter:
            return self.polarities[one.polarity].alone
        if self.polarities[one.polarity].matter == "within":
            return one.matter == other.matter
        if self._asides(one.wording) != self._asides(other.wording):
            return False
        refusal, promise = (other, one) if one.positive else (one, other)
        if one.positive != other.positive and self._limits(refusal.wording) - self._limits(promise.wording):
            return False
        if one.subject and other.subject and not set(one.subject) & set(other.subject + other.matter):
            return False
        return _alike(one, other)


_NUMERAL = re.compile(f"[0-9{HAN}]+")


def _in_digits(numeral: re.Match[str]) -> str:
    """Return a numeral by its value: 二十盒 and 20盒 are one matter."""
    value = parse_numeral(numeral[0])
    return numeral[0] if value is None else str(value)


def _oppose(one: Set[bool], other: Set[bool]) -> bool:
    return (True in one and False in other) or (False in one and True in other)


def _alike(one: Claim, other: Claim) -> bool:
    short, long = sorted((one, other), key=lambda claim: len(claim.matter))
    if len(short.matter) == 1:
        if not (long.matter.startswith(short.matter) or (short.matter in long.matter and len(long.matter) < 4)):
            return False
        named, there = set(short.subject), set(long.subject + long.matter)
        return not named or bool(named & there)
    if short.matter[0] not in long.matter and long.matter[0] not in short.matter:
        return False  # the verb leads: 看说明书 is not 参考说明书, though most of it is
    shared = set(short.matter) & set(long.matter)
    if len(shared) >= 0.8 * len(set(short.matter)) and len(long.matter) <= 2 * len(short.matter) + 2:
        return True
    pairs, others = _pairs(short.matter), _pairs(long.matter)
    return 2 * len(pairs & others) >= 0.5 * (len(pairs) + len(others))


def _pairs(text: str) -> set[str]:
    return {text[index : index + 2] for index in range(len(text) - 1)}


def _literals(words: Iterable[str]) -> re.Pattern[str]:
    known = sorted(set(words), key=lambda word: (-len(word), word))
    return re.compile("|".join(map(re.escape, known)) if known else r"(?!)")
