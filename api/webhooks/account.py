"""/v1/account/webhook-secret: the secret that signs for addresses that calls name themselves."""

from fastapi import APIRouter

from api.deps import DatabaseDep, PrincipalDep, SecretBoxDep, SettingsDep
from api.webhooks.schemas import AccountSecretPublic, AccountSecretRotated
from api.webhooks.views import account_secret_public
from outdial.models.base import utc_now
from outdial.store.lines import lock_account
from outdial.webhooks.endpoints import rotate_account_secret

router = APIRouter(prefix="/v1/account/webhook-secret", tags=["webhooks"])


@router.get("")
def read_account_secret(principal: PrincipalDep) -> AccountSecretPublic:
    """Whether there is such a secret. The secret itself is shown when it is made, never again."""
    return account_secret_public(principal.account)


@router.post("/rotate")
def rotate(
    database: DatabaseDep, principal: PrincipalDep, box: SecretBoxDep, settings: SettingsDep
) -> AccountSecretRotated:
    """A new secret, in this answer only; also how to get the first. The old one signs on for a while."""
    with database.write() as session:
        overlap = settings.webhook_rotation
        secret = rotate_account_secret(session, principal.account.id, box=box, now=utc_now(), overlap=overlap)
        account = lock_account(session, principal.account.id)
    return AccountSecretRotated(**account_secret_public(account).model_dump(), secret=secret)
