"""Replies by the million: Arrow batches in, findings as columns out, without an object for each reply.

pyarrow is imported where it is needed; without it a sentence says what to install.
"""

from __future__ import annotations

from replykit.columnar.checking import Columns, check_batch, check_batches
from replykit.columnar.files import Piece, open_replies
from replykit.columnar.results import result_schema, tallied
from replykit.columnar.writing import check_target, write_results

__all__ = [
    "Columns",
    "Piece",
    "check_batch",
    "check_batches",
    "check_target",
    "open_replies",
    "result_schema",
    "tallied",
    "write_results",
]
