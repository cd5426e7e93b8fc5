"""pyarrow, which holds columns and reads Parquet, where it is installed."""

from __future__ import annotations

from typing import Any

from replykit.errors import UsageError

__all__ = ["arrow", "holds_texts", "opened_parquet", "texts_of"]

_BUFFER = 1024 * 1024  # bytes of a column that are read at once


def arrow(what: str = "columns of results") -> Any:
    """Return pyarrow with its Parquet, its computations and its file systems.

    Args:
        what: what needs it, for the message.

    Raises:
        UsageError: it is not installed.
    """
    try:
        import pyarrow
        import pyarrow.compute
        import pyarrow.fs
        import pyarrow.parquet
    except ImportError:
        raise UsageError(f"{what} needs pyarrow, which is missing: install replykit[parquet]") from None
    return pyarrow


def opened_parquet(file: Any) -> Any:
    """Return an open Parquet file, of whose columns a buffer each is in memory when it is read, and no row group.

    Args:
        file: where it is read from.

    Raises:
        OSError: it is none, or cannot be read; so does Arrow's own error.
    """
    return arrow("Parquet").parquet.ParquetFile(file, buffer_size=_BUFFER, pre_buffer=False)


def holds_texts(kind: Any) -> bool:
    """Return whether an Arrow type is one of texts, or of nulls alone."""
    types = arrow().types
    if types.is_dictionary(kind):
        kind = kind.value_type
    tests = (types.is_string, types.is_large_string, types.is_string_view, types.is_null)
    return any(test(kind) for test in tests)


def texts_of(array: Any) -> list[str | UnicodeDecodeError | None]:
    """Return the texts of an Arrow array; in the place of bytes that are no UTF-8, which Parquet may hold, the error.

    Args:
        array: of any type of texts, or of nulls alone.
    """
    pa = arrow()
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    try:
        texts: list[str | UnicodeDecodeError | None] = array.to_pylist()
        return texts
    except UnicodeDecodeError:
        # No view as a text: its bytes, one by one.
        binary = pa.large_binary() if pa.types.is_large_string(array.type) else pa.binary()
        return [None if data is None else _decoded(data) for data in array.cast(binary, safe=False).to_pylist()]


def _decoded(data: bytes) -> str | UnicodeDecodeError:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        return error
