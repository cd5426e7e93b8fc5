"""The rule catalogue, from the playbooks: one page a principle: why, where from, hit, not a hit, what to say."""

from __future__ import annotations

from collections.abc import Iterator

from replykit import Playbook, load_playbook
from replykit.rules import Example, Rule

PLAYBOOKS = {"zh": "Chinese", "zh-Hant": "Taiwan", "en": "English"}
SHOWN = 6  # examples of a kind and rule
_MARKUP = "\\`*_{}[]()<>#+-.!|~&$"


def catalogue() -> Iterator[tuple[str, str]]:
    """Yield each page with its path in the site."""
    playbooks = {name: load_playbook(name) for name in PLAYBOOKS}
    yield "rules/index.md", _contents(playbooks)
    for name, playbook in playbooks.items():
        for principle in playbook.principles:
            yield f"rules/{name}/{principle.id}.md", _page(playbook, principle.id)


def _contents(playbooks: dict[str, Playbook]) -> str:
    lines = [
        "# The rules",
        "",
        "What a good reply does, principle by principle, with the rules that prove it. A principle without rules is",
        "told to the model and judged by evaluation. These pages are made from the playbooks that the checker reads.",
        "",
        "| principle | " + " | ".join(PLAYBOOKS.values()) + " |",
        "|---|" + "---|" * len(PLAYBOOKS),
    ]
    ids = dict.fromkeys(principle.id for playbook in playbooks.values() for principle in playbook.principles)
    for id in ids:
        cells = [_count(name, playbook, id) for name, playbook in playbooks.items()]
        lines.append(f"| `{id}` | " + " | ".join(cells) + " |")
    return "\n".join([*lines, ""])


def _count(name: str, playbook: Playbook, id: str) -> str:
    if all(principle.id != id for principle in playbook.principles):
        return "—"
    rules = [rule for rule in playbook.rules if rule.principle == id]
    return f"[{playbook.principle(id).title}]({name}/{id}.md)<br>{_plural(len(rules), 'rule')}"


def _plural(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")


def _page(playbook: Playbook, id: str) -> str:
    principle = playbook.principle(id)
    lines = [f"# {principle.title}", "", f"`{id}`", "", _plain(principle.why), "", "**What the model is told**", ""]
    lines += [f"- {_plain(line)}" for line in principle.guidance]
    lines += ["", f"From: {_plain('; '.join(principle.sources))}", ""]
    rules = [rule for rule in playbook.rules if rule.principle == id]
    if not rules:
        lines += [
            "No rule can tell it from a reply alone; the model is told, and `replykit eval` looks at it.",
            "",
        ]
    for rule in rules:
        lines += _rule(rule)
    return "\n".join(lines)


def _rule(rule: Rule) -> Iterator[str]:
    yield from (f"## {rule.id}", "", f"**{rule.severity}** · from {_plain(rule.source)}", "", _plain(rule.message), "")
    if rule.reason:
        yield from (_plain(rule.reason), "")
    for heading, examples in (("A hit", rule.bad), ("A milder one", rule.softened), ("Not a hit", rule.good)):
        if examples:
            yield from (f"**{heading}**", "")
            yield from (f"- {_example(example)}" for example in examples[:SHOWN])
            yield ""
    if rule.suggestions:
        yield from ("**Say instead**", "")
        yield from (f"- {_plain(text)}" for text in rule.suggestions)
        yield ""


def _example(example: Example) -> str:
    known = {
        "customer": example.customer,
        "draft": example.draft,
        "facts": "; ".join(example.facts) or None,
        "stage": example.stage,
        "channel": example.channel,
        "length": example.length,
    }
    beside = ", ".join(f"{what}: {_plain(str(text))}" for what, text in known.items() if text)
    return _plain(example.text) + (f" *({beside})*" if beside else "")


def _plain(text: str) -> str:
    """Return a text in which nothing is markup, on one line."""
    return "".join(f"&#{ord(char)};" if char in _MARKUP else char for char in " ".join(text.split()))
