"""What Twilio is told to do on a line, as TwiML."""

from typing import Any, Final

from twilio.twiml.voice_response import Connect, VoiceResponse

from outdial.carriers.base import Speech
from outdial.models import AgentDefinition
from outdial.settings import Settings

# Twilio then tells when it has spoken our words, so that the last ones are not cut.
_EVENTS: Final = "speaker-events tokens-played"


def talk_twiml(settings: Settings, agent: AgentDefinition, *, socket: str, then: str) -> str:
    """Connect the line to our socket; ``then`` is asked what to do afterwards."""
    response: Any = VoiceResponse()
    connect: Any = Connect(action=then)
    chosen: dict[str, Any] = {
        "voice": agent.voice,
        "tts_provider": settings.twilio_tts_provider,
        "transcription_provider": settings.twilio_transcription_provider,
    }
    relay: Any = connect.conversation_relay(
        url=socket,
        language=agent.language,
        interruptible="any",
        dtmf_detection=True,
        events=_EVENTS,
        **{name: value for name, value in chosen.items() if value},
    )
    for language in agent.languages:
        relay.language(code=language)
    response.append(connect)
    return str(response)


def message_twiml(message: Speech) -> str:
    """Speak, then hang up."""
    response: Any = VoiceResponse()
    voice = {"voice": message.voice} if message.voice and _is_for_say(message.voice) else {}
    response.say(message.text, language=message.language, **voice)
    response.hangup()
    return str(response)


def transfer_twiml(number: str, *, caller_id: str | None, longest: int) -> str:
    """Connect the callee to somebody else's phone."""
    response: Any = VoiceResponse()
    response.dial(number, caller_id=caller_id, time_limit=longest)
    response.hangup()
    return str(response)


def hangup_twiml() -> str:
    """End the call."""
    response: Any = VoiceResponse()
    response.hangup()
    return str(response)


def _is_for_say(voice: str) -> bool:
    """<Say> knows Google's and Amazon's voices by their full names, ConversationRelay's go without."""
    return voice.startswith(("Google.", "Polly.", "alice", "man", "woman"))
