"""What a text states that can be checked: amounts, dates, times, durations, percentages, addresses and codes."""

from __future__ import annotations

from replykit.facts.grounding import Fact, find_facts, ungrounded
from replykit.facts.signs import may_state

__all__ = ["Fact", "find_facts", "may_state", "ungrounded"]
