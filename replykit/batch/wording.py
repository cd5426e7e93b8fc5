"""What became of a reply, in the words of the file's owner."""

from __future__ import annotations

import functools
import json
from collections import Counter
from pathlib import Path
from typing import Any, Literal, get_args

from replykit.batch.rows import PolishedRow
from replykit.playbook import Playbook
from replykit.records import Language, Severity

__all__ = ["LANGUAGES", "Interface", "Wording", "interface"]

Interface = Literal["zh-Hans", "zh-Hant", "en"]  # what the columns and the page are written in
LANGUAGES: tuple[Language, ...] = get_args(Interface)


class Wording:
    """The words of one language for what becomes of replies.

    Args:
        playbook: its principles have titles.
        language: of the words; None: the playbook's first.

    Attributes:
        words: the words by their keys in words.json.
        columns: the titles of the columns that `cells` fills.
    """

    def __init__(self, playbook: Playbook, language: Language | None = None) -> None:
        self.words: dict[str, Any] = _words()[interface(playbook, language)]
        # A playbook's titles are in its own language; in another one its ids say more.
        own = (language or playbook.languages[0]).partition("-")[0] == playbook.languages[0].partition("-")[0]
        self._titles = {one.id: playbook.say(one.title, language) for one in playbook.principles} if own else {}
        names = ("polished_column", "status_column", "problems_column", "changes_column")
        self.columns: tuple[str, ...] = tuple(self.words[name] for name in names)

    def title(self, principle: str) -> str:
        """Return a principle's name for people; its id where it has none."""
        return self._titles.get(principle, principle)

    def reason(self, reason: str) -> str:
        """Return why a reply needs review; a part that this language has no words for stays as it is."""
        stop: str = self.words["stop"]
        return stop.join(self._part(part) for part in reason.split("; ")) if reason else ""

    def cells(self, row: PolishedRow) -> tuple[str, str, str, str]:
        """Return what stands in the columns: the text, its status, what was wrong, and what changed."""
        return row.text, row.status, self._problems(row), self._changes(row)

    def _part(self, part: str) -> str:
        for beginning, words in self.words["reasons"].items():
            if part.startswith(beginning):
                rest = part[len(beginning) :]
                return str(words + self.words["and"].join(self.title(each) for each in rest.split(", ")))
        return part

    def _problems(self, row: PolishedRow) -> str:
        found = dict.fromkeys(
            f"[{self.words[v.severity]}] {self.title(v.principle)}{self.words['colon']}{v.message}" for v in row.before
        )
        return "\n".join(found)

    def _changes(self, row: PolishedRow) -> str:
        said = [self._outcome(row)]
        if row.same_as is not None:
            said.append(self.words["same_row"].format(n=row.same_as))
        if row.proposal is not None and row.proposal != row.original:
            said.append(self.words["proposed"] + row.proposal)
        return "\n".join(said)

    def _outcome(self, row: PolishedRow) -> str:
        if row.status == "needs_review":
            return str(self.words["original_kept"] + self.reason(row.reason))
        how = str(self.words[f"made_by_{row.made_by}"])
        removed = self._removed(row)
        return f"{how}{self.words['stop']}{removed}" if removed else how

    def _removed(self, row: PolishedRow) -> str:
        before = Counter[Severity](v.severity for v in row.before)
        gone = before - Counter[Severity](v.severity for v in row.violations)
        kinds: tuple[Severity, ...] = ("error", "warning")
        counted = [self.words[f"one_{kind}"].format(n=gone[kind]) for kind in kinds if gone[kind]]
        return str(self.words["removed"] + self.words["and"].join(counted)) if counted else ""


@functools.cache
def _words() -> dict[Language, dict[str, Any]]:
    words: dict[Language, dict[str, Any]] = json.loads((Path(__file__).parent / "words.json").read_text("utf-8"))
    return words


def interface(playbook: Playbook, language: Language | None = None) -> Language:
    """Return what the owner of a file is spoken to in: the language asked for, else the playbook's, else English."""
    wanted = language or playbook.languages[0]
    return wanted if wanted in LANGUAGES else "en"
