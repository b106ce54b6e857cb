"""What happens to an endpoint and to the secrets that sign for it; each in the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import Session

from outdial.models import Account, WebhookEndpoint
from outdial.secrets import SecretBox
from outdial.store.lines import lock_account
from outdial.webhooks.signing import new_secret


def create(
    session: Session, account_id: str, url: str, *, events: Sequence[str], description: str, box: SecretBox
) -> tuple[WebhookEndpoint, str]:
    """A new endpoint, and the secret that is shown this once. No ``events`` means all of them."""
    secret = new_secret()
    endpoint = WebhookEndpoint(
        account_id=account_id,
        url=url,
        description=description,
        events=list(events),
        secret=box.encrypt(secret),
    )
    session.add(endpoint)
    return endpoint, secret


def rotate_secret(endpoint: WebhookEndpoint, *, box: SecretBox, now: datetime, overlap: float) -> str:
    """A fresh secret, shown this once; the one before signs beside it for ``overlap`` seconds more."""
    secret = new_secret()
    endpoint.previous_secret, endpoint.secret = endpoint.secret, box.encrypt(secret)
    endpoint.previous_until = now + timedelta(seconds=overlap)
    return secret


def enable(endpoint: WebhookEndpoint) -> None:
    """Take up sending again, with a clean record."""
    endpoint.disabled_at = endpoint.disabled_reason = endpoint.failing_since = None


def disable(endpoint: WebhookEndpoint, reason: str, now: datetime) -> None:
    """Send nothing more, until somebody enables it."""
    endpoint.disabled_at, endpoint.disabled_reason = now, reason


def signing_secrets(endpoint: WebhookEndpoint, box: SecretBox, now: datetime) -> list[str]:
    """The secrets that sign for this endpoint now, the newest first."""
    return _valid(box, endpoint.secret, endpoint.previous_secret, endpoint.previous_until, now)


def account_signing_secrets(account: Account, box: SecretBox, now: datetime) -> list[str]:
    """The secrets that sign now for addresses that calls name themselves; none before the first is made."""
    if account.webhook_secret is None:
        return []
    return _valid(
        box, account.webhook_secret, account.previous_webhook_secret, account.previous_webhook_until, now
    )


def account_secret(session: Session, account_id: str, box: SecretBox) -> str:
    """The account's own signing secret, made now if there is none yet."""
    account = lock_account(session, account_id)
    if account.webhook_secret is not None:
        return box.decrypt(account.webhook_secret)
    secret = new_secret()
    account.webhook_secret = box.encrypt(secret)
    session.add(account)
    return secret


def rotate_account_secret(
    session: Session, account_id: str, *, box: SecretBox, now: datetime, overlap: float
) -> str:
    """A fresh secret for the account; one before it signs beside it for ``overlap`` seconds more."""
    account = lock_account(session, account_id)
    secret = new_secret()
    account.previous_webhook_secret, account.webhook_secret = account.webhook_secret, box.encrypt(secret)
    account.previous_webhook_until = now + timedelta(seconds=overlap)
    session.add(account)
    return secret


def _valid(
    box: SecretBox, secret: str, previous: str | None, previous_until: datetime | None, now: datetime
) -> list[str]:
    sealed = [secret]
    if previous is not None and previous_until is not None and now < previous_until:
        sealed.append(previous)
    return [box.decrypt(each) for each in sealed]
