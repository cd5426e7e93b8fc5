"""The repair ladder while the answers are still being written; a generator without I/O or clock, as the ladder is."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from typing import TypeAlias

from replykit.case import Case
from replykit.flow import case_flow, reply_of
from replykit.gate import LONG, Gate
from replykit.invisible import visible
from replykit.partial import Habit, settled_part
from replykit.records import ChatRequest, Completion, Reply
from replykit.seams import Seams
from replykit.standby import holding_reply
from replykit.text import Outline, fold

__all__ = ["StreamFlow", "stream_flow"]

# Yielded: a call to make, of which the first event is sent back; None, for its next event; a text that may leave.
# An event is a piece of the answer, or the completion that ends it.
StreamFlow: TypeAlias = Generator[ChatRequest | str | None, str | Completion | None, Reply]


def stream_flow(
    case: Case,
    seams: Seams,
    *,
    habit: Habit | None = None,
    max_repairs: int = 1,
    prompts: str | None = None,
    offline: bool = False,
) -> StreamFlow:
    """Make a reply and let its beginning leave as soon as it is proven.

    At every moment what has left is, as exactly that string, a text in which a check finds no error; at the end it is
    the text of the reply. Where an answer goes on with an error, nothing more of it leaves: it is asked for again from
    there on, or repaired, as `reply_flow` does; where nothing helps, what has left is all of the reply, and needs
    review. Where nothing has left by then, a ready line does, and needs review as well.

    Args:
        case: what is asked for, and what judges it.
        seams: where a reply may be cut.
        habit: what is known of the model, and learnt here.
        max_repairs: how often an answer that breaks a rule is asked for again.
        prompts: a folder of own prompt templates.
        offline: True asks no model at all.

    Returns:
        The reply.

    Raises:
        ChatError: the first call failed before anything left.
        BudgetError: the budget does not allow even the first call.
        PromptError: a prompt template is missing or does not render.
    """
    ladder = case_flow(case, max_repairs=max_repairs, prompts=prompts, offline=offline)
    told, habit = case.told, habit or Habit()
    try:
        ask: Callable[[], ChatRequest] = ladder.__next__
        while True:
            try:
                request = ask()
            except StopIteration as end:
                reply: Reply = end.value
                break
            ask = yield from _heard(case, seams, habit, request, ladder)
    finally:
        ladder.close()
    if not told.text and _is_wrong(reply):
        line = holding_reply(case)
        attempts, trouble = (*reply.attempts, line), f"its best answer {reply.reason}"
        reply = reply_of(case, line.text, attempts, offline=offline, trouble=trouble, stopgap=True)
        if _is_wrong(reply):  # no line of the playbook may be said either
            reply = reply_of(case, "", attempts, offline=offline, trouble=trouble)
    for piece in _sentences(case, reply.text):
        told.text += piece
        yield piece
    return reply


def _is_wrong(reply: Reply) -> bool:
    return any(violation.severity == "error" for violation in reply.violations)


def _heard(
    case: Case, seams: Seams, habit: Habit, request: ChatRequest, ladder: Generator[ChatRequest, Completion, Reply]
) -> Generator[ChatRequest | str | None, str | Completion | None, Callable[[], ChatRequest]]:
    """Make one call and let through what is proven of its answer; return the ladder's next step."""
    gate, before, told = Gate(case, seams), case.told.text, case.told
    told.heard, looked, is_warm = "", 0, False
    try:
        event = yield request
        while not isinstance(event, Completion):
            told.heard += event or ""
            if len(told.heard) >= looked:
                looked = len(told.heard) + (len(told.heard) // 20 if len(told.heard) > LONG else 0)
                part = settled_part(visible(told.heard), habit)
                if not before.startswith(part):
                    yield from gate.pieces(case.continued(before, part, is_whole=False))
            if not is_warm:
                case.check(told.heard)  # what a first check compiles is ready when the first sentence is
                is_warm = True
            event = yield None
    except GeneratorExit:
        raise
    except BaseException as error:  # an interruption as well: the ladder tells what was paid for
        failure = error
        return lambda: ladder.throw(failure)
    completion = event
    if completion.outcome == "complete":
        habit.learn(completion.text)
    return lambda: ladder.send(completion)


def _sentences(case: Case, text: str) -> Iterator[str]:
    """Yield what has not left of a reply, as many sentences at once as it takes to leave a text without errors."""
    start = since = len(case.told.text)
    for _, stop in Outline(fold(text[since:])).sentences if len(text) < LONG else ():
        end = since + len(text[since : since + stop].rstrip())
        if start < end < len(text) and case.check(text[:end]).ok:
            yield text[start:end]
            start = end
    if start < len(text):
        yield text[start:]
