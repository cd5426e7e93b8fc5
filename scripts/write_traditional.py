"""Write what the built-in Chinese playbook says in traditional script, with the wording used in Taiwan.

    python scripts/write_traditional.py            writes traditional.json of replykit/playbooks/zh and zh-Hant
    python scripts/write_traditional.py --check    exits 1 where one of them is not up to date

OpenCC converts word by word and takes many everyday words for computing terms (查看 becomes 檢視, 支持 becomes 支援);
`CORRECTIONS` puts those right. The playbook of Taiwan says what it inherits as a desk there would: `TAIWAN` holds its
wordings, and its file only what differs. Read the difference after every run: a new line can need a new correction.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from opencc import OpenCC

from replykit.loader import BUILT_IN, read_playbook
from replykit.playbook import Playbook

__all__ = ["CORRECTIONS", "TAIWAN", "main", "of_taiwan", "render", "render_taiwan", "said", "to_traditional", "told"]

TARGET = BUILT_IN / "zh" / "traditional.json"
TAIWAN_TARGET = BUILT_IN / "zh-Hant" / "traditional.json"

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
# How a desk in Taiwan says it: words first, then wordings that differ as a whole.
TAIWAN = {
    "一遍": "一次",
    "中性": "中立",
    "佔位符": "變數",
    "儘快": "盡快",
    "允許我": "讓我",
    "具體情況": "詳細情況",
    "具體時間": "實際時間",
    "同事": "同仁",
    "實名認證": "身分驗證",
    "微信": "LINE",
    "念": "唸",
    "投訴": "客訴",
    "按事實": "依事實",
    "更合適": "更適合",
    "核實": "確認",
    "正文": "內文",
    "準信": "明確的答覆",
    "準確": "正確",
    "疏忽": "疏失",
    "確定的": "明確的",
    "私信": "私訊",
    "積極的": "正面的",
    "純文本": "純文字",
    "索要": "索取",
    "給您帶來不便": "造成您的不便",
    "言語過激": "言詞激烈",
    "跟進": "追蹤",
    "通過": "透過",
    "進展": "進度",
    "運單號": "託運單號",
    "郵件": "電子郵件",
    "郵箱": "電子信箱",
    # wordings
    "不寫主題": "不寫主旨",
    "主題行": "主旨",
    "可行的辦法": "可行的方式",
    "回訪": "後續關懷",
    "寫明會去核實": "寫明會去確認",
    "專人繼續為您跟進": "專人持續為您追蹤",
    "幫您轉給專人": "為您轉給專人",
    "幫您轉過去": "為您轉接過去",
    "怎麼跟進": "怎麼處理",
    "您能具體說說當時的情況嗎": "方便請您說明當時的情況嗎",
    "我幫您看看": "我為您看看",
    "扣費": "扣款",
    "接受投訴": "受理客訴",
    "接受投訴時": "受理客訴時",
    "提到投訴管道": "提到申訴管道",
    "替代辦法": "替代方式",
    "有結果第一時間告訴您": "有結果會主動通知您",
    "有進展第一時間告訴您": "有進度會主動通知您",
    "有進展馬上告訴您": "有進度馬上告訴您",
    "核實原因": "查明原因",
    "核實後我第一時間給您答覆": "確認後我會主動答覆您",
    "由我來跟進": "由我來追蹤",
    "由於需求很高": "因需求較多",
    "發錯漏發": "寄錯漏寄",
    "確認後第一時間回覆您": "確認後主動回覆您",
    "祝您生活愉快": "祝您順心愉快",
    "繼續為您跟進": "持續為您追蹤",
    "解釋澄清": "說明釐清",
    "認真跟進": "認真處理",
    "請核實，或刪去": "請查證，或刪去",
    "讓解釋服務於解決問題": "說明是為了解決問題",
    "這是我們的疏忽，給您帶來不便了": "這是我們的疏失，造成您的不便了",
    "還有哪些辦法": "還有哪些作法",
}
_CORRECTION, _OF_TAIWAN = (
    re.compile("|".join(sorted(map(re.escape, words), key=len, reverse=True))) for words in (CORRECTIONS, TAIWAN)
)


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


def told(playbook: Playbook) -> tuple[str, ...]:
    """Return what a playbook tells a chat model besides, and does not say to anybody else, in code point order.

    Args:
        playbook: the playbook.

    Returns:
        The requirements of stages and the guidance of fields; no blank text.
    """
    requirements = {requirement for stage in playbook.stages for requirement in stage.requirements}
    return tuple(sorted(requirements | {field.guidance for field in playbook.fields if field.guidance}))


def of_taiwan(text: str) -> str:
    """Return simplified text as a desk in Taiwan would write it."""
    return _OF_TAIWAN.sub(lambda found: TAIWAN[found.group()], to_traditional(text))


def to_traditional(text: str) -> str:
    """Return simplified text in traditional script, as it is written in Taiwan; ASCII stays as it is."""
    return _CORRECTION.sub(lambda found: CORRECTIONS[found.group()], _OPENCC.convert(text))


_OPENCC = OpenCC("s2twp")


def render(playbook: Playbook) -> str:
    """Return the JSON file of a playbook: simplified to traditional, sorted, one text a line."""
    return _json({text: to_traditional(text) for text in said(playbook)})


def render_taiwan(playbook: Playbook, base: Playbook) -> str:
    """Return the JSON file of the playbook of Taiwan: what it inherits and says otherwise, as `render` does."""
    inherited = {*said(base), *told(base)} & {*said(playbook), *told(playbook)}
    own = {text: of_taiwan(text) for text in sorted(inherited)}
    return _json({text: wording for text, wording in own.items() if wording != base.traditional.get(text, text)})


def _json(texts: dict[str, str]) -> str:
    return json.dumps(texts, ensure_ascii=False, indent=2) + "\n"


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
    behind = [path for path, rendered in _files() if not _write(path, rendered(), check=check)]
    for path in behind:
        print(f"{path} is not up to date; run: python scripts/write_traditional.py", file=sys.stderr)
    return 1 if behind else 0


def _files() -> Iterator[tuple[Path, Callable[[], str]]]:
    """Yield each file with what makes its content; in this order, as the second says what the first says otherwise."""
    yield TARGET, lambda: render(read_playbook("zh")[0])
    yield TAIWAN_TARGET, lambda: render_taiwan(read_playbook("zh-Hant")[0], read_playbook("zh")[0])


def _write(path: Path, text: str, *, check: bool) -> bool:
    """Write a file, or with `check` return whether it holds the text already."""
    if not check:
        path.write_text(text, "utf-8", newline="\n")
    return path.is_file() and path.read_text("utf-8") == text


if __name__ == "__main__":
    sys.exit(main())
