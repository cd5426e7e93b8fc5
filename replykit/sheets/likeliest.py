"""Which columns look like replies, by their names and by what stands in them."""

from __future__ import annotations

import re
import statistics
from collections.abc import Sequence

__all__ = ["likeliest_in"]

# What companies call the column of their replies, and columns beside it that hold sentences as well.
_REPLY = re.compile(
    r"回复|回覆|回復|答复|答覆|回答|应答|應答|话术|話術|答案|内容|內容|正文|文案|短语|短語|快捷语|快捷語|常用语|常用語|模板|範本"
    r"|\b(?:repl(?:y|ies)|responses?|answers?|messages?|macros?|templates?|canned|body|content|texts?)\b",
    re.IGNORECASE,
)
_OTHER = re.compile(
    r"客户|客戶|顾客|顧客|买家|買家|用户|用戶|问题|問題|提问|提問|咨询|諮詢|备注|備註|标题|標題|名称|名稱|分类|分類|类别|類別|标签|標籤"
    r"|场景|場景|说明|說明|事实|事實|编号|編號|状态|狀態|语言|語言|时间|時間|日期|链接|連結"
    r"|\b(?:customers?|users?|questions?|quer(?:y|ies)|notes?|comments?|titles?|names?|categor(?:y|ies)|tags?|facts?"
    r"|ids?|status|lang(?:uage)?|dates?|time|urls?|links?|subject|keywords?)\b",
    re.IGNORECASE,
)
_GREETING = re.compile(
    r"[您你]好|亲[,，~爱]|親[,，~愛]|感谢|感謝|谢谢|謝謝|抱歉|请您|請您|麻烦您|麻煩您|为您|為您"
    r"|\b(?:hi|hello|dear|thank|sorry|please)\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[。！？!?~～，,;；…]|\.(?:\s|$)|[\u3400-\u9fff]{8}|(?:[A-Za-z']+ ){4}")
_NO_TEXT = re.compile(r"[\d\s.,:/%+*#()¥$€年月日时分秒-]*|https?://\S+|www\.\S+|\S+@\S+\.\S+|[\w-]*\d[\w-]*", re.ASCII)
_QUESTION = re.compile(r"[?？吗嗎呢]\s*$")
_LEAST = 1.5  # a column of sentences alone has 2; one of names, ids, numbers or addresses 1 at most


def likeliest_in(header: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[int, ...]:
    """Return the indices of the columns that look like replies, best first; empty where none does.

    Args:
        header: the names of the columns.
        rows: the cells of some rows.
    """
    scores = {}
    for index, title in enumerate(header):
        cells = [row[index].strip() for row in rows if index < len(row) and row[index].strip()]
        scores[index] = _score(title, cells) if cells else 0.0
    return tuple(sorted((index for index, score in scores.items() if score >= _LEAST), key=lambda at: -scores[at]))


def _score(title: str, cells: Sequence[str]) -> float:
    def share(pattern: re.Pattern[str]) -> float:
        return sum(1 for cell in cells if pattern.search(cell)) / len(cells)

    if sum(1 for cell in cells if _NO_TEXT.fullmatch(cell)) > len(cells) / 2:
        return 0.0
    named = 1.0 if _REPLY.search(title) else -1.0 if _OTHER.search(title) else 0.0
    length = min(statistics.median(map(len, cells)), 40) / 40
    different = len(set(cells)) / len(cells)
    return 2 * share(_SENTENCE) * different + share(_GREETING) + length + named - share(_QUESTION)
