"""What chat models put round a reply: the shapes that are taken off, each a closed form."""

from __future__ import annotations

import re

__all__ = [
    "AT_WORK",
    "BOXES",
    "FENCE",
    "LATE_REASONING",
    "NOTES",
    "PREAMBLE",
    "QUOTES",
    "REASONING",
    "REASONING_END",
    "RULE",
    "SECTION",
    "SPECIAL_END",
    "SPECIAL_START",
    "SURE",
    "UNOPENED_END",
]

# Qwen, DeepSeek, GLM <think>; Claude <thinking>; others <thought>, <analysis>, <reflection>.
_THOUGHT = "think|thinking|reasoning|thought|analysis|reflection"
REASONING = re.compile(rf"\s*(?:<(?:{_THOUGHT})>|◁think▷)", re.IGNORECASE)
LATE_REASONING = re.compile(rf"^[ \t]*<(?:{_THOUGHT})>", re.IGNORECASE | re.MULTILINE)
REASONING_END = re.compile(rf"</(?:{_THOUGHT})>|◁/think▷", re.IGNORECASE)
UNOPENED_END = re.compile(r"(?<!`)</think>[ \t]*(?:\n|\Z)", re.IGNORECASE)
FENCE = re.compile(r"(`{3,}|~{3,})[ \t]*[\w+-]{0,20}[ \t]*\n")
# Tokens of chat templates that a server let through, before the reply and behind it.
SPECIAL_START = re.compile(
    r"\s*(?:<\|start_header_id\|>\s*assistant\s*<\|end_header_id\|>|<\|im_start\|>\s*assistant\b|<\|assistant\|>"
    r"|<｜Assistant｜>|<\|channel\|>final<\|message\|>|<\|begin_of_box\|>|\[/INST\]|assistant[ \t]*\n\s*\n)\s*",
    re.IGNORECASE,
)
SPECIAL_END = re.compile(
    r"(?:<\|(?:im_end|endoftext|eot_id|end|return|end_of_box|end_of_text|user|observation)\|>"
    r"|<｜end▁of▁sentence｜>|</s>"
    r"|\[/INST\]|<end_of_turn>)\s*\Z",
    re.IGNORECASE,
)
# Tags that stand round the whole.
BOXES = (
    "answer",
    "response",
    "reply",
    "output",
    "final",
    "final_answer",
    "rewritten",
    "rewritten_reply",
    "result",
    "text",
)
RULE = re.compile(r"\A\s*(?:-{3,}|\*{3,}|={3,}|—{3,})[ \t]*\n|\n[ \t]*(?:-{3,}|\*{3,}|={3,}|—{3,})\s*\Z")

# A preamble is a closed form: an answer that only resembles one (以下是退货步骤：) is the reply itself.
_REWRITTEN = r"(?:改写|改寫|重写|重寫|润色|潤色|潤飾)"
_CHANGED = (
    rf"(?:{_REWRITTEN}|修改|优化|優化|调整|調整|修订|修訂|修正|撰写|撰寫|起草|草拟|草擬|整理"
    r"|改(?=[好完过過]))"
)
_A_REPLY = (
    r"(?:(?:更|比较|比較)?(?:礼貌|禮貌|专业|專業|得体|得體|友好|简洁|簡潔|温和|溫和|委婉|规范|規範)的?){0,2}"
    r"(?:客服|最终|最終|参考|參考|建议|建議|示例|範例|完整|正式)?的?(?:回复|回覆|答复|答覆|话术|話術)(?:内容|內容"
    r"|文本|正文|版本|稿)?"
)
_SURE_ZH = (
    r"(?:(?:亲爱的|親愛的|尊敬的)?(?:同事|同仁)(?:您好|你好)?[，,：:][ \n]{0,2})?"
    r"(?:(?:好的|好|当然可以|當然可以|当然|當然|没问题|沒問題|可以|收到|明白了?|了解|嗯)[，,。.！!、 \n]{1,3})?"
    r"(?:(?:根据|根據|按照?|依照?|依據|結合|结合)(?:您|你)?的?(?:提供的?)?(?:要求|素材|信息|資訊|内容|內容|原稿"
    r"|事实|事實|规则|規則)[，, ])?"
)
_LEAD_ZH = (
    r"(?:(?:以下|下面|这|這)就?[是为為]一?[个個条條份段则則]?)?(?:我|我们|我們)?(?:已经?|已經)?(?:[为為帮幫给給]您)?"
)
_FOR_YOU = (
    r"(?:[，,、 ]?(?:供您?(?:参考|參考|使用)|请(?:您)?(?:参考|查看|过目|審閱|审阅)|請(?:您)?(?:參考|查看|過目)"
    r"|可(?:以)?直接(?:发送|發送|使用)(?:给客户"
    r"|給客戶)?|(?:您|你)?看(?:看|一下|下)?(?:行不行|可不可以|合不合[适適]|是否合[适適]|怎么样|怎麼樣|(?:可以|行)[吗嗎])))?"
)
_PREAMBLE_ZH = (
    rf"{_SURE_ZH}(?:"
    rf"{_LEAD_ZH}{_CHANGED}(?:后|後|好|完|过|過)?的?(?:{_A_REPLY}|版本|结果|結果|稿|文案)(?:如下)?{_FOR_YOU}"
    rf"|{_LEAD_ZH}(?:将|將|把)?(?:同事的?|您的|你的|这段|這段)?(?:原稿|草稿|回复|回覆)?{_REWRITTEN}(?:后|後|如下"
    rf"|为|為|成)(?:如下)?"
    rf"|(?:以下|下面|这|這)就?[是为為](?:一?[个個条條份段则則])?(?:[为為给給](?:您|客户|客戶)的?)?{_A_REPLY}{_FOR_YOU}"
    rf"|(?:您|你|我们|我們)?(?:可以|可|建议|建議)(?:您|你)?(?:(?:这样|這樣|如此)(?:回复|回覆|答复|答覆)(?:给"
    rf"|給)?(?:客户|客戶|顾客|顧客|他|她)?|(?:回复"
    rf"|回覆)(?:给|給)?(?:客户|客戶))(?:如下)?"
    rf"|(?:给|給|致)(?:客户|客戶)的{_A_REPLY}"
    rf"|{_A_REPLY}(?:如下)?{_FOR_YOU}"
    r"|(?:优化|優化|润色|潤色|改写|改寫|修改|最终|最終)(?:版|稿|结果|結果|版本)"
    r"|(?:在线|線上|人工|智能)?客服(?:人员|人員|专员|專員|代表|小[\u4e00-\u9fff])?"
    r")"
)
_SURE_EN = (
    r"(?:(?:Dear|Hi|Hello) (?:colleague|team|agent)s?[,:!]\s{1,2})?"
    r"(?:(?:Sure|Certainly|Of course|Absolutely|Okay|OK|Got it|No problem|Understood|Great"
    r"|Here you go)(?: thing)?[,.!:]{1,2}(?:\s|\Z))?"
    r"(?:Based on (?:the|your) [a-z ]{3,40}, )?"
)
_KIND_EN = (
    r"(?:(?:rewritten|revised|improved|polished|suggested|edited|final|polite|professional|possible|draft|updated"
    r"|refined|sample"
    r"|friendly|short|concise|better) ){0,3}(?:customer[- ](?:service|support|facing) )?"
)
_FOR_EN = (
    r"(?: (?:to|for) (?:the|your) customer| of (?:the|your) (?:draft|reply|message|response)"
    r"|(?: that)? you (?:can|could|may) (?:send|use)(?: to (?:the|your) customer)?| in [A-Z][a-z]+(?: Chinese)?)*"
)
_PREAMBLE_EN = (
    rf"{_SURE_EN}(?:(?:(?:Here(?:'s|’s| is)|Below is|This is|The following is) (?:the|a|an|your|my) )?(?:"
    rf"{_KIND_EN}(?:reply|response|answer)"
    r"|(?:rewritten|revised|polished|improved|edited|updated|final) (?:version|draft|message|text)|rewrite|rewording"
    rf"){_FOR_EN}"
    r"|(?:You (?:can|could|may|might) (?:reply|respond|answer)|Reply|Answer)(?: to the customer| them| her| him)?"
    r"(?: with| as follows| like this)"
    r"|(?-i:Agent|Customer [Ss]ervice|Customer [Ss]upport|Support [Aa]gent|CSR|Representative|Assistant|AI))"
)
# What it is about to do, a paragraph of its own: 收到，我来帮您润色这段话。
_AT_WORK = (
    rf"{_SURE_ZH}(?:我(?:来|來|这就|這就)?|[让讓]我(?:来|來)?)(?:[帮幫为為给給替](?:您|你|同事))?{_CHANGED}(?:一下)?"
    r"(?:同事的?|您的|你的|客服的?)?(?:这|這|该|該)?(?:[段条條则則份句个個])?"
    r"(?:话术|話術|话|話|文字|回复|回覆|答复|答覆|草稿|原稿|内容|內容)[。！!：:]"
)
# Where a number or a time follows, 客服： names what it says.
_COLON = r"(?:\*\*|__)?[ \t]?[：:](?:\*\*|__)?(?!\s*(?:[\d+]|https?:|[\w.+-]+@))"
PREAMBLE = re.compile(
    rf"\s*(?:#{{1,4}} |\*\*|__)?(?:(?:{_PREAMBLE_ZH}|{_PREAMBLE_EN}){_COLON}"
    rf"|(?<=\*\*){_CHANGED}(?:后|後|版|稿|结果|結果)[：:]\*\*"
    rf"|{_AT_WORK}[ \t]*\n[ \t]*\n"
    rf"|【(?:{_CHANGED}(?:后|後|版|结果|結果)?的?(?:{_A_REPLY})?|{_A_REPLY})】[：:]?"
    rf"|(?:以下|下面|这|這)就?[是为為]{_CHANGED}(?:后|後)的?(?:{_A_REPLY}|版本)(?:\*\*)?[ \t]*\n"
    rf"|(?:#{{1,4}} |\*\*)(?:{_CHANGED}(?:后|後)的?)?{_A_REPLY}(?:\*\*)?[ \t]*\n"
    rf"|(?:#{{1,4}} |\*\*)(?:Rewritten |Revised |Final |Suggested )?(?:Reply|Response|Answer)(?:\*\*)?[ \t]*\n)\s*",
    re.IGNORECASE,
)
# The same while its paragraph may yet end there.
AT_WORK = re.compile(rf"\s*{_AT_WORK}[ \t]*\n?[ \t]*\Z", re.IGNORECASE)
# What may stand before a preamble, a sentence of its own: 好的。
SURE = re.compile(rf"\s*(?:#{{1,4}} |\*\*|__)?{_SURE_ZH}{_SURE_EN}", re.IGNORECASE)
# Thinking that has a heading of its own, as far as the heading of the reply.
SECTION = re.compile(
    r"\s*(?:#{1,4} |\*\*|【)?(?:思考(?:过程|過程)?|分析(?:过程|過程)?|解题思路|思路|推理(?:过程|過程)?"
    r"|客户(?:诉求|情绪)分析|客戶(?:訴求|情緒)分析"
    r"|Analysis|Thinking|Thought(?: process)?|Reasoning)(?:】|(?:\*\*)?[ \t]*(?:[：:](?:\*\*)?|\n))",
    re.IGNORECASE,
)
# Notes for the colleague who asked, which no customer is to read: a heading of its own, and all that stands below it.
_NOTED_EN = (
    r"(?:(?:(?:Key |Main )(?:changes|edits|improvements)|(?:changes|edits|improvements) made)|Explanation"
    r"|Rationale|What (?:I|was) changed|Why this works)"
)
_ABOUT_EN = (
    r"(?:I(?:'ve| have)? (?:changed|rewritten|rewrote|kept|removed|revised|softened|adjusted|avoided|replaced|made)"
    r"|(?:the|this) (?:reply|response|tone|rewrite|rewritten|revised|draft|version))"
)
NOTES = re.compile(
    r"\n[ \t]*\n(?:[ \t]*(?:-{3,}|\*{3,})[ \t]*\n\s*)?[ \t]*(?:#{1,4} |\*{1,2}|__|【|[(（])?"
    rf"(?:(?:主要|以上|本次)?(?:{_REWRITTEN}|修改|优化|優化|改动|改動|调整|調整)(?:的)?(?:说明|說明|要点|要點|思路"
    rf"|之处|之處|点|點|内容|內容|理由)(?:如下)?"
    rf"(?:】|\*\*|__)?[：:]|(?:{_NOTED_EN})(?:\*\*|__)?:|Notes?(?:\*\*|__)?:(?:\*\*)? ?{_ABOUT_EN}).*\Z"
    r"|\n[ \t]*\n[ \t]*[(（*]{0,2}(?:注|註|备注|備註|说明|說明)[：:](?:以上|已|我|本回复|本回覆|此回复"
    r"|此回覆)[^)）\n]{0,60}"
    rf"(?:{_REWRITTEN}|语气|語氣|措辞|措辭|原稿|回复|回覆)[^)）\n]{{0,60}}[)）*]{{0,2}}\s*\Z"
    r"|\n[ \t]*\n[ \t]*[(（【*]{0,2}(?:以上(?:是|为|為)?(?:[^\n。]{0,12})(?:改写|改寫|修改|润色|潤飾|回复"
    r"|回覆)[^\n。]{0,12}|(?:共|约|約|全文"
    r"|字数|字數)[：:]?[ ]?(?:共|约|約)?[ ]?\d{1,4}[ ]?字?"
    r"|Word count: ?\d{1,4}(?: words)?)[。.]?[)）】*]{0,2}\s*\Z"
    r"|\n[ \t]*\n[ \t]*(?:如果?(?:您|你)?(?:还|還)?(?:需要?|想|希望|有)|若(?:您|你)?(?:需要?|想|希望))[^\n。！!]{0,16}"
    r"(?:语气|語氣|版本|措辞|措辭|改写|改寫|润色|潤飾|风格|風格|篇幅|修改意见|修改意見)[^\n。！!]{0,24}(?:告诉我"
    r"|告訴我|告知|说明|說明|联系我|提出|调整|調整)[。！!~]?\s*\Z"
    r"|\n[ \t]*\n[ \t]*(?:(?:-{3,}|\*{3,})[ \t]*\n\s*)?(?:希望|祝)?(?:这|這)(?:条|條|个|個|份|段)?"
    r"(?:回复|回覆|版本|改写|改寫)[^\n。！!]{0,16}(?:帮助|幫助|满意|滿意|符合|合适"
    r"|合適)[^\n。！!]{0,12}(?:[，,](?:如果?|若)[^\n。！!]{0,16}"
    r"(?:语气|語氣|版本|措辞|措辭|风格|風格)[^\n。！!]{0,24})?[。！!~]?\s*\Z"
    r"|\n[ \t]*\n[ \t]*(?:Let me know|Feel free to (?:ask|let me know)"
    r"|Would you like me)[^\n]{0,20}(?:if you(?:'d| would)? (?:like|want|need)|to)[^\n]{0,40}"
    r"(?:tone|version|changes|revis|rewrit|adjust|shorter|longer|formal|tweak)[^\n]{0,40}\s*\Z"
    r"|\n[ \t]*\n[ \t]*(?:I hope )?(?:this|the) (?:reply|response|version|rewrite|draft) (?:helps|works|sounds"
    r"|is)[^\n]{0,60}\s*\Z",
    re.DOTALL | re.IGNORECASE,
)
QUOTES = {"“": "”", "「": "」", "『": "』", '"': '"', "«": "»", "‘": "’"}
