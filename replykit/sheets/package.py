"""The zip file that a workbook is, and its parts, read within limits."""

from __future__ import annotations

import posixpath
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO
from urllib.parse import unquote

from replykit.errors import UsageError
from replykit.sheets.damage import unreadable
from replykit.sheets.xml import local, parse

__all__ = ["OLD_WORKBOOK", "Package"]

_MOST_BYTES = 256 * 1024 * 1024  # of the file
_MOST_PART = 512 * 1024 * 1024  # bytes of one part that is read
_MOST_PARTS = 20_000
_MOST_RATIO, _RATIO_FROM = 250, 16 * 1024 * 1024  # of a part of so many bytes to its packed size
_CHUNK = 256 * 1024  # bytes
_LOCAL_HEADER = 30  # bytes, before the name
_DAMAGED = (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, struct.error, zlib.error, EOFError)
OLD_WORKBOOK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # what an old Excel file and a locked workbook begin with


class Package:
    """The parts of a workbook. Their names are looked up in whatever case, as spreadsheet programs do.

    Args:
        file: the file, open for as long as parts are read.
        name: what the user calls it.

    Attributes:
        zip: the zip file.

    Raises:
        UsageError: it is no workbook that can be read; the message says what it is instead.
    """

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._name = name
        size = file.seek(0, 2)
        file.seek(0)
        if size > _MOST_BYTES:
            raise UsageError(f"{name} is larger than {_MOST_BYTES // 1024 // 1024} MiB; split it")
        try:
            self.zip = zipfile.ZipFile(file)
        except _DAMAGED as error:
            raise self._other(file) or unreadable(name, str(error)) from None
        if len(self.zip.filelist) > _MOST_PARTS:
            raise unreadable(name, f"it has more than {_MOST_PARTS:,} parts")
        self._parts: dict[str, zipfile.ZipInfo] = {}
        for info in self.zip.filelist:
            part = _key(info.filename)
            if part in self._parts or ".." in part.split("/") or info.flag_bits & 1:
                raise unreadable(name, f"its part {info.filename!r} is not one of a workbook")
            self._parts[part] = info
        self._check_places()
        if "mimetype" in self._parts and not any(part.startswith("xl/") for part in self._parts):
            raise UsageError(f"{name} is an OpenDocument file under another name; save it as .xlsx")

    def _other(self, file: BinaryIO) -> UsageError | None:
        """Return the error for a file of a kind that can be told."""
        file.seek(0)
        data = file.read(_MOST_BYTES)
        if data.startswith(OLD_WORKBOOK):
            if "EncryptedPackage".encode("utf-16-le") in data:
                return UsageError(f"{self._name} is locked with a password; save it without one")
            return UsageError(f"{self._name} is an old Excel file (.xls) under another name; save it as .xlsx")
        if data[:200].lstrip(b"\xef\xbb\xbf \r\n\t").lower().startswith((b"<html", b"<!doctype html", b"<table")):
            return UsageError(f"{self._name} is a web page under another name; open it and save it as .xlsx")
        return None

    def _check_places(self) -> None:
        """Refuse parts that lie over each other, as those of a zip bomb do.

        Raises:
            UsageError: two parts share bytes.
        """
        end = 0
        for info in self.in_place():
            if info.header_offset < end:
                raise unreadable(self._name, "its parts lie over each other")
            end = info.header_offset + _LOCAL_HEADER + len(info.orig_filename) + info.compress_size
        if end > self.zip.start_dir:
            raise unreadable(self._name, "its parts lie over each other")

    def in_place(self) -> list[zipfile.ZipInfo]:
        """Return the parts in the order in which they lie in the file."""
        return sorted(self.zip.filelist, key=lambda info: info.header_offset)

    def find(self, part: str) -> zipfile.ZipInfo | None:
        """Return the entry of a part; None where there is none."""
        return self._parts.get(_key(part)) or self._parts.get(_key(unquote(part)))

    def holds(self, start: str) -> bool:
        """Return whether there is a part whose name begins like this."""
        return any(part.startswith(_key(start)) for part in self._parts)

    def chunks(self, part: str) -> Iterator[bytes]:
        """Yield the bytes of a part in pieces.

        Raises:
            UsageError: it is missing, damaged, or larger than a part of a workbook can be.
        """
        info = self.find(part)
        if info is None:
            raise unreadable(self._name, f"its part {part!r} is missing")
        is_bomb = info.file_size > _RATIO_FROM and info.file_size > _MOST_RATIO * max(1, info.compress_size)
        if info.file_size > _MOST_PART or is_bomb:
            size = f"{info.file_size / 1024 / 1024:,.0f} MiB"
            raise unreadable(self._name, f"its part {part!r} would unpack from {info.compress_size:,} bytes to {size}")
        try:
            with self.zip.open(info) as file:
                while chunk := file.read(_CHUNK):
                    yield chunk
        except _DAMAGED as error:
            raise unreadable(self._name, str(error)) from None

    def read(self, part: str) -> bytes:
        """Return the bytes of a part.

        Raises:
            UsageError: it cannot be read.
        """
        return b"".join(self.chunks(part))

    def related(self, part: str) -> dict[str, tuple[str, str]]:
        """Return what a part is related to: by the id, the last word of its kind, and the name of the part.

        Args:
            part: the name of the part; empty: the package itself.

        Raises:
            UsageError: the relations cannot be read.
        """
        folder, file = posixpath.split(part)
        relations = posixpath.join(folder, "_rels", f"{file}.rels")
        found: dict[str, tuple[str, str]] = {}

        def start(name: str, given: dict[str, str]) -> None:
            if local(name) == "Relationship" and given.get("TargetMode") != "External" and "Id" in given:
                target = posixpath.normpath(posixpath.join("/", folder, given.get("Target", "").replace("\\", "/")))
                found[given["Id"]] = (given.get("Type", "").rpartition("/")[2], target.lstrip("/"))

        if self.find(relations):
            parse(self.chunks(relations), self._name, start)
        return found


def _key(part: str) -> str:
    return part.replace("\\", "/").lstrip("/").lower()
