"""Expiring links."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from outdial.errors import NotFound
from outdial.links import LinkExpired, LinkKind, Links
from outdial.settings import Settings

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY, OTHER = Fernet.generate_key().decode(), Fernet.generate_key().decode()


def links(*keys: str) -> Links:
    """Links that live for an hour."""
    joined = SecretStr(",".join(keys or [KEY]))
    return Links(
        Settings(secret_keys=joined, link_lifetime=3600, public_url="https://calls.example/", data=Path("x"))
    )


def token(url: str) -> str:
    return url.rpartition("/")[2]


def test_a_link_opens_its_call_until_it_expires() -> None:
    """Until the lifetime is over the token gives the call's id."""
    url = links().transcript_url("call_1", NOW)
    assert url.startswith("https://calls.example/v1/links/transcript/")
    opened = links().verify(LinkKind.TRANSCRIPT, token(url), NOW + timedelta(minutes=59))
    assert opened == "call_1"


def test_an_expired_link_says_so() -> None:
    """After the lifetime the token is refused as expired, which is not the same as unknown."""
    url = links().recording_url("call_1", NOW)
    with pytest.raises(LinkExpired):
        links().verify(LinkKind.RECORDING, token(url), NOW + timedelta(minutes=61))


def test_a_link_to_a_transcript_does_not_open_the_recording() -> None:
    """A token is good for one thing."""
    url = links().transcript_url("call_1", NOW)
    with pytest.raises(NotFound):
        links().verify(LinkKind.RECORDING, token(url), NOW)


@pytest.mark.parametrize("forged", ["", "x", "gAAAA", "ü", "a" * 2000])
def test_a_forged_link_leads_nowhere(forged: str) -> None:
    """What is not ours is not found."""
    with pytest.raises(NotFound):
        links().verify(LinkKind.TRANSCRIPT, forged, NOW)


def test_a_changed_link_leads_nowhere() -> None:
    """One other character is enough."""
    made = token(links().transcript_url("call_1", NOW))
    with pytest.raises(NotFound):
        links().verify(LinkKind.TRANSCRIPT, made[:-3] + ("A" if made[-3] != "A" else "B") + made[-2:], NOW)


def test_a_link_outlives_a_rotation_of_keys() -> None:
    """A link made with the old key opens while that key is still kept."""
    made = token(links(KEY).transcript_url("call_1", NOW))
    assert links(OTHER, KEY).verify(LinkKind.TRANSCRIPT, made, NOW) == "call_1"


def test_a_stored_secret_does_not_pass_for_a_link() -> None:
    """Links have a key of their own, derived from the installation's."""
    sealed = Fernet(KEY).encrypt(b"transcript:call_1").decode()
    with pytest.raises(NotFound):
        links().verify(LinkKind.TRANSCRIPT, sealed, NOW)
