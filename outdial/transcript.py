"""The transcript of a call, as it is shown: every attempt in which somebody talked, turn by turn."""

from datetime import datetime

from pydantic import BaseModel, Field
from sqlmodel import Session

from outdial.models import Attempt, Call, Turn
from outdial.store import calls
from outdial.vocabulary import Speaker


class TranscriptTurn(BaseModel):
    """One utterance."""

    speaker: Speaker
    text: str = Field(examples=["Hello Rahul, this is Lakeside Dental."])
    at: datetime


class AttemptTranscript(BaseModel):
    """What was said in one attempt."""

    attempt: int = Field(description="1 is the first dial.", examples=[1])
    answered_at: datetime | None
    turns: list[TranscriptTurn]
    deleted_at: datetime | None = Field(
        None, description="When the words were deleted, because they were kept long enough."
    )


class Transcript(BaseModel):
    """What was said in all of a call's attempts; empty where nobody talked."""

    call_id: str
    attempts: list[AttemptTranscript]

    @property
    def is_kept(self) -> bool:
        """Whether there is anything to read."""
        return any(attempt.turns for attempt in self.attempts)


def transcript_of(session: Session, call: Call) -> Transcript:
    """The transcript so far; it grows while the call is live."""
    spoken = [(attempt, calls.turns_of(session, attempt)) for attempt in calls.attempts_of(session, call)]
    attempts = [
        _attempt(attempt, list(turns)) for attempt, turns in spoken if turns or attempt.transcript_deleted_at
    ]
    return Transcript(call_id=call.id, attempts=attempts)


def _attempt(attempt: Attempt, turns: list[Turn]) -> AttemptTranscript:
    said = [TranscriptTurn(speaker=turn.speaker, text=turn.text, at=turn.at) for turn in turns]
    return AttemptTranscript(
        attempt=attempt.number,
        answered_at=attempt.answered_at,
        turns=said,
        deleted_at=attempt.transcript_deleted_at,
    )
