"""What is left of a draft in its rewrite: whether anything is, and whether figures still bound what they did."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from replykit.claims import ClaimReader
from replykit.clauses import clauses_of
from replykit.facts import find_facts
from replykit.facts.numerals import HAN, fold_numerals, parse_numeral
from replykit.facts.signs import may_state
from replykit.pattern import Pattern
from replykit.prefilter import Prefilter
from replykit.text import fold, fold_again

__all__ = ["Remains"]

# Chinese characters but numerals; the hexagrams, which stand between the blocks, are none.
_NO_MATTER = "\0-\u33ff\u4dc0-\u4dff\ua000-\U0010ffff零一二两三四五六七八九十百千万亿"
_MATTER = re.compile(f"[^{_NO_MATTER}]+")
# Of the financial numerals, some stand for themselves in words (参加, 陆续) and count in a row or before a unit alone.
_MAY_FIGURE = re.compile(
    f"[0-9{HAN}〇○壹贰叁柒捌玖弌弍貮弎参肆伍陆拾佰仟](?:(?<![弌弍貮弎参肆伍陆拾佰仟])|(?=[壹贰叁柒捌玖弌弍貮弎参肆伍陆拾佰仟元圆角]))"
)
_FIGURE = re.compile("[0-9.]+|[零一二两三四五六七八九十百千万]+")
# Of 239 faithful pairs, those whose draft has 12 characters of matter keep at least a third of its characters.
_ENOUGH = 12
_LEAST = 0.2
_SOME = 3  # characters of matter: as many as the shortest refusal has that says what is refused (不退货)
_AROUND = 8  # code points in which a bound stands by its figure


class Remains:
    """Compares a rewrite with its draft by what little must be left.

    Args:
        words: the word lists of a playbook: `courtesies`, `refusals`, `bounds_before`, `bounds_after`, `offset`.
        reader: names matters by one word each.

    Attributes:
        prefilter: tells texts that may hold a courtesy.

    Raises:
        PlaybookError: a list refers to one that does not exist, or holds no RE2.
    """

    def __init__(self, words: Mapping[str, Sequence[str]], reader: ClaimReader) -> None:
        self._reader = reader
        self._courtesy, self._refusal, self._offset = (
            Pattern(words.get(name, ()), words) for name in ("courtesies", "refusals", "offset")
        )
        self._bound_before = Pattern([f"(?:{entry})$" for entry in words.get("bounds_before", ())], words)
        self._bound_after = Pattern([f"^(?:{entry})" for entry in words.get("bounds_after", ())], words)
        # A word of another language says about as much as two characters.
        self._enough, self._some = (_ENOUGH // 2, _SOME // 2 + 1) if reader.is_by_word else (_ENOUGH, _SOME)
        self._is_known = bool(words.get("courtesies"))
        self._as_it_stands = re.compile(f"[^{_NO_MATTER}{re.escape(''.join(sorted(reader.renaming)))}]")
        self.prefilter = Prefilter([self._courtesy.expanded])

    def losses(self, draft: str, reply: str, folded_reply: str | None = None) -> Iterator[tuple[int, int, str]]:
        """Yield what is gone: where in the reply, and what the draft says.

        A draft with enough matter of which the reply keeps next to nothing; a draft that says something of which only
        courtesies are left, where it refuses or says enough; a figure without the bound that it had (100元起); two
        figures that changed places (满100减20).

        Args:
            draft: what was rewritten.
            reply: what it became.
            folded_reply: the same after `fold`, where it is known.
        """
        if draft == reply or not self._is_known:
            return
        said = fold_again(draft)
        if self._is_nothing_left(said, fold(reply) if folded_reply is None else folded_reply):
            yield len(reply.rstrip()), len(reply.rstrip()), draft.strip()[:60]
        if may_state(said):
            yield from self._unbound(draft, reply)
        if _MAY_FIGURE.search(said):
            yield from self._exchanged(draft, reply)

    def _is_nothing_left(self, said: str, answered: str) -> bool:
        said, answered = self._uncourtly(said), self._uncourtly(answered)
        if self._is_enough_left(said, answered):
            return False
        matter = self._matter(said)
        if len(matter) < self._some:
            return False
        left = self._matter(answered)
        if not left:
            # Another language shares no characters, and placeholders and figures are a matter of their own.
            return not any(map(str.isalnum, answered)) and (len(matter) >= self._enough or self._refusal.search(said))
        if len(matter) < self._enough:
            return False
        distinct = set(matter)
        return len(distinct.intersection(left)) / len(distinct) < _LEAST

    def _matter(self, folded: str) -> str:
        return "".join(_MATTER.findall(self._reader.named(folded)))

    def _is_enough_left(self, said: str, answered: str) -> bool:
        """Return whether quarters of a draft that stand in the reply as they are hold enough of its characters alone.

        False says nothing. True is sure, as only characters count that name themselves in every text, and known in a
        fifth of the time that it takes to compare all matter.
        """
        needed = _LEAST * (len(said) + self._reader.growth)
        size = len(said) // 4 + 1
        kept: set[str] = set()
        for at in range(0, len(said), size):
            piece = said[at : at + size]
            if piece in answered:
                kept.update(self._as_it_stands.findall(piece))
                if len(kept) >= needed:
                    return True
        return False

    def _uncourtly(self, folded: str) -> str:
        if not self.prefilter.may_match(folded):
            return folded
        parts, at = [], 0
        for start, end in self._courtesy.spans(folded):
            parts.append(folded[at:start])
            at = end
        return " ".join([*parts, folded[at:]])

    def _unbound(self, draft: str, reply: str) -> Iterator[tuple[int, int, str]]:
        bounded = [(value, words) for value, _, _, words, is_bound in self._amounts(draft) if is_bound]
        if not bounded:
            return
        there: dict[object, list[tuple[int, int, bool]]] = {}
        for value, start, end, _, is_bound in self._amounts(reply):
            there.setdefault(value, []).append((start, end, is_bound))
        for value, words in dict(bounded).items():
            same = there.get(value, [])
            if same and not any(is_bound for _, _, is_bound in same):
                yield same[0][0], same[0][1], words

    def _amounts(self, text: str) -> Iterator[tuple[object, int, int, str, bool]]:
        """Yield the amounts of a text with the words around them, and whether those bound them."""
        folded = fold(text)
        clauses = clauses_of(folded)
        for fact in find_facts(text):
            if fact.kind == "amount":
                first, last = clauses.spans[clauses.index(fact.start)]
                before, after = folded[max(first, fact.start - _AROUND) : fact.start], folded[fact.end : last]
                is_bound = self._bound_before.search(before) or self._bound_after.search(after)
                words = text[fact.start : min(last, fact.end + 2)]
                yield fact.value, fact.start, fact.end, words, is_bound

    def _exchanged(self, draft: str, reply: str) -> Iterator[tuple[int, int, str]]:
        said = {(one, other): words for one, other, _, _, words in self._offsets(draft)}
        for one, other, start, end, _ in self._offsets(reply) if said else ():
            if (other, one) in said and (one, other) not in said:
                yield start, end, said[other, one]

    def _offsets(self, text: str) -> Iterator[tuple[object, object, int, int, str]]:
        """Yield the pairs of figures that belong together, such as 满100减20."""
        folded = fold_numerals(text)
        for start, end in self._offset.spans(folded):
            figures = [parse_numeral(run) for run in _FIGURE.findall(folded[start:end])]
            if len(figures) == 2 and figures[0] != figures[1]:
                yield figures[0], figures[1], start, end, text[start:end]
