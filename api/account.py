"""The account that a key belongs to: its plan, its limits, its settings."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from api.body import Body
from api.deps import DatabaseDep, PrincipalDep
from outdial import accounts
from outdial.models import Account
from outdial.plans import LIMITS, Plan
from outdial.store.accounts import find_account
from outdial.store.database import Database
from outdial.store.lines import in_use
from outdial.windows import CallingHours

router = APIRouter(prefix="/v1/account", tags=["account"])


class AccountPublic(BaseModel):
    """An account and what it may do."""

    id: str
    name: str
    plan: Plan
    lines: int = Field(description="How many calls may be live at once.")
    lines_in_use: int = Field(description="How many are live now.")
    max_batch_size: int | None = Field(description="Recipients in one batch; null is unlimited.")
    calls_remaining: int | None = Field(description="How many more calls may be placed; null is unlimited.")
    outbound_enabled: bool = Field(description="False: only test keys place calls.")
    consent_required: bool = Field(description="Only contacts who consented are called.")
    default_region: str = Field(description="The region in which national numbers are read.")
    timezone: str
    default_caller_id: str | None
    calling_hours: CallingHours | None = Field(
        description="Of calls that have none of their own, nor by their batch."
    )
    default_agent_id: str | None = Field(description="Talks in calls that name no agent; null: the oldest.")


class AccountPatch(Body):
    """What to change; fields that are left out stay."""

    name: str = Field("", min_length=1, max_length=200)
    default_region: str = Field("", pattern="^[A-Z]{2}$", examples=["US"])
    timezone: str = Field("", max_length=100, examples=["America/New_York"])
    default_caller_id: str | None = Field(None, description="E.164.")
    calling_hours: CallingHours | None = Field(
        None, description="By the clock where each person is; null: at any time."
    )
    default_agent_id: str | None = None
    consent_required: bool = False


@router.get("", summary="Read the account")
def read(principal: PrincipalDep, database: DatabaseDep) -> AccountPublic:
    """Plan, limits, settings and lines in use."""
    return _shown(database, principal.account)


@router.patch(
    "",
    summary="Change the account's settings",
    responses={404: {"description": "There is no such agent."}},
)
def change(body: AccountPatch, principal: PrincipalDep, database: DatabaseDep) -> AccountPublic:
    """Plan, lines, quota and outbound calling are set by whoever runs this installation."""
    given = body.model_dump(mode="json", exclude_unset=True)
    with database.write() as session:
        account = find_account(session, principal.account.id)
        accounts.change(session, account, given)
    return _shown(database, account)


def _shown(database: Database, account: Account) -> AccountPublic:
    with database.read() as session:
        live = in_use(session, account.id)
    own = account.model_dump(include=set(AccountPublic.model_fields))
    return AccountPublic(
        **own, lines=account.lines, lines_in_use=live, max_batch_size=LIMITS[account.plan].batch_size
    )
