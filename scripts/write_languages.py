"""Write docs/languages.md: what each language has, how exact its rules are, and how mixed texts are decided.

python scripts/write_languages.py            writes the document
python scripts/write_languages.py --check    exits 1 where it is not up to date
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from score import LEVELS, SCORED, Tally
from score_languages import FILES, Part, decided, parts

from replykit.loader import load_playbook
from replykit.playbook import Playbook
from replykit.script import tongues_of

__all__ = ["TARGET", "main", "sections"]

TARGET = Path(__file__).parent.parent / "docs" / "languages.md"

INTRODUCTION = """\
# Languages

Written by `python scripts/write_languages.py`; do not edit.

`language="auto"` decides what the customer writes, else what the draft and the conversation are in, and chooses the
playbook for it: `zh` for simplified Chinese, `zh-Hant` for Chinese as Taiwan writes it, `en` for English. `zh-Hant`
extends `zh`, whose rules hold for it as they are, since texts are folded to one script before they are judged. How
one more language is added says [adding-a-language.md](adding-a-language.md).
"""
HOLDS = """\
## What each playbook holds

Counted in the playbook as it is loaded, so with what it extends. Principles have the same ids everywhere. A *bad*
example is a reply that its rule must find, a *near-miss* one that holds its words and must pass.
"""
RULES = """\
## Rules by principle

Errors and warnings by the severity that the rule begins with; guards compare a reply with what was given.
"""
EXACT = """\
## How exact the rules are

On the labelled replies of `tests/labelled`, each of which was read in full: *recall* is the share of labels that are
found, *precision* the share of what is found that is labelled; *error* counts labels and violations of severity error
alone, *any* both. Rules were written with `dev` in view; `heldout` is the other half, kept from whoever wrote
rules, and `heldout-plain` everyday replies of several sentences without a forbidden phrase in mind.
`tests/labelled/README.md` says how they were written and where the line runs.
"""
TOLD = """\
## How mixed texts are decided

`tests/labelled/languages.toml` holds Chinese with English product names, order codes, links and labels, English with
Chinese names, both scripts in one text, languages that no playbook is for, hardly any text, conversations, and
replies with and without leaks from another language, each with the reason for its label. Those held out were written
before anything was tuned.
"""


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    return "\n".join([*lines, *("| " + " | ".join(map(str, row)) + " |" for row in rows)]) + "\n"


def _holds() -> str:
    playbooks = {name: load_playbook(name) for name in FILES}
    rows: list[tuple[str, list[object]]] = [
        ("languages", [", ".join(p.languages) for p in playbooks.values()]),
        ("told by", [_told_by(p) for p in playbooks.values()]),
        ("principles", [len(p.principles) for p in playbooks.values()]),
        ("rules", [len(p.rules) for p in playbooks.values()]),
        ("of them its own", [_own(p, playbooks) for p in playbooks.values()]),
    ]
    for kind in ("phrase", "pattern", "together", "count", "order", "require", "guard"):
        rows.append((f"of the kind `{kind}`", [sum(r.kind == kind for r in p.rules) for p in playbooks.values()]))
    rows += [
        ("phrases and patterns", [sum(len(r.phrases) + len(r.patterns) for r in p.rules) for p in playbooks.values()]),
        ("word lists", [len(p.words) for p in playbooks.values()]),
        ("words in them", [sum(map(len, p.words.values())) for p in playbooks.values()]),
        ("bad examples", [sum(len(r.bad) for r in p.rules) for p in playbooks.values()]),
        ("near-misses", [sum(len(r.good) for r in p.rules) for p in playbooks.values()]),
        ("ready lines", [len(p.lines) for p in playbooks.values()]),
        ("scenes that they are for", [len({line.scene for line in p.lines}) for p in playbooks.values()]),
        ("pairs of a habitual and a professional wording", [len(p.pairs) for p in playbooks.values()]),
        ("signals in a customer's message", [len(p.signals) for p in playbooks.values()]),
        ("stages of a complaint", [len(p.stages) for p in playbooks.values()]),
        ("pairs of opposites that a rewrite keeps apart", [len(p.polarities) for p in playbooks.values()]),
        ("fields of a complaint record", [len(p.fields) for p in playbooks.values()]),
    ]
    return f"{HOLDS}\n{_table(['', *(f'`{name}`' for name in FILES)], ([name, *values] for name, values in rows))}"


def _told_by(playbook: Playbook) -> str:
    tongues = tongues_of(playbook)
    profiles = [tongues.profiles[language] for language in playbook.languages]
    words = {word for p in profiles for field in (p.strong, p.weak, p.common) for word in field.split()}
    scripts = ", ".join(dict.fromkeys(p.table or f"{len(words)} words" for p in profiles))
    return f"{scripts} characters" if profiles[0].table else scripts


def _own(playbook: Playbook, others: dict[str, Playbook]) -> int:
    inherited = others[playbook.extends].rules if playbook.extends in others else ()
    return len([rule for rule in playbook.rules if rule not in inherited])


def _rules() -> str:
    playbooks = [load_playbook(name) for name in FILES]
    counts = [Counter((rule.principle, rule.severity) for rule in playbook.rules) for playbook in playbooks]
    ids = dict.fromkeys(principle.id for playbook in playbooks for principle in playbook.principles)
    rows = [
        [f"`{id}`", *(f"{count[id, 'error'] or '–'} / {count[id, 'warning'] or '–'}" for count in counts)]
        for id in ids
        if any(count[id, severity] for count in counts for severity in ("error", "warning"))
    ]
    return f"{RULES}\n{_table(['principle', *(f'`{name}`, errors / warnings' for name in FILES)], rows)}"


def _figures(tally: Tally) -> list[object]:
    recall = f"{tally.recall:.3f}" if tally.labels else "–"
    return [tally.labels, recall, tally.found, f"{tally.precision:.3f}" if tally.found else "–"]


def _exact(scored: Sequence[Part]) -> str:
    head = ["replies", "how many", "labels", "error recall", "found", "error precision"]
    head += ["labels, any", "any recall", "found, any", "any precision"]
    rows = [
        [f"`{p.playbook}`, {p.name}", p.score.replies, *(x for level in LEVELS for x in _figures(p.score.total(level)))]
        for p in scored
    ]
    text = f"{EXACT}\n{_table(head, rows)}\nErrors by principle, on what was held out:\n\n"
    held = [p for p in scored if p.name == "heldout"]
    columns = [f"`{p.playbook}` {what}" for p in held for what in ("labels", "recall", "found", "precision")]
    tallies = [p.score.tallies["error"] for p in held]
    by_principle = (
        [f"`{id}`", *(x for each in tallies for x in _figures(each.get(id, Tally())))]
        for id in SCORED
        if any(id in each for each in tallies)
    )
    return text + _table(["principle", *columns], by_principle)


def _told() -> str:
    rows = [[f"{told.kind}{', held out' if told.held else ''}", told.cases, told.right] for told in decided()]
    return f"{TOLD}\n{_table(['cases', 'how many', 'decided rightly'], rows)}"


def sections() -> Iterator[str]:
    """Yield the parts of the document."""
    yield INTRODUCTION
    yield _holds()
    yield _rules()
    yield _exact([part for name in FILES for part in parts(name)])
    yield _told()


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the document, or with `--check` only compare it.

    Args:
        arguments: the command line; None: that of the process.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where it is not up to date")
    options = parser.parse_args(arguments)
    content = "\n".join(sections())
    if options.check:
        if TARGET.is_file() and TARGET.read_text("utf-8") == content:
            return 0
        print(f"{TARGET} is not up to date: run python scripts/write_languages.py", file=sys.stderr)
        return 1
    TARGET.write_text(content, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
