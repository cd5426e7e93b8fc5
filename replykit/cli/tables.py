"""Tables on standard output, aligned also where Chinese stands in them; nothing in a cell steers the terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from replykit.cli.display import harmless

__all__ = ["show_table"]

_WIDTH = 120  # columns elsewhere than on a terminal


def show_table(heads: Sequence[str], rows: Iterable[Sequence[str]], *, title: str = "", left: int = 1) -> None:
    """Print a table; on a terminal that is too narrow, cells are wrapped.

    Args:
        heads: the titles of the columns.
        rows: the cells.
        title: what stands above it.
        left: how many columns are words and stand at the left; the others are numbers.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    is_terminal = sys.stdout.isatty()
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, title_justify="left")
    for place, head in enumerate(heads):
        table.add_column(
            Text(harmless(head), style="bold"),
            justify="left" if place < left else "right",
            overflow="fold",
        )
    for row in rows:
        table.add_row(*(Text(" ".join(harmless(cell).split())) for cell in row))
    console = Console(file=sys.stdout, highlight=False, width=None if is_terminal else _WIDTH)
    if title:
        console.print(Text(harmless(title), style="bold"))
    if is_terminal:
        console.print(table)
        return
    with console.capture() as capture:
        console.print(table)
    print("\n".join(line.rstrip() for line in capture.get().splitlines()))
