"""Replies and phrases made up for measuring: Chinese characters at random, in which no phrase stands by design."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Collection
from dataclasses import dataclass

from replykit.checker import Checker
from replykit.loader import load_playbook
from replykit.playbook import Playbook
from replykit.rules import Rule
from replykit.text import holds_traditional

__all__ = ["Case", "attempts", "cases", "checker_of", "drafts", "phrases", "replies"]

_NUMERALS = "零一二两三四五六七八九十百千万亿半天日元块号点分"
_CHARACTERS = [c for c in map(chr, range(0x4E00, 0x4E00 + 4000)) if not holds_traditional(c) and c not in _NUMERALS]


@dataclass(frozen=True, slots=True)
class Case:
    """A reply with everything that switches a guard on; the draft is the reply with some words changed."""

    text: str
    customer: str
    facts: tuple[str, ...]
    draft: str


def _words(chance: random.Random, shortest: int, longest: int) -> str:
    return "".join(chance.choices(_CHARACTERS, k=chance.randint(shortest, longest)))


def phrases(number: int) -> list[str]:
    """Return different phrases of two to six characters, the same ones every time."""
    chance = random.Random(number)
    found: dict[str, None] = {}
    while len(found) < number:
        found[_words(chance, 2, 6)] = None
    return list(found)


def replies(number: int, length: int = 200, without: list[str] | None = None) -> list[str]:
    """Return replies of so many code points, in clauses of 4 to 14; none of them holds one of the phrases `without`."""
    from ahocorasick_rs import AhoCorasick

    forbidden = AhoCorasick(without) if without else None
    chance = random.Random(length)
    found: list[str] = []
    while len(found) < number:
        clauses: list[str] = []
        while sum(map(len, clauses)) < length:
            clauses += (_words(chance, 4, 14), chance.choice("，，。！"))
        text = "".join(clauses)[:length]
        compact = "".join(filter(str.isalnum, text))
        if not forbidden or not (forbidden.find_matches_as_indexes(compact, overlapping=True)):
            found.append(text)
    return found


def cases(texts: list[str]) -> list[Case]:
    """Return the replies with a customer's message, two facts and a draft each."""
    chance = random.Random(len(texts))
    return [
        Case(
            text,
            "您好，我的订单还没到，" + _words(chance, 10, 20),
            (_words(chance, 10, 20), _words(chance, 10, 20)),
            text[:60] + _words(chance, 8, 8) + text[68:],
        )
        for text in texts
    ]


def attempts(case: Case, number: int) -> list[Case]:
    """Return different replies to the customer of one case, with its facts and its draft."""
    chance = random.Random(number)
    found = []
    for _ in range(number):
        at = chance.randrange(len(case.draft) - 8)
        text = case.draft[:at] + _words(chance, 8, 8) + case.draft[at + 8 :]
        found.append(dataclasses.replace(case, text=text))
    return found


def checker_of(words: list[str], *, guards: bool | Collection[str] = False) -> Checker:
    """Return a checker of one rule with these phrases and, if asked, all or some guards of the built-in playbook."""
    rule = Rule(
        id="phrases",
        principle="benchmark",
        severity="error",
        kind="phrase",
        message="measured",
        source="made up",
        phrases=tuple(words),
        bad=(words[0],),
        good=("x",),
    )
    if not guards:
        return Checker(Playbook(name="benchmark", rules=(rule,)))
    built_in = load_playbook("zh")
    rules = (rule, *(rule for rule in built_in.rules if rule.guard and (guards is True or rule.guard in guards)))
    return Checker(built_in.model_copy(update={"rules": rules}))


_DRAFTS = (
    "您好，您的订单已经发出，单号稍后同步给您，请您留意查收。",
    "呵呵，大哥，这个没办法的。",
    "不好意思，这款暂时没有货，到货了我第一时间告诉您。",
    "可能是仓库发错了吧，您再等等。",
    "您好，退款已经提交，原路退回，到账以银行为准。",
)


def drafts(number: int) -> list[str]:
    """Return different replies as agents type them."""
    return [f"{_DRAFTS[n % len(_DRAFTS)]}{_DRAFTS[n // 5 % len(_DRAFTS)]}{n}" for n in range(number)]
