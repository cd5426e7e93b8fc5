"""What a model wraps round a reply goes; the reply stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replykit.answer import clean_answer

REPLY = "您好，感谢您的耐心等待，您的订单将于11月25日送达。"

WRAPPED = [
    f"<think>客户很着急。</think>{REPLY}",
    f"<think>\n先道歉。\n</think>\n\n{REPLY}",
    f"<THINK>x</THINK>\n{REPLY}\n",
    f"<thinking>a</thinking><think>b</think>{REPLY}",
    f"先想一想，再回答。\n</think>\n\n{REPLY}",
    f"```\n{REPLY}\n```",
    f"```text\n{REPLY}\n```\n",
    f"~~~markdown\n{REPLY}\n~~~",
    f"好的，以下是改写后的回复：\n\n{REPLY}",
    f"好的，以下是为您改写的客服回复：{REPLY}",
    f"当然可以！下面是修改后的回复内容：\n{REPLY}",
    f"改写后：{REPLY}",
    f"改写如下：\n{REPLY}",
    f"**改写后的回复：**\n\n{REPLY}",
    f"### 优化后的版本：\n{REPLY}",
    f"【改写后】{REPLY}",
    f"回复：{REPLY}",
    f"回复如下：\n{REPLY}",
    f"客服回复: {REPLY}",
    f"以下是回覆：\n{REPLY}",
    f"好的，以下是改寫後的回覆：{REPLY}",
    f"Reply: {REPLY}",
    f"Sure! Here's the rewritten reply:\n\n{REPLY}",
    f"Certainly. Here is the revised version: {REPLY}",
    f"**Response:** {REPLY}",
    f"{REPLY}\n\n修改说明：\n1. 去掉了闲聊的口吻\n2. 补上了下一步",
    f"{REPLY}\n\n---\n\n**改写说明**：语气更礼貌。",
    f"{REPLY}\n\n【修改要点】：先致谢。",
    f"{REPLY}\n\n### 優化說明：\n- 語氣更溫和",
    f"{REPLY}\n\n（注：已将原稿的语气改得更礼貌。）",
    f"改写后：{REPLY}\n\n改写思路：先感谢，再说时间。",
    f"“{REPLY}”",
    f"「{REPLY}」",
    f'"{REPLY}"',
    f"<think>a</think>好的，以下是改写后的回复：\n```\n“{REPLY}”\n```",
]

PLAIN = [
    REPLY,
    f"  {REPLY}\n",
    "好的，您的订单我来为您查询。",
    "以下是退货步骤：\n1. 提交申请\n2. 寄回商品",
    "好的，以下是您的订单信息：订单 A1001。",
    "以下是为您修改的订单：地址已改为上海。",
    "修改后的地址：上海市。",
    "您好，修改说明：地址已改为上海。",
    "修改说明：\n1. 地址已改为上海",
    "您好，活动如下。\n\n说明：每人限领一张。",
    "您好，活动如下。\n\n（注：运费由我们承担。）",
    "您好，合同如下。\n\n修改原因：地址有变。",
    "回复“TD”即可退订。",
    "您好，答复如下：款项已退回。",
    "“退款”按钮在页面右上角，请点击“确认”",
    "“退款”和“退货”",
    '"A" 与 "B"',
    "「申請」之後請按「送出」",
    "请删除 <think> 标签后再提交。",
    "请检查 `</think>` 是否成对。",
    "标签要成对：<think> 和 </think>\n请您核对。",
    "示例：\n```\ncode\n```\n请您参考。",
    "```\na\n```\n和\n```\nb\n```",
    "Reply STOP to unsubscribe.",
    "Here is the updated version 2.3: please install it.",
    "The response: time is 2 days.",
    "Sure, your parcel is on its way.",
    "",
    " \n",
]


@pytest.mark.parametrize("answer", WRAPPED)
def test_wrapping_goes(answer: str) -> None:
    """The reply alone is left of an answer that wraps it."""
    assert clean_answer(answer) == REPLY


@pytest.mark.parametrize("answer", PLAIN)
def test_plain_reply_stays(answer: str) -> None:
    """A reply that only resembles a wrapped one comes back byte for byte."""
    assert clean_answer(answer) == answer


@pytest.mark.parametrize(
    "answer", ["<think>只想，没有回答", "<think>a</think>", "改写后：", "```\n```", "“”", "a\n</think>\n"]
)
def test_wrapping_without_a_reply_is_empty(answer: str) -> None:
    """An answer that is all wrapping holds no reply."""
    assert clean_answer(answer) == ""


_PIECES = st.sampled_from(
    [
        "<think>",
        "</think>",
        "```",
        "```text\n",
        "\n",
        "“",
        "”",
        '"',
        "「",
        "」",
        "好的，以下是改写后的回复：",
        "Reply:",
        "**",
    ]
)


@given(st.lists(_PIECES | st.text(max_size=6), max_size=12).map("".join))
def test_cleaning_twice_is_cleaning_once(answer: str) -> None:
    """Cleaning is idempotent, whatever the model sends."""
    once = clean_answer(answer)
    assert clean_answer(once) == once
    assert len(once) <= len(answer)


@given(st.text(alphabet="您好感谢理解，。！？：abc 123\n", max_size=60))
def test_text_without_wrapping_is_untouched(reply: str) -> None:
    """Text with none of the marks of wrapping is returned unchanged."""
    assert clean_answer(reply) == reply
