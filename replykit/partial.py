"""The part of an answer still being written that is reply whatever follows: no reasoning, fence, preamble or notes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from replykit.wrappings import (
    AT_WORK,
    FENCE,
    LATE_REASONING,
    NOTES,
    PREAMBLE,
    QUOTES,
    REASONING,
    REASONING_END,
    SECTION,
    SPECIAL_END,
    SURE,
    UNOPENED_END,
)

__all__ = ["Habit", "settled_part"]

_TAGS = ("<think>", "<thinking>", "<reasoning>")
_END_TAG = re.compile(r"</(?:t|\Z)", re.IGNORECASE)
# What may become a tag, an object, a rule, bold or a quotation round the whole.
_ROUND = re.compile(r"[<◁{>]|\*\*|\[/|(?:-+|\*+|=+|—+)[ \t]*(?:\n|\Z)")
_HALF_ADDRESS = re.compile(r"[\w.+:/@-]*\s*", re.ASCII)
_HALF_SPECIAL = re.compile(r"(?:<[^<>\n]{0,24}|\[/?[A-Z]{0,5}|\n[ \t]*(?:-+|\*+|=+|—+)\s*)\Z")
# The last paragraph, where it opens as one that speaks to a colleague does.
_MAY_BE_SAID = re.compile(
    r"\n[ \t]*\n(?:[ \t]*[-*]{3,}[ \t]*\n\s*)?[ \t]*[(（【*#_ ]{0,5}(?:共|约|約|全文|字数|字數|注|註|备注|備註"
    r"|说明|說明|以上|希望|祝|这|這|如果?|若|word count|notes?|let me|feel free|would you|i hope|this|the)"
    r"[^\n]*+\s*+\Z",
    re.IGNORECASE,
)
_HALF_TAG = re.compile(r"^[ \t]*<[^>\n]*\Z", re.MULTILINE)
_NO_PREAMBLE = re.compile(r"[。！？!?；;…：:】\n]|\.\s")
# A paragraph that may yet become notes: a heading without its colon, a rule of dashes, a bracket and nothing behind it.
_MAY_BE_NOTES = re.compile(r"\n[ \t]*\n(?:[ \t]*[-*]*[ \t]*\n\s*)?[ \t]*(?:[(（][^)）]*[)）]?\s*|[^。！？!?…\n：:]*)\Z")
# Reasoning that the chat template opened looks like a reply until its end tag comes. But it speaks of the customer,
# whom a reply addresses: such an answer waits for its end, and any answer for its first word to the customer. A reply
# that is mistaken for it only comes later.
_ALOUD = re.compile(
    r"(?:用户|用戶|客户|客戶|顾客|顧客)(?![端经經服代])"
    r"|(?:需要|应该|應該|得)先?(?:写|寫|起草|草拟|草擬|回复|回覆|组织|組織)"
    r"|\bthe (?:user|customer)\b|\blet me (?:think|draft|write)\b|\bI (?:need|should|have) to (?:write|draft|reply)",
    re.IGNORECASE,
)
_TO_THE_CUSTOMER = re.compile(
    r"[您请請谢謝]|你好|抱歉|不好意思|\b(?:you|your|thanks?|sorry|apologi[sz]e|apologies|hello|hi|dear|please|welcome)\b",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Habit:
    """What the answers of a chat model have shown of it.

    Attributes:
        opens_unseen: True where its last answer held reasoning that ended, and that nothing in it opened.
    """

    opens_unseen: bool = False

    def learn(self, answer: str) -> None:
        """Take in an answer that is whole."""
        self.opens_unseen = _unopened_end(answer) is not None


def settled_part(answer: str, habit: Habit | None = None) -> str:
    """Return the part of an unfinished answer that is the beginning of the reply, whatever follows.

    Whatever `clean_answer` takes off the finished answer is not in it, nor is what it might take off: a block of
    reasoning, a fence or quotation marks round the whole wait for their ends, a beginning that may turn out to be a
    preamble for what decides it, a note below the reply for what shows that it is none. A reply in one fence or in one
    pair of quotation marks settles only when it is whole.

    Args:
        answer: what the model has written so far.
        habit: what is known of the model; from one that opens its reasoning unseen, nothing settles before it ends.

    Returns:
        What `clean_answer` returns of every continuation begins with it; white space at its end aside. Not so where
        `</think>` follows and nothing opened it: nobody can know before.
    """
    unopened = _unopened_end(answer)
    if unopened is None and habit and habit.opens_unseen:
        return ""
    answer, is_shown = answer[unopened or 0 :], unopened is not None
    start = _start(answer)
    if start is None:
        return ""
    body = answer[start:]
    for waits in (LATE_REASONING, _HALF_TAG, _END_TAG, SPECIAL_END, _HALF_SPECIAL, NOTES, _MAY_BE_NOTES, _MAY_BE_SAID):
        if found := waits.search(body):
            body = body[: found.start()]
    if is_shown or answer[:start].strip():
        return body  # what was taken off shows where the reply begins
    if aloud := _ALOUD.search(body):
        body = body[: max(body.rfind(mark, 0, aloud.start()) for mark in "。！？!?\n") + 1]
    return body if _TO_THE_CUSTOMER.search(body) else ""


def _unopened_end(answer: str) -> int | None:
    """Return where reasoning ends that nothing opens."""
    found = None if "<think>" in answer.lower() else UNOPENED_END.search(answer)
    return found.end() if found else None


def _start(answer: str) -> int | None:
    """Return where the reply begins; None where that is not known yet."""
    at = 0
    while True:
        rest = answer[at:].lstrip()
        at = len(answer) - len(rest)
        if not rest:
            return None
        if opening := REASONING.match(rest):
            end = REASONING_END.search(rest, opening.end())
            if not end:
                return None
            at += end.end()
            continue
        if any(tag.startswith(rest.lower()) for tag in _TAGS):
            return None
        if _ROUND.match(rest) or "assistant".startswith(rest.lower()[:9]):
            return None  # it may stand round the whole, or before it: nobody knows before the end
        if FENCE.match(rest) or _may_become_fence(rest) or _may_be_quoted(rest):
            return None
        if preamble := PREAMBLE.match(rest):
            if _HALF_ADDRESS.fullmatch(rest, preamble.end()):
                return None  # 客服：400-… is no label
            at += preamble.end()
            continue
        return None if SECTION.match(rest) or _may_become_preamble(rest) else at


def _may_become_fence(rest: str) -> bool:
    line, newline, _ = rest.partition("\n")
    return not newline and (line in ("`", "``", "~", "~~") or line.startswith(("```", "~~~")))


def _may_be_quoted(rest: str) -> bool:
    """Return whether quotation marks may stand round the whole: the first is not closed, or a line ends behind it."""
    opening, closing = rest[0], QUOTES.get(rest[0])
    if closing is None:
        return False
    depth = 0
    for at, char in enumerate(rest):
        if char == closing and at:
            depth -= 1
        elif char == opening:
            depth += 1
        if depth == 0:
            return not rest[at + 1 :].partition("\n")[0].strip()
    return True


def _may_become_preamble(rest: str) -> bool:
    """Return whether nothing stands there yet that no preamble holds; 好的。 alone may still lead one in."""
    sure = SURE.match(rest)
    return not _NO_PREAMBLE.search(rest, sure.end() if sure else 0) or AT_WORK.match(rest) is not None
