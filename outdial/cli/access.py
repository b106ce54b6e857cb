"""The key with which a stack on one's own machine is used: set, kept from an earlier start, or made."""

import os
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from outdial.errors import Invalid
from outdial.keys import authenticate, create_key
from outdial.members import first_run
from outdial.models import Account
from outdial.models.base import utc_now
from outdial.plans import Plan
from outdial.settings import Settings
from outdial.store.accounts import all_accounts
from outdial.store.database import Database
from outdial.store.turns import take_turn

SHORTEST_KEY = 16
SETTING = "OUTDIAL_API_KEY"


@dataclass(frozen=True)
class FirstAccount:
    """The account that an empty database gets. On one's own machine no plan needs to hold anybody back."""

    name: str = "Default"
    plan: Plan = Plan.ENTERPRISE


def key_file(settings: Settings) -> Path:
    """Where a key that was made here is kept, readable by its owner alone."""
    return settings.data / "api-key"


def open_access(database: Database, settings: Settings, first: FirstAccount) -> str:
    """The key to use this installation with; makes the account and the key where there are none, once.

    Raises Invalid where OUTDIAL_API_KEY is too short, or was revoked.
    """
    wanted = _wanted(settings)
    with database.write() as session:
        take_turn(session)
        if wanted and authenticate(session, wanted):
            return wanted
        if wanted and settings.api_key is None:
            wanted = None  # the kept key is of another database, or revoked
        account = _account(session, first)
        key = _create(session, account, wanted)
    if settings.api_key is None:
        _keep(key_file(settings), key)
    return key


def first_run_link(database: Database, settings: Settings) -> str | None:
    """Where the first account's first admin chooses a password, None once somebody can sign in."""
    with database.write() as session:
        token = first_run(session, all_accounts(session)[0].id, utc_now())
    return join_link(settings, token) if token else None


def join_link(settings: Settings, token: str) -> str:
    """Where an invitation's token is used."""
    return f"{settings.base_url}/dashboard/join?token={token}"


def _wanted(settings: Settings) -> str | None:
    if settings.api_key is None:
        file = key_file(settings)
        return file.read_text().strip() if file.exists() else None
    key = settings.api_key.get_secret_value()
    if len(key) < SHORTEST_KEY:
        raise Invalid(f"A key needs {SHORTEST_KEY} characters or more.", field=SETTING)
    return key


def _account(session: Session, first: FirstAccount) -> Account:
    found = all_accounts(session)
    if found:
        return found[0]
    account = Account(name=first.name, plan=first.plan)
    session.add(account)
    session.flush()
    return account


def _create(session: Session, account: Account, wanted: str | None) -> str:
    try:
        return create_key(session, account.id, "outdial up", wanted)[1]
    except IntegrityError as error:
        raise Invalid("This key was revoked; choose another.", field=SETTING) from error


def _keep(file: Path, key: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as writing:
        writing.write(key + "\n")
