"""Where a text gives what only the company can give, and which of that nothing of the company's own supports."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from replykit.clauses import Clauses, clauses_of, passages
from replykit.disguise import Uncovered
from replykit.pattern import Pattern
from replykit.prefilter import Prefilter
from replykit.text import fold, fold_again

__all__ = ["ASKED", "DONE", "PROMISED", "Commitment", "RemedyReader"]

_KIND = "remedy_"
_MARKS = ("deed_before", "deed_after", "offer_before", "offer_after")
_AROUND = (
    "deed_before", "deed_after", "offer_before", "offer_after", "remedy_refused", "remedy_supposed", "remedy_sought",
    "remedy_enquiry", "remedy_carried_out", "remedy_matter", "remedy_deed_of", "remedy_itself", "remedy_received",
    "remedy_possible", "remedy_after_check", "remedy_granted", "remedy_excused", "remedy_alone", "remedy_alone_open",
    "deed_inside", "remedy_pending", "remedy_gone", "remedy_applied", "remedy_open",
)  # fmt: skip


PROMISED, ASKED, DONE = range(3)


@dataclass(frozen=True, slots=True)
class Commitment:
    """One place where a text says that the company gives something.

    Attributes:
        kind: the word list that knows it, such as `remedy_refund`.
        reach: how far it goes: `PROMISED`, `ASKED` (已提交退款申请) or `DONE`.
        start: first code point of the clause's part that says so.
        end: one past its last.
    """

    kind: str
    reach: int
    start: int
    end: int


class RemedyReader:
    """Reads promises and deeds off a text: refunds, compensation, replacements, gifts, and what else a list names.

    Args:
        words: the word lists of a playbook; a list named `remedy_…` is one kind of remedy.

    Attributes:
        kinds: their names.
        prefilter: tells which kinds may stand in a text.

    Raises:
        PlaybookError: a list refers to one that does not exist, or holds no RE2.
    """

    def __init__(self, words: Mapping[str, Sequence[str]]) -> None:
        self.kinds = tuple(name for name in words if name.startswith(_KIND) and name not in _AROUND)
        self._remedy = {kind: Pattern([f"{{{kind}}}"], words) for kind in self.kinds}
        lists = {name: words.get(name, ()) for name in _AROUND}
        self._before = {
            done: Pattern([f"(?:{entry})$" for entry in lists[name]], words)
            for done, name in ((True, "deed_before"), (False, "offer_before"))
        }
        self._after = {
            done: Pattern([f"^(?:{entry})" for entry in lists[name]], words)
            for done, name in ((True, "deed_after"), (False, "offer_after"))
        }
        self._around = {name: Pattern(lists[name], words) for name in _AROUND if name not in _MARKS}
        self._supports = {kind: tuple(words.get(f"supports_{kind}", ())) for kind in self.kinds}
        self.prefilter = Prefilter(Pattern(words[kind], words).expanded for kind in self.kinds)

    def commitments(self, text: str) -> tuple[Commitment, ...]:
        """Return what a text promises or says was done, in order, at most one of each kind in a clause.

        A refusal, a question, a supposition, what the customer asks for or may ask for, and a mere mention of the
        matter (退款流程) commit to nothing.

        Args:
            text: any text; time grows with its length.
        """
        return self.commitments_in(fold(text))

    def commitments_in(self, folded: str) -> tuple[Commitment, ...]:
        """Return what `commitments` does, of a text after `fold`."""
        uncovered = _bare(folded)
        folded = uncovered.text
        hits = self.prefilter.hits(folded)
        if hits is not None and not hits:
            return ()
        found: dict[tuple[int, str], Commitment] = {}
        for offset, clauses, number, kind in self._candidates(folded, hits):
            if not clauses.asks(number) and (commitment := self._in_clause(clauses, number, kind)):
                span = uncovered.span(offset + commitment.start, offset + commitment.end)
                found[offset + commitment.start, kind] = replace(commitment, start=span[0], end=span[1])
        return tuple(found[place] for place in sorted(found))

    def _candidates(
        self, folded: str, hits: list[tuple[int, int, set[int]]] | None
    ) -> Iterator[tuple[int, Clauses, int, str]]:
        """Yield where a remedy may stand, each once: clauses and their offset, the number of one, the kind."""
        if hits is None:
            clauses = clauses_of(folded)
            for number, kind in self.prefilter.may_match_in(folded, clauses.spans):
                yield 0, clauses, number, self.kinds[kind]
            return
        seen: set[tuple[int, int, int]] = set()
        for (start, end, kinds), (offset, clauses) in zip(
            hits, passages(folded, (hit[0] for hit in hits)), strict=True
        ):
            number = clauses.index(start - offset)
            first, last = clauses.spans[number] if clauses.spans else (0, 0)
            if first <= start - offset and end - offset <= last:
                for kind in kinds - {kind for kind in kinds if (offset, number, kind) in seen}:
                    seen.add((offset, number, kind))
                    yield offset, clauses, number, self.kinds[kind]

    def _in_clause(self, clauses: Clauses, number: int, kind: str) -> Commitment | None:
        first, last = clauses.spans[number]
        clause = clauses.text(number)
        found: Commitment | None = None
        for start, end in self._places(kind, clause):
            reach = self._reach(clause[:start], clause[start:end], clause[end:])
            if reach is None and self._stands_alone(clauses, number):
                reach = PROMISED
            if reach is None or (reach == PROMISED and self._is_left_open(clauses, number)):
                continue
            if found is None or reach > found.reach:
                found = Commitment(kind, reach, first, last)
        return found

    def _places(self, kind: str, clause: str) -> Iterator[tuple[int, int]]:
        for start, end in self._remedy[kind].spans(clause):
            if not self._around["remedy_excused"].covers(clause, start, end):
                yield start, end

    def _stands_alone(self, clauses: Clauses, number: int) -> bool:
        """Return whether a clause is nothing but a remedy, in a sentence that neither asks nor leaves it open."""
        if not self._around["remedy_alone"].search(clauses.text(number)):
            return False
        mine = clauses.sentences[number]
        same = [n for n, sentence in enumerate(clauses.sentences) if sentence == mine]
        return not any(
            clauses.asks(n) or (n < number and self._around["remedy_alone_open"].search(clauses.text(n))) for n in same
        )

    def _is_left_open(self, clauses: Clauses, number: int) -> bool:
        """Return whether a promise waits for a check or a decision, in its clause or in the one before."""
        if self._around["remedy_pending"].search(clauses.text(number)):
            return True
        if not number or clauses.sentences[number - 1] != clauses.sentences[number]:
            return False
        return self._around["remedy_after_check"].search(clauses.text(number - 1))

    def _reach(self, before: str, remedy: str, after: str) -> int | None:
        """Return how far a clause goes that holds a remedy; None where it neither promises nor tells of a deed."""
        around = self._around
        if around["remedy_refused"].search(before) or around["remedy_supposed"].search(before):
            return None
        is_sought = around["remedy_sought"].search(before) and not around["remedy_received"].search(before)
        is_enquiry = around["remedy_enquiry"].search(before)
        is_carried_out = around["remedy_carried_out"].search(before)
        is_matter = around["remedy_matter"].search(after)
        if is_sought:
            return None
        came_before = self._before[True].search(before) or around["deed_inside"].search(remedy)
        came_after = self._after[True].search(after)
        if is_matter:
            is_granted = came_after and around["remedy_granted"].search(after)
            is_deed = around["remedy_deed_of"].search(after) and (is_granted or (came_before and is_carried_out))
        else:
            is_deed = (came_before and (not is_enquiry or is_carried_out)) or (came_after and not is_enquiry)
        if is_deed:
            clause = before + remedy + after
            return (
                ASKED
                if around["remedy_applied"].search(clause) and not around["remedy_granted"].search(clause)
                else DONE
            )
        if is_matter or is_enquiry:
            return None
        offered = (
            around["remedy_itself"].search(remedy + after[:1])
            or around["remedy_received"].search(before)
            or self._before[False].search(before)
            or self._after[False].search(after)
        )
        return PROMISED if offered else None

    def mentions(self, text: str) -> dict[str, int]:
        """Return the kinds of remedy that a source speaks of without refusing it, and how far it says that it went.

        A source is read more freely than a reply: a bare 退款：500 元 says that it was done, 支持退款 does not.
        One that leaves it to somebody to decide (补偿由专员核定), or says that it is over, gives nothing.
        """
        folded = _bare(fold_again(text)).text
        found: dict[str, int] = {}
        if not self.prefilter.may_match(folded):
            return found
        spans = clauses_of(folded).spans
        for number, group in self.prefilter.may_match_in(folded, spans):
            kind, clause = self.kinds[group], folded[slice(*spans[number])]
            for a, b in self._places(kind, clause):
                if self._around["remedy_refused"].search(clause[:a]) or self._around["remedy_gone"].search(clause[b:]):
                    continue
                reach = self._reach(clause[:a], clause[a:b], clause[b:]) or PROMISED
                if reach == PROMISED and self._around["remedy_pending"].search(clause):
                    continue
                if reach == PROMISED and not self._around["remedy_possible"].search(clause):
                    reach = DONE
                found[kind] = max(found.get(kind, PROMISED), reach)
        return found

    def left_open(self, sources: Iterable[str]) -> set[str]:
        """Return the matters that the sources leave to be decided, and of which none of them gives anything.

        手续费的处理由主办单位公告 leaves 手续费 open, whatever they say of the price.
        """
        matters: set[str] = set()
        given: list[str] = []
        for source in sources:
            folded = _bare(fold_again(source)).text
            for a, b in clauses_of(folded).spans:
                clause = folded[a:b]
                if spans := list(self._around["remedy_open"].spans(clause)):
                    matters.update(clause[start:end] for start, end in spans)
                else:
                    given.append(clause)
        return {matter for matter in matters if not any(matter in clause for clause in given)}

    def ungrounded(
        self,
        commitments: Sequence[Commitment],
        sources: Iterable[str],
        constants: Iterable[str] = (),
        folded: str = "",
    ) -> Iterator[Commitment]:
        """Yield the commitments of a reply that no source supports.

        A promise needs a source that speaks of such a remedy, does not refuse it and does not leave it to be decided; a
        deed needs one that says it was done, and an application one that says it was asked for.

        Args:
            commitments: the reply's.
            sources: everything that the company itself says of the case.
            constants: what it says of every case, so that no deed follows from it.
            folded: the reply after `fold`, to see whether a promise names what the sources leave open.
        """
        if not commitments:
            return
        sources = tuple(sources)
        matters = self.left_open(sources) if folded else ()
        known = {kind: PROMISED for constant in constants for kind in _mentions(self, constant)}
        for source in sources:
            for kind, reach in _mentions(self, source).items():
                known[kind] = max(known.get(kind, PROMISED), reach)
        for commitment in commitments:
            said = [known[kind] for kind in (commitment.kind, *self._supports[commitment.kind]) if kind in known]
            is_open = any(matter in folded[commitment.start : commitment.end] for matter in matters)
            if not said or commitment.reach > max(said) or is_open:
                yield commitment


# 已 为 您 退 款: characters that stand alone one by one, and what nobody sees between them.
_SPREAD = re.compile(r"(?:[\u3400-\u9fff][ \t\u3000·._*|/-]{1,2}){3,}(?=[\u3400-\u9fff])")
_GAP = re.compile(r"[ \t\u3000·._*|/-]+")
_UNSEEN_CHARS = r"\u00ad\u034f\u115f\u1160\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
_UNSEEN = re.compile(f"[{_UNSEEN_CHARS}]+")
# Whether there is any of this at all: one class of characters first, found in a twentieth of the time.
_MAY_HIDE = re.compile(rf"[ \t\u3000·._*|/{_UNSEEN_CHARS}-](?:(?<=[{_UNSEEN_CHARS}])|(?<=[\u3400-\u9fff].))")


def _bare(folded: str) -> Uncovered:
    if not _MAY_HIDE.search(folded):
        return Uncovered(folded, None, folded)
    dropped = {at for match in _UNSEEN.finditer(folded) for at in range(*match.span())}
    for run in _SPREAD.finditer(folded):
        dropped.update(at for gap in _GAP.finditer(folded, *run.span()) for at in range(*gap.span()))
    if not dropped:
        return Uncovered(folded, None, folded)
    kept = [at for at in range(len(folded)) if at not in dropped]
    return Uncovered("".join(folded[at] for at in kept), kept, folded)


@functools.lru_cache(maxsize=64)  # one reply is checked several times against the same sources
def _mentions(reader: RemedyReader, source: str) -> dict[str, int]:
    return reader.mentions(source)
