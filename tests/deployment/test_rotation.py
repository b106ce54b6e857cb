"""Rotating keys: of secrets at rest, and of payloads that Temporal keeps."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlmodel import SQLModel, select
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.client import Client, WorkflowHistory
from temporalio.exceptions import ApplicationError

from engine.codec import EncryptionCodec
from engine.connection import connect
from outdial.models.base import utc_now
from outdial.rotation import Rotation
from outdial.secrets import KEY_FILE, SecretBox, secret_keys
from outdial.settings import Settings
from outdial.store.database import Database
from outdial.store.sealed import COLUMNS
from outdial.webhooks import endpoints
from tests.build import an_account
from tests.running import BOOKS, running
from tests.temporal_server import dev_server

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


@pytest.fixture(scope="module")
def temporal() -> Iterator[str]:
    with dev_server() as address:
        yield address


def sealed_in(database: Database) -> list[str]:
    """Every stored secret as it is stored."""
    with database.read() as session:
        rows = [row for model in COLUMNS for row in session.exec(select(model)).all()]
    columns = [(row, column) for row in rows for column in COLUMNS[type(row)]]
    return [sealed for row, column in columns if (sealed := getattr(row, column)) is not None]


def with_secrets(database: Database, key: str) -> None:
    """An account with a secret, and an endpoint with two."""
    box = SecretBox([key])
    with database.write() as session:
        account = an_account(session)
        endpoints.account_secret(session, account.id, box)
        endpoint, _ = endpoints.create(
            session, account.id, "https://a.test", events=[], description="", box=box
        )
        session.flush()
        endpoints.rotate_secret(endpoint, box=box, now=utc_now(), overlap=60)


def test_after_a_rotation_the_new_key_alone_reads_everything(database: Database) -> None:
    """The secrets themselves are the same; the old key can be dropped."""
    with_secrets(database, OLD)
    before = [SecretBox([OLD]).decrypt(sealed) for sealed in sealed_in(database)]
    rotation = Rotation(database, SecretBox([NEW, OLD]))
    rotation.run()
    assert (rotation.sealed, rotation.unreadable) == (3, 0)
    assert [SecretBox([NEW]).decrypt(sealed) for sealed in sealed_in(database)] == before


def test_a_secret_of_an_unknown_key_is_counted_and_left(some_database: Database) -> None:
    """The others are sealed anew all the same."""
    with_secrets(some_database, Fernet.generate_key().decode())
    with_secrets(some_database, OLD)
    rotation = Rotation(some_database, SecretBox([NEW, OLD]))
    rotation.run()
    assert (rotation.sealed, rotation.unreadable) == (3, 3)


def test_every_column_that_keeps_a_secret_is_gone_over() -> None:
    """Whoever adds one adds it to the rotation, too."""
    kept = {
        (mapper.class_, column.key)
        for mapper in SQLModel._sa_registry.mappers  # pyright: ignore[reportPrivateUsage]
        for column in mapper.columns
        if "secret" in column.key and not column.key.endswith("_hash")
    }
    assert kept == {(model, column) for model, columns in COLUMNS.items() for column in columns}


def test_a_kept_key_is_rotated_by_a_line_before_it(tmp_path: Path) -> None:
    """Where no keys are set, the file in the data folder has them, the newest first."""
    settings = Settings.model_validate({"data": tmp_path})
    [made] = secret_keys(settings)
    (tmp_path / KEY_FILE).write_text(f"{NEW}\n{made}\n")
    assert secret_keys(settings) == [NEW, made]


@pytest.mark.anyio
async def test_a_call_that_waits_outlives_the_rotation_of_payload_keys(
    temporal: str, some_database: Database
) -> None:
    """What the old key wrote is read, what is written now needs the new one, and nothing is in clear."""
    async with running(await client_with(temporal, OLD), some_database) as before:
        call = await before.place(BOOKS, due_at=utc_now() + timedelta(seconds=1))
    async with running(await client_with(temporal, f"{NEW},{OLD}"), some_database) as after:
        assert (await after.ended(call)).outcome == "BOOKED"
        history = await after.workflow(call).fetch_history()
    order, ending = first_order(history), last_order(history)
    assert call.id in await read(order, OLD)
    assert call.id in await read(ending, NEW)
    with pytest.raises(RuntimeError):
        await read(order, NEW)
    assert not any(call.id.encode() in payload.data for payload in (order, ending))


async def client_with(address: str, keys: str) -> Client:
    return await connect(Settings.model_validate({"temporal_address": address, "payload_keys": keys}))


def first_order(history: WorkflowHistory) -> Payload:
    """What the workflow was started with."""
    return history.events[0].workflow_execution_started_event_attributes.input.payloads[0]


def last_order(history: WorkflowHistory) -> Payload:
    """What its last activity was given."""
    given = (event.activity_task_scheduled_event_attributes for event in reversed(history.events))
    return next(order.input.payloads[0] for order in given if order.input.payloads)


async def read(payload: Payload, keys: str) -> str:
    """The payload as these keys read it. Raises RuntimeError where they do not."""
    [plain] = await EncryptionCodec(keys.split(",")).decode([payload])
    return plain.data.decode()


@pytest.mark.anyio
async def test_what_an_exception_says_is_encrypted_too(temporal: str) -> None:
    """Messages of failures may name a callee."""
    converter = (await client_with(temporal, NEW)).data_converter
    failure = Failure()
    await converter.encode_failure(ApplicationError("no way to +12025550123"), failure)
    assert "+12025550123" not in str(failure)
    assert "+12025550123" in str(await converter.decode_failure(failure))
