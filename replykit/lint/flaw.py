"""What the linter of a playbook reports: one flaw with its code, its place and one sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from replykit.places import Place

__all__ = ["CODES", "Flaw", "Level"]

Level = Literal["error", "note"]

# The codes are stable: scripts may count on them. An error means that a rule does not do what its author says; a note,
# that something is superfluous, unproved or unwise.
CODES: dict[str, tuple[Level, str]] = {
    "blank-phrase": ("error", "a phrase of nothing that can be seen"),
    "circular-words": ("error", "a word list refers to itself"),
    "duplicate-example": ("note", "an example stands twice in one rule"),
    "hit-example": ("error", "a good example breaks its rule"),
    "idle-exception": ("note", "an exception that excuses nothing in any good example"),
    "idle-pattern": ("note", "a pattern, or an alternative of one, that no text of the playbook matches"),
    "idle-phrase": ("note", "a phrase that stands in no text of the playbook"),
    "missed-example": ("error", "a bad example is not found"),
    "never-fires": ("error", "a rule that finds none of its own examples"),
    "no-near-miss": ("note", "a good example that holds nothing of what its rule looks for"),
    "no-reason": ("note", "a rule that does not say why"),
    "not-re2": ("error", "a pattern that RE2 cannot read"),
    "one-character": ("note", "a phrase of one Chinese character, which also stands inside words"),
    "overlapping-rules": ("note", "a rule whose every hit another rule of its principle finds as well"),
    "same-phrase": ("note", "a phrase that stands twice"),
    "swallows-violation": ("error", "an exception that excuses what its rule is there to find"),
    "unfit-fix": ("error", "a replacement that breaks a rule itself"),
    "unfit-line": ("error", "a ready line that breaks a rule"),
    "unfit-suggestion": ("error", "a suggestion that breaks a rule"),
    "unfit-wording": ("error", "a professional wording that breaks a rule"),
    "unknown-words": ("error", "a pattern refers to a word list that does not exist"),
    "wrong-severity": ("error", "an example is found, but with another severity"),
}


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing in a playbook that is not as its author says, or not as it should be.

    Attributes:
        code: its kind, one of `CODES`.
        table: what it was found in: `rule`, `signal`, `line`, `pair`, `placeholder`, `polarity`, `field`, `reader`,
            `category` or `words`.
        id: the id of that entry, or the name of the word list.
        message: what is wrong and what to do, in one sentence.
        text: the example, phrase, pattern or wording; empty where the whole entry is meant.
        place: where it stands; None where the playbook was not read from files.
    """

    code: str
    table: str
    id: str
    message: str
    text: str = ""
    place: Place | None = None

    @property
    def level(self) -> Level:
        """`error`, the playbook does not keep its word; `note`, it could be better."""
        return CODES[self.code][0]
