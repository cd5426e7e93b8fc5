"""What is said of a workbook that is not as it should be."""

from __future__ import annotations

from replykit.errors import UsageError

__all__ = ["unreadable", "unusual"]


def unreadable(name: str, why: str) -> UsageError:
    """Return the error for a workbook that cannot be read.

    Args:
        name: what the user calls it.
        why: what is wrong with it, without a full stop.
    """
    why = " ".join(why.split())[:200]
    return UsageError(f"{name} is no workbook that can be read ({why}); save the replies as CSV")


def unusual(name: str) -> UsageError:
    """Return the error for a sheet that can be read, but not written into without harm.

    Args:
        name: what the user calls it.
    """
    return UsageError(f"{name} is stored in an unusual way; open it in a spreadsheet program and save it")
