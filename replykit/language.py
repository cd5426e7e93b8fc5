"""What a language is, as data: how a text in it is told from others, and how it is written."""

# No postponed annotations: pydantic would compile each of them anew, a fifth of the time of an import.

from typing import Literal, Self

from pydantic import Field, model_validator

from replykit.records import Language, Record

__all__ = ["LanguageProfile", "Script"]

Script = Literal[
    "Arabic", "Cyrillic", "Devanagari", "Han", "Hangul", "Hebrew", "Kana", "Latin", "Thai",
]  # fmt: skip


class LanguageProfile(Record):
    """One language that a playbook is for, or that its replies are to be told from.

    Word lists are texts, the words parted by white space, in small letters. In a language that puts no space between
    its words they are characters or words of any length, wherever they stand.

    Attributes:
        id: its tag (BCP 47), as in a playbook's `languages`.
        name: what its speakers call it.
        called: what else people write for it in a column of languages, in small letters.
        locale: language and region, for tools that ask for both.
        scripts: what it is written in.
        table: which of replykit's two lists of characters shows it, `simplified` or `traditional`.
        shows: other characters that show it wherever they stand (ñ¿¡). What shows one script of a language (zh-Hans) is
            wrong in the others of that language (zh-Hant).
        spaced: False where no space stands between two words or sentences.
        strong: words that bear the grammar of a sentence and hardly ever stand in a title, a label or a name.
        weak: words that bear it and do.
        common: what customers write besides.
        shared: those of them that other languages in the same script have too; they show nothing by themselves.
        courtesies: words that begin a sentence even where each of its words has a capital letter.
        names: words behind which a person's name stands (收件人), which keeps its owner's script.
        copulas: words that may stand between those and the name (收件人是).
        firms: words behind which, after a colon, the name of a company or a brand stands.
        shown: words behind which the wording of a screen stands (点击).
        labels: words before which it stands (按钮).
        source: where it comes from.
    """

    id: Language
    name: str = Field(min_length=1)
    called: tuple[str, ...] = ()
    locale: str = Field(default="", pattern=r"^([a-z]{2}-[A-Z]{2})?$")
    scripts: tuple[Script, ...] = Field(min_length=1)
    table: Literal["", "simplified", "traditional"] = ""
    shows: str = ""
    spaced: bool = True
    strong: str = ""
    weak: str = ""
    common: str = ""
    shared: str = ""
    courtesies: str = ""
    names: str = ""
    copulas: str = ""
    firms: str = ""
    shown: str = ""
    labels: str = ""
    source: str = Field(min_length=1)

    @model_validator(mode="after")
    def _can_be_told(self) -> Self:
        if self.spaced and not self.strong.split():
            raise ValueError("a language is told by its words; list in 'strong' those that bear its grammar")
        return self
