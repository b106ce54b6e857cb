"""How the scripted agent reads a finished conversation: by phrases, against the agent's own outcomes."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from outdial.agents.base import OPT_OUT, Extraction, FieldValue, Utterance
from outdial.agents.intents import Intent, intent_of, time_named
from outdial.agents.scripted import has_asked
from outdial.models.agent import AgentDefinition, ExtractedField, FieldType, OutcomeChoice
from outdial.models.call import Sentiment, Speaker


class Stance(StrEnum):
    """Where the callee stood at the end."""

    AGREED = "agreed"
    REFUSED = "refused"
    CALLBACK = "callback"
    OPT_OUT = "opt_out"
    UNSETTLED = "unsettled"
    SILENT = "silent"


_DECIDING = {Intent.AGREES: Stance.AGREED, Intent.REFUSES: Stance.REFUSED, Intent.CALLBACK: Stance.CALLBACK}

# Words in an outcome's name or meaning that speak for a stance. "Not interested" must not count as interest.
_REFUSAL = (
    r"refus|declin|reject|deni|uninterested|unwilling|said no"
    r"|not?[ _](?:interest|agree|want|sale|sold|book|confirm|accept|qualif|paid)"
)
_WORDS = {
    Stance.AGREED: r"book|confirm|agree|accept|interested|appointment|schedul|success|sale|sold|paid|promise"
    r"|qualif|complete|consent|yes",
    Stance.REFUSED: _REFUSAL,
    Stance.CALLBACK: r"call[ _]?back|later|another time|follow[ _]?up|busy|resched",
    Stance.UNSETTLED: r"unclear|unknown|undecided|inconclusive|hung[ _]up|other|none|incomplete|nothing"
    r"|no[ _](?:answer|response|decision|outcome)",
}
# Which outcome stands in where the agent has none for the stance itself.
_NEXT_BEST = {
    Stance.AGREED: (Stance.AGREED,),
    Stance.REFUSED: (Stance.REFUSED, Stance.UNSETTLED),
    Stance.CALLBACK: (Stance.CALLBACK, Stance.UNSETTLED),
    Stance.UNSETTLED: (Stance.UNSETTLED, Stance.REFUSED, Stance.CALLBACK),
    Stance.SILENT: (Stance.UNSETTLED, Stance.CALLBACK, Stance.REFUSED),
}
_SENTIMENTS = {
    Stance.AGREED: Sentiment.POSITIVE,
    Stance.REFUSED: Sentiment.NEGATIVE,
    Stance.OPT_OUT: Sentiment.NEGATIVE,
}
_SUMMARIES = {
    Stance.AGREED: "{who} agreed{time}.",
    Stance.REFUSED: "{who} declined: “{words}”",
    Stance.CALLBACK: "{who} asked to be called back{time}.",
    Stance.OPT_OUT: "{who} asked not to be called again.",
    Stance.UNSETTLED: "The call with {who} ended before anything was settled.",
    Stance.SILENT: "The call was answered, but {who} said nothing.",
}


@dataclass(frozen=True)
class ScriptedAnalyst:
    """Picks the outcome whose name and meaning fit best; no model, no key."""

    definition: AgentDefinition
    variables: Mapping[str, Any]

    async def extract(self, said: Sequence[Utterance]) -> Extraction:
        heard = [turn.text for turn in said if turn.speaker is Speaker.CALLEE]
        stance, words = _stance(said)
        return Extraction(
            summary=_summary(stance, words, self.variables),
            sentiment=_SENTIMENTS.get(stance, Sentiment.NEUTRAL),
            outcome=OPT_OUT if stance is Stance.OPT_OUT else _outcome(stance, self.definition.outcomes),
            fields={field.name: _field(field, stance, words, heard) for field in self.definition.fields},
            opt_out=stance is Stance.OPT_OUT,
        )


def _stance(said: Sequence[Utterance]) -> tuple[Stance, str]:
    """The callee's last decision, and the words of it; a wish not to be called again outweighs the rest."""
    stance, words = Stance.SILENT, ""
    for position, turn in enumerate(said):
        if turn.speaker is not Speaker.CALLEE:
            continue
        intent = intent_of(turn.text)
        if intent is Intent.OPT_OUT:
            return Stance.OPT_OUT, turn.text
        decides = intent in _DECIDING and (intent is not Intent.AGREES or has_asked(said[:position]))
        if decides:
            stance, words = _DECIDING[intent], turn.text
        elif stance is Stance.SILENT:
            stance = Stance.UNSETTLED
    return stance, words


def _outcome(stance: Stance, outcomes: Sequence[OutcomeChoice]) -> str:
    for candidate in _NEXT_BEST[stance]:
        best = max(outcomes, key=lambda choice: _fit(candidate, choice))
        if _fit(candidate, best) > 0:
            return best.name
    return outcomes[-1].name


def _fit(stance: Stance, choice: OutcomeChoice) -> int:
    """How well an outcome fits a stance: its name counts three times as much as its meaning."""
    return 3 * _matches(stance, choice.name) + _matches(stance, choice.meaning)


def _matches(stance: Stance, text: str) -> int:
    plain = text.lower()
    if stance is Stance.AGREED and re.search(_REFUSAL, plain):
        return 0
    return len(re.findall(_WORDS[stance], plain))


def _summary(stance: Stance, words: str, variables: Mapping[str, Any]) -> str:
    time = time_named(words)
    told = _SUMMARIES[stance].format(who=_who(variables), time=f" ({time})" if time else "", words=words)
    return told[0].upper() + told[1:]


def _who(variables: Mapping[str, Any]) -> str:
    """The callee's name, if a variable carries one."""
    names = (
        value
        for key, value in variables.items()
        if key.lower().endswith("name") and isinstance(value, str) and value
    )
    return next(names, "the person")


def _field(field: ExtractedField, stance: Stance, words: str, heard: Sequence[str]) -> FieldValue:
    """A fact as far as phrases show it, else None."""
    if field.type is FieldType.BOOLEAN:
        return {Stance.AGREED: True, Stance.REFUSED: False}.get(stance)
    if field.type is FieldType.NUMBER:
        return _only_number(heard)
    if field.type is FieldType.DATE:
        found = re.search(r"\d{4}-\d{2}-\d{2}", " ".join(heard))
        return found[0] if found else None
    return _text_field(field, stance, words)


def _only_number(heard: Sequence[str]) -> float | None:
    """The one number that was said; two could be anything."""
    numbers = re.findall(r"(?<![\d:-])\d+(?:\.\d+)?(?![\d:-])", " ".join(heard))
    return float(numbers[0]) if len(numbers) == 1 else None


def _text_field(field: ExtractedField, stance: Stance, words: str) -> str | None:
    about = Stance.CALLBACK if "call" in field.name else Stance.AGREED
    if stance is about and re.search(r"time|date|day|when|slot|call", field.name):
        return time_named(words)
    if "reason" in field.name and stance is Stance.REFUSED:
        return words
    return None
