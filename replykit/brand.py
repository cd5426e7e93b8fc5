"""The company's opening and signature: each exactly once in a reply, however often a model wrote it."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass

from replykit.pattern import Pattern
from replykit.playbook import Playbook
from replykit.text import fold

__all__ = ["Brand", "greeting_end", "has_words"]

_ENDS = "。.!?…~\n"  # what ends a statement, folded
_MARKS = r"[\s,。.!?;:~…、]"
_DASHES = " \t\r\n\u3000—–-"  # what stands before a signature
_LEADING = re.compile(rf"\A{_MARKS}+")
_GREETING = r"^(?:{greeting}[\s,。!~、?…:]*)*{greeting}(?:[\s,。!~、?…:]+|$)"


def has_words(text: str) -> bool:
    """Return whether a text says anything; marks, emoji and characters that nobody sees do not."""
    return any(char.isalnum() for char in text)


def greeting_end(playbook: Playbook, text: str) -> int:
    """Return where the greetings that a text begins with end, in code points; 0 where it begins otherwise."""
    words = playbook.words
    if "greeting" not in words:
        return 0
    return max((end for _, end in Pattern([_GREETING], words).spans(fold(text))), default=0)


@dataclass(frozen=True, slots=True)
class Brand:
    """What a reply begins and ends with, whatever stands between.

    Attributes:
        opening: the first words; empty: none.
        signature: the last line; empty: none.
        apart: True where the opening has a line of its own.
        space: what parts two sentences on one line.
        greeting: returns where a text's greeting ends; it is left out where the opening greets already.
    """

    opening: str = ""
    signature: str = ""
    apart: bool = False
    space: str = ""
    greeting: Callable[[str], int] = lambda text: 0

    @property
    def texts(self) -> tuple[str, ...]:
        """What there is of the two."""
        return tuple(text for text in (self.opening, self.signature) if text)

    @property
    def head(self) -> str:
        """The opening with what parts it from the rest."""
        if not self.opening:
            return ""
        return self.opening + (self.space if fold(self.opening)[-1] in _ENDS and not self.apart else "\n")

    def on(self, text: str) -> str:
        """Return a text with the opening at its beginning and the signature at its end, and neither anywhere else.

        One counts as written where it stands as a statement of its own, its letters in any script, width and case and
        with any marks between them. Doing it again changes nothing.

        Args:
            text: the text, with or without either of them; one without words stays as it is.
        """
        if not self.texts or not has_words(text):
            return text
        body = self.body(text)
        if not has_words(body):
            return "\n".join(self.texts)
        return self.head + body + ("\n" + self.signature if self.signature else "")

    def begun(self, text: str) -> str:
        """Return a beginning of what `on` makes of a text of which only the beginning is known.

        Args:
            text: the beginning; at its end it may stop inside the opening or the signature.
        """
        if not self.texts:
            return text
        body = self.body(text[: self._settled(text)])
        return self.head + body if has_words(body) else ""

    def body(self, text: str) -> str:
        """Return a text without its openings and signatures; as it is where there are neither."""
        if not self.texts:
            return text
        before, body = "", text.strip()
        while body != before:  # what is left out may bring together what is one again
            before = body
            for pattern in _written(self.opening, self.signature):
                body = _without(pattern, body)
            if body == before and self.opening and self.greeting(self.opening):
                body = body[self.greeting(body) :].strip()
            if self.opening:
                body = _without(_LEADING, body)  # marks that have lost what they ended
            if self.signature:
                body = body.rstrip(_DASHES)
        return body

    def _settled(self, text: str) -> int:
        """Return where the end of a text begins that may yet become the opening or the signature."""
        folded = fold(text)
        own = [_letters(fold(one)) for one in self.texts]
        longest = max(map(len, own))
        for start in (0, *(match.end() for match in re.finditer(f"[{_ENDS}]", folded))):
            rest = _letters(folded[start : start + 4 * longest])
            if rest and len(rest) <= longest and any(one.startswith(rest) for one in own):
                return start if _letters(folded[start + 4 * longest :]) == "" else len(text)
        return len(text)


@functools.lru_cache(maxsize=64)
def _written(opening: str, signature: str) -> tuple[re.Pattern[str], ...]:
    """Return what finds each of the two in a folded text as a statement of its own, and an opening before the first."""
    patterns = []
    if opening:
        folded = fold(opening)
        tail = folded[len(folded.rstrip("".join(char for char in folded if not char.isalnum()))) :]
        own_end = f"{re.escape(tail)}{_MARKS}*|" if tail else ""
        patterns.append(rf"\A\s*{_spelt(opening)}(?:{own_end}{_MARKS}+|\Z)")
    start = rf"(?:\A|(?<=[{_ENDS}]))[{_DASHES}]{{0,20}}"
    patterns += [rf"{start}{_spelt(own)}[\W_]{{0,20}}?(?:\n|\Z)" for own in (opening, signature) if own]
    return tuple(map(re.compile, patterns))


def _spelt(own: str) -> str:
    """Return a pattern of the letters of a text with a few marks between them; what it looks at is bounded."""
    return r"[\W_]{0,20}".join(map(re.escape, _letters(fold(own))))


def _letters(folded: str) -> str:
    return "".join(filter(str.isalnum, folded))


def _without(pattern: re.Pattern[str], text: str) -> str:
    kept, last = [], 0
    for match in pattern.finditer(fold(text)):
        kept.append(text[last : match.start()])
        last = match.end()
    return "".join([*kept, text[last:]]).strip() if last else text
