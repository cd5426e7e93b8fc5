"""What a check found."""

# No postponed annotations: pydantic would compile each of them anew, a fifth of the time of an import.

from typing import Any

from pydantic import Field, computed_field, model_validator

from replykit.records.record import Record
from replykit.records.terms import Language, Severity

__all__ = ["Report", "Violation"]


class Violation(Record):
    """One use of something that a principle forbids, or one thing that it asks for and that is missing.

    Attributes:
        principle: the principle's id, the same in every language (see the rule catalogue).
        rule: the id of the rule that found it.
        severity: `error`, must not be sent as it is; `warning`, may be sent, a better wording exists.
        start: first code point of the use in the text as given.
        end: one past its last code point; `start == end` where something is missing rather than there.
        text: `text[start:end]`, always.
        message: why it is wrong, in one sentence.
        suggestions: wordings to use instead; each passes the checker itself.
    """

    principle: str
    rule: str
    severity: Severity
    start: int = Field(ge=0)
    end: int = Field(ge=0)
    text: str
    message: str
    suggestions: tuple[str, ...] = ()


class Report(Record):
    """What a check of one text found.

    Attributes:
        text: the text as given.
        violations: in order of `start`.
        language: the language that the text was held to; None where nothing decided it.
    """

    text: str
    violations: tuple[Violation, ...] = ()
    language: Language | None = None

    @model_validator(mode="before")
    @classmethod
    def _without_ok(cls, fields: Any) -> Any:
        """Leave out `ok`, which the JSON form holds and which follows from the violations."""
        return {name: value for name, value in fields.items() if name != "ok"} if isinstance(fields, dict) else fields

    @computed_field  # type: ignore[prop-decorator]  # pydantic's documented form; mypy knows no decorated property
    @property
    def ok(self) -> bool:
        """True where there is no error-level violation; warnings do not count."""
        return not self.errors

    @property
    def errors(self) -> tuple[Violation, ...]:
        """The error-level violations."""
        return tuple(v for v in self.violations if v.severity == "error")

    @property
    def warnings(self) -> tuple[Violation, ...]:
        """The warning-level violations."""
        return tuple(v for v in self.violations if v.severity == "warning")
