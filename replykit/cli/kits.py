"""A kit from the command's settings, and its replies on the screen."""

from __future__ import annotations

import sys
from typing import cast

import typer

from replykit.cli.display import json_line, note, say, show_findings
from replykit.cli.options import api_key, playbooks
from replykit.cli.wording import counted, told
from replykit.kit import ReplyKit
from replykit.records import Privacy, Reply

__all__ = ["finish", "open_kit"]


def open_kit(
    *,
    model: str | None,
    base_url: str | None,
    playbook: list[str] | None,
    timeout: float,
    max_repairs: int,
    budget: int | None,
    prompts: str | None,
    offline: bool,
    privacy: str | None = None,
    language: str | None = None,
    key: str | None = None,
    without_model: str = "the reply comes from the phrasebook",
) -> ReplyKit:
    """Return the kit that the settings ask for; where that is one without a model, say so in one line.

    Args:
        model: as for `ReplyKit`, like all that are not named here.
        base_url: its server.
        playbook: the rules; None: what is set, else the built-in ones.
        timeout: seconds for one answer.
        max_repairs: how often an answer is asked for again.
        budget: tokens to spend in all.
        prompts: a folder of own templates.
        offline: True asks no model, whatever is set.
        privacy: `mask`, or nothing.
        language: what is asked for where a call asks for none.
        key: the server's key; None: that of the environment.
        without_model: what happens where no model is asked, for the line that says so.

    Raises:
        UsageError: a setting cannot be used.
        PlaybookError: the playbook is missing or wrong.
    """
    kept = cast(Privacy | None, privacy or None)
    if model and not offline:
        found = api_key()
        return ReplyKit(
            model=model,
            base_url=base_url,
            api_key=key or (found and found[0]),
            playbook=playbooks(playbook),
            language=language,
            timeout=timeout,
            max_repairs=max_repairs,
            budget=budget,
            prompts=prompts,
            privacy=kept,
        )
    kit = ReplyKit(
        playbook=playbooks(playbook), language=language, max_repairs=max_repairs, prompts=prompts, privacy=kept
    )
    what = told(without_model)
    if not offline:
        what = told("no chat model is set (--model or REPLYKIT_MODEL), so {what}", what=what)
    note(("quiet", told("offline: {what}", what=what)))
    return kit


def finish(reply: Reply, *, as_json: bool) -> None:
    """Print a reply on standard output, and on standard error how far it can be trusted; end the command.

    Args:
        reply: the reply.
        as_json: print the whole record.

    Raises:
        typer.Exit: always; with 0 where the reply may be sent, with 1 where it needs review.
    """
    if as_json:
        print(json_line(reply.model_dump()))
    else:
        say(reply.text)
        _explain(reply)
    raise typer.Exit(1 if reply.status == "needs_review" else 0)


_MOST_SHOWN = 50  # nobody reads on; a megabyte of text may hold a hundred thousand


def _explain(reply: Reply) -> None:
    warnings = counted(sum(violation.severity == "warning" for violation in reply.violations), "warning")
    left = told(", {warnings}", warnings=warnings) if warnings else ""
    if reply.status == "needs_review":
        note(("error", told("needs review")), ("plain", told(": {what}", what=reply.reason)))
    elif reply.status == "repaired":
        note(("good", told("repaired")), ("plain", told(": {what}", what=_mended(reply)) + left))
    else:
        note(("good", told("clean")), ("plain", told(": {what}", what=told("no errors")) + left))
    show_findings(reply.violations[:_MOST_SHOWN], to=sys.stderr)
    if len(reply.violations) > _MOST_SHOWN:
        more = f"{len(reply.violations) - _MOST_SHOWN:,}"
        note(("plain", told("… and {number} more; --json lists them all", number=more)))
    if reply.usage.calls:
        calls, tokens = counted(reply.usage.calls, "call"), f"{reply.usage.total_tokens:,}"
        note(("quiet", told("{calls} of the model, {tokens} tokens", calls=calls, tokens=tokens)))
    if reply.escalate:
        note(("warning", told("escalate")), ("plain", told(": hand this conversation to a person")))


def _mended(reply: Reply) -> str:
    first = next(attempt for attempt in reply.attempts if attempt.outcome in (None, "complete"))
    what = told("the first answer" if first.made_by == "model" else "the draft")
    before = counted(sum(violation.severity == "error" for violation in first.violations), "error")
    if first.text == reply.text:
        done = told("{what} as it stands, no errors", what=what)
    elif before:
        done = told("{before} in {what}, none left", before=before, what=what)
    else:
        done = told("no errors in {what}, fewer warnings now", what=what)
    unused = reply.attempts[0].outcome
    if first is not reply.attempts[0]:
        return told("the model's answer ended with {outcome}; {done}", outcome=unused, done=done)
    return f"{done}; {reply.trouble}" if reply.trouble else done
