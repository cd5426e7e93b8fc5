"""Spreadsheets in, and copies of them with results out; nothing here knows what the texts are for."""

from __future__ import annotations

from replykit.sheets.edits import Edit
from replykit.sheets.opening import open_sheet
from replykit.sheets.saving import saving
from replykit.sheets.sheet import Sheet, SheetRow, Written

__all__ = ["Edit", "Sheet", "SheetRow", "Written", "open_sheet", "saving"]
