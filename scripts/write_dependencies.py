"""Write docs/dependencies.md: the packages that replykit brings, their licences, and what brings each.

python scripts/write_dependencies.py            writes the document
python scripts/write_dependencies.py --check    exits 1 on a licence that binds, or a package that is missing

It reads the packages that are installed, so it needs the dependency group dev.
"""

from __future__ import annotations

import argparse
import sys
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from license_expression import ExpressionError, LicenseSymbol, get_spdx_licensing
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

__all__ = ["TARGET", "Package", "direct", "is_permissive", "licence", "main", "reached", "refused", "render", "walked"]

ROOT = Path(__file__).parent.parent
TARGET = ROOT / "docs" / "dependencies.md"

# Who uses replykit owes their authors a notice at most. MPL-2.0 binds changes of the package's own files alone.
PERMISSIVE = frozenset(
    [
        *("0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "MIT", "MPL-2.0", "PSF-2.0"),
        *("Python-2.0", "Unlicense", "Zlib"),
    ]
)
# Packages under another licence that were looked at: the licence, and why it may be.
EXCEPTIONS = {
    "python-stdnum": (
        "LGPL-2.1-or-later",
        "only with the extra `privacy`, unmodified, as a package of its own that may be replaced",
    )
}
# How packages without an SPDX expression word it.
SPELLINGS = {
    "Apache 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "3-Clause BSD License": "BSD-3-Clause",
    "BSD License": "BSD-2-Clause OR BSD-3-Clause",
    "ISC License": "ISC",
    "MIT License": "MIT",
    "LGPL": "LGPL-2.1-or-later",
}
_LICENSING = get_spdx_licensing()


class Package(NamedTuple):
    """A package that is installed.

    Attributes:
        name: as an index spells it.
        licence: an SPDX expression; `unknown: …` where its words are none that are known here.
        needed_by: the packages that ask for it.
        extras: the extras of replykit that bring it, none where it always comes.
    """

    name: str
    licence: str
    needed_by: tuple[str, ...]
    extras: tuple[str, ...]


def licence(expression: str, words: str, classifiers: Iterable[str]) -> str:
    """Return a package's licence as an SPDX expression.

    Args:
        expression: its `License-Expression`, which counts first.
        words: its `License`, a name or a whole text.
        classifiers: its classifiers.

    Returns:
        The expression, or `unknown: …` with what the package says.
    """
    ends = [one.rpartition(" :: ")[2] for one in classifiers if one.startswith("License :: ")]
    for said in filter(None, (expression, words.strip(), *ends)):
        found = SPELLINGS.get(said, said)
        try:
            return str(_LICENSING.parse(found, validate=True))
        except ExpressionError:  # a whole text, or words of its own
            continue
    return f"unknown: {(expression or words or '; '.join(ends) or 'nothing is said')[:60]}"


def is_permissive(expression: str) -> bool:
    """Whether a licence, or one of those that may be chosen, asks for a notice at most."""
    try:
        return _permits(_LICENSING.parse(expression, validate=True))
    except ExpressionError:
        return False


def _permits(parsed: object) -> bool:
    if isinstance(parsed, LicenseSymbol):
        return parsed.key in PERMISSIVE
    every = all if isinstance(parsed, _LICENSING.AND) else any if isinstance(parsed, _LICENSING.OR) else None
    return every is not None and every(map(_permits, parsed.args))  # type: ignore[attr-defined]  # those two have them


def direct() -> dict[str, tuple[str, ...]]:
    """Return what pyproject.toml names: each package, with the extras that it is for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    named: dict[str, tuple[str, ...]] = {}
    for extra, requirements in (("", project["dependencies"]), *project["optional-dependencies"].items()):
        for requirement in requirements:
            name = canonicalize_name(Requirement(requirement).name)
            named.setdefault(name, (extra,) if extra else ())
    return named


def walked() -> list[Package]:
    """Return every package that replykit brings, itself or through others, in order of their names.

    Raises:
        metadata.PackageNotFoundError: one is not installed.
    """
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    always = reached("replykit")
    brought: dict[str, set[str]] = {name: set() for name in always}
    needed_by: dict[str, set[str]] = {name: set(by) for name, by in always.items()}
    for extra in extras:
        for name, by in reached("replykit", extra).items():
            needed_by.setdefault(name, set()).update(by)
            if name not in always:
                brought.setdefault(name, set()).add(extra)
    return [
        Package(name, _declared(name), tuple(sorted(needed_by[name])), tuple(sorted(brought[name])))
        for name in sorted(brought)
    ]


def reached(package: str, extra: str = "") -> dict[str, set[str]]:
    """Return what a package that is installed brings, itself or through others.

    Args:
        package: its name.
        extra: one of its extras, or none.

    Returns:
        The name of each package, and what asks for it.

    Raises:
        metadata.PackageNotFoundError: one is not installed.
    """
    found: dict[str, set[str]] = {}
    waiting = [(package, frozenset({extra}))]
    seen = set(waiting)
    while waiting:
        name, extras = waiting.pop()
        for line in metadata.distribution(name).requires or ():
            requirement = Requirement(line)
            if requirement.marker and not any(requirement.marker.evaluate({"extra": one}) for one in extras or {""}):
                continue
            needed = canonicalize_name(requirement.name)
            found.setdefault(needed, set()).add(name)
            item = (needed, frozenset(requirement.extras))
            if item not in seen:
                seen.add(item)
                waiting.append(item)
    return found


def _declared(name: str) -> str:
    data = metadata.metadata(name)
    return licence(data.get("License-Expression", ""), data.get("License", ""), data.get_all("Classifier", []))


def refused(packages: Iterable[Package]) -> list[Package]:
    """Return the packages whose licence is neither permissive nor the one that they are excepted with."""
    return [
        one for one in packages if not is_permissive(one.licence) and EXCEPTIONS.get(one.name, ("",))[0] != one.licence
    ]


def _rows(packages: Sequence[Package], named: dict[str, tuple[str, ...]]) -> Iterator[str]:
    yield "| package | licence | comes with |\n|---|---|---|"
    yield from (
        f"| `{one.name}` | {one.licence} | {_extras(named[one.name])} |" for one in packages if one.name in named
    )
    yield "\n## What those bring\n\n| package | licence | comes with | needed by |\n|---|---|---|---|"
    for one in packages:
        if one.name not in named:
            yield f"| `{one.name}` | {one.licence} | {_extras(one.extras)} | {', '.join(one.needed_by)} |"


def _extras(extras: Sequence[str]) -> str:
    return ", ".join(f"`[{extra}]`" for extra in extras) or "replykit"


def render(packages: Sequence[Package]) -> str:
    """Return the document."""
    excepted = "\n".join(f"- `{name}` is {its}: {why}." for name, (its, why) in sorted(EXCEPTIONS.items()))
    rows = "\n".join(_rows(packages, direct()))
    return f"""\
# What replykit brings, and under which licences

Written by `python scripts/write_dependencies.py` from the packages that were installed on Linux; do not edit. The
licences are those that the packages declare, as SPDX expressions. Permitted are
{", ".join(sorted(PERMISSIVE))}, and these exceptions:

{excepted}

Anything else, the GPL among it, fails `make test`. Versions stand in the list that a release brings along
(`sbom.cdx.json`, CycloneDX); why each package was chosen, in [DESIGN.md](../DESIGN.md#dependencies).

## What replykit asks for

{rows}
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the document, or with `--check` only look."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where something is wrong")
    check = parser.parse_args(arguments).check
    packages = walked()
    text = render(packages)
    wrong = [f"{one.name} is {one.licence}; see PERMISSIVE and EXCEPTIONS" for one in refused(packages)]
    if check:
        # What others bring changes from day to day without us; what we ask for does not.
        written = TARGET.read_text("utf-8") if TARGET.is_file() else ""
        ours = text[text.index("## What replykit asks for") : text.index("## What those bring")]
        if ours not in written:
            wrong.append(f"{TARGET.name} is not up to date; run: python scripts/write_dependencies.py")
    else:
        TARGET.write_text(text, "utf-8", newline="\n")
    for line in wrong:
        print(line, file=sys.stderr)
    if not wrong:
        print(f"licences: {len(packages)} packages, none that binds who uses replykit beyond a notice")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
