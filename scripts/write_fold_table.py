"""Write replykit/data/fold.txt: which character counts as which when rules are matched.

Two lines of equal length: the characters that fold, and what each folds to. One to one, so that offsets never move.
The sources are Unicode's NFKC (only where one character becomes one), lower case, OpenCC's traditional-to-simplified
characters (Apache-2.0), and the overrides below.
"""

import sys
import unicodedata
from pathlib import Path

import opencc

TARGET = Path(__file__).parent.parent / "replykit" / "data" / "fold.txt"
LAST = 0x20000  # no letter beyond the first two planes has a common look-alike that agents type

# OpenCC keeps these as they may be right in simplified text; for matching they are the same word.
# Hong Kong's characters (枱, 粧, 糭) and the commonest of its spoken ones (喺, 嘅, 咗, 哋, 冇) count as those written
# elsewhere, and 覆 as 复, as Taiwan writes 回覆 and 答覆 where others write 回复.
VARIANTS = dict(
    zip(
        "瞭著妳祂牠甚佢裏箇箂傢係喫慾乾衞敍痺暱枱粧糭衹戸喺嘅咗哋冇覆",
        "了着你他它什他里个个家系吃欲干卫叙痹昵台妆粽只户在的了们没复",
        strict=True,
    )
)
# Letters of other alphabets that look like Latin ones; a reader sees OK where Cyrillic stands.
LOOKALIKES = dict(zip("аеорсхуіјѕкмтвнОКΟΚΝΕΥΤοκν", "aeopcxyijskmtbhokokneytokv", strict=True))
SQUARED = {chr(first + n): chr(ord("a") + n) for first in (0x1F150, 0x1F170) for n in range(26)}


def folded(char: str, to_simplified: opencc.OpenCC) -> str:
    """Return what a character counts as: itself, or the end of its chain of one-to-one steps."""
    for _ in range(4):
        before = char
        for step in (
            unicodedata.normalize("NFKC", char),
            LOOKALIKES.get(char, char),  # before lower case: Ν looks like N, ν like v
            char.lower(),
            VARIANTS.get(char, char),
            SQUARED.get(char, char),
            to_simplified.convert(char),
        ):
            if len(step) == 1 and step != char:
                char = step
                break
        if char == before:
            break
    return char


def main() -> None:
    """Write the table, or with `--check` only compare it."""
    to_simplified = opencc.OpenCC("t2s")
    pairs = [
        (chr(code), folded(chr(code), to_simplified)) for code in range(0x41, LAST) if not 0xD800 <= code <= 0xDFFF
    ]
    pairs = [(a, b) for a, b in pairs if a != b]
    text = "".join(a for a, _ in pairs) + "\n" + "".join(b for _, b in pairs) + "\n"
    if "--check" in sys.argv:
        sys.exit(0 if TARGET.read_text("utf-8") == text else f"{TARGET} is not up to date; run {__file__}")
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(text, "utf-8")
    print(f"{len(pairs)} characters fold")


main()
