"""The non-rule data of the built-in Chinese playbook: principles, ready lines, pairs, stages, traditional script."""

from __future__ import annotations

import importlib.util
import re
import string
from pathlib import Path
from types import ModuleType
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replykit.loader import load_playbook
from replykit.playbook import Playbook
from replykit.rules import Scene

CHECKED = {
    "apology-in-measure",
    "empathy-first",
    "grounded-facts",
    "keep-meaning",
    "keep-placeholders",
    "manage-expectations",
    "match-script",
    "next-step",
    "no-accusing-customer",
    "no-blame",
    "no-brush-off",
    "no-leading-questions",
    "no-vague-answers",
    "policy-not-a-wall",
    "positive-wording",
    "professional-register",
}
PROMPTED = {
    "act-fast",
    "active-listening",
    "calm-with-difficult-customers",
    "clear-and-concise",
    "complaints-are-gifts",
    "customer-first",
    "fair-treatment",
    "make-it-good",
    "offer-choices",
    "personal-not-scripted",
    "thank-and-follow-up",
}

# 001, 禁用语
FORBIDDEN = (
    "呵呵", "哈哈", "哎", "哦", "喂", "大哥", "大姐",
    "更好的建议", "没有办法", "没办法", "不清楚", "不知道", "说清楚",
    "太贵了", "用不了", "不会做", "差不多", "也许", "大概", "可能", "不一定", "难理解",
)  # fmt: skip

# what the stricter documents forbid besides, wherever the playbook itself speaks
UNSAID = (
    *("也许", "大概", "可能", "差不多", "应该", "不一定", "似乎", "左右", "估计"),
    *("一定", "保证", "肯定", "绝对", "百分之百", "永远", "无论如何", "不会再"),
    *("久等", "等了这么久", "卖完", "重蹈", "严重", "有点", "试试", "错误", "不用担心"),
    *("必须", "您得", "没办法", "没有办法", "无能为力", "不归", "不是我们", "的责任", "难道", "您不觉得"),
    *("呵呵", "哈哈", "哎", "喂", "哦", "喔", "亲", "大哥", "大姐", "不行", "公司规定", "您错", "您弄错"),
)

COUNT = "[零一二两三四五六七八九十百千万半几多]个?"
UNIT = "(?:秒|分钟|分|小时|钟头|天|日|周|星期|礼拜|月|年|工作日|元|块|折)"
MOMENT = (
    "今天|今日|今晚|明天|明日|后天|次日|当天|隔天|周[一二三四五六日末]|星期|月底|年底"
    "|马上|立刻|立即|即刻|稍后|很快|一会儿|片刻|第一时间"
)
TIME = re.compile(rf"\d|{COUNT}{UNIT}|{MOMENT}")

UNDERSTANDING = re.compile("理解|体会|体谅|感谢|谢谢|抱歉|致歉")
APOLOGY = re.compile("抱歉|致歉|道歉|对不起|不好意思")
ACTION = "核实|核对|查询|查看|跟进|确认|了解|转|处理|看看|沟通|联系"
FORWARD = re.compile(f"(?:我|为您|帮您|和您|与您|由我).{{0,12}}(?:{ACTION})|？")

# The habitual wordings that 000 (三.1-三.3) and 002 (清晰表达) hold, by the words that make them up.
HABITUAL = {
    "000: 三.1": (
        "让你久等", "抱歉久等", "重蹈覆辙", "不比上次那个问题差", "问题确实严重", "都卖完了", "老是有问题",
        "我不能给你他的手机号码", "错误的建议", "没有必要担心这次修后又坏",
    ),
    "000: 三.2": (
        "你的名字叫什么", "你必须……做", "你错了，不是那样的", "需要我的帮助，你必须", "你做的不正确", "听着，那没有坏",
        "但你必须把名字和地址给我", "你没有弄明白",
    ),
    "000: 三.3": (
        "这个部门表现很差劲", "我没办法", "我试试看吧", "我不能，除非", "这是公司的政策", "这事我不管",
    ),
    "002: 清晰表达": ("我们试试看", "有点麻烦"),
}  # fmt: skip


@pytest.fixture(scope="module")
def playbook() -> Playbook:
    """The built-in playbook."""
    return load_playbook("zh")


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """The script that writes the traditional forms."""
    return _script()


def _script() -> ModuleType:
    path = Path(__file__).parent.parent / "scripts" / "write_traditional.py"
    spec = importlib.util.spec_from_file_location("write_traditional", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _spoken(playbook: Playbook) -> list[str]:
    """What is sent to a customer word for word."""
    return [*(line.text for line in playbook.lines), *(pair.professional for pair in playbook.pairs)]


def test_the_playbook_says_what_it_is(playbook: Playbook) -> None:
    """The playbook is named, described, and simplified script is its default."""
    assert playbook.name == "zh"
    assert playbook.description
    assert playbook.languages == ("zh-Hans", "zh-Hant")


def test_every_principle_is_there(playbook: Playbook) -> None:
    """The playbook holds the principles that rules check and those that only the prompt carries, and no others."""
    assert {principle.id for principle in playbook.principles} == CHECKED | PROMPTED


def test_guidance_is_short_and_speaks_to_the_model(playbook: Playbook) -> None:
    """A principle is told in one to three sentences, each whole, and calls the customer 客户."""
    for principle in playbook.principles:
        assert 1 <= len(principle.guidance) <= 3, principle.id
        for sentence in principle.guidance:
            assert sentence.endswith("。"), principle.id
            assert len(sentence) <= 60, principle.id
            assert "您" not in re.sub("“[^”]*”", "", sentence), principle.id


def test_guidance_names_no_forbidden_word(playbook: Playbook) -> None:
    """What the model is told to do holds none of the phrases that 001 forbids, and no Latin word."""
    told = [sentence for principle in playbook.principles for sentence in principle.guidance]
    told += [requirement for stage in playbook.stages for requirement in stage.requirements]
    assert not [(phrase, text) for text in told for phrase in (*FORBIDDEN, "必须", "保证", "绝对") if phrase in text]
    assert not [text for text in told if re.search("[A-Za-z]", text)]


def test_situations_fit_the_principle(playbook: Playbook) -> None:
    """What rules check in every reply is told in every situation; the customer's distress changes what is told."""
    always = CHECKED - {"empathy-first", "apology-in-measure", "next-step"}
    assert all(playbook.principle(id).situations == ("always",) for id in always)
    assert "difficult" in playbook.principle("calm-with-difficult-customers").situations
    assert "closing" in playbook.principle("thank-and-follow-up").situations


@pytest.mark.parametrize("scene", get_args(Scene))
def test_every_scene_has_four_lines(playbook: Playbook, scene: Scene) -> None:
    """Each scene has at least four lines that differ, so that a conversation need not repeat one."""
    lines = playbook.lines_for(scene)
    assert len({line.text for line in lines}) == len(lines)
    assert len(lines) >= 4


def test_no_line_stands_in_two_scenes(playbook: Playbook) -> None:
    """Each line stands once in the phrasebook."""
    texts = [line.text for line in playbook.lines]
    assert sorted(texts) == sorted(set(texts))


@pytest.mark.parametrize(
    "text", ["3天内送达", "三天内送达", "两个小时", "半个月", "明天为您发货", "马上处理", "周五前", "１号"]
)
def test_a_time_or_figure_is_recognised(text: str) -> None:
    """The pattern that keeps promises out of the lines finds figures and moments."""
    assert TIME.search(text)


@pytest.mark.parametrize(
    "text", ["我会一并转达", "再解释一遍", "我们一起来看看", "请您稍等", "有进展会通知您", "这几次的情况"]
)
def test_a_line_without_time_or_figure_passes(text: str) -> None:
    """Everyday words that hold a number sign but promise nothing are left alone."""
    assert not TIME.search(text)


def test_what_is_said_promises_no_time_and_holds_no_figure(playbook: Playbook) -> None:
    """No ready line and no professional wording holds a digit, a length of time or a moment."""
    assert not [text for text in _spoken(playbook) if TIME.search(text)]


def test_what_is_said_keeps_the_principles(playbook: Playbook) -> None:
    """No ready line and no professional wording holds a hedge, an absolute promise, blame or a careless word."""
    assert not [(word, text) for text in _spoken(playbook) for word in UNSAID if word in text]


def test_what_is_said_is_polite_and_whole(playbook: Playbook) -> None:
    """Lines are whole sentences, say 您 and never 你, hold no Latin letter, and apologise once at most."""
    for text in _spoken(playbook):
        assert text.endswith(("。", "？", "！")), text
        assert "你" not in text
        assert not re.search("[A-Za-z]", text), text
        assert len(APOLOGY.findall(text)) <= 1, text


def test_empathy_lines_show_understanding(playbook: Playbook) -> None:
    """Every empathy line says that the customer is understood, thanked or apologised to."""
    assert not [line.id for line in playbook.lines_for("empathy") if not UNDERSTANDING.search(line.text)]


def test_apology_lines_apologise_and_go_on(playbook: Playbook) -> None:
    """Every apology line apologises once and says what comes next, and none admits a fault that only facts can tell."""
    for line in playbook.lines_for("apology"):
        assert len(APOLOGY.findall(line.text)) == 1, line.id
        assert FORWARD.search(line.text), line.id
        assert not re.search("疏忽|失误|我们的错|弄错", line.text), line.id


@pytest.mark.parametrize("scene", ["next_step", "holding", "complaint", "abuse", "handover"])
def test_lines_move_the_matter_on(playbook: Playbook, scene: Scene) -> None:
    """Every line for a matter that is open names an action of ours or asks a question."""
    assert not [line.id for line in playbook.lines_for(scene) if not FORWARD.search(line.text)]


def test_abuse_lines_set_a_limit(playbook: Playbook) -> None:
    """Every line for abuse asks for a calm or respectful tone and does not accuse the customer of anything."""
    for line in playbook.lines_for("abuse"):
        assert re.search("平和|尊重|请不要|不能接受", line.text), line.id
        assert not re.search("您骂|您侮辱|您的态度", line.text), line.id


def test_self_harm_lines_care_and_call_a_human(playbook: Playbook) -> None:
    """Every line for a threat to the customer's life cares, calls a person now, and sells nothing."""
    for line in playbook.lines_for("self_harm"):
        assert re.search("担心您|关心|安全|独自", line.text), line.id
        assert re.search("我现在就请(?:同事|专人)", line.text), line.id
        assert not re.search("订单|商品|优惠|光临|活动|售后|热线", line.text), line.id


def test_ids_are_kebab_case_and_unique(playbook: Playbook) -> None:
    """Every id is lower-case words joined by hyphens, and no table holds one twice."""
    for table in (playbook.principles, playbook.lines, playbook.pairs):
        ids = [entry.id for entry in table]
        assert len(ids) == len(set(ids))
        assert not [id for id in ids if not re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", id)]


def test_every_entry_names_its_document(playbook: Playbook) -> None:
    """Every principle, line, pair and stage names a document and a section of it."""
    sources = [source for principle in playbook.principles for source in principle.sources]
    for table in (playbook.lines, playbook.pairs, playbook.stages):
        sources += [entry.source for entry in table]
    assert not [source for source in sources if not re.match(r"00[0-4]: \S", source)]


@pytest.mark.parametrize(("source", "piece"), [(source, piece) for source in HABITUAL for piece in HABITUAL[source]])
def test_every_pair_of_the_sources_is_there(playbook: Playbook, source: str, piece: str) -> None:
    """Each habitual wording of 000 and 002 stands in exactly one pair, under its section."""
    found = [pair for pair in playbook.pairs if piece in pair.habitual]
    assert len(found) == 1
    assert found[0].source.startswith(source)


def test_pairs_name_a_principle(playbook: Playbook) -> None:
    """Every pair names a principle that rules check, and its two sides differ."""
    assert {pair.principle for pair in playbook.pairs} <= CHECKED
    assert not [pair.id for pair in playbook.pairs if pair.professional in pair.habitual]
    assert len({pair.habitual for pair in playbook.pairs}) == len(playbook.pairs)


def test_the_four_stages_stand_in_order(playbook: Playbook) -> None:
    """A complaint is accepted, clarified, answered with a proposal and followed up, in that order."""
    stages = {stage.id: stage for stage in playbook.stages}
    assert list(stages) == ["accept", "clarify", "propose", "follow_up"]
    assert [len(stage.requirements) for stage in stages.values()] == [5, 6, 5, 4]


def test_traditional_script_covers_what_is_said(playbook: Playbook, script: ModuleType) -> None:
    """Every text that the playbook puts before a reader has its traditional form, and there is nothing else."""
    assert set(playbook.traditional) == set(script.said(playbook))
    assert {*_spoken(playbook)} <= set(playbook.traditional)
    assert playbook.say("请您提供订单号，我来为您查询。", "zh-Hant") == "請您提供訂單編號，我來為您查詢。"


def test_traditional_script_is_up_to_date(script: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    """The file is what the script would write today."""
    assert script.main(["--check"]) == 0, capsys.readouterr().err


def test_check_notices_a_file_that_is_out_of_date(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--check` refuses a missing or different file and leaves it as it is; without it the file is written."""
    target = tmp_path / "traditional.json"
    monkeypatch.setattr(script, "TARGET", target)
    assert script.main(["--check"]) == 1
    assert "is not up to date" in capsys.readouterr().err
    assert not target.exists()
    target.write_text("{}", "utf-8")
    assert script.main(["--check"]) == 1
    assert target.read_text("utf-8") == "{}"
    assert script.main([]) == 0
    assert script.main(["--check"]) == 0


@pytest.mark.parametrize(
    ("simplified", "traditional"),
    [
        ("质量反馈", "品質回饋"),
        ("请查看邮件和短信", "請查看郵件和簡訊"),
        ("您的账号和订单号", "您的帳號和訂單編號"),
        ("订单号码与手机号码", "訂單號碼與手機號碼"),
        ("感谢支持，并为您了解情况", "感謝支持，並為您了解情況"),
        ("点击“确定”", "點選「確定」"),
    ],
)
def test_traditional_wording_is_that_of_taiwan(script: ModuleType, simplified: str, traditional: str) -> None:
    """Words that differ in Taiwan are written as there, and everyday words are not taken for computing terms."""
    assert script.to_traditional(simplified) == traditional


def test_templates_survive_the_conversion(playbook: Playbook, script: ModuleType) -> None:
    r"""`\1` and `{text}` stand in the traditional form as often as in the simplified one."""
    template = re.compile(r"\\\d|\{\w*\}")
    assert script.to_traditional(r"我先为您\1，再答复\2：{text}") == r"我先為您\1，再答覆\2：{text}"
    for simplified, traditional in playbook.traditional.items():
        assert template.findall(simplified) == template.findall(traditional)


@given(st.text(alphabet=string.printable))
def test_ascii_is_left_alone(text: str) -> None:
    """Conversion changes no ASCII text, so templates, URLs and codes stay as they are."""
    assert SCRIPT.to_traditional(text) == text


SCRIPT = _script()
