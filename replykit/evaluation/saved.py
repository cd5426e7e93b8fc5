"""A run in a file, to be read by people's programs and compared with later runs."""

from __future__ import annotations

import json
from os import PathLike
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from replykit.errors import UsageError
from replykit.evaluation.comparison import Comparison
from replykit.evaluation.figures import Figures
from replykit.evaluation.measures import MEASURES
from replykit.evaluation.replay import recorded
from replykit.evaluation.run import Run
from replykit.sheets.saving import saving

__all__ = ["load_run", "save_recording", "save_run"]

_FORMAT = 1


def save_run(
    path: str | PathLike[str], run: Run, other: Run | None = None, comparison: Comparison | None = None
) -> None:
    """Write a run with its figures, as JSON. The file appears whole or not at all.

    Args:
        path: the file; one that is there is replaced.
        run: the run.
        other: the one that it is compared with.
        comparison: what came of that.

    Raises:
        UsageError: it cannot be written.
    """
    content: dict[str, Any] = {"format": _FORMAT, **_told(run)}
    if comparison and other:
        content |= {"comparison": _plain(comparison)} | {f"vs_{key}": value for key, value in _told(other).items()}
    with saving(path) as file:
        file.write(json.dumps(content, ensure_ascii=False, indent=1).encode("utf-8", "backslashreplace") + b"\n")


def load_run(path: str | PathLike[str]) -> Run:
    """Read a run that `save_run` wrote.

    Args:
        path: the file.

    Returns:
        The run; of a comparison, the first side.

    Raises:
        UsageError: the file cannot be read, or holds no run.
    """
    try:
        content = json.loads(Path(path).read_text("utf-8"))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise UsageError(f"{path} is not valid JSON; give a file that eval --json wrote") from None
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise UsageError(f"{path} holds no run of this version; give a file that eval --json wrote")
    try:
        return Run.model_validate(content.get("run"))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"{path} holds no run: {where}: {first['msg']}; give a file that eval --json wrote") from None


def save_recording(path: str | PathLike[str], run: Run) -> int:
    """Write what the model said in a run, as `eval --scripted` replays it.

    Args:
        path: the file, JSON Lines; one that is there is replaced.
        run: the run; replies that no model gave an answer to are left out.

    Returns:
        How many replies it holds.

    Raises:
        UsageError: it cannot be written.
    """
    answers = recorded(run)
    with saving(path) as file:
        for answer in answers:
            fields = {
                "case": answer.case,
                "id": answer.id,
                "kind": answer.kind,
                "answers": [
                    one.text if one.outcome == "complete" else one.model_dump(mode="json") for one in answer.answers
                ],
            }
            file.write(json.dumps(fields, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n")
    return len(answers)


def _told(run: Run) -> dict[str, Any]:
    """Return a run as JSON holds it: what it comes to, each reply with its measures, and all that it was made of."""
    replies = [
        {
            "case": judged.case.id,
            "run": judged.trial.run,
            "name": judged.trial.name,
            "end": judged.end,
            "measures": {measure.id: measure.of(judged) for measure in MEASURES},
            "missed": judged.missed,
            "forbidden": judged.forbidden,
            "never": judged.never,
            "wrongly_clean": judged.is_wrongly_clean,
            "unexpected": judged.is_unexpected,
        }
        for judged in run.judged
    ]
    return {"figures": _plain(Figures.of(run)), "replies": replies, "run": _plain(run)}


def _plain(record: Any) -> Any:
    """Return a record as JSON holds it."""
    return json.loads(record.model_dump_json())
