"""The documentation as a site: every link leads somewhere, and the rule catalogue is what the playbooks hold."""

from __future__ import annotations

import re
from pathlib import Path

import build_site
import pytest
import write_comparison
from rule_catalogue import PLAYBOOKS, catalogue

from replykit import load_playbook

ROOT = Path(__file__).parent.parent
CATALOGUE = dict(catalogue())


def test_it_builds(tmp_path: Path) -> None:
    """The site builds with strict links and anchors, has every page, and fetches nothing from elsewhere."""
    build_site.build(tmp_path / "site", source=tmp_path / "source")
    built = {path.relative_to(tmp_path / "site").as_posix() for path in (tmp_path / "site").rglob("*.html")}
    assert {page.removesuffix(".md") + ".html" for page in build_site.pages().values()} <= built
    assert {page.removesuffix(".md") + ".html" for page in CATALOGUE} <= built
    for page in ("index.html", "rules/index.html", "reference/replykit.html"):
        html = (tmp_path / "site" / page).read_text("utf-8")
        fetched = re.findall(r"<(?:script|link|img|iframe)[^>]*(?:src|href)=\"?(https?://[^\" >]+)", html)
        assert fetched == [], page
    assert "Find what a reply breaks" in (tmp_path / "site" / "reference" / "replykit.html").read_text("utf-8")


def test_every_page_is_in_the_contents() -> None:
    """Whoever reads the site from its contents finds every page."""
    contents = (ROOT / "zensical.toml").read_text("utf-8")
    assert [page for page in build_site.pages().values() if f'"{page}"' not in contents] == []


@pytest.mark.parametrize("link", ["docs/nothing.md", "examples/bots/nothing.py", "../outside.md"])
def test_a_link_that_leads_nowhere(link: str, tmp_path: Path) -> None:
    """A page that links to no file of the project ends the build in a sentence that names both."""
    site = build_site.Site(tmp_path)
    with pytest.raises(SystemExit, match=re.escape(f"README.md links to {link}")):
        site.relinked(f"See [this]({link}).", "README.md", "index.md")


def test_links_become_those_of_the_site(tmp_path: Path) -> None:
    """A link to a page, a part of one, a picture, a file or a folder leads there in the site; code is left alone."""
    site = build_site.Site(tmp_path)
    text = "[a](docs/check.md) [b](DESIGN.md#words) [c](LICENSE) `[d](docs/check.md)` [e](https://a.b) [f](#x)"
    assert site.relinked(text, "README.md", "index.md") == (
        "[a](check.md) [b](design.md#words) [c](source/LICENSE.md) `[d](docs/check.md)` [e](https://a.b) [f](#x)"
    )
    assert site.relinked("[x](../examples/bots)", "docs/bots.md", "bots.md") == "[x](source/examples/bots/index.md)"
    assert "import hmac" in (tmp_path / "source/examples/bots/chatwoot.py.md").read_text("utf-8")


@pytest.mark.parametrize("name", PLAYBOOKS)
def test_the_catalogue_holds_every_rule(name: str) -> None:
    """Each rule stands on the page of its principle, with a hit and a near-miss, where it is from, and why."""
    playbook = load_playbook(name)
    for principle in playbook.principles:
        assert f"rules/{name}/{principle.id}.md" in CATALOGUE
    for rule in playbook.rules:
        page = CATALOGUE.get(f"rules/{name}/{rule.principle}.md")
        assert page is not None, rule.id
        assert f"## {rule.id}\n" in page
        assert "**A hit**" in page
        assert "**Not a hit**" in page


def test_no_example_is_markup() -> None:
    """What a rule quotes is shown letter by letter: no link, picture, heading or HTML of it comes alive."""
    planted = "\n".join(text for page, text in CATALOGUE.items() if page.endswith("grounded-facts.md"))
    assert planted
    for text in CATALOGUE.values():
        lines = [line for line in text.splitlines() if line.startswith("- ")]
        assert not any(re.search(r"<(?!br>)\w|!\[|\]\(|`", line.split(" *(")[0]) for line in lines)


def test_the_comparison_quotes_what_was_measured() -> None:
    """The tables of docs/comparison.md are those of the pages that their commands write."""
    text = write_comparison.PAGE.read_text("utf-8")
    assert write_comparison.filled(text) == text


def test_the_chinese_page_shows_the_same_commands() -> None:
    """Every command of README.zh-CN.md stands in README.md as well, and every setting in it is one of the command's."""
    english = (ROOT / "README.md").read_text("utf-8")
    chinese = (ROOT / "README.zh-CN.md").read_text("utf-8")
    commands = re.findall(r"^\$ (.+)$", chinese, re.MULTILINE)
    assert len(commands) >= 4
    assert [command for command in commands if f"$ {command}\n" not in english] == []
    settings = re.findall(r"`(--[\w-]+|[A-Z]+_[A-Z_]+)", chinese)
    assert settings
    assert [setting for setting in settings if setting not in english] == []
