"""OAuth clients of the account: make, list, revoke."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from api.body import Body
from api.deps import DatabaseDep, PageDep, PrincipalDep
from api.paging import Listing, read_page
from outdial.models import OAuthClient
from outdial.models.base import utc_now
from outdial.oauth.clients import create_client, revoke_client
from outdial.oauth.scopes import ALL, Scope
from outdial.store.scope import rows_of

router = APIRouter(prefix="/v1/oauth-clients", tags=["oauth clients"])


class ClientCreate(Body):
    """A new client."""

    name: str = Field(min_length=1, max_length=200, examples=["CRM"])
    scopes: list[Scope] = Field(
        default_factory=lambda: [Scope(name) for name in ALL],
        min_length=1,
        description="What its tokens may do at most; unset: everything.",
    )
    test: bool = Field(False, description="Its calls ring no phone and cost no quota.")


class ClientPublic(BaseModel):
    """A client, without its secret."""

    client_id: str
    name: str
    scopes: list[str]
    test: bool
    created_at: datetime
    last_used_at: datetime | None = Field(description="To the minute.")
    revoked_at: datetime | None

    @classmethod
    def of(cls, client: OAuthClient) -> "ClientPublic":
        """What is shown of a row."""
        return cls.model_validate({**client.model_dump(), "client_id": client.id})


class ClientCreated(ClientPublic):
    """A new client with its secret."""

    client_secret: str = Field(description="Shown this once.", examples=["od_secret_3fQk…"])


@router.post("", status_code=201, summary="Make an OAuth client")
def create(body: ClientCreate, principal: PrincipalDep, database: DatabaseDep) -> ClientCreated:
    """The secret is in this answer and nowhere else. Tokens come from `POST /oauth/token`."""
    test = body.test or principal.key.is_test
    with database.write() as session:
        client, secret = create_client(session, principal.account.id, body.name, body.scopes, test=test)
        return ClientCreated(**ClientPublic.of(client).model_dump(), client_secret=secret)


@router.get("", summary="List OAuth clients")
def list_clients(principal: PrincipalDep, database: DatabaseDep, page: PageDep) -> Listing[ClientPublic]:
    """Newest first, revoked ones included."""
    with database.read() as session:
        query = rows_of(principal.account.id, OAuthClient)
        rows, following = read_page(session, query, OAuthClient, page)
    return Listing(data=[ClientPublic.of(row) for row in rows], next_cursor=following)


@router.delete("/{client_id}", summary="Revoke an OAuth client")
def revoke(client_id: str, principal: PrincipalDep, database: DatabaseDep) -> ClientPublic:
    """From now on it gets no tokens, and those that it has open nothing."""
    with database.write() as session:
        return ClientPublic.of(revoke_client(session, principal.account.id, client_id, utc_now()))
