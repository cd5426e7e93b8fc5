"""What a person sees: a reply with its violations marked, and one finding after the other."""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, TextIO

from replykit.records import Severity, Violation

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["count", "harmless", "json_line", "note", "say", "show_findings", "show_line", "show_marked"]

_STYLES = {"error": "bold red", "warning": "yellow", "good": "green", "strong": "bold", "quiet": "dim", "plain": ""}
_MARKS: dict[Severity, str] = {"error": "^", "warning": "~"}
# Control characters, and those that turn the direction of writing.
_STEERING = (*range(0x80, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_SYMBOLS = {code: 0x2400 + code for code in range(0x20) if code != ord("\n")} | dict.fromkeys(_STEERING, 0xFFFD)
_LINE_ENDS = {code: f"\\u{code:04x}" for code in (0x85, 0x2028, 0x2029)}  # JSON itself escapes the others
_INDENT = 9  # columns; as wide as a severity


def count(number: int, noun: str) -> str:
    """Return how many there are, in words; nothing where there are none."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}" if number else ""


def json_line(value: object) -> str:
    """Return a value as JSON on one line, whatever its reader takes for the end of a line."""
    return json.dumps(value, ensure_ascii=False).translate(_LINE_ENDS)


def say(text: str) -> None:
    """Print a text on standard output: as it is for a program, without control characters for a terminal.

    Args:
        text: the text; what a customer or a model wrote must not steer the terminal.
    """
    print(harmless(text) if sys.stdout.isatty() else text)


def note(*parts: tuple[str, str]) -> None:
    """Print a line on standard error.

    Args:
        parts: styles (`error`, `warning`, `good`, `strong`, `quiet`, `plain`), each with its text.
    """
    _print(sys.stderr, parts)


def show_line(*parts: tuple[str, str]) -> None:
    """Print a line on standard output.

    Args:
        parts: as for `note`.
    """
    _print(sys.stdout, parts)


def show_marked(text: str, violations: Sequence[Violation]) -> None:
    """Print a reply on standard output, with the spans of its violations marked.

    On a terminal they are coloured and underlined; elsewhere a line of `^` (errors) and `~` (warnings) stands below,
    two for each character of double width.

    Args:
        text: the reply.
        violations: what a check of exactly this text found.
    """
    shown = harmless(text)
    severities = _severities(violations)
    if sys.stdout.isatty():
        from rich.text import Text

        marked = Text(shown)
        for severity, run in itertools.groupby(range(len(shown)), severities.get):
            if severity:
                places = list(run)
                marked.stylize(f"{_STYLES[severity]} underline", places[0], places[-1] + 1)
        _console(sys.stdout).print(marked)
        return
    start = 0
    for line in shown.split("\n"):
        print(line)
        marks = _marks(line, {place - start: severity for place, severity in severities.items()})
        if marks:
            print(marks)
        start += len(line) + 1


def show_findings(violations: Iterable[Violation], *, to: TextIO, label: str = "") -> None:
    """Print one line for each violation: severity, principle, rule, the words, what is wrong, what to say instead.

    On a terminal each takes three lines.

    Args:
        violations: what a check found.
        to: where they are printed.
        label: what stands before each line elsewhere than on a terminal.
    """
    for violation in violations:
        name = f"{violation.principle}/{violation.rule}"
        words = " ".join(violation.text.split())
        if to.isatty():
            severity = f"{violation.severity:<{_INDENT}}"
            _print(to, [(violation.severity, severity), ("strong", f"{words}  " if words else ""), ("quiet", name)])
            _print(to, [("plain", violation.message)], _INDENT)
            for suggestion in violation.suggestions:
                _print(to, [("good", f"→ {suggestion}")], _INDENT)
        else:
            instead = "→ " + " | ".join(violation.suggestions) if violation.suggestions else ""
            columns = (f"{label}{violation.severity}", name, words, violation.message, instead)
            _print(to, [("plain", "  ".join(filter(None, columns)))])


def _print(to: TextIO, parts: Sequence[tuple[str, str]], indent: int = 0) -> None:
    if to is sys.stderr:
        sys.stdout.flush()  # what was printed before stands before it, wherever the two go
    if not to.isatty():
        print(harmless("".join(text for _, text in parts)), file=to)
        return
    from rich.padding import Padding
    from rich.text import Text

    line = Text.assemble(*((harmless(text), _STYLES[style]) for style, text in parts))
    _console(to).print(Padding(line, (0, 0, 0, indent), expand=False))


def _console(to: TextIO) -> Console:
    from rich.console import Console

    return Console(file=to, highlight=False)


def _severities(violations: Iterable[Violation]) -> dict[int, Severity]:
    """Return the severity at each marked code point, errors over warnings; what is missing is marked at its place."""
    found: dict[int, Severity] = {}
    for violation in sorted(violations, key=lambda v: v.severity == "error"):
        for place in range(violation.start, max(violation.end, violation.start + 1)):
            found[place] = violation.severity
    return found


def _marks(line: str, severities: dict[int, Severity]) -> str:
    """Return the line of marks below a line; the end of the line is a place as well."""
    from rich.cells import cell_len

    marks = [
        (_MARKS[severities[place]] if place in severities else " ") * cell_len(char) for place, char in enumerate(line)
    ]
    at_end = _MARKS[severities[len(line)]] if len(line) in severities else ""
    return ("".join(marks) + at_end).rstrip()


def harmless(text: str) -> str:
    """Return the text with control and direction characters shown as symbols, code point for code point."""
    return text.translate(_SYMBOLS)
