"""One canned reply as it is read from the caller's rows, and the key by which the ledger knows it."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from replykit.async_kit import AsyncReplyKit
from replykit.errors import UsageError
from replykit.intake import is_blank
from replykit.kit import ReplyKit
from replykit.prompts import prompts_digest

__all__ = ["Columns", "Task", "job_digest"]

_FORM = 1  # raised where the same input would lead to another result or another kind of record


@dataclass(frozen=True, slots=True)
class Task:
    """One canned reply to polish.

    Attributes:
        number: the row's number as its user counts.
        text: the canned reply.
        customer: the message that it answers.
        facts: what it may state beside what it states already.
        stage: where a complaint stands.
        language: the language asked for; None: its own.
    """

    number: int
    text: str
    customer: str | None = None
    facts: tuple[str, ...] = ()
    stage: str | None = None
    language: str | None = None

    @property
    def input(self) -> tuple[str, str | None, tuple[str, ...], str | None, str | None]:
        """Everything about it that decides what becomes of it."""
        return self.text, self.customer, self.facts, self.stage, self.language

    def key(self, job: bytes) -> bytes:
        """Return the key of this input in a job: equal keys, equal results."""
        content = json.dumps(self.input, ensure_ascii=True).encode()
        return hashlib.blake2b(content, key=job, digest_size=16).digest()


@dataclass(frozen=True, slots=True)
class Columns:
    """Under which keys the rows hold what; None: they do not.

    Attributes:
        text: the canned reply.
        customer: the customer's message.
        facts: one fact a line.
        stage: where a complaint stands.
        language: the language asked for.
        number: the row's number; None: rows are counted from 1.
    """

    text: str = "text"
    customer: str | None = None
    facts: str | None = None
    stage: str | None = None
    language: str | None = None
    number: str | None = None

    def read(self, rows: Iterable[Mapping[str, Any]], skip: Callable[[], object]) -> Iterator[Task]:
        """Yield the rows that say something.

        Args:
            rows: mappings; a value that is None, NaN or blank is an empty cell, a number is read as it is written.
            skip: called for every blank row.

        Raises:
            UsageError: a row is no mapping or lacks a column that was named; the message says which.
        """
        for count, row in enumerate(rows, 1):
            if not isinstance(row, Mapping):
                raise UsageError(f"row {count} must be a mapping of column to value, not {type(row).__name__}")
            text = self._cell(row, self.text, count)
            if text is None:
                skip()
                continue
            facts = (self._cell(row, self.facts, count) or "").splitlines()
            yield Task(
                number=self._number(row, count),
                text=text,
                customer=self._cell(row, self.customer, count),
                facts=tuple(fact.strip() for fact in facts if not is_blank(fact)),
                stage=self._word(row, self.stage, count),
                language=self._word(row, self.language, count),
            )

    def _cell(self, row: Mapping[str, Any], column: str | None, count: int) -> str | None:
        if column is None:
            return None
        try:
            value = row[column]
        except KeyError:
            raise UsageError(
                f"row {count} has no {column!r}; it has {', '.join(map(repr, list(row)[:12])) or 'nothing'}"
            ) from None
        # NaN and pandas' NA and NaT stand for an empty cell; none of them equals itself, and NA's answer is no bool.
        if value is None or type(value).__name__ in ("NAType", "NaTType") or (value != value) is True:
            return None
        text = value if isinstance(value, str) else str(value)
        return None if is_blank(text) else text

    def _word(self, row: Mapping[str, Any], column: str | None, count: int) -> str | None:
        word = self._cell(row, column, count)
        return word and word.strip()

    def _number(self, row: Mapping[str, Any], count: int) -> int:
        if self.number is None:
            return count
        number = row.get(self.number)
        if isinstance(number, bool) or not hasattr(number, "__index__"):
            raise UsageError(f"row {count} has {number!r} as its number under {self.number!r}; give a whole number")
        return int(number)  # type: ignore[arg-type]  # it has an __index__


def job_digest(kit: ReplyKit | AsyncReplyKit) -> bytes:
    """Return what stands for everything but the row that decides about a result.

    That is the playbooks, the language and the wording asked for (tone, signature …) and replykit's version; with a
    chat model also the model, its server, its parameters and the prompt templates. A chat of the caller's own is known
    by its class and its attribute `model`, where it has one.

    Args:
        kit: the kit that polishes.

    Raises:
        PromptError: the kit's templates are missing.
    """
    chat = kit._chat
    parts: list[object] = [_FORM, importlib.metadata.version("replykit"), kit.playbook.model_dump_json()]
    if chat is not None:
        own = f"{type(chat).__module__}.{type(chat).__qualname__}", str(getattr(chat, "model", ""))
        parts += [getattr(chat, "identity", own), kit._max_repairs, prompts_digest(kit.playbook, kit._prompts)]
        parts += [kit._privacy] if kit._privacy else []
    for other in kit.shelf.playbooks[1:]:
        parts += [other.model_dump_json(), prompts_digest(other, kit._prompts) if chat is not None else None]
    # What every call of the kit asks for; a kit that asks for nothing is the one that it was before these were there.
    parts += [kit.shelf.language] if kit.shelf.language else []
    voice = {name: words for name, words in kit._voice.items() if words is not None}
    parts += [voice] if voice else []
    return hashlib.blake2b(json.dumps(parts).encode(), digest_size=32).digest()
