"""/v1/webhooks: the addresses at which an account wants events."""

from fastapi import APIRouter, status

from api.deps import DatabaseDep, PageDep, PrincipalDep, SecretBoxDep, SettingsDep, StarterDep
from api.paging import Listing, read_page
from api.webhooks.schemas import (
    DeliveryDetail,
    WebhookCreate,
    WebhookPublic,
    WebhookUpdate,
    WebhookWithSecret,
)
from api.webhooks.views import delivery_detail, webhook_public, webhook_with_secret
from outdial.errors import Conflict, LimitReached
from outdial.models import WebhookEndpoint
from outdial.models.base import utc_now
from outdial.settings import Settings
from outdial.store import webhooks
from outdial.store.lines import lock_account
from outdial.webhooks import endpoints
from outdial.webhooks.events import publish_test
from outdial.webhooks.urls import check_url

MOST = 50

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"])


@router.post("", status_code=status.HTTP_201_CREATED)
def create_webhook(
    asked: WebhookCreate,
    database: DatabaseDep,
    principal: PrincipalDep,
    box: SecretBoxDep,
    settings: SettingsDep,
) -> WebhookWithSecret:
    """Add an endpoint. Its signing secret is in this answer and in no other."""
    url = check_url(asked.url, allow_loopback=settings.webhook_allow_loopback)
    with database.write() as session:
        lock_account(session, principal.account.id)
        if webhooks.count(session, principal.account.id) >= MOST:
            raise LimitReached(f"An account has at most {MOST} webhook endpoints.")
        endpoint, secret = endpoints.create(
            session, principal.account.id, url, events=asked.events, description=asked.description, box=box
        )
    return webhook_with_secret(endpoint, secret)


@router.get("")
def list_webhooks(database: DatabaseDep, principal: PrincipalDep, page: PageDep) -> Listing[WebhookPublic]:
    """The account's endpoints, newest first."""
    with database.read() as session:
        rows, following = read_page(session, webhooks.kept(principal.account.id), WebhookEndpoint, page)
    return Listing(data=[webhook_public(row) for row in rows], next_cursor=following)


@router.get("/{webhook_id}")
def read_webhook(webhook_id: str, database: DatabaseDep, principal: PrincipalDep) -> WebhookPublic:
    """One endpoint."""
    with database.read() as session:
        return webhook_public(webhooks.load(session, principal.account.id, webhook_id))


@router.patch("/{webhook_id}")
def change_webhook(
    webhook_id: str,
    asked: WebhookUpdate,
    database: DatabaseDep,
    principal: PrincipalDep,
    settings: SettingsDep,
) -> WebhookPublic:
    """Change an endpoint, disable or enable it. Deliveries not yet made go to its new address."""
    with database.write() as session:
        endpoint = webhooks.load(session, principal.account.id, webhook_id)
        _change(endpoint, asked, settings)
    return webhook_public(endpoint)


@router.delete("/{webhook_id}", status_code=status.HTTP_204_NO_CONTENT)
def delete_webhook(webhook_id: str, database: DatabaseDep, principal: PrincipalDep) -> None:
    """Delete an endpoint. Nothing more is sent to it; what was delivered stays listed."""
    with database.write() as session:
        webhooks.load(session, principal.account.id, webhook_id).deleted_at = utc_now()


@router.post("/{webhook_id}/test", status_code=status.HTTP_202_ACCEPTED)
def test_webhook(
    webhook_id: str, database: DatabaseDep, principal: PrincipalDep, starter: StarterDep
) -> DeliveryDetail:
    """Send a `webhook.test` event to this endpoint; read the delivery to see what came of it."""
    with database.write() as session:
        endpoint = webhooks.load(session, principal.account.id, webhook_id)
        if endpoint.disabled_at is not None:
            raise Conflict("The endpoint is disabled. Enable it first.", code="endpoint_disabled")
        delivery = publish_test(session, endpoint, utc_now())
    starter.start_deliveries([delivery.id])
    return delivery_detail(delivery, [])


@router.post("/{webhook_id}/rotate-secret")
def rotate_secret(
    webhook_id: str, database: DatabaseDep, principal: PrincipalDep, box: SecretBoxDep, settings: SettingsDep
) -> WebhookWithSecret:
    """A new signing secret, in this answer only. The old one signs beside it, for a day by default."""
    with database.write() as session:
        endpoint = webhooks.load(session, principal.account.id, webhook_id)
        overlap = settings.webhook_rotation
        secret = endpoints.rotate_secret(endpoint, box=box, now=utc_now(), overlap=overlap)
    return webhook_with_secret(endpoint, secret)


def _change(endpoint: WebhookEndpoint, asked: WebhookUpdate, settings: Settings) -> None:
    if asked.url is not None:
        endpoint.url = check_url(asked.url, allow_loopback=settings.webhook_allow_loopback)
    if asked.events is not None:
        endpoint.events = list(asked.events)
    if asked.description is not None:
        endpoint.description = asked.description
    if asked.enabled is True:
        endpoints.enable(endpoint)
    if asked.enabled is False and endpoint.disabled_at is None:
        endpoints.disable(endpoint, "Disabled by request.", utc_now())
