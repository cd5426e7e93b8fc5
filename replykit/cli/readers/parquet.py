"""A Parquet file: one reply a row."""

from __future__ import annotations

from collections.abc import Iterator

from replykit.arrow import texts_of
from replykit.cli.origin import Named
from replykit.columnar import open_replies
from replykit.columnar.checking import ID
from replykit.errors import UsageError

__all__ = ["replies_in_parquet"]


def replies_in_parquet(path: str, column: str | None) -> Iterator[Named]:
    """Yield the texts of one column that are not blank, with the numbers of their rows; the first is 1.

    A few thousand rows are in memory at a time.

    Args:
        path: the file.
        column: its name, else its letter (A is the first), else its number, counted from 1.

    Raises:
        UsageError: it cannot be read, has no such column, or pyarrow is missing.
    """
    for piece in open_replies([path], column, piece=None):
        for batch in piece.batches():
            texts = texts_of(batch.column(piece.columns.text))
            for number, text in zip(batch.column(ID).to_pylist(), texts, strict=True):
                if isinstance(text, UnicodeDecodeError):
                    raise UsageError(f"{path}, row {number}: the text is not valid UTF-8")
                if text and text.strip():
                    yield Named(id=int(number), text=text, file=path, line=None, cell=f"row {number}")
