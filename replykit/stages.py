"""Which stage of a complaint a conversation has reached (000, 客户投诉处理的四个阶段), read off without a model."""

from __future__ import annotations

from replykit.pattern import Pattern
from replykit.playbook import Playbook
from replykit.reading import CompiledCondition, Given, Reading
from replykit.records import Stage

__all__ = ["StageReader"]


class StageReader:
    """Chooses the stage by the entries that the stages of a playbook have.

    Args:
        playbook: its stages, in the order in which a complaint passes through them.
    """

    def __init__(self, playbook: Playbook) -> None:
        self._stages: list[tuple[Stage, list[list[CompiledCondition]]]] = [
            (
                guide.id,
                [
                    [
                        CompiledCondition(condition, lambda sources: Pattern(sources, playbook.words))
                        for condition in entry
                    ]
                    for entry in guide.entries
                ],
            )
            for guide in playbook.stages
        ]

    def stage(self, given: Given) -> Stage | None:
        """Return the last stage that is entered; None where the first is not, as there is no complaint then.

        Args:
            given: the conversation, its `signals` those of all that the customer has said.
        """
        reading = Reading.undisguised("", given)
        entered = None
        for number, (stage, entries) in enumerate(self._stages):
            if any(all(reading.holds(condition, 0, 0) for condition in entry) for entry in entries):
                entered = stage
            elif not number:
                return None
        return entered
