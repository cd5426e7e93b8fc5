"""The few words that fields of records may hold."""

from typing import Annotated, Literal

from pydantic import Field

__all__ = ["AUTO", "UNKNOWN", "Channel", "Language", "Length", "Outcome", "Privacy", "Severity", "Stage", "Status"]


Severity = Literal["error", "warning"]
# A language tag (BCP 47): a language, and a script and a region where they matter; which there are, playbooks declare.
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$")]
AUTO = "auto"  # asks for the language of whoever wrote; no tag
UNKNOWN = "und"  # the tag of a language that nobody here can tell (BCP 47, undetermined)
Stage = Literal["accept", "clarify", "propose", "follow_up"]
Channel = Literal["chat", "email", "review", "phone"]
Length = Literal["short", "medium", "long"]
Status = Literal["clean", "repaired", "needs_review"]
Privacy = Literal["mask"]
Outcome = Literal["complete", "length", "content_filter", "refusal", "blank", "unknown"]
