"""Is the process alive, and can it do its work?"""

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy import text

from api.deps import DatabaseDep, GatewayDep

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """Every part that was asked answers."""

    status: str = "ok"


@router.get("/healthz", summary="Is the process alive?")
async def healthz() -> Health:
    """Answers as long as the process does, however much it has to do; asks nobody else."""
    return Health()


@router.get("/readyz", summary="Can it do its work?")
def readyz(database: DatabaseDep, gateway: GatewayDep) -> Health:
    """503 unless the database and Temporal both answer."""
    with database.read() as session:
        session.connection().execute(text("SELECT 1"))
    gateway.ping()
    return Health()
