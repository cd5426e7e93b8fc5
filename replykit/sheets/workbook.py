"""The sheets of a workbook, and the parts that they are stored in."""

from __future__ import annotations

from typing import NamedTuple

from replykit.errors import UsageError
from replykit.sheets.damage import unreadable
from replykit.sheets.package import Package
from replykit.sheets.xml import local, parse

__all__ = ["Workbook"]


class _Listed(NamedTuple):
    name: str
    part: str
    is_hidden: bool


class Workbook:
    """What the sheets of a workbook are called.

    Args:
        package: its parts.
        name: what the user calls it.

    Attributes:
        sheets: its sheets with cells, in order: names and parts.
        styles: the part with the styles; None where there is none.
        texts: the part with the texts that cells share; None where there is none.
        is_1904: True where days are counted from 1904.

    Raises:
        UsageError: it is no workbook that can be read.
    """

    def __init__(self, package: Package, name: str) -> None:
        self._name = name
        start = next((part for kind, part in package.related("").values() if kind == "officeDocument"), None)
        if start is None:
            raise unreadable(name, "it holds no workbook")
        if start.lower().endswith(".bin"):
            raise UsageError(f"{name} is an .xlsb file under another name; save it as .xlsx")
        related = package.related(start)
        of_kind = dict(related.values())
        self.styles, self.texts = of_kind.get("styles"), of_kind.get("sharedStrings")
        self.is_1904 = False
        listed: list[_Listed] = []

        def element(name: str, given: dict[str, str]) -> None:
            if local(name) == "workbookPr":
                self.is_1904 = given.get("date1904") in ("1", "true")
            elif local(name) == "sheet" and "name" in given:
                id = next((value for key, value in given.items() if local(key) == "id"), "")
                kind, part = related.get(id, ("", ""))
                if kind == "worksheet":
                    listed.append(_Listed(given["name"], part, given.get("state", "visible") != "visible"))

        parse(package.chunks(start), name, element)
        self.sheets = {found.name: found.part for found in listed}
        if len(self.sheets) < len(listed):
            raise unreadable(name, "two of its sheets have the same name")
        self._shown = [found.name for found in listed if not found.is_hidden] or list(self.sheets)

    def sheet(self, wanted: str | None) -> str:
        """Return the name of a sheet.

        Args:
            wanted: its name, else its number from 1, hidden ones counted; None: the first that is not hidden.

        Raises:
            UsageError: there is no such sheet; the message lists them.
        """
        names = list(self.sheets)
        if wanted is None and self._shown:
            return self._shown[0]
        if wanted in self.sheets:
            return str(wanted)
        number = wanted.strip() if wanted else ""
        if number.isascii() and number.isdigit() and 1 <= int(number[:9]) <= len(names):
            return names[int(number) - 1]
        raise UsageError(f"{self._name}: no sheet {wanted or ''!r}; there are: {', '.join(names) or 'none'}")
