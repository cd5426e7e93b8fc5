"""The built-in rules against their own examples, and everything that the playbook itself says against the rules."""

from __future__ import annotations

import re
from collections.abc import Iterator

import opencc
import pytest
from pydantic import ValidationError

from replykit.checker import Checker, checker_for
from replykit.loader import load_playbook
from replykit.records import Language, Turn, Violation
from replykit.rules import Condition, Example, Rule, SignalRule

PLAYBOOK = load_playbook("zh")
RULES = {rule.id: rule for rule in PLAYBOOK.rules}
SIGNALS = {signal.id: signal for signal in PLAYBOOK.signals}
DOCUMENT = re.compile(r"00[0-4]: \S")


@pytest.fixture(scope="module")
def checker() -> Checker:
    """The checker of the built-in playbook."""
    return checker_for(PLAYBOOK)


class Script:
    """Turns the simplified text of an example into one of the two scripts, character by character."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._converter = opencc.OpenCC("s2tw") if name == "traditional" else None

    def __call__(self, text: str) -> str:
        """Return the text in this script."""
        return self._converter.convert(text) if self._converter else text

    def fits(self, example: Example) -> bool:
        """Whether the example means the same in this script; one that asks for a script does not."""
        return not self._converter or example.language is None

    def violations(self, checker: Checker, rule: Rule, example: Example) -> list[Violation]:
        """What is found of the rule's principle."""
        report = checker.check(
            self(example.text),
            customer=None if example.customer is None else self(example.customer),
            draft=None if example.draft is None else self(example.draft),
            facts=[self(fact) for fact in example.facts],
            history=[Turn(role="customer", text=self(text)) for text in example.history],
            language=example.language,
            instructions=None if example.instructions is None else self(example.instructions),
            stage=example.stage,
            channel=example.channel,
            length=example.length,
        )
        return [violation for violation in report.violations if violation.principle == rule.principle]


@pytest.fixture(scope="module", params=["simplified", "traditional"])
def script(request: pytest.FixtureRequest) -> Script:
    """Each of the two scripts."""
    return Script(request.param)


@pytest.mark.parametrize("id", RULES)
def test_every_bad_example_is_found(id: str, script: Script, checker: Checker) -> None:
    """A bad example breaks the rule's principle at the rule's severity; a warning is not outdone by an error."""
    rule = RULES[id]
    for example in filter(script.fits, rule.bad):
        severities = {violation.severity for violation in script.violations(checker, rule, example)}
        assert rule.severity in severities, example.text
        assert rule.severity == "error" or severities == {"warning"}, example.text


@pytest.mark.parametrize("id", [rule.id for rule in RULES.values() if rule.softened])
def test_every_softened_example_is_a_warning(id: str, script: Script, checker: Checker) -> None:
    """A softened example breaks the principle as a warning, and nothing in it breaks it as an error."""
    rule = RULES[id]
    for example in filter(script.fits, rule.softened):
        found = script.violations(checker, rule, example)
        assert {violation.severity for violation in found} == {"warning"}, example.text


@pytest.mark.parametrize("id", RULES)
def test_no_good_example_is_found(id: str, script: Script, checker: Checker) -> None:
    """A near-miss keeps the principle."""
    rule = RULES[id]
    for example in filter(script.fits, rule.good):
        assert not script.violations(checker, rule, example), example.text


@pytest.mark.parametrize("id", RULES)
def test_every_rule_fires(id: str, checker: Checker) -> None:
    """A rule itself, not only another of its principle, finds one of its examples."""
    rule, simplified = RULES[id], Script("simplified")
    found = [v.rule for example in (*rule.bad, *rule.softened) for v in simplified.violations(checker, rule, example)]
    assert id in found


@pytest.mark.parametrize("id", RULES)
def test_every_rule_says_where_it_comes_from(id: str) -> None:
    """A rule's source names the documents and sections it follows, its reason and its principle are given."""
    rule = RULES[id]
    assert all(DOCUMENT.match(source) for source in rule.source.split("; ")), rule.source
    assert rule.reason
    assert rule.principle in {principle.id for principle in PLAYBOOK.principles}


CHECKED = (
    "apology-in-measure empathy-first grounded-facts keep-meaning keep-placeholders manage-expectations match-script "
    "next-step no-accusing-customer no-blame no-brush-off no-leading-questions no-vague-answers policy-not-a-wall "
    "positive-wording professional-register"
)


def test_every_pattern_is_re2(checker: Checker) -> None:
    """Every pattern of every rule and signal compiles, those of exceptions and conditions included."""
    checker.validate()


def test_every_checked_principle_has_a_rule() -> None:
    """Each of the specification's sixteen checked principles is checked by at least one rule."""
    checked = {rule.principle for rule in RULES.values()}
    assert checked >= set(CHECKED.split())
    assert {rule.severity for rule in RULES.values() if rule.principle == "positive-wording"} == {"warning"}


# --- signals of the customer ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("id", SIGNALS)
def test_every_signal_is_found_in_its_examples(id: str, script: Script, checker: Checker) -> None:
    """A bad example carries the signal's kind and asks for a human where the signal does; a good one is not its own."""
    signal = SIGNALS[id]
    for text in signal.bad:
        assessment = checker.assess(script(text))
        assert signal.kind in {found.kind for found in assessment.signals}, text
        assert assessment.escalate or not signal.escalate, text
    for text in signal.good:
        assert id not in {found.rule for found in checker.assess(script(text)).signals}, text


# --- what the playbook says ----------------------------------------------------------------------------------------


def _said() -> Iterator[tuple[str, str]]:
    """Whatever may be sent to a customer as it stands, with its name."""
    for line in PLAYBOOK.lines:
        yield f"line {line.id}", line.text
    for pair in PLAYBOOK.pairs:
        yield f"pair {pair.id}", pair.professional
    for rule in PLAYBOOK.rules:
        for suggestion in rule.suggestions:
            yield f"suggestion of {rule.id}", suggestion
        for edit in rule.fix:
            if edit.find is None and edit.replace and "\\" not in edit.replace:
                yield f"fix of {rule.id}", edit.replace


@pytest.mark.parametrize("language", ["zh-Hans", "zh-Hant"])
def test_what_the_playbook_says_keeps_its_own_rules(language: Language, checker: Checker) -> None:
    """Every ready line, professional wording, suggestion and replacement passes without error and without warning."""
    wrong = [
        (name, said, violation.rule, violation.text)
        for name, text in _said()
        for said in [PLAYBOOK.say(text, language)]
        for violation in checker.check(said, language=language).violations
    ]
    assert wrong == []


# --- the record ----------------------------------------------------------------------------------------------------

_WHOLE = {
    "id": "rule",
    "principle": "principle",
    "severity": "error",
    "kind": "phrase",
    "phrases": ["没办法"],
    "message": "“{text}”",
    "source": "001: 禁用语",
    "bad": ["没办法"],
    "good": ["有办法"],
}


def test_a_whole_rule_is_accepted() -> None:
    """A text stands for an example without context."""
    rule = Rule.model_validate(_WHOLE)
    assert rule.bad == (Example(text="没办法"),)
    assert rule.good == (Example(text="有办法"),)


@pytest.mark.parametrize(
    "missing", ["id", "principle", "severity", "kind", "message", "source", "bad", "good", "phrases"]
)
def test_a_rule_is_refused_without(missing: str) -> None:
    """A rule without source, message, bad and good examples, or what its kind looks for, is no rule."""
    with pytest.raises(ValidationError):
        Rule.model_validate({field: value for field, value in _WHOLE.items() if field != missing})


@pytest.mark.parametrize(
    ("kind", "needed"),
    [
        ("pattern", ["patterns"]),
        ("together", ["together"]),
        ("count", ["patterns"]),
        ("order", ["first", "then"]),
        ("require", ["patterns"]),
        ("guard", ["guard"]),
    ],
)
def test_each_kind_asks_for_its_fields(kind: str, needed: list[str]) -> None:
    """The message names the kind and the field that it lacks."""
    for field in needed:
        others = {other: ["好"] for other in needed if other != field}
        with pytest.raises(ValidationError, match=f"kind '{kind}' needs '{field}'"):
            Rule.model_validate({**_WHOLE, "kind": kind, **others})


@pytest.mark.parametrize("field", ["phrases", "exceptions", "counter_exceptions"])
@pytest.mark.parametrize("blank", ["", " ", "\u3000", "\n"])
def test_a_blank_phrase_is_refused(field: str, blank: str) -> None:
    """A phrase of nothing would find everything, an exception of nothing would mean nothing."""
    with pytest.raises(ValidationError, match="blank phrase"):
        Rule.model_validate({**_WHOLE, field: ["没办法", blank]})


def test_a_softened_example_is_enough() -> None:
    """A rule may have only softened examples."""
    assert Rule.model_validate({**_WHOLE, "bad": [], "softened": ["没办法"]}).bad == ()


def test_records_are_frozen_and_know_their_fields() -> None:
    """A rule cannot be changed, and a misspelt field is no field."""
    rule = Rule.model_validate(_WHOLE)
    with pytest.raises(ValidationError):
        rule.severity = "warning"  # type: ignore[misc]  # that it cannot be assigned is the claim
    with pytest.raises(ValidationError, match="unles"):
        Rule.model_validate({**_WHOLE, "unles": []})
    with pytest.raises(ValidationError, match="find"):
        Condition.model_validate({"find": []})
    with pytest.raises(ValidationError):
        SignalRule.model_validate(
            {"id": "s", "kind": "distress", "patterns": [], "source": "x", "bad": ["x"], "good": ["x"]}
        )


def test_a_rule_round_trips_through_json() -> None:
    """What was written is what is read."""
    for rule in PLAYBOOK.rules:
        assert Rule.model_validate_json(rule.model_dump_json()) == rule
