"""What a manager reads of many checked replies: counts by principle, agent, day and channel, and the worst replies."""

from __future__ import annotations

from replykit.summary.counts import Group, Summary, Worst, summary_schema, summary_table
from replykit.summary.page import write_summary_page
from replykit.summary.results import read_results

__all__ = ["Group", "Summary", "Worst", "read_results", "summary_schema", "summary_table", "write_summary_page"]
