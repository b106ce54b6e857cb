"""Members: people who sign in to the dashboard of an account, their sessions, and the links that let them in."""

from datetime import datetime
from enum import StrEnum

from sqlmodel import Field

from outdial.ids import new_id
from outdial.models.base import Table, UtcDateTime, enum_type, utc_now


class Role(StrEnum):
    """What a member may do; each role may do what the ones before it may."""

    VIEWER = "viewer"  # looks; sees numbers masked
    OPERATOR = "operator"  # places calls, runs batches
    ADMIN = "admin"  # keys, members, settings of the account

    def may(self, needed: "Role") -> bool:
        """Whether this role is enough where ``needed`` is asked for."""
        ranks = list(Role)
        return ranks.index(self) >= ranks.index(needed)


class Member(Table, table=True):
    """A person with an email and a password, in one account."""

    id: str = Field(default_factory=lambda: new_id("mem"), primary_key=True)
    account_id: str = Field(foreign_key="account.id", index=True)
    email: str = Field(unique=True)  # in lower case
    password_hash: str
    role: Role = Field(default=Role.VIEWER, sa_type=enum_type(Role))
    failures: int = 0  # wrong passwords in a row
    locked_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    last_sign_in_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class MemberSession(Table, table=True):
    """One browser that is signed in, until it signs out, is put out, or time is up."""

    id: str = Field(default_factory=lambda: new_id("ses"), primary_key=True)
    account_id: str = Field(foreign_key="account.id")
    member_id: str = Field(foreign_key="member.id", index=True)
    token_hash: str = Field(unique=True)
    browser: str = ""
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)


class Invitation(Table, table=True):
    """A link that makes one member, once. Only the hash of its token is kept."""

    id: str = Field(default_factory=lambda: new_id("inv"), primary_key=True)
    account_id: str = Field(foreign_key="account.id", index=True)
    email: str | None = None  # None: whoever opens it chooses
    role: Role = Field(sa_type=enum_type(Role))
    token_hash: str = Field(unique=True)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
