"""Make a log of replies, check it, sum it up, and write docs/summary.md with a picture of the page.

    python scripts/write_summary.py

It needs the dependency group dev, and Chromium for the picture.
"""

from __future__ import annotations

import random
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import pyarrow as pa
import pyarrow.parquet
from browser import Browser, NoBrowser
from terminal import shown

ROOT = Path(__file__).parent.parent
TARGET = ROOT / "docs" / "summary.md"
PICTURE = ROOT / "docs" / "images" / "summary.png"
ROWS = 6000
GOOD = (
    "您好，很高兴为您服务。",
    "非常抱歉让您着急了，我马上联系站点核实，有进展第一时间告诉您。",
    "您的订单已经寄出，您可以随时查看进度。",
    "感谢您的提醒，我已经登记好了，处理后会给您发消息。",
)
BAD = (
    "这个没办法的。",
    "是仓库发错了。",
    "呵呵，您自己看清楚了吗？",
    "可能两三天到吧。",
    "保证明天送到！",
    "公司规定就是这样。",
)
CHECK = (
    "replykit check log.parquet --column reply -o results.parquet --keep agent --keep channel --keep date --keep reply"
)
SUMMARY = "replykit summary results.parquet --by agent --by channel --day date --text reply -o summary.html"


def make_log(path: Path) -> None:
    """Write a log in which one agent answers worse than the others, and a channel worse than its sisters."""
    chance = random.Random(7)
    agents = {"陈一": 0.02, "林二": 0.03, "张三": 0.12, "李四": 0.04, "王五": 0.03}
    channels = {"chat": 1.0, "email": 0.5, "review": 2.0}
    rows = []
    for number in range(ROWS):
        agent, channel = chance.choice(list(agents)), chance.choice(list(channels))
        is_bad = chance.random() < agents[agent] * channels[channel]
        reply = chance.choice(BAD if is_bad else GOOD)
        if is_bad and chance.random() < 0.1:
            reply += "有事打 13812345678。"
        rows.append(
            {"reply": reply, "agent": agent, "channel": channel, "date": f"2026-11-{1 + number * 14 // ROWS:02}"}
        )
    pa.parquet.write_table(pa.Table.from_pylist(rows), path)


def render(checked: str, summed: str, has_picture: bool) -> str:
    """Return the page."""
    picture = "![The page: figures, bars by principle, agent, channel and day, the worst replies](images/summary.png)"
    return f"""\
# What a manager reads of a log

Written by `python scripts/write_summary.py`, which made up the log: {ROWS:,} replies of five agents in two weeks.

Check first, and keep the columns that the replies are to be parted by:

```console
$ {CHECK}
{checked}
```

Then sum it up. Results of any size are read batch by batch; with Ray, name the folder that it wrote.

```console
$ {SUMMARY}
{summed}
```

The page needs no network and runs no script. It has the same figures with bars, light or dark, and the replies to
look at first: those with most errors, then most warnings.

{picture if has_picture else "There was no browser here, so the page was not pictured."}

What stands in a file (`-o summary.parquet`, `.csv`, `.jsonl`): `by`, `value`, `principle`, `replies`, `with_errors`,
`errors`, `warnings`, `per_100`; a row for each group, then one for each principle in it.

- **Personal data.** Replies are shown only with `--text`, phone numbers, mailboxes, cards and plates masked (with the
  extra `privacy`); names and addresses in them are not recognised. `--as-number agent` shows the agents as agent 1,
  agent 2 … in every output; the values of other columns stand as they are in the log.
- **Few replies.** A group of fewer than 30 says so: one error more would change its share by more than three of a
  hundred.
- **Many values.** Of each column 2,000 values are told apart; what comes after them is counted together as (others).
- A share is of what the rules find. An agent with hard cases may look worse than one who sends greetings; read the
  replies.
"""


def main() -> None:
    """Write the page."""
    shell = f'replykit() {{ "{sys.executable}" -m replykit "$@"; }}; '
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_log(folder / "log.parquet")
        checked, summed = (shown(shell + command, folder).strip() for command in (CHECK, SUMMARY))
        try:
            with Browser(1180, 1000) as browser:
                browser.open(folder / "summary.html")
                browser.picture(PICTURE)
            has_picture = True
        except NoBrowser as absent:
            print(absent)
            has_picture = False
    TARGET.write_text(render(checked, summed, has_picture), "utf-8")
    print(f"{TARGET.relative_to(ROOT)} written")


if __name__ == "__main__":
    main()
