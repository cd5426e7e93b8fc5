"""What a chat model is sent for each case, without asking one: how much, which principles and why, what twice."""

# No postponed annotations, as in every module of records.

import re
from collections import Counter
from collections.abc import Sequence
from os import PathLike, fspath
from typing import Self

from replykit.budget import tokens_of
from replykit.evaluation.eval_case import EvalCase, folded
from replykit.evaluation.playing import case_of
from replykit.kit import ReplyKit
from replykit.prompts import messages_for, principles_for
from replykit.records import ChatMessage, Language, Record
from replykit.shelf import Playbooks

__all__ = ["CaseMessages", "Messages", "ToldPrinciple", "measure_messages"]

_LEAST = 8  # code points of a folded sentence that is looked for twice; shorter ones are labels and form
_SENTENCE = re.compile(r"[^。！？；\n.!?;]+[。！？；.!?;]?")


class ToldPrinciple(Record):
    """A principle that the model was told for a case.

    Attributes:
        id: the principle.
        why: the situations that it is told in and that the case is.
    """

    id: str
    why: tuple[str, ...]


class CaseMessages(Record):
    """What the first call for one case sends.

    Attributes:
        case: the case's id.
        tokens: of all messages, estimated.
        sections: of each section of the system message, by its heading; "" for what stands before the first one.
        longest: the role of the longest message.
        principles: what was told, and why.
        twice: sentences that stand twice in what the model is told, apart from what the case itself says.
    """

    case: str
    tokens: float
    sections: dict[str, float]
    longest: str
    principles: tuple[ToldPrinciple, ...]
    twice: tuple[str, ...]

    @classmethod
    def of(cls, case: EvalCase, messages: Sequence[ChatMessage], told: Sequence[ToldPrinciple]) -> Self:
        """Return what some messages come to.

        Args:
            case: what they are sent for.
            messages: they.
            told: the principles in them.
        """
        system = "\n".join(message.content for message in messages if message.role == "system")
        parts = re.split(r"^#+ +(.+)$", system, flags=re.MULTILINE)
        sections = {"": tokens_of(parts[0])} | {
            heading.partition("：")[0].partition(":")[0].strip(): tokens_of(text)
            for heading, text in zip(parts[1::2], parts[2::2], strict=True)
        }
        lines = re.sub(r"^(?:[-*]|#+) +(?:[^：:\n]{1,40}[：:] ?)?", "", system, flags=re.MULTILINE)  # marks and titles
        sentences = Counter(one for one in map(folded, _SENTENCE.findall(lines)) if len(one) >= _LEAST)
        return cls(
            case=case.id,
            tokens=sum(tokens_of(message.content) for message in messages),
            sections=sections,
            longest=max(messages, key=lambda message: len(message.content)).role,
            principles=tuple(told),
            twice=tuple(sentence for sentence, times in sentences.items() if times > 1),
        )


class Messages(Record):
    """What the first calls for some cases send.

    Attributes:
        cases: each case's.
    """

    cases: tuple[CaseMessages, ...]

    @property
    def mean(self) -> float:
        """Tokens a case, estimated."""
        return sum(one.tokens for one in self.cases) / len(self.cases)

    @property
    def longest(self) -> CaseMessages:
        """The case that sends most."""
        return max(self.cases, key=lambda one: one.tokens)

    @property
    def principles(self) -> dict[str, Counter[str]]:
        """How many cases each principle is told in, by the situation that it is told for."""
        found: dict[str, Counter[str]] = {}
        for case in self.cases:
            for told in case.principles:
                found.setdefault(told.id, Counter()).update([" + ".join(told.why)])
        return found

    @property
    def sections(self) -> dict[str, tuple[int, float]]:
        """In how many cases each section stands, and its tokens there on average."""
        found: dict[str, list[float]] = {}
        for case in self.cases:
            for heading, tokens in case.sections.items():
                found.setdefault(heading, []).append(tokens)
        return {heading: (len(tokens), sum(tokens) / len(tokens)) for heading, tokens in found.items()}

    @property
    def twice(self) -> Counter[str]:
        """Sentences that the model is told twice, with the number of cases."""
        return Counter(sentence for case in self.cases for sentence in case.twice)


def measure_messages(
    cases: Sequence[EvalCase],
    *,
    playbook: Playbooks = "zh",
    language: Language | None = None,
    prompts: str | PathLike[str] | None = None,
) -> Messages:
    """Measure what a model would be sent for each case; none is asked.

    Args:
        cases: the cases.
        playbook: the rules, as for a kit.
        language: as for a kit.
        prompts: a folder of own templates.

    Returns:
        The measures, in the order of the cases. Tokens are estimated from the kinds of characters.

    Raises:
        UsageError: a case holds what a kit does not take.
        PromptError: a template is missing or does not render.
    """
    kit = ReplyKit(playbook=playbook, language=language)
    folder = None if prompts is None else fspath(prompts)
    found = []
    for case in cases:
        asked = case_of(kit, case)
        known = (asked.request, asked.playbook, asked.assessment)
        messages = messages_for(*known, folder=folder)
        said = folded(messages[0].content)
        # A template may leave out what the task has no use for.
        told = [
            ToldPrinciple(id=principle.id, why=why)
            for principle, why in principles_for(*known)
            if any(folded(line) in said for line in principle.guidance)
        ]
        found.append(CaseMessages.of(case, messages, told))
    return Messages(cases=tuple(found))
