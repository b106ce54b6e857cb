"""What Twilio tells of text messages."""

from fastapi import APIRouter

from api.carriers.twilio.signed import FieldsDep
from api.deps import DatabaseDep
from outdial.carriers.twilio.addresses import PREFIX
from outdial.carriers.twilio.texts import STATUSES
from outdial.models.base import utc_now
from outdial.store import notifications

router = APIRouter(prefix=f"{PREFIX}/messages/{{message_id}}", include_in_schema=False)


@router.post("/status", status_code=204)
def take_status(message_id: str, fields: FieldsDep, database: DatabaseDep) -> None:
    """sent, delivered, undelivered or failed; a message that has come to its end stays there."""
    status = STATUSES.get(fields.get("MessageStatus", ""))
    if status is None:
        return
    with database.write() as session:
        notifications.told(
            session,
            message_id,
            status,
            carrier_message_id=fields.get("MessageSid"),
            error=fields.get("ErrorCode"),
            now=utc_now(),
        )
