"""A streamed answer is the same however its bytes are cut, and nothing in it surprises the reader."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from server import DONE, USAGE, data, event, whole

from replykit.chat.events import AnswerReader
from replykit.errors import ChatProtocolError
from replykit.records import Completion

EVENTS = [
    event("您好😀"), event("，"), event(""), event(None), event(reason="stop"), event("完", "length"), USAGE, DONE,
    b": keep-alive\n\n", b"\n", b"\r\n", b"data:\n\n", b"event: error\n", b"data: {}\n\n", b"data: [1]\n\n",
    data({"error": {"message": "no"}}), data({"error": {"code": "content_filter"}}), data({"choices": None}),
    data({"choices": [{"index": 0, "delta": {"content": 7}}]}), data({"choices": [{"delta": {"refusal": "no"}}]}),
    data({"choices": [{"index": 0, "delta": {"tool_calls": [{}]}, "finish_reason": "tool_calls"}]}),
    data({"choices": [{"index": 0, "delta": {"content": [{"type": "text", "text": "好"}]}}]}),
    b"data: {", b"data", b"<html>", b'{"choices": []}', b"\xff\xfe", b"\xef\xbb\xbf",
]  # fmt: skip


def read(chunks: list[bytes]) -> tuple[str, Completion | str]:
    """Read an answer to its end: the pieces, and the completion or what is wrong with it."""
    reader, pieces = AnswerReader(), ""
    try:
        for chunk in chunks:
            pieces += "".join(reader.feed(chunk))
            if reader.failure:
                return pieces, str(reader.failure)
        return pieces, reader.completion()
    except ChatProtocolError as error:
        return pieces, str(error)


@given(st.lists(st.sampled_from(EVENTS), max_size=8).map(b"".join), st.lists(st.integers(0, 400), max_size=6))
@settings(max_examples=300, deadline=None)
def test_answer_does_not_hang_on_how_it_is_cut(stream: bytes, cuts: list[int]) -> None:
    """Cut anywhere, inside characters and lines too, a stream gives the same text and the same end."""
    places = [0, *sorted(cuts), len(stream)]
    chunks = [stream[a:b] for a, b in itertools.pairwise(places)]
    pieces, end = read([stream])
    assert read(chunks)[1] == end
    assert read([stream[at : at + 1] for at in range(len(stream))]) == read(chunks) == (pieces, end)
    if isinstance(end, Completion):
        assert end.text.startswith(pieces) or not pieces


@given(st.lists(st.binary(max_size=60), max_size=5))
def test_no_bytes_surprise_the_reader(chunks: list[bytes]) -> None:
    """Whatever comes is an answer or a protocol error, and nothing else."""
    read(chunks)
    read([b"data: ", *chunks, b"\n\n"])


@pytest.mark.parametrize(
    ("chunks", "outcome"),
    [
        (whole("您好"), "complete"),
        ([event("您好"), DONE], "unknown"),
        ([event("您好")], "unknown"),
        ([event(" "), event(reason="stop")], "blank"),
        ([data({"choices": [{"delta": {"refusal": "no"}, "finish_reason": "stop"}]})], "refusal"),
        ([event("您好", "tool_calls", tool_calls=[{}])], "unknown"),
        ([event("<think>嗯</think>", "stop")], "blank"),
    ],
)
def test_ends_are_classified_as_those_of_whole_answers(chunks: list[bytes], outcome: str) -> None:
    """A stream ends as the same answer would that came as a whole."""
    end = read(chunks)[1]
    assert isinstance(end, Completion)
    assert end.outcome == outcome


def test_what_follows_the_end_is_not_read() -> None:
    """Behind [DONE] nothing belongs to the answer."""
    assert read([*whole("您好"), event("还有")])[0] == "您好"
