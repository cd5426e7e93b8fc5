"""How a complaint record comes about: the readers first, then what a model quotes truly; a generator without I/O."""

from __future__ import annotations

from collections.abc import Generator, Sequence

from replykit.complaint import ComplaintRecord, Entry, Promise, Ungrounded
from replykit.embedded import object_in
from replykit.errors import BudgetError, ChatError
from replykit.heard import Heard
from replykit.playbook import Playbook
from replykit.prompts import record_again, record_messages
from replykit.quotation import form_of, quoted
from replykit.records import ChatRequest, Completion, Language, Turn, Usage
from replykit.registrar import Found, Registrar

__all__ = ["record_flow"]

_ROOM = 4096  # tokens; the least that an answer is given after one was cut off
_LISTS = ("contact", "order", "product", "happened", "when", "asked", "mood", "claimed")


def record_flow(
    turns: Sequence[Turn],
    registrar: Registrar,
    playbook: Playbook,
    *,
    language: Language | None,
    max_repairs: int = 1,
    prompts: str | None = None,
    offline: bool = False,
) -> Generator[ChatRequest, Completion, ComplaintRecord]:
    """Make a record: yield what to ask a chat model, be sent its answer, return the record.

    A model adds what the readers did not find and never replaces what they did; of its answer only quotations count
    that stand in the conversation. It is asked once, and once more (`max_repairs`) where its answer held no JSON, was
    cut off or blank. Where it gives none, the readers' record is returned and `trouble` says why.

    Args:
        turns: the conversation, oldest first.
        registrar: reads it, by the same playbook.
        playbook: the fields and their guidance.
        language: the customer's language.
        max_repairs: how often an answer that cannot be used is asked for again.
        prompts: a folder of own prompt templates.
        offline: True asks no model at all.

    Raises:
        PromptError: a prompt template is missing or does not render.
    """
    conversation = registrar.hear(turns)
    found = registrar.read(conversation)
    ungrounded: tuple[Ungrounded, ...] = ()
    usage, trouble = Usage(), ""
    if not offline and turns:
        answer, usage, trouble = yield from _ask(turns, playbook, max_repairs, prompts)
        if answer is not None:
            categories = [category.id for category in playbook.categories]
            more, ungrounded = quoted(answer, conversation, registrar, categories)
            found = {id: _with(entries, more.get(id, ()), registrar, id) for id, entries in found.items()}
    lists = {id: tuple(found.get(id, ())) for id in _LISTS}
    return ComplaintRecord(
        **lists,
        who=next(iter(found.get("who", ())), None),
        category=next(iter(found.get("category", ())), None),
        promised=_promises(found, conversation),
        missing=_missing(found, playbook),
        ungrounded=ungrounded,
        language=language,
        usage=usage,
        offline=offline,
        trouble=trouble,
    )


def _ask(
    turns: Sequence[Turn], playbook: Playbook, repairs_left: int, prompts: str | None
) -> Generator[ChatRequest, Completion, tuple[dict[str, object] | None, Usage, str]]:
    """Ask until an answer holds an object or asking again is of no use; return it, its cost, and what went wrong."""
    original = record_messages(turns, playbook, folder=prompts)
    form = form_of(
        [field for field in playbook.fields if field.guidance], [category.id for category in playbook.categories]
    )
    ask = ChatRequest(messages=original, form=form)
    usage = Usage()
    while True:
        try:
            completion = yield ask
        except (ChatError, BudgetError) as error:
            if isinstance(error, ChatError) and error.may_be_billed:
                usage += error.usage or Usage(calls=1)
            return None, usage, f"the model gave no answer: {type(error).__name__}: {error}"
        usage += completion.usage
        outcome = completion.outcome
        if outcome == "complete" and (answer := object_in(completion.text)) is not None:
            return answer, usage, ""
        why = "holds no JSON object" if outcome == "complete" else f"ended with {outcome}"
        if not repairs_left or outcome not in ("complete", "length", "blank"):
            return None, usage, f"the model's answer {why} (finish reason {completion.finish_reason!r})"
        repairs_left -= 1
        if outcome == "complete":
            again = record_again(original, completion.text, playbook, folder=prompts)
            ask = ChatRequest(messages=again, form=form)
        elif outcome == "length":
            room = max(_ROOM, 2 * completion.usage.completion_tokens, 2 * (ask.max_tokens or 0))
            ask = ask.model_copy(update={"max_tokens": room})


def _with(found: Sequence[Entry], more: Sequence[Entry], registrar: Registrar, field: str) -> list[Entry]:
    """Return a field's entries with those that a model found where nothing stood, in the order of the conversation."""
    kept = list(found)
    for entry in more:
        span = entry.span
        overlaps = any(
            one.span.turn == span.turn and one.span.start < span.end and span.start < one.span.end for one in kept
        )
        if not overlaps and not any(one.value == entry.value for one in kept):
            kept.append(entry)
    kept.sort(key=lambda entry: (entry.span.turn, entry.span.start))
    return kept if registrar.fields[field].many else (list(found) or kept)[:1]


def _promises(found: Found, conversation: Sequence[Heard]) -> tuple[Promise, ...]:
    """Return the promises, each with the first time that its own clause names."""
    promises: list[Promise] = []
    times: dict[int, list[Entry]] = {}
    for time in found.get("due", ()):
        times.setdefault(time.span.turn, []).append(time)
    for what in found.get("promised", ()):
        heard, span = conversation[what.span.turn], what.span
        due = next((time for time in times.get(span.turn, ()) if span.start <= time.span.start < span.end), None)
        turn = heard.turn
        promises.append(Promise(what=what, by=turn.name or "agent", at=turn.time, due=due))
    return tuple(promises)


def _missing(found: Found, playbook: Playbook) -> tuple[str, ...]:
    """Return the fields that the complaint needs and that are empty, in the order of the playbook."""
    kinds = {entry.value for entry in found.get("category", ())}
    needed = {field.id for field in playbook.fields if field.required}
    needed |= {need for category in playbook.categories if category.id in kinds for need in category.needs}
    return tuple(field.id for field in playbook.fields if field.id in needed and not found.get(field.id))
