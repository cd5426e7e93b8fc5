"""What stands at the end of each command's --help: lines that run as they stand, for files of your own."""

from __future__ import annotations

__all__ = ["EXAMPLES", "examples"]

EXAMPLES: dict[str, tuple[str, ...]] = {
    "": (
        'replykit check "呵呵，这个没办法的。"',
        'replykit rewrite "没办法，都卖完了。" --customer "还有货吗？" --offline',
        "replykit doctor",
    ),
    "rewrite": (
        'replykit rewrite "没办法，都卖完了。" --customer "还有货吗？" --offline',
        'replykit rewrite "没办法。" -c "怎么还没到？" -f "订单 A1001 明天送达" --tone 亲切',
        'echo "没办法，都卖完了。" | replykit rewrite - --json',
    ),
    "draft": (
        'replykit draft "我的订单怎么还没到？" -f "订单 A1001 将于 11 月 25 日送达"',
        'replykit draft "太让人失望了，我要投诉！" --stage accept --channel email',
    ),
    "record": (
        "replykit record talk.txt --offline",
        "replykit record talk.txt --csv > complaint.csv",
    ),
    "check": (
        'replykit check "呵呵，这个没办法的。"',
        "replykit check replies.csv --column 回复",
        "replykit check 'replies/*.txt' --format github",
    ),
    "polish": (
        "replykit polish replies.xlsx -o polished.xlsx --column 回复",
        "replykit polish replies.csv -o first.csv --column 回复 --limit 20",
        "replykit polish replies.csv -o all.csv --column 回复 --dry-run",
    ),
    "eval": (
        "replykit eval zh --offline",
        "replykit eval --scripted weak_answers --html weak.html",
    ),
    "summary": (
        "replykit check replies.csv --column 回复 -o found.parquet; replykit summary found.parquet -o found.html",
    ),
    "prompt": (
        'replykit prompt rewrite "没办法，都卖完了。" --customer "还有货吗？"',
        'replykit prompt draft "我的订单怎么还没到？" --json',
    ),
    "playbook": (
        "replykit playbook new shop.toml",
        "replykit playbook test shop.toml",
    ),
    "playbook show": (
        "replykit playbook show",
        "replykit playbook show --principle no-blame",
    ),
    "playbook test": ("replykit playbook test shop.toml --strict",),
    "playbook new": ("replykit playbook new shop.toml",),
    "doctor": ("replykit doctor --playbook shop.toml",),
}


def examples(command: str) -> str:
    """Return the examples of a command, for the end of its help.

    Args:
        command: its name, with that of its group before it; none for the whole.
    """
    # The first character keeps the lines as they are; a blank line would end what it does.
    return "\n".join(["\b", "Examples:", *(f"  {line}" for line in EXAMPLES[command])])
