"""Build the documentation as a site: the pages of docs/, the rules from the playbooks, the reference from docstrings.

    python scripts/build_site.py [FOLDER]      # by default build/site

The pages stay readable where they lie, in the repository, so their links are those of the repository. What a page links
to is taken into the site: another page, a picture, or a file of the project as a page that shows it. A link that leads
nowhere ends the build.
"""

from __future__ import annotations

import os
import posixpath
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from rule_catalogue import catalogue
from write_public import MODULES, public_names

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "build" / "site-source"
LINK = re.compile(r"(!?\[(?:[^\]\[]|\[[^\]]*\])*\]\()([^)\s]+)(\))")
FENCE = re.compile(r"^(`{3,}|~{3,}).*?^\1\s*$|`[^`\n]+`", re.MULTILINE | re.DOTALL)
KINDS = {
    ".py": "python",
    ".toml": "toml",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".sh": "bash",
    ".json": "json",
    ".j2": "jinja",
}


def pages() -> dict[str, str]:
    """Return the pages: where each lies in the repository, and where in the site."""
    top = {"README.md": "index.md", "README.zh-CN.md": "zh-CN.md"}
    top |= {name: name.lower() for name in ("CHANGELOG.md", "CONTRIBUTING.md", "DESIGN.md", "SECURITY.md")}
    return top | {f"docs/{path.name}": path.name for path in sorted((ROOT / "docs").glob("*.md"))}


class Site:
    """The site's source, as it is put together.

    Args:
        folder: where it is written; emptied first.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pages = pages()
        self._lent: set[str] = set()  # files of the project that a page shows
        shutil.rmtree(folder, ignore_errors=True)

    def write(self) -> None:
        """Write every page."""
        for here, there in self._pages.items():
            self._put(there, self.relinked((ROOT / here).read_text("utf-8"), here, there))
        shutil.copytree(ROOT / "docs" / "images", self._folder / "images")
        for path, text in catalogue():
            self._put(path, text)
        for path, text in reference():
            self._put(path, text)

    def _put(self, path: str, text: str) -> None:
        file = self._folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")

    def relinked(self, text: str, here: str, there: str) -> str:
        """Return a page with its links as they are in the site; what stands in code is left alone.

        Args:
            text: the page.
            here: where it lies in the repository.
            there: where it is in the site.

        Raises:
            SystemExit: a link leads to no file of the project.
        """
        parts, end = [], 0
        for code in FENCE.finditer(text):
            parts += [self._relinked_prose(text[end : code.start()], here, there), code[0]]
            end = code.end()
        return "".join([*parts, self._relinked_prose(text[end:], here, there)])

    def _relinked_prose(self, text: str, here: str, there: str) -> str:
        return LINK.sub(lambda link: link[1] + self._target(link[2], here, there) + link[3], text)

    def _target(self, target: str, here: str, there: str) -> str:
        path, mark, anchor = target.partition("#")
        if not path or re.match(r"[a-z]+:", path):
            return target
        wanted = posixpath.normpath(posixpath.join(posixpath.dirname(here), path))
        if wanted.startswith("..") or not (ROOT / wanted).exists():
            raise SystemExit(f"{here} links to {target}, which is not there")
        if wanted.startswith("docs/images/"):
            found = wanted.removeprefix("docs/")
        else:
            found = self._pages.get(wanted) or self._lend(wanted)
        return posixpath.relpath(found, posixpath.dirname(there) or ".") + mark + anchor

    def _lend(self, wanted: str) -> str:
        """Return the page that shows a file of the project, or what is in a folder, and write it."""
        path = ROOT / wanted
        there = f"source/{wanted}/index.md" if path.is_dir() else f"source/{wanted}.md"
        if there in self._lent:
            return there
        self._lent.add(there)
        if path.is_dir():
            files = sorted(one for one in path.iterdir() if one.is_file() and one.suffix != ".pyc")
            links = [f"- [{one.name}]({one.name}.md)" for one in files]
            for one in files:
                self._lend(f"{wanted}/{one.name}")
            self._put(there, "\n".join([f"# {wanted}/", "", *links, ""]))
        else:
            text = path.read_text("utf-8")
            fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
            self._put(there, f"# {wanted}\n\n{fence}{KINDS.get(path.suffix, 'text')}\n{text.rstrip()}\n{fence}\n")
        return there


def reference() -> Iterator[tuple[str, str]]:
    """Yield the pages of the reference: one a module, its public names in order."""
    names = [name for name, _ in public_names()]
    for module in MODULES:
        own = [name for name in names if name.rpartition(".")[0] == module]
        lines = [f"# `{module}`", ""]
        for name in own:
            lines += [f"::: {name}", ""]
        yield f"reference/{module}.md", "\n".join(lines)


def build(folder: Path, source: Path = SOURCE) -> None:
    """Write the site's source and build it.

    Args:
        folder: where the site goes.
        source: where its source goes; emptied first.

    Raises:
        SystemExit: a link leads nowhere, or the builder found something else that is wrong.
    """
    Site(source).write()
    settings = (ROOT / "zensical.toml").read_text("utf-8")
    for named, path in (("build/site-source", source), ("build/site", folder), ("..", ROOT)):
        settings = settings.replace(f'"{named}"', f'"{os.path.relpath(path, source.parent)}"')
    file = source.parent / "zensical.toml"
    file.write_text(settings, "utf-8")
    zensical = Path(sys.executable).with_name("zensical")
    command = [zensical, "build", "--strict", "--clean", "--config-file", file.name]
    if subprocess.run(command, cwd=source.parent).returncode:
        raise SystemExit("the site was not built; see above")


if __name__ == "__main__":
    build(Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build" / "site").resolve())
