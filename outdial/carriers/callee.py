"""A simulated callee: says a persona's lines, computed anew from what was said, so any process can go on."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from outdial.agents.base import Utterance
from outdial.carriers.personas import CalleeReply, Persona
from outdial.models.call import Speaker

_FAREWELL = re.compile(r"\b(good)?bye\b", re.IGNORECASE)


@dataclass(frozen=True)
class Callee:
    """Plays ``persona``; without memory, and the same for the same transcript."""

    persona: Persona

    def hears(self, said: Sequence[Utterance]) -> CalleeReply:
        """The callee's answer to ``said``, which ends with the agent's turn."""
        position = sum(turn.speaker is Speaker.CALLEE for turn in said)
        if position and said[-1].speaker is Speaker.AGENT and _FAREWELL.search(said[-1].text):
            return CalleeReply(None, hangs_up=True)
        if position < len(self.persona.lines):
            return self.persona.lines[position]
        return CalleeReply("Bye.", hangs_up=True)
