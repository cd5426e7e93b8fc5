"""English facts are read in words as in figures, and what only sounds like one is none."""

from __future__ import annotations

import pytest

from replykit.facts import find_facts, ungrounded


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("It costs twenty dollars, or $1,299.00 with the case.", ["twenty dollars", "$1,299.00"]),
        ("That is £5, €3.50, NT$300 or ten quid.", ["£5", "€3.50", "NT$300", "ten quid"]),
        ("five hundred dollars", ["five hundred dollars"]),
        ("fifteen percent off, then 15%", ["fifteen percent", "15%"]),
        ("It takes a fortnight, or an hour and a half.", ["a fortnight", "an hour and a half"]),
        ("one and a half hours, two and a half years", ["one and a half hours", "two and a half years"]),
        ("Delivered in a week, within 24 hours, 3–5 business days.", ["a week", "24 hours", "3–5 business days"]),
        ("between 3 and 5 May", ["3", "5 May"]),
        ("3–5 May, then June 7-9.", ["3", "5 May", "June 7", "9"]),
        ("We write again on the 5th, on Monday or tomorrow.", ["5th", "Monday", "tomorrow"]),
        ("at noon, half past three, three o'clock or 10.30am", ["noon", "half past three", "three o'clock", "10.30am"]),
    ],
)  # fmt: skip
def test_facts_are_read(text: str, facts: list[str]) -> None:
    """Amounts, percentages, durations, dates and times are found where they stand."""
    found = find_facts(text)
    assert [fact.text for fact in found] == facts
    assert all(text[fact.start : fact.end] == fact.text for fact in found)


@pytest.mark.parametrize(
    "text",
    [
        "once a week", "just a minute", "in a day or two", "a few days", "the next day", "two of us", "may I ask",
        "the second item", "Have a nice day!", "two pounds of rice", "our midnight sale", "first of all", "no one",
        "I have a half", "one of our agents", "a day trip", "this one is fine",
    ],
)  # fmt: skip
def test_what_only_sounds_like_a_fact_is_none(text: str) -> None:
    """Courtesies, vague spans and what is counted in passing are left alone."""
    assert not find_facts(text)


@pytest.mark.parametrize(
    ("reply", "source"),
    [
        ("It takes a fortnight.", "It takes 14 days."), ("It takes two weeks.", "It takes a fortnight."),
        ("Wait an hour and a half.", "It is 90 minutes."), ("It is there in a week.", "7 days"),
        ("It is $20.", "twenty dollars"), ("It is ten quid.", "£10"), ("15% off", "fifteen percent off"),
        ("from May 3 to May 5", "between 3 and 5 May"), ("At 3:45.", "quarter to four"), ("At 12:00.", "at noon"),
        ("At half past three.", "15:30"), ("At 10.30am.", "10:30"), ("5th of March", "March 5"),
    ],
)  # fmt: skip
def test_words_and_figures_are_one_fact(reply: str, source: str) -> None:
    """A source supports what it says in whichever way the reply writes it."""
    assert not ungrounded(reply, [source])
    assert ungrounded(reply, ["We do not know yet."])


@pytest.mark.parametrize(
    ("reply", "source"),
    [("It is $30.", "twenty dollars"), ("It takes a fortnight.", "10 days"), ("At half past four.", "3:30 pm")],
)
def test_another_value_is_not_supported(reply: str, source: str) -> None:
    """A value in words is compared, not merely found."""
    assert ungrounded(reply, [source])
