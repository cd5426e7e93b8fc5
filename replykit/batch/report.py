"""What became of every reply, as one HTML page that its owner opens from the disk."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from os import PathLike
from pathlib import Path
from typing import BinaryIO

from replykit.batch.lines import STATUSES, Lines, json_in_script
from replykit.batch.pages import PAGE, policy_hash, style_of, template_of
from replykit.batch.price import Price
from replykit.batch.rows import PolishedRow
from replykit.batch.tally import Tally
from replykit.batch.wording import LANGUAGES, Wording, interface
from replykit.playbook import Playbook
from replykit.records import Language, Record
from replykit.sheets import saving

__all__ = ["RunFacts", "write_report"]

_SCRIPTS = ("diff.js", "cards.js", "decisions.js", "report.js")


class RunFacts(Record):
    """What the page says about the run.

    Attributes:
        source: the name of the file, with its sheet.
        column: the column of the replies.
        output: the name of the file with the results.
        model: the chat model; None: offline.
        made_at: when, in words.
        seconds: how long it took; None where that is not known.
        price: of the tokens; None where the user named none.
        repeated: requests that were sent before a crash and sent again.
        notes: sentences for the reader.
    """

    source: str
    column: str
    output: str
    model: str | None = None
    made_at: str = ""
    seconds: float | None = None
    price: Price | None = None
    repeated: int = 0
    notes: tuple[str, ...] = ()


def write_report(
    path: str | PathLike[str],
    rows: Iterable[PolishedRow],
    run: RunFacts,
    playbook: Playbook,
    *,
    language: Language | None = None,
    ready: Callable[[BinaryIO], object] | None = None,
) -> Tally:
    """Write a page that needs nothing but itself: no server, no network. It appears whole or not at all.

    Nothing that a row holds can become markup, script or a request: a policy in the page allows only its own script and
    style, by their hashes.

    Args:
        path: the page; one that is there is replaced.
        rows: what became of the replies, read once.
        run: what the page says about the run.
        playbook: its principles have titles, and its first language is that of the replies.
        language: of the page's own words; None: the playbook's. The reader can change it.
        ready: is given the page when it is whole, before it gets its name.

    Returns:
        What the page counts.

    Raises:
        UsageError: the page cannot be written.
    """
    tally = Tally()
    tongue = interface(playbook, language)
    wordings = {each: Wording(playbook, each) for each in LANGUAGES}
    lines = Lines(tuple(wordings.values()))
    script, style = _script(), style_of(PAGE / "report.css")

    def facts() -> str:
        return json_in_script(
            {
                "id": lines.digest.hexdigest(),
                "language": tongue,
                "texts": playbook.languages[0],
                "words": {each: wording.words for each, wording in wordings.items()},
                "titles": {
                    each: {change.principle: wording.title(change.principle) for change in tally.principles()}
                    for each, wording in wordings.items()
                },
                "statuses": STATUSES,
                "findings": lines.findings.values,
                "reasons": lines.reasons.values,
                "source": run.source,
                "name": Path(run.output).stem,
            }
        )

    page = template_of(PAGE / "report.html.j2").generate(
        language=tongue,
        words=wordings[tongue].words,
        title=wordings[tongue].title,
        run=run,
        details=lambda: _details(run, tally),
        tally=tally,
        lines=lines.of(rows, tally),
        facts=facts,
        script=script,
        script_hash=policy_hash(script),
        style=style,
        style_hash=policy_hash(style),
    )
    with saving(path) as file:
        for piece in page:
            # What UTF-8 cannot hold becomes an escape, which JSON reads back.
            file.write(piece.encode("utf-8", "backslashreplace"))
        if ready:
            ready(file)
    return tally


def _details(run: RunFacts, tally: Tally) -> Iterator[tuple[str, str | None]]:
    """Yield the run's facts by their keys in words.json; a model that is None was not asked."""
    yield "source", run.source
    yield "column", run.column
    yield "output", run.output
    yield "model", run.model
    if tally.usage.calls:
        yield "calls", f"{tally.usage.calls:,}"
        yield "tokens", f"{tally.usage.prompt_tokens:,} + {tally.usage.completion_tokens:,}"
        if run.price:
            yield "cost", run.price.text(tally.usage)
    if run.repeated:
        yield "repeated", f"{run.repeated:,}"
    if run.seconds is not None:
        yield "seconds", f"{run.seconds:,.1f}"
    if run.made_at:
        yield "made_at", run.made_at


@functools.cache
def _script() -> str:
    from markupsafe import Markup

    parts = [(PAGE / name).read_text("utf-8") for name in _SCRIPTS]
    return Markup('"use strict";\n(() => {\n') + Markup("\n".join(parts)) + Markup("})();\n")
