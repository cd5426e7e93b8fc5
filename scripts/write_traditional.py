"""Write what the built-in Chinese playbook says in traditional script, with the wording used in Taiwan.

    python scripts/write_traditional.py            writes replykit/playbooks/zh/traditional.json
    python scripts/write_traditional.py --check    exits 1 where the file is not up to date

OpenCC converts word by word and takes many everyday words for computing terms (查看 becomes 檢視, 支持 becomes 支援);
`CORRECTIONS` puts those right. Read the difference after every run: a new line can need a new correction.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Sequence

from opencc import OpenCC

from replykit.loader import BUILT_IN, load_playbook
from replykit.playbook import Playbook

__all__ = ["CORRECTIONS", "main", "render", "said", "to_traditional"]

TARGET = BUILT_IN / "zh" / "traditional.json"

# What OpenCC writes, and what a customer in Taiwan reads. Longer entries win; an entry that maps to itself protects
# a word from a shorter one.
CORRECTIONS = {
    # words that OpenCC takes for others
    "併為": "並為",
    "引數": "參數",
    "字型": "字體",
    "專案": "項目",
    "支援": "支持",
    "查詢原因": "查找原因",
    "檢視": "查看",
    "瞭解": "了解",
    "稽核": "審核",
    "釋出": "發布",
    "不線上": "不在線上",
    "保持線上": "保持在線上",
    # spelling
    "回復": "回覆",
    "盡快": "儘快",
    "賬": "帳",
    "平臺": "平台",
    "後臺": "後台",
    "連同記錄": "連同紀錄",
    # the word used in Taiwan
    "人工客服": "真人客服",
    "充值": "儲值",
    "反饋": "回饋",
    "手機號": "手機號碼",
    "手機號碼": "手機號碼",
    "收貨資訊": "收件資訊",
    "渠道": "管道",
    "發貨": "出貨",
    "訂單號": "訂單編號",
    "訂單號碼": "訂單號碼",
    "質量": "品質",
    "響應": "回應",
    "“": "「",
    "”": "」",
}
_CORRECTION = re.compile("|".join(sorted(map(re.escape, CORRECTIONS), key=len, reverse=True)))


def said(playbook: Playbook) -> tuple[str, ...]:
    r"""Return every text that a playbook itself puts before a reader, each once, in code point order.

    Args:
        playbook: the playbook.

    Returns:
        Ready lines, professional wordings, the messages, suggestions and replacements of rules (templates such as
        `\1` included), and the titles of principles, stages, fields and
        categories; no blank text.

    """
    texts = {
        *(line.text for line in playbook.lines),
        *(pair.professional for pair in playbook.pairs),
        *(rule.message for rule in playbook.rules),
        *(suggestion for rule in playbook.rules for suggestion in rule.suggestions),
        *(edit.replace for rule in playbook.rules for edit in rule.fix),
        *(principle.title for principle in playbook.principles),
        *(stage.title for stage in playbook.stages),
        *(field.title for field in playbook.fields),
        *(label for field in playbook.fields for label in field.labels.values()),
        *(category.title for category in playbook.categories),
    }
    return tuple(sorted(text for text in texts if text.strip()))


def to_traditional(text: str) -> str:
    """Return simplified text in traditional script, as it is written in Taiwan; ASCII stays as it is."""
    return _CORRECTION.sub(lambda found: CORRECTIONS[found.group()], _OPENCC.convert(text))


_OPENCC = OpenCC("s2twp")


def render(playbook: Playbook) -> str:
    """Return the JSON file of a playbook: simplified to traditional, sorted, one text a line."""
    return json.dumps({text: to_traditional(text) for text in said(playbook)}, ensure_ascii=False, indent=2) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the file, or with `--check` only compare it.

    Args:
        arguments: the command line; None: that of the process.

    Returns:
        0, or 1 where `--check` finds a difference.

    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where the file is not up to date")
    check = parser.parse_args(arguments).check
    text = render(load_playbook("zh"))
    if not check:
        TARGET.write_text(text, "utf-8", newline="\n")
        return 0
    if TARGET.is_file() and TARGET.read_text("utf-8") == text:
        return 0
    print(f"{TARGET} is not up to date; run: python scripts/write_traditional.py", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
