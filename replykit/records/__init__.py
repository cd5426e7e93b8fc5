"""What goes in and what comes out: frozen records that round-trip through JSON."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from replykit.records.assessment import Assessment, Signal
    from replykit.records.chat import ChatMessage, ChatRequest, Completion, JsonForm
    from replykit.records.conversation import Turn
    from replykit.records.record import Record
    from replykit.records.reply import Attempt, Reply
    from replykit.records.report import Report, Violation
    from replykit.records.request import Request
    from replykit.records.terms import AUTO, Channel, Language, Length, Outcome, Privacy, Severity, Stage, Status
    from replykit.records.usage import Prices, Usage
else:
    # Each brings its own only: a check needs two of them, and to make them all costs as much as to load a playbook.
    _HOMES = {
        **dict.fromkeys(("Assessment", "Signal"), "assessment"),
        **dict.fromkeys(("ChatMessage", "ChatRequest", "Completion", "JsonForm"), "chat"),
        **dict.fromkeys(("Turn",), "conversation"),
        **dict.fromkeys(("Record",), "record"),
        **dict.fromkeys(("Attempt", "Reply"), "reply"),
        **dict.fromkeys(("Report", "Violation"), "report"),
        **dict.fromkeys(("Request",), "request"),
        **dict.fromkeys(
            ("AUTO", "Channel", "Language", "Length", "Outcome", "Privacy", "Severity", "Stage", "Status"), "terms"
        ),
        **dict.fromkeys(("Prices", "Usage"), "usage"),
    }

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = globals()[name] = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
        return value


__all__ = [
    "AUTO",
    "Assessment",
    "Attempt",
    "Channel",
    "ChatMessage",
    "ChatRequest",
    "Completion",
    "JsonForm",
    "Language",
    "Length",
    "Outcome",
    "Prices",
    "Privacy",
    "Record",
    "Reply",
    "Report",
    "Request",
    "Severity",
    "Signal",
    "Stage",
    "Status",
    "Turn",
    "Usage",
    "Violation",
]
