"""The garbage collector, which looks in vain while many objects are made that all last."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator

__all__ = ["uncollected"]


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """Leave the garbage collector off while a package is imported or a playbook read, and count what was made as old.

    Turned on again, it would look at all of that at once; as old objects it comes to them when it looks at everything.
    """
    is_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if is_on:
            if not gc.get_freeze_count():  # else somebody else keeps objects apart, which would be mixed with these
                gc.freeze()
                gc.unfreeze()
            gc.enable()
