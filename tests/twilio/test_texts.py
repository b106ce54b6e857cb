"""Text messages by the emulated Twilio: asked for once, and what becomes of them is told by callback."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from outdial.carriers.base import CarrierAway
from outdial.carriers.twilio.texts import UNKNOWN, TwilioSender
from outdial.models import NotificationStatus
from outdial.models.base import utc_now
from outdial.notifications.senders import Text
from outdial.settings import Settings
from outdial.store.database import Database
from tests.build import an_account
from tests.temporal_server import free_port
from tests.twilio.world import ACCOUNT_SID, AUTH_TOKEN, NUMBER, serving, twilio_settings
from twilio_emulator.emulator import Emulator
from twilio_emulator.faults import Fault, RequestFault
from twilio_emulator.rest import create_app


@dataclass
class Post:
    """A sender with an account, and the Twilio that it sends through."""

    sender: TwilioSender
    twilio: Emulator
    settings: Settings
    account_id: str

    def text(self, key: str = "sms_1", number: str = "+12025550123") -> Text:
        return Text(key, self.account_id, number, NUMBER, "Hello Ada")


@pytest.fixture
def post(database: Database, tmp_path: Path) -> Iterator[Post]:
    twilio, port = Emulator(ACCOUNT_SID, AUTH_TOKEN, (NUMBER,)), free_port()
    with database.write() as session:
        account_id = an_account(session).id
    with serving(create_app(twilio), port) as url:
        settings = twilio_settings(database, tmp_path, "http://127.0.0.1:1", url)
        yield Post(TwilioSender(database, settings, utc_now), twilio, settings, account_id)


def test_a_message_is_sent(post: Post) -> None:
    """With our callback address, which carries its key."""
    sent = post.sender.send(post.text())
    [message] = post.twilio.messages.values()
    assert (sent.status, sent.carrier_message_id) == (NotificationStatus.SENT, message["sid"])
    assert (message["body"], message["to"]) == ("Hello Ada", "+12025550123")


def test_the_same_message_is_not_sent_again(post: Post) -> None:
    """By its key, whoever asks."""
    first, again = post.sender.send(post.text()), post.sender.send(post.text())
    assert again == first
    assert len(post.twilio.messages) == 1


def test_a_message_of_unknown_fate_is_not_sent_again(post: Post) -> None:
    """It counts as sent; a callback will tell."""
    post.twilio.faults.append(Fault(request=RequestFault.ERROR_BEFORE))
    assert post.sender.send(post.text()).error == UNKNOWN
    assert post.sender.send(post.text()).error == UNKNOWN
    assert post.twilio.messages == {}


def test_a_message_that_was_not_taken_for_now_may_be_sent_later(post: Post) -> None:
    """429: nothing was sent, and the next try is a first one."""
    post.twilio.faults.append(Fault(request=RequestFault.TOO_MANY))
    with pytest.raises(CarrierAway):
        post.sender.send(post.text())
    assert post.sender.send(post.text()).status is NotificationStatus.SENT


def test_a_message_to_no_number_has_failed(post: Post) -> None:
    """And says why."""
    sent = post.sender.send(post.text(number="+15005550001"))
    assert sent.status is NotificationStatus.FAILED
    assert sent.error == "the number does not exist (Twilio error 21211)"
