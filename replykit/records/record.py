"""What every record is: a value that cannot be changed and that quotes nobody."""

# No postponed annotations: pydantic would compile each of them anew, a fifth of the time of an import.

from collections.abc import Iterable, Iterator
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import PydanticSerializationError

__all__ = ["Record"]


# What people wrote: a log, a traceback or an error that shows a record says how long it is, and not a word of it.
_SAID = frozenset(
    {"by", "content", "customer", "draft", "facts", "message", "name", "original", "proposal", "quote", "reason"}
    | {"text", "tone", "trouble", "value", "persona", "opening", "signature", "guidance"}
)


class _Said:
    def __init__(self, value: str | tuple[str, ...]) -> None:
        self._size = len(value) if isinstance(value, str) else sum(map(len, value))

    def __repr__(self) -> str:
        return f"<{self._size} characters>"


class Record(BaseModel):
    """A value: it cannot be changed, it refuses fields that it does not know, and its repr quotes nobody."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, hide_input_in_errors=True)

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        for name, value in super().__repr_args__():
            said = name in _SAID and (isinstance(value, str) or (isinstance(value, tuple) and _are_texts(value)))
            yield name, _Said(value) if said else value

    @classmethod
    def made(cls, fields: dict[str, Any], given: Iterable[str]) -> Self:
        """Return a record of values that are known to be right.

        What `model_construct` does, in a third of its time: every check makes one, and a playbook is a thousand.

        Args:
            fields: the value of every field, in their order.
            given: the names of those that are no defaults.
        """
        record = cls.__new__(cls)
        object.__setattr__(record, "__dict__", fields)
        object.__setattr__(record, "__pydantic_fields_set__", set(given))
        object.__setattr__(record, "__pydantic_extra__", None)
        object.__setattr__(record, "__pydantic_private__", None)
        return record

    @classmethod
    def model_validate_json(cls, json_data: str | bytes | bytearray, **options: Any) -> Self:
        """Return the record that a JSON text holds, also one with an escaped half of a character."""
        try:
            return super().model_validate_json(json_data, **options)
        except ValidationError as error:
            if all(one["type"] != "json_invalid" for one in error.errors()):
                raise
            import json  # pydantic's own reader refuses it

            try:
                fields = json.loads(json_data)
            except ValueError:
                raise error from None
            return cls.model_validate(fields, **options)

    def model_dump_json(self, **options: Any) -> str:
        """Return the record as JSON; half a character (a lone surrogate) is escaped, as UTF-8 has no place for it."""
        try:
            return super().model_dump_json(**options)
        except (PydanticSerializationError, UnicodeEncodeError):
            import json

            indent = options.pop("indent", None)
            options.pop("ensure_ascii", None)
            return json.dumps(self.model_dump(**options), indent=indent)


def _are_texts(values: tuple[Any, ...]) -> bool:
    return bool(values) and all(isinstance(value, str) for value in values)
