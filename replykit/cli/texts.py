"""Where the texts of a command come from: an argument, standard input, a text file, a column of a CSV file."""

from __future__ import annotations

import csv
import io
import json
import re
import stat
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from replykit.cli.decoding import GUESSED, decode
from replykit.errors import UsageError
from replykit.intake import text_of, turns_of
from replykit.records import Turn

__all__ = ["Named", "one_text", "texts", "turns"]

_MOST_BYTES = 64 * 1024 * 1024  # of one file; a reply is a few hundred
_LOOKS_LIKE_A_FILE = re.compile(r"[\w./\\~ -]+\.(?:txt|md|csv|tsv|jsonl?|xlsx?|toml)", re.IGNORECASE)
_CUSTOMERS = ("customer", "user", "客户", "客戶", "顾客", "顧客")
_AGENTS = ("agent", "assistant", "客服")
_TURN = re.compile(rf"\s*({'|'.join(_CUSTOMERS + _AGENTS)})\s*[:：]\s*(.*)", re.IGNORECASE | re.DOTALL)


class Named(NamedTuple):
    """A text, and what its user calls it.

    Attributes:
        id: `text` for an argument, `stdin`, `FILE:line`, or the number of a row, counted as a spreadsheet does.
        text: the text.
    """

    id: str | int
    text: str


def one_text(argument: str | None, what: str, encoding: str | None = None) -> str:
    """Return the text that a command works on.

    Args:
        argument: the text; `-`, or None where standard input is no terminal, reads standard input.
        what: what the user calls it.
        encoding: of standard input; None: UTF-8, else GB18030.

    Raises:
        UsageError: there is none, or it is blank.
    """
    if argument is not None and argument != "-":
        return text_of(argument, what)
    if sys.stdin is None or (argument is None and sys.stdin.isatty()):
        raise UsageError(f"{what} is missing; give it in quotes, or on standard input")
    data = _limited(sys.stdin.buffer.read(_MOST_BYTES + 1), "standard input")
    return text_of(_decoded(data, "standard input", encoding).rstrip("\r\n"), what)


def texts(arguments: Sequence[str], column: str | None, encoding: str | None = None) -> Iterator[Named]:
    """Yield the texts that a command works on.

    Args:
        arguments: a text; `-`; or files. None at all reads standard input.
        column: the column of CSV files that holds the texts.
        encoding: of files and standard input; None: UTF-8, else GB18030.

    Raises:
        UsageError: a file is missing or cannot be read, or has no such column.
    """
    if not arguments or tuple(arguments) == ("-",):
        text = one_text(arguments[0] if arguments else None, "the reply", encoding)
        yield from _rows(text, "standard input", column) if column else [Named("stdin", text)]
        return
    missing = [argument for argument in arguments if not _is_file(argument)]
    if len(arguments) == 1 and missing and column is None and not _LOOKS_LIKE_A_FILE.fullmatch(missing[0]):
        yield Named("text", text_of(missing[0], "the reply"))
        return
    for argument in missing:
        hint = "" if column or _LOOKS_LIKE_A_FILE.fullmatch(argument) else "; check one text at a time, in quotes"
        raise UsageError(f"there is no file {_shortened(argument)!r}{hint}")
    for argument in arguments:
        text = _decoded(_bytes(Path(argument)), argument, encoding)
        is_table = column is not None or Path(argument).suffix.lower() in (".csv", ".tsv")
        for id, found in _rows(text, argument, column) if is_table else _lines(text):
            yield Named(id if is_table and len(arguments) == 1 else f"{argument}:{id}", found)


def turns(values: Sequence[str]) -> tuple[Turn, ...]:
    """Return the turns of a conversation.

    Args:
        values: `customer: …`, `agent: …`, or the path of a JSON file with a list of turns.

    Raises:
        UsageError: a value is none of these, or a file does not hold turns.
    """
    found: list[Turn] = []
    for value in values:
        turn = _TURN.fullmatch(value)
        if turn:
            found.append(Turn(role="customer" if turn[1].lower() in _CUSTOMERS else "agent", text=turn[2]))
        elif _is_file(value):
            found += _turns_in(value)
        elif _LOOKS_LIKE_A_FILE.fullmatch(value):
            raise UsageError(f"there is no file {value!r}")
        else:
            raise UsageError(f'--history takes "customer: …", "agent: …" or a JSON file, not {_shortened(value)!r}')
    return tuple(found)


def _turns_in(name: str) -> tuple[Turn, ...]:
    try:
        entries = json.loads(_decoded(_bytes(Path(name)), name, None))
    except ValueError as error:
        raise UsageError(f"{name} is not valid JSON: {error}") from None
    except RecursionError:
        raise UsageError(f"{name} is JSON nested too deep") from None
    if not isinstance(entries, list):
        raise UsageError(f'{name} must hold a list of turns: [{{"role": "customer", "content": "…"}}]')
    try:
        return turns_of(entries)
    except UsageError as error:
        raise UsageError(f"{name}: {error}") from None


def _is_file(argument: str) -> bool:
    try:
        mode = Path(argument).stat().st_mode
    except (OSError, ValueError):  # a text may be too long for a name, or hold characters that no name can
        return False
    if stat.S_ISDIR(mode):
        raise UsageError(f"{argument!r} is a folder; give its files")
    return True


def _bytes(path: Path) -> bytes:
    if path.suffix.lower() in (".xlsx", ".xls", ".ods", ".docx", ".pdf"):
        raise UsageError(f"{path} is a {path.suffix.lower()[1:]} file; save the replies as CSV or as plain text")
    try:
        with path.open("rb") as file:
            return _limited(file.read(_MOST_BYTES + 1), str(path))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None


def _limited(data: bytes, name: str) -> bytes:
    if len(data) > _MOST_BYTES:
        raise UsageError(f"{name} is larger than {_MOST_BYTES // 1024 // 1024} MiB; split it")
    return data


def _decoded(data: bytes, name: str, encoding: str | None) -> str:
    text, read_as = decode(data, name, encoding)
    if read_as == GUESSED and not encoding:
        print(f"replykit: {name} is not UTF-8, read as GB18030; if that is wrong, name its --encoding", file=sys.stderr)
    return text


def _lines(text: str) -> Iterator[Named]:
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), 1):
        if line.strip():
            yield Named(number, line)


def _rows(text: str, name: str, column: str | None) -> Iterator[Named]:
    """Yield the cells of one column; the header is row 1."""
    delimiter = "\t" if name.lower().endswith(".tsv") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        header = [cell.strip() for cell in next(reader, [])]
        if column is None or column not in header:
            wrong = "name the column of the replies with --column" if column is None else f"no column {column!r}"
            raise UsageError(f"{name}: {wrong}; there are: {', '.join(filter(None, header)) or 'none'}")
        place = header.index(column)
        for number, row in enumerate(reader, 2):
            if len(row) > place and row[place].strip():
                yield Named(number, row[place])
    except csv.Error as error:
        raise UsageError(f"{name}, line {reader.line_num}, is not valid CSV: {error}") from None


def _shortened(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"
