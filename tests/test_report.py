"""The report: one page that needs nothing else, counts rightly, and takes whatever replies hold for text."""

from __future__ import annotations

import csv
import itertools
import json
import random
import re
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import Browser, NoBrowser
from hypothesis import given
from hypothesis import strategies as st

import replykit
from replykit.batch import PolishedRow
from replykit.batch.price import Price
from replykit.batch.report import RunFacts, write_report
from replykit.batch.tally import Found, Tally
from replykit.batch.wording import LANGUAGES, Wording
from replykit.records import Usage

PLAYBOOK = replykit.load_playbook("zh")
RUN = RunFacts(source="话术.csv", column="回复", output="polished.csv")
USAGE = Usage(calls=2, prompt_tokens=900, completion_tokens=100)
REASON = "still breaks manage-expectations"
HOSTILE = (
    "<script>window.hit = 1</script>",
    "</script><script>window.hit = 1</script>",
    '"]]><img src=x onerror="window.hit = 1">',
    "</textarea></style></title><svg onload=window.hit=1>",
    "<!--<script>",
    "javascript:window.hit=1",
    "{{ 7 * 7 }}{% raw %}${window.hit = 1}",
    "行\u2028分\u2029隔\x00\x1b[31m\x85",
    "半个字 \udc80 \ud83d",
    "\u202e反向\u2066",
    "😀😀呵呵😀",
    "&lt;b&gt;&amp;",
    "\ufeff\ufffe\U0010ffff",
    "'\"`\\u003c\\",
)


def _row(number: int, original: str, text: str | None = None, **fields: Any) -> PolishedRow:
    """What became of a reply, with a real check of both texts."""
    after = original if text is None else text
    return PolishedRow(
        row=number,
        original=original,
        text=after,
        before=replykit.check(original).violations,
        violations=replykit.check(after).violations,
        **{"status": "clean" if text is None else "repaired", **fields},
    )


ROWS = (
    _row(2, "您好，很高兴为您服务。"),
    _row(3, "呵呵，大哥，这个没办法的。", "您好，我会继续为您跟进。", made_by="model", usage=USAGE),
    _row(4, "保证明天送到！", status="needs_review", reason=REASON, proposal="肯定明天送到！"),
    _row(5, "亲亲，久等了。", "感谢您的耐心等待。", made_by="fixer"),
    _row(6, "呵呵，大哥，这个没办法的。", "您好，我会继续为您跟进。", made_by="model", same_as=3),
)


def _page(path: Path, rows: Iterable[PolishedRow] = ROWS, run: RunFacts = RUN, **options: Any) -> Path:
    write_report(path, rows, run, PLAYBOOK, **options)
    return path


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser, where there is one."""
    try:
        opened = Browser()
    except NoBrowser as absent:
        pytest.skip(str(absent))
    with opened:
        yield opened


def _window(browser: Browser, width: int, height: int) -> None:
    browser.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)


@pytest.fixture
def page(browser: Browser, tmp_path: Path) -> Browser:
    """The browser with the report of `ROWS` open, and nothing decided."""
    _window(browser, 1280, 2400)
    browser.open(_page(tmp_path / "report.html"))
    browser.run("localStorage.clear()")
    browser.open(tmp_path / "report.html")
    browser.said.clear()
    browser.requests.clear()
    return browser


# --- counting and wording -------------------------------------------------------------------------------------------


def test_the_tally_counts_what_a_check_finds() -> None:
    """Before and after, by principle and severity, are the violations of the rows."""
    tally = Tally()
    for row in ROWS:
        tally.add(row)
    assert (tally.rows, tally.shared, tally.wrong) == (5, 1, 3)
    assert tally.statuses == {"clean": 1, "repaired": 3, "needs_review": 1}
    assert tally.usage == USAGE
    by_id = {change.principle: change for change in tally.principles()}
    assert by_id["no-brush-off"].before == Found(2, 0)
    assert by_id["no-brush-off"].after == Found(0, 0)
    assert by_id["manage-expectations"].after == by_id["manage-expectations"].before == Found(1, 0)
    assert tally.totals()[0].errors == sum(v.severity == "error" for row in ROWS for v in row.before)


def test_a_page_says_the_tally(tmp_path: Path) -> None:
    """The figures stand in the page itself, readable without a script."""
    tally = write_report(tmp_path / "r.html", ROWS, RUN.model_copy(update={"price": Price.of("¥2", "¥8")}), PLAYBOOK)
    text = re.sub(r"<[^>]+>", "", (tmp_path / "r.html").read_text("utf-8").partition("</script>")[2])
    words = " ".join(text.split())
    assert "5 条话术" in words
    assert "1 需人工处理 20.0%" in words
    assert "不推诿，总有下一步 2 2 错误 0" in words
    assert "900 + 100" in words
    assert "¥0.0026" in words
    assert tally.rows == 5


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_word(language: Any) -> None:
    """The languages of the page have the same keys, and the same numbers in them."""
    words, chinese = Wording(PLAYBOOK, language).words, Wording(PLAYBOOK).words
    assert words.keys() == chinese.keys()
    for key in words.keys() - {"reasons"}:
        assert words[key]
        assert re.findall(r"\{\w+\}", words[key]).sort() == re.findall(r"\{\w+\}", chinese[key]).sort()


def test_what_the_page_says_keeps_the_rules() -> None:
    """No Chinese word of the page breaks a rule of the playbook itself."""
    for language in ("zh-Hans", "zh-Hant"):
        for words in Wording(PLAYBOOK, language).words.values():
            for text in words.values() if isinstance(words, dict) else [words]:
                assert replykit.check(text).ok, text


def test_cells_say_what_was_wrong_and_what_changed() -> None:
    """The four cells of a row: text, status, problems, changes; a row for review says why and what was proposed."""
    wording = Wording(PLAYBOOK)
    assert wording.columns == ("润色后的回复", "状态", "问题", "修改说明")
    text, status, problems, changes = wording.cells(ROWS[1])
    assert (text, status) == (ROWS[1].text, "repaired")
    assert "[错误] 用语专业：“呵呵”" in problems
    assert changes == "模型改写；消除 3 个错误"
    assert wording.cells(ROWS[0])[2:] == ("", "未改动")
    assert wording.cells(ROWS[2])[3].splitlines() == [
        "需人工处理，保留原文：仍不符合：管理期望",
        "建议稿（未通过检查，不可直接使用）：肯定明天送到！",
    ]
    assert wording.cells(ROWS[4])[3].endswith("与第 3 行相同")
    assert Wording(PLAYBOOK, "en").columns[0] == "Polished reply"
    assert Wording(PLAYBOOK, "zh-Hant").reason("still breaks manage-expectations") == "仍不符合：管理期望"
    assert wording.reason("something new; there is no text to send") == "something new；没有可以发送的文字"


@pytest.mark.parametrize(
    ("prompt", "completion", "shown"),
    [
        ("2", "8", "2.80"),
        ("¥2", "¥8", "¥2.80"),
        ("2元", None, "2.00元"),
        ("0.27 USD", "1.1", "0.3800 USD"),
        (None, "$0", "$0.00"),
    ],
)
def test_prices_keep_the_users_currency(prompt: str | None, completion: str | None, shown: str) -> None:
    """A price is an amount for a million tokens, with whatever currency the user writes."""
    price = Price.of(prompt, completion)
    assert price
    assert price.text(Usage(calls=1, prompt_tokens=1_000_000, completion_tokens=100_000)) == shown


@pytest.mark.parametrize(
    ("prompt", "completion"), [("free", None), ("", "1"), ("1,5", "2"), ("¥1", "$2"), ("-1", "1e9x1")]
)
def test_prices_that_are_none(prompt: str | None, completion: str | None) -> None:
    """What is no price, and two currencies, are refused in a sentence."""
    with pytest.raises(replykit.UsageError, match="price"):
        Price.of(prompt, completion)
    assert Price.of(None, None) is None


# --- the file -------------------------------------------------------------------------------------------------------


def test_a_page_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    """Where the rows end with an error, the old page stays and nothing is left beside it."""
    path = tmp_path / "r.html"
    path.write_text("old", "utf-8")

    def broken() -> Iterator[PolishedRow]:
        yield ROWS[0]
        raise RuntimeError("the ledger is gone")

    with pytest.raises(RuntimeError):
        _page(path, broken())
    assert path.read_text("utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(replykit.UsageError, match="cannot be written"):
        _page(tmp_path / "no" / "folder.html")


def test_a_page_names_no_other_place(tmp_path: Path) -> None:
    """There is no address in the page, neither of a script nor of a style, font or picture."""
    content = _page(tmp_path / "r.html").read_text("utf-8")
    assert not re.findall(r"(?:https?:)?//[a-z][\w.-]*\.\w|@import|url\(|src=|<link", content)


def test_the_same_rows_make_the_same_page(tmp_path: Path) -> None:
    """A page depends on nothing but what it is made of."""
    assert _page(tmp_path / "a.html").read_bytes() == _page(tmp_path / "b.html").read_bytes()


def test_rows_stay_json_whatever_they_hold(tmp_path: Path) -> None:
    """The rows in the page are the rows that were given, and no part of them ends the element that holds them."""

    def rows_in(path: Path) -> list[Any]:
        content = path.read_bytes().decode("utf-8")
        found: list[Any] = json.loads(content.partition('id="rows">')[2].partition("</script>")[0])
        return found

    @given(st.lists(st.tuples(st.text(), st.text()) | st.tuples(st.sampled_from(HOSTILE), st.sampled_from(HOSTILE))))
    def holds(texts: list[tuple[str, str]]) -> None:
        rows = [
            PolishedRow(row=n, original=a, text=a, status="needs_review", proposal=b) for n, (a, b) in enumerate(texts)
        ]
        found = rows_in(_page(tmp_path / "r.html", rows))
        assert [(line[1], line[7]) for line in found] == texts

    holds()


def test_spans_count_as_the_browser_counts(tmp_path: Path) -> None:
    """Offsets in the page are UTF-16 code units, so that an emoji before a violation does not move its mark."""
    content = _page(tmp_path / "r.html", [_row(2, "😀呵呵，您好")]).read_text("utf-8")
    (line,) = json.loads(content.partition('id="rows">')[2].partition("</script>")[0])
    assert [found[1:] for found in line[8]] == [[2, 4]]


def test_a_page_of_many_different_findings_has_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond a number of different findings they stand with their rows, and are the same findings."""
    monkeypatch.setattr("replykit.batch.lines._MOST_SHARED", 1)
    content = _page(tmp_path / "r.html").read_text("utf-8")
    lines = json.loads(content.partition('id="rows">')[2].partition("</script>")[0])
    assert lines[1][8][0][0] == 0
    assert lines[1][8][1][0][0] == "professional-register"


# --- in a browser ---------------------------------------------------------------------------------------------------


def _texts(page: Browser, selector: str) -> list[str]:
    found: list[str] = page.run(f"[...document.querySelectorAll({selector!r})].map(one => one.textContent)")
    return found


def _choose(page: Browser, selector: str, value: str) -> None:
    page.run(
        f"(() => {{ const box = document.querySelector({selector!r}); box.value = {value!r};"
        "box.dispatchEvent(new Event('input')); box.dispatchEvent(new Event('change')); })()"
    )


def test_the_review_queue_comes_first(page: Browser) -> None:
    """Rows for review stand first, then those repaired, then those that needed nothing; each with its row."""
    assert _texts(page, ".card h3") == ["第 4 行", "第 3 行", "第 5 行", "第 6 行", "第 2 行"]
    assert page.said == []


def test_differences_and_violations_are_marked(page: Browser) -> None:
    """What left, what came and what was wrong are marked in place."""
    assert _texts(page, "#card-1 .pane .error") == ["呵呵", "大哥", "没办法"]
    assert "您好" in "".join(_texts(page, "#card-1 .added"))
    assert _texts(page, "#card-1 .pane")[0] == ROWS[1].original


def test_hostile_rows_are_text(browser: Browser, tmp_path: Path) -> None:
    """Nothing that rows, names or reasons hold runs, loads or becomes an element."""
    rows = [
        _row(n, text, text[::-1], reason=text, status="needs_review", proposal=text + "呵呵")
        for n, text in enumerate(HOSTILE, 1002)
    ]
    run = RunFacts(source=HOSTILE[0], column=HOSTILE[2], output=HOSTILE[3], model=HOSTILE[1], notes=HOSTILE)
    browser.requests.clear()
    browser.said.clear()
    path = _page(tmp_path / "r.html", rows, run)
    browser.open(path)
    assert browser.run("window.hit === undefined")
    assert browser.said == []
    assert browser.requests == [path.as_uri()]
    assert browser.run("document.querySelectorAll('img, svg[onload], main script, b script').length") == 0
    browser.run("window.scrollTo(0, 1e6)")
    for number, text in enumerate(HOSTILE, 1002):
        _choose(browser, "#search", str(number))
        browser.wait(f"document.querySelector('.card h3')?.textContent === '第 {number} 行'")
        shown: list[str] = _texts(browser, ".card .pane")
        assert len(shown[0]) == len(text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace"))
        assert "<script>" not in text or "<script>" in shown[0]
        assert not re.search("[\x00\x1b\x85\u202e\u2066]", shown[0])


def test_the_page_may_not_reach_the_network(page: Browser) -> None:
    """The policy refuses a picture, a script and a request, even from the page's own script."""
    for code in (
        "new Image().src = 'http://127.0.0.1:9/x.png'",
        "fetch('http://127.0.0.1:9/').catch(() => 0)",
        "document.body.append(Object.assign(document.createElement('script'), { textContent: 'window.hit = 1' }))",
    ):
        page.run(code + "; 0")
    page.run("new Promise(done => setTimeout(done, 50))")
    assert page.run("window.hit === undefined")
    assert sum("Content Security Policy" in words for words in page.said) >= 3


def test_filters_and_search(page: Browser) -> None:
    """Status, principle, decision and words narrow the list, alone and together."""
    _choose(page, "#principle", "manage-expectations")
    assert _texts(page, ".card h3") == ["第 4 行"]
    _choose(page, "#principle", "")
    page.run("document.querySelector('[value=needs_review]').click()")
    assert _texts(page, ".card h3")[0] == "第 3 行"
    _choose(page, "#search", "继续为您")
    page.wait("document.querySelectorAll('.card').length === 2")
    assert _texts(page, "#shown") == ["显示 2 条，共 5 条"]
    _choose(page, "#search", "nowhere")
    page.wait("document.querySelectorAll('.card').length === 0")
    assert _texts(page, "#shown") == ["没有符合条件的话术。"]


def test_decisions_survive_a_reload_and_are_exported(page: Browser, tmp_path: Path) -> None:
    """What is decided is there after a reload, and comes out as JSON and as a CSV without formulas."""
    page.run("document.querySelector('#card-1 [value=accept]').click()")
    page.run("document.querySelector('#card-2 [value=edit]').click()")
    assert page.run("document.activeElement.value") == "肯定明天送到！"
    _choose(page, "#card-2 textarea", '=HYPERLINK("http://x","，点")')
    page.run("document.querySelector('#card-3 [value=keep]').click()")
    for _ in range(20):  # a browser writes down what is kept some time after the page has ended
        page.open(tmp_path / "report.html")
        if _texts(page, "#decisions") == ["已决定 3 条"]:
            break
        time.sleep(0.1)
    assert _texts(page, "#decisions") == ["已决定 3 条"]
    assert page.run("document.querySelector('#card-2 textarea').value") == '=HYPERLINK("http://x","，点")'
    made = json.loads(page.download("#json", tmp_path / "json").read_text("utf-8"))
    assert [(one["row"], one["decision"]) for one in made] == [(3, "accept"), (4, "edit"), (5, "keep")]
    assert made[0]["text"] == ROWS[1].text
    assert made[1]["text"].startswith("=")
    with page.download("#csv", tmp_path / "csv").open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.reader(file))
    assert lines[0] == ["行号", "决定", "最终文字", "原文"]
    assert lines[2][2] == '\'=HYPERLINK("http://x","，点")'
    assert lines[1][1:3] == ["采用润色稿", ROWS[1].text]


def test_a_proposal_that_failed_cannot_be_accepted(page: Browser) -> None:
    """A row for review may be kept or edited; its proposal is never taken as it stands, neither by mouse nor by key."""
    assert page.run("[...document.querySelectorAll('#card-2 input')].map(box => box.value)") == ["keep", "edit"]
    page.run("document.querySelector('#card-2').focus()")
    page.press("1", "Digit1", "1")
    assert _texts(page, "#decisions") == ["已决定 0 条"]


def test_the_keyboard_is_enough(page: Browser) -> None:
    """Page Down goes to the next reply, a number decides, and a number typed into a text stays one."""
    page.run("document.querySelector('.card').focus()")
    page.press("PageDown")
    assert page.run("document.activeElement.id") == "card-1"
    page.press("1", "Digit1", "1")
    assert page.run("document.querySelector('#card-1 [value=accept]').checked")
    page.press("3", "Digit3", "3")
    page.press("2", "Digit2", "2")
    assert page.run("document.activeElement.value").endswith("2")
    assert page.run("document.querySelector('#card-1 [value=edit]').checked")


@pytest.mark.parametrize(("language", "shown"), [("en", "Row 4"), ("zh-Hant", "第 4 列")])
def test_the_page_speaks_other_languages(page: Browser, language: str, shown: str) -> None:
    """The reader chooses the language of everything but the replies."""
    _choose(page, "#language", language)
    assert _texts(page, ".card h3")[0] == shown
    assert page.run("document.documentElement.lang") == language
    if language == "en":
        own = page.run("document.querySelector('header').innerText + document.querySelector('.controls').innerText")
        assert not re.search("[\u4e00-\u9fff]", re.sub("话术.csv|回复|简体中文|繁體中文", "", own))


def test_twenty_thousand_rows_scroll(browser: Browser, tmp_path: Path) -> None:
    """However long the list, few cards exist, and wherever the reader is, the window is full and nothing overlaps."""
    rows = (
        ROWS[n % 5].model_copy(update={"row": n + 2, "original": ROWS[n % 5].original + "行\n" * (n * 7919 % 13)})
        for n in range(20_000)
    )
    _window(browser, 1280, 900)
    browser.open(_page(tmp_path / "r.html", rows))
    assert _texts(browser, "#shown") == ["显示 20,000 条，共 20,000 条"]
    for place in (0.0, 0.3, 0.31, 0.99, 1.0, 0.5):
        browser.run(f"window.scrollTo(0, document.body.scrollHeight * {place})")
        browser.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        boxes = browser.run(
            "[...document.querySelectorAll('.card')].map(card => card.getBoundingClientRect())"
            ".map(box => [box.top, box.bottom])"
        )
        assert len(boxes) < 60
        assert all(abs(below[0] - above[1]) < 2 for above, below in itertools.pairwise(boxes))
        assert boxes[-1][1] > 800 or place > 0.9
        assert boxes[0][0] < 200 or place == 0.0
    _choose(browser, "#search", "19999")
    browser.wait("document.querySelectorAll('.card').length === 1")


def test_what_differs_is_marked_exactly(browser: Browser, tmp_path: Path) -> None:
    """Without what left, the original is the polished text without what came; on a hundred random pairs."""
    dice = random.Random(7)
    letters = "您好我会继续跟进，订单 A1 ok😀\n"
    texts = ["".join(dice.choices(letters, k=dice.randrange(40))) or "好" for _ in range(101)]
    pairs = enumerate(itertools.pairwise(texts))
    rows = [PolishedRow(row=n, original=a, text=b, status="repaired") for n, (a, b) in pairs]
    _window(browser, 1280, 30_000)
    browser.open(_page(tmp_path / "r.html", rows))
    browser.wait("document.querySelectorAll('.card').length === 100")
    code = """[...document.querySelectorAll('.card')].map(card => [...card.querySelectorAll('.pane')].map(pane =>
      [pane.textContent, [...pane.childNodes].filter(part => !/removed|added/.test(part.className)).map(
        part => part.textContent).join('')]))"""
    for row, (before, after) in zip(rows, browser.run(code), strict=True):
        assert (before[0], after[0]) == (row.original, row.text)
        assert before[1] == after[1]


def test_it_fits_a_phone_and_a_printer(page: Browser, tmp_path: Path) -> None:
    """A narrow window does not scroll sideways, and the print holds every reply."""
    _window(page, 360, 740)
    page.open(tmp_path / "report.html")
    assert page.run("document.documentElement.scrollWidth") <= 360
    page.run("window.dispatchEvent(new Event('beforeprint'))")
    page.call("Emulation.setEmulatedMedia", media="print")
    boxes = page.run("[...document.querySelectorAll('.card')].map(card => card.getBoundingClientRect().top)")
    page.call("Emulation.setEmulatedMedia", media="")
    page.run("window.dispatchEvent(new Event('afterprint'))")
    assert len(boxes) == 5
    assert boxes == sorted(boxes)


def _luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_colours_have_contrast() -> None:
    """In light and dark, every text reaches 4.5 : 1 on what it stands on (WCAG 2.2, 1.4.3)."""
    css = (Path(replykit.__file__).parent / "batch" / "page" / "report.css").read_text("utf-8")
    themes = [dict(re.findall(r"--([\w-]+): (#\w{6});", block)) for block in re.findall(r":root \{(.*?)\}", css, re.S)]
    assert len(themes) == 2
    for theme in themes:
        for text in ("ink", "quiet", "link", "error", "warning", "good"):
            for ground in ("paper", "panel", *(("removed", "added") if text == "ink" else ())):
                light, dark = sorted((_luminance(theme[text]), _luminance(theme[ground])), reverse=True)
                assert (light + 0.05) / (dark + 0.05) >= 4.5, (text, ground)
