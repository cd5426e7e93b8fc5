"""The checker, rule kind by rule kind, each with a playbook of one or two rules."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replykit.checker import LONGEST_TEXT, Checker, checker_for
from replykit.errors import PlaybookError, TextError
from replykit.loader import load_playbook
from replykit.pattern import Pattern
from replykit.playbook import Playbook
from replykit.records import Report
from replykit.rules import Condition, Rule, SignalRule

WORDS = {"we": ("我们", "这边"), "party": ("仓库", "物流"), "fault": ("发错了", "漏发")}


def _rule(**fields: Any) -> Rule:
    """A rule with everything that the fields leave open."""
    given: dict[str, Any] = {"id": "rule", "principle": "principle", "severity": "error", "message": "“{text}”"}
    return Rule(**{**given, "source": "test", "bad": ("bad",), "good": ("good",), **fields})


def _phrase(*phrases: str, **fields: Any) -> Rule:
    return _rule(kind="phrase", phrases=phrases, **fields)


def _pattern(*patterns: str, **fields: Any) -> Rule:
    return _rule(kind="pattern", patterns=patterns, **fields)


def _checker(*rules: Rule, **fields: Any) -> Checker:
    return Checker(Playbook(name="test", rules=rules, words=WORDS, **fields))


def _texts(rules: Rule | tuple[Rule, ...], text: str, **given: Any) -> list[str]:
    """What is found, as it stands in the text."""
    checker = _checker(*(rules if isinstance(rules, tuple) else (rules,)))
    return [violation.text for violation in checker.check(text, **given).violations]


def _severities(rule: Rule, text: str, **given: Any) -> list[str]:
    return [violation.severity for violation in _checker(rule).check(text, **given).violations]


# --- phrase --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["没办法", "沒辦法", "真没办法的", "（没办法）", "a没办法b", "没办法\n", "\ud800没办法"]
)
def test_a_phrase_is_found_wherever_it_stands(text: str) -> None:
    """A Chinese phrase needs no boundary, and its script and width do not matter."""
    assert len(_texts(_phrase("没办法"), text)) == 1


@pytest.mark.parametrize("text", ["ok", "OK", "ＯＫ", "好OK的", "OK!", "“OK，”好", "ok。", "ok-", "ok. 好"])
def test_a_latin_phrase_is_found_beside_chinese(text: str) -> None:
    """Between Chinese characters, marks and spaces a Latin phrase is a word of its own."""
    assert len(_texts(_phrase("ok", in_quotes=True), text)) == 1


@pytest.mark.parametrize(
    "text", ["token", "TOKEN", "ok2", "ok_1", "book", "is-ok-now", "ok.com", "a@ok", "http:ok", "o k"]
)
def test_a_latin_phrase_inside_a_word_is_none(text: str) -> None:
    """OK is none in TOKEN, nor in a host name, an identifier or a compound."""
    assert _texts(_phrase("ok"), text) == []


def test_a_phrase_is_taken_letter_by_letter() -> None:
    """Characters with a meaning in patterns have none in a phrase."""
    assert _texts(_phrase("a.b", "100%", "(好)"), "aXb a.b 100 １００％ 好 （好）") == ["a.b", "１００％", "（好）"]


def test_a_phrase_with_mixed_edges_needs_a_boundary_on_its_latin_side() -> None:
    """Only the Latin edge of a phrase asks for a boundary."""
    assert _texts(_phrase("说ok"), "说ok了 说okay 说OK") == ["说ok", "说OK"]


# --- pattern -------------------------------------------------------------------------------------------------------


def test_a_pattern_reports_its_group_hit() -> None:
    """The group named hit is the violation; what is around it only decides."""
    assert _texts(_pattern("{we}(?P<hit>没有?办法)"), "我们没办法；您没办法；这边沒有辦法") == ["没办法", "沒有辦法"]


def test_a_pattern_does_not_cross_a_sentence() -> None:
    """A match lies inside one sentence."""
    assert _texts(_pattern("抱歉.*没办法"), "抱歉。没办法") == []
    assert _texts(_pattern("抱歉.*没办法"), "抱歉，没办法") == ["抱歉，没办法"]


def test_a_pattern_without_literals_is_tried_everywhere() -> None:
    """A pattern that needs no literal runs over every sentence."""
    assert _texts(_pattern(r"\d+"), "三天。5天！10天") == ["5", "10"]


def test_a_pattern_that_matches_nothing_finds_nothing() -> None:
    """An empty match is no violation."""
    assert _texts(_pattern("(?:没办法)?"), "好的") == []


def test_the_start_and_end_of_a_pattern_are_the_sentence() -> None:
    """^ and $ stand for the sentence, its closing mark included."""
    assert _texts(_pattern("^好的。$"), "好的。不好的。好的。") == ["好的。", "好的。"]


@pytest.mark.parametrize(
    ("text", "span"), [("😀没😀办😀法", (1, 6)), ("𠀀沒辦法", (1, 4)), ("\u202e没\u200b办法", (1, 5))]
)
def test_spans_are_code_points_of_the_text_as_given(text: str, span: tuple[int, int]) -> None:
    """Offsets are those of the original, whatever was taken off to read it."""
    (violation,) = _checker(_pattern("没办法")).check(text).violations
    assert (violation.start, violation.end) == span
    assert text[violation.start : violation.end] == violation.text


# --- together ------------------------------------------------------------------------------------------------------

_TOGETHER = {"kind": "together", "together": (("{party}",), ("{fault}", "不负责"))}


@pytest.mark.parametrize("text", ["仓库发错了", "发错了，是的，漏发的是仓库", "物流那边真是不负责", "仓库昨天漏发"])
def test_together_finds_one_of_each_list_in_any_order(text: str) -> None:
    """One entry of every list, inside one clause, in either order."""
    assert len(_texts(_rule(**_TOGETHER), text)) == 1


@pytest.mark.parametrize(
    "text", ["仓库，发错了", "仓库。发错了", "仓库", "发错了", "仓库在今天下午两点十五分左右的时候漏发"]
)
def test_together_stays_inside_clause_and_window(text: str) -> None:
    """Another clause, a missing part, or more than the window between them is no hit."""
    assert _texts(_rule(**_TOGETHER), text) == []


def test_the_window_of_together_is_counted_in_code_points() -> None:
    """The window is the most that may stand between two entries."""
    assert _texts(_rule(**_TOGETHER, window=2), "仓库一二漏发") == ["仓库一二漏发"]
    assert _texts(_rule(**_TOGETHER, window=1), "仓库一二漏发") == []


def test_together_takes_three_lists() -> None:
    """All lists must be there."""
    rule = _rule(kind="together", together=(("仓库",), ("昨天",), ("漏发",)))
    assert len(_texts(rule, "昨天仓库漏发；漏发是昨天仓库；仓库漏发")) == 2


# --- count ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "found"), [("抱歉，抱歉", []), ("抱歉，抱歉。真的抱歉，抱歉", ["抱歉", "抱歉"])])
def test_count_reports_what_is_too_much(text: str, found: list[str]) -> None:
    """Matches up to the limit are fine, over the whole reply; each further one is a violation."""
    assert _texts(_rule(kind="count", patterns=("抱歉",), at_most=2), text) == found


def test_count_reports_the_places_behind_the_limit() -> None:
    """It is the surplus that is reported."""
    (violation,) = (
        _checker(_rule(kind="count", patterns=("抱歉", "对不起"), at_most=1)).check("抱歉。对不起").violations
    )
    assert (violation.start, violation.text) == (3, "对不起")


# --- order ---------------------------------------------------------------------------------------------------------

_ORDER = {"kind": "order", "first": ("抱歉", "理解"), "then": (r"\p{Han}{2,}",), "exceptions": ("您好|亲",)}


@pytest.mark.parametrize("text", ["抱歉，订单已发货", "您好，抱歉，订单已发货", "您好。我非常理解您", "您好！", ""])
def test_order_is_kept(text: str) -> None:
    """What must come first does, or nothing follows that would need it; a greeting is excused."""
    assert _texts(_rule(**_ORDER), text) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [("订单已发货，抱歉", "订单已发货"), ("您好，订单已发货。抱歉", "订单已发货"), ("您好。订单已发货", "订单已发货")],
)
def test_order_reports_the_first_thing_that_came_too_early(text: str, found: str) -> None:
    """Only the first place is reported."""
    assert _texts(_rule(**_ORDER), text) == [found]


# --- require -------------------------------------------------------------------------------------------------------


def test_require_reports_what_is_missing_at_the_end() -> None:
    """A missing thing is a violation of no length at the end of the reply."""
    (violation,) = _checker(_rule(kind="require", patterns=("抱歉", "谢谢"))).check("订单已发货。").violations
    assert (violation.start, violation.end, violation.text) == (6, 6, "")


@pytest.mark.parametrize("text", ["抱歉。", "好的。謝謝您", "谢 谢 您"])
def test_require_is_content_with_one(text: str) -> None:
    """One of the patterns anywhere, in either script, is enough."""
    assert _texts(_rule(kind="require", patterns=("抱歉", "谢谢")), text) == []


def test_require_reports_at_the_end_of_a_disguised_text() -> None:
    """Where invisible characters were taken off, the end is still the end of the text as given."""
    text = "没\u200b办\u200b法\u200b"
    (violation,) = _checker(_rule(kind="require", patterns=("抱歉",))).check(text).violations
    assert violation.start == violation.end
    assert violation.end <= len(text)


# --- guard ---------------------------------------------------------------------------------------------------------


def test_a_guard_compares_with_what_was_given() -> None:
    """The guard's own findings come with the rule's severity and message."""
    rule = _rule(kind="guard", guard="grounded-facts", severity="warning", message="请核实“{text}”")
    (violation,) = _checker(rule).check("11月28日送达", facts=["11月25日送达"]).violations
    assert (violation.text, violation.severity, violation.message) == ("11月28日", "warning", "请核实“11月28日”")
    assert _texts(rule, "11月25日送达", facts=["11月25日送达"]) == []
    assert _texts(rule, "11月28日送达") == []


def test_a_guard_runs_only_where_its_conditions_on_the_given_hold() -> None:
    """A condition on the customer's message switches a guard on."""
    rule = _rule(kind="guard", guard="grounded-facts", when=({"find": ("什么时候",), "within": "customer"},))
    assert _texts(rule, "11月28日", customer="什么时候到") == ["11月28日"]
    assert _texts(rule, "11月28日", customer="到哪了") == []


# --- places --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "hits", "misses"),
    [
        ("anywhere", ["您说好的吗", "好的"], []),
        ("clause", ["好的", "您好，好的！", "嗯 好的 呢", "好的~"], ["好的呢", "真好的", "您说好的"]),
        ("clause-start", ["好的呢", "您好，好的呢", "（好的呢）"], ["真好的", "您说好的"]),
        ("clause-end", ["真好的", "真好的，您看", "真好的~"], ["好的呢", "真好的呢"]),
        ("reply-start", ["好的，您看", "  好的"], ["您好，好的", "您好。好的"]),
        ("reply", ["好的", "好的。", " 好的！~"], ["好的，您看", "您好，好的", "好的呢"]),
    ],
)
def test_a_place_narrows_a_rule(place: str, hits: list[str], misses: list[str]) -> None:
    """A hit counts only at the rule's place; the very same words elsewhere do not."""
    rule = _phrase("好的", at=place)
    assert [text for text in hits if not _texts(rule, text)] == []
    assert [text for text in misses if _texts(rule, text)] == []


# --- exceptions ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("可能明天到", 1),
        ("尽可能明天到", 0),
        ("有这种可能性", 0),
        ("可能性能有提升", 1),  # 可能|性能
        ("可能，性能有提升", 1),
        ("不可能的", 0),
        ("不 可 能 的", 0),
        ("盡可能", 0),
        ("尽可能，可能", 1),
        ("可能可能性", 1),
    ],
)
def test_an_exception_excuses_what_it_covers(text: str, found: int) -> None:
    """A hit inside an exception is none, unless a counter-exception covers it as well."""
    rule = _phrase("可能", exceptions=("(?:尽|不)可能", "可能性"), counter_exceptions=("可能性能",))
    assert len(_texts(rule, text)) == found


def test_an_exception_must_cover_the_whole_hit() -> None:
    """An exception that only touches a hit excuses nothing."""
    assert _texts(_phrase("没办法", exceptions=("办法好",)), "没办法好") == ["没办法"]


def test_an_exception_is_found_behind_one_that_overlaps_it() -> None:
    """Each exception stands for itself: one that covers the hit counts though another begins before it."""
    assert _texts(_phrase("可能", exceptions=("不可", "可能性")), "不可能性") == []


def test_an_exception_does_not_reach_into_another_sentence() -> None:
    """Exceptions are looked for in the sentence of the hit."""
    assert _texts(_phrase("可能", exceptions=("尽.可能",)), "尽。可能") == ["可能"]


# --- conditions ----------------------------------------------------------------------------------------------------

# scope, a reply in which the mark 甲 stands there, and one in which it stands elsewhere
_SCOPES = [
    ("hit", "好甲的", "甲好的"),
    ("before", "好，甲再好的", "好的甲"),
    ("after", "好的，再甲", "甲好的"),
    ("clause", "您甲好的呢，谢谢", "您甲，好的"),
    ("sentence", "您甲，好的", "您甲。好的"),
    ("previous", "您甲。好的", "您甲好的"),
    ("next", "好的。您甲", "您甲好的"),
    ("rest", "好的。您甲", "您甲好的"),
    ("rest", "您甲，好的", "好的甲"),
    ("reply", "您甲。好的", "好的"),
]


@pytest.mark.parametrize(("scope", "there", "elsewhere"), _SCOPES)
def test_conditions_look_where_they_say(scope: str, there: str, elsewhere: str) -> None:
    """A condition holds where its pattern stands in its scope: for when, unless and soften, and turned round."""
    condition, absent = {"find": ("甲",), "within": scope}, {"find": ("甲",), "within": scope, "absent": True}

    def severities(text: str, **fields: Any) -> list[str]:
        return _severities(_pattern("好甲?的", **fields), text)

    assert severities(there, when=(condition,)) == ["error"]
    assert severities(elsewhere, when=(condition,)) == []
    assert severities(there, unless=(condition,)) == []
    assert severities(elsewhere, unless=(condition,)) == ["error"]
    assert severities(there, soften=(condition,)) == ["warning"]
    assert severities(elsewhere, soften=(condition,)) == ["error"]
    assert severities(there, when=(absent,)) == []
    assert severities(elsewhere, when=(absent,)) == ["error"]


@pytest.mark.parametrize("scope", ["customer", "draft", "facts"])
def test_conditions_look_at_what_was_given(scope: str) -> None:
    """A condition on the customer's message, the draft or the facts holds where its pattern stands there, folded."""
    rule = _phrase("没办法", when=({"find": ("退款",), "within": scope},))
    given = ["怎么退 款？"[:2] + "样？我要退款"] if scope == "facts" else "我要退款"
    assert _severities(rule, "没办法", **{scope: given}) == ["error"]
    assert _severities(rule, "没办法", **{scope: ["物流"] if scope == "facts" else "物流"}) == []
    assert _severities(rule, "没办法，退款") == []


@pytest.mark.parametrize(
    ("scope", "value", "other"),
    [("stage", "propose", "accept"), ("channel", "email", "chat"), ("length", "short", "long")],
)
def test_conditions_look_at_what_was_asked_for(scope: str, value: str, other: str) -> None:
    """Stage, channel and length are read by their ids; what is not given holds nothing, and may be wished absent."""
    asked, absent = {"within": scope, "find": (value,)}, {"within": scope, "find": (value,), "absent": True}
    for rule in (_phrase("好的"), _rule(kind="require", patterns=["可以"])):
        only, never = (_checker(rule.model_copy(update={"when": (Condition(**c),)})) for c in (asked, absent))
        assert not only.check("好的").violations
        assert not only.check("好的", **{scope: other}).violations
        assert only.check("好的", **{scope: value}).violations
        assert never.check("好的").violations
        assert never.check("好的", **{scope: other}).violations
        assert not never.check("好的", **{scope: value}).violations


def test_conditions_look_at_the_signs_in_the_customers_message() -> None:
    """A rule may ask what the customer's message is a sign of, in the words of the signals."""
    signal = SignalRule(id="shout", kind="abuse", patterns=["笨蛋"], source="test", bad=["笨蛋"], good=["笨"])
    rule = _phrase("好的", when=[{"within": "signals", "find": ["^abuse$"]}])
    checker = _checker(rule, signals=(signal, signal.model_copy(update={"id": "name", "kind": "threat"})))
    assert checker.check("好的", customer="笨蛋！").violations
    assert not checker.check("好的", customer="笨").violations
    assert not checker.check("好的").violations


def test_every_condition_of_when_must_hold_and_none_of_unless() -> None:
    """Conditions of when are joined by and, those of unless and soften by or, the patterns of one by or."""
    rule = _phrase(
        "没办法",
        when=({"find": ("改|退",)}, {"find": ("单",)}),
        unless=({"find": ("吗",)}, {"find": ("如果", "要是"), "within": "before"}),
    )
    assert _severities(rule, "没办法改单") == ["error"]
    assert _severities(rule, "没办法改") == []
    assert _severities(rule, "没办法改单吗") == []
    assert _severities(rule, "要是没办法改单") == []


def test_softening_makes_a_warning_and_never_an_error() -> None:
    """A softened error is a warning; a warning stays one."""
    soften = ({"find": ("帮您",), "within": "rest"},)
    assert _severities(_phrase("没办法", soften=soften), "没办法。我帮您查") == ["warning"]
    assert _severities(_phrase("没办法", soften=soften, severity="warning"), "没办法") == ["warning"]


# --- quotations ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["请点击“OK”保存", "请看《OK》这本书", "请运行 `ok` 命令", "请打开【OK】页面"])
def test_a_quotation_is_no_use(text: str) -> None:
    """What stands in quotation marks, labels, titles or code counts only for a rule that says so."""
    assert _texts(_phrase("ok"), text) == []
    assert len(_texts(_phrase("ok", in_quotes=True), text)) == 1


# --- overlaps ------------------------------------------------------------------------------------------------------


def test_of_overlapping_violations_of_one_principle_the_longest_stays() -> None:
    """One place is reported once for a principle, with the most that was found there."""
    rules = (_phrase("没办法"), _phrase("真没办法了", id="longer"))
    assert _texts(rules, "真没办法了") == ["真没办法了"]


def test_an_error_goes_before_a_longer_warning() -> None:
    """The gravest stays, then the longest."""
    rules = (_phrase("没办法"), _phrase("真没办法了", id="longer", severity="warning"))
    (violation,) = _checker(*rules).check("真没办法了").violations
    assert (violation.text, violation.severity) == ("没办法", "error")


def test_overlapping_violations_of_two_principles_both_stay() -> None:
    """A use may break two principles."""
    rules = (_phrase("没办法"), _phrase("真没办法了", id="longer", principle="another"))
    assert _texts(rules, "真没办法了") == ["真没办法了", "没办法"]


def test_violations_beside_each_other_all_stay() -> None:
    """Neighbours are not overlaps; the report is in order of their start."""
    rules = (_phrase("不知道", id="b"), _phrase("没办法", id="a"))
    assert _texts(rules, "没办法不知道没办法") == ["没办法", "不知道", "没办法"]


# --- what is said --------------------------------------------------------------------------------------------------


def test_the_message_names_the_text() -> None:
    """{text} in a message stands for the violation as it was written; braces in it stay."""
    (violation,) = _checker(_phrase("没办法", message="不说“{text}”，说{别的}。")).check("沒 辦 法").violations
    assert violation.message == "不说“沒 辦 法”，说{别的}。"


def test_a_traditional_reply_is_answered_in_traditional_script() -> None:
    """Message and suggestions come in the script asked for, else in the reply's own."""
    rule = _phrase("没办法", message="“{text}”不妥。", suggestions=("我马上为您处理。",))
    checker = _checker(rule, traditional={"我马上为您处理。": "我馬上為您處理。", "“{text}”不妥。": "「{text}」不妥。"})
    for report in (checker.check("沒辦法處理訂單"), checker.check("没办法", language="zh-Hant")):
        assert report.violations[0].suggestions == ("我馬上為您處理。",)
        assert report.violations[0].message.startswith("「")
    assert checker.check("没办法处理订单").violations[0].suggestions == ("我马上为您处理。",)


def test_a_company_adds_to_a_word_list() -> None:
    """A rule finds what a company's own playbook adds to the list that it refers to."""
    rule = _pattern("{party}{fault}")
    playbook = Playbook(name="company", rules=(rule,), words={**WORDS, "party": (*WORDS["party"], "采购二部")})
    assert [v.text for v in Checker(playbook).check("采购二部漏发").violations] == ["采购二部漏发"]
    assert _texts(rule, "采购二部漏发") == []


# --- the checker itself --------------------------------------------------------------------------------------------


def test_a_report_is_ok_without_errors() -> None:
    """Warnings do not make a reply unfit to be sent."""
    report = _checker(_phrase("没办法", severity="warning")).check("没办法")
    assert report.ok
    assert len(report.warnings) == 1
    assert not _checker(_phrase("没办法")).check("没办法").ok


@pytest.mark.parametrize("text", ["", " ", "\n", "\x00", "😀", "\u200b", "\ud800", "\u202e\u202c", "。", "“", "```"])
def test_a_text_without_words_is_checked(text: str) -> None:
    """Nothing in the world is refused but a text that is too long."""
    report = checker_for(load_playbook("zh")).check(text, customer=text, facts=[text], draft=None)
    assert report.text == text
    assert report.ok


def test_a_text_that_is_too_long_is_refused() -> None:
    """The message says how long it is and what to do."""
    with pytest.raises(TextError, match=r"5,000,001 code points; split it"):
        _checker(_phrase("没办法")).check("好" * (LONGEST_TEXT + 1))


def test_a_playbook_without_rules_finds_nothing() -> None:
    """An empty playbook is no error."""
    assert _checker().check("没办法").violations == ()


def test_validate_names_the_rule_whose_pattern_is_wrong() -> None:
    """A pattern that is not RE2 is found before it is needed, wherever in the rule it stands."""
    for fields in (
        {"patterns": ("(好",)},
        {"patterns": ("好",), "exceptions": (r"(好)\1",)},
        {"patterns": ("好",), "unless": ({"find": ("(?=好)",)},)},
    ):
        with pytest.raises(PlaybookError, match=r"rule 'broken': .*is not RE2"):
            _checker(_rule(id="broken", kind="pattern", **fields)).validate()


def test_an_unknown_word_list_is_refused_when_the_checker_is_built() -> None:
    """A reference to no list never waits for a reply that would need it."""
    with pytest.raises(PlaybookError, match="'nobody'"):
        _checker(_pattern("{nobody}没办法"))


def test_one_checker_a_playbook() -> None:
    """The same playbook is compiled once."""
    playbook = Playbook(name="test", rules=(_phrase("没办法"),))
    assert checker_for(playbook) is checker_for(playbook)
    assert checker_for(playbook) is not checker_for(Playbook(name="test", rules=(_phrase("没办法"),)))


def test_a_checker_is_used_from_many_threads() -> None:
    """Threads that share a checker read what one alone reads."""
    checker = Checker(load_playbook("zh"))
    texts = [f"{n}呵呵，大哥，这个没办法的。可能明天到。" for n in range(40)]
    with ThreadPoolExecutor(8) as pool:
        reports = list(pool.map(checker.check, texts))
    assert reports == [checker.check(text) for text in texts]


REPLIES = st.lists(
    st.sampled_from(
        [
            "没办法",
            "可能",
            "明天到",
            "我帮您查",
            "抱歉",
            "您好",
            "，",
            "。",
            "？",
            " ",
            "\u200b",
            "大姐",
            "仓库",
            "发错了",
            "“",
            "”",
            "3天",
        ]
    ),
    max_size=14,
).map("".join)


@settings(max_examples=150)
@given(REPLIES)
def test_every_span_is_a_slice_of_the_reply(text: str) -> None:
    """With the built-in playbook, text[start:end] is the violation's text, and the order is that of the starts."""
    report = checker_for(load_playbook("zh")).check(text, customer="太慢了，投诉！", facts=["明天到"])
    assert [text[v.start : v.end] for v in report.violations] == [v.text for v in report.violations]
    assert [v.start for v in report.violations] == sorted(v.start for v in report.violations)


@settings(max_examples=50)
@given(REPLIES)
def test_a_report_is_the_same_every_time_and_round_trips(text: str) -> None:
    """The same text gives the same report, and a report goes through JSON and back."""
    checker = checker_for(load_playbook("zh"))
    report = checker.check(text)
    assert checker.check(text) == report
    data = report.model_dump(exclude={"ok"})
    assert Report.model_validate(data) == report


# --- signals of the customer ---------------------------------------------------------------------------------------


def test_assess_reports_signals_with_spans() -> None:
    """A signal names its kind, its rule and its place; an exception and a condition excuse it."""
    signal = SignalRule(
        id="angry",
        kind="distress",
        patterns=("气死",),
        escalate=True,
        exceptions=("气死风灯",),
        unless=({"find": ("没有",), "within": "before"},),
        source="test",
        bad=("气死我了",),
        good=("气死风灯",),
    )
    checker = _checker(signals=(signal,))
    assessment = checker.assess("真的氣死我了")
    assert [(s.kind, s.rule, s.start, s.text) for s in assessment.signals] == [("distress", "angry", 2, "氣死")]
    assert assessment.escalate
    assert assessment.distress
    for calm in ("买一盏气死风灯", "我没有气死", "您好", ""):
        assert checker.assess(calm).signals == ()
        assert not checker.assess(calm).escalate


# --- size ----------------------------------------------------------------------------------------------------------

HOSTILE = {
    "one character": "没",
    "commas": "，",
    "no punctuation": "请问您需要哪一款商品",
    "spaces between characters": "没 ",
    "quotation marks": "“”",
    "open quotation marks": "“",
    "back ticks": "`",
    "open code": "```a",
    "addresses": "a@",
    "dots": "ok.",
    "line breaks": "\n",
    "interjections": "哦",
    "triggers": "可能大概一定保证不知道",
    "hits": "没办法。",
    "invisible": "没\u200b办\u200b法",
    "stretched": "没没没办办办法法法",
    "exceptions": "尽可能可能性",
}


def _hostile(piece: str, size: int) -> str:
    return (piece * (size // len(piece) + 1))[:size]


@pytest.mark.parametrize(
    "name", [name for name in HOSTILE if name not in ("hits", "invisible", "stretched", "triggers")]
)
def test_a_megabyte_is_checked(name: str) -> None:
    """A megabyte of what is hard to read is read to the end."""
    text = _hostile(HOSTILE[name], 1_000_000 // len(HOSTILE[name][0].encode()))
    assert checker_for(load_playbook("zh")).check(text).text == text


@pytest.mark.parametrize("name", HOSTILE)
def test_the_work_grows_with_the_text_and_no_faster(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twice the text is at most a little more than twice the code points that patterns have to look at."""
    looked_at = 0
    search, spans, covers = Pattern.search, Pattern.spans, Pattern.covers

    def counted(text: str) -> str:
        nonlocal looked_at
        looked_at += len(text)
        return text

    monkeypatch.setattr(Pattern, "search", lambda self, text: search(self, counted(text)))
    monkeypatch.setattr(Pattern, "spans", lambda self, text: spans(self, counted(text)))
    monkeypatch.setattr(Pattern, "covers", lambda self, text, a, b: covers(self, counted(text), a, b))
    checker = checker_for(load_playbook("zh"))
    work = []
    for size in (4_000, 8_000):
        looked_at = 0
        checker.check(_hostile(HOSTILE[name], size))
        work.append(looked_at)
    assert work[1] <= 2.2 * work[0] + 4_000
