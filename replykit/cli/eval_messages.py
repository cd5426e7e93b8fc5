"""What a model would be sent for cases, as tables for a terminal."""

from __future__ import annotations

from replykit.cli.display import count, show_line
from replykit.cli.tables import show_table
from replykit.evaluation import Messages

__all__ = ["show_messages"]


def show_messages(messages: Messages) -> None:
    """Print how much is sent, which principles are told and why, what each section takes, and what is said twice."""
    longest = messages.longest
    cases = count(len(messages.cases), "case")
    show_line(("strong", f"{cases}: {messages.mean:,.0f} tokens on average"), ("plain", ", estimated"))
    show_line(
        ("plain", f"most for {longest.case}: {longest.tokens:,.0f}, its longest message is the {longest.longest}'s")
    )
    print()
    total = messages.mean * len(messages.cases)
    rows = [
        (heading or "(before the first heading)", f"{times:,}", f"{mean:,.0f}", f"{100 * times * mean / total:.1f}%")
        for heading, (times, mean) in messages.sections.items()
    ]
    show_table(("section of the system message", "cases", "tokens", "share of all"), rows)
    print()
    told = [
        (id, f"{sum(why.values()):,}", ", ".join(f"{situation} {times:,}" for situation, times in why.most_common()))
        for id, why in messages.principles.items()
    ]
    show_table(("principle", "cases", "told for"), told)
    print()
    for sentence, times in messages.twice.most_common():
        show_line(("warning", "said twice"), ("plain", f" in {count(times, 'case')}: {sentence}"))
    if not messages.twice:
        show_line(("plain", "no sentence is said twice"))
