"""`replykit record`: a conversation in, a complaint record out."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Annotated

import typer

from replykit.cli.conversation import conversation
from replykit.cli.display import count, json_line, note, show_line
from replykit.cli.kits import open_kit
from replykit.cli.options import (
    BaseUrlOption,
    BudgetOption,
    EncodingOption,
    JsonOption,
    LanguageOption,
    MaxRepairsOption,
    ModelOption,
    OfflineOption,
    PlaybookOption,
    PrivacyOption,
    PrivateOption,
    PromptsOption,
    TimeoutOption,
)
from replykit.complaint import ComplaintRecord, Entry
from replykit.errors import UsageError
from replykit.playbook import Playbook

__all__ = ["record"]

_NO_ANSWER = 3
_MOST_SHOWN = 20


def record(
    file: Annotated[
        str | None,
        typer.Argument(
            metavar="FILE",
            help="The conversation: JSON turns, or lines (客户：…, 客服：…); - or nothing: standard input.",
        ),
    ] = None,
    language: LanguageOption = None,
    model: ModelOption = None,
    base_url: BaseUrlOption = None,
    playbook: PlaybookOption = None,
    timeout: TimeoutOption = 30.0,
    max_repairs: MaxRepairsOption = 1,
    budget: BudgetOption = None,
    prompts: PromptsOption = None,
    privacy: PrivacyOption = None,
    private: PrivateOption = None,
    offline: OfflineOption = False,
    encoding: EncodingOption = None,
    as_json: JsonOption = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print headings and one row, as CSV.")] = False,
) -> None:
    """Register a complaint: every entry in the words of the conversation, with the turn that it stands in.

    Exit code: 0 done, 2 wrong use, 3 the chat model gave no answer and the record was made without it.
    """
    if as_json and as_csv:
        raise UsageError("give either --json or --csv, not both")
    turns = conversation(file, encoding)
    with open_kit(
        model=model,
        base_url=base_url,
        playbook=playbook,
        timeout=timeout,
        max_repairs=max_repairs,
        budget=budget,
        prompts=prompts,
        privacy=privacy,
        offline=offline,
        without_model="the record is what patterns find",
    ) as kit:
        made = kit.record(turns, language=language, private=private or ())
        if as_json:
            print(json_line(made.model_dump(mode="json")))
        elif as_csv:
            _print_csv(kit.sheet_row(made))
        else:
            for parts in _lines(made, kit.shelf.playbook_for(made.language)):
                show_line(*parts)
    for dropped in made.ungrounded[:_MOST_SHOWN]:
        note(("warning", "left out"), ("plain", f": {dropped.field}: {dropped.quote}: {dropped.reason}"))
    if len(made.ungrounded) > _MOST_SHOWN:
        note(("plain", f"… and {count(len(made.ungrounded) - _MOST_SHOWN, 'more')}; --json lists them all"))
    if made.trouble:
        note(("error", "without the model"), ("plain", f": {made.trouble}"))
        raise typer.Exit(_NO_ANSWER)


def _print_csv(row: dict[str, str]) -> None:
    import csv

    writer = csv.writer(sys.stdout)
    writer.writerow(row)
    writer.writerow(row.values())


def _lines(made: ComplaintRecord, playbook: Playbook) -> Iterator[list[tuple[str, str]]]:
    """Yield the lines of a record as an agent reads it: heading, words, and the number of the turn, from 1."""
    say: dict[str, str] = {field.id: playbook.say(field.title, made.language) for field in playbook.fields}
    categories = {category.id: category.title for category in playbook.categories}
    for field in playbook.fields:
        heading = say[field.id]
        if field.id in ("by", "due"):  # they stand beside their promise
            continue
        if field.id == "missing":
            words = "、".join(say.get(id, id) for id in made.missing)
            yield [("strong", f"{heading}："), ("warning" if words else "quiet", words or "—")]
            continue
        labels = categories if field.id == "category" else dict(field.labels)
        entries = made.entries(field.id)
        if not entries:
            yield [("strong", f"{heading}："), ("quiet", "—")]
        for place, entry in enumerate(entries):
            label = labels.get(entry.value)
            words = f"{playbook.say(label, made.language)}（{entry.span.text}）" if label else entry.value
            more = _promise(made, place) if field.id == "promised" else ""
            shown = " ".join(words.split())
            yield [("strong", f"{heading}："), ("plain", shown), ("quiet", f"  [{_where(entry)}{more}]")]


def _where(entry: Entry) -> str:
    by_model = ", model" if entry.found_by == "model" else ""
    return f"turn {entry.span.turn + 1}, {entry.span.role}{by_model}"


def _promise(made: ComplaintRecord, place: int) -> str:
    promise = made.promised[place]
    by = f", by {promise.by}" if promise.by != "agent" else ""
    at = f", at {promise.at:%Y-%m-%d %H:%M}" if promise.at else ""
    due = f", due {promise.due.value}" if promise.due else ""
    return by + at + due
