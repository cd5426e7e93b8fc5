"""A text file: one reply a line, with comments that ignore rules."""

from __future__ import annotations

import re
from collections.abc import Iterator

from replykit.cli.origin import Named
from replykit.cli.readers.opening import lines_of
from replykit.errors import UsageError

__all__ = ["replies_in_lines"]

_COMMENT = re.compile(r"(?<!\S)#\s*replykit\s*:(.*)$")
_IGNORE = re.compile(r"\s*ignore\s*\[([\w.,\s-]*)\]\s*")


def replies_in_lines(path: str, encoding: str | None = None) -> Iterator[Named]:
    """Yield the lines that are not blank.

    A line that ends with `# replykit: ignore[rule-or-principle, …]` is a reply without that comment; a line that is
    nothing but one speaks of the line below it, several of them together.

    Args:
        path: the file.
        encoding: its encoding; None: found out.

    Raises:
        UsageError: the file cannot be read, or a comment that begins with `# replykit:` ignores nothing by name.
        TextError: it is no text.
    """
    above: tuple[tuple[str, int], ...] = ()
    for number, offset, raw, _ in lines_of(path, path, encoding):
        text = raw.rstrip("\r\n")
        comment = _COMMENT.search(text)
        ignored = _ignored(comment[1], path, number) if comment else ()
        if comment:
            text = text[: comment.start()].rstrip()
            if not text:
                above += ignored
                continue
        if text.strip():
            id = f"{path}:{number}"
            yield Named(id=id, text=text, file=path, line=number, offset=offset, ignored=above + ignored)
            above = ()
        elif above:
            raise UsageError(f"{path}, line {number}, is blank, and the comment above it ignores rules for it")
    if above:
        raise UsageError(f"{path} ends with a comment that ignores rules for the line below it")


def _ignored(comment: str, path: str, number: int) -> tuple[tuple[str, int], ...]:
    found = _IGNORE.fullmatch(comment)
    ids = [id.strip() for id in found[1].split(",")] if found else []
    if not ids or not all(ids):
        raise UsageError(f"{path}, line {number}: write # replykit: ignore[ID], with ids of rules or principles")
    return tuple((id, number) for id in ids)
