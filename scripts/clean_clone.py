"""A clean clone of the repository, with what the work tree has changed: what somebody would get who cloned it now."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

__all__ = ["ROOT", "has_history", "take_clone"]

ROOT = Path(__file__).parent.parent


def has_history() -> bool:
    """Whether this is a repository; an unpacked source archive is none."""
    return (ROOT / ".git").exists() and shutil.which("git") is not None


def take_clone(target: Path) -> None:
    """Clone the repository into a folder, and commit there what the work tree has changed.

    Args:
        target: the folder, which does not exist yet. What git ignores does not come along.
    """
    _git("clone", "-q", "--no-hardlinks", str(ROOT), str(target))
    changed = _listed("diff", "--name-only", "--no-renames", "-z", "HEAD")
    for name in (*changed, *_listed("ls-files", "-z", "--others", "--exclude-standard")):
        (target / name).unlink(missing_ok=True)
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    _git("add", "--all", at=target)
    somebody = ("-c", "user.name=replykit", "-c", "user.email=replykit@example.org", "-c", "commit.gpgsign=false")
    _git(*somebody, "commit", "-q", "--allow-empty", "--no-verify", "-m", "What the work tree has changed", at=target)


def _listed(*arguments: str) -> list[str]:
    return [name for name in _git(*arguments).split("\0") if name]


def _git(*arguments: str, at: Path = ROOT) -> str:
    done = subprocess.run(["git", *arguments], cwd=at, capture_output=True, encoding="utf-8", check=True)
    return done.stdout
