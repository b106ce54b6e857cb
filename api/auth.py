"""Who asks: a bearer key, and the account that it acts for."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import BackgroundTasks, Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.rate_limits import RateLimits
from outdial import keys
from outdial.errors import Unauthorized
from outdial.models import Account, ApiKey
from outdial.models.base import utc_now
from outdial.store.database import Database
from outdial.store.keys import touch

_bearer = HTTPBearer(auto_error=False, description="A key of your account, `Bearer od_live_…`.")


@dataclass(frozen=True)
class Principal:
    """The account that a request acts for, and by which key."""

    account: Account
    key: ApiKey


def authenticate(
    request: Request,
    background: BackgroundTasks,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Principal:
    """The principal of a request. Raises Unauthorized, or RateLimited where its key asks too often."""
    if credentials is None:
        raise Unauthorized("Send your key in the header Authorization: Bearer od_live_…")
    database: Database = request.app.state.database
    with database.read() as session:
        found = keys.authenticate(session, credentials.credentials)
    if found is None:
        raise Unauthorized("This key is unknown or has been revoked.")
    account, key = found
    limits: RateLimits = request.app.state.rate_limits
    limits.count(request, key.id)
    if keys.is_stale(key, utc_now()):
        # After the answer: nobody waits for it.
        background.add_task(_touch, database, key.id)
    return Principal(account, key)


def _touch(database: Database, key_id: str) -> None:
    with database.write() as session:
        touch(session, key_id, utc_now())
