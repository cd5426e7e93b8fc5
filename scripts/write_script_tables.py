"""Write replykit/data/script.txt: the characters that tell simplified from traditional Chinese.

Two lines: characters of simplified text only, characters of traditional text only. A character is of one script only if
every one of OpenCC's regional converters (Apache-2.0) changes it on the way to the other, if the other script's basic
character set does not hold it (Big5 level 1 for traditional text, GB 2312 for simplified), and if its own script's set
does (GB 2312; Big5 with Hong Kong's supplement). So 后 里 面 只 台 干 范 于 云 了 着, right in both, are in neither.
"""

import sys
from pathlib import Path

import opencc

TARGET = Path(__file__).parent.parent / "replykit" / "data" / "script.txt"
HAN = range(0x4E00, 0xA000)
BIG5_LEVEL_2 = b"\xc9\x40"

# In Big5 level 1 for meanings that no reply has (听 is a laugh there), so in a reply it is the simplified word.
SIMPLIFIED_AFTER_ALL = "么听坏愿儿"
# In GB 2312 for names and old texts; 徵 乾 著 拚 are left out, which simplified text does use.
TRADITIONAL_AFTER_ALL = "後於夥"
# Good traditional text has these as well: 厘米 in Hong Kong, 暱/昵稱, 拮据, 涂 as a surname, 昇 in names.
SHARED = "厘昵栖凄洒涂淀熏炖据蚝腊膻昇"


def holds(encoding: str, char: str) -> bytes:
    """Return a character's code in an encoding, nothing where that has none."""
    try:
        return char.encode(encoding)
    except UnicodeEncodeError:
        return b""


def main() -> None:
    """Write the table, or with --check say whether it is up to date."""
    to_traditional = [opencc.OpenCC(name) for name in ("s2t", "s2tw", "s2hk")]
    to_simplified = [opencc.OpenCC(name) for name in ("t2s", "tw2s", "hk2s")]
    simplified, traditional = [], []
    for char in map(chr, HAN):
        if char in SHARED:
            continue
        basic_traditional = b"" < holds("big5", char) < BIG5_LEVEL_2 and char not in SIMPLIFIED_AFTER_ALL
        if holds("gb2312", char) and not basic_traditional and all(c.convert(char) != char for c in to_traditional):
            simplified.append(char)
        basic_simplified = holds("gb2312", char) and char not in TRADITIONAL_AFTER_ALL
        if holds("big5hkscs", char) and not basic_simplified and all(c.convert(char) != char for c in to_simplified):
            traditional.append(char)
    text = "".join(simplified) + "\n" + "".join(traditional) + "\n"
    if "--check" in sys.argv:
        sys.exit(0 if TARGET.read_text("utf-8") == text else f"{TARGET} is not up to date; run {__file__}")
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(text, "utf-8")
    print(f"{len(simplified)} characters are simplified only, {len(traditional)} traditional only")


main()
