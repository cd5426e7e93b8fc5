"""The batch API of OpenAI-compatible servers: files of requests that are answered within a day, for half the price."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt
from tenacity.wait import wait_random_exponential

from replykit.chat.answers import clean_text, error_message
from replykit.chat.failures import TransientError, failure_of_status, failure_of_transport
from replykit.errors import ChatConnectionError, ChatError, ChatProtocolError, ChatTimeoutError

if TYPE_CHECKING:
    import openai

__all__ = ["BatchClient", "RemoteBatch"]

_ENDED = frozenset({"completed", "failed", "expired", "cancelled"})
_PATIENCE = 900.0  # seconds for one file, which may have 200 MB
_TRIES = 5
_FIRST_PAUSE = 0.5  # seconds, at most, before the second try; twice as long before each further one
_PAGE = 100  # batches listed at once
_MOST_PAGES = 100
_LONGEST_LINE = 16 * 1024 * 1024  # bytes
_T = TypeVar("_T")


class RemoteBatch(NamedTuple):
    """A batch as its server tells of it.

    Attributes:
        id: its id.
        status: the server's own word.
        files: the files with its results, of answers and of errors; those that there are.
        why: what the server says was wrong with it as a whole; empty where nothing was.
        metadata: what it was created with.
    """

    id: str
    status: str
    files: tuple[str, ...]
    why: str
    metadata: Mapping[str, str]

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will come of it."""
        return self.status in _ENDED


class BatchClient:
    """Uploads requests, creates batches and reads their results; used from one thread at a time.

    What only asks is asked again after a failure. Creating is not: a batch that was created twice is paid for twice, so
    that the caller looks for it first.

    Args:
        base_url: the server, with its version path.
        key: the key.
        server: what messages call the server.
        presentable: makes a failure one that can be shown to anybody.
    """

    def __init__(self, base_url: str, key: str, *, server: str, presentable: Callable[[ChatError], ChatError]) -> None:
        import openai

        self._server, self._presentable = server, presentable
        timeout = openai.Timeout(_PATIENCE, connect=5.0)
        self._client: openai.OpenAI = openai.OpenAI(api_key=key, base_url=base_url, timeout=timeout, max_retries=0)

    def upload(self, requests: Path) -> str:
        """Give the server a file of requests.

        Args:
            requests: JSON Lines.

        Returns:
            The file's id.

        Raises:
            ChatError: the server did not take it.
        """

        def call() -> object:
            with requests.open("rb") as file:  # anew for each try
                return self._client.files.create(file=(requests.name, file), purpose="batch")

        return self._id(self._again(call))

    def create(self, file: str, metadata: Mapping[str, str]) -> RemoteBatch:
        """Have the requests of a file answered.

        Args:
            file: its id.
            metadata: what the batch can be known by again.

        Raises:
            ChatError: the server did not say that it was created; `may_be_billed` tells whether it may have been.
        """
        try:
            return self._read(
                self._called(
                    lambda: self._client.batches.create(
                        input_file_id=file,
                        endpoint="/v1/chat/completions",
                        completion_window="24h",
                        metadata=dict(metadata),
                    )
                )
            )
        except TransientError as transient:
            raise transient.error from None

    def find(self, metadata: Mapping[str, str]) -> RemoteBatch | None:
        """Return the newest batch that was created with all of this metadata; None where there is none.

        Raises:
            ChatError: the server does not list its batches.
        """
        after: str | None = None
        for _ in range(_MOST_PAGES):
            page = self._again(lambda after=after: self._page(after))  # type: ignore[misc]  # bound now, not later
            for batch in page:
                read = self._read(batch)
                if metadata.items() <= read.metadata.items():
                    return read
            if len(page) < _PAGE:
                return None
            after = self._read(page[-1]).id
        return None

    def _page(self, after: str | None) -> list[Any]:
        batches = self._client.batches
        listed = batches.list(limit=_PAGE, after=after) if after else batches.list(limit=_PAGE)
        return list(getattr(listed, "data", None) or [])

    def look(self, id: str) -> RemoteBatch:
        """Return how far a batch is.

        Raises:
            ChatError: the server does not say.
        """
        return self._read(self._again(lambda: self._client.batches.retrieve(id)))

    def lines(self, file: str) -> Iterator[dict[str, Any]]:
        """Yield the lines of a file of results; a line that is no JSON object is left out.

        Raises:
            ChatError: the file cannot be read to its end.
        """
        with self._again(lambda: self._downloaded(file)) as content:
            for line in content:
                try:
                    row = json.loads(line[:_LONGEST_LINE])
                except (ValueError, RecursionError):
                    continue
                if isinstance(row, dict):
                    yield row

    def _downloaded(self, file: str) -> Any:
        """Return a file's bytes in a temporary file: a connection that breaks must not break what is made of them."""
        import tempfile

        kept = tempfile.TemporaryFile()  # noqa: SIM115  # closed by whoever reads it
        try:
            with self._client.files.with_streaming_response.content(file) as response:
                for chunk in response.iter_bytes():
                    kept.write(chunk)
            kept.seek(0)
        except BaseException:
            kept.close()
            raise
        return kept

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    # --- one call

    def _again(self, call: Callable[[], _T]) -> _T:
        """Make a call that changes nothing, again after a failure that may pass."""
        retrying = Retrying(
            retry=retry_if_exception_type((TransientError, ChatConnectionError, ChatTimeoutError)),
            stop=stop_after_attempt(_TRIES),
            wait=wait_random_exponential(multiplier=_FIRST_PAUSE, max=30),
            sleep=time.sleep,
            reraise=True,
        )
        try:
            made: _T = retrying(self._called, call)
            return made
        except TransientError as transient:
            raise transient.error from None

    def _called(self, call: Callable[[], _T]) -> _T:
        import openai

        failure: ChatError | TransientError
        try:
            return call()
        except openai.APIStatusError as error:
            failure = failure_of_status(error.status_code, error.body, error.response.headers)
        except OSError as error:
            failure = ChatProtocolError(f"a file of requests cannot be read or kept: {error.strerror or error}")
        except Exception as error:  # beside its own errors the SDK lets some of its transport's through
            failure = failure_of_transport(error, self._server)
        if isinstance(failure, TransientError):
            raise TransientError(self._presentable(failure.error), failure.wait, failure.status)
        raise self._presentable(failure)

    def _read(self, batch: Any) -> RemoteBatch:
        status = getattr(batch, "status", None)
        if not isinstance(status, str):
            raise ChatProtocolError(f"{self._server} answered with no batch; does it have a batch API?")
        files = (getattr(batch, "output_file_id", None), getattr(batch, "error_file_id", None))
        told = getattr(getattr(batch, "errors", None), "data", None) or ()
        why = "; ".join(filter(None, (error_message({"message": getattr(one, "message", None)}) for one in told)))
        metadata = getattr(batch, "metadata", None)
        return RemoteBatch(
            self._id(batch),
            clean_text(status),
            tuple(file for file in files if isinstance(file, str) and file),
            why,
            {str(name): str(value) for name, value in metadata.items()} if isinstance(metadata, dict) else {},
        )

    def _id(self, thing: Any) -> str:
        id = getattr(thing, "id", None)
        if not isinstance(id, str) or not id:
            raise ChatProtocolError(f"{self._server} answered with no id; does it have a batch API?")
        return id
