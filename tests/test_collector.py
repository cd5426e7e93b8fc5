"""The garbage collector is left as it was found, however much was made meanwhile."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from replykit.collector import uncollected


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    yield
    gc.enable()
    gc.unfreeze()


def test_it_is_off_meanwhile_and_on_again() -> None:
    """What is made meanwhile is not looked at when it is turned on again, and comes to be with the oldest."""
    with uncollected():
        assert not gc.isenabled()
        made = [[number] for number in range(10_000)]
    assert gc.isenabled()
    assert gc.get_count()[0] < len(made)
    assert gc.is_tracked(made[0])
    assert not gc.get_freeze_count()


def test_one_that_is_off_stays_off() -> None:
    """Whoever turned it off turns it on."""
    gc.disable()
    with uncollected():
        pass
    assert not gc.isenabled()


def test_what_somebody_keeps_apart_stays_apart() -> None:
    """Objects that were frozen, as before a fork, are not mixed with the others."""
    gc.freeze()
    kept = gc.get_freeze_count()
    with uncollected():
        pass
    assert gc.get_freeze_count() == kept > 0


def test_an_error_turns_it_on_again() -> None:
    """However the work ends, the collector works again."""
    with pytest.raises(ValueError, match="wrong"), uncollected():
        raise ValueError("wrong")
    assert gc.isenabled()
