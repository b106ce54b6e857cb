"""A text message's row knows what became of it, in whatever order that is told."""

from dataclasses import dataclass

from outdial.models import Notification, NotificationStatus
from outdial.models.base import utc_now
from outdial.notifications.senders import Sent, SimulatedSender, Text
from outdial.notifications.sending import Notifier
from outdial.store import notifications
from outdial.store.database import Database
from tests.build import a_call

SID = "SM1"


@dataclass
class QuickCarrier:
    """Delivers, and tells so by its callback, before it has answered who asked."""

    database: Database
    name = "quick"

    def send(self, text: Text) -> Sent:
        """Taken; the callback came first."""
        with self.database.write() as session:
            notifications.told(
                session,
                text.key,
                NotificationStatus.DELIVERED,
                carrier_message_id=SID,
                error=None,
                now=utc_now(),
            )
        return Sent(NotificationStatus.SENT, SID)


def test_a_delivery_that_is_told_before_the_answer_stands(database: Database) -> None:
    """What the sender knew last is older than what the callback told."""
    with database.write() as session:
        call = a_call(session)
        owed = Notification(
            account_id=call.account_id,
            call_id=call.id,
            trigger="ended",
            number=call.number,
            text="Hello Ada",
            message_count=1,
        )
        session.add(owed)
    Notifier(database, QuickCarrier(database), SimulatedSender(), "+12025550100", utc_now).notify(call.id)
    with database.read() as session:
        row = session.get_one(Notification, owed.id)
        assert (row.status, row.carrier_message_id) == (NotificationStatus.DELIVERED, SID)
