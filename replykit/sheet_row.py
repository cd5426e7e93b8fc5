"""A complaint record as one row of a sheet."""

from __future__ import annotations

from replykit.complaint import ComplaintRecord
from replykit.playbook import Playbook
from replykit.sheets.csv_writing import neutralised

__all__ = ["sheet_row"]

_BETWEEN = "；"


def sheet_row(record: ComplaintRecord, playbook: Playbook) -> dict[str, str]:
    """Return a record as a flat mapping of headings to texts, in the order of the playbook's fields.

    A cell that a spreadsheet would take for a formula begins with an apostrophe, as customers write what they like.

    Args:
        record: the record.
        playbook: its fields give the headings, in the script of the record's language.
    """
    say: dict[str, str] = {field.id: playbook.say(field.title, record.language) for field in playbook.fields}
    categories = {category.id: category.title for category in playbook.categories}
    row: dict[str, str] = {}
    for field in playbook.fields:
        match field.id:
            case "missing":
                values = [say.get(id, id) for id in record.missing]
            case "by":
                values = [playbook.say(field.labels.get(p.by, p.by), record.language) for p in record.promised]
            case "due":
                values = [promise.due.value if promise.due else "" for promise in record.promised]
            case _:
                labels = categories if field.id == "category" else field.labels
                values = [playbook.say(labels.get(e.value, e.value), record.language) for e in record.entries(field.id)]
        if field.id not in ("by", "due"):  # those stand in the order of the promises
            values = list(dict.fromkeys(values))
        cell = _BETWEEN.join(values) if any(values) else ""
        row[say[field.id]] = neutralised(" ".join(cell.split()))
    return row
