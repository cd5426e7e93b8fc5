"""How exact the checker is on the project's labelled sentences."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from score import LEVELS, SCORED, Found, Label, Labelled, Level, Score, read_labelled, score

LABELLED = Path(__file__).parent / "labelled"
LANGUAGES = ("en", "zh_hant")
FILES = [LABELLED / name for name in ("zh_a.jsonl", "zh_b.jsonl", "zh_c.jsonl")]

# (precision, recall) that no change may fall below; what was reached, rounded down. They may rise, never fall.
FLOORS: dict[str, dict[Level, tuple[float, float]]] = {
    "dev": {"error": (0.98, 0.95), "any": (0.98, 0.95)},
    "heldout": {"error": (0.94, 0.89), "any": (0.97, 0.92)},
}


@pytest.fixture(scope="module", params=["dev", "heldout"])
def scored(request: pytest.FixtureRequest) -> tuple[str, Score]:
    """The score on one part; rules are written with the first in view, and the second is only counted."""
    return request.param, score([reply for file in FILES for reply in read_labelled(file, request.param)])


@pytest.mark.parametrize("level", LEVELS)
def test_the_floors_hold(scored: tuple[str, Score], level: Level) -> None:
    """Neither precision nor recall falls below its floor, on either part."""
    part, result = scored
    precision, recall = FLOORS[part][level]
    total = result.total(level)
    assert total.precision >= precision, f"{total.found - total.right} of {total.found} violations are none"
    assert total.recall >= recall, f"{total.labels - total.caught} of {total.labels} labels are missed"


def test_every_principle_is_labelled() -> None:
    """Each principle that is scored has labels and near-misses in both parts, and no id stands twice."""
    for part in ("dev", "heldout"):
        replies = [reply for file in FILES for reply in read_labelled(file, part)]
        assert {label.principle for reply in replies for label in reply.labels} == set(SCORED)
        assert sum(not reply.labels for reply in replies) > len(replies) / 4
    everything = [reply for file in FILES for reply in read_labelled(file)]
    assert len({reply.id for reply in everything}) == len(everything)


def _replies(language: str, *parts: str) -> list[Labelled]:
    """The replies of one of the languages whose parts stand in files of their own."""
    files = [LABELLED / f"{language}_{half}.jsonl" for half in ("dev", "held")]
    return [reply for file in files for reply in read_labelled(file) if not parts or reply.part in parts]


def test_every_labelled_reply_has_an_id_of_its_own() -> None:
    """No id stands twice, in whatever file."""
    ids = [reply.id for file in LABELLED.glob("*.jsonl") for reply in read_labelled(file)]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_held_out_stands_in_no_other_part(language: str) -> None:
    """No reply stands twice, in either part, whatever its case, spaces and punctuation."""
    texts = [re.sub(r"\W", "", reply.text).casefold() for reply in _replies(language)]
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("part", ["dev", "heldout"])
def test_each_part_measures_every_principle(language: str, part: str) -> None:
    """Each part has at least 160 replies, labels of each principle, and near two in five that carry none."""
    replies = _replies(language, part)
    assert len(replies) >= 160
    assert {label.principle for reply in replies for label in reply.labels} == set(SCORED)
    assert sum(not reply.labels for reply in replies) > len(replies) * 0.4


@pytest.mark.parametrize("language", LANGUAGES)
def test_ordinary_replies_are_held_out(language: str) -> None:
    """The replies that count everyday false alarms are whole replies, all held out, and hold no error."""
    replies = _replies(language, "heldout-plain")
    assert len(replies) == 60
    assert not [label for reply in replies for label in reply.labels if label.severity == "error"]
    assert all(len(re.findall(r"[.!?。！？](?!\d)", reply.text)) >= 3 for reply in replies)
    assert {reply.part for reply in _replies(language)} == {"dev", "heldout", "heldout-plain"}


def _reply(text: str, *labels: tuple[str, str, str]) -> Labelled:
    return Labelled("reply", text, tuple(Label(*label) for label in labels))


@pytest.mark.parametrize(
    ("labels", "found", "error", "any_"),
    [
        # labels, caught, found, right
        ([("p", "error", "没办法")], [("p", "error", 3, 6)], (1, 1, 1, 1), (1, 1, 1, 1)),
        ([("p", "error", "没办法")], [("p", "error", 5, 9)], (1, 1, 1, 1), (1, 1, 1, 1)),
        ([("p", "error", "没办法")], [("p", "error", 6, 7)], (1, 0, 1, 0), (1, 0, 1, 0)),
        ([("p", "error", "没办法")], [("p", "error", 0, 3)], (1, 0, 1, 0), (1, 0, 1, 0)),
        ([("p", "error", "没办法")], [("q", "error", 3, 6)], (1, 0, 1, 0), (1, 0, 1, 0)),
        ([("p", "warning", "没办法")], [("p", "error", 3, 6)], (0, 0, 1, 0), (1, 1, 1, 1)),
        ([("p", "error", "没办法")], [("p", "warning", 3, 6)], (1, 0, 0, 0), (1, 1, 1, 1)),
        ([("p", "error", "没办法")], [("p", "error", 3, 5), ("p", "error", 5, 6)], (1, 1, 2, 2), (1, 1, 2, 2)),
        ([], [("p", "warning", 3, 6)], (0, 0, 0, 0), (0, 0, 1, 0)),
        ([], [], (0, 0, 0, 0), (0, 0, 0, 0)),
    ],
)
def test_what_counts(
    labels: list[tuple[str, str, str]],
    found: list[tuple[str, str, int, int]],
    error: tuple[int, int, int, int],
    any_: tuple[int, int, int, int],
) -> None:
    """A violation and a label meet where principle and place do; among errors the severity must be right as well."""
    result = score([_reply("抱歉，没办法的，您看", *labels)], lambda _: [Found(*one) for one in found])
    for level, expected in (("error", error), ("any", any_)):
        total = result.total(level)  # type: ignore[arg-type]  # mypy takes the name of a level for any text
        assert (total.labels, total.caught, total.found, total.right) == expected


def test_a_label_holds_wherever_its_words_stand() -> None:
    """Where the labelled words stand twice, either place is right."""
    reply = _reply("没办法，没办法", ("p", "error", "没办法"))
    assert score([reply], lambda _: [Found("p", "error", 4, 7)]).total("error").right == 1


@pytest.mark.parametrize(
    "row",
    [
        '{"id": "a", "text": "好的", "labels": [{"principle": "no-blame", "severity": "error", "span": "没办法"}]}',
        '{"id": "a", "text": "好的", "labels": [{"principle": "no-blame", "severity": "error", "span": ""}]}',
        '{"id": "a", "text": "好的", "labels": [{"principle": "blame", "severity": "error", "span": "好的"}]}',
        '{"id": "a", "text": "好的", "labels": [{"principle": "no-blame", "severity": "fatal", "span": "好的"}]}',
    ],
)
def test_a_label_that_means_nothing_is_refused(row: str, tmp_path: Path) -> None:
    """A label whose words do not stand in the reply, or of an unknown principle or severity, is refused."""
    file = tmp_path / "labelled.jsonl"
    file.write_text(row, "utf-8")
    with pytest.raises(ValueError, match=r"labelled\.jsonl:1"):
        read_labelled(file)
