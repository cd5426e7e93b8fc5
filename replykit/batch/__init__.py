"""Many canned replies at once: what is done to each of them, and what becomes of it."""

from __future__ import annotations

from replykit.batch.job import Job, polish
from replykit.batch.progress import Estimate, Progress
from replykit.batch.rows import PolishedRow

__all__ = ["Estimate", "Job", "PolishedRow", "Progress", "polish"]
