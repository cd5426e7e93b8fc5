"""Styles for cells that hold a text of ours: what looks like a formula stays a text also when it is edited."""

from __future__ import annotations

from replykit.sheets.xml import feed, local, parser, tag_at, with_attributes

__all__ = ["Styles"]


class Styles:
    """The cell formats of a workbook, to which more are added behind the others, so that no number changes.

    Args:
        data: the part with the styles.
        name: what the user calls the workbook.

    Attributes:
        is_changed: True where there are more than the part has.

    Raises:
        UsageError: it cannot be read.
    """

    def __init__(self, data: bytes, name: str) -> None:
        self._data = data
        self._formats: list[tuple[int, int]] = []  # where each begins and ends
        self._list, self._end = -1, -1
        self._added: list[bytes] = []
        self._numbers: dict[str, int] = {}
        self._scan(name)

    def _scan(self, name: str) -> None:
        reading = parser()
        path: list[str] = []
        start = 0

        def begin(name: str, _: object) -> None:
            nonlocal start
            path.append(local(name))
            if path[1:] == ["cellXfs"]:
                self._list = reading.CurrentByteIndex
            elif path[1:] == ["cellXfs", "xf"]:
                start = reading.CurrentByteIndex

        def end(_: str) -> None:
            if path[1:] == ["cellXfs", "xf"]:
                tag, is_closed = tag_at(self._data, start)
                stop = start + len(tag) if is_closed else self._data.index(b">", reading.CurrentByteIndex) + 1
                self._formats.append((start, stop))
            elif path[1:] == ["cellXfs"]:
                self._end = reading.CurrentByteIndex
            path.pop()

        reading.StartElementHandler, reading.EndElementHandler = begin, end
        feed(reading, [self._data], name)

    @property
    def is_changed(self) -> bool:
        """Whether formats have been added."""
        return bool(self._added)

    def quoted(self, number: str) -> str:
        """Return the number of a format like another one, for a cell whose text is quoted.

        Args:
            number: the number of the other; empty: the first.
        """
        if number not in self._numbers:
            at = int(number) if number.isascii() and number.isdigit() and int(number) < len(self._formats) else 0
            if not self._formats:
                return number or "0"
            start, stop = self._formats[at]
            raw = self._data[start:stop]
            tag, _ = tag_at(raw, 0)
            self._add(number, with_attributes(tag, {"quotePrefix": "1"}) + raw[len(tag) :])
        return str(self._numbers[number])

    def wrapped(self) -> str:
        """Return the number of a plain format for a cell whose text is quoted and may have several lines."""
        if "wrapped" not in self._numbers and self._formats:
            start, _ = self._formats[0]
            tag, is_closed = tag_at(self._data, start)
            opened = tag[: -2 if is_closed else -1].rstrip() + b">"
            name = opened[1:].split()[0].rstrip(b">")
            prefix = name[: -len(b"xf")]
            changes = {"quotePrefix": "1", "applyAlignment": "1"}
            alignment = b"<" + prefix + b'alignment vertical="top" wrapText="1"/>'
            self._add("wrapped", with_attributes(opened, changes) + alignment + b"</" + name + b">")
        return str(self._numbers.get("wrapped", 0))

    def _add(self, key: str, raw: bytes) -> None:
        self._numbers[key] = len(self._formats) + len(self._added)
        self._added.append(raw)

    def data(self) -> bytes:
        """Return the part with the formats that have been added."""
        tag, _ = tag_at(self._data, self._list)
        count = with_attributes(tag, {"count": str(len(self._formats) + len(self._added))})
        kept = self._data[self._list + len(tag) : self._end]
        return self._data[: self._list] + count + kept + b"".join(self._added) + self._data[self._end :]
