"""Where a reply sends the customer: links, addresses, numbers and accounts that the company itself never named."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from replykit.facts import Fact, find_facts, ungrounded
from replykit.facts.numerals import fold_numerals
from replykit.text import fold

__all__ = ["foreign_contacts", "foreign_figures"]

_KINDS = frozenset({"url", "email", "phone"})
# 您的手机号 138…, 拨打您留下的电话 138…: the customer's own, said back to him.
_OWN = re.compile(
    r"(?:[您你](?:的|在用的|(?:所)?(?:提供|留下?|预留|登记|注册|填写|绑定|下单|收货|接收|使用)(?:时)?(?:的|了)?)"
    r"|尾号(?:为|是)?|your |you (?:gave|left|provided|registered)[a-z ]{0,20})"
    r"(?:手机号?码?|电话号?码?|联系方式|联系电话|号码|邮箱(?:地址)?|邮件地址|电子邮[箱件]|信箱"
    r"|(?:phone|mobile|cell)?(?: ?number)?|e-?mail(?: address)?)?(?:是|为|is|at|,|:|“|「|\"|\s){0,4}$"
)
# Hosts as people write them to get past a filter, and with endings that the reader of facts does not know.
_DOT = r"(?:\s?(?:\.|\[\.\]|\(\.\)|\(点\)|\[点\]|点|。|·|\sdot\s|\[dot\]|\(dot\))\s?)"
_ENDINGS = (
    "com|cn|net|org|gov|edu|io|tw|hk|info|shop|store|top|vip|cc|app|dev|xyz|ru|link|click|ly|me|site|online|live|club"
    "|icu|fun|ltd|pro|work|tv|co|us|uk|jp|kr|eu|gg|gl|one|page|wang|ren|fit|sbs|cyou|buzz|life|world|biz|mobi|asia|su"
    "|pw|tk|ml|ga|cf|space|website|tech|cloud|win|bid|loan|download|zip|mov|example|test|invalid|onion"
)
_HOST = re.compile(rf"(?<![a-z0-9@])(?:[a-z0-9-]{{1,40}}{_DOT}){{1,3}}(?:{_ENDINGS})(?![a-z0-9])")
_FULL_STOP_HOST = re.compile(r"。(?:com|cn|net|org)$")
_SCHEME = re.compile(r"[a-z]{2,12}://|(?:https?|hxxps?)(?:[:/\s]|冒号|斜杠){2,8}|javascript:|data:[a-z]+/")
_NUMERIC_HOST = re.compile(r"(?<![0-9.])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?::[0-9]{2,5})?/")
_CALL = re.compile(
    r"(?:拨打|致电|来电|去电|回电|打(?:电话)?(?:给|到|至)?|电话|热线|专线|客服|短信|(?:call|dial|phone|text|tel))"
    r"[^,。!?;\n]{0,12}?(?<![0-9a-z])(?P<it>[0-9](?:[ \-.—_*#/]{0,3}[0-9]){4,18})"
)
# Digits spelled one by one read as a number and as nothing else.
_SPELLED = re.compile(r"(?<![0-9a-z])(?P<it>[0-9](?:(?:[ \-.—_*#/·]|\s){1,3}[0-9]){6,18})(?![0-9])")
_ACCOUNT = re.compile(
    r"(?:微信号?|wechat|weixin|vx|v信|威信|薇信|qq(?:群|号)?|扣扣|企鹅号?|telegram|tg|电报|whatsapp|skype"
    r"|(?<![a-z])line(?![a-z])(?: id)?|小红书号?|抖音号?|公众号|支付宝(?:账号)?|收款码|paypal|钱包地址|usdt|btc|wallet)"
    r"[^,。!?;\n]{0,8}?(?<![a-z0-9])(?P<it>[a-z_.@-]{0,40}[0-9_][a-z0-9_.@-]{3,40})"
)
# 四零零一二三四五六七: a number is read digit by digit; 一二三四五六七号 counts shops.
_IN_HAN = re.compile(
    r"(?<![零一二三四五六七八九幺十百千万])(?P<it>[零一二三四五六七八九幺](?:[ \-·]?[零一二三四五六七八九幺]){6,12})"
    r"(?![十百千万亿号、])"
)
_HAN_DIGITS = str.maketrans("零一二三四五六七八九幺", "01234567891")
# ¥AbC123¥, which a shopping app opens.
_TOKEN = re.compile(r"(?P<it>[¥$€£₳₴]\s?(?=[0-9]{0,15}[a-z])[a-z0-9]{5,16}\s?[¥$€£₳₴])")
_TRANSFER = re.compile(
    r"(?:转账|转帐|汇款|打款|付款|存款|缴款|入金|充值|转到|汇到|汇入|打到|付到|转入|存入|transfer|wire|deposit|pay"
    r"|send (?:money|payment))"
    r"[^。!?;\n]{0,24}?(?<![0-9])(?P<it>[0-9](?:[ -]?[0-9]){7,22})"
)
_ENCODED = re.compile(r"(?<![a-z0-9+/=_-])(?P<it>[a-z0-9+/_-]{32,}={0,2})(?![a-z0-9+/=])")
# Without any of these there is nothing to find.
_WORTH_READING = re.compile(r"[0-9@¥壹贰貳叁參肆伍陆陸柒捌玖零一二两三四五六七八九]|://|[a-z][.。点]|dot|[a-z/+]{24}")
_WITHIN_WORDS = re.compile(r"[^a-z0-9]")


def foreign_contacts(text: str, company: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield where a reply names a way to reach or pay somebody that no word of the company's names.

    What only the customer wrote is not the company's to repeat: he may have put it there for others to be sent to.
    His own number or mailbox, said back to him as his (您的手机号 …), is left alone.

    Args:
        text: the reply.
        company: everything that the company itself says of the case.
    """
    if not _WORTH_READING.search(fold(text)):
        return
    taken: list[tuple[int, int]] = []
    known = [_compact(source) for source in company]
    for fact in find_facts(text):
        if fact.kind in _KINDS:
            taken.append((fact.start, fact.end))
    for fact in ungrounded(text, company):
        if fact.kind in _KINDS and not (fact.kind != "url" and _is_own(text, fact)):
            yield fact.start, fact.end
    folded = fold_numerals(text)
    for pattern in (_HOST, _SCHEME, _NUMERIC_HOST, _CALL, _SPELLED, _ACCOUNT, _IN_HAN, _TOKEN, _TRANSFER, _ENCODED):
        for match in pattern.finditer(folded):
            start, end = match.span("it" if "it" in pattern.groupindex else 0)
            if any(a < end and start < b for a, b in taken):
                continue
            if pattern is _HOST and "。" in folded[start:end] and not _FULL_STOP_HOST.search(text[start:end].lower()):
                continue  # two sentences, or a mark that the fold has made a full stop
            compact = _compact(folded[start:end])
            if not compact or any(compact in source for source in known):
                continue
            if pattern in (_CALL, _SPELLED, _IN_HAN) and _OWN.search(folded[max(0, start - 30) : start]):
                continue
            taken.append((start, end))
            yield start, end


def _is_own(text: str, fact: Fact) -> bool:
    return _OWN.search(fold_numerals(text[max(0, fact.start - 30) : fact.start])) is not None


def _compact(text: str) -> str:
    folded = fold_numerals(text).translate(_HAN_DIGITS)
    return _WITHIN_WORDS.sub("", folded.replace("点", "").replace("dot", ""))


_FIGURES = frozenset({"amount", "percentage"})
_MOMENTS = frozenset({"date", "time", "duration"})
_OUTCOME = re.compile(
    r"^(?:[^,。!?;\n的]{0,4}?(?:前|内|左右|之前|以内|之内))?(?:[^,。!?;\n的未没不无]{0,8}?)"
    r"(?:送达|送到|到货|到[账帐]|入[账帐]|发货|发出|寄出|出货|上门|退回|退还|退款|完成|解决|恢复|生效|抵达|派送|收到|到您|处理好|办好)(?!的|前|后|之|了?(?:吗|没))"
)
_SUM = re.compile(r"(?:退|赔|补偿|返还?|减免|抵扣)[^,。!?;:\n]{0,6}[:是为]?\s?$")
_RECALLED = re.compile(
    r"(?:原定|原本|本应|本来|之前|说好|约定|承诺过|显示|[您你](?:在|于|是|说|提到|反映|要求|希望|下单|购买|申请|表示))[^,。!?;\n]{0,12}$"
)


def foreign_figures(text: str, spans: Iterable[tuple[int, int]], company: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield the figures of a reply's promises that no word of the company's names.

    An amount or a percentage inside a promise, and a date, time or duration that says when something is delivered,
    paid or done: a customer who writes them has not been promised them.

    Args:
        text: the reply.
        spans: where it promises something.
        company: everything that the company itself says of the case.
    """
    inside = list(spans)
    folded: str | None = None
    for fact in ungrounded(text, company):
        if fact.kind in _FIGURES:
            before = fold_numerals(text[max(0, fact.start - 20) : fact.start])
            is_given = any(a <= fact.start and fact.end <= b for a, b in inside) or _SUM.search(before)
            if is_given and not _RECALLED.search(before):
                yield fact.start, fact.end
        elif fact.kind in _MOMENTS:
            folded = folded or fold_numerals(text)
            before = folded[max(0, fact.start - 20) : fact.start]
            if _OUTCOME.match(folded[fact.end : fact.end + 24]) and not _RECALLED.search(before):
                yield fact.start, fact.end
