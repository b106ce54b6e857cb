"""A backup of the embedded databases: taken while they are written to, put back where nothing runs."""

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from sqlmodel import select
from typer.testing import CliRunner

from outdial import admission, backup
from outdial.admission import Admit, Later
from outdial.cli import app
from outdial.cli.pids import PidFile
from outdial.errors import Conflict, Invalid
from outdial.models import Batch, Call, CallStatus, Notification, NotificationStatus
from outdial.models.base import utc_now
from outdial.settings import Settings
from outdial.store.database import Database
from outdial.store.migrate import migrate
from tests.build import a_call

KEY = Fernet.generate_key().decode()


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An installation with a database, a key and a recording."""
    monkeypatch.setenv("OUTDIAL_DATA", str(tmp_path / "data"))
    settings = Settings()
    settings.data.mkdir()
    (settings.data / "secret.key").write_text(KEY)
    (settings.data / "recordings" / "acct").mkdir(parents=True)
    (settings.data / "recordings" / "acct" / "1.mp3").write_bytes(b"ID3")
    return settings


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    database = Database(settings.database)
    migrate(database)
    yield database
    database.close()


def numbers_in(file: Path) -> list[str]:
    with closing(sqlite3.connect(file)) as connection:
        return [number for (number,) in connection.execute("SELECT number FROM call")]


def run(*arguments: str) -> str:
    """What a command that ends well wrote."""
    done = CliRunner().invoke(app, [*arguments])
    assert done.exit_code == 0, done.output
    return done.output


def refused(*arguments: str) -> str:
    """What a command that ends with 1 wrote."""
    done = CliRunner().invoke(app, [*arguments])
    assert done.exit_code == 1, done.output
    return " ".join(done.output.split())


def lost(database: Database, settings: Settings) -> None:
    """Everything in the data folder is gone."""
    database.close()
    settings.data.rename(settings.data.with_name("lost"))


def test_everything_is_in_it(settings: Settings, database: Database, tmp_path: Path) -> None:
    """Rows, the key of the secrets, recordings; and Temporal's database, if there is one."""
    with database.write() as session:
        a_call(session)
    with closing(sqlite3.connect(settings.data / "temporal.db")) as temporal:
        temporal.execute("CREATE TABLE executions (id)")
    run("backup", str(tmp_path / "safe"))
    assert numbers_in(tmp_path / "safe" / "outdial.db") == ["+12025550123"]
    assert (tmp_path / "safe" / "secret.key").read_text() == KEY
    assert (tmp_path / "safe" / "recordings" / "acct" / "1.mp3").read_bytes() == b"ID3"
    assert (tmp_path / "safe" / "temporal.db").exists()
    assert (tmp_path / "safe").stat().st_mode & 0o077 == 0


def test_it_is_whole_though_the_database_is_written_to(
    settings: Settings, database: Database, tmp_path: Path
) -> None:
    """Half of a transaction is in no backup, whenever it is taken."""
    with database.write() as session:
        agent_of = a_call(session).agent_id
    stop = threading.Event()

    def write_pairs() -> None:
        while not stop.is_set():
            with database.write() as session:
                first = session.exec(select(Call).where(Call.agent_id == agent_of)).first()
                assert first is not None
                values = first.model_dump(exclude={"id"})
                session.add_all([Call(**values), Call(**values)])

    writer = threading.Thread(target=write_pairs)
    writer.start()
    counts = list[int]()
    for number in range(5):
        taken = backup.take(settings, tmp_path / str(number))
        counts.append(len(numbers_in(taken.folder / "outdial.db")))
    stop.set()
    writer.join()
    assert all(count % 2 == 1 for count in counts), counts


def test_it_is_put_back(settings: Settings, database: Database, tmp_path: Path) -> None:
    """The data folder is as it was."""
    with database.write() as session:
        a_call(session)
    run("backup", str(tmp_path / "safe"))
    lost(database, settings)
    run("restore", str(tmp_path / "safe"))
    assert numbers_in(settings.data / "outdial.db") == ["+12025550123"]
    assert (settings.data / "secret.key").read_text() == KEY
    assert (settings.data / "recordings" / "acct" / "1.mp3").exists()


def test_a_folder_that_is_not_empty_is_set_aside_if_forced(
    settings: Settings, database: Database, tmp_path: Path
) -> None:
    """Nothing is overwritten unasked, and nothing is deleted at all."""
    run("backup", str(tmp_path / "safe"))
    with database.write() as session:
        a_call(session)
    database.close()
    assert "not empty" in refused("restore", str(tmp_path / "safe"))
    run("restore", str(tmp_path / "safe"), "--force")
    assert numbers_in(settings.data / "outdial.db") == []
    (aside,) = tmp_path.glob("data.before-*")
    assert numbers_in(aside / "outdial.db") == ["+12025550123"]


def test_nothing_is_put_back_under_a_running_stack(
    settings: Settings, database: Database, tmp_path: Path
) -> None:
    """Not even if forced: it would go on in files that are not there any more."""
    run("backup", str(tmp_path / "safe"))
    PidFile.of(settings).claim()
    assert "stop it first" in refused("restore", str(tmp_path / "safe"), "--force")


def test_half_a_backup_is_refused(settings: Settings, tmp_path: Path) -> None:
    """One that was broken off, one that is damaged, and what is no backup at all."""
    safe = tmp_path / "safe"
    safe.mkdir()
    with pytest.raises(Invalid, match="no whole backup"):
        backup.put_back(settings, safe)
    (safe / "backup.json").write_text(json.dumps({"taken_at": utc_now().isoformat()}))
    (safe / "outdial.db").write_bytes(b"SQLite format 3\0 but no more")
    with pytest.raises(Invalid, match="damaged"):
        backup.put_back(settings, safe, force=True)
    assert settings.data.exists()


def test_a_backup_does_not_overwrite_another(settings: Settings, database: Database, tmp_path: Path) -> None:
    """It wants a folder of its own."""
    backup.take(settings, tmp_path / "safe")
    with pytest.raises(Conflict):
        backup.take(settings, tmp_path / "safe")


def test_postgresql_has_tools_of_its_own(tmp_path: Path) -> None:
    """The command says which."""
    with pytest.raises(Invalid, match="pg_dump"):
        backup.take(Settings(data=tmp_path, database_url="postgresql://localhost/outdial"), tmp_path / "safe")


def calls_in(database: Database) -> dict[str, Call]:
    """The calls by their number."""
    with database.read() as session:
        return {call.number: call for call in session.exec(select(Call))}


def some_calls(database: Database) -> None:
    """One that was due, one that is talking, one that is due tomorrow, one that has ended."""
    now = utc_now()
    live: dict[str, Any] = {"status": CallStatus.IN_PROGRESS, "workflow_started": True}
    with database.write() as session:
        due = a_call(session, number="+12025550001", workflow_started=True)
        a_call(session, number="+12025550002", **live)
        later: dict[str, Any] = {"due_at": now + timedelta(days=1), "workflow_started": True}
        a_call(session, number="+12025550003", **later)
        a_call(session, number="+12025550004", status=CallStatus.COMPLETED, ended_at=now)
        message: dict[str, Any] = {
            "number": due.number,
            "text": "Hello",
            "message_count": 1,
            "trigger": "completed",
        }
        session.add(Notification(account_id=due.account_id, call_id=due.id, **message))


def test_what_may_have_been_dialled_since_is_held(
    settings: Settings, database: Database, tmp_path: Path
) -> None:
    """What was due by now; what is due later was surely not dialled yet. Workflows of all of it are started anew."""
    some_calls(database)
    run("backup", str(tmp_path / "safe"))
    lost(database, settings)
    assert "2 calls were due" in run("restore", str(tmp_path / "safe"))
    found = calls_in(database)
    assert [number[-1] for number, call in found.items() if call.held] == ["1", "2"]
    assert [call.workflow_started for call in found.values()] == [False, False, False, False]


def test_without_a_hold_everything_goes_on(settings: Settings, database: Database, tmp_path: Path) -> None:
    """Where nothing was dialled since, as after a move to another machine."""
    some_calls(database)
    run("backup", str(tmp_path / "safe"))
    lost(database, settings)
    run("restore", str(tmp_path / "safe"), "--no-hold")
    assert [call.held for call in calls_in(database).values()] == [False] * 4
    with database.read() as session:
        assert session.exec(select(Notification.status)).one() is NotificationStatus.QUEUED


def test_no_text_message_is_sent_that_may_have_been_sent(settings: Settings, database: Database) -> None:
    """It is given up, and says why."""
    some_calls(database)
    run("hold")
    with database.read() as session:
        message = session.exec(select(Notification)).one()
    assert (message.status, message.error is not None) == (NotificationStatus.FAILED, True)


def test_nobody_is_dialled_who_is_held(settings: Settings, database: Database) -> None:
    """Admission asks again and again, and admits the call once it is released."""
    some_calls(database)
    run("hold")
    call = calls_in(database)["+12025550001"]
    with database.write() as session:
        decided = admission.decide(session, call, utc_now())
    assert isinstance(decided, Later)
    assert "released" in decided.reason
    assert "2 calls were released" in run("release")
    call = calls_in(database)["+12025550001"]
    with database.write() as session:
        assert isinstance(admission.decide(session, call, utc_now()), Admit)


def test_what_is_held_can_be_ended(settings: Settings, database: Database) -> None:
    """But for what the backup knows to be dialled: that is seen to its end first."""
    some_calls(database)
    run("hold")
    said = run("release", "--end")
    assert "1 calls were ended" in said
    assert "1 are being dialled" in said
    found = calls_in(database)
    ended = found["+12025550001"]
    assert (ended.status, ended.end_reason, ended.held) == (CallStatus.FAILED, "restored", False)
    assert found["+12025550002"].held


def test_calls_due_after_the_loss_are_not_held(settings: Settings, database: Database) -> None:
    """The instant can be given, where it is known since when nothing was dialled."""
    some_calls(database)
    until = utc_now() - timedelta(hours=1)
    run("hold", "--due-before", until.strftime("%Y-%m-%dT%H:%M:%S"))
    assert [call.held for call in calls_in(database).values()] == [False] * 4


def test_batches_are_started_again_too(settings: Settings, database: Database) -> None:
    """A batch whose workflow the backup does not have is not taken for a terminated one."""
    with database.write() as session:
        call = a_call(session)
        version: dict[str, Any] = {"agent_id": call.agent_id, "agent_version_id": call.agent_version_id}
        open_one: dict[str, Any] = {"due_at": utc_now(), "max_duration_seconds": 60, "workflow_started": True}
        session.add(Batch(account_id=call.account_id, name="b", **open_one, **version))
    run("hold")
    with database.read() as session:
        batch = session.exec(select(Batch)).one()
    assert (batch.workflow_started, batch.untold) == (False, True)
