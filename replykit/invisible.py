"""Characters of a model's answer that nobody sees: they go, but for those that an emoji or a character is made of."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["unsteered", "visible"]

# Controls but for tab and line feed, what is written and never shown, marks that turn a text's direction, and tags.
_SUSPECT = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_JOINER = "\u200d"
# Control characters other than tabs and line ends, and those that turn the direction of writing: no words of a reply.
_STEERING = dict.fromkeys(
    [code for code in range(0x20) if chr(code) not in "\t\n\r"]
    + [*range(0x7F, 0xA0)]
    + [*range(0x202A, 0x202F), *range(0x2066, 0x206A)]
)


def unsteered(text: str) -> str:
    """Return a text without what steers a terminal, or shows a reader another order than a checker reads."""
    return text.translate(_STEERING)


def visible(text: str) -> str:
    """Return an answer without the characters that a reader does not see.

    Controls, zero-width characters, marks of direction (Chinese and English need none) and tag characters go: they hide
    what a text says, and carry what nobody reads. A joiner or a selector stays where it makes an emoji or chooses the
    form of a character; a carriage return becomes the line feed that it is.

    Args:
        text: a model's answer.

    Returns:
        The answer; a text without such characters as it is. What it returns of a beginning begins what it returns of
        the whole.
    """
    if not _SUSPECT.search(text):
        return text
    kept: list[str] = []
    text = unsteered(text).replace("\r\n", "\n").replace("\r", "\n")
    for at, char in enumerate(text):
        if not _SUSPECT.match(char) or (kept and _belongs(char, kept[-1], text[at + 1 : at + 2])):
            kept.append(char)
    return "".join(kept)


def _belongs(char: str, before: str, after: str) -> bool:
    """Return whether an unseen character makes one sign of those around it."""
    if char == _JOINER:
        return _is_pictured(before) and _is_pictured(after) and not _is_selector(after)
    if _is_selector(char):
        return _is_pictured(before) or before in "0123456789#*‼⁉ℹ"
    if "\U000e0100" <= char <= "\U000e01ef":  # one of the forms of a Chinese character
        return "\u3400" <= before <= "\u9fff" or before >= "\U00020000"
    # The flags of Scotland and the like are spelled in tags behind a black flag.
    return "\U000e0020" <= char <= "\U000e007f" and (before == "\U0001f3f4" or "\U000e0020" <= before <= "\U000e007f")


def _is_pictured(char: str) -> bool:
    return bool(char) and unicodedata.category(char) in ("So", "Sk", "Sm", "Mn")


def _is_selector(char: str) -> bool:
    return "\ufe00" <= char <= "\ufe0f"
