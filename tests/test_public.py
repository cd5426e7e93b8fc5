"""The front door is a list, the layers point one way, and there is one root of errors."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType

import pytest
from pydantic import BaseModel
from typing_extensions import is_protocol
from write_public import FILE, listing, public_methods, public_names

import replykit
from replykit import errors, records

PACKAGE = Path(replykit.__file__).parent
HEAVY = ("httpx2", "jinja2", "openai", "openpyxl", "pyarrow", "ray", "rich", "typer")

# A module imports only from what stands before it.
ROWS = (
    "errors collector",
    "arrow",
    "snapshot",
    "records",
    "spans",
    "trace",
    "rules",
    "complaint register language",
    "places",
    "playbook",
    "tables",
    "loader",
    "text",
    "sheets",
    "literals disguise pattern triggers reading stages",
    "numerals dates times money measures identifiers facts",
    "prefilter",
    "placeholders",
    "clauses statement shorthand counts claims meaning remains",
    "writing",
    "vocabulary",
    "leaking",
    "script",
    "addressed contacts instructions remedies readers shield guards",
    "compiled findings",
    "judging reporting signals",
    "crew many",
    "checker",
    "heard registrar",
    "quotation",
    "worker",
    "columnar",
    "lint",
    "starter",
    "fixer",
    "privacy",
    "wrappings invisible",
    "prompts answer embedded partial",
    "brand",
    "intake case standby flow",
    "seams gate stream_flow",
    "record_flow sheet_row",
    "chat",
    "shelf",
    "budget drivers streams testing later desk async_kit kit",
    "batch",
    "summary",
    "evaluation",
    "integrations",
    "replykit",
    "cli",
    "__main__",
)
LAYERS = [name for row in ROWS for name in row.split()]

MODULES = sorted(PACKAGE.rglob("*.py"))


def _layer(name: str) -> str:
    return name.removeprefix("replykit.").split(".")[0]


def _name(path: Path) -> str:
    """`replykit` for the package itself, `replykit.chat.client` for a module of it."""
    return ".".join(("replykit", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")


def _imports(tree: ast.AST) -> Iterator[str]:
    """The modules of this package that code imports anywhere; imports for types alone do not run."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            yield from _imports(ast.Module(body=node.orelse, type_ignores=[]))
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "replykit":
            assert not node.level
            for alias in node.names:
                inside = PACKAGE.joinpath(*(node.module or "").split(".")[1:], alias.name)
                is_module = inside.is_dir() or inside.with_suffix(".py").is_file()
                yield f"{node.module}.{alias.name}" if is_module else node.module or ""
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] == "replykit")
        else:
            yield from _imports(node)


def _in_fresh_python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_list_is_sorted() -> None:
    """`__all__` is in order and names nothing twice."""
    assert replykit.__all__ == sorted(set(replykit.__all__))


@pytest.mark.parametrize("name", replykit.__all__)
def test_every_listed_name_is_there(name: str) -> None:
    """What the list promises can be taken from the package, and says what it is."""
    value = getattr(replykit, name)
    assert isinstance(value, str) or inspect.getdoc(value)


def test_the_list_is_complete() -> None:
    """Every error and every record is public."""
    classes = {name for name in records.__all__ if isinstance(getattr(records, name), type)}
    assert set(errors.__all__) | classes - {"Record"} <= set(replykit.__all__)


def test_nothing_public_changes_unread() -> None:
    """What users may call, with its arguments and defaults, is as written down; scripts/write_public.py writes it."""
    assert FILE.read_text("utf-8") == listing()


@pytest.mark.parametrize(("name", "value"), [*public_names()], ids=[name for name, _ in public_names()])
def test_docstrings_are_complete(name: str, value: type | FunctionType) -> None:
    """What is public names each argument in its docstring and says what comes back, or as what else it works."""
    callables = {name: (value, inspect.getdoc(value) or "")}
    if inspect.isclass(value):
        callables = {
            f"{name}.{method}": (function, inspect.getdoc(function) or "")
            for method, function, is_property in public_methods(value)
            if not is_property
        }
        if "__init__" in vars(value) and not issubclass(value, BaseModel | BaseException) and not is_protocol(value):
            callables[name] = (value.__init__, inspect.getdoc(value) or "")
    for where, (function, told) in callables.items():
        assert told, where
        if re.search(r"\bas (?:for |of )?`[\w.]+`", told, re.IGNORECASE):
            continue
        unnamed = [
            one for one in inspect.signature(function).parameters if not re.search(rf"\b{one}\b", f"self cls {told}")
        ]
        assert unnamed == [], where
        if inspect.signature(function).return_annotation not in (None, "None"):
            assert re.search(
                r"^(?:Returns|Yields):|\b(?:return|yield|answer|read)s? ", told, re.MULTILINE | re.IGNORECASE
            ), where


def test_unknown_names_are_refused() -> None:
    """A name that the package does not have is an AttributeError that names it."""
    with pytest.raises(AttributeError, match="Replykit"):
        replykit.Replykit  # type: ignore[attr-defined]  # noqa: B018  # the point of the test


def test_there_is_one_root_of_errors() -> None:
    """`except ReplykitError` catches every error of the package, and the tree in the docstring names each."""
    for name in errors.__all__:
        assert issubclass(getattr(errors, name), replykit.ReplykitError)
        assert name in (errors.__doc__ or "")


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_public_names_say_what_they_are(path: Path) -> None:
    """Every module lists its public names, and each class, function and method of them has a docstring."""
    tree = ast.parse(path.read_text("utf-8"))
    assert ast.get_docstring(tree), "the module has no docstring"
    listed = importlib.import_module(_name(path)).__all__
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and node.name in listed:
            assert ast.get_docstring(node), f"{node.name} has no docstring"
            for member in node.body if isinstance(node, ast.ClassDef) else ():
                if isinstance(member, ast.FunctionDef | ast.AsyncFunctionDef) and not member.name.startswith("_"):
                    assert ast.get_docstring(member), f"{node.name}.{member.name} has no docstring"


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_layers_point_one_way(path: Path) -> None:
    """A module imports only from layers before its own."""
    own = _layer(_name(path))
    assert own in LAYERS, f"say in LAYERS where {own} stands"
    found = {_layer(name) for name in _imports(ast.parse(path.read_text("utf-8")))} - {own}
    wrong = {layer for layer in found if layer not in LAYERS or LAYERS.index(layer) > LAYERS.index(own)}
    assert not wrong, f"{own} imports {sorted(wrong)}, which stand after it"


def test_importing_it_loads_nothing_heavy() -> None:
    """`import replykit` loads neither the model's SDK nor the template engine nor anything for the terminal."""
    code = f"import sys, replykit; print([name for name in {HEAVY} if name in sys.modules])"
    assert _in_fresh_python(code) == "[]"


def test_a_first_check_prepares_nothing_that_it_does_not_need() -> None:
    """No TOML is read, no validator built, no pattern parsed: each would be half of what a first check takes."""
    code = """
import sys, replykit
report = replykit.check("呵呵，大哥，这个没办法的。")
heavy = ("tomllib", "importlib.metadata", "replykit.tables", "replykit.places", "replykit.literals", "replykit.facts")
print(report.ok, [name for name in heavy if name in sys.modules])
print([name for name in ("Request", "Report", "Playbook") if getattr(replykit, name).__pydantic_complete__])
"""
    assert _in_fresh_python(code) == "False []\n[]"


def test_checking_needs_nothing_heavy() -> None:
    """`check` and `assess` work where the model's SDK, the template engine and the terminal's packages are missing."""
    code = f"""
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {HEAVY}:
            raise ModuleNotFoundError(f"blocked: {{name}}")

sys.meta_path.insert(0, Blocker())
import replykit
report = replykit.check("呵呵，这个没办法的。", customer="我的订单 A1001 呢？", facts=["订单 A1001 已寄出"])
print(report.ok, {{v.rule for v in report.violations}} != set(), replykit.assess("太让人失望了！").upset)
"""
    assert _in_fresh_python(code) == "False True True"
