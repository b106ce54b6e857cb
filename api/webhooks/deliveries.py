"""/v1/deliveries: every event that was owed to an address, and what came of it."""

from typing import Annotated

from fastapi import APIRouter, Query, status

from api.deps import DatabaseDep, PageDep, PrincipalDep, StarterDep
from api.paging import Listing, Page, read_page
from api.webhooks.schemas import DeliveryDetail, DeliveryPublic
from api.webhooks.views import delivery_detail, delivery_public
from outdial.errors import Conflict
from outdial.models import Delivery, DeliveryState
from outdial.models.base import utc_now
from outdial.store import deliveries, webhooks
from outdial.store.database import Database
from outdial.store.deliveries import DeliveryFilter
from outdial.store.scope import get
from outdial.webhooks.delivery import ask_again, why_not
from outdial.webhooks.events import EventType

router = APIRouter(tags=["webhooks"])

StateQuery = Annotated[DeliveryState | None, Query(description="pending, delivered or dead")]
EventQuery = Annotated[EventType | None, Query()]


@router.get("/v1/deliveries")
def list_deliveries(
    database: DatabaseDep,
    principal: PrincipalDep,
    page: PageDep,
    state: StateQuery = None,
    event: EventQuery = None,
    call_id: Annotated[str | None, Query(max_length=100)] = None,
) -> Listing[DeliveryPublic]:
    """The account's deliveries, newest first."""
    return _listed(database, principal.account.id, DeliveryFilter(state, event, call_id), page)


@router.get("/v1/webhooks/{webhook_id}/deliveries")
def list_deliveries_of_webhook(
    webhook_id: str,
    database: DatabaseDep,
    principal: PrincipalDep,
    page: PageDep,
    state: StateQuery = None,
    event: EventQuery = None,
) -> Listing[DeliveryPublic]:
    """The deliveries to one endpoint, newest first."""
    with database.read() as session:
        webhooks.load(session, principal.account.id, webhook_id)
    wanted = DeliveryFilter(state, event, endpoint_id=webhook_id)
    return _listed(database, principal.account.id, wanted, page)


@router.get("/v1/deliveries/{delivery_id}")
def read_delivery(delivery_id: str, database: DatabaseDep, principal: PrincipalDep) -> DeliveryDetail:
    """A delivery with its payload and every request made for it."""
    with database.read() as session:
        delivery = get(session, principal.account.id, Delivery, delivery_id)
        return delivery_detail(delivery, deliveries.tries_of(session, delivery))


@router.post("/v1/deliveries/{delivery_id}/redeliver", status_code=status.HTTP_202_ACCEPTED)
def redeliver(
    delivery_id: str, database: DatabaseDep, principal: PrincipalDep, starter: StarterDep
) -> DeliveryDetail:
    """Deliver again, at once and with retries, whatever came of it before. `webhook-id` stays the same."""
    with database.write() as session:
        delivery = get(session, principal.account.id, Delivery, delivery_id)
        obstacle = why_not(session, delivery)
        if obstacle is not None:
            raise Conflict(f"It can't be delivered: {obstacle}", code="endpoint_disabled")
        ask_again(delivery, utc_now())
        shown = delivery_detail(delivery, deliveries.tries_of(session, delivery))
    starter.redeliver(delivery_id)
    return shown


def _listed(
    database: Database, account_id: str, wanted: DeliveryFilter, page: Page
) -> Listing[DeliveryPublic]:
    with database.read() as session:
        rows, following = read_page(session, deliveries.matching(account_id, wanted), Delivery, page)
    return Listing(data=[delivery_public(row) for row in rows], next_cursor=following)
