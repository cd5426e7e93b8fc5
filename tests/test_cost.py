"""What replies cost: sums, prices, and a budget that no call passes."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from small import SMALL

from replykit import AsyncReplyKit, BudgetError, ChatServerError, ChatTimeoutError, Prices, ReplyKit, Usage
from replykit.budget import Budget, worst_case
from replykit.errors import ChatConnectionError, ChatError, ChatProtocolError
from replykit.records import ChatMessage, ChatRequest, Completion

GOOD = "您好，我来为您核实。"
BAD = "没办法，您等着吧。"
ASK = ChatRequest(messages=(ChatMessage(role="user", content="您好" * 50),), max_tokens=100)


def test_cost_is_the_tokens_at_the_callers_prices() -> None:
    """A million tokens cost what the price says, and one a millionth of it."""
    prices = Prices(prompt="2", completion="8", currency="CNY")
    assert Usage(prompt_tokens=1_000_000, completion_tokens=500_000).cost(prices) == Decimal("6")
    assert Usage(prompt_tokens=1).cost(prices) == Decimal("0.000002")
    assert Usage().cost(prices) == 0
    assert Usage(prompt_tokens=3).cost(Prices(prompt=0.1, completion=0)) == Decimal("0.0000003")


_PRICE = st.decimals(0, 1000, places=6)
_TOKENS = st.integers(0, 10**15)


@given(_PRICE, _PRICE, st.lists(st.tuples(_TOKENS, _TOKENS), max_size=5))
def test_cost_of_a_sum_is_the_sum_of_the_costs(
    prompt: Decimal, completion: Decimal, counts: list[tuple[int, int]]
) -> None:
    """No digit is lost, whatever the prices and however many tokens."""
    prices = Prices(prompt=prompt, completion=completion)
    usages = [Usage(prompt_tokens=sent, completion_tokens=got) for sent, got in counts]
    assert sum(usages, Usage()).cost(prices) == sum((usage.cost(prices) for usage in usages), Decimal())


@pytest.mark.parametrize("price", ["-1", "nan", "inf", "1e30", "x", None, "0.0000000000001"])
def test_price_that_is_none_is_refused(price: object) -> None:
    """A price is a number of 0 or more, with no more digits than can be kept."""
    with pytest.raises(ValidationError):
        Prices(prompt=price, completion=1)  # type: ignore[arg-type]  # the mistake


def test_prices_survive_json() -> None:
    """Prices are a record like any other, and keep their digits."""
    prices = Prices(prompt="0.10", completion="1.1", currency="USD")
    assert Prices.model_validate_json(prices.model_dump_json()) == prices
    assert '"0.10"' in prices.model_dump_json()


def until_refused(work: Callable[[], object]) -> None:
    """Work until the budget allows no more."""
    with contextlib.suppress(BudgetError):
        for _ in range(100):
            work()
        pytest.fail("the budget has no end")


class Counting:
    """A chat model that bills what it was sent and all the room that it was given, as the worst one would."""

    def __init__(self, answer: str = GOOD, per_character: float = 1.0) -> None:
        self.answer, self.per_character, self.billed = answer, per_character, 0
        self._lock = threading.Lock()

    def complete(self, request: ChatRequest) -> Completion:
        """Answer, and bill."""
        sent = int(sum(len(m.content) for m in request.messages) * self.per_character)
        assert request.max_tokens is not None
        with self._lock:
            self.billed += sent + request.max_tokens
        usage = Usage(calls=1, prompt_tokens=sent, completion_tokens=request.max_tokens)
        return Completion(text=self.answer, outcome="complete", finish_reason="stop", usage=usage)


class AsyncCounting(Counting):
    """The same, awaited."""

    async def complete(self, request: ChatRequest) -> Completion:  # type: ignore[override]  # it is awaited
        """Answer, and bill."""
        await asyncio.sleep(0)
        return super().complete(request)


@pytest.mark.parametrize("answer", [GOOD, BAD], ids=["clean", "repaired"])
@pytest.mark.parametrize("budget", [1_000, 7_000, 20_000])
def test_no_thread_passes_the_budget(budget: int, answer: str) -> None:
    """However many threads share a kit, first calls and repairs together stay within the budget."""
    chat = Counting(answer)
    kit = ReplyKit(playbook=SMALL, chat=chat, budget=budget)
    refused: list[int] = []

    def work() -> None:
        for _ in range(4):
            try:
                kit.draft("订单呢？")
            except BudgetError:
                refused.append(1)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert chat.billed == kit.budget.spent <= budget
    assert refused


@pytest.mark.parametrize("budget", [1_000, 7_000, 20_000])
def test_no_task_passes_the_budget(budget: int) -> None:
    """The same for many tasks in one event loop."""
    chat = AsyncCounting(BAD)
    kit = AsyncReplyKit(playbook=SMALL, chat=chat, budget=budget)

    async def many() -> list[object]:
        return await asyncio.gather(*(kit.draft("订单呢？") for _ in range(30)), return_exceptions=True)

    results = asyncio.run(many())
    assert any(isinstance(result, BudgetError) for result in results)
    assert chat.billed == kit.budget.spent <= budget


def test_no_stream_passes_the_budget() -> None:
    """A streamed reply reserves like any other, and one that is left early is charged what came of it."""

    class Streaming(Counting):
        def stream(self, request: ChatRequest) -> object:
            """Answer in pieces."""
            yield from self.answer
            yield self.complete(request)

    chat = Streaming()
    kit = ReplyKit(playbook=SMALL, chat=chat, budget=6_000)
    until_refused(lambda: list(kit.draft_stream("订单呢？")))
    assert 0 < chat.billed == kit.budget.spent <= 6_000
    kit = ReplyKit(playbook=SMALL, chat=Streaming(), budget=6_000)
    with kit.draft_stream("订单呢？") as stream:
        next(stream)
    assert len(GOOD) / 2 < kit.budget.spent < 6_000


def test_budget_learns_what_the_server_counts() -> None:
    """Where a vocabulary takes a character for more than a token, only the first call can pass the budget."""
    chat = Counting(per_character=1.6)
    kit = ReplyKit(playbook=SMALL, chat=chat, budget=30_000)
    until_refused(lambda: kit.draft("订单呢？"))
    assert 20_000 < chat.billed == kit.budget.spent <= 30_000


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("hello", 5),
        ("您好。", 3),
        ("“可以”……", 6),
        ("ＯＫ！", 3),
        ("😀", 4),
        ("您好😀", 6),
        ("ภาษา", 12),
        ("\ud800", 1),
    ],
)
def test_worst_case_counts_rare_characters_by_their_bytes(text: str, tokens: int) -> None:
    """Nothing that a customer writes costs more than is reserved for it: an emoji may be four tokens."""
    request = ChatRequest(messages=(ChatMessage(role="user", content=text),), max_tokens=1)
    assert worst_case(request) == (tokens, 1)


def failed(error: ChatError, usage: Usage | None = None, *, may_be_billed: bool = True) -> ChatError:
    """Return an error that says what it may have cost."""
    error.usage, error.may_be_billed = usage, may_be_billed
    return error


@pytest.mark.parametrize(
    ("error", "spent"),
    [
        (ChatTimeoutError("late"), 100),
        (failed(ChatProtocolError("no choices"), Usage(calls=1, prompt_tokens=30, completion_tokens=7)), 37),
        (ChatServerError("HTTP 503"), 0),
        (failed(ChatServerError("HTTP 502")), 100),
        (failed(ChatConnectionError("nobody answers"), may_be_billed=False), 0),
        (KeyError("chat"), 100),
    ],
    ids=lambda value: type(value).__name__,
)
def test_lost_call_is_charged_what_it_may_have_cost(error: Exception, spent: int) -> None:
    """A call that was never answered is free; one that may have been costs what the server says, else what it sent."""
    budget = Budget(1000)
    with pytest.raises(type(error)), budget.reserve(ASK):
        raise error
    assert budget.spent == spent
