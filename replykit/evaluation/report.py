"""What an evaluation found, as one HTML page: figures with bars, and all replies side by side with what is wrong."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from replykit.batch.pages import PAGE, policy_hash, style_of, template_of
from replykit.batch.price import Price
from replykit.evaluation.comparison import Comparison, Difference
from replykit.evaluation.eval_case import EvalCase
from replykit.evaluation.figures import Figure, Figures
from replykit.evaluation.measures import ENDS, Judged
from replykit.evaluation.run import Run
from replykit.invisible import unsteered
from replykit.records import Attempt, Violation
from replykit.sheets.saving import saving

__all__ = ["marked", "write_page"]

_FOLDER = Path(__file__).parent / "page"


@dataclass(frozen=True)
class _Side:
    """One run on the page.

    Attributes:
        letter: A or B.
        run: the run.
        figures: what it comes to.
        cost: of its tokens, in words; empty where that is not known.
    """

    letter: str
    run: Run
    figures: Figures
    cost: str

    @functools.cached_property
    def most(self) -> int:
        """The largest number of violations of one principle; the length of the longest bar."""
        changes = self.figures.principles
        return max((max(sum(one.before), sum(one.after)) for one in changes), default=1) or 1


@dataclass(frozen=True)
class _Row:
    """Replies that stand beside each other: the same run of a case on each side.

    Attributes:
        judged: one for each side; None where that side has none.
        number: its place on the page.
    """

    judged: tuple[Judged | None, ...]
    number: int

    @property
    def kinds(self) -> str:
        """What the page's filters tell it by."""
        there = [one for one in self.judged if one]
        kinds = {one.end.replace(" ", "-") for one in there}
        kinds |= {name for one in there for name in _troubles(one)}
        return " ".join(sorted(kinds))


def write_page(
    path: str | PathLike[str],
    run: Run,
    other: Run | None = None,
    comparison: Comparison | None = None,
    *,
    price: Price | None = None,
    made_at: str = "",
) -> None:
    """Write a page that needs nothing but itself: no server, no network, no script. It appears whole or not at all.

    Nothing that a model, a customer or a file of cases says can become markup: everything is escaped, and a policy in
    the page allows its own style alone.

    Args:
        path: the page; one that is there is replaced.
        run: the run.
        other: the one that it is compared with.
        comparison: what came of that.
        price: of tokens; None: no cost is shown.
        made_at: when, in words.

    Raises:
        UsageError: it cannot be written.
    """
    sides = [_side(letter, one, price) for letter, one in zip("AB", filter(None, (run, other)), strict=False)]
    style = style_of(PAGE / "report.css", _FOLDER / "eval.css")
    page = template_of(_FOLDER / "eval.html.j2").generate(
        sides=sides,
        told=[one for one in sides[0].figures.measures if any(side.figures.measure(one.measure).of for side in sides)],
        differences={one.measure: one for one in comparison.differences} if comparison else {},
        comparison=comparison,
        changes=comparison.a.changes(comparison.b) if comparison else [],
        groups=list(_groups(sides)),
        made_at=made_at,
        style=style,
        style_hash=policy_hash(style),
        ends=ENDS,
        marked=marked,
        shown=shown,
        span=_span,
        earlier=_earlier,
        troubles=_troubles,
        unsteered=unsteered,
    )
    with saving(path) as file:
        for piece in page:
            # What UTF-8 cannot hold becomes an escape.
            file.write(piece.encode("utf-8", "backslashreplace"))


def marked(text: str, violations: Sequence[Violation]) -> list[tuple[str, str]]:
    """Return a text in pieces, each with the severity of what is wrong there, errors over warnings; empty for nothing.

    Args:
        text: the text.
        violations: what a check of exactly this text found.
    """
    severities = [""] * len(text)
    for one in sorted(violations, key=lambda violation: violation.severity == "error"):
        severities[one.start : one.end] = [one.severity] * (min(one.end, len(text)) - one.start)
    return [
        (unsteered("".join(char for char, _ in piece)), severity)
        for severity, piece in itertools.groupby(zip(text, severities, strict=True), key=lambda pair: pair[1])
    ]


def shown(figure: Figure | Difference, value: float | None, sign: str = "") -> str:
    """Return a figure in words: a share in percent, seconds and amounts with two digits."""
    if value is None:
        return "–"
    if figure.kind == "share":
        return f"{100 * value:{sign}.1f}%"
    return f"{value:{sign},.2f}" + (" s" if figure.kind == "seconds" else "")


def _side(letter: str, run: Run, price: Price | None) -> _Side:
    figures = Figures.of(run)
    return _Side(letter, run, figures, price.text(figures.usage) if price else "")


def _groups(sides: Sequence[_Side]) -> Iterator[tuple[EvalCase, list[_Row]]]:
    """Yield each case with its replies, those of the same run beside each other."""
    numbers = itertools.count(1)
    by_case = [{case.id: judged for case, judged in side.run.by_case()} for side in sides]
    cases = {case.id: case for side in sides for case in side.run.cases}
    for case in cases.values():
        found = [{one.trial.run: one for one in side.get(case.id, ())} for side in by_case]
        runs = sorted({run for side in found for run in side})
        rows = [_Row(tuple(side.get(run) for side in found), next(numbers)) for run in runs]
        if rows:
            yield case, rows


def _earlier(judged: Judged) -> list[Attempt]:
    """Return the texts that were tried before the reply, and are others than it."""
    reply = judged.trial.reply
    return [one for one in reply.attempts if one.text != reply.text] if reply else []


def _troubles(judged: Judged) -> list[str]:
    """Return what is wrong with a reply beside what a check found, as the page calls it."""
    found = {
        "wrongly-clean": judged.is_wrongly_clean,
        "unexpected": judged.is_unexpected,
        "missed": bool(judged.trial.reply and judged.missed),
        "forbidden": bool(judged.forbidden),
        "worse": any(one.worse for one in judged.repairs),
    }
    return [name for name, is_so in found.items() if is_so]


def _span(difference: Difference) -> tuple[float, float, float, float] | None:
    """Return where the interval begins, how long it is, where the difference stands and where 0, from 0 to 100."""
    if difference.low is None or difference.high is None:
        return None
    reach = max(abs(difference.low), abs(difference.high), abs(difference.difference)) * 1.1 or 1.0
    low, high, middle = (50 + 50 * value / reach for value in (difference.low, difference.high, difference.difference))
    return low, high - low, middle, 50.0
