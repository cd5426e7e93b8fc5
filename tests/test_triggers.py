"""The literals that decide which rules are tried: however they are looked for, the same are found."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replykit import triggers
from replykit.checker import Checker
from replykit.loader import load_playbook, read_playbook
from replykit.snapshot import Literals, loaded_name, stored_triggers
from replykit.triggers import Triggers

LITERALS = st.sets(st.text("没有办法，ok ", min_size=1, max_size=4), max_size=12)
TEXTS = st.text("没有办法，ok x", max_size=30)


def _plain(sources: list[Literals]) -> Triggers:
    return Triggers.of([sources])


@given(LITERALS, TEXTS)
def test_a_few_texts_are_looked_at_as_many_are(literals: set[str], text: str) -> None:
    """One literal at a time or with the automaton: the same places in the same order, overlapping ones too."""
    found = _plain([Literals(frozenset(literals), frozenset())])
    one_by_one = found.scan(text), found.scan_marked(text)
    found._all._few = found._marked._few = 0
    assert (found.scan(text), found.scan_marked(text)) == one_by_one
    places = {(found.literals[number], start, end) for number, start, end in one_by_one[0]}
    wanted = {(literal, at, at + len(literal)) for literal in literals for at in range(len(text))}
    assert places == {place for place in wanted if text.startswith(place[0], place[1])}
    marked = [hit for hit in one_by_one[0] if not found.literals[hit[0]].isalnum()]
    assert one_by_one[1] == marked


def test_the_automaton_is_made_when_there_is_enough_to_look_at() -> None:
    """After a few short texts, or at the first long one."""
    for texts in (["没办法"] * (triggers._FEW + 1), ["没办法" * triggers._SHORT]):
        found = _plain([Literals(frozenset({"没办法", "办法"}), frozenset())])
        for text in texts:
            assert found._all._automaton is None
            assert len(found.scan(text)) == 2 * text.count("没办法")
        assert found._all._automaton is not None


@pytest.fixture(scope="module")
def checkers() -> tuple[Checker, Checker]:
    """The checker of the built-in playbook with stored triggers, and with triggers that it derived itself."""
    return Checker(load_playbook("zh")), Checker(read_playbook("zh")[0])


def test_stored_triggers_are_those_that_a_checker_derives(checkers: tuple[Checker, Checker]) -> None:
    """Number for number, through JSON."""
    stored, derived = (checker.triggers for checker in checkers)
    assert json.loads(json.dumps(stored.fields())) == derived.fields() == stored_triggers(load_playbook("zh"))
    for name in ("literals", "lengths", "triggered", "always", "disguised"):
        assert getattr(stored, name) == getattr(derived, name), name
    assert stored._marked.literals == derived._marked.literals


def test_a_changed_playbook_has_no_stored_triggers() -> None:
    """A copy with one rule less is another playbook, and so is one that was read from the files."""
    playbook = load_playbook("zh")
    assert loaded_name(playbook) == "zh"
    for other in (playbook.model_copy(update={"rules": playbook.rules[1:]}), read_playbook("zh")[0]):
        assert loaded_name(other) is None
        assert stored_triggers(other) is None


def test_no_rule_without_a_literal_is_lost() -> None:
    """A rule with nothing to trigger it is always tried, and one literal may trigger several."""
    found = Triggers.of([[Literals(frozenset("ab"), frozenset("b"))], [], [Literals(frozenset("b"), frozenset())] * 2])
    assert found.always == [1]
    assert found.literals == ["a", "b"]
    assert found.lengths == [0, 1]
    assert found.triggered == {0: ((0, 0),), 1: ((0, 0), (2, 0), (2, 1))}
    assert Triggers.of_fields(found.fields()).fields() == found.fields()
