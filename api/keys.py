"""Keys of the account: make, list, revoke."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from api.body import Body
from api.deps import DatabaseDep, PageDep, PrincipalDep
from api.paging import Listing, read_page
from outdial.errors import Forbidden
from outdial.keys import create_key, revoke_key
from outdial.models import ApiKey
from outdial.store.scope import rows_of

router = APIRouter(prefix="/v1/keys", tags=["keys"])


class KeyCreate(Body):
    """A new key."""

    name: str = Field(min_length=1, max_length=200, examples=["Booking system"])
    test: bool = Field(False, description="Its calls ring no phone and cost no quota.")


class KeyPublic(BaseModel):
    """A key, without its secret."""

    id: str
    name: str
    test: bool
    prefix: str = Field(description="How the secret begins.", examples=["od_live_3fQk"])
    created_at: datetime
    last_used_at: datetime | None = Field(description="To the minute.")
    revoked_at: datetime | None

    @classmethod
    def of(cls, key: ApiKey) -> "KeyPublic":
        """What is shown of a row."""
        return cls.model_validate({**key.model_dump(), "test": key.is_test})


class KeyCreated(KeyPublic):
    """A new key with its secret."""

    secret: str = Field(description="Shown this once.", examples=["od_live_3fQk…"])


@router.post("", status_code=201, summary="Make a key", responses={403: {}, 422: {}})
def create(body: KeyCreate, principal: PrincipalDep, database: DatabaseDep) -> KeyCreated:
    """The secret is in this answer and nowhere else. A test key makes test keys only."""
    if principal.key.is_test and not body.test:
        raise Forbidden("A test key makes test keys only: send `test: true`.")
    with database.write() as session:
        key, secret = create_key(session, principal.account.id, body.name, test=body.test)
        return KeyCreated(**KeyPublic.of(key).model_dump(), secret=secret)


@router.get("", summary="List keys")
def list_keys(principal: PrincipalDep, database: DatabaseDep, page: PageDep) -> Listing[KeyPublic]:
    """Newest first, revoked ones included."""
    with database.read() as session:
        rows, following = read_page(session, rows_of(principal.account.id, ApiKey), ApiKey, page)
    return Listing(data=[KeyPublic.of(row) for row in rows], next_cursor=following)


@router.delete("/{key_id}", summary="Revoke a key")
def revoke(key_id: str, principal: PrincipalDep, database: DatabaseDep) -> KeyPublic:
    """From now on the key opens nothing. The key that asks may revoke itself."""
    with database.write() as session:
        return KeyPublic.of(revoke_key(session, principal.account.id, key_id))
