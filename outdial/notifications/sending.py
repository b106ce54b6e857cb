"""Sending what is owed: asked once more whether the person wants it, sent, written down."""

from dataclasses import dataclass

from outdial.clock import Clock
from outdial.models import Notification, NotificationStatus
from outdial.notifications.senders import Sent, Text, TextSender
from outdial.store import calls, notifications
from outdial.store.accounts import find_account
from outdial.store.database import Database
from outdial.store.do_not_call import is_listed


@dataclass(frozen=True)
class Notifier:
    """Sends the notifications of calls. No transaction is open while the sender works."""

    database: Database
    sender: TextSender
    simulated: TextSender
    default_sender: str
    clock: Clock

    def notify(self, call_id: str) -> None:
        """Send what is owed for the call. Raises where the sender should be asked again."""
        with self.database.read() as session:
            call = calls.load(session, call_id)
            owed = notifications.queued_for(session, call)
            account = find_account(session, call.account_id)
        sender = self.simulated if call.test else self.sender
        shown = call.caller_id or account.default_caller_id or self.default_sender
        for notification in owed:
            self._record(notification.id, self._sent(notification, sender, shown))

    def _sent(self, owed: Notification, sender: TextSender, shown: str) -> Sent:
        with self.database.read() as session:
            listed = is_listed(session, owed.account_id, owed.number, self.clock())
        if listed:
            return Sent(NotificationStatus.SUPPRESSED, error="The number is on the do-not-call list.")
        return sender.send(Text(owed.id, owed.account_id, owed.number, shown, owed.text))

    def _record(self, notification_id: str, sent: Sent) -> None:
        with self.database.write() as session:
            notifications.told(
                session,
                notification_id,
                sent.status,
                carrier_message_id=sent.carrier_message_id,
                error=sent.error,
                now=self.clock(),
            )
