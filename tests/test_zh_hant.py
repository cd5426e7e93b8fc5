"""The playbook of Taiwan: its own words and rules beside those of `zh`, which go on holding for converted text."""

from __future__ import annotations

import functools
import importlib.util
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opencc import OpenCC

import replykit
from replykit import snapshot
from replykit.facts import find_facts
from replykit.lint import prove
from replykit.lint.subject import Subject
from replykit.loader import BUILT_IN, load_playbook, read_playbook
from replykit.playbook import Playbook
from replykit.prompts import messages_for, record_messages
from replykit.records import Assessment, Request, Turn
from replykit.rules import Example, Rule
from replykit.script import detect_language, leaks
from replykit.testing import FakeChat
from replykit.text import fold

TAIWAN = "zh-Hant"


def _broken(text: str, severity: str = "error") -> set[str]:
    return {v.principle for v in replykit.check(text, playbook=TAIWAN).violations if v.severity == severity}


# --- the playbook itself --------------------------------------------------------------------------------------------


def test_the_playbook_says_what_it_is() -> None:
    """It is named, speaks traditional script alone, and adds to `zh` as a company's playbook would."""
    playbook = load_playbook(TAIWAN)
    assert (playbook.name, playbook.languages, playbook.extends) == (TAIWAN, ("zh-Hant",), "zh")
    base = load_playbook("zh")
    assert {rule.id for rule in base.rules} < {rule.id for rule in playbook.rules}
    assert [principle.id for principle in playbook.principles] == [principle.id for principle in base.principles]


def test_it_proves_itself() -> None:
    """Its examples run, the inherited ones too, and whatever it says passes its own rules."""
    assert [flaw for flaw in prove(*read_playbook(TAIWAN)) if flaw.level == "error"] == []


def test_whatever_is_sent_word_for_word_breaks_nothing() -> None:
    """A ready line and a professional wording have no warning either, and are written in traditional script."""
    playbook = load_playbook(TAIWAN)
    for text in (*(line.text for line in playbook.lines), *(pair.professional for pair in playbook.pairs)):
        assert replykit.check(text, playbook=TAIWAN, language="zh-Hant").violations == (), text


def test_every_line_is_its_own() -> None:
    """No ready line, pair or principle of `zh` is left that a reader in Taiwan would be given in another script."""
    playbook = load_playbook(TAIWAN)
    for text in (
        *(line.text for line in playbook.lines),
        *(pair.professional for pair in playbook.pairs),
        *(pair.habitual for pair in playbook.pairs),
        *(text for one in playbook.principles for text in (one.title, one.why, *one.guidance)),
        playbook.description,
    ):
        assert leaks(text, "zh-Hant") == (), text


def _script() -> Callable[[Playbook], tuple[str, ...]]:
    path = Path(__file__).parent.parent / "scripts" / "write_traditional.py"
    spec = importlib.util.spec_from_file_location("write_traditional", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return lambda playbook: (*module.said(playbook), *module.told(playbook))


def test_what_is_inherited_is_said_in_traditional_script() -> None:
    """Messages, suggestions, replacements, titles and what a model is told have a wording of Taiwan."""
    playbook = load_playbook(TAIWAN)
    for text in _script()(playbook):
        assert leaks(playbook.say(text, None).replace("{text}", ""), "zh-Hant") == (), text


def test_a_playbook_says_what_it_can() -> None:
    """A language that it does not speak, or none, gets its first one."""
    for language in (None, "zh-Hans", "en", "zh-Hant"):
        assert load_playbook(TAIWAN).say("我马上为您处理。", language) == "我馬上為您處理。"  # type: ignore[arg-type]
    assert load_playbook("zh").say("我马上为您处理。", None) == "我马上为您处理。"
    assert load_playbook("zh").say("我马上为您处理。", "en") == "我马上为您处理。"


def test_it_comes_from_the_snapshot() -> None:
    """What is stored equals what the files give, and is void where a file of the playbook that it extends changes."""
    assert load_playbook(TAIWAN) == read_playbook(TAIWAN)[0]
    assert snapshot.loaded_name(load_playbook(TAIWAN)) == TAIWAN


def test_a_change_of_what_it_extends_makes_the_snapshot_void(tmp_path: Path) -> None:
    """One character more in a file of `zh`, and `zh-Hant` is read anew as well."""
    for name in ("zh", TAIWAN):
        shutil.copytree(BUILT_IN / name, tmp_path / name)
    assert snapshot.playbook_fields(tmp_path / TAIWAN) is not None
    words = tmp_path / "zh" / "words.toml"
    words.write_text(words.read_text("utf-8") + "\n", "utf-8")
    assert snapshot.playbook_fields(tmp_path / TAIWAN) is None


def test_a_company_extends_it(tmp_path: Path) -> None:
    """A company's playbook adds to Taiwan's as to any other, in its language and with its wordings."""
    (tmp_path / "own.toml").write_text('[playbook]\nname = "own"\nextends = "zh-Hant"\n', "utf-8")
    own = load_playbook(str(tmp_path / "own.toml"))
    assert own.languages == ("zh-Hant",)
    assert replykit.check("這我不清楚耶。", playbook=own).violations[0].message.startswith("「不清楚」")


# --- rules ----------------------------------------------------------------------------------------------------------

# What no example of the rules says in these words.
HITS = [
    ("professional-register", "蛤？我看一下訂單。"),
    ("professional-register", "欸欸，請問單號是多少？"),
    ("professional-register", "齁～這個我再查。"),
    ("professional-register", "您好，是喔，那我登記一下。"),
    ("professional-register", "歹勢啦，剛剛漏看訊息。"),
    ("professional-register", "美女，您的發票寄出了。"),
    ("professional-register", "大哥，麻煩報一下電話。"),
    ("no-brush-off", "沒辦法喔，已經結單了。"),
    ("no-brush-off", "這部分我不清楚欸。"),
    ("no-brush-off", "不然您想怎樣？"),
    ("no-brush-off", "跟我說也沒用啦。"),
    ("no-brush-off", "這不是我負責的喔。"),
    ("no-brush-off", "隨便您囉。"),
    ("no-brush-off", "那您就去消保官那邊投訴啊。"),
    ("no-vague-answers", "應該是下禮拜會到吧。"),
    ("no-vague-answers", "看狀況喔。"),
    ("no-vague-answers", "印象中可以退欸。"),
    ("no-vague-answers", "大概過幾天就會補貨囉。"),
    ("no-blame", "是宅配的問題啦。"),
    ("no-blame", "超商那邊弄丟的喔。"),
    ("no-blame", "門市人員登錯了。"),
    ("no-accusing-customer", "就跟您說了要先登入。"),
    ("no-accusing-customer", "你自己要看清楚啊！"),
    ("no-accusing-customer", "您真的很盧耶。"),
    ("no-accusing-customer", "您這樣就是奧客。"),
    ("no-accusing-customer", "上面都有寫啊。"),
    ("manage-expectations", "明天一定到，我掛保證。"),
    ("manage-expectations", "安啦，包在我身上。"),
    ("policy-not-a-wall", "公司規定就是這樣喔。"),
    ("policy-not-a-wall", "這就是我們公司的規定啦。"),
    ("no-leading-questions", "難道您都沒看簡訊嗎？"),
]
NEAR_MISSES = [
    ("professional-register", "蛤蜊絲瓜麵一盒兩份。"),
    ("professional-register", "厚奶茶已恢復供應。"),
    ("professional-register", "您是否收到簡訊了呢？"),
    ("professional-register", "請您點選「OK」後送出。"),
    ("professional-register", "耶誕節前的訂單會優先出貨。"),
    ("no-brush-off", "若您不清楚統一編號，可以查看公司登記。"),
    ("no-brush-off", "影片沒辦法播放時，請先更新瀏覽器。"),
    ("no-brush-off", "您可以自己選擇取貨門市。"),
    ("no-brush-off", "這不是您的問題，我們會重新寄出。"),
    ("no-vague-answers", "預計三個工作天內送達。"),
    ("no-vague-answers", "請您盡量保留完整包裝。"),
    ("no-vague-answers", "不一定要附上紙本發票。"),
    ("no-blame", "宅配人員會先來電與您確認。"),
    ("no-blame", "是我們的疏失，非常抱歉。"),
    ("no-blame", "如果是門市弄錯，我們會補寄。"),
    ("no-accusing-customer", "番茄口味目前有現貨。"),
    ("no-accusing-customer", "您怎麼稱呼？"),
    ("manage-expectations", "我們無法保證到貨時間，會主動通知您。"),
    ("manage-expectations", "本店提供正品保證。"),
    ("policy-not-a-wall", "為了食品安全，公司規定拆封後可改辦換貨。"),
    ("policy-not-a-wall", "依消保法規定，七天內可以解除契約。"),
    ("no-leading-questions", "請問您有收到簡訊嗎？"),
]


@pytest.mark.parametrize(("principle", "text"), HITS)
def test_what_is_said_in_taiwan_is_found(principle: str, text: str) -> None:
    """An everyday wording of Taiwan that breaks a principle is an error of that principle."""
    assert principle in _broken(text)


@pytest.mark.parametrize(("principle", "text"), NEAR_MISSES)
def test_near_misses_of_taiwan_are_not_found(principle: str, text: str) -> None:
    """The same characters in another use break nothing."""
    assert principle not in _broken(text)
    assert not _broken(text)


@pytest.mark.parametrize("particle", ["喔", "哦", "齁", "欸"])
@pytest.mark.parametrize("statement", ["已經為您寄出", "這款有現貨", "可以的"])
def test_softeners_are_warnings(statement: str, particle: str) -> None:
    """A softener at the end of a friendly statement is graded as 喔 is in the principles."""
    softened = replykit.check(f"{statement}{particle}。", playbook=TAIWAN)
    assert [(v.principle, v.severity, v.text) for v in softened.violations] == [
        ("professional-register", "warning", particle)
    ]
    assert replykit.check(f"{statement}。", playbook=TAIWAN).violations == ()


@pytest.mark.parametrize("particle", ["唷", "啦", "囉", "耶", "呢"])
def test_friendly_endings_are_no_violation(particle: str) -> None:
    """What the principles leave to the style of a shop is left here, too."""
    assert replykit.check(f"已經為您寄出{particle}。", playbook=TAIWAN).violations == ()


@pytest.mark.parametrize(
    ("text", "word", "wordings"),
    [
        ("今天發貨。", "發貨", ("出貨",)),
        ("您的快遞到了。", "快遞", ("宅配", "包裹")),
        ("這是質量問題。", "質量問題", ("品質問題",)),
        ("請看視頻。", "視頻", ("影片", "視訊")),
        ("語言默認為中文。", "默認", ("預設",)),
        ("會有短信通知。", "短信", ("簡訊",)),
        ("服務器維護中。", "服務器", ("伺服器",)),
        ("請確認賬號。", "賬號", ("帳號",)),
        ("您的信息已更新。", "信息", ("訊息", "資訊")),
    ],
)
def test_mainland_words_are_told_with_the_word_of_taiwan(text: str, word: str, wordings: tuple[str, ...]) -> None:
    """Each is a warning that suggests what Taiwan says."""
    (violation,) = replykit.check(text, playbook=TAIWAN).violations
    assert (violation.principle, violation.severity, violation.text) == ("match-script", "warning", word)
    assert violation.suggestions == wordings
    assert all(wording in violation.message for wording in wordings)


@pytest.mark.parametrize(
    "text",
    [
        "依質量守恆定律計算。",
        "質量為 5 公斤的砝碼。",
        "DHL 快遞單附在外箱。",
        "電話費已入帳。",
        "對方默認同意。",
        "線上客服在線上等您。",
    ],
)
def test_words_that_taiwan_has_too_are_no_mainland_words(text: str) -> None:
    """質量 in physics, 快遞 of a carrier by that name, and characters that only stand side by side."""
    assert replykit.check(text, playbook=TAIWAN).violations == ()


def test_one_wording_is_written_and_several_are_left_to_a_person() -> None:
    """The fixer puts 出貨 for 發貨, and does not guess whether 快遞 is a parcel or its carrier."""
    kit = replykit.ReplyKit(model=None, playbook=TAIWAN)
    reply = kit.rewrite("您好，商品今天發貨，快遞會先打電話。")
    assert reply.text == "您好，商品今天出貨，快遞會先打電話。"
    assert [v.text for v in reply.violations] == ["快遞"]
    assert kit.rewrite("商品今天 發 貨。").text == "商品今天 出貨。"


# --- what `zh` says holds for converted text ------------------------------------------------------------------------

# Examples of `zh` that Taiwan judges otherwise, and why.
OTHERWISE = {
    "script-matched": "its bad example is simplified script, which conversion makes right",
    "register-sigh": "哎呀，您怎麼沒早說 accuses besides, and Taiwan's rules say so",
    "clarify-argues": "您說的不是事實 accuses besides, and Taiwan's rules say so",
}


def _converted(rule: Rule, convert: Callable[[str], str]) -> Rule:
    def one(example: Example) -> Example:
        texts = {name: getattr(example, name) for name in ("text", "customer", "draft", "instructions")}
        return example.model_copy(
            update={name: convert(text) for name, text in texts.items() if text}
            | {name: tuple(map(convert, getattr(example, name))) for name in ("facts", "history")}
        )

    kinds = ("bad", "softened", "good")
    return rule.model_copy(update={kind: tuple(map(one, getattr(rule, kind))) for kind in kinds})


@functools.cache
def _subject(name: str) -> Subject:
    return Subject(load_playbook(name), None)


def _examples(rule: Rule) -> Iterator[Example]:
    yield from (*rule.bad, *rule.softened, *rule.good)


@pytest.mark.parametrize("scheme", ["s2t", "s2tw", "s2hk"])
def test_the_rules_of_zh_hold_for_converted_text(scheme: str) -> None:
    """Every example of `zh`, converted, breaks the same principles with an error, and its own rule's as there."""
    before, after = _subject("zh"), _subject(TAIWAN)
    convert = OpenCC(scheme).convert

    def judged(subject: Subject, rule: Rule, example: Example) -> tuple[set[str], set[str]]:
        found = subject.checker.findings(example.text, subject.given(example))
        errors = {finding.rule.principle for finding in found if finding.severity == "error"}
        return errors, {finding.rule.principle for finding in found} & {rule.principle}

    otherwise = {
        rule.id
        for rule in before.playbook.rules
        for one, other in zip(_examples(rule), _examples(_converted(rule, convert)), strict=True)
        if judged(before, rule, one) != judged(after, rule, other)
    }
    assert otherwise == set(OTHERWISE)


@pytest.mark.parametrize(
    ("hong_kong", "taiwan"),
    list(zip("裏衞綫着台枱粧糭衹說戶", "裡衛線著臺檯妝粽只説戸", strict=True)),
)
def test_variants_of_hong_kong_and_taiwan_are_one(hong_kong: str, taiwan: str) -> None:
    """The two spellings of a character fold to the same one."""
    assert fold(hong_kong) == fold(taiwan)


@pytest.mark.parametrize(
    ("text", "principle"),
    [
        ("呢個我哋冇辦法。", "no-brush-off"),
        ("這裏的着裝規定就是這樣。", "policy-not-a-wall"),
        ("綫路出包是衞福部門的錯。", "no-blame"),
    ],
)
def test_a_reply_in_the_characters_of_hong_kong_is_judged(text: str, principle: str) -> None:
    """The rules read Hong Kong's characters as Taiwan's."""
    assert principle in _broken(text)


@given(st.sampled_from([text for _, text in HITS]), st.sampled_from(["", " ", "～", "\u200b"]))
def test_disguise_hides_nothing_of_taiwan(text: str, noise: str) -> None:
    """A mark or a space at the end changes no judgement, and every span is what it says."""
    report = replykit.check(text + noise, playbook=TAIWAN)
    assert report.errors
    assert all(report.text[v.start : v.end] == v.text for v in report.violations)


@given(st.text(alphabet="喔唷啦囉耶欸蛤齁是不好意思您的包裹發貨快遞質量，。！？ 應該吧看情況", max_size=40))
def test_any_text_of_taiwans_words_is_judged(text: str) -> None:
    """No text raises, every span is in it, and the fixer leaves no more errors than it found."""
    report = replykit.check(text, playbook=TAIWAN)
    assert all(text[v.start : v.end] == v.text for v in report.violations)
    fixed = replykit.ReplyKit(model=None, playbook=TAIWAN).rewrite(text + "好").text
    assert len(replykit.check(fixed, playbook=TAIWAN).errors) <= len(report.errors)


# --- signs and facts --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("threat", "我要找消保官投訴！"),
        ("threat", "再不處理我就打1950。"),
        ("threat", "我要PO上Dcard讓大家看看。"),
        ("threat", "等著我上Threads發文。"),
        ("threat", "我要貼爆料公社。"),
        ("complaint", "我要客訴！"),
        ("complaint", "退款到現在還沒下來。"),
        ("complaint", "寄錯顏色了啦。"),
        ("distress", "整個大傻眼。"),
        ("distress", "扯爆。"),
        ("distress", "很瞎欸。"),
        ("distress", "我真的火大了。"),
        ("repeated_contact", "客服專線打不通，已經打了五通。"),
        ("abuse", "你們這群廢物。"),
        ("unreasonable_demand", "我要全額退費而且東西不還。"),
        ("self_harm", "我真的不想活了。"),
    ],
)
def test_signs_of_a_customer_in_taiwan(kind: str, message: str) -> None:
    """What customers there write when they are upset, and whom they turn to."""
    kit = replykit.ReplyKit(model=None, playbook=TAIWAN)
    assert kind in {signal.kind for signal in kit.assess(message).signals}


@pytest.mark.parametrize(
    "message",
    [
        "請問1950是你們的電話嗎？",
        "我在PTT看到折扣碼。",
        "Dcard上有人推薦你們家的鞋子。",
        "客訴專線是幾號？",
        "發票要打統編。",
    ],
)
def test_calm_questions_of_a_customer_in_taiwan(message: str) -> None:
    """The same names in a question carry no sign."""
    assert replykit.ReplyKit(model=None, playbook=TAIWAN).assess(message).signals == ()


SAME = [
    ("民國115年3月5日", "2026-03-05"),
    ("115年3月5日", "2026/3/5"),
    ("115/3/5", "民國115年3月5日"),
    ("115.03.05", "2026-03-05"),
    ("2026年3月5日", "115/03/05"),
    ("民國一百一十五年三月五日", "2026年3月5日"),
    ("一一五年三月五日", "2026年3月5日"),
    ("NT$1,200", "1200元"),
    ("新臺幣壹仟貳佰元整", "1,200塊"),
    ("下午三點半", "15:30"),
    ("晚上8點", "20:00"),
    ("上午 10 點到下午 6 點", "10:00-18:00"),
    ("禮拜三", "週三"),
    ("下禮拜一", "下週一"),
    ("3個工作天", "三個工作日"),
    ("兩個禮拜", "14天"),
]
OTHER = [
    ("民國114年3月5日", "2026-03-05"),
    ("115/3/6", "民國115年3月5日"),
    ("NT$1,300", "1200元"),
    ("US$1,200", "NT$1,200"),
    ("上午9點", "21:00"),
    ("禮拜四", "週三"),
    ("3個工作天", "3天"),
]


@pytest.mark.parametrize(
    ("claim", "fact", "is_same"), [(*one, True) for one in SAME] + [(*one, False) for one in OTHER]
)
def test_facts_as_taiwan_writes_them(claim: str, fact: str, is_same: bool) -> None:
    """Years of the Republic, NT$, halves of the day, 禮拜 and 工作天 agree with the same value written otherwise."""
    report = replykit.check(f"預計{claim}處理完成。", playbook=TAIWAN, facts=[f"事實：{fact}"])
    assert ("grounded-facts" not in {v.principle for v in report.errors}) is is_same


@pytest.mark.parametrize("text", ["請更新到 115.3.5 版。", "主機位址是 115.3.5.1。", "電話是 02-115-3-5。"])
def test_numbers_that_only_look_like_a_year_of_the_republic(text: str) -> None:
    """A version, an address and a telephone number are no date."""
    assert not [fact for fact in find_facts(text) if fact.kind == "date"]


# --- the whole kit --------------------------------------------------------------------------------------------------

DRAFTS = {
    "這個我也沒辦法喔。": "我們暫時還沒有現成的解決方案，我會持續為您追蹤。",
    "就跟你說了，官網都有寫啊。": "請讓我再為您說明一次。",
    "好的喔，已經為您寄出囉～": "好的，已經為您寄出囉～",
    "親，請提供訂單號。": "請提供訂單編號。",
}


@pytest.mark.parametrize(("draft", "reply"), list(DRAFTS.items()))
def test_a_draft_is_mended_in_taiwans_words(draft: str, reply: str) -> None:
    """Offline, what the fixer puts in is what a desk in Taiwan writes."""
    made = replykit.ReplyKit(model=None, playbook=TAIWAN).rewrite(draft)
    assert (made.text, made.status) == (reply, "repaired")


@pytest.mark.parametrize(
    ("customer", "scene"),
    [
        ("我的包裹怎麼還沒到？都一個禮拜了，超扯！", "complaint"),
        ("你們客服都是廢物，東西壞了沒人管！", "abuse"),
        ("請問這款有現貨嗎？", "holding"),
    ],
)
def test_an_offline_reply_is_taken_from_taiwans_phrasebook(customer: str, scene: str) -> None:
    """The reply holds a line of the scene, is clean, and in traditional script."""
    playbook = load_playbook(TAIWAN)
    reply = replykit.ReplyKit(model=None, playbook=TAIWAN).draft(customer)
    assert reply.status == "clean"
    assert any(line.text in reply.text for line in playbook.lines if line.scene == scene)
    assert leaks(reply.text, "zh-Hant") == ()


def test_a_greeting_is_answered_in_taiwans_words() -> None:
    """親愛的客服您好 and nothing else gets an opening line at once."""
    kit = replykit.ReplyKit(model=None, playbook=TAIWAN)
    openings = [line.text for line in load_playbook(TAIWAN).lines_for("opening")]
    assert {kit.acknowledge(customer=text).text for text in ("哈囉，在嗎？", "小編您好", "安安")} <= set(openings)


def test_a_model_is_told_and_asked_again_in_taiwans_words() -> None:
    """The request holds the guidance of Taiwan, and an answer that breaks a rule is asked for again."""
    chat = FakeChat(["不好意思喔，這我不清楚耶。", "非常抱歉造成您的不便，我馬上為您確認包裹的進度，再主動回覆您。"])
    reply = replykit.ReplyKit(chat=chat, playbook=TAIWAN).draft("我要客訴，等了一個禮拜還沒收到！")
    assert (reply.status, reply.language) == ("repaired", "zh-Hant")
    system = chat.requests[0].messages[0].content
    assert "造成您的不便，敬請見諒" in system
    assert "這我不清楚耶" not in system
    assert "請先確認，再告訴客戶什麼時候回覆" in chat.requests[1].messages[-1].content


def test_an_answer_that_stays_wrong_is_mended_or_held_back() -> None:
    """What no re-ask mends is mended by the fixer, or needs review; it never leaves as clean."""
    chat = FakeChat(["應該是明天會到吧。"] * 3)
    reply = replykit.ReplyKit(chat=chat, playbook=TAIWAN).draft("什麼時候到？")
    assert reply.status == "needs_review" or not reply.violations


def test_the_prompts_are_those_of_zh_where_none_is_taiwans_own() -> None:
    """Every template of `zh` renders for Taiwan, and its words are the playbook's of Taiwan."""
    playbook = load_playbook(TAIWAN)
    request = Request(task="draft", customer="我要客訴！", stage="accept")
    system = messages_for(request, playbook, Assessment())[0].content
    assert "先處理心情，再處理事情" in system
    assert "受理客訴" in system
    record = record_messages([Turn(role="customer", text="杯子破了")], playbook)[0].content
    assert "客訴屬於哪一類" in record
    assert detect_language("".join(one.title for one in playbook.principles)) == "zh-Hant"
