"""What tells whether a file is still the one that was read."""

from __future__ import annotations

import hashlib
from typing import BinaryIO

__all__ = ["fingerprint_of"]

_CHUNK = 1024 * 1024  # bytes


def fingerprint_of(file: BinaryIO) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal digits; the file then stands at its end."""
    file.seek(0)
    digest = hashlib.sha256()
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
    return digest.hexdigest()
