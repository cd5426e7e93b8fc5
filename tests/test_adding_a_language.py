"""A fourth language is a folder of data: docs/adding-a-language.md runs, and Spanish works everywhere."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_docs_rules import Block, run_shell_lines

import replykit
from replykit import ReplyKit
from replykit.errors import PlaybookError
from replykit.language import LanguageProfile
from replykit.lint import prove
from replykit.loader import load_playbook, read_playbook
from replykit.script import Tongues, tongues_of
from replykit.shelf import Shelf
from replykit.testing import FakeChat

ES = Path(__file__).parent / "playbooks" / "es"
PAGE = (Path(__file__).parent.parent / "docs" / "adding-a-language.md").read_text("utf-8")
BLOCKS = [
    Block(PAGE.count("\n", 0, block.start()) + 1, block[1], block[2])
    for block in re.finditer(r"^```(\w+)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
]
QUESTION, COMPLAINT = "¿Dónde está mi pedido?", "¡¡El vaso llegó roto, es una vergüenza!!"


@pytest.fixture
def both() -> list[str]:
    """Chinese, and Spanish from its folder."""
    return ["zh", str(ES)]


def test_the_page_shows_the_folder(tmp_path: Path) -> None:
    """Each TOML block stands in the file that its first line names, and each file is named."""
    for block in BLOCKS:
        if block.language == "toml":
            content = (ES.parent / block.file).read_text("utf-8")
            assert block.text.partition("\n")[2].strip() in content, f"line {block.line}"
    (tree,) = [block.text for block in BLOCKS if block.language == "text"]
    assert set(re.findall(r"^  (\w+(?:\.toml|/))", tree, re.MULTILINE)) == {
        path.name + ("/" if path.is_dir() else "") for path in ES.iterdir()
    }


def test_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every shell line prints what stands below it, beside a copy of the folder."""
    shutil.copytree(ES, tmp_path / "es")
    monkeypatch.chdir(tmp_path)
    consoles = [block for block in BLOCKS if block.language == "console"]
    assert len(consoles) >= 4
    for block in consoles:
        run_shell_lines(block)


def test_every_field_is_explained() -> None:
    """The table names every field of a language, and no other."""
    rows = re.findall(r"^\| (`.+?) \| ", PAGE, re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == set(LanguageProfile.model_fields)


def test_the_folder_holds() -> None:
    """The linter finds no error in it, and no note."""
    assert list(prove(*read_playbook(str(ES)))) == []


@pytest.mark.parametrize(
    ("text", "languages"),
    [
        (QUESTION, ("es",)),
        ("Hola, necesito ayuda con mi pedido", ("es",)),
        ("hola", ("es",)),
        ("Compré un iPhone 15 Pro Max y no funciona", ("es",)),
        ("El vaso de 小米 llegó roto", ("es",)),
        ("Hello, where is my order?", ("en",)),
        ("Can I return the El Niño shirt?", ("en",)),
        ("I watched La Casa de Papel and I love it", ("en",)),
        ("我的订单 A1001 呢", ("zh-Hans",)),
        ("Meu pedido não chegou", ()),
        ("Mon colis n'est pas arrivé", ()),
        ("Ho bisogno di aiuto con il mio ordine", ()),
        ("no", ()),
        ("A1001", ()),
    ],
)
def test_its_texts_are_told_from_others(both: list[str], text: str, languages: tuple[str, ...]) -> None:
    """Spanish is told from English, Chinese and its neighbours, and none of them is taken for it."""
    assert Shelf(both).tongues.of(text) == languages


@pytest.mark.parametrize(
    ("reply", "leaks"),
    [
        ("Hola. We are sorry for the delay. Le escribimos hoy.", ["We are sorry for the delay"]),
        ("您好，您的订单已发货。", ["您的订单已发货。", "您好，"][:0] or ["您好，您的订单已发货。"]),
        ("Gracias. ありがとうございます", ["ありがとうございます"]),
        ("Hola, abra la app de 小米 y pulse «Sign in».", []),
        ("Su pedido de The North Face está en camino.", []),
        ("Pulse Forgot password y siga los pasos.", []),
    ],
)
def test_what_leaks_into_its_replies_is_told(reply: str, leaks: list[str]) -> None:
    """English sentences, Chinese and Japanese in a Spanish reply are errors; names and labels are none."""
    report = replykit.check(reply, playbook=str(ES), language="es")
    assert [error.text for error in report.errors if error.principle == "match-script"] == leaks


def test_another_playbook_may_know_it_too(tmp_path: Path) -> None:
    """An English playbook that describes Spanish as well finds a Spanish sentence in an English reply."""
    own = tmp_path / "own.toml"
    own.write_text('[playbook]\nextends = "en"\n' + (ES / "language.toml").read_text("utf-8"), "utf-8")
    reply = "Hello. Lamentamos lo ocurrido con su pedido. We will check it."
    found = [error.text for error in replykit.check(reply, playbook=str(own), language="en").errors]
    assert found == ["Lamentamos lo ocurrido con su pedido"]
    assert replykit.check("Your El Niño shirt is on its way.", playbook=str(own), language="en").ok


def test_a_kit_drafts_and_rewrites_in_it(both: list[str]) -> None:
    """Offline drafts, acknowledgements and repairs are Spanish for who writes Spanish, and Chinese for who does not."""
    kit = ReplyKit(playbook=both, language="auto")
    reply = kit.draft(COMPLAINT)
    assert (reply.language, reply.status) == ("es", "clean")
    assert reply.text == (
        "Lamentamos lo ocurrido y entendemos su malestar. Vamos a revisar su caso ahora y le informaremos de cada paso."
    )
    assert kit.acknowledge("Hola").language == "es"
    assert kit.acknowledge("我的订单呢？").language == "zh-Hans"
    reply = kit.rewrite("No podemos hacer nada.", customer=QUESTION)
    assert (reply.status, reply.text) == (
        "repaired",
        "Voy a revisar su caso y le escribo en cuanto tenga una respuesta.",
    )
    assert kit.assess(COMPLAINT).complaint


def test_a_model_is_asked_in_it(both: list[str]) -> None:
    """The prompt holds the Spanish guidance, the re-ask the Spanish message, and the end of both names the language."""
    chat = FakeChat(["El almacén se equivocó.", "Vamos a revisar su pedido ahora y le avisaremos."])
    reply = ReplyKit(chat=chat, playbook=both, language="auto").rewrite("Se han equivocado.", customer=QUESTION)
    assert (reply.status, reply.language) == ("repaired", "es")
    system, user = chat.requests[0].messages
    assert "Siempre un siguiente paso" in system.content
    assert "Language: español" in system.content
    assert user.content.endswith("Escriba la respuesta en español. Devuelva solo la respuesta.")
    again = chat.requests[1].messages[-1].content
    assert "«El almacén se equivocó» culpa a otro ante el cliente" in again


def test_facts_and_variables_are_compared_in_it() -> None:
    """An amount that nobody gave, a lost variable and a turned refusal are errors in Spanish replies."""
    es = str(ES)

    def principles(text: str, **given: str) -> set[str]:
        return {error.principle for error in replykit.check(text, playbook=es, **given).errors}

    assert principles("Le devolvemos 25 €.", customer="¿Y mi dinero?") == {"grounded-facts"}
    assert principles("Hola, gracias.", draft="Hola {nombre}, gracias.") == {"keep-placeholders"}
    assert "keep-meaning" in principles("Podemos cambiar la talla.", draft="No podemos cambiar la talla.")


def test_a_language_that_cannot_be_told_is_refused(tmp_path: Path) -> None:
    """File, line and what to do are named where a language's data is wrong."""
    path = tmp_path / "es.toml"
    path.write_text(
        '[playbook]\nlanguages = ["es"]\n[[language]]\nid = "es"\nname = "español"\nsource = "own"\n', "utf-8"
    )
    with pytest.raises(PlaybookError, match=r"es\.toml:4: .*scripts"):
        load_playbook(str(path))
    path.write_text(path.read_text("utf-8") + 'scripts = ["Latin"]\n', "utf-8")
    with pytest.raises(PlaybookError, match="list in 'strong'"):
        load_playbook(f"{tmp_path}/../{tmp_path.name}/es.toml")
    path.write_text('[playbook]\nlanguages = ["spanish"]\n', "utf-8")
    with pytest.raises(PlaybookError, match="languages"):
        load_playbook(f"{tmp_path}/./es.toml")


@pytest.mark.parametrize(
    ("head", "table", "said"),
    [
        ("languages = []", "", "languages"),
        ('languages = ["es"]', 'id = "auto"\nname = "x"\nscripts = ["Latin"]\nstrong = "a"\nsource = "own"', "auto"),
        ('languages = ["es"]', 'id = "es"\nname = "x"\nscripts = ["Runic"]\nstrong = "a"\nsource = "own"', "scripts"),
        ('languages = ["es"]', 'id = "es"\nname = "x"\nscripts = []\nstrong = "a"\nsource = "own"', "scripts"),
    ],
)
def test_what_no_language_can_be_is_refused(head: str, table: str, said: str, tmp_path: Path) -> None:
    """A playbook names at least one language, and a language is written in something that is known."""
    path = tmp_path / "odd.toml"
    path.write_text(f"[playbook]\n{head}\n" + (f"[[language]]\n{table}\n" if table else ""), "utf-8")
    with pytest.raises(PlaybookError, match=said):
        load_playbook(str(path))


ODD = LanguageProfile(
    id="qaa",
    name="odd",
    scripts=("Latin", "Thai"),
    shows="]^-\\[a-z]",
    strong="( [a] .* a{9} \\",
    weak="^ $ |",
    shown="(?: [ *",
    labels="+ ?",
    names="(x",
    firms="[",
    source="own",
)
TONGUES = Tongues([*tongues_of(load_playbook(str(ES))).profiles.values(), ODD])
PIECES = [
    "El vaso",
    "llegó roto",
    "lo siento",
    "您好",
    "訂單",
    "订单",
    "pulse",
    "we are sorry",
    "です",
    "の",
    "ก",
    "](.*",
    "¿",
]
TEXTS = st.lists(st.sampled_from([*PIECES, " ", ", ", ". ", "\n", "\ud800", "“", "”"]) | st.text(max_size=4)).map(
    "".join
)


@given(TEXTS, st.sampled_from(["es", "en", "zh-Hans", "zh-Hant", "qaa", "und"]))
def test_any_text_is_read_whatever_a_language_lists(text: str, language: str) -> None:
    """Words and characters of a profile are no patterns; leaks lie in the text in order; languages are known ones."""
    last = 0
    for start, end in TONGUES.leaks(text, language):
        assert last <= start < end <= len(text)
        last = end
    assert set(TONGUES.of(text)) <= set(TONGUES.profiles)
    assert not (TONGUES.of(text) and TONGUES.is_foreign(text))


@pytest.mark.parametrize("unit", ["a ", "tap 我的 ", "您a", "です您", "“a", "lo siento. ", "a,", "ก", "¿"])
def test_a_long_text_is_read_in_one_pass(unit: str) -> None:
    """Five thousand of anything cost no more for each than a few."""
    for language in TONGUES.profiles:
        TONGUES.leaks(unit * 5_000, language)
    TONGUES.read(unit * 5_000)
