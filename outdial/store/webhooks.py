"""Webhook endpoints of an account."""

from collections.abc import Sequence

from sqlalchemy import func
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from outdial.errors import NotFound
from outdial.models import WebhookEndpoint
from outdial.store.scope import get, owned_by, rows_of


def kept(account_id: str) -> SelectOfScalar[WebhookEndpoint]:
    """A query over the account's endpoints that are not deleted."""
    return rows_of(account_id, WebhookEndpoint).where(col(WebhookEndpoint.deleted_at).is_(None))


def wanting(session: Session, account_id: str, event: str) -> Sequence[WebhookEndpoint]:
    """The account's enabled endpoints that subscribe to this event."""
    enabled = session.exec(kept(account_id).where(col(WebhookEndpoint.disabled_at).is_(None))).all()
    return [endpoint for endpoint in enabled if not endpoint.events or event in endpoint.events]


def count(session: Session, account_id: str) -> int:
    """How many endpoints the account has."""
    counted = select(func.count()).select_from(WebhookEndpoint).where(owned_by(account_id, WebhookEndpoint))
    return session.exec(counted.where(col(WebhookEndpoint.deleted_at).is_(None))).one()


def load(session: Session, account_id: str, endpoint_id: str) -> WebhookEndpoint:
    """The account's endpoint. Raises NotFound where there is none, or it was deleted."""
    endpoint = get(session, account_id, WebhookEndpoint, endpoint_id)
    if endpoint.deleted_at is not None:
        raise NotFound(f"There is no webhook endpoint {endpoint_id!r}.")
    return endpoint


def by_id(session: Session, endpoint_id: str) -> WebhookEndpoint:
    """The endpoint that a delivery of ours names. Raises NoResultFound where there is none."""
    return session.get_one(WebhookEndpoint, endpoint_id)


def locked(session: Session, endpoint_id: str) -> WebhookEndpoint:
    """The same as it is now, locked until the transaction ends."""
    chosen = select(WebhookEndpoint).where(WebhookEndpoint.id == endpoint_id).with_for_update()
    return session.exec(chosen.execution_options(populate_existing=True)).one()
