"""Write tests/golden/public.txt: what the package promises its users, name by name, with its arguments.

    python scripts/write_public.py

A test compares the file with the package, so that nothing public changes, or goes, without somebody reading it there.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from pydantic import BaseModel

FILE = Path(__file__).parent.parent / "tests" / "golden" / "public.txt"
MODULES = ("replykit", "replykit.batch", "replykit.chat", "replykit.evaluation", "replykit.testing")


def public_names() -> Iterator[tuple[str, Any]]:
    """Yield every public class and function, each with where users import it from, once."""
    seen: set[int] = set()
    for module in map(import_module, MODULES):
        for name in sorted(module.__all__):
            value = getattr(module, name)
            if id(value) not in seen and (inspect.isclass(value) or inspect.isfunction(value)):
                seen.add(id(value))
                yield f"{module.__name__}.{name}", value


def public_methods(kind: type) -> Iterator[tuple[str, Callable[..., Any], bool]]:
    """Yield the public methods of a class that this package wrote, inherited ones too, and whether each is a property.

    What pydantic has, as `model_dump_json`, is pydantic's promise, also where it is overridden.
    """
    for name in sorted(dir(kind)):
        owner = next((base for base in kind.__mro__ if name in vars(base)), None)
        if (
            name.startswith("_")
            or owner is None
            or not owner.__module__.startswith("replykit")
            or hasattr(BaseModel, name)
        ):
            continue
        value = vars(owner)[name]
        function = getattr(value, "__func__", None) or getattr(value, "fget", None) or getattr(value, "func", value)
        if inspect.isfunction(function):
            yield name, function, function is not value and not isinstance(value, classmethod | staticmethod)


def _arguments(function: Callable[..., Any]) -> str:
    """Return the arguments with their defaults; their types are what the tests of typing claim."""
    signature = inspect.signature(function)
    bare = [
        one.replace(annotation=one.empty) for one in signature.parameters.values() if one.name not in ("self", "cls")
    ]
    return str(signature.replace(parameters=bare, return_annotation=signature.empty))


def listing() -> str:
    """Return the promise as text."""
    lines: list[str] = []
    for name, value in public_names():
        if inspect.isfunction(value):
            lines.append(f"{name}{_arguments(value)}")
            continue
        bases = ", ".join(base.__name__ for base in value.__bases__ if base is not object)
        lines.append(f"{name}({bases})" if bases else name)
        if issubclass(value, BaseModel):
            lines += [f"    {name}" + "=…" * (not one.is_required()) for name, one in value.model_fields.items()]
        elif "__init__" in vars(value):
            lines.append(f"    __init__{_arguments(value.__init__)}")
        for method, function, is_property in public_methods(value):
            lines.append(f"    {method}" + ("" if is_property else _arguments(function)))
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    FILE.write_text(listing(), "utf-8")
    print(f"{FILE.relative_to(FILE.parent.parent.parent)}: {len(listing().splitlines())} lines")
