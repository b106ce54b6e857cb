"""OAuth clients: programs that get short-lived tokens for an account."""

from datetime import datetime

from sqlmodel import Field

from outdial.ids import new_id
from outdial.models.base import JsonColumn, Table, UtcDateTime, utc_now


class OAuthClient(Table, table=True):
    """A program with an id and a secret, of which only the SHA-256 is kept, and what it may do at most."""

    __tablename__ = "oauth_client"  # pyright: ignore[reportAssignmentType, reportIncompatibleVariableOverride]

    id: str = Field(default_factory=lambda: new_id("oac"), primary_key=True)
    account_id: str = Field(foreign_key="account.id", index=True)
    name: str
    secret_hash: str
    scopes: list[str] = Field(sa_type=JsonColumn)
    test: bool = False  # its calls ring no phone and cost no quota
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    last_used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
