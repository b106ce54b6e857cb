"""How long a callee may say nothing before the agent asks whether somebody is there, and then ends the call."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from outdial.agents.base import Utterance
from outdial.models.call import Speaker

SECONDS = 8.0


@dataclass(frozen=True)
class Patience:
    """``first`` holds until the callee has said a word, ``later`` from then on; seconds."""

    first: float = SECONDS
    later: float = SECONDS

    @classmethod
    def of(cls, initial_silence_timeout: int | None, usual: float = SECONDS) -> "Patience":
        """The patience of a call whose first silence may last so many milliseconds; None: the usual seconds."""
        first = usual if initial_silence_timeout is None else initial_silence_timeout / 1000
        return cls(first, usual)

    def seconds(self, said: Sequence[Utterance]) -> float:
        """How long to wait for the callee's next words, after what was ``said``."""
        has_spoken = any(turn.speaker is Speaker.CALLEE for turn in said)
        return self.later if has_spoken else self.first


USUAL: Final = Patience()
