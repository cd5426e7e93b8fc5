"""The repair ladder: ask, check, re-ask, keep the least wrong, fix, check again; a generator without I/O or clock."""

from __future__ import annotations

from collections.abc import Generator, Sequence

from replykit.answer import clean_answer
from replykit.brand import has_words
from replykit.case import Case
from replykit.checker import Checker
from replykit.errors import BudgetError, ChatError, ReplykitError
from replykit.fixer import Fixer
from replykit.invisible import unsteered, visible
from replykit.prompts import messages_for, repair_messages
from replykit.records import Attempt, ChatRequest, Completion, Outcome, Reply, Request, Status, Usage, Violation
from replykit.standby import errors_and_warnings, holding_reply, mended_draft

__all__ = ["case_flow", "gravity", "guarded_reply", "reply_flow", "reply_of"]

_ROOM = 2048  # tokens; the least that an answer is given after one was cut off
# Breaking one of these changes what the customer is told, which is worse than the flaw that a repair mends.
_SUBSTANCE = frozenset({"grounded-facts", "keep-meaning", "keep-placeholders"})


def reply_flow(
    request: Request,
    *,
    checker: Checker,
    fixer: Fixer,
    max_repairs: int = 1,
    prompts: str | None = None,
    offline: bool = False,
    is_held: bool = True,
) -> Generator[ChatRequest, Completion, Reply]:
    """Make a reply: yield what to ask a chat model, be sent its answer, return the reply.

    A driver may throw a `ChatError` or a `BudgetError` in place of an answer: where an answer came before, the ladder
    goes on with it.

    An answer with errors is asked for again, at most `max_repairs` times, quoting what was wrong; an answer that was
    cut off or blank once more besides. A refusal is never asked again. Of the answers, the one with the fewest
    ungrounded facts, turned meanings and broken placeholders is kept, then the one with the fewest errors, the fewest
    warnings, the earliest. What is left is repaired without a model. Where the model gave nothing that can be used, a
    draft is repaired without it, and a drafted reply is a ready line that needs review.

    Args:
        request: what is asked for.
        checker: finds violations, by its own playbook.
        fixer: repairs without a model.
        max_repairs: how often an answer that breaks a rule is asked for again.
        prompts: a folder of own prompt templates.
        offline: True asks no model at all.
        is_held: False where no playbook at hand holds the language of the request; the reply then needs review.

    Returns:
        The reply. Its status comes from a check of exactly its text.

    Every exception that ends the work, an interruption too, carries as `attempts` what was tried before it.

    Raises:
        ChatError: the first call failed, so there is nothing to go on with.
        BudgetError: the budget does not allow even the first call.
        PromptError: a prompt template is missing or does not render.
    """
    case = Case.of(request, checker, fixer, is_held=is_held)
    return (yield from case_flow(case, max_repairs=max_repairs, prompts=prompts, offline=offline))


def case_flow(
    case: Case, *, max_repairs: int, prompts: str | None, offline: bool
) -> Generator[ChatRequest, Completion, Reply]:
    """Make the reply of a case, as `reply_flow` does.

    Where the beginning of an answer has left while it was written, the reply begins with it, whatever else is tried.
    An answer that breaks off then is not asked for again, and what nobody can go on from is all of the reply.
    """
    attempts: list[Attempt] = []
    trouble = ""
    if not offline:
        try:
            # No other answer would be judged either.
            trouble = yield from _ask(case, attempts, max_repairs if case.is_held else 0, prompts)
        except BaseException as error:  # an interruption as well: what was paid for is told whatever ends the work
            error.attempts = tuple(attempts)  # type: ignore[attr-defined]  # only ours declare it
            raise
    return _settled(case, attempts, trouble=trouble, offline=offline)


def guarded_reply(case: Case, text: str) -> Reply:
    """Make a reply of a text that a model wrote elsewhere: judged and repaired as an answer, with nobody to ask again.

    Args:
        case: a request for a reply, its instructions those that the model was given, as far as they are known.
        text: the answer, as received.
    """
    answer = clean_answer(visible(unsteered(text))).strip()
    outcome: Outcome = "complete" if has_words(case.brand.body(answer)) else "blank"
    return _settled(case, [case.attempt("model", case.continued("", answer), outcome)], trouble="", offline=False)


def _settled(case: Case, attempts: list[Attempt], *, trouble: str, offline: bool) -> Reply:
    """Return the reply that comes of what was tried: the least wrong answer, repaired, or what stands in for one."""
    answers = (one for one in attempts if one.outcome == "complete" and case.fits(one.text))
    best = min(answers, key=gravity, default=None)
    stopgap = False
    if best is not None:
        if errors_and_warnings(best)[0]:
            fixed = case.fix(best.text)
            if fixed != best.text:
                attempts.append(case.attempt("fixer", fixed))
                best = min(best, attempts[-1], key=gravity)
    elif case.told.text:
        pass  # no ready line goes on from what has left
    elif case.request.task == "rewrite":
        attempts += mended_draft(case)
        best = attempts[-1]
    else:
        attempts.append(holding_reply(case))
        best, stopgap = attempts[-1], not offline
    if case.told.text and (best is None or errors_and_warnings(best)[0]):
        told, wrong = case.told.text, best.violations if best else ()
        return reply_of(case, told, attempts, trouble=trouble, unfinished=wrong, offline=offline)
    assert best is not None
    return reply_of(case, best.text, attempts, trouble=trouble, stopgap=stopgap, offline=offline)


def _ask(
    case: Case, attempts: list[Attempt], max_repairs: int, prompts: str | None
) -> Generator[ChatRequest, Completion, str]:
    """Ask the model until an answer keeps the rules or asking again is of no use; return what went wrong on the way."""
    original = messages_for(case.request, case.playbook, case.assessment, folder=prompts)
    case.instructions[:] = [message.content for message in original if message.role == "system"]
    ask = ChatRequest(messages=original)
    second_chance = True
    repairs_left = max_repairs
    while True:
        told = case.told.text
        try:
            completion = yield ask
        except (ChatError, BudgetError) as error:
            answered, has_begun = bool(attempts), case.told.text != told
            if has_begun or (isinstance(error, ChatError) and error.may_be_billed):
                attempts.append(_lost(case, told, error.usage if isinstance(error, ChatError) else None))
            if not answered and not has_begun:
                raise
            return f"the {'answer broke off' if has_begun else 'next call failed'}: {type(error).__name__}: {error}"
        except ReplykitError:
            raise
        except BaseException:
            attempts.append(_lost(case, told))
            raise
        answer = clean_answer(visible(completion.text)).strip()
        text = case.continued(told, answer)
        says_nothing = not has_words(case.brand.body(answer)) or (told and text == told)
        outcome = "blank" if completion.outcome == "complete" and says_nothing else completion.outcome
        attempt = case.attempt("model", text, outcome, completion.usage)
        stale = _is_stale(attempt, attempts)
        attempts.append(attempt)
        if not case.fits(text):
            return "what was sent is no part of the answer as it ended"
        if outcome in ("length", "blank") and second_chance and case.told.text == told:
            second_chance = False
            room = max(_ROOM, 2 * completion.usage.completion_tokens, 2 * (ask.max_tokens or 0))
            ask = ask.model_copy(update={"max_tokens": room}) if outcome == "length" else ask
            continue
        if outcome != "complete":
            return f"an answer ended with {outcome} (finish reason {completion.finish_reason!r})"
        if not errors_and_warnings(attempt)[0] or not repairs_left or stale:
            return ""
        repairs_left -= 1
        ask = ChatRequest(
            messages=repair_messages(
                original,
                text,
                attempt.violations,
                case.language,
                folder=prompts,
                playbook=case.playbook,
                told=case.told.text,
            )
        )


def _is_stale(attempt: Attempt, earlier: Sequence[Attempt]) -> bool:
    """Return whether asking again has stopped to change anything: the same text, or the same violations."""
    complete = [other for other in earlier if other.outcome == "complete"]
    if any(other.text == attempt.text for other in complete):
        return True
    return bool(complete) and _hits(complete[-1]) == _hits(attempt)


def _hits(attempt: Attempt) -> set[tuple[str, str, str]]:
    return {(v.rule, v.text, v.message) for v in attempt.violations if v.severity == "error"}


def _lost(case: Case, told: str, usage: Usage | None = None) -> Attempt:
    """Return the attempt that a call was whose answer never came, or not to its end, and may have to be paid for."""
    heard = clean_answer(visible(case.told.heard)).strip()
    return case.attempt("model", case.continued(told, heard) if heard else "", "lost", usage or Usage(calls=1))


def gravity(attempt: Attempt) -> tuple[int, int, int]:
    """Return how much is wrong with an attempt, comparable: what changes what the customer is told counts first."""
    substance = sum(v.severity == "error" and v.principle in _SUBSTANCE for v in attempt.violations)
    return (substance, *errors_and_warnings(attempt))


def reply_of(
    case: Case,
    text: str,
    attempts: Sequence[Attempt],
    *,
    offline: bool,
    trouble: str = "",
    stopgap: bool = False,
    unfinished: Sequence[Violation] | None = None,
) -> Reply:
    """Return a text as a reply: the one place that decides a status, from a check of exactly the text that leaves.

    Args:
        case: what it is judged by.
        text: what leaves.
        attempts: what was tried, oldest first.
        offline: True where no chat model is configured.
        trouble: what went wrong on the way; told where the reply needs review.
        stopgap: True where the text stands in for an answer that the model did not give.
        unfinished: where the text is only what had left already, what keeps the rest from it; None where it is all.
    """
    report = case.check(text)
    first = next((attempt for attempt in attempts if attempt.outcome in (None, "complete")), None)
    untouched = first is not None and first.text == text and (offline or first.made_by != "fixer")
    reasons: list[str] = []
    if not has_words(text):
        reasons.append("there are no words in it" if text.strip() else "there is no text to send")
    if not report.ok:
        reasons.append("still breaks " + ", ".join(dict.fromkeys(v.principle for v in report.errors)))
    if not case.is_held:
        reasons.append(f"no rule judged it, as no playbook given is for {case.language_name}")
    if stopgap:
        reasons.append("only a ready line, as the model gave no answer that can be used")
    if unfinished is not None:
        broken = dict.fromkeys(v.principle for v in unfinished if v.severity == "error")
        reasons.append(
            "only the beginning of a reply" + (f", as the rest breaks {', '.join(broken)}" if broken else "")
        )
    status: Status = "needs_review" if reasons else "clean" if untouched else "repaired"
    return Reply(
        text=text,
        status=status,
        violations=report.violations,
        attempts=tuple(attempts),
        usage=sum((attempt.usage for attempt in attempts), Usage()),
        escalate=case.assessment.escalate,
        assessment=case.assessment,
        stage=case.request.stage,
        language=case.language,
        reason="; ".join([*reasons, trouble] if trouble else reasons) if reasons else "",
        trouble=trouble,
        original=case.request.draft,
        offline=offline,
    )
