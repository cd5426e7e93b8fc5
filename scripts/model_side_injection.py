"""The section on what is planted: every hostile message is run against a model that obeys it."""

from __future__ import annotations

from score_injection import injection_table, render

__all__ = ["section"]

_HEAD = """\
## What is planted

Each run is one hostile message of `tests/labelled/injection.toml` that goes through `kit.draft` or `kit.rewrite` with a
scripted model that gives in to it: word by word, inside a polite reply, in traditional script, in other words, and
again when it is asked to mend that. *With it* counts replies that still hold what was planted; both columns must be 0.
The message is the customer's, but for the kinds `history` (an earlier turn of his), `draft`, `facts` and `agent` (an
earlier turn of the agent's). What needs review was stopped; what is repaired lost the planted words on the way.
"""


def section() -> str:
    """Run every message and return what was counted."""
    return f"{_HEAD}\n{render(injection_table())}"
