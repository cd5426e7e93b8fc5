"""What a model quotes from a conversation, held against it: a quotation that does not stand there fills nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from replykit.complaint import Entry, Ungrounded
from replykit.heard import Heard
from replykit.records import JsonForm
from replykit.register import RecordField
from replykit.registrar import Found, Registrar
from replykit.text import fold, is_whole_word

__all__ = ["form_of", "quoted"]

_MOST_ITEMS = 50  # of one field; a record with more is no record
_MOST_UNGROUNDED = 100
_LONGEST = 500  # code points of one quotation
_SHOWN = 200  # code points of a quotation that is dropped
_MOST_PLACES = 20  # at which a quotation is looked at
_ROLES = {"customer": ("customer",), "agent": ("agent",), "either": ("customer", "agent")}


def form_of(fields: Sequence[RecordField], categories: Sequence[str]) -> JsonForm:
    """Return the JSON that a model is asked for: for each field a list of quotations, each with the number of its turn.

    Args:
        fields: the fields that a model is asked for.
        categories: the ids of the categories.
    """
    import json

    properties = {field.id: _list_of(_labels(field, categories)) for field in fields}
    schema = {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
    return JsonForm(name="complaint_record", json_schema=json.dumps(schema, ensure_ascii=False))


def _labels(field: RecordField, categories: Sequence[str]) -> list[str]:
    return list(categories) if field.id == "category" else list(field.labels)


def _list_of(labels: Sequence[str]) -> dict[str, Any]:
    properties: dict[str, Any] = {"turn": {"type": "integer"}, "quote": {"type": "string"}}
    if labels:
        properties["label"] = {"type": "string", "enum": list(labels)}
    item = {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
    return {"type": "array", "items": item}


def quoted(
    answer: Mapping[str, Any], conversation: Sequence[Heard], registrar: Registrar, categories: Sequence[str]
) -> tuple[Found, tuple[Ungrounded, ...]]:
    """Return what a model's answer quotes truly, by field, and what it does not.

    A quotation counts where it stands in a turn of the right speaker, letter by letter or after the fold (script,
    width, case), cuts no number, word or fact in two, holds what its field must hold, and says of itself neither a
    refusal nor a question where the field wants a promise. Nothing of the model's own wording is kept.

    Args:
        answer: the JSON object, of any shape whatever.
        conversation: the turns.
        registrar: the fields.
        categories: the ids of the categories.
    """
    found: Found = {}
    dropped: list[Ungrounded] = []
    asked: dict[str, RecordField] = {field.id: field for field in registrar.fields.values() if field.guidance}
    if len(answer) == 1 and not answer.keys() & asked.keys():  # {"record": {…}}
        inner = next(iter(answer.values()))
        answer = inner if isinstance(inner, Mapping) else answer
    for name, value in answer.items():
        field = asked.get(name)
        if field is None:
            dropped.append(_dropped(str(name), value, "there is no such field"))
            continue
        for item in _items(value):
            entry = _entry(field, item, conversation, registrar, _labels(field, categories))
            if isinstance(entry, Entry):
                found.setdefault(field.id, []).append(entry)
            else:
                dropped.append(_dropped(field.id, item, entry))
    return found, tuple(dropped[:_MOST_UNGROUNDED])


def _items(value: object) -> Iterator[object]:
    if value is None:
        return
    yield from value[:_MOST_ITEMS] if isinstance(value, list) else (value,)


def _dropped(field: str, item: object, reason: str) -> Ungrounded:
    quote = item.get("quote", "") if isinstance(item, Mapping) else item
    return Ungrounded(field=field[:_SHOWN], quote=(quote if isinstance(quote, str) else "")[:_SHOWN], reason=reason)


def _entry(
    field: RecordField, item: object, conversation: Sequence[Heard], registrar: Registrar, labels: Sequence[str]
) -> Entry | str:
    """Return what an item quotes, or why it counts for nothing."""
    quote = item.get("quote") if isinstance(item, Mapping) else item
    turn = item.get("turn") if isinstance(item, Mapping) else None
    label = item.get("label") if isinstance(item, Mapping) else None
    if not isinstance(quote, str) or not any(char.isalnum() for char in quote):
        return "it quotes nothing"
    if len(quote) > _LONGEST:
        return f"a quotation has at most {_LONGEST} code points"
    if labels and label not in labels:
        return "its label is none of those asked for"
    reasons: list[str] = []
    for heard, start, end in _places(quote.strip(), turn, conversation):
        if heard.turn.role not in _ROLES[field.role]:
            reasons.append(f"only the {heard.turn.role} said so")
        elif _cuts(heard, start, end):
            reasons.append("it cuts a number or a word in two")
        elif not registrar.is_evident(field.id, heard, start, end):
            reasons.append("it holds nothing of the kind")
        elif (span := registrar.accepts(field.id, heard, start, end)) is None:
            reasons.append("in its place it says something else")
        else:
            return heard.entry(*span, str(label) if labels else None).model_copy(update={"found_by": "model"})
    # What keeps it from counting where it was said to stand.
    return reasons[0] if reasons else "it does not stand in the conversation"


def _places(quote: str, turn: object, conversation: Sequence[Heard]) -> Iterator[tuple[Heard, int, int]]:
    """Yield where a quotation stands: in the turn named first, and letter by letter before folded."""
    named = turn if isinstance(turn, int) and not isinstance(turn, bool) else -1
    ordered = sorted(conversation, key=lambda heard: heard.index != named)
    folded = fold(quote)
    seen = 0
    for wanted, is_folded in ((quote, False), (folded, True)):
        for heard in ordered:
            text = heard.reading.text if is_folded else heard.turn.text
            at = text.find(wanted)
            while at >= 0 and seen < _MOST_PLACES:
                seen += 1
                yield heard, at, at + len(wanted)
                at = text.find(wanted, at + 1)


def _cuts(heard: Heard, start: int, end: int) -> bool:
    return not is_whole_word(heard.reading.text, start, end) or heard.cut(start, end) is not None
