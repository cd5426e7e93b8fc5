"""A JSON Lines file: one object with a reply a line."""

from __future__ import annotations

from collections.abc import Iterator

from replykit.cli.origin import Named
from replykit.cli.readers.opening import lines_of
from replykit.errors import UsageError
from replykit.sheets.lines import Line
from replykit.sheets.records import record_in

__all__ = ["replies_in_records"]


def replies_in_records(path: str, column: str | None, encoding: str | None = None) -> Iterator[Named]:
    """Yield the texts of one field, with the numbers of their lines; null and blank texts are left out.

    The columns of violations are known where the text stands in its line without escapes; else only the line is.

    Args:
        path: the file.
        column: the field; None: `text`.
        encoding: its encoding; None: found out.

    Raises:
        UsageError: it cannot be read, or a line is no JSON object with a text under that name.
        TextError: it is no text.
    """
    field = "text" if column is None else column
    for line in lines_of(path, path, encoding):
        if line.raw.strip():
            text = _text(line, field, path)
            if text.strip():
                yield _named(line, text, path)


def _text(line: Line, field: str, path: str) -> str:
    record = record_in(line, path)
    place = f"{path}, line {line.number}"
    if field not in record:
        known = ", ".join(record) or "none"
        raise UsageError(f"{place}, has no field {field!r} (name it with --column); there are: {known}")
    value = record[field]
    if value is not None and not isinstance(value, str):
        raise UsageError(f"{place}: the field {field!r} holds no text")
    return value or ""


def _named(line: Line, text: str, path: str) -> Named:
    quoted = f'"{text}"'
    start = line.raw.find(quoted) + 1
    plain = line.raw.count(quoted) == 1 and "\\" not in text and '"' not in text

    def where(index: int) -> int | None:
        return start + index if plain else None

    return Named(id=line.number, text=text, file=path, line=line.number, raw=line.raw, offset=line.offset, where=where)
