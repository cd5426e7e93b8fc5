"""The proof of a playbook's record: what its readers and categories find in their own examples."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from replykit.lint.flaw import Flaw
from replykit.lint.subject import Subject
from replykit.records import Turn
from replykit.register import Category, FieldReader, Words
from replykit.registrar import Registrar

__all__ = ["register_flaws"]

_Role = Literal["customer", "agent"]


def register_flaws(subject: Subject) -> Iterator[Flaw]:
    """Yield the readers and categories that do not do what their examples say.

    A reader finds the words of each of its `hits` first, and nothing in its `misses`. A message among a category's
    `hits` is about that category more than about any other; one among its `misses` is not.

    Args:
        subject: the playbook.
    """
    registrar = Registrar(subject.checker)
    for reader in subject.playbook.readers:
        yield from _reader_flaws(subject, registrar, reader)
    for category in subject.playbook.categories:
        yield from _category_flaws(subject, registrar, category)


def _reader_flaws(subject: Subject, registrar: Registrar, reader: FieldReader) -> Iterator[Flaw]:
    if reader.field not in registrar.fields:
        message = f"it fills the field {reader.field!r}, which the playbook has not"
        yield subject.flaw("never-fires", "reader", reader.id, message)
        return
    role: _Role = "agent" if reader.role == "agent" else "customer"
    other: _Role = "customer" if role == "agent" else "agent"
    for hit in reader.hits:
        found = registrar.read_by(reader, _around(hit, hit.text, role, other), 1)
        if not found or found[0].span.text != hit.words:
            instead = f"“{found[0].span.text}”" if found else "nothing"
            message = f"it finds {instead} in an example, not “{hit.words}”"
            yield subject.flaw("missed-example", "reader", reader.id, message, hit.text)
    for text in reader.misses:
        if found := registrar.read_by(reader, _around(reader.hits[0], text, role, other), 1):
            message = f"it finds “{found[0].span.text}” in a near-miss"
            yield subject.flaw("hit-example", "reader", reader.id, message, text)


def _around(hit: Words, text: str, role: _Role, other: _Role) -> list[Turn]:
    """Return a text as a turn between those that stand around an example."""
    return [Turn(role=other, text=hit.after), Turn(role=role, text=text), Turn(role=other, text=hit.answered)]


def _category_flaws(subject: Subject, registrar: Registrar, category: Category) -> Iterator[Flaw]:
    for texts, wanted in ((category.hits, True), (category.misses, False)):
        for text in texts:
            found = registrar.category(registrar.hear([Turn(role="customer", text=text)]))
            if (found is not None and found.value == category.id) is not wanted:
                of = found.value if found else "nothing"
                message = f"an example is about {of}" if wanted else "a near-miss is about it"
                code = "missed-example" if wanted else "hit-example"
                yield subject.flaw(code, "category", category.id, message, text)
