"""What an evaluation found, as tables for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from replykit.batch.price import Price
from replykit.cli.display import count, note, show_line
from replykit.cli.tables import show_table
from replykit.evaluation.comparison import ALPHA, Comparison, Difference
from replykit.evaluation.figures import Figure, Figures
from replykit.evaluation.measures import Judged
from replykit.evaluation.run import Run

__all__ = ["show_kinds", "show_run"]

_MOST_SHOWN = 20  # replies named one by one


def show_run(run: Run, figures: Figures, price: Price | None) -> None:
    """Print what a run comes to: its measures, the violations by principle, what repairs did, what it cost."""
    replies = f"{figures.trials:,} {'reply' if figures.trials == 1 else 'replies'} to {count(figures.cases, 'case')}"
    rows = [(figure.title, *_cells(figure)) for figure in figures.measures if figure.of]
    show_table(("", "share or mean", "count"), rows, title=f"{run.made_with.title}: {replies}")
    print()
    _show_principles(figures)
    for mended in figures.mended:
        if mended.times:
            what = "asked for again" if mended.by == "re-ask" else "mended by the fixer"
            worse = f"a rule broken anew after {mended.worse:,} ({100 * mended.worse / mended.times:.1f}%)"
            show_line(("plain", f"{count(mended.times, 'answer')} {what}, {worse}"))
    usage = figures.usage
    if usage.total_tokens:
        cost = f", {price.text(usage)}" if price else ""
        tokens = f"{usage.prompt_tokens:,} tokens sent, {usage.completion_tokens:,} received{cost}"
        show_line(("plain", f"{count(usage.calls, 'call')} of the model, {tokens}"))


def show_kinds(run: Run, figures: Figures) -> None:
    """Print what became of replayed answers by their kinds, and name those that ended as they should not."""
    kinds = [*figures.kinds, figures.total]
    rows = [
        tuple(
            str(value)
            for value in (
                *(kind.kind, kind.answers, kind.clean, kind.repaired, kind.needs_review),
                *(kind.unexpected, kind.wrongly_clean),
            )
        )
        for kind in kinds
    ]
    heads = ("kind", "answers", "clean", "repaired", "needs review", "not as expected", "wrongly clean")
    show_table(heads, rows)
    print()
    _show_named("wrongly clean", [one for one in run.judged if one.is_wrongly_clean])
    _show_named("not as expected", [one for one in run.judged if one.is_unexpected])


def show_comparison(comparison: Comparison) -> None:
    """Print what differs between two runs, and what cannot be told."""
    a, b = comparison.a, comparison.b
    changes = a.changes(b)
    differ = f" ({', '.join(changes)})" if changes else " (nothing that decides differs)"
    show_line(("strong", f"A: {a.title}, B: {b.title}"), ("plain", differ))
    rows = [
        (
            one.title,
            f"{one.cases:,}",
            _number(one, one.a),
            _number(one, one.b),
            _number(one, one.difference, sign="+"),
            "" if one.low is None or one.high is None else f"{_number(one, one.low)} … {_number(one, one.high)}",
            f"{one.p_adjusted:.3f}",
            f"B is {one.verdict}" if one.verdict != "cannot tell" else one.verdict,
        )
        for one in comparison.differences
    ]
    show_table(("", "cases", "A", "B", "B - A", "95% interval", "p (Holm)", "verdict"), rows)
    print()
    show_line(
        (
            "plain",
            f"{count(comparison.cases, 'case')} in pairs, the runs of a case averaged; told where p is below {ALPHA}",
        )
    )
    if comparison.doubt:
        note(("warning", "note"), ("plain", f": {comparison.doubt}"))
    if comparison.unpaired:
        left = f"{count(comparison.unpaired, 'case')} played on one side alone, and left out of the comparison"
        note(("warning", "note"), ("plain", f": {left}"))


def _show_named(what: str, found: Sequence[Judged]) -> None:
    for one in found[:_MOST_SHOWN]:
        said = f" with {', '.join(one.never)}" if one.never else ""
        status = one.trial.reply.status if one.trial.reply else ""
        line = " ".join(f"{one.trial.name} to {one.case.id} ends {status}{said}".split())
        note(("error", what), ("plain", f": {line}"))
    if len(found) > _MOST_SHOWN:
        note(("plain", f"… and {len(found) - _MOST_SHOWN:,} more; --json and --html have them all"))


def _show_principles(figures: Figures) -> None:
    if not figures.principles:
        show_line(("plain", "no violations"))
        return
    rows = [(one.principle, *(str(number) for number in (*one.before, *one.after))) for one in figures.principles]
    heads = ("violations", "errors in first answers", "warnings", "errors in replies", "warnings")
    show_table(heads, rows)
    print()


def _number(difference: Difference, value: float, sign: str = "") -> str:
    if difference.kind == "share":
        return f"{100 * value:{sign}.1f}%"
    return f"{value:{sign},.2f}"


def _cells(figure: Figure) -> tuple[str, str]:
    assert figure.value is not None
    if figure.kind == "share":
        return f"{100 * figure.value:.1f}%", f"{figure.count:,} of {figure.of:,}"
    if figure.kind == "seconds":
        return f"{figure.value:.2f} s", f"p50 {figure.p50:.2f} s, p95 {figure.p95:.2f} s"
    return f"{figure.value:,.2f}", ""
