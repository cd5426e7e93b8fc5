"""Prompts: templates that turn a playbook and a request into messages for a chat model."""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from replykit.errors import PromptError
from replykit.instructions import canary_of
from replykit.playbook import Playbook, Principle, Situation, StageGuide
from replykit.records import Assessment, ChatMessage, Language, Request, Stage, Turn, Violation
from replykit.script import only, tongues_of
from replykit.text import fold

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = [
    "messages_for",
    "principles_for",
    "privacy_note",
    "prompts_digest",
    "record_again",
    "record_messages",
    "repair_messages",
]

_PACKAGE = Path(__file__).parent
_FENCES = ("customer_said", "agent_said", "customer_message", "facts", "agent_draft", "already_sent")
_SENT_BACK = 500  # code points of an answer without JSON
_TOLD = (
    "task", "persona", "opening", "signature", "guidance", "channel", "length", "language", "language_name", "tone",
)  # fmt: skip
_HOLE = "\ue000canary\ue001"  # characters that nobody has a use for
_DIFFICULT = frozenset({"abuse", "threat", "self_harm", "unreasonable_demand"})


def messages_for(
    request: Request, playbook: Playbook, assessment: Assessment, *, folder: str | None = None
) -> tuple[ChatMessage, ...]:
    """Return the messages that ask a chat model for a reply.

    The system message holds the task, the principles that the situation calls for, and the form of the reply. The user
    message holds what is known, each part inside a fence that it cannot close (the model is told that what stands
    inside is material, never instructions). No forbidden phrase is named: models repeat what they are told not to say.

    Args:
        request: what is asked for; without a language, the customer's is used, else the draft's.
        playbook: its principles and stages; its own templates count before the built-in ones of its first language, and
            those before the English ones.
        assessment: the reading of the customer's message.
        folder: a folder of own templates, rendered in a sandbox, or of folders of them by language; a template missing
            there is the playbook's.

    Returns:
        A system message and a user message.

    Raises:
        PromptError: a template is missing or does not render; the message names it.
    """
    material = [request.customer or "", request.draft or "", *request.facts, *(turn.text for turn in request.history)]
    said = filter(None, (request.customer, request.draft))
    spoken = (only(tongues_of(playbook).of(text)) for text in said)
    language = request.language or next(filter(None, spoken), playbook.languages[0])
    values = {
        **request.model_dump(exclude={"language", "length", "stage", "tone"}),
        **_named(language, playbook),
        "length": request.length or "medium",
        "tone": " ".join((request.tone or "").split()).rstrip("。."),
        "address": _address(playbook),
        "stage": next((_stage(guide, playbook) for guide in playbook.stages if guide.id == request.stage), None),
        "signals": sorted({signal.kind for signal in assessment.signals}),
        "mark": _mark(material),
        "canary": canary_of(material),
    }
    environment = _environment(*_choosing(playbook), folder)
    principles = [told for told, _ in principles_for(request, playbook, assessment)]
    if (
        environment.sandboxed
        or _HOLE in f"{request.persona}{request.opening}{request.signature}{request.guidance}{request.tone}"
    ):
        values["principles"] = [principle.model_dump() for principle in principles]
        system = _render(environment, "system.md.j2", values)
    else:  # templates of ours use nothing but this
        told = tuple([(name, values[name]) for name in _TOLD])
        ids = tuple([principle.id for principle in principles])
        signals = tuple(values["signals"])
        system = _system(environment, _Same(playbook), told, ids, signals, request.stage)
        system = system.replace(_HOLE, values["canary"])
    return (
        ChatMessage(role="system", content=system),
        ChatMessage(role="user", content=_render(environment, f"{request.task}.md.j2", values)),
    )


class _Same:
    """Something that equals only itself, and that is kept while something is remembered of it."""

    def __init__(self, it: Playbook) -> None:
        self.it = it

    def __hash__(self) -> int:
        return id(self.it)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.it is other.it


@functools.lru_cache(maxsize=64)  # one for every row of a spreadsheet but for its canary
def _system(
    environment: Environment,
    playbook: _Same,
    told: tuple[tuple[str, str | None], ...],
    principles: tuple[str, ...],
    signals: tuple[str, ...],
    stage: Stage | None,
) -> str:
    """Return the system message that the built-in templates make, with a hole where the canary belongs."""
    own = playbook.it
    values = {
        **dict(told),
        "address": _address(own),
        "principles": [own.principle(id).model_dump() for id in principles],
        "signals": list(signals),
        "stage": next((_stage(guide, own) for guide in own.stages if guide.id == stage), None),
        "canary": _HOLE,
    }
    return _render(environment, "system.md.j2", values)


def _address(playbook: Playbook) -> list[str]:
    return [word for word in playbook.words.get("address", ()) if word != "您"]


def repair_messages(
    original: Sequence[ChatMessage],
    latest_draft: str,
    violations: Sequence[Violation],
    language: Language | None,
    *,
    folder: str | None = None,
    playbook: Playbook | None = None,
    told: str = "",
) -> tuple[ChatMessage, ...]:
    """Return the messages that ask a chat model to mend its latest answer.

    They are the original messages, the latest answer, and what is wrong with it: one round, however many went before,
    so that the prompt does not grow. Only phrases that the answer itself uses are quoted.

    Args:
        original: the messages that asked for the reply.
        latest_draft: the model's latest answer.
        violations: what a check of exactly that answer found.
        language: the reply's language; None: that of the templates.
        folder: a folder of own templates, as for `messages_for`.
        playbook: chooses the templates, as for `messages_for`; None: the Chinese ones.
        told: the beginning of the reply that the customer has read already, from which the answer is to go on.

    Returns:
        The original messages and two more.

    Raises:
        PromptError: a template is missing or does not render; the message names it.
    """
    told_in = _named(language or (playbook.languages[0] if playbook else "zh-Hans"), playbook)
    values = {"violations": [violation.model_dump() for violation in violations], **told_in}
    environment = _environment(*_choosing(playbook), folder)
    content = _render(environment, "repair.md.j2", values)
    if told:
        content += "\n" + _render(environment, "continue.md.j2", {"told": told, "mark": _mark([told])})
    return (
        *original,
        ChatMessage(role="assistant", content=latest_draft),
        ChatMessage(role="user", content=content),
    )


def prompts_digest(playbook: Playbook, folder: str | None = None) -> str:
    """Return what stands for the templates that a request is rendered with: equal digests, equal prompts.

    Args:
        playbook: the first of its languages chooses the built-in templates.
        folder: a folder of own templates, as for `messages_for`.

    Raises:
        PromptError: there are no templates.
    """
    environment = _environment(*_choosing(playbook), folder)
    whole = hashlib.sha256()
    for name in environment.list_templates():
        assert environment.loader is not None
        source = environment.loader.get_source(environment, name)[0]
        whole.update(f"{name}\0{len(source)}\0{source}".encode())
    return whole.hexdigest()


def record_messages(turns: Sequence[Turn], playbook: Playbook, *, folder: str | None = None) -> tuple[ChatMessage, ...]:
    """Return the messages that ask a chat model to quote what a complaint record needs.

    Args:
        turns: the conversation, each turn with its number, inside a fence that it cannot close.
        playbook: its fields that have guidance, and its categories.
        folder: a folder of own templates, as for `messages_for`.

    Returns:
        A system message, which describes the JSON to answer with, and a user message.

    Raises:
        PromptError: a template is missing or does not render; the message names it.
    """
    say = functools.partial(playbook.say, language=playbook.languages[0])
    fields = [
        {
            **field.model_dump(),
            "title": say(field.title),
            "guidance": say(field.guidance),
            "labels": {label: say(title) for label, title in field.labels.items()},
        }
        for field in playbook.fields
        if field.guidance
    ]
    values = {
        "turns": [turn.model_dump(exclude={"name"}) for turn in turns],
        "fields": fields,
        "categories": {category.id: say(category.title) for category in playbook.categories},
        "mark": _mark([turn.text for turn in turns]),
    }
    environment = _environment(*_choosing(playbook), folder)
    return (
        ChatMessage(role="system", content=_render(environment, "record_system.md.j2", values)),
        ChatMessage(role="user", content=_render(environment, "record.md.j2", values)),
    )


def record_again(
    original: Sequence[ChatMessage], latest: str, playbook: Playbook, *, folder: str | None = None
) -> tuple[ChatMessage, ...]:
    """Return the messages that ask again for a record where an answer held no JSON.

    Args:
        original: the messages that asked for it.
        latest: the model's latest answer; only its beginning is sent back.
        playbook: as for `record_messages`.
        folder: as for `messages_for`.

    Raises:
        PromptError: a template is missing or does not render; the message names it.
    """
    content = _render(_environment(*_choosing(playbook), folder), "record_again.md.j2", {})
    return (
        *original,
        ChatMessage(role="assistant", content=latest[:_SENT_BACK]),
        ChatMessage(role="user", content=content),
    )


def privacy_note(tokens: Sequence[str], *, folder: str | None = None, playbook: Playbook | None = None) -> str:
    """Return what a chat model is told of the tokens that stand for personal data.

    Args:
        tokens: the tokens in the request.
        folder: a folder of own templates, as for `messages_for`.
        playbook: chooses the templates, as for `messages_for`; None: the Chinese ones.

    Raises:
        PromptError: a template is missing or does not render; the message names it.
    """
    return _render(_environment(*_choosing(playbook), folder), "privacy.md.j2", {"tokens": list(tokens)})


def principles_for(
    request: Request, playbook: Playbook, assessment: Assessment
) -> list[tuple[Principle, tuple[Situation, ...]]]:
    """Return the principles that a model is told for a request, each with the situations that it is told for.

    Args:
        request: what is asked for, its stage decided.
        playbook: the principles.
        assessment: the reading of the customer's message.
    """
    situations: set[Situation] = {"always"}
    if assessment.upset or request.stage:
        situations.add("complaint")
    else:
        situations.add("enquiry")
    if any(signal.kind in _DIFFICULT for signal in assessment.signals):
        situations.add("difficult")
    # A chat goes on; a message that nobody may answer closes itself.
    if request.stage == "follow_up" or request.channel in ("email", "review"):
        situations.add("closing")
    told = ((one, tuple(why for why in one.situations if why in situations)) for one in playbook.principles)
    return [(principle, why) for principle, why in told if why]


def _stage(guide: StageGuide, playbook: Playbook) -> dict[str, Any]:
    """Return a stage as the playbook's first language says it."""
    say = functools.partial(playbook.say, language=playbook.languages[0])
    return {"id": guide.id, "title": say(guide.title), "requirements": list(map(say, guide.requirements))}


def _mark(material: Sequence[str]) -> str:
    """Return what is added to the names of the fences so that none of them occurs in the material.

    The material is folded and its white space dropped, so that a disguised closing tag counts as well.
    """
    compact = "".join("".join(fold(text).split()) for text in material)
    if not any(name in compact for name in _FENCES):
        return ""
    taken = set(re.findall(r"(?:{})-(\d{{1,9}})".format("|".join(_FENCES)), compact))
    return next(f"-{number}" for number in range(2, len(taken) + 3) if str(number) not in taken)


def _named(language: Language, playbook: Playbook | None) -> dict[str, str]:
    tongues = tongues_of(*([playbook] if playbook else []))
    return {"language": language, "language_name": tongues.name(language)}


def _choosing(playbook: Playbook | None) -> tuple[tuple[Language, ...], str | None]:
    """Return the languages whose templates may do, in their order, and the folder of the playbook's own.

    A model that is told in English what to write in another language does, where it is told the name of that language.
    """
    if playbook is None:
        return ("zh-Hans",), None
    language = playbook.languages[0]
    is_described = language in tongues_of(playbook).profiles
    return (language, "en") if is_described else (language,), playbook.templates


@functools.cache
def _environment(languages: tuple[Language, ...], own: str | None, folder: str | None) -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
    from jinja2.runtime import Context
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    # A wheel holds the templates inside the package; an editable installation has them beside it.
    places = [_by_language(root / "prompts", tag) for tag in languages for root in (_PACKAGE, _PACKAGE.parent)]
    known = [*([Path(own)] if own else []), *next(filter(None, places), [])]
    language = languages[0]
    if not known:
        missing = f"no prompt templates for the language {language!r}"
        raise PromptError(f"{missing}; describe it in a [[language]] of its playbook, or give a folder of your own")
    given = [*_by_language(Path(folder), language), Path(folder)] if folder is not None else []
    names = sorted({path.name for place in known for path in place.glob("*.md.j2")})
    if given and not any((place / name).is_file() for place in given for name in names):
        raise PromptError(f"{folder} holds no prompt template; name yours as the built-in ones: {', '.join(names)}")
    is_ours = not own and not given
    environment = (Environment if is_ours else ImmutableSandboxedEnvironment)(
        loader=FileSystemLoader([*given, *known]),
        undefined=StrictUndefined,
        auto_reload=not is_ours,  # those of the package stay as they are
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )

    @pass_context
    def fenced(context: Context, text: str, name: str) -> str:
        tag = f"{name}{context['mark']}"
        return f"<{tag}>\n{text}\n</{tag}>"

    environment.filters["fenced"] = fenced
    environment.filters["one_line"] = _one_line
    return environment


def _by_language(place: Path, language: Language) -> list[Path]:
    """Return the folders of a language's templates: those for its script or region before those for all of it."""
    tags = language, language.partition("-")[0]
    return [place / tag for tag in dict.fromkeys(tags) if (place / tag).is_dir()]


def _one_line(text: str, longest: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def _render(environment: Environment, name: str, values: dict[str, Any]) -> str:
    from jinja2 import TemplateNotFound, TemplateSyntaxError

    try:
        return environment.get_template(name).render(values).strip()
    except TemplateNotFound as error:
        raise PromptError(f"prompt template {error.name!r} is missing") from error
    except TemplateSyntaxError as error:
        raise PromptError(f"prompt template {error.name}, line {error.lineno}: {error.message}") from error
    except Exception as error:  # a template of the caller's may raise anything at all
        raise PromptError(f"prompt template {name!r} does not render: {error}") from error
