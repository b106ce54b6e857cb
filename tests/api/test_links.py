"""Transcript and recording by link, without a key."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import httpx
import pytest

from outdial.links import Links
from outdial.media.store import FOLDER
from outdial.models import Call, Speaker
from outdial.models.base import utc_now
from outdial.store import calls
from outdial.store.calls import Spoken
from tests.api.serving import Api, client_of
from tests.build import a_call, an_attempt


@pytest.fixture
def nobody(api: Api) -> Iterator[httpx.Client]:
    """A client without a key."""
    with client_of(api.url, None) as client:
        yield client


def talked(api: Api, *, recording: str | None = None) -> Call:
    """A call with one answered attempt and two turns."""
    now = utc_now()
    with api.database.write() as session:
        call = a_call(session, api.agent)
        attempt = an_attempt(session, call, answered_at=now, recording=recording)
        turns = [Spoken(0, Speaker.AGENT, "Hello Zoë", now), Spoken(1, Speaker.CALLEE, "Hi", now)]
        calls.add_turns(session, attempt, turns)
    return call


def transcript_path(api: Api, call: Call, made: datetime | None = None) -> str:
    return Links(api.settings).transcript_url(call.id, made or utc_now()).removeprefix(api.settings.base_url)


def recording_path(api: Api, call: Call) -> str:
    return Links(api.settings).recording_url(call.id, utc_now()).removeprefix(api.settings.base_url)


def test_a_transcript_link_opens_without_a_key(api: Api, nobody: httpx.Client) -> None:
    """The full transcript as JSON."""
    call = talked(api)
    shown = nobody.get(transcript_path(api, call)).json()
    assert shown["call_id"] == call.id
    said = [(turn["speaker"], turn["text"]) for turn in shown["attempts"][0]["turns"]]
    assert said == [("agent", "Hello Zoë"), ("callee", "Hi")]


def test_a_recording_link_gives_the_file(api: Api, nobody: httpx.Client) -> None:
    """The bytes of the recording, named after the call."""
    folder = api.settings.data / FOLDER
    folder.mkdir(parents=True)
    (folder / "one.mp3").write_bytes(b"ID3 sound")
    call = talked(api, recording="one.mp3")
    response = nobody.get(recording_path(api, call))
    assert (response.content, response.headers["content-type"]) == (b"ID3 sound", "audio/mpeg")
    assert f"{call.id}.mp3" in response.headers["content-disposition"]


def test_an_expired_link_is_refused(api: Api, nobody: httpx.Client) -> None:
    """It says that it expired, so that a person knows to ask for a fresh one."""
    made = utc_now() - timedelta(seconds=api.settings.link_lifetime + 1)
    response = nobody.get(transcript_path(api, talked(api), made))
    assert (response.status_code, response.json()["code"]) == (403, "link_expired")


def test_a_forged_link_leads_nowhere(api: Api, nobody: httpx.Client) -> None:
    """As does a transcript's token in a recording's address."""
    call = talked(api)
    token = transcript_path(api, call).rpartition("/")[2]
    for address in ("transcript/forged", f"transcript/{call.id}", f"recording/{token}"):
        assert nobody.get(f"/v1/links/{address}").status_code == 404


def test_a_recording_that_is_not_there_is_not_found(api: Api, nobody: httpx.Client) -> None:
    """A link for a call without a recording, or whose name leads outside the folder, gives nothing."""
    for recording in (None, "missing.mp3", "../outdial.db"):
        assert nobody.get(recording_path(api, talked(api, recording=recording))).status_code == 404
