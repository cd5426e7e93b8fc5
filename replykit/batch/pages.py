"""Pages that are opened from the disk and may do nothing: templates that escape, and a policy that names their own."""

from __future__ import annotations

import base64
import functools
import hashlib
from pathlib import Path
from typing import Any

__all__ = ["PAGE", "policy_hash", "style_of", "template_of"]

PAGE = Path(__file__).parent / "page"


@functools.cache
def template_of(path: Path) -> Any:
    """Return a template of a page; whatever is put into it is escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(path.parent),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(path.name)


@functools.cache
def style_of(*paths: Path) -> str:
    """Return style sheets, one after the other, as they stand in a page."""
    from markupsafe import Markup

    return Markup("\n".join(path.read_text("utf-8") for path in paths))


def policy_hash(content: str) -> str:
    """Return how a content security policy names an element's content."""
    return base64.b64encode(hashlib.sha256(content.encode("utf-8")).digest()).decode("ascii")
