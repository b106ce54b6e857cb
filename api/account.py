"""The account that a key belongs to: its plan, its limits, its lines in use."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from api.deps import DatabaseDep, PrincipalDep
from outdial.plans import LIMITS, Plan
from outdial.store.lines import in_use

router = APIRouter(prefix="/v1/account", tags=["account"])


class AccountPublic(BaseModel):
    """An account and what it may do."""

    id: str
    name: str
    plan: Plan
    lines: int = Field(description="How many calls may be live at once.")
    lines_in_use: int = Field(description="How many are live now.")
    max_batch_size: int | None = Field(description="Recipients in one batch; null is unlimited.")
    default_region: str = Field(description="The region in which national numbers are read.")
    timezone: str
    default_caller_id: str | None


@router.get("", summary="Read the account")
def read(principal: PrincipalDep, database: DatabaseDep) -> AccountPublic:
    """Plan, limits and lines in use."""
    account = principal.account
    with database.read() as session:
        live = in_use(session, account.id)
    own = account.model_dump(
        include={"id", "name", "plan", "default_region", "timezone", "default_caller_id"}
    )
    return AccountPublic(
        **own, lines=account.lines, lines_in_use=live, max_batch_size=LIMITS[account.plan].batch_size
    )
