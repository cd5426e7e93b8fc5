"""Personal data stays in the process: a chat model is asked with tokens in its place."""

from __future__ import annotations

from replykit.privacy.masked import masked, private_of
from replykit.privacy.personal import Personal, find_personal, need_privacy
from replykit.privacy.tokens import Restored, Tokens

__all__ = ["Personal", "Restored", "Tokens", "find_personal", "masked", "need_privacy", "private_of"]
