"""What is said without a chat model: a mended draft, a holding reply, an acknowledgement."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Sequence

from replykit.brand import greeting_end
from replykit.case import Case
from replykit.records import Attempt
from replykit.rules import Scene

__all__ = ["acknowledgement", "errors_and_warnings", "holding_reply", "mended_draft"]

_MOST_TRIED = 64  # combinations of ready lines


def mended_draft(case: Case) -> tuple[Attempt, ...]:
    """Repair a draft without a model; where the customer is upset and it shows no understanding, add a line that does.

    Args:
        case: a request to rewrite a draft.

    Returns:
        What was tried, the draft as it stands first; later ones only where they are better.
    """
    tried = [case.attempt("fixer", case.brand.on(case.request.draft or ""))]
    if tried[0].violations:
        fixed = case.attempt("fixer", case.fix(tried[0].text))
        if errors_and_warnings(fixed) < errors_and_warnings(tried[0]):
            tried.append(fixed)
    mended = tried[-1]
    if case.assessment.upset and _lacks_empathy(mended):
        greeting = _greeted(case, mended.text)
        for line in case.playbook.lines_for("empathy"):
            understanding = case.playbook.say(line.text, case.language)
            warmer = case.attempt(
                "phrasebook",
                case.brand.on(_joined(case, [mended.text[:greeting], understanding, mended.text[greeting:]])),
            )
            if not _lacks_empathy(warmer) and errors_and_warnings(warmer) < errors_and_warnings(mended):
                return (*tried, warmer)
    return tuple(tried)


def holding_reply(case: Case) -> Attempt:
    """Return ready lines that fit the situation and promise nothing: understanding where it is due, then what is done.

    Args:
        case: a request for a reply.

    Returns:
        The first combination, in the order of the phrasebook, that a check finds nothing wrong with; else the one with
        the least wrong.
    """
    return _best_of(case, _holding_scenes(case))


def acknowledgement(case: Case, scene: Scene | None = None) -> Attempt:
    """Return the line that answers at once (001, 3秒应答), before anybody has looked into the matter.

    Args:
        case: a request for a reply.
        scene: which lines to take; None: by the customer's message, and the opening where there is none.

    Returns:
        The line, as `holding_reply` chooses it.
    """
    if scene is not None:
        return _best_of(case, (scene,))
    message = case.request.customer
    if message is None or greeting_end(case.playbook, message) == len(message):
        return _best_of(case, ("opening",))
    return holding_reply(case)


def errors_and_warnings(attempt: Attempt) -> tuple[int, int]:
    """Return how much is wrong with an attempt, comparable: its errors first, then its warnings."""
    errors = sum(violation.severity == "error" for violation in attempt.violations)
    return errors, len(attempt.violations) - errors


def _holding_scenes(case: Case) -> tuple[Scene, ...]:
    assessment = case.assessment
    if assessment.self_harm:
        return ("self_harm",)
    found = {signal.rule for signal in assessment.signals}
    own = next((signal.scene for signal in case.playbook.signals if signal.scene and signal.id in found), None)
    if own:
        return (own,)
    if assessment.abuse:
        return ("abuse",)
    if assessment.escalate:
        return ("empathy", "handover")
    if assessment.complaint:
        return ("empathy", "complaint")
    if assessment.upset:
        return ("empathy", "holding")
    return ("holding",)


def _best_of(case: Case, scenes: Iterable[Scene]) -> Attempt:
    """Return the first combination of lines with nothing wrong; one that the customer has read only where all are."""
    say = case.playbook.say
    lines = [[say(line.text, case.language) for line in case.playbook.lines_for(scene)] for scene in scenes]
    read = [turn.text for turn in case.request.history if turn.role == "agent"]
    texts = [_joined(case, parts) for parts in itertools.islice(itertools.product(*filter(None, lines)), _MOST_TRIED)]
    tried: list[Attempt] = []
    for text in sorted(texts, key=functools.partial(_last_read, read)):
        tried.append(case.attempt("phrasebook", case.brand.on(text)))
        if not tried[-1].violations:
            return tried[-1]
    return min(tried, key=errors_and_warnings)


def _last_read(read: Sequence[str], text: str) -> int:
    """Return how lately the customer has read a text: 0 never, 1 first of all, and so on."""
    return max((place for place, earlier in enumerate(read, 1) if text in earlier), default=0)


def _lacks_empathy(attempt: Attempt) -> bool:
    return any(violation.principle == "empathy-first" for violation in attempt.violations)


def _joined(case: Case, parts: Iterable[str]) -> str:
    """Join sentences as the language does: Chinese without a space."""
    return case.space.join(part for part in parts if part)


def _greeted(case: Case, text: str) -> int:
    """Return where the opening or the greetings that a text begins with end, in code points."""
    head = case.brand.head
    return len(head) if head and text.startswith(head) else greeting_end(case.playbook, text)
