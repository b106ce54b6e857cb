"""The talking agent behind a real model protocol: streaming, hanging up, and failing."""

import asyncio
from typing import Any

import pytest

from outdial.agents.base import ReplyPart, Talker, TalkFailed, Utterance
from outdial.agents.factory import make_talker
from outdial.models.call import Speaker
from outdial.settings import Settings
from tests.build import a_definition
from tests.talk.model_server import Answer, ModelServer, model_server

SAID = (
    Utterance(Speaker.AGENT, "Hello Ada, this is Lakeside Dental."),
    Utterance(Speaker.CALLEE, "Yes, what is it?"),
)


def _talker(server: ModelServer, name: str = "openai:test-model", **settings: Any) -> Talker:
    given = Settings(model_base_url=f"{server.url}/v1", **settings)
    return make_talker(a_definition(model=name), {"first_name": "Ada"}, given)


async def _reply(talker: Talker, said: tuple[Utterance, ...] = SAID) -> list[ReplyPart]:
    return [part async for part in talker.reply(said)]


def test_words_arrive_while_the_model_is_still_speaking() -> None:
    """The first words come before the server has sent the last."""
    with model_server(Answer(("Would ", "Tuesday ", "suit?"))) as server:

        async def first_then_rest() -> tuple[str, str]:
            server.gate.clear()
            parts = _talker(server).reply(SAID)
            first = await anext(aiter(parts))
            server.gate.set()
            return first.text, "".join([part.text async for part in parts])

        assert asyncio.run(first_then_rest()) == ("Would ", "Tuesday suit?")


def test_the_model_hangs_up_with_a_tool_after_its_words() -> None:
    """Words and then end_call: the words once, and an end."""
    bye = Answer(("Thank you, ", "goodbye."), tool="end_call", arguments={"farewell": "Goodbye."})
    with model_server(bye) as server:
        parts = asyncio.run(_reply(_talker(server)))
    assert ("".join(part.text for part in parts), parts[-1].end) == ("Thank you, goodbye.", True)


def test_a_farewell_given_only_to_the_tool_is_spoken() -> None:
    """A model that only calls end_call still says goodbye."""
    with model_server(Answer(tool="end_call", arguments={"farewell": "Goodbye, Ada."})) as server:
        assert asyncio.run(_reply(_talker(server))) == [ReplyPart("Goodbye, Ada.", end=True)]


@pytest.mark.parametrize(
    ("tool", "arguments", "done"),
    [
        ("press_keys", {"keys": "1#"}, ReplyPart("", keys="1#")),
        ("change_language", {"language": "es-US", "words": "Claro."}, ReplyPart("Claro.", language="es-US")),
        ("play_sound", {"sound": "terms"}, ReplyPart("", sound="https://example.com/terms.mp3")),
    ],
)
def test_the_model_does_what_its_agent_may(tool: str, arguments: dict[str, str], done: ReplyPart) -> None:
    """Keys, languages and recordings are tools of agents that name them, and of no other."""
    able = {"keypad": True, "languages": ["es-US"], "sounds": {"terms": "https://example.com/terms.mp3"}}
    with model_server(Answer(tool=tool, arguments=arguments)) as server:
        settings = Settings(model_base_url=f"{server.url}/v1")
        agent = a_definition(model="openai:test-model", **able)
        assert asyncio.run(_reply(make_talker(agent, {"first_name": "Ada"}, settings))) == [done]
        with pytest.raises(TalkFailed):
            asyncio.run(_reply(_talker(server)))


def test_the_model_sees_the_rendered_prompt_and_the_turns_in_order() -> None:
    """Variables stand where the prompt names them; the agent is the assistant, the callee the user."""
    with model_server(Answer(("Fine.",))) as server:
        asked = a_definition(model="openai:test-model", system_prompt="You call {{first_name}}.")
        settings = Settings(model_base_url=f"{server.url}/v1")
        asyncio.run(_reply(make_talker(asked, {"first_name": "Ada"}, settings)))
    messages = server.requests[0]["messages"]
    assert [message["role"] for message in messages] == ["system", "user", "assistant", "user"]
    assert messages[0]["content"].startswith("You call Ada.")
    assert [message["content"] for message in messages[2:]] == [turn.text for turn in SAID]


def test_a_silence_after_the_agents_words_is_told_to_the_model() -> None:
    """Two agent turns in a row are parted by the callee's silence, so that the sides take turns."""
    said = (*SAID[:1], Utterance(Speaker.AGENT, "Are you there?"), SAID[1])
    with model_server(Answer(("Fine.",))) as server:
        asyncio.run(_reply(_talker(server), said))
    roles = [message["role"] for message in server.requests[0]["messages"]]
    assert roles == ["system", "user", "assistant", "user", "assistant", "user"]


def test_the_key_of_the_compatible_server_is_sent() -> None:
    """The server gets its own key as a bearer token."""
    with model_server(Answer(("Fine.",))) as server:
        asyncio.run(_reply(_talker(server, model_api_key="local-key")))
    assert server.requests[0]["authorization"] == "Bearer local-key"


@pytest.mark.parametrize(
    "answer",
    [Answer(status=500), Answer(status=401), Answer(("I ", "was "), breaks_off=True), Answer(())],
    ids=["server error", "bad key", "cut connection", "empty answer"],
)
def test_a_model_that_fails_raises_talk_failed(answer: Answer) -> None:
    """Whatever goes wrong at the model's end is one kind of failure here."""
    with model_server(answer) as server, pytest.raises(TalkFailed, match="openai:test-model"):
        asyncio.run(_reply(_talker(server)))


def test_a_model_that_is_too_slow_for_a_conversation_is_given_up() -> None:
    """Nobody waits on the phone for longer than model_timeout."""
    with model_server(Answer(delay=1)) as server, pytest.raises(TalkFailed):
        asyncio.run(_reply(_talker(server, model_timeout=0.2)))


def test_a_missing_key_is_a_failure_of_the_talk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without any key there is nothing to ask."""
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    talker = make_talker(a_definition(model="anthropic:claude-test"), {"first_name": "Ada"}, Settings())
    with pytest.raises(TalkFailed, match="ANTHROPIC_API_KEY"):
        asyncio.run(_reply(talker))


def test_anthropic_models_stream_by_their_own_protocol(monkeypatch: pytest.MonkeyPatch) -> None:
    """The Anthropic messages protocol carries the same talk."""
    with model_server(Answer(("Would ", "Tuesday suit?"))) as server:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
        parts = asyncio.run(_reply(_talker(server, "anthropic:claude-test", anthropic_api_key="key")))
    assert [part.text for part in parts] == ["Would ", "Tuesday suit?"]


def test_models_of_openai_itself_stream_by_its_newer_protocol(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a compatible server, `openai:` is asked by the responses protocol, with OpenAI's key."""
    with model_server(Answer(("Would ", "Tuesday suit?"))) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", f"{server.url}/v1")
        settings = Settings.model_validate({"openai_api_key": "key"})
        talker = make_talker(a_definition(model="openai:test-model"), {"first_name": "Ada"}, settings)
        parts = asyncio.run(_reply(talker))
    assert [part.text for part in parts] == ["Would ", "Tuesday suit?"]
    assert server.requests[0]["authorization"] == "Bearer key"
