"""Who asks: an OAuth access token with its scopes, or an API key, which may do everything."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import BackgroundTasks, Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api import auth as keys
from api.rate_limits import RateLimits
from outdial.errors import Forbidden, Unauthorized
from outdial.models import Account
from outdial.models.base import utc_now
from outdial.oauth import clients
from outdial.oauth.scopes import Scope
from outdial.oauth.tokens import TokenRefused, Tokens
from outdial.store.database import Database
from outdial.store.oauth import touch

_bearer = HTTPBearer(
    auto_error=False, scheme_name="OAuth", description="A token from `POST /oauth/token`, or an API key."
)
_KEY_BEGINS = "od_"


@dataclass(frozen=True)
class Caller:
    """The account that a request acts for. ``test``: its calls ring no phone."""

    account: Account
    test: bool


def needs(scope: Scope) -> Any:
    """A dependency that answers with the caller. It raises Unauthorized, Forbidden without that scope."""

    def authenticate(
        request: Request,
        background: BackgroundTasks,
        credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    ) -> Caller:
        if credentials is None:
            raise Unauthorized("Send an access token in the header Authorization: Bearer …")
        if credentials.credentials.startswith(_KEY_BEGINS):
            principal = keys.authenticate(request, background, credentials)
            return Caller(principal.account, principal.key.is_test)
        return _by_token(request, background, credentials.credentials, scope)

    return Depends(authenticate)


def _by_token(request: Request, background: BackgroundTasks, token: str, scope: Scope) -> Caller:
    tokens: Tokens = request.app.state.tokens
    database: Database = request.app.state.database
    limits: RateLimits = request.app.state.rate_limits
    now = utc_now()
    said = tokens.read(token, now)
    with database.read() as session:
        found = clients.owner_of(session, said.client_id)
    if found is None:
        raise TokenRefused("The client that this token was issued to has been revoked.")
    account, client = found
    limits.count(request, client.id)
    if scope not in said.scopes:
        raise Forbidden(f"This token lacks the scope {scope}.", code="insufficient_scope")
    if clients.is_stale(client, now):
        background.add_task(_touch, database, client.id)
    return Caller(account, client.test)


def _touch(database: Database, client_id: str) -> None:
    with database.write() as session:
        touch(session, client_id, utc_now())


CallFlowReader = Annotated[Caller, needs(Scope.CALL_FLOWS_READ)]
CallFlowWriter = Annotated[Caller, needs(Scope.CALL_FLOWS_WRITE)]
CampaignReader = Annotated[Caller, needs(Scope.CAMPAIGNS_READ)]
CampaignWriter = Annotated[Caller, needs(Scope.CAMPAIGNS_WRITE)]
CallReader = Annotated[Caller, needs(Scope.CALLS_READ)]
CallWriter = Annotated[Caller, needs(Scope.CALLS_WRITE)]
