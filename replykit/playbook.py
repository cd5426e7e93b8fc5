"""A playbook: principles, rules, word lists and ready lines of one language."""

# No postponed annotations: pydantic would compile each of them anew, a fifth of the time of an import.

from typing import Literal, Self

from pydantic import Field, model_validator

from replykit.language import LanguageProfile
from replykit.records import Language, Record, Stage
from replykit.register import Category, FieldReader, RecordField
from replykit.rules import Condition, Rule, Scene, SignalRule

__all__ = ["Line", "Pair", "PlaceholderSyntax", "Playbook", "Polarity", "Principle", "StageGuide"]

Situation = Literal["always", "complaint", "enquiry", "difficult", "closing"]


class Principle(Record):
    """One principle of the source documents.

    Attributes:
        id: the same in every language.
        title: its name for people.
        guidance: what the model is told to do; it names the wished behaviour, not the forbidden words.
        why: what happens to the customer otherwise.
        sources: documents and sections.
        situations: when the model is told.
    """

    id: str
    title: str
    guidance: tuple[str, ...] = Field(min_length=1)
    why: str
    sources: tuple[str, ...] = Field(min_length=1)
    situations: tuple[Situation, ...] = ("always",)


class Line(Record):
    """A ready line that may be sent as it is.

    Attributes:
        id: its name.
        scene: when it fits.
        text: the line; it promises no time.
        source: the document and section that it follows.
    """

    id: str
    scene: Scene
    text: str
    source: str


class Pair(Record):
    """A habitual wording and the professional one (000, 三、服务技能).

    Attributes:
        id: its name.
        principle: the principle that the habitual wording breaks.
        habitual: what people say.
        professional: what to say instead.
        source: the document and section.
    """

    id: str
    principle: str
    habitual: str
    professional: str
    source: str


class StageGuide(Record):
    """What one stage of a complaint asks for (000, 客户投诉处理的四个阶段).

    Attributes:
        id: the stage.
        title: its name for people.
        requirements: what the reply must do.
        entries: when a conversation has reached it: where all conditions of one of them hold. They look at what is
            given (`customer`, `agent`, `facts`, `signals`). The first stage's say what a complaint is.
        source: the document and section.
    """

    id: Stage
    title: str
    requirements: tuple[str, ...] = Field(min_length=1)
    entries: tuple[tuple[Condition, ...], ...] = ()
    source: str


class PlaceholderSyntax(Record):
    """A syntax for template variables, links and codes, as RE2. A group named `hit` is the part that is meant.

    Attributes:
        id: its name.
        pattern: what a whole placeholder looks like.
        ignore: RE2; what it finds inside a placeholder does not count when two are compared, but for its first group.
        look_alike: True for something that only looks like a placeholder; what it finds is left alone.
        source: where it is used.
        good: near-misses: texts that must not be taken for one; for a look-alike, texts without any placeholder.
        bad: texts that hold one.
    """

    id: str
    pattern: str = Field(min_length=1)
    ignore: str = ""
    look_alike: bool = False
    source: str
    bad: tuple[str, ...] = ()
    good: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _shown(self) -> Self:
        if not (self.good if self.look_alike else self.bad):
            raise ValueError(f"an example is missing; give one in {'good' if self.look_alike else 'bad'!r}")
        return self


class Polarity(Record):
    """Two groups of words that say opposite things of the same matter, or the words of a condition or a warning.

    Patterns are RE2 over folded text (simplified, half-width, small letters), inside one clause. A group named `hit` is
    the word itself where the pattern needs its neighbours; for a condition or a warning it is what must not be lost.

    Attributes:
        id: its name.
        kind: `polarity`; or `condition` or `warning`, which a rewrite must keep.
        positive: patterns of one side; for a condition or a warning, what one looks like.
        negative: patterns of the other side; for a condition or a warning, what looks like one and binds nobody.
        weak: patterns of the positive side that count only where no other word of the pair stands before them.
        neither: what looks like one of the two sides and is none (可能 beside 能).
        matter: where the matter is named: `after` the word (else before it), `around` it, or `within` the match, beside
            the `hit`.
        alone: True where the words name the matter themselves (有货), so that one without any speaks of every matter.
        same: groups of words for the same matter; the first of each stands for all.
        fillers: words that do not name a matter.
        asides: words that make it another matter where only one of the two has them (查询退款 beside 退款).
        limits: words that make a refusal a partial one where only the refusal has them (不能立即退款).
        negations: words that turn a condition round.
        by: `word` where a matter is compared word by word, as in a language with spaces, and not by its characters.
        endings: by words, endings that make no other word of one (refunds, refunded).
        source: the document and section.

    What one polarity says in `same`, `fillers`, `asides`, `limits`, `negations`, `by` and `endings` holds for all of a
    playbook.
    """

    id: str
    kind: Literal["polarity", "condition", "warning"] = "polarity"
    positive: tuple[str, ...] = Field(min_length=1)
    negative: tuple[str, ...] = Field(min_length=1)
    weak: tuple[str, ...] = ()
    neither: tuple[str, ...] = ()
    matter: Literal["after", "around", "within"] = "after"
    alone: bool = False
    same: tuple[tuple[str, ...], ...] = ()
    fillers: tuple[str, ...] = ()
    asides: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    negations: tuple[str, ...] = ()
    by: Literal["character", "word"] = "character"
    endings: tuple[str, ...] = ()
    source: str


class Playbook(Record):
    """Everything that decides what a good reply is, for one language.

    Attributes:
        name: what it is called.
        description: one sentence about it.
        languages: what it can judge and say, the default first.
        extends: the playbook that it adds to.
        disable: ids of rules and principles of that playbook which do not apply.
        principles, rules, signals, lines, pairs, stages, placeholders, polarities: see their records.
        fields, readers, categories: what a complaint record holds, and how it is read; see their records.
        words: named word lists; a pattern refers to one as `{name}`.
        constants: texts whose facts always hold (the company's own phone number, its return period).
        traditional: what the playbook says, simplified to traditional script.
        profiles: how its languages are told from others. What a built-in one says of its own is known everywhere, and
            no part of it.
        templates: the folder `prompts` beside its files, with prompt templates of its own; None: it has none.
    """

    name: str
    description: str = ""
    languages: tuple[Language, ...] = Field(default=("zh-Hans", "zh-Hant"), min_length=1)
    extends: str | None = None
    disable: tuple[str, ...] = ()
    principles: tuple[Principle, ...] = ()
    rules: tuple[Rule, ...] = ()
    signals: tuple[SignalRule, ...] = ()
    lines: tuple[Line, ...] = ()
    pairs: tuple[Pair, ...] = ()
    stages: tuple[StageGuide, ...] = ()
    placeholders: tuple[PlaceholderSyntax, ...] = ()
    polarities: tuple[Polarity, ...] = ()
    fields: tuple[RecordField, ...] = ()
    readers: tuple[FieldReader, ...] = ()
    categories: tuple[Category, ...] = ()
    words: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    constants: tuple[str, ...] = ()
    traditional: dict[str, str] = Field(default_factory=dict)
    profiles: tuple[LanguageProfile, ...] = ()
    templates: str | None = Field(default=None, exclude=True)  # where it lies decides nothing; what it holds does

    def say(self, text: str, language: Language | None) -> str:
        """Return a text of the playbook in the script of `language`, or in its first where it does not speak that."""
        spoken = language if language in self.languages else self.languages[0]
        return self.traditional.get(text, text) if spoken == "zh-Hant" else text

    def lines_for(self, scene: Scene) -> tuple[Line, ...]:
        """Return the ready lines of one scene, in the order of the file."""
        return tuple(line for line in self.lines if line.scene == scene)

    def principle(self, id: str) -> Principle:
        """Return one principle.

        Raises:
            KeyError: the playbook has none of that id.
        """
        for principle in self.principles:
            if principle.id == id:
                return principle
        raise KeyError(id)
