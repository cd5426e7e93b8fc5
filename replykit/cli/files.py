"""The files that the arguments of a command name, by name or by pattern."""

from __future__ import annotations

import glob
import os
import re
import stat
from collections.abc import Sequence
from pathlib import Path

from replykit.columnar.places import is_remote
from replykit.errors import UsageError

__all__ = ["files_of", "is_file", "looks_like_a_file", "shortened", "sources_of"]

_LONGEST_NAME = 4096
_LOOKS_LIKE_A_FILE = re.compile(
    r"[\w./\\~ *?\[\]!-]+\.(?:txt|md|csv|tsv|jsonl|ndjson|json|parquet|pq|xls[xmb]?|ods|docx|pdf|toml)", re.I
)
_PATTERN = re.compile(r"(?:^|/)\*\*/|\*\.[a-z]\w*$", re.ASCII | re.I)
_WILD = re.compile(r"[*?\[]")


def files_of(arguments: Sequence[str], *, expected: bool = False) -> list[str] | None:
    """Return the files that arguments name, each once, in order; None where the one argument is a text.

    An argument that is no file is a pattern where it matches files, or where it looks like a pattern: `**` stands for
    any folders. The files of a pattern are sorted, and hidden ones left out.

    Args:
        arguments: names of files, patterns, or one text.
        expected: True where nothing but files makes sense.

    Raises:
        UsageError: a file is missing, is a folder, or a pattern matches none.
    """
    files: dict[str, str] = {}
    for argument in arguments:
        if argument == "-":
            raise UsageError("- reads standard input and takes no files beside it")
        found = [argument] if is_file(argument) else _matches(argument)
        if not found:
            looks = looks_like_a_file(argument)
            if len(arguments) == 1 and not (looks or expected):
                return None
            if _WILD.search(argument) and looks:
                raise UsageError(f"no file matches {shortened(argument)!r}")
            hint = "" if looks or expected else "; check one text at a time, in quotes"
            raise UsageError(f"there is no file {shortened(argument)!r}{hint}")
        for file in found:
            files.setdefault(os.path.normpath(file), file)
    return list(files.values())


def sources_of(arguments: Sequence[str]) -> list[str]:
    """Return the files that arguments name, by name, pattern or address, each once.

    Raises:
        UsageError: a file is missing.
    """
    found: list[str] = []
    for argument in arguments:
        found += [argument] if is_remote(argument) else files_of([argument], expected=True) or []
    return list(dict.fromkeys(found))


def is_file(argument: str) -> bool:
    """Return whether there is a file of that name.

    Raises:
        UsageError: it is a folder.
    """
    try:
        mode = Path(argument).stat().st_mode
    except (OSError, ValueError):  # a text may be too long for a name, or hold characters that no name can
        return False
    if stat.S_ISDIR(mode):
        pattern = f"{argument.rstrip('/')}/**/*.txt"
        raise UsageError(f"{argument!r} is a folder; give its files, or a pattern such as {pattern!r}")
    return True


def looks_like_a_file(argument: str) -> bool:
    """Return whether somebody who writes this means a file, or a pattern of files, that may be missing."""
    return bool(_LOOKS_LIKE_A_FILE.fullmatch(argument) or _PATTERN.search(argument))


def shortened(text: str) -> str:
    """Return the beginning of a text, to be quoted in a message."""
    return text if len(text) <= 40 else text[:39] + "…"


def _matches(argument: str) -> list[str]:
    if len(argument) > _LONGEST_NAME or not _WILD.search(argument):
        return []
    try:
        return sorted(path for path in glob.iglob(argument, recursive=True) if Path(path).is_file())
    except (OSError, ValueError, re.error):
        return []
