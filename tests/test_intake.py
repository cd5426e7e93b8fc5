"""Conversations as callers hold them become turns, or one sentence says which turn cannot."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from replykit.errors import TextError, UsageError
from replykit.intake import turns_of
from replykit.records import Request, Turn


def test_a_chat_apis_messages_are_taken_as_they_are() -> None:
    """Roles, names, parts, tool calls and their results: what people said becomes turns, and nothing else does."""
    history: list[dict[str, Any]] = [
        {"role": "user", "content": "订单呢？", "name": "王女士"},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "1", "function": {"name": "find"}}]},
        {"role": "tool", "tool_call_id": "1", "content": '{"state": "sent"}'},
        {"role": "assistant", "content": [{"type": "text", "text": "已寄出。"}, {"type": "text", "text": "请留意。"}]},
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:"}}]},
    ]
    assert turns_of(history) == (
        Turn(role="customer", text="订单呢？", name="王女士"),
        Turn(role="agent", text="已寄出。\n请留意。"),
        Turn(role="customer", text=""),
    )


MORNING = datetime(2026, 11, 8, 10, 0, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("key", "time"),
    [
        ("time", MORNING),
        ("time", "2026-11-08T10:00:03Z"),
        ("timestamp", "2026-11-08 10:00:03+00:00"),
        ("timestamp", MORNING.timestamp()),
        ("created_at", int(MORNING.timestamp())),
    ],
)
def test_a_time_is_read_as_logs_write_it(key: str, time: object) -> None:
    """A datetime, ISO 8601 and seconds since 1970 say the same."""
    assert turns_of([{"role": "user", "content": "在吗", key: time}])[0].time == MORNING


def test_a_turn_needs_neither_name_nor_time() -> None:
    """Nulls stand for nothing, and a time without zone stays one."""
    assert turns_of([{"role": "user", "content": "在吗", "name": None, "time": None}]) == (
        Turn(role="customer", text="在吗"),
    )
    assert turns_of([{"role": "user", "content": "在吗", "time": "2026-11-08T10:00"}])[0].time == datetime(
        2026, 11, 8, 10
    )


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"time": "昨天"}, r"history\[0\] has the time '昨天'; give ISO 8601"),
        ({"time": 1e300}, r"history\[0\] has the time 1e\+300"),
        ({"time": float("nan")}, r"history\[0\] has the time nan"),
        ({"time": True}, r"history\[0\] has the time True"),
        ({"time": [1] * 100}, r"history\[0\] has the time list"),
        ({"name": 5}, r"history\[0\] has a name that is no text but int"),
    ],
)
def test_what_is_no_time_or_name_is_refused(more: dict[str, object], message: str) -> None:
    """The message says which turn, what is wrong, and what to give instead."""
    with pytest.raises(UsageError, match=message):
        turns_of([{"role": "user", "content": "在吗", **more}])


def test_a_turn_too_long_is_refused() -> None:
    """The bound of every text holds for a turn, in parts or whole."""
    with pytest.raises(TextError, match=r"history\[1\] has 1,000,002 code points"):
        turns_of([{"role": "user", "content": "在吗"}, {"role": "user", "content": ["x" * 1_000_002]}])


def test_a_turn_with_name_and_time_round_trips() -> None:
    """A request with such turns is the same after JSON."""
    turn = Turn(role="customer", text="在吗", name="王女士", time=MORNING)
    request = Request(task="draft", customer="好", history=(turn,))
    assert Request.model_validate_json(request.model_dump_json()) == request
