"""What a customer's message shows: distress, complaint, abuse, threat, repeated contact and excessive demands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from replykit import records
from replykit.compiled import CompiledSignal, PatternFor
from replykit.disguise import Scan
from replykit.errors import PlaybookError
from replykit.playbook import Playbook
from replykit.reading import Given, Reading

if TYPE_CHECKING:
    from replykit.records import Assessment, Signal, Turn

__all__ = ["SignalReader"]

_MOST_READ, _LONGEST_READ = 20, 20_000  # of the customer's earlier turns, and code points


class SignalReader:
    """Reads the signals of a playbook off messages.

    Args:
        playbook: its signals.
        pattern_for: makes their patterns.
        scan: finds the rules' literals, which may stand disguised.
    """

    def __init__(self, playbook: Playbook, pattern_for: PatternFor, scan: Scan) -> None:
        self._signals = [CompiledSignal(signal, pattern_for) for signal in playbook.signals]
        self._scan = scan
        self._last: tuple[str, tuple[str, ...]] = "", ()

    def validate(self) -> None:
        """Compile every pattern now.

        Raises:
            PlaybookError: a pattern is not RE2; the message names the signal.
        """
        for signal in self._signals:
            try:
                signal.pattern.validate()
            except PlaybookError as error:
                raise PlaybookError(f"signal {signal.signal.id!r}: {error}") from None

    def assess(self, message: str) -> Assessment:
        """Return the signals of a message with their spans, and whether a human should take over."""
        reading = Reading(message, Given(), self._scan)
        signals: dict[tuple[str, int, int], Signal] = {}
        escalate = False
        for compiled in self._signals:
            kind = compiled.signal.kind
            for span in compiled.spans(reading):
                start, end = reading.uncovered.span(*span)
                signal = records.Signal(
                    kind=kind, rule=compiled.signal.id, start=start, end=end, text=message[start:end]
                )
                signals.setdefault((kind, start, end), signal)
                escalate = escalate or compiled.signal.escalate
        return records.Assessment(
            signals=tuple(sorted(signals.values(), key=lambda s: (s.start, s.end))), escalate=escalate
        )

    def names(self, message: str) -> tuple[str, ...]:
        """Return the kinds of what a message shows, and the ids of the signals that found it.

        The last message is remembered, as one message is answered by many replies.
        """
        last, found = self._last
        if last != message:
            found = _names(self.assess(message))
            self._last = message, found
        return found

    def names_of_all(self, customer: str | None, history: Sequence[Turn]) -> tuple[str, ...]:
        """Return the same for all that a customer has said.

        Args:
            customer: the latest message.
            history: earlier turns; of the customer's, the last 20 are read, up to 20,000 code points.
        """
        found = set(self.names(customer)) if customer else set()
        room = _LONGEST_READ
        for turn in [turn for turn in history if turn.role == "customer"][: -_MOST_READ - 1 : -1]:
            room -= len(turn.text)
            if room < 0:
                break
            found.update(_names(self.assess(turn.text)))
        return tuple(sorted(found))


def _names(assessment: Assessment) -> tuple[str, ...]:
    return tuple(sorted({name for signal in assessment.signals for name in (signal.kind, signal.rule)}))
