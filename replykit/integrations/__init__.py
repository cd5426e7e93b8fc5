"""Engines of others that run what is here on many machines; each needs an extra of its own."""

from __future__ import annotations

__all__: list[str] = []
