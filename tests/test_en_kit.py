"""The whole kit in English, over scripted answers and offline."""

from __future__ import annotations

import pytest

from replykit import ReplyKit, Turn
from replykit.testing import FakeChat
from replykit.text import fold

POLITE = "I am sorry about the trouble. You can return it within 30 days. Shall I send you the label?"


def _kit(*answers: str) -> tuple[ReplyKit, FakeChat]:
    chat = FakeChat(list(answers))
    return ReplyKit(chat=chat, playbook="en"), chat


def _offline() -> ReplyKit:
    return ReplyKit(model=None, playbook="en")


def _is_english(text: str) -> bool:
    return not any("\u2e80" <= character <= "\uffef" for character in text)


def test_a_good_answer_is_delivered_and_asked_for_in_english() -> None:
    """The instructions and the violations that a repair is told are English, and the repair is delivered."""
    kit, chat = _kit("Please calm down. That's our policy.", POLITE)
    reply = kit.rewrite("It can be returned within 30 days.", customer="This does not work, I want to return it.")
    assert (reply.status, reply.text) == ("repaired", POLITE)
    assert len(chat.requests) == 2
    for request in chat.requests:
        assert all(_is_english(message.content) for message in request.messages)
    assert "calm down" in fold(chat.requests[1].messages[-1].content)


@pytest.mark.parametrize(
    ("draft", "answer", "rule"),
    [
        ("The item can't be refunded.", "I am sorry, you will get a refund for the item.", "meaning-kept"),
        ("A refund takes 5 business days.", "I am sorry. A refund takes 2 business days.", "grounded-facts"),
        ("Unplug it before cleaning, or you may get a shock.", "Thank you for asking. Clean it.", "meaning-kept"),
        ("Keep it away from water. It is washable.", "Thank you for asking. It is washable.", "meaning-kept"),
        ("A case costs extra: it is sent at an additional cost.", "I am sorry. A case is sent.", "meaning-kept"),
    ],
)
def test_another_meaning_is_held_back(draft: str, answer: str, rule: str) -> None:
    """A refusal that became a promise, another number and a lost warning call for a person, in English."""
    kit, _ = _kit(answer, answer, answer)
    reply = kit.rewrite(draft, customer="Can you help me with this?")
    assert reply.status == "needs_review"
    assert rule in {violation.rule for violation in reply.violations} | {
        violation.principle for violation in reply.violations
    }
    assert all(_is_english(violation.message) for violation in reply.violations)


def test_a_draft_for_a_customer_is_english() -> None:
    """A drafted reply is delivered as the model wrote it where no rule minds."""
    answer = (
        "I am sorry that the cup arrived broken. Could you send us a photo, so that we can arrange what comes next?"
    )
    kit, chat = _kit(answer)
    assert kit.draft("My cup arrived broken! The order is A1001.").text == answer
    assert all(_is_english(message.content) for message in chat.requests[0].messages)


@pytest.mark.parametrize(
    "customer", ["Where is my order?", "My cup arrived broken, I'm furious!", "Hi there", "I will sue you"]
)
def test_offline_everything_is_english(customer: str) -> None:
    """Without a model the ready lines answer, and no rule minds them."""
    kit = _offline()
    for text in (kit.acknowledge(customer=customer).text, kit.draft(customer).text):
        assert text
        assert _is_english(text)
        assert not [v for v in kit.check(text, customer=customer).violations if v.severity == "error"]


@pytest.mark.parametrize(
    ("text", "kind", "escalates"),
    [
        ("My cup arrived broken, I’m furious!", "distress", False),
        ("You are idiots, all of you", "abuse", False),
        ("I will sue you", "threat", True),
        ("I have called five times already", "repeated_contact", True),
        ("I want to kill myself", "self_harm", True),
    ],
)
def test_customers_are_read(text: str, kind: str, *, escalates: bool) -> None:
    """Grave messages call a person."""
    found = _offline().assess(text)
    assert kind in {signal.kind for signal in found.signals}
    assert found.escalate == escalates


def test_a_complaint_is_recorded() -> None:
    """Who writes, how to reach them, the order, when, and what they want are read where they stand."""
    said = "My name is Anna Reid, phone 020 7946 0958. Order A1001 arrived broken on 5 March, I want a refund."
    record = _offline().record([Turn(role="customer", text=said)])
    assert record.who
    assert record.who.value == "Anna Reid"
    assert [entry.value for entry in record.contact] == ["020 7946 0958"]
    assert [entry.value for entry in record.order] == ["A1001"]
    assert [entry.value for entry in record.when] == ["5 March"]
    assert "refund" in record.asked[0].value
    assert record.language == "en"
