"""What is not read because it cannot matter: every shortcut gives what the long way gives."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import re2
from hypothesis import example, given
from hypothesis import strategies as st

from replykit import counts, meaning, remedies, script, shield
from replykit.claims import ClaimReader
from replykit.clauses import Clauses, passages
from replykit.facts import find_facts, may_state
from replykit.facts.grounding import _READERS
from replykit.facts.numerals import Reader, fold_numerals
from replykit.loader import load_playbook
from replykit.placeholders import PlaceholderFinder
from replykit.prefilter import Prefilter, share
from replykit.remedies import RemedyReader
from replykit.text import fold

PLAYBOOK = load_playbook("zh")
READER = ClaimReader(PLAYBOOK.polarities)
FINDER = PlaceholderFinder(PLAYBOOK.placeholders)
REMEDIES = RemedyReader(PLAYBOOK.words)
LABELLED = Path(__file__).parent / "labelled"
PAIRS = [
    (case["draft"], case["reply"])
    for half in ("development", "held_out")
    for case in tomllib.loads((LABELLED / "meaning.toml").read_text("utf-8"))[half]
]

NUMERALS = list("0123456789零〇○一二两三十百千万亿廿半壹叁伍陆参佰仟")
SIGNS = list("天日号年月周期拜个分时点角毛元圆块$€¥币%‰赔罚之折升克斤件次位岁米倍层明今早晚后当隔@:/.,~-到至 \t\n")
PIECES = [
    "人民币",
    "工作日",
    "个月",
    "小时",
    "星期",
    "分钟",
    "分之",
    "一个",
    "十分",
    "day",
    "www.",
    "://",
    "two",
    "box",
]
FACTS = st.lists(st.sampled_from(NUMERALS + SIGNS + PIECES) | st.text(max_size=3), max_size=14).map("".join)

WORDS = ["不支持", "可以", "不能", "退款", "换货", "您好", "，", "。", "？", "：", " ", "但是", "不过", "可是", "然而"]
WORDS += ["如果您", "的话", "吗", "呢", "这呢", "能否", "什么时候", "如何", "除非", "3", "A", "~", "请勿", "凭取件码"]
WORDS += ["才能", "\n"]
STATEMENTS = st.lists(st.sampled_from(WORDS) | st.text(max_size=2), max_size=14).map("".join)


@given(FACTS)
@example("参佰")
@example("人民币 三")
@example("周三")
@example("两 points")
def test_what_may_state_nothing_states_nothing(text: str) -> None:
    """Where the quick look sees no fact, none is read, in passing or not, and nothing is counted."""
    if not may_state(fold(text)):
        assert find_facts(text) == ()
        assert counts._lost_counts(text, "") == []


@pytest.mark.parametrize(
    "text", ["您好，请您稍等一下，我马上为您查询。", "十分抱歉，这一个问题我来跟进。", "万一不行再联系我们。"]
)
def test_ordinary_replies_are_not_read_for_facts(text: str) -> None:
    """A numeral in a common word is no sign of a fact."""
    assert not may_state(fold(text))


@pytest.mark.parametrize("reader", [r for _, r in _READERS if r.starts], ids=lambda r: r.read.__name__)
@given(text=FACTS)
@example(text="5民国 113年11月8日")
@example(text="三三天 a半小时")
def test_a_reader_finds_what_its_pattern_finds(reader: Reader, text: str) -> None:
    """To look for where a match may begin finds every match."""
    folded = fold_numerals(text)
    found = [match.regs for match in reader.matches(folded)]
    assert found == [match.regs for match in reader.pattern.finditer(folded)]


PATTERNS = [
    "(?i:https?)://[a-z]+", "(?i)kiss", "退款|换货", "不(?:能|可以)退", "(?i:ß)x", r"\{\w+\}", "[您你]好", "#+",
]  # fmt: skip
TEXTS = st.lists(
    st.sampled_from(["http", "HTTPS", "://", "a", "kiss", "\u212aI\u017fs", "退款", "不能退", "ẞX", "{x}", "#", "你好"])
    | st.text(max_size=2),
    max_size=6,
).map("".join)


@pytest.mark.parametrize("patterns", [PATTERNS, PATTERNS[:2], PATTERNS[2:4], ["#+", r"\{\w+\}"], ["(?i)kiss"]])
@given(text=TEXTS)
def test_what_matches_may_match(patterns: list[str], text: str) -> None:
    """No pattern that matches is left out, whatever its case."""
    readable = re.sub("[\ud800-\udfff]", "\ufffd", text)
    matching = {number for number, pattern in enumerate(patterns) if re2.search(pattern, readable)}
    assert matching <= Prefilter([pattern] for pattern in patterns).may_match(text)


@given(text=TEXTS)
def test_prefilters_that_share_a_pass_find_what_each_finds(text: str) -> None:
    """One pass for several changes nothing of what any of them says, one that ignores case among them."""
    groups = [[[pattern] for pattern in patterns] for patterns in (PATTERNS[3:6], PATTERNS[6:], PATTERNS[:2], ["x*"])]
    alone, together = [Prefilter(patterns) for patterns in groups], [Prefilter(patterns) for patterns in groups]
    share(together)
    for one, other in zip(alone, together, strict=True):
        assert one.may_match(text) == other.may_match(text)
        assert one.hits(text) == other.hits(text)
        spans = [(0, len(text) // 2), (len(text) // 2, len(text))]
        assert list(one.may_match_in(text, spans)) == list(other.may_match_in(text, spans))


_NO_CONTACT = re.compile("[0-9a-z]|(?:[零〇○一二三四五六七八九幺壹贰貳叁參肆伍陆陸柒捌玖][ ·-]?){7}")


@given(st.text(alphabet="零〇一二幺壹貳玖 ·-a0电话", max_size=24))
@example("一二三四五六七")
@example("一 二·三-四 五 六 七 ")
def test_a_number_in_words_is_seen_as_it_is_said_to_be(text: str) -> None:
    """The quick pattern for what may name an address or a number is the plain one."""
    assert bool(shield._LETTER.search(text)) is bool(_NO_CONTACT.search(text))


@given(st.text(alphabet="已退款 \t·._*|/-\u200b\ufeff\u00adab", max_size=10))
def test_what_may_hide_something_is_seen(text: str) -> None:
    """The quick pattern finds what two say: a character that nobody sees, or a gap behind a Chinese one."""
    hides = remedies._UNSEEN.search(text) or re.search(r"(?<=[\u3400-\u9fff])[ \t\u3000·._*|/-]", text)
    assert bool(remedies._MAY_HIDE.search(text)) is bool(hides)


def test_most_replies_need_no_look_for_placeholders() -> None:
    """A text of Chinese characters and marks alone is not searched for any syntax."""
    assert not FINDER._prefilter.may_match("您好，已经为您查到，包裹今天下午送到。")
    assert FINDER._prefilter.may_match("请点 WWW.EXAMPLE.COM 查看")


_CLAUSE_END = re.compile(
    r"(?:(?<![0-9])[,:]|[,:](?![0-9])|[。!?;…~\n])+|(?<=[^\x00-\x7f]) +(?=[^\x00-\x7f])"
    r"|(?<!不)但(?!凡)是?|不过(?![期超多夜滤敏])|可是|然而"
)
_QUESTION = re.compile(
    r"吗|是否|能否|可否|能不能|可不可以|要不要|会不会|是不是|需不需要|有没有|[^这那]呢$|怎么|如何|什么时候"
)


@given(STATEMENTS)
def test_clauses_end_where_they_are_said_to_end(text: str) -> None:
    """The quick patterns part and question as the plain ones, which say it one after the other."""
    folded = fold(text)
    spans, asks, start = [], [], 0
    for match in _CLAUSE_END.finditer(folded + "\n"):
        if match.start() > start:
            spans.append((start, match.start()))
            asks.append("?" in match[0] or _QUESTION.search(folded[start : match.start()]) is not None)
        start = match.end()
    clauses = Clauses(folded)
    assert clauses.spans == spans
    assert [clauses.asks(number) for number in range(len(spans))] == asks


@given(st.text() | STATEMENTS)
def test_a_plain_text_has_the_language_that_it_has(text: str) -> None:
    """Chinese without codes, quotations and other alphabets is told from its characters alone."""
    found = script.detect_language(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(script, "_UNPLAIN", re.compile(""))
        assert script.only(script.tongues_of().read(text)) == found


def _in_full(draft: str, reply: str) -> object:
    """Compare without a shortcut: every polarity read on both sides, and every clause of the reply."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ClaimReader, "disputable", lambda self, one, other: frozenset(range(len(self.polarities))))
        patch.setattr(meaning._Comparison, "_stands_as_it_stood", lambda *arguments: False)
        patch.setattr("replykit.meaning.may_state", lambda folded: True)
        return meaning.contradictions(READER, draft, reply)


@given(STATEMENTS, STATEMENTS, STATEMENTS)
def test_opposites_are_found_where_they_may_stand(draft: str, reply: str, shared: str) -> None:
    """What two texts cannot dispute need not be read."""
    for one, other in ((draft, reply), (shared + draft, shared + reply), (draft + shared, reply + shared)):
        assert meaning.contradictions(READER, one, other, fold(other)) == _in_full(one, other)


@pytest.mark.parametrize("pairs", [PAIRS[start::8] for start in range(8)])
def test_labelled_pairs_need_no_full_comparison(pairs: list[Any]) -> None:
    """The pairs that the rules were measured with, as they are and turned."""
    for draft, reply in pairs:
        assert meaning.contradictions(READER, draft, reply) == _in_full(draft, reply)
        assert meaning.contradictions(READER, reply, draft) == _in_full(reply, draft)


PROMISES = [
    "退款",
    "赔偿",
    "补发",
    "赠送",
    "优惠券",
    "给您",
    "已经",
    "全额",
    "可以",
    "不能",
    "审核通过后",
    "申请",
    "半价",
]


@given(st.lists(st.sampled_from(PROMISES + WORDS) | st.text(max_size=2), max_size=16).map("".join))
@example("退款。 给您赔偿 补发,。退款")
def test_promises_are_read_where_they_stand(text: str) -> None:
    """To part only the sentences in which a remedy stands gives what to part the whole text gives."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Prefilter, "hits", lambda self, text: None)
        whole = REMEDIES.commitments(text)
    assert REMEDIES.commitments(text) == whole


@given(STATEMENTS)
def test_a_passage_has_the_clauses_of_the_text(text: str) -> None:
    """Around every character stand the same clauses, which ask the same, as in the text as a whole."""
    folded = fold(text)
    whole = Clauses(folded)
    for position, (offset, clauses) in enumerate(passages(folded, range(len(folded)))):
        number = clauses.index(position - offset)
        if any(start <= position < end for start, end in whole.spans):
            first, last = whole.spans[whole.index(position)]
            assert clauses.spans[number] == (first - offset, last - offset)
            assert clauses.asks(number) is whole.asks(whole.index(position))


def test_many_hits_are_read_in_one_pass() -> None:
    """A long text without an end of a sentence is parted once, not once for every hit."""
    assert len(REMEDIES.commitments("给您退款," * 20_000)) == 20_000
