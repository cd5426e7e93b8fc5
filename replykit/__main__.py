"""`python -m replykit …` is the same as `replykit …`."""

from __future__ import annotations

import sys

from replykit.cli import main

__all__: list[str] = []

if __name__ == "__main__":
    sys.exit(main())
