"""Two models that are none: a server on loopback that gives hand-made answers, for docs/eval.md.

What `weak-script` and `strong-script` say to a case are answers that ship with the project for `eval --scripted`, so
nothing about a real model follows from them.
"""

from __future__ import annotations

import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from server import Server, Step, answer, delayed

from replykit.evaluation import EvalCase, WeakAnswer

__all__ = ["STRONG", "WEAK", "Models"]

WEAK, STRONG = "weak-script", "strong-script"


class Models(Server):
    """Answers each case with what is written for it: the weak answers in turn, or the strong one where there is one.

    Args:
        cases: the cases; one is known by what its customer or its draft says.
        answers: what is written for them.
    """

    def __init__(self, cases: tuple[EvalCase, ...], answers: tuple[WeakAnswer, ...]) -> None:
        super().__init__()
        self._cases = {case.id: case for case in cases}
        self._weak = {id: [one for one in answers if one.case == id and one.kind != "strong"] for id in self._cases}
        self._strong = {id: [one for one in answers if one.case == id and one.kind == "strong"] for id in self._cases}
        self._turns: Counter[str] = Counter()
        self._lock = threading.Lock()
        self.respond(self._answer)

    def _answer(self, body: dict[str, Any]) -> Step:
        told = body["messages"][1]["content"]
        case = max(
            (one for one in self._cases.values() if (one.draft or one.customer or "") in told),
            key=lambda one: len(one.draft or one.customer or ""),
        )
        model, again = body["model"], body["messages"][2:]
        weak, strong = self._weak[case.id], self._strong[case.id]
        written = strong or weak[:1] if model == STRONG else weak or strong
        if again:  # the answer that was not good enough stands in the request
            said = next((one for one in written if again[0]["content"] in one.answers[0].text), written[0]).answers
        else:
            with self._lock:
                said = written[self._turns[case.id] % len(written)].answers
                self._turns[case.id] += model == WEAK
        text = said[min(bool(again), len(said) - 1)].text
        # A millisecond a character, as a longer answer takes longer.
        return delayed(answer(text or " "), len(text) / 1000)
