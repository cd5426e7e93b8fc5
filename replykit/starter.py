"""The first playbook of a company: a commented file that passes its own test."""

from __future__ import annotations

import os
import re
from pathlib import Path

from replykit.errors import PlaybookError
from replykit.loader import BUILT_IN, load_playbook

__all__ = ["write_starter"]

_TEXT = BUILT_IN / "starter.toml"
_EXTENDS = 'extends = "zh"\n'
_NEEDED = ("register-soft-ending", "wording-long-wait")  # the starter disables one and overrides the other


def write_starter(path: Path, extends: str = "zh") -> None:
    """Write a commented playbook that shows what a company's own may hold.

    Args:
        path: the file to write; it ends in .toml and does not exist yet.
        extends: the playbook to add to: `zh`, or the path of one that extends it.

    Raises:
        PlaybookError: the file is there already, cannot be written, or the base is missing, wrong, or without the rules
            that the starter disables and overrides.
    """
    if path.suffix != ".toml":
        raise PlaybookError(f"{path}: a playbook is a TOML file; give it a name that ends in .toml")
    if missing := set(_NEEDED) - {rule.id for rule in load_playbook(extends).rules}:
        raise PlaybookError(f"{extends!r} does not extend 'zh': it has no rule {min(missing)!r}")
    if not re.fullmatch(r"[A-Za-z][\w-]*", extends) or not (BUILT_IN / extends).is_dir():
        extends = Path(os.path.relpath(extends, path.parent)).as_posix()
    quoted = extends.replace("\\", "\\\\").replace('"', '\\"')
    text = _TEXT.read_text("utf-8").replace(_EXTENDS, f'extends = "{quoted}"\n')
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        raise PlaybookError(f"{path} is there already; choose another name, or remove it first") from None
    except OSError as error:
        raise PlaybookError(f"{path} cannot be written: {error.strerror}") from None
