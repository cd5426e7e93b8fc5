"""Facts are read exactly, however they are written, and none is invented."""

from __future__ import annotations

import tomllib
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from replykit.facts import Fact, find_facts, ungrounded
from replykit.facts.numerals import fold_numerals, parse_numeral, parse_span

CASES: list[dict[str, Any]] = tomllib.loads((Path(__file__).parent / "labelled" / "facts.toml").read_text("utf-8"))[
    "case"
]


def _label_spans(case: dict[str, Any]) -> list[tuple[int, int]]:
    starts = [(case["reply"].index(piece), piece) for piece in case["ungrounded"]]
    return [(start, start + len(piece)) for start, piece in starts]


def _overlaps(fact: Fact, span: tuple[int, int]) -> bool:
    return fact.start < span[1] and span[0] < fact.end


@pytest.mark.parametrize("part", ["heldout", "dev"])
def test_labelled_cases_reach_the_wanted_precision_and_recall(part: str) -> None:
    """On each half of the labelled cases, precision is at least 0.97 and recall at least 0.92."""
    right = wrong = missed = 0
    problems = []
    for case in (case for case in CASES if case["part"] == part):
        found, labels = ungrounded(case["reply"], case["sources"]), _label_spans(case)
        false = [fact.text for fact in found if not any(_overlaps(fact, label) for label in labels)]
        lost = [label for label in labels if not any(_overlaps(fact, label) for fact in found)]
        right, wrong, missed = right + len(labels) - len(lost), wrong + len(false), missed + len(lost)
        if false or lost:
            problems.append((case["reply"], false, lost))
    print(f"{part}: {right} right, {wrong} wrong, {missed} missed")
    assert right / (right + wrong) >= 0.97, problems
    assert right / (right + missed) >= 0.92, problems


def test_labelled_cases_are_many_and_half_of_them_are_near_misses() -> None:
    """There are at least 140 cases, at least half of them are near-misses, and every label stands in its reply."""
    assert len(CASES) >= 140
    assert sum(not case["ungrounded"] for case in CASES) / len(CASES) >= 0.5
    assert all(piece in case["reply"] for case in CASES for piece in case["ungrounded"])


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("三天", "3天"), ("三天", "3日内"), ("兩天", "2天"), ("３天", "3天"), ("半小时", "30分钟"),
        ("一个半小时", "90分钟"),
        ("24小时", "1天"), ("一週", "7天"), ("半年", "6个月"), ("一年半", "18个月"), ("1小时30分钟", "90分钟"),
        ("三至五个工作日", "3-5個工作日"), ("1～3天", "一到三天"), ("兩三天", "2-3天"), ("三五天", "3–5天"),
        ("一千二百元", "1200元"), ("NT$1,200", "一千二百元"), ("1.2万元", "12000元"), ("一万五块", "15000元"),
        ("壹仟貳佰圓", "1,200元"), ("￥50", "50块"), ("RMB 50", "五十塊錢"), ("3元5角", "3.5元"),
        ("十二块五", "12.5元"),
        ("5毛钱", "0.5元"), ("10w元", "10万元"), ("US$30", "30美金"), ("港幣300元", "HK$300"),
        ("百分之二十", "20％"), ("八折", "80%"), ("85折", "8.5折"), ("八五折", "85%"), ("5%-10%", "百分之五到百分之十"),
        ("11月8日", "十一月八號"), ("11月8日", "11/8"), ("11-08", "11月8日"), ("2026年11月8日", "2026-11-08"),
        ("民國115年11月8日", "2026/11/8"), ("民國一百一十五年十一月八日", "2026.11.8"), ("11/20/2026", "20 Nov 2026"),
        ("下午3点", "15:00"), ("下午3點", "15点"), ("三点半", "15:30"), ("晚上8点", "20:00"), ("中午12点", "12:00"),
        ("3 p.m.", "15:00"), ("9点一刻", "9:15"), ("周一", "星期一"), ("禮拜天", "周日"), ("明天", "明日"),
        ("Friday", "周五"),
        ("400-808-9176", "4008089176"), ("+86 138 0013 8000", "13800138000"), ("021-5888 8888", "021-58888888"),
        ("+886 912 345 678", "0912-345-678"), ("(02)2345-6789", "02-2345-6789"),
        ("https://a.example.com/x/", "http://A.example.com/x"), ("Me@Example.com", "me@example.com"),
        ("A1001", "a1001"), ("ORD-2026-1123", "ORD20261123"), ("两件", "2件"), ("2kg", "四斤"), ("退一赔三", "三倍"),
    ],
)  # fmt: skip
def test_one_value_written_two_ways_is_one_value(first: str, second: str) -> None:
    """Either wording of a value supports the other."""
    assert find_facts(first)
    assert find_facts(second)
    assert ungrounded(first, [second]) == ()
    assert ungrounded(second, [first]) == ()


@pytest.mark.parametrize(
    ("claim", "known"),
    [
        ("4天", "3天"), ("三天", "十三天"), ("3个工作日", "3天"), ("1个月", "30天"), ("1200元", "12000元"),
        ("5元", "1.5元"),
        ("30美元", "30元"), ("$30", "30元"), ("NT$30", "RMB 30"), ("20%", "30%"), ("八折", "20%"),
        ("11月9日", "11月8日"),
        ("11月25日", "25日"), ("2026年11月8日", "2025年11月8日"), ("下午3点", "凌晨3点"), ("15:00", "03:00"),
        ("1-5天", "1-3天"),
        ("1天", "1-3天"), ("1-3天", "3天"), ("100元", "50-100元"), ("下周一", "本周一"), ("后天", "明天"),
        ("3件", "2件"),
        ("A1001", "A1002"), ("A1001", "A10012"), ("13800138000", "13800138001"), ("3倍", "3天"), ("8毛钱", "8块钱"),
        ("https://a.example.com/X", "https://a.example.com/x"), ("a@example.com", "b@example.com"),
    ],
)  # fmt: skip
def test_another_value_is_not_supported(claim: str, known: str) -> None:
    """A value is not taken for a near one: another unit or currency, a part of a number, an end of a range."""
    assert ungrounded(claim, [known]) == find_facts(claim)


_PAIRS = [
    *((f"{n}{unit}", f"{han}{unit}") for unit in ("天", "小时", "个工作日", "分钟", "个月", "周", "年")
      for n, han in ((1, "一"), (2, "两"), (3, "三"), (10, "十"), (15, "十五"))),
    ("3-5天", "三到五天"), ("2800元", "二千八百块"), ("￥1200", "1,200元"), ("20%", "百分之二十"), ("8折", "八折"),
    ("11月25日", "十一月二十五号"), ("3月1日", "2026-03-01"), ("下午3点", "15:00"), ("上午9点半", "09:30"),
    ("A1001", "a1001"), ("400-808-9176", "4008089176"),
]  # fmt: skip
_BEFORE = (
    "", "需要", "大约", "请在", "起飞前", "最近", "约", "等", "共", "提前", "最多", "不超过", "将于", "您的", "是",
    "超过", "还有", "只要", "每", "满", "按", "近", "仅", "：", "（", "\n", "1、", "时间：", "这", "前",
)  # fmt: skip
_AFTER = (
    "", "内", "后", "左右", "以内", "以外", "。", "，谢谢", "前", "起", "的", "了", "吗？",
    "~", "）", "\n", "到账", "退款",
)  # fmt: skip


@given(st.sampled_from(_PAIRS), st.sampled_from(_BEFORE), st.sampled_from(_AFTER), st.booleans())
def test_what_stands_around_a_value_never_hides_it_in_a_source(
    pair: tuple[str, str], before: str, after: str, turned: bool
) -> None:
    """A value supports itself written otherwise, whatever words both stand between."""
    claim, known = pair[::-1] if turned else pair
    assert ungrounded(before + claim + after, [before + known + after]) == ()
    assert ungrounded(claim, [before + known + after]) == ()


def test_a_value_named_in_passing_supports_and_does_not_claim() -> None:
    """这两天, 这三件 and 今天 in a greeting claim nothing; in a source they support the same value."""
    for passing, claim in (("这两天", "2天"), ("这三件", "3件"), ("今天天气", "今天送达"), ("讲两点", "2点前")):
        assert find_facts(passing) == ()
        assert ungrounded(claim, [passing]) == ()
        assert ungrounded(claim, []) != ()


def test_part_of_a_date_is_supported_by_the_whole() -> None:
    """25日 and 11月 are parts of 2026年11月25日; 26日 is not."""
    assert ungrounded("25号送达，就在11月，2026年内。", ["2026年11月25日送达"]) == ()
    assert [fact.text for fact in ungrounded("26日送达", ["11月25日送达"])] == ["26日"]


def test_one_end_of_a_range_is_supported_where_it_is_called_that() -> None:
    """最快1天 rests on 1-3天, 最高100元 on 50-100元; 1天 alone and 100元 alone do not."""
    assert ungrounded("最快1天，最多100元，3天内到账", ["1-3天，50-100元"]) == ()
    assert [fact.text for fact in ungrounded("1天，100元", ["1-3天，50-100元"])] == ["1天", "100元"]


def test_a_computed_total_is_not_supported() -> None:
    """What the reply adds up itself stands in no source."""
    assert [fact.text for fact in ungrounded("200元加150元，合计350元", ["200元", "150元"])] == ["350元"]


def test_a_number_without_a_unit_in_a_source_supports_money_and_counts_only() -> None:
    """邮费花了15 supports 15元 and 数量：3 supports 3件; neither supports a time."""
    assert ungrounded("15元，3件", ["邮费花了15，数量：3"]) == ()
    assert [fact.text for fact in ungrounded("15天，3天", ["邮费花了15，数量：3"])] == ["15天", "3天"]
    assert ungrounded("3件", ["3、请核对"]) != ()


@pytest.mark.parametrize(
    "text",
    [
        "十分抱歉，我再三确认一下，稍等一会儿", "千万别急，万一不行我们一起想办法",
        "第一时间处理，一定让您放心", "等了半天",
        "今天有什么可以帮您？", "感谢您今天的来电", "1. 打开\n2、提交\n（3）完成\n①确认", "②3.提交",
        "第三天、第1-3天、第2步",
        "这两天", "三天两头出问题", "一年四季", "四周的环境", "每周一次", "一周三次检查", "两点建议", "以下3点",
        "一点半点",
        "{{days}}天、[数字x]元、[3天]内、${100}元、%d天", "iPhone15 支持5G、MP3、4K、1080p",
        "v2.3.1、版本2.3.1、Win11、H265",
        "HTTP 403、错误码502", "7-11旁边，A4纸，3C认证，B2B", "RTX4090、ISO9001、UTF-8、PM2.5、WH-1000XM5",
        "192.168.1.1",
        "100%正品，百分之百用心", "五星好评、二维码、三方、零食", "几十元、数十天", "元旦、三角形、三克拉",
        "折叠、3折叠",
        "8号楼2号线1号店", "两元店", "我们一块处理", "3个步骤、两个方案、3条", "1/2、3/4、16:9、24寸", "着陆点、退伍日",
        "One day you will see", "step 1 of 3, top 10",
    ],
)  # fmt: skip
def test_set_phrases_ordinals_marks_and_products_are_no_facts(text: str) -> None:
    """A numeral is no fact by itself."""
    assert find_facts(text) == ()


def test_a_named_day_is_a_date_where_it_promises() -> None:
    """明天, 明早 and 今天送达 are dates; 今天 in a greeting is not."""
    assert [fact.text for fact in find_facts("明早联系您")] == ["明早"]
    assert [fact.text for fact in find_facts("明天联系您，今天送达")] == ["明天", "今天"]
    assert find_facts("今天很高兴为您服务") == ()


def test_english_number_words_are_read() -> None:
    """In English, two weeks and half an hour are 14 days and 30 minutes."""
    assert ungrounded("within two weeks, half an hour", ["14 days, 30 minutes"]) == ()
    assert [fact.text for fact in ungrounded("within two weeks", ["one week"])] == ["two weeks"]


def test_the_same_facts_are_found_in_both_scripts() -> None:
    """A traditional text holds the same values as the simplified one."""
    simplified = "两个工作日内退一千二百块，周三下午三点半联系，订单A1001"
    traditional = "兩個工作日內退一千二百塊，週三下午三點半聯繫，訂單A1001"
    assert [fact.value for fact in find_facts(simplified)] == [fact.value for fact in find_facts(traditional)]


def test_a_look_alike_address_is_another_address() -> None:
    """A host with a Cyrillic letter is not the host that it imitates."""
    real, fake = "https://pay.example.com", "https://p\u0430y.example.com"
    assert ungrounded(fake, [real]) != ()


_DIGITS = "零一二三四五六七八九"


def _section(number: int) -> str:
    """Render 1 to 9999."""
    text, gap = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, number = divmod(number, unit)
        if digit:
            text += ("零" if gap and text else "") + _DIGITS[digit] + name
            gap = False
        else:
            gap = True
    return text


def _render(number: int) -> str:
    """Render as a Chinese numeral in full: 100050 is 十万零五十 with its leading 一."""
    if number == 0:
        return "零"
    text = ""
    for unit, name in ((10**8, "亿"), (10**4, "万"), (1, "")):
        part, number = divmod(number, unit)
        if part:
            text += ("零" if text and part < 1000 else "") + _section(part) + name
    return text


_FINANCIAL = str.maketrans("一二三四五六七八九十百千", "壹贰叁肆伍陆柒捌玖拾佰仟")
_TRADITIONAL = str.maketrans("一二三四五六七八九十百千万亿", "壹貳參肆伍陸柒捌玖拾佰仟萬億")


def _short(number: int) -> str | None:
    """Render the way it is said where it ends with one digit of the next lower unit: 1200 is 一千二."""
    for unit, name in ((10**4, "万"), (1000, "千"), (100, "百")):
        high, low = divmod(number, unit)
        if low and low % (unit // 10) == 0 and 0 < high < 10:
            return _DIGITS[high] + name + _DIGITS[low // (unit // 10)]
    return None


@given(st.integers(0, 10**8) | st.integers(0, 10**4))
@example(100_050_000)
@example(10)
@example(10_000)
@example(1010)
def test_numerals_round_trip(number: int) -> None:
    """Every way to write a number from 0 to 10^8 reads as that number."""
    full = _render(number)
    ways = [full, full.translate(_FINANCIAL), full.translate(_TRADITIONAL), full.replace("二千", "两千")]
    ways += [str(number), f"{number:,}", "".join(chr(0xFF10 + int(digit)) for digit in str(number))]
    if 10 <= number < 20:
        ways.append(full.removeprefix("一"))
    if number >= 10**4:
        ways.append(f"{number / 10**4:.4f}".rstrip("0").rstrip(".") + "万")
    if short := _short(number):
        ways.append(short)
    for way in ways:
        assert parse_numeral(fold_numerals(way + "元")[:-1]) == number, way
        assert ungrounded(f"退款{way}元。", [f"{number}元"]) == (), way
    # Digit by digit, as years are read; two neighbours before a unit are a range instead (五六元).
    assert parse_numeral("".join(_DIGITS[int(digit)] for digit in str(number))) == number


@given(st.integers(1, 10**6), st.integers(1, 10**6))
def test_different_numbers_never_support_each_other(first: int, second: int) -> None:
    """Two numbers support each other only where they are equal, however they are written."""
    supported = ungrounded(f"{_render(first)}元", [f"{second:,}元"]) == ()
    assert supported == (first == second)


@pytest.mark.parametrize(
    "run", ["", "万一", "百", "百十", "一一千", "零零百", "十百", "点五", "三点", "1点5", "亿", "一万一万"]
)
def test_a_malformed_numeral_is_none(run: str) -> None:
    """Numeral characters in an order that names no number are not a number."""
    assert parse_numeral(run) is None
    assert parse_span(run) is None


_SPICE = st.text(
    alphabet=st.sampled_from(
        list("0123456789,.:-/~%$¥@年月日号天点时分半两三十百千万元块角折周明后今到至第个工作 \n[{}]<>aZ\0\ud800①３")
    ),
    max_size=60,
)


@given(st.text(st.characters()) | _SPICE)
@example("\ud800" * 3 + "3天\0")
@example("十三天3.元-:,")
def test_any_text_is_read_and_supports_itself(text: str) -> None:
    """Spans slice the text as given, reading it twice gives the same, and every text supports its own facts."""
    facts = find_facts(text)
    assert facts == find_facts(text)
    assert len({hash(fact) for fact in facts}) <= len(facts)
    assert all(first.end <= second.start for first, second in pairwise(facts))
    for fact in facts:
        assert 0 <= fact.start < fact.end <= len(text)
        assert fact.text == text[fact.start : fact.end]
    assert ungrounded(text, [text]) == ()
    assert ungrounded(text, []) == facts


@pytest.mark.parametrize(
    ("unit", "size"),
    [
        *((unit, 1_000_000) for unit in ("1", "一", "1,", "三点")),
        *((unit, 100_000) for unit in ("1-", "1 ", "1.", "a-", "a.", "a@", "http://", "[", "{{", "<a", "11/8", "一到")),
        *((unit, 100_000) for unit in ("半", "12:30", "$", "+1 ", "(0", "周一", "订单a", "满1", "a1-", "1万", "万1")),
        *((unit, 100_000) for unit in ("1到", "零", "1天", "1元", "$1 ", "11月8日", "明天", "3点 ", "a1001 ")),
        ("\0", 100_000),
        ("\ud800", 100_000),
        ("http://" + "." * 1990 + "a ", 100_000),
    ],
)
def test_a_long_text_of_one_thing_is_read(unit: str, size: int) -> None:
    """Hostile repetition costs no more than its length: up to a million code points are read to the end."""
    text = (unit * (size // len(unit) + 1))[:size]
    for fact in find_facts(text):
        assert fact.end <= size


def test_many_different_claims_and_sources_are_compared() -> None:
    """Comparing costs no more than the number of facts: twenty thousand against twenty thousand."""
    claims = "，".join(f"{number}元" for number in range(10_000, 30_000))
    sources = "，".join(f"{number}元" for number in range(40_000, 60_000))
    assert len(ungrounded(claims, [sources])) == 20_000
