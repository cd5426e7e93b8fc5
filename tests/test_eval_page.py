"""The page of an evaluation: whatever texts say, it stays a page, and it shows what was found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from browser import Browser, NoBrowser
from eval_runs import run_of, trial, violation
from hypothesis import given, settings
from hypothesis import strategies as st

from replykit.batch.price import Price
from replykit.evaluation import EvalCase, Run, Trial, WeakAnswer, compare
from replykit.evaluation.eval_case import folded
from replykit.evaluation.report import marked, write_page
from replykit.intake import is_blank

HOSTILE = (
    "<script>fetch('https://evil.example')</script>",
    "</style></head><img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)" x="',
    "<!-- ",
    "{{ 7 * 7 }}{% include 'x' %}",
    "&lt;b&gt;&amp;",
    "\u202e倒\u2066过来\x00\x1b[31m",
    "\ud83d",
    "'><svg onload=alert(1)>",
)
TAGS = {
    *("article", "b", "body", "dd", "details", "div", "dl", "dt", "fieldset", "h1", "h2", "h3", "head", "header"),
    *("html", "input", "label", "legend", "li", "main", "mark", "meta", "p", "rect", "section", "small", "span"),
    *("style", "summary", "svg", "table", "tbody", "td", "th", "thead", "title", "tr", "ul"),
}


class Page(HTMLParser):
    """What a browser would make of a page: its elements, their attributes, and its words."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: set[str] = set()
        self.words: list[str] = []
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Count an element."""
        self.tags[tag] += 1
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        """Keep its words."""
        self.words.append(data)


def planted(text: str) -> Run:
    """Return a run that holds a text wherever one may stand; names hold no half characters."""
    name = text.encode("utf-8", "replace").decode("utf-8")
    case = EvalCase(
        id=name,
        source={"document": name, "section": name},  # type: ignore[arg-type]  # as a file gives it
        customer=text,
        history=({"role": "agent", "text": text},),  # type: ignore[arg-type]
        facts=(text,),
        tone=text,
        must=((f"不在{text}",), (text,)),
        must_not=(text,),
    )
    script = WeakAnswer.model_validate(
        {"case": name, "id": name, "kind": name, "answers": [text], "never": [text], "why": text, "expect": ["clean"]}
    )
    found = violation("no-blame", text=text).model_copy(update={"message": text, "principle": text, "rule": text})
    said = trial("x", "review", text=text, wrong=[found], script=script)
    failed = Trial(case=name, run=2, error=text)
    run = run_of([trial("case-1")], model=text)
    made = run.made_with.model_copy(update={"server": text, "playbook": text, "cases": (text,), "version": text})
    return Run(made_with=made, cases=(case,), trials=(said.model_copy(update={"case": name}), failed))


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_stays_a_text(tmp_path: Path, text: str) -> None:
    """Wherever it stands, it makes no element, no attribute and no script, and is read as it was written."""
    write_page(tmp_path / "page.html", planted(text), made_at=text)
    write_page(tmp_path / "plain.html", planted("好"), made_at="好")
    page, plain = Page(tmp_path / "page.html"), Page(tmp_path / "plain.html")
    assert page.tags == plain.tags
    assert page.attributes == plain.attributes
    assert set(page.tags) <= TAGS
    if text.isprintable():
        assert text in page.words


@settings(max_examples=30, deadline=None)
@given(text=st.text(min_size=1, max_size=100).filter(lambda text: folded(text) and not is_blank(text)))
def test_any_text_stays_a_text(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """Whatever is said makes no element."""
    path = tmp_path_factory.getbasetemp() / "any.html"
    write_page(path, planted(text))
    assert set(Page(path).tags) <= TAGS


@given(st.text(alphabet="甲乙丙丁", min_size=1), st.data())
def test_marks_cover_what_is_wrong(text: str, data: st.DataObject) -> None:
    """The pieces are the text, and a character is marked as the gravest violation that covers it."""
    spans = data.draw(
        st.lists(st.tuples(st.integers(0, len(text)), st.integers(0, len(text)), st.sampled_from(("error", "warning"))))
    )
    found = [
        violation("any", min(a, b), severity=severity, text=text[min(a, b) : max(a, b)]) for a, b, severity in spans
    ]
    pieces = marked(text, found)
    assert "".join(piece for piece, _ in pieces) == text
    severities = [severity for piece, severity in pieces for _ in piece]
    for place, severity in enumerate(severities):
        covering = {one.severity for one in found if one.start <= place < one.end}
        assert severity == ("error" if "error" in covering else "warning" if covering else "")


def compared() -> tuple[Run, Run]:
    """Return two runs of a dozen cases, the second better."""
    wrong = [violation("no-blame")]
    bad = [
        trial(f"case-{n}", "review" if n % 2 else "re-ask", wrong=wrong, text="呵呵，不好意思。") for n in range(1, 13)
    ]
    good = [trial(f"case-{n}") for n in range(1, 12)]
    return run_of(bad), run_of(good, model="model-b", count=12)


def test_a_comparison_stands_in_the_page(tmp_path: Path) -> None:
    """Figures of both, the difference with its interval and verdict, the rule, and replies beside each other."""
    a, b = compared()
    write_page(tmp_path / "page.html", a, b, compare(a, b), price=Price.of("2元", "8元"))
    page = Page(tmp_path / "page.html")
    words = " ".join(" ".join(page.words).split())
    assert "clean at the first try 0.0% 0 of 12 100.0% 11 of 11 +100.0% 100.0% … 100.0%" in words
    assert "B is better" in words
    assert "cannot tell" in words
    assert "on both sides; 1 played on one side alone, and left out." in words
    assert "11 cases in pairs, the runs of a case averaged;" in words
    assert "Between A and B differ: model: model-a → model-b." in words
    assert "not played" in words
    assert page.tags["article"] == 12


def test_replayed_answers_stand_in_the_page(tmp_path: Path) -> None:
    """Their kinds are tallied, and what leaves wrongly is said where it stands."""
    fields = {"case": "case-1", "id": "one", "kind": "承诺", "answers": ["…"], "never": ["在路上"], "why": "无依据"}
    run = run_of([trial("case-1", script=WeakAnswer.model_validate({**fields, "expect": ["needs_review"]}))])
    write_page(tmp_path / "page.html", run)
    words = " ".join(" ".join(Page(tmp_path / "page.html").words).split())
    assert "one · 承诺 · 无依据 · expected: needs_review" in words
    assert "wrongly clean not as expected 您的订单在路上。 may never leave 在路上" in words


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser, where there is one."""
    try:
        opened = Browser()
    except NoBrowser as absent:
        pytest.skip(str(absent))
    with opened:
        yield opened


VISIBLE = "[...document.querySelectorAll('.row')].filter(row => row.offsetParent).length"


def test_the_page_in_a_browser(browser: Browser, tmp_path: Path) -> None:
    """It asks for nothing, complains of nothing, marks in colour, filters without a script, and is never too wide."""
    a, b = compared()
    write_page(tmp_path / "page.html", a, b, compare(a, b))
    browser.requests.clear()
    browser.said.clear()
    browser.open(tmp_path / "page.html")
    assert browser.run(VISIBLE) == 12
    for name, shown in (("review", 6), ("repaired", 6), ("first", 11), ("worse", 0), ("all", 12)):
        browser.run(f"document.querySelector('#show-{name}').click()")
        assert (name, browser.run(VISIBLE)) == (name, shown)
        assert browser.run("[...document.querySelectorAll('.case')].filter(one => one.offsetParent).length") == shown
    underlined = "getComputedStyle(document.querySelector('.row mark')).boxShadow"
    assert browser.run(underlined) != "none"
    light = browser.run("getComputedStyle(document.body).backgroundColor")
    browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    assert browser.run("getComputedStyle(document.body).backgroundColor") != light
    browser.call("Emulation.setEmulatedMedia", features=[])
    for width in (1280, 720, 360):
        browser.call("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=False)
        assert browser.run("document.documentElement.scrollWidth <= innerWidth")
    assert [address for address in browser.requests if not address.startswith("file:")] == []
    assert browser.said == []


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_page_does_nothing(browser: Browser, tmp_path: Path, text: str) -> None:
    """In a browser no script runs, and nothing is fetched."""
    write_page(tmp_path / "page.html", planted(text))
    browser.requests.clear()
    browser.said.clear()
    browser.open(tmp_path / "page.html")
    assert browser.run("document.scripts.length + document.images.length + document.links.length") == 0
    assert [address for address in browser.requests if not address.startswith("file:")] == []
    assert browser.said == []
