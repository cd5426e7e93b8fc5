"""What callers pass, turned into records or refused in one clear sentence."""

from __future__ import annotations

import inspect
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from pydantic import ValidationError

from replykit import records
from replykit.checker import Checker
from replykit.errors import TextError, UsageError
from replykit.invisible import unsteered
from replykit.records import Channel, Length, Stage, Turn

if TYPE_CHECKING:
    from replykit.records import Completion, Request

__all__ = [
    "History",
    "awaited_completion",
    "completion_of",
    "facts_of",
    "given_of",
    "is_blank",
    "request_of",
    "text_of",
    "turns_of",
    "voice_of",
]

# A turn as a record, or as chat APIs write it: {"role": "user" | "assistant", "content": "…"}; see `turns_of`.
History: TypeAlias = Sequence[Turn | Mapping[str, Any]]

LONGEST_TEXT = 1_000_000  # code points
_ROLES: dict[str, Literal["customer", "agent"]] = {
    "user": "customer",
    "customer": "customer",
    "assistant": "agent",
    "agent": "agent",
}
_TIMES = ("time", "timestamp", "created_at")
_LONGEST_BRAND = 500  # code points
_UNSEEN = ("Cc", "Cf", "Zs", "Zl", "Zp")


def text_of(value: object, name: str) -> str:
    """Return a text that somebody can read.

    Args:
        value: what the caller passed.
        name: what the caller calls it.

    Raises:
        TextError: it is no string, is empty or blank, or is longer than 1,000,000 code points.
    """
    if not isinstance(value, str):
        raise TextError(f"{name} must be a str, not {type(value).__name__}")
    if len(value) > LONGEST_TEXT:
        raise TextError(f"{name} has {len(value):,} code points; the longest that is taken has {LONGEST_TEXT:,}")
    if is_blank(value):
        raise TextError(f"{name} is {'blank' if value else 'empty'}; give the text")
    return value


def is_blank(text: str) -> bool:
    """Return whether there is nothing in a text that somebody could see."""
    return all(unicodedata.category(char) in _UNSEEN for char in text)


def facts_of(facts: Sequence[str]) -> tuple[str, ...]:
    """Return the facts, without blank ones.

    Raises:
        UsageError: they are one string, a mapping, or no collection at all.
        TextError: one is longer than 1,000,000 code points.
    """
    if isinstance(facts, (str, bytes, Mapping)) or not isinstance(facts, Iterable):
        raise UsageError(f'facts must be a list of lines, not one {type(facts).__name__}; pass ["…"]')
    return tuple(text_of(fact, "a fact") for fact in facts if not isinstance(fact, str) or fact.strip())


def turns_of(history: History) -> tuple[Turn, ...]:
    """Return the turns of a conversation, oldest first.

    Args:
        history: `Turn` records, or mappings with `role` and `content`: `user` is the customer, `assistant` the agent.
            `content` is a text, or a list of parts of which the texts count. `name` and `time` may stand beside it
            (`timestamp` and `created_at` are read as well): a `datetime`, ISO 8601, or seconds since 1970. What tools
            were asked and answered is left out, as nobody said it.

    Raises:
        UsageError: a turn is neither, has another role, such as `system`, or a time that cannot be read.
        TextError: a turn is longer than 1,000,000 code points.
    """
    if isinstance(history, (str, bytes, Mapping)) or not isinstance(history, Iterable):
        raise UsageError('history must be a list of turns; pass [{"role": "user", "content": "…"}]')
    turns = (_turn(entry, f"history[{place}]") for place, entry in enumerate(history))
    return tuple(turn for turn in turns if turn is not None)


def _turn(entry: object, where: str) -> Turn | None:
    if isinstance(entry, Turn):
        text_of(entry.text or "-", where)
        return entry
    if not isinstance(entry, Mapping):
        raise UsageError(f"{where} must be a Turn or a mapping, not {type(entry).__name__}")
    role = entry.get("role")
    content = entry.get("content", entry.get("text"))
    if role in ("tool", "function") or (content is None and (entry.get("tool_calls") or entry.get("function_call"))):
        return None
    if role in ("system", "developer"):
        raise UsageError(
            f"{where} is a {role} message; leave it out, as replykit writes its own (see the prompts argument)"
        )
    if not isinstance(role, str) or role not in _ROLES:
        raise UsageError(f"{where} has the role {role!r}; known: {', '.join(_ROLES)}")
    if isinstance(content, Sequence) and not isinstance(content, (str, bytes)):
        parts = [part.get("text") if isinstance(part, Mapping) else part for part in content]
        content = "\n".join(part for part in parts if isinstance(part, str))
    if not isinstance(content, str):
        raise UsageError(f"{where} has no text under 'content'")
    text_of(content or "-", where)
    name = entry.get("name")
    if name is not None and not isinstance(name, str):
        raise UsageError(f"{where} has a name that is no text but {type(name).__name__}")
    time = next((entry[key] for key in _TIMES if entry.get(key) is not None), None)
    return Turn(role=_ROLES[role], text=content, name=name, time=None if time is None else _time(time, where))


def _time(value: object, where: str) -> datetime:
    try:
        if isinstance(value, datetime):
            return value
        if isinstance(value, str):
            return datetime.fromisoformat(value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    shown = repr(value) if len(repr(value)) <= 40 else type(value).__name__
    raise UsageError(f"{where} has the time {shown}; give ISO 8601 (2026-11-08T10:00:03) or seconds since 1970")


def given_of(
    *,
    customer: str | None,
    history: History,
    facts: Sequence[str],
    draft: str | None,
    stage: Stage | None = None,
    channel: Channel | None = None,
    length: Length | None = None,
) -> dict[str, Any]:
    """Return what a reply is checked with beside its language, as the checker and the fixer take it.

    Raises:
        UsageError: an argument cannot be used; a `TextError` where a fact or a turn is no text.
    """
    given = {
        "customer": customer,
        "history": turns_of(history),
        "facts": facts_of(facts),
        "draft": draft,
        "stage": stage,
        "channel": channel,
        "length": length,
    }
    texts_are_texts = all(text is None or isinstance(text, str) for text in (customer, draft))
    choices = (stage, Stage), (channel, Channel), (length, Length)
    if not texts_are_texts or not all(choice in (None, *get_args(known)) for choice, known in choices):
        # It says what is wrong. Where nothing is, to prepare it would cost as much as a first check.
        request_of(task="rewrite", **{name: value for name, value in given.items() if value is not None})
    return given


def voice_of(voice: Mapping[str, str | None], checker: Checker) -> dict[str, str | None]:
    """Return how a reply is to sound and what it begins and ends with; an empty text is none.

    Args:
        voice: `tone`, `length`, `persona`, `opening`, `signature` and `guidance`, as far as they are given.
        checker: what an opening and a signature have to keep, as they stand in every reply.

    Raises:
        UsageError: one cannot be used, or says what no reply may; a `TextError` where it is no text.
    """
    kept: dict[str, str | None] = {}
    for name, text in voice.items():
        kept[name] = text
        if not isinstance(text, str):
            continue  # nothing, or what a request refuses
        kept[name] = text = None if is_blank(text) else text_of(text, name).strip()
        if text is None:
            continue
        if name in ("opening", "signature"):
            if len(text) > _LONGEST_BRAND or not any(char.isalnum() for char in text):
                raise UsageError(f"{name} must be words, at most {_LONGEST_BRAND} code points of them")
            errors = checker.check(text).errors
            if errors:
                raise UsageError(
                    f"{name} breaks {errors[0].principle} ({errors[0].rule}); it stands in every reply, so word it anew"
                )
    return kept


def completion_of(answer: object) -> Completion:
    """Return what a chat answered, without the characters that steer whoever shows it.

    Raises:
        UsageError: it is no `Completion`, as where a kit was given the chat of the other kit.
    """
    if isinstance(answer, records.Completion):
        text = unsteered(answer.text)
        return answer if text == answer.text else answer.model_copy(update={"text": text})
    if inspect.iscoroutine(answer):
        answer.close()
        raise UsageError("chat.complete is async; give this chat to AsyncReplyKit")
    raise UsageError(f"chat.complete must return a Completion, not {type(answer).__name__}")


async def awaited_completion(answer: object) -> Completion:
    """Return what an async chat answers.

    Args:
        answer: what its `complete` returned.

    Raises:
        UsageError: it cannot be awaited, or leads to no `Completion`.
    """
    if not inspect.isawaitable(answer):
        raise UsageError("chat.complete cannot be awaited; give this chat to ReplyKit")
    return completion_of(await answer)


def request_of(**fields: Any) -> Request:
    """Return a request.

    Raises:
        UsageError: a field holds a value that it does not know; the message says which values it knows.
    """
    try:
        return records.Request(**fields)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        got = first["input"]
        # A choice is shown; a text is somebody's words.
        shown = repr(got) if first["type"] == "literal_error" else f"a {type(got).__name__}"
        raise UsageError(f"{name}: {first['msg']}; got {shown}") from None
