"""A copy of a zip file in which some parts are new and all others are what they were, byte for byte."""

from __future__ import annotations

import shutil
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from typing import IO, BinaryIO, NamedTuple

from replykit.sheets.package import Package

__all__ = ["Packed", "pack", "repack"]

_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_SIZES_BEHIND = 0x08  # a flag: checksum and sizes stand behind the data
_ZIP64 = 1  # the extra field for sizes of more than 4 GiB, which no part has here
_CHUNK = 1024 * 1024  # bytes
_LEVEL = 2  # a quarter of the time of zlib's usual level 6, and a sixth more bytes


class Packed(NamedTuple):
    """A part as it is stored.

    Attributes:
        file: its packed bytes.
        crc: the checksum of the part.
        size: the bytes of the part.
    """

    file: IO[bytes]
    crc: int
    size: int


def pack(file: IO[bytes], fill: Callable[[Callable[[bytes], object]], object]) -> Packed:
    """Return a part, packed into a file while it is made.

    Args:
        file: an empty file.
        fill: makes the part, and gives it piece by piece to the function that it is called with.
    """
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, -15)
    crc = size = 0

    def add(data: bytes) -> None:
        nonlocal crc, size
        crc, size = zlib.crc32(data, crc), size + len(data)
        file.write(packer.compress(data))

    fill(add)
    file.write(packer.flush())
    return Packed(file, crc, size)


def repack(package: Package, source: BinaryIO, target: BinaryIO, changed: Mapping[str, Packed]) -> None:
    """Write a copy of a package, its parts in the same order and with the same names, dates and comments.

    Args:
        package: the package.
        source: its file.
        target: the copy.
        changed: the parts that may be new, by their names; those that are what they were are copied, too.
    """
    entries = {part: package.find(part) for part in changed}
    fresh = {
        id(info): changed[part]
        for part, info in entries.items()
        if info and (info.CRC, info.file_size) != (changed[part].crc, changed[part].size)
    }
    places: dict[int, tuple[int, Packed | None]] = {}
    placed = package.in_place()
    ends = [info.header_offset for info in placed[1:]] + [package.zip.start_dir]
    for info, end in zip(placed, ends, strict=True):
        new = fresh.get(id(info))
        places[info.header_offset] = target.tell(), new
        source.seek(info.header_offset)
        if new is None:
            _copy(source, target, end - info.header_offset)
        else:
            _write_part(source, target, new)
    start = target.tell()
    source.seek(package.zip.start_dir)
    for info in package.zip.filelist:
        _write_entry(source, target, info, *places[info.header_offset])
    count, comment = len(placed), package.zip.comment
    size = target.tell() - start
    target.write(_END.pack(b"PK\x05\x06", 0, 0, count, count, size, start, len(comment)) + comment)


def _copy(source: IO[bytes], target: BinaryIO, size: int) -> None:
    while size:
        data = source.read(min(size, _CHUNK))
        if not data:
            raise zipfile.BadZipFile("the file ends too early")
        target.write(data)
        size -= len(data)


def _write_part(source: BinaryIO, target: BinaryIO, new: Packed) -> None:
    fields = list(_LOCAL.unpack(source.read(_LOCAL.size)))
    name, extra = source.read(fields[9]), _plain(source.read(fields[10]))
    packed_size = new.file.tell()
    fields[1] = max(fields[1], zipfile.DEFAULT_VERSION)
    fields[2] &= ~_SIZES_BEHIND
    fields[3] = zipfile.ZIP_DEFLATED
    fields[6:] = new.crc, packed_size, new.size, len(name), len(extra)
    target.write(_LOCAL.pack(*fields) + name + extra)
    new.file.seek(0)
    shutil.copyfileobj(new.file, target)


def _write_entry(source: BinaryIO, target: BinaryIO, info: zipfile.ZipInfo, place: int, new: Packed | None) -> None:
    fields = list(_CENTRAL.unpack(source.read(_CENTRAL.size)))
    name, extra, comment = source.read(fields[10]), _plain(source.read(fields[11])), source.read(fields[12])
    fields[8:10] = info.compress_size, info.file_size
    if new is not None:
        fields[2] = max(fields[2], zipfile.DEFAULT_VERSION)
        fields[3] &= ~_SIZES_BEHIND
        fields[4] = zipfile.ZIP_DEFLATED
        new.file.seek(0, 2)
        fields[7:10] = new.crc, new.file.tell(), new.size
    fields[11], fields[13], fields[16] = len(extra), 0, place
    target.write(_CENTRAL.pack(*fields) + name + extra + comment)


def _plain(extra: bytes) -> bytes:
    """Return extra fields without the one for large sizes."""
    kept, at = b"", 0
    while at + 4 <= len(extra):
        kind, size = struct.unpack_from("<2H", extra, at)
        if kind != _ZIP64:
            kept += extra[at : at + 4 + size]
        at += 4 + size
    return kept + extra[at:]
